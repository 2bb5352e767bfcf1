# Sorts SCALE thousand lines, as numbers and as texts.
set -eo pipefail
busybox=$1 scale=$2
mark() { if [ -c /dev/marker ]; then printf "\\00$1" > /dev/marker; fi; }
cd "$("$busybox" mktemp -d)" || exit 1
"$busybox" awk -v lines="$((scale * 1000))" 'BEGIN { x = 1; for (i = 0; i < lines; i++) { x = (x * 48271) % 2147483647; print x } }' > data
echo START
mark 1
sum=$({ "$busybox" sort -n data; "$busybox" sort -r data; } | "$busybox" sha256sum)
mark 2
echo "END sum=$("$busybox" printf %.8s "$sum")"
