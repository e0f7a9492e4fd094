// SPDX-License-Identifier: MIT
// bind.c - runs a program in a namespace of its own, in which things are shown at other places as
// well: `bind FROM TO [FROM TO]... [-- PROGRAM ARGUMENT...]`. Nobody else sees it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_CARBIDE = 511, CARBIDE_BIND = 3, CARBIDE_UNBIND = 4 }; // lib/posix/core/carbide.c

static int usage(void)
{
	fputs("usage: bind [-u PLACE | FROM TO]... [-- PROGRAM [ARGUMENT]...]\n", stderr);
	return 2;
}

static int run(char **arguments)
{
	char *shell[] = { getenv("SHELL") ? getenv("SHELL") : "/bin/sh", NULL };
	if (!*arguments)
		arguments = shell;
	execvp(*arguments, arguments);
	perror(*arguments);
	return 127;
}

int main(int count, char **arguments)
{
	int at = 1;
	if (count < 3)
		return usage();
	while (at < count && strcmp(arguments[at], "--")) {
		int is_off = !strcmp(arguments[at], "-u");
		if (at + 1 >= count)
			return usage();
		const char *first = arguments[at + is_off], *second = is_off ? NULL : arguments[at + 1];
		if (syscall(CALL_CARBIDE, is_off ? CARBIDE_UNBIND : CARBIDE_BIND, first, second) < 0) {
			perror(second ? second : first);
			return 1;
		}
		at += 2;
	}
	return run(arguments + at + (at < count));
}
