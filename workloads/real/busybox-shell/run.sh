# A shell at work: functions, arithmetic, SCALE rounds of two processes with a pipe between them.
set -eo pipefail
busybox=$1 scale=$2
mark() { if [ -c /dev/marker ]; then printf "\\00$1" > /dev/marker; fi; }
cd "$("$busybox" mktemp -d)" || exit 1
digits() { echo "$1" | "$busybox" tr 0-9 a-j; }
echo START
mark 1
i=0 total=0 text=
while [ "$i" -lt "$scale" ]; do
  text=$(digits "$((i * i))")
  total=$(((total * 31 + ${#text} + i) % 16777213))
  case $text in *a*) total=$((total + 1)) ;; esac
  i=$((i + 1))
done
mark 2
printf 'END sum=%08x\n' "$total"
