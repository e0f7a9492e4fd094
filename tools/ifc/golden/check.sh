#!/bin/sh
# SPDX-License-Identifier: MIT
# golden/check.sh IFC [--update]: compares all outputs and error messages of the interface compiler
# with the stored ones, then compiles and runs what it makes. NAME.expected holds all files of a case.
set -u
ifc=$(realpath "$1") update=${2:-}
cd "$(dirname "$0")" || exit 1
root=$(realpath ../../..) work=$(mktemp -d) failed=0 passed=0
trap 'rm -rf "$work"' EXIT
cc=${CC:-clang-19}
warn="-std=c23 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes
	-Wmissing-prototypes -Wvla -Wthread-safety -Wunsafe-buffer-usage -Wno-nullability-extension
	-Wno-gnu-statement-expression-from-macro-expansion -Werror"
include="-Imock -I$root -I$work/out"

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

for case in 'syscalls sample' 'protocol block'; do
	mode=${case% *} name=${case#* }
	rm -rf "$work/one"
	"$ifc" "$mode" "$name.ifc" "$work/one"
	result $? "ifc $mode $name.ifc"
	(cd "$work/one" && find . -type f | LC_ALL=C sort | while read -r file; do
		echo "==== ${file#./}"
		cat "$file"
	done) >"$work/$name"
	compare "$work/$name" "$name.expected"
	cp -r "$work/one/." "$work/out"
done

for name in errors_syscalls errors_protocol errors_head; do
	"$ifc" "$(case $name in *protocol) echo protocol ;; *) echo syscalls ;; esac)" $name.ifc \
		"$work/none" 2>"$work/$name"
	[ $? = 1 ] && [ ! -e "$work/none" ]
	result $? "$name.ifc is refused and writes nothing"
	compare "$work/$name" "$name.expected"
done

for header in $(cd "$work/out" && find . -name '*.h'); do
	# shellcheck disable=SC2086
	echo "#include \"${header#./}\"" | $cc $warn --target=x86_64-unknown-none -ffreestanding \
		-nostdlibinc $include -fsyntax-only -x c -
	result $? "$header compiles alone"
done
# shellcheck disable=SC2086
$cc $warn --target=x86_64-unknown-none -ffreestanding -nostdlibinc $include -c \
	"$work/out/kernel/syscall_dispatch.c" -o "$work/dispatch.o"
result $? "the dispatcher compiles for the kernel"

host="$warn -Wno-unsafe-buffer-usage -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all"
# shellcheck disable=SC2086
$cc $host $include syscalls_test.c "$work/out/kernel/syscall_dispatch.c" -o "$work/syscalls" &&
	"$work/syscalls"
result $? "system calls behave"
# shellcheck disable=SC2086
$cc $host $include protocol_test.c -o "$work/protocol" && "$work/protocol"
result $? "a protocol behaves"
# shellcheck disable=SC2086
$cc $host -fsanitize=fuzzer $include "$work/out/ifc/block_fuzz.c" "$root/lib/base/memory_symbols.c" \
	"$root/lib/base/memory.c" -o "$work/fuzz" && "$work/fuzz" -runs=100000 >"$work/log" 2>&1 ||
	{ tail -5 "$work/log"; false; }
result $? "the dispatch survives 100,000 messages"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
