# Regular expressions with groups over SCALE thousand lines.
set -eo pipefail
busybox=$1 scale=$2
mark() { if [ -c /dev/marker ]; then printf "\\00$1" > /dev/marker; fi; }
cd "$("$busybox" mktemp -d)" || exit 1
"$busybox" seq "$((scale * 1000))" | "$busybox" awk '{ print "name" $1 "=value-" $1 * 7 "; # line " NR }' > data
echo START
mark 1
sum=$("$busybox" sed -e 's/^\([a-z]*\)\([0-9]*\)=\([^;]*\);/\2 \1 "\3"/' -e '/9$/d' -e 's/[aeiou]/<&>/g' data | "$busybox" sha256sum)
mark 2
echo "END sum=$("$busybox" printf %.8s "$sum")"
