# Compresses and decompresses a list of SCALE thousand numbers.
set -eo pipefail
busybox=$1 scale=$2
mark() { if [ -c /dev/marker ]; then printf "\\00$1" > /dev/marker; fi; }
cd "$("$busybox" mktemp -d)" || exit 1
"$busybox" seq "$((scale * 1000))" > data
echo START
mark 1
sum=$("$busybox" gzip -c data | "$busybox" gunzip -c | "$busybox" sha256sum)
mark 2
[ "$sum" = "$("$busybox" sha256sum < data)" ] || { echo 'FAIL the round trip changed the data' >&2; exit 1; }
echo "END sum=$("$busybox" printf %.8s "$sum")"
