echo hello world

printf '%s-%05d-%x\n' text 42 255

echo "a  b"   c

echo $((1 + 2 * 3)) $((7 / 2)) $((7 % 3)) $((1 << 10)) $((0xff & 0x0f)) $(((5 > 3) && (2 < 1)))

x=5; echo $((x++)) $((x)) $((x *= 3)) $((-x))

name=value; echo "$name" '$name' "${name}s" \$name

unset none; echo "${none:-default}" "${none:=set}" "$none" "${name:+other}" "${none+is}"

path=/usr/local/lib/file.tar.gz; echo ${path##*/} ${path%/*} ${path%%.*} ${path#*/} ${#path}

set -- one two "three four"; echo $# "$1" "$3"; shift; echo $# "$*"; for i in "$@"; do echo "<$i>"; done

echo a b c | wc -w

echo one > file1; echo two >> file1; cat file1

cat < file1 | cat | cat

wc -l < file1; wc -c file1

ls /no/such 2> errors; echo $?; wc -l < errors

ls /no/such > both 2>&1; wc -l < both

(echo out; echo err >&2) 2>/dev/null

(echo out; echo err >&2) 2>&1 >/dev/null

cat << END
here $name $((2+2))
second line
END

cat << 'END'
no $expansion `here`
END

cat <<- END
	tabs are
	removed
	END

echo $(echo inner $(echo deepest))

echo `echo old style`

for i in 1 2 3; do echo loop $i; done

i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo while $i; done

i=3; until [ $i -eq 0 ]; do echo until $i; i=$((i-1)); done

for i in 1 2 3 4 5; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done

if true; then echo yes; else echo no; fi

if false; then echo yes; elif true; then echo elif; fi

case abc in x*) echo x;; a?c) echo matched;; *) echo other;; esac

case 7 in [0-5]) echo low;; [6-9]) echo high;; esac

f() { echo "f $1 $#"; return 3; }; f a b; echo $?

g() { local v=inner; echo $v; }; v=outer; g; echo $v

fact() { if [ $1 -le 1 ]; then echo 1; else echo $(($1 * $(fact $(($1 - 1))))); fi; }; fact 10

true && echo and; false || echo or; ! false && echo not

(exit 5); echo $?

{ echo group; echo of; } | tr a-z A-Z

sh -c 'echo $0 $1' name arg

(cd /; pwd); mkdir -p dir/sub; cd dir/sub; pwd; cd ../..; pwd

test -d dir && test ! -f dir && [ -e file1 ] && [ -s file1 ] && [ -r file1 ] && echo tests

[ 3 -gt 2 ] && [ abc != abd ] && [ -n x ] && [ -z "" ] && [ abc = abc -a 1 -eq 1 ] && echo compare

touch -d '2020-01-02 03:04:05' old; [ file1 -nt old ] && echo newer

date -u -d @86400 '+%Y-%m-%d %H:%M:%S %a %j'

seq 5 | tac

seq 1 10 | head -3 | tail -1

seq 20 | sed -n '5,8p'

echo 'hello world' | sed 's/o/0/g; s/^h/H/'

printf 'a,b,c\nd,e,f\n' | cut -d, -f2

printf 'a:1\nb:2\nc:3\n' | awk -F: '{ s += $2; print $1 } END { print s }'

awk 'BEGIN { for (i = 0; i < 5; i++) printf "%d ", i * i; print ""; print length("four"), substr("abcdef", 2, 3), toupper("x") }'

seq 100 | awk '$1 % 7 == 0 { n++; s = s " " $1 } END { print n s }'

printf 'pear\napple\nfig\napple\n' | sort | uniq -c | sort -rn | awk '{print $1, $2}'

printf '10\n9\n100\n1\n' | sort -n | tr '\n' ' '; echo

printf 'b 2\na 3\nc 1\n' | sort -k2 | cut -d' ' -f1 | tr -d '\n'; echo

printf 'one\ntwo\nthree\n' | grep -n t

printf 'one\ntwo\nthree\n' | grep -c e; printf 'foo\nbar\n' | grep -v foo

echo abc123def | grep -o '[0-9]*'; echo abc | grep -q b && echo found; echo abc | grep -E 'x|b.' 

echo 'The Quick' | tr 'A-Z' 'a-z' | rev

echo abcdef | cut -c2-4; echo abc | od -An -tx1; printf '\101\x42\n'

echo hello | md5sum; echo hello | sha256sum | cut -c1-16; printf hello | sha1sum

echo hello | base64; echo aGVsbG8K | base64 -d

seq 1000 | cksum

seq 3 > p; seq 4 6 > q; paste p q; cat p q | wc -l

printf '1 a\n2 b\n' > j1; printf '1 x\n2 y\n' > j2; diff j1 j2; echo $?; cmp p p && echo same

seq 10 | split -l 4 - part.; ls part.*; cat part.ac; rm part.*

echo data > s; ln s hard; ln -s s soft; readlink soft; cat soft; stat -c '%h %s %F' s soft; rm hard soft s

mkdir -p t/a/b t/c; touch t/a/1 t/a/b/2 t/c/3; find t | sort

find t -type f | sort; find t -name '[12]' | sort; find t -type d -empty; find t -maxdepth 1 | sort

find t -type f -exec echo found {} \; | sort; find t -type f | sort | xargs echo

ls -a t; ls t/a; ls -d t/*; ls -1 t | wc -l; ls -p t

cp -r t u; diff -r t u && echo copied; mv u v; ls v; rm -r v; ls v 2>/dev/null; echo $?

tar cf t.tar t; tar tf t.tar | sort; mkdir x; tar xf t.tar -C x; find x | sort; rm -r x

seq 1000 > big; gzip big; gzip -dc big.gz | tail -1; gunzip big.gz; wc -l < big; bzip2 big; bzcat big.bz2 | md5sum; rm big.bz2

tar czf t.tgz t && tar tzf t.tgz | wc -l; seq 500 | gzip -c | zcat | wc -l; rm t.tar t.tgz

printf 'a\nb\nc\n' > v1; printf 'a\nB\nc\nd\n' > v2; diff -u v1 v2 | tail -n +3; diff -u v1 v2 > v.patch; patch v1 v.patch; cmp v1 v2 && echo patched

echo 'a b c' | (read one rest; echo "$rest|$one")

printf '1 2\n3 4\n' | while read a b; do echo $((a + b)); done

IFS=:; set -- $(echo a:b:c); echo $2; unset IFS

IFS=, read a b c << END
1,2,3
END
echo $c $b $a

echo "quoted \"inside\" \\ back"; echo 'single "double" in'; echo a\ b

echo *1; echo no*match; echo [f]ile?; echo {literal

set -f; echo *; set +f

echo ~ | cut -c1-4; HOME=/tmp; cd; pwd; cd - > /dev/null

eval 'y=evaluated'; echo $y; z='echo indirect'; $z

trap 'echo trapped' USR1; kill -USR1 $$; sleep 0; echo after; trap - USR1

(trap 'echo leaving' EXIT; echo body)

sh -c 'trap "echo got TERM; exit 3" TERM; kill -TERM $$; sleep 5'; echo $?

sh -c 'kill -9 $$' 2>/dev/null; echo $?

sleep 0.1 & wait; echo waited

(sleep 0.2; echo background) & echo foreground; wait

sh -c 'exit 7' & wait $!; echo $?

{ sleep 0.1; echo 1; sleep 0.1; echo 2; } & { sleep 0.05; true; }; wait; echo end

sleep 100 & sleep 0.1; kill $!; wait $! 2>/dev/null; echo $?

sh -c 'sleep 0.3 & echo $(jobs | wc -l); wait; echo done'

echo $(seq 5 | while read n; do echo $((n * n)); done)

yes | head -2; yes no | head -n 1000 | wc -l

seq 100000 | tail -1; seq 20000 | md5sum

dd if=/dev/zero bs=1024 count=64 2>/dev/null | wc -c; head -c 10 /dev/zero | od -An -tx1; head -c 100 /dev/urandom | wc -c

echo lost > /dev/null; cat /dev/null; echo x > /dev/full 2>/dev/null; [ $? != 0 ] && echo full

dd if=/dev/zero of=sparse bs=1 count=1 seek=100000 2>/dev/null; ls -l sparse | awk '{print $5}'; tail -c 3 sparse | od -An -tx1; rm sparse

printf abcdef > w; dd if=/dev/stdin of=w conv=notrunc bs=1 seek=2 2>/dev/null << END
XY
END
cat w; echo

truncate -s 3 w; cat w; echo; truncate -s 6 w; od -An -c w; rm w

chmod 640 file1; stat -c %a file1; chmod u+x,g-r,o=r file1; stat -c %A file1; umask 027; touch masked; stat -c %a masked; umask 022; rm -f masked

mkdir locked; chmod 700 locked; ls -ld locked | cut -c1-10; rmdir locked

basename /a/b/c.txt .txt; dirname /a/b/c; realpath dir/../file1 | sed 's,.*/,,'

expr 3 + 4; expr abcdef : 'abc\(.*\)'; expr length hello; expr 5 \> 3

env -i A=1 sh -c 'echo $A'; B=2 sh -c 'echo $B'; export C=3; sh -c 'echo $C'; unset C; sh -c 'echo "[$C]"'

readonly R=1; (R=2) 2>/dev/null; echo $?; echo $R

set -e; false || true; echo survived; set +e; (set -e; false; echo never); echo $?

set -u; (echo $nothing) 2>/dev/null; echo $?; set +u

set -x; set +x 2>/dev/null; echo traced 2>&1

sh -n -c 'if true; then echo; fi' && echo valid; sh -c 'if' 2>/dev/null; echo $?

command -v true > /dev/null && type cd | wc -l; alias ll='echo alias'; alias ll | grep -c echo

no_such_command 2>/dev/null; echo $?; ./file1 2>/dev/null; echo $?; /tmp 2>/dev/null; echo $?

printf '#!/bin/sh\necho script $1 $#\n' > script; chmod +x script; ./script a b; rm script

echo 'echo sourced $1' > src; . ./src; rm src

exec 5> five; echo to five >&5; exec 5>&-; cat five; exec 6< five; read line <&6; exec 6<&-; echo $line; rm five

echo a > r1; cat r1 > r2; cat < r2 > r3; cmp r1 r3 && echo three; rm r1 r2 r3

set -C; echo 1 > once; (echo 2 > once) 2>/dev/null; echo $?; echo 3 >| once; cat once; set +C; rm once

mkfifo ff; (echo through fifo > ff) & cat ff; wait; rm ff

mkfifo f1; (seq 1000 > f1) & tail -1 < f1; wait; rm f1

(echo 1; echo 2) | { read a; read b; echo $b $a; }

echo piped | sh -c 'cat; cat /dev/null'; echo 'echo from stdin' | sh

seq 10 | tee copy | tail -1; wc -l < copy; rm copy

seq 6 | xargs -n 2 echo; echo 'a b' | xargs -n1; seq 3 | xargs -I{} echo n{}

printf 'x\0y\0' | xargs -0 -n1 echo

echo 5 | { read n; while [ $n -gt 0 ]; do printf '%s ' $n; n=$((n-1)); done; echo; }

printf '%5s|%-5s|%05.1f|%c|%%\n' ab cd 3.14159 xyz; printf '%b\n' 'a\tb'

printf '%s\n' one two three; printf '%d %o %X\n' 10 10 10

echo "line1
line2"; echo 'multi
line'

echo one; echo two # a comment

echo a; # only

echo trailing \
continued

for f in $(ls t | sort); do echo "entry $f"; done

for w in a b; do for n in 1 2; do printf '%s%s ' $w $n; done; done; echo

while read l; do echo "[$l]"; done < file1

n=0; seq 50 > nums; while read l; do n=$((n + l)); done < nums; echo $n; rm nums

count() { n=$#; echo $n; }; count "a b" c; count; count $(echo 1 2 3)

echo ${path:-x} | sed 's/[aeiou]//g'

echo hello | sed 's/\(h\)\(e\)/\2\1/'; echo abc | sed 'y/abc/xyz/'; seq 3 | sed '2d'; seq 2 | sed 'a\
after'

printf 'k=v\nx=y\n' | sed -n 's/^x=//p'; seq 5 | sed '$!d'; seq 3 | sed -e '1i\
top' -e '3q'

sed -i 's/one/uno/' file1; cat file1

awk '{ c[$1]++ } END { for (k in c) print k, c[k] }' << END | sort
a
b
a
END

awk 'BEGIN { while (("echo from command" | getline line) > 0) print line; print ENVIRON["NOPE"] "|" }'

echo '3 4' | awk '{ print $1 * $1 + $2 * $2, int(7.9), 10 % 3 }'; awk 'BEGIN { printf "%.3f %s\n", 1/3, index("hello", "l"); if ("abc" ~ /b/) print "match"; n = split("a-b-c", p, "-"); print n, p[3]; gsub(/x/, "y"); s = "aaa"; print gsub(/a/, "b", s), s }'

echo '2 3 + p' | dc; echo '2^10; 7/2' | bc

factor 60; cal 2 2024 | head -1 | tr -d ' '; fold -w 4 << END
abcdefghij
END

printf 'a\tb\n' | expand -t 4; echo abc | hexdump -C | head -1; echo hi | xxd -p; nl file1 | wc -l

strings << END
visible
END
cat -n file1 | wc -l; cat -A << END
	tab
END

ps | head -1 | wc -w; ps -o pid,comm | grep -c 'ps$'; kill -l 15; kill -0 $$ && echo alive

id -u; whoami; hostname > /dev/null && uname -s -m

[ -p /dev/stdin ] || echo no pipe; echo x | [ -p /dev/stdin ] && echo pipe; [ -c /dev/null ] && [ -d /tmp ] && [ -x /bin/sh ] && echo kinds

timeout 1 sleep 10; echo $?; timeout 5 true; echo $?; usleep 1000; time -p true 2>&1 | wc -l

test -t 0 < /dev/null; echo $?; nice true; echo $?

pid=$(sh -c 'echo $$'); [ $pid -gt 1 ] && echo pid; [ $PPID -ge 0 ] && echo ppid

(exec sh -c "echo replaced"); (exec 2>&1; echo still here)

which cat > /dev/null && echo which; cut -d: -f1,7 /etc/passwd | head -1

vi -c ':wq' edited < /dev/null > /dev/null 2>&1; printf 'one\ntwo\n' > edited; printf '2s/two/zwei/\nwq\n' | ed edited > /dev/null 2>&1; cat edited; rm -f edited

cpio_list=$(find t | sort | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null | wc -l); echo $cpio_list

getopts ab: o -a -b value; echo $o; getopts ab: o -a -b value; echo $o $OPTARG

echo "$(cat file1)" "$(printf 'x\n\n\n')" end

a=1; (a=2; echo $a); echo $a; a=3 true; echo $a

wait; ls; rm -r t dir; rm file1 p q j1 j2 v1 v2 v.patch errors both old; ls -A; echo finished
