#!/bin/sh
# work.sh SERVICE KILLS: copies, searches, sorts and sums files, over and over, while kill.sh kills the
# service at random moments. Each round's lines are the same, so whoever reads them knows what is right.
cd /tmp || exit 1
rm -f killed back
sh /chaos/kill.sh "$1" "$2" &
round=0
while [ ! -e killed ]; do
	cp /bin/busybox copy && md5sum <copy || echo "round $round: copy failed"
	grep -c root /etc/passwd || echo "round $round: grep failed"
	seq 1 2000 | sort -rn | sed -n '7p;1999p' || echo "round $round: sort failed"
	mkdir tree && (cd tree && for f in a b c d e; do echo "$f $round" >$f; done && cat * | wc -l) &&
		mv tree moved && find moved -type f | sort | tr '\n' ' ' && echo && rm -r moved || echo "round $round: tree failed"
	dd if=copy bs=4096 skip=100 count=50 2>/dev/null | sha1sum || echo "round $round: dd failed"
	rm copy || echo "round $round: rm failed"
	round=$((round + 1))
done
wait
echo "ROUNDS $round"
echo "BACK $(sort -n back | tr '\n' ' ')"
cat /scheme/svc/tree
