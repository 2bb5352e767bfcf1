# Associative arrays, string functions and x87 arithmetic over SCALE thousand lines.
set -eo pipefail
busybox=$1 scale=$2
mark() { if [ -c /dev/marker ]; then printf "\\00$1" > /dev/marker; fi; }
cd "$("$busybox" mktemp -d)" || exit 1
"$busybox" seq "$((scale * 1000))" > data
echo START
mark 1
sum=$("$busybox" awk '
  { bucket = substr($1 * $1, 1, 3); count[bucket]++; total[bucket] += $1 / 7 }
  END { for (bucket in count) printf "%s %d %.6f\n", bucket, count[bucket], total[bucket] }' data | "$busybox" sort | "$busybox" sha256sum)
mark 2
echo "END sum=$("$busybox" printf %.8s "$sum")"
