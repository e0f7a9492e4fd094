// SPDX-License-Identifier: MIT
// trace.c - runs a program with every call of its in the system's log: `trace PROGRAM ARGUMENT...`.
// Its children too.
#include <stdio.h>
#include <unistd.h>

enum { CALL_CARBIDE = 511, CARBIDE_TRACE = 1 }; // lib/posix/core/carbide.c

int main(int count, char **arguments)
{
	if (count < 2) {
		fputs("usage: trace PROGRAM [ARGUMENT]...\n", stderr);
		return 2;
	}
	if (syscall(CALL_CARBIDE, CARBIDE_TRACE, 1L) < 0) {
		perror("trace");
		return 1;
	}
	execvp(arguments[1], arguments + 1);
	perror(arguments[1]);
	return 127;
}
