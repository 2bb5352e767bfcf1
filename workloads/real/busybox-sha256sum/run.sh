# SHA-256 of a file of SCALE blocks of 64 KB.
set -eo pipefail
busybox=$1 scale=$2
mark() { if [ -c /dev/marker ]; then printf "\\00$1" > /dev/marker; fi; }
cd "$("$busybox" mktemp -d)" || exit 1
"$busybox" yes 'a line of sixteen' | "$busybox" head -c "$((scale * 65536))" > data || true
echo START
mark 1
sum=$("$busybox" sha256sum data)
mark 2
echo "END sum=$("$busybox" printf %.8s "$sum")"
