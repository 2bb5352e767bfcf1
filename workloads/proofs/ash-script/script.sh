#!/bin/busybox ash
# What shells do, 200 lines of it: run with the same BusyBox by Linux and by the lab kernel, and compared line by line. No time, process number
# or order that is left open may reach the output.
PATH=${2:-/bin}
cd "$1" || exit 1
say() { printf '%s\n' "$*"; }
section() { say "== $1"; }

section functions
factorial() {
  local n=$1
  if [ "$n" -le 1 ]; then echo 1; else echo $((n * $(factorial $((n - 1))))); fi
}
say "factorial $(factorial 10)"
both() { local hidden=inner; outer=seen; return 3; }
hidden=outer
both; say "status $? hidden $hidden outer $outer"
recurse() { [ "$1" -eq 0 ] || { recurse $(($1 - 1)); depth=$((depth + 1)); }; }
depth=0; recurse 50; say "depth $depth"

section loops
for word in one two three; do printf '%s ' "$word"; done; say
sum=0; i=0
while [ $i -lt 100 ]; do i=$((i + 1)); [ $((i % 3)) -eq 0 ] && continue; [ $i -gt 90 ] && break; sum=$((sum + i)); done
say "sum $sum at $i"
until [ $i -le 0 ]; do i=$((i - 13)); done; say "until $i"
for file in *.none; do say "no match: $file"; done
for a in 1 2 3; do for b in 1 2 3; do [ $b -eq 2 ] && continue 2; [ $a -eq 3 ] && break 2; say "pair $a $b"; done; done

section arithmetic
say $((7 / 2)) $((-7 / 2)) $((7 % 3)) $((1 << 20)) $((0xff & 0x3c)) $((5 > 3 ? 10 : 20)) $((~0)) $((010)) $((2 ** 10))
x=5; say $((x++ + ++x)) $x $((x -= 3)) $((x *= 4)) $((x ^= 3)) $((!x)) $((x == 11 && x != 2 || 0))
say $((2147483647 + 1)) $((1000000 * 1000000)) $((-9 >> 1))

section expansion
unset none; empty=; text=path/to/some.file.txt
say "${none:-default} ${none-unset} ${empty:-filled} ${empty-} ${text:+given}"
say "${#text} ${text##*/} ${text%%.*} ${text%.*} ${text#*/}"
say "${none:=assigned} $none" "${text:5:4}" "${text/some/any}" "${text//t/T}"
set -- a 'b c' d; say "$# $1 $2 $3"; for each in "$@"; do printf '<%s>' "$each"; done; say
for each in $*; do printf '<%s>' "$each"; done; say
shift 2; say "left $# $1"
IFS=:; set -- $(echo x:y:z); unset IFS; say "$3 $2 $1"
say {a,b}c "~" '$text' \$text "`echo back quoted`"
(: "${missing:?is missing}") 2>&1 | sed 's/^.*missing:/missing:/'

section case
kind() {
  case $1 in
    [0-9]|[0-9][0-9]) say "$1 number" ;;
    a*|*z) say "$1 letter" ;;
    '*') say star ;;
    ?) say "$1 single" ;;
    "") say empty ;;
    *) say "$1 other" ;;
  esac
}
for what in 7 42 abc xyz '*' Q '' other; do kind "$what"; done

section here-documents
cat <<END
sum $sum and $((1 + 1)) and $(echo substituted)
END
cat <<'END'
not $expanded `here`
END
cat <<-END
	tabs go
	END
tr a-z A-Z <<END | rev
through a pipe
END
while read -r first rest; do say "first=$first rest=$rest"; done <<END
one two three
four  five\\t
END

section redirection
echo line1 > file; echo line2 >> file; cat < file
{ echo out; echo err >&2; } > both 2>&1; cat both
{ echo out; echo err >&2; } 2> errors | cat; cat errors
exec 3> third; echo third >&3; exec 3>&-; cat third
exec 4< file; read -r one <&4; read -r two <&4; exec 4<&-; say "$one,$two"
echo x > /dev/null && say "null swallowed"
ls /none/such 2>/dev/null || say "ls failed: $?"
set -C; (echo again > file) 2>/dev/null || say "no clobber"; set +C
wc -c < file

section pipes
seq 1 2000 | grep 7 | wc -l
seq 1 500 | sort -r | head -n 3 | tr '\n' ' '; say
yes | head -n 1000 | wc -c
echo "a b c" | { read -r p q; say "$q $p"; }
false | true; say "last counts: $?"
! true; say "negated: $?"
i=0; seq 5 | while read -r n; do i=$n; done; say "subshell kept: $i"

section subshells
v=1; (v=2; say "inside $v"); say "outside $v"
(exit 7); say "status $?"
(cd /; pwd); [ "$(pwd)" = "$1" ] || say "folder kept"
say "$( (echo nested; (echo deeper)) | sed 's/^/> /')"
{ v=3; }; say "braces $v"

section test
for expression in '-f file' '-d .' '-e none' '-s file' '-n x' '-z x' '5 -gt 10' 'a = a' 'a != b' '-x file' '-r file' '! -L file'; do
  if test $expression; then say "yes $expression"; else say "no $expression"; fi
done
[ -f file -a -d . ] && say and; [ -f none -o -d . ] && say or; [ file -ot both ] || say older
ln -s file link; [ -L link ] && readlink link; mkdir -p deep/er/est && [ -d deep/er/est ] && rmdir -p deep/er/est
chmod 600 file; stat -c '%a %s' file; mv file moved; [ -e file ] || say "moved"; rm -f moved link

section getopts
parse() {
  local OPTIND=1 option
  while getopts ab:c option "$@"; do say "option $option ${OPTARG-none}"; unset OPTARG; done
  shift $((OPTIND - 1)); say "rest $*"
}
parse -a -b value -c file other; parse -bvalue -- -a

section printf
printf '%5d|%-5s|%05.1f|%x|%o|%c|%%|%s\n' 42 ab 3.14159 255 8 zebra end
printf '%s-%s\n' a b c d; printf '%b' 'tab\there\n'; printf '%08X\n' 48879; printf '%.3s\n' abcdef

section read
printf 'a:b:c\nlast' | { IFS=: read -r a b; say "$a $b"; read -r tail || say "end: $tail"; }
echo 'back\slash' | { read -r raw; say "$raw"; }
printf 'abcdef' | { read -r -n 3 three; say "$three"; }

section traps
(trap 'say "exit trap $?"' EXIT; exit 5); say "after $?"
(trap 'say caught USR1' USR1; kill -USR1 $(exec sh -c 'echo $PPID'); say "goes on")
(trap '' TERM; sh -c 'kill -TERM $PPID'; say "ignored TERM")
sh -c 'kill -TERM $$'; say "killed: $?"
sh -c 'trap "exit 9" INT; kill -INT $$; sleep 5'; say "handled: $?"
(trap 'say "in function: $FUNC"' USR2; f() { FUNC=f; sh -c 'kill -USR2 $PPID'; }; f; say done)
trap 'say bye' EXIT; trap | grep -c EXIT

section jobs
sleep 0.2 & first=$!; wait $first; say "waited: $?"
(sleep 0.1; exit 4) & wait $!; say "background status $?"
for n in 3 1 2; do (sleep 0.$n; say "job $n") & done; wait; say "all done"
sleep 100 & victim=$!; kill $victim; wait $victim 2>/dev/null; say "victim $?"
sleep 100 & kill -STOP $!; kill -CONT $!; kill -KILL $!; wait $! 2>/dev/null; say "stopped, continued, killed: $?"
kill -0 $victim 2>/dev/null || say "gone"
set -m; sleep 0.1 & wait %1; say "job control $?"; set +m
mkfifo fifo; (echo through the fifo > fifo) & read -r line < fifo; wait; say "$line"; rm fifo
seq 1 20 | (while read -r n; do echo $((n * n)); done) > squares & wait; tail -n 1 squares
timeout 1 sleep 10; say "timeout: $?"

section eval
name=dynamic; eval "$name=value"; eval say "\$$name"
command -v say >/dev/null && say "say is known"; type none >/dev/null 2>&1 || say "none is not"
alias shout='say LOUD'; eval 'shout twice'; unalias shout
readonly fixed=1; (fixed=2) 2>/dev/null || say "read-only"
set -e; (false; say never) || say "errexit off in lists"; set +e
set -u; (say $undefined) 2>/dev/null || say "nounset $?"; set +u
set -f; say *; set +f; say "$-" | tr -d 'is' | wc -l; umask 027; umask; ulimit -n > /dev/null && say "ulimit known"

section tools
awk 'BEGIN { for (i = 1; i <= 5; i++) s = s i ","; print s, length(s), substr(s, 3, 4), sqrt(2) }'
printf 'b 2\na 10\nc 1\n' | sort -k2 -n | awk '{ t += $2 } END { print $1, t, NR }'
echo "The quick brown fox" | sed -e 's/\(quick\) \(brown\)/\2 \1/' -e 'y/abc/ABC/'
seq 1 300 | gzip -c | gunzip -c | sha256sum; seq 1 300 | md5sum
printf 'x\ny\nx\nz\nx\n' | sort | uniq -c | sort -rn | head -n 1 | tr -s ' '
find . -type f | sort | tr '\n' ' '; say; expr 6 \* 7; basename /a/b.c .c; dirname /a/b.c
rm -f both errors third squares; ls -A | wc -l

section sieve
limit=200; n=2
while [ $n -le $limit ]; do
  eval "marked=\${sieve_$n:-}"
  if [ -z "$marked" ]; then
    printf '%d ' $n
    multiple=$((n * n))
    while [ $multiple -le $limit ]; do
      eval "sieve_$multiple=1"
      multiple=$((multiple + n))
    done
  fi
  n=$((n + 1))
done
say

section hanoi
moves=0
hanoi() {
  [ "$1" -eq 0 ] && return
  hanoi $(($1 - 1)) "$2" "$4" "$3"
  moves=$((moves + 1))
  [ "$1" -ge 4 ] && say "disk $1 from $2 to $3"
  hanoi $(($1 - 1)) "$4" "$3" "$2"
}
hanoi 5 left right middle; say "moves $moves"

section producers
for producer in 1 2 3 4; do
  (i=0; while [ $i -lt 25 ]; do i=$((i + 1)); echo "$producer:$i"; done) > "part-$producer" &
done
wait
cat part-1 part-2 part-3 part-4 | awk -F: '{ t[$1] += $2 } END { for (p = 1; p <= 4; p++) print p, t[p] }'
rm -f part-*
