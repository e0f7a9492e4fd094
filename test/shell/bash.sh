a=(one two three); echo ${a[1]} ${#a[@]} "${a[@]}"; a+=(four); echo ${a[-1]} ${!a[@]}

declare -A m; m[x]=1; m[y]=2; for k in $(echo ${!m[@]} | tr ' ' '\n' | sort); do echo $k=${m[$k]}; done

echo {1..5} {a..e} {1..10..3} pre{x,y}post

[[ abc == a* ]] && [[ abc =~ ^a(.)c$ ]] && echo ${BASH_REMATCH[1]}

[[ 5 -gt 3 && -d /tmp || 1 -eq 2 ]]; echo $?

s=hello; echo ${s:1:3} ${s^} ${s^^} ${s/l/L} ${s//l/L} ${s: -2}

for ((i = 0; i < 4; i++)); do printf '%d ' $i; done; echo

((x = 5 ** 2, x += 1)); echo $x; let y=x*2; echo $y

cat <<< "here string $s"

diff <(seq 3) <(seq 4) | tail -n +3; echo ${PIPESTATUS[0]}

cat <(echo one) <(echo two)

echo data | tee >(cat > /dev/null) | cat

coproc { while read l; do echo "got $l"; done; }; echo word >&${COPROC[1]}; read answer <&${COPROC[0]}; echo $answer; eval "exec ${COPROC[1]}>&-"; sleep 0.2; wait; echo coproc done

mapfile -t lines < <(seq 3); echo ${#lines[@]} ${lines[2]}

printf -v out '%03d' 7; echo $out; printf '%q\n' 'a b'; echo $'tab\there'

false | true; echo ${PIPESTATUS[@]}; set -o pipefail; false | true; echo $?; set +o pipefail

f() { local -n ref=$1; ref=changed; }; v=old; f v; echo $v; echo ${FUNCNAME[0]:-none}

declare -i n=5; n+=3; echo $n; declare -r c=1; (c=2) 2>/dev/null; echo $?

select_test() { case $1 in a|b) echo ab;;& a) echo a;; esac; }; select_test a

shopt -s extglob
echo ${s/@(he|lo)/X}; touch f1 f2 g1; ls !(g*); rm f1 f2 g1

shopt -s nullglob; echo none*; shopt -u nullglob; mkdir -p g/h; touch g/h/i; shopt -s globstar
echo g/**; rm -r g

trap 'echo debug' RETURN; h() { echo in; }; h; trap - RETURN; trap 'echo error $?' ERR; false; trap - ERR

time true 2>/dev/null; TIMEFORMAT=; read -t 1 -n 2 two <<< "abc"; echo $two; read -a words <<< "x y z"; echo ${words[1]}

exec {fd}> dyn; echo dynamic >&$fd; exec {fd}>&-; cat dyn; rm dyn

echo ok &> both; cat both; echo more &>> both; wc -l < both; { echo a; ls /no/such; } |& wc -l; rm both

sleep 0.1 & sleep 1 & wait -n; echo first; wait; echo all

sleep 10 & disown; kill $!; bash -c 'echo $BASH_VERSINFO $0 $1' zero one | cut -d' ' -f2-; echo ${BASH_VERSINFO[0]}

kill -STOP $BASHPID & sleep 0.2; kill -CONT $!; sleep 0.2; wait; echo continued

bash -c 'trap "echo int" INT; kill -INT $$; echo after'; bash -c 'exit 300'; echo $?

pushd / > /dev/null; dirs -p | wc -l; popd > /dev/null; type -t cd if f cat | tr '\n' ' '; echo

compgen -W 'apple banana' a; complete -W 'x y' cmd; complete -p cmd; help true | head -1

history -c; set -o history; echo remembered > /dev/null; set +o history; echo ${BASH_SUBSHELL} $(echo $BASH_SUBSHELL)

ulimit -n > /dev/null; (ulimit -n 64; ulimit -n); umask -S; hash -r; enable -n test; enable test; echo $?

IFS=' '; echo "${a[*]}"; IFS=-; echo "${a[*]}"; unset IFS; echo "${a[@]:1:2}" "${a[@]/o/0}"

printf '%(%Y-%m-%d)T\n' 0; echo $RANDOM | grep -c '^[0-9]*$'; echo $SECONDS | grep -c '^[0-9]*$'; echo $((RANDOM >= 0))

exec 3<> rw; echo both ways >&3; exec 3>&-; cat rw; rm rw; [[ -v s && ! -v nothing ]] && echo set; echo ${s@Q} ${s@U}

while IFS== read -r k v; do echo "$k is $v"; done <<< $'a=1\nb=2'; until ((--x < 24)); do echo $x; done

bash -c 'kill -SEGV $$' 2>/dev/null; echo $?; bash -c 'ulimit -c 0; kill -ABRT $$' 2>/dev/null; echo $?; (exit 256); echo $?

set -m; sleep 0.1 & fg > /dev/null 2>&1; set +m; echo foreground; jobs -r

x=$(< /dev/null); echo "[$x]"; echo "nested $(echo "quotes $(echo "deep")")"; echo $(( $(seq 5 | wc -l) + ${#a[@]} )); echo end of bash
