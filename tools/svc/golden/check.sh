#!/bin/sh
# SPDX-License-Identifier: MIT
# golden/check.sh SVC [--update]: the order and the table of good manifests, the messages about bad ones.
set -u
svc=$(realpath "$1") update=${2:-}
cd "$(dirname "$0")" || exit 1
work=$(mktemp -d) failed=0 passed=0
trap 'rm -rf "$work"' EXIT

result() { # result STATUS WHAT
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $2"
	fi
}

compare() { # compare FILE EXPECTED
	[ -z "$update" ] || cp "$1" "$2"
	diff -u "$2" "$1"
	result $? "$2"
}

"$svc" - good/*.svc >"$work/order"
result $? "good manifests are accepted"
compare "$work/order" order.expected
"$svc" "$work/table" good/*.svc
od -A d -t x4 -w16 "$work/table" | grep -v ' 00000000 00000000 00000000 00000000$' >"$work/dump"
compare "$work/dump" table.expected
"$svc" "$work/again" good/tty.svc good/session.svc good/ps2.svc good/log.svc
cmp "$work/table" "$work/again"
result $? "the order of the files does not matter"

# Mistakes in one file end the check of that file only; mistakes between files need good files.
"$svc" "$work/none" bad/words.svc bad/empty.svc 2>"$work/words"
[ $? = 1 ] && [ ! -e "$work/none" ]
result $? "bad words are refused, nothing is written"
compare "$work/words" words.expected
mkdir "$work/second" && cp bad/c.svc "$work/second/c.svc"
cp bad/*.svc "$work" && cd "$work" && "$svc" none a.svc b.svc c.svc second/c.svc 2>graph
[ $? = 1 ] && [ ! -e none ]
result $? "bad graphs are refused, nothing is written"
cd - >/dev/null || exit 1
compare "$work/graph" graph.expected

echo "$passed passed, $failed failed"
[ $failed = 0 ]
