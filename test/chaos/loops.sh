#!/bin/sh
# loops.sh FORKS PIPELINES: makes and ends processes, and tells before and after what is used. What is kept
# for good after the first rounds (caches, heaps, arenas) is there before the first look.
look() {
	sync
	sleep 1
	cat /scheme/svc/use >use # not in a pipeline, whose other half may be there or not
	for name in all session; do
		sed -n "/^$name /s/ \+/ /gp" use | cut -d' ' -f2,4,6
	done
	rm use
	grep MemFree /proc/meminfo | tr -dc '0-9\n'
	ls -A /tmp | wc -l
	ls -d /proc/[0-9]* | wc -l
}
forks() {
	count=0
	while [ $count -lt "$1" ]; do
		(:)
		/bin/true
		count=$((count + 2))
	done
}
pipelines() {
	count=0
	while [ $count -lt "$1" ]; do
		[ "$(echo a b c | tr a-c x-z | cat)" = "x y z" ] || echo "pipeline $count is wrong"
		count=$((count + 1))
	done
}
cd /tmp || exit 1
forks 200
pipelines 50
before=$(look)
forks "$1"
after=$(look)
echo FORKS "$1": $before TO $after
before=$(look)
pipelines "$2"
after=$(look)
echo PIPELINES "$2": $before TO $after
