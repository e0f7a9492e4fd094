#!/bin/sh
# kill.sh SERVICE KILLS [PAUSE]: kills it so often, at random moments, and notes how long each recovery took;
# microseconds between two at least.
count=0
while [ $count -lt "$2" ]; do
	usleep $((RANDOM % 40000))
	echo "restart $1" >/scheme/svc/control || echo "kill $count failed"
	count=$((count + 1))
	usleep "${3:-20000}"
	while read -r name level state up cpu kib restarts back rest; do
		[ "$name" != "$1" ] || echo "$back"
	done </scheme/svc/tree >>back
done
: >killed
