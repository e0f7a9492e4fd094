// SPDX-License-Identifier: MIT
// A whole group is killed, or stopped and killed, at every moment of a fork in it: whatever was
// born is known, and can be waited for; nobody goes on that nobody knows. Who holds the pipe is
// alive.
#include "test/posix/test.h"

#include <poll.h>
#include <sys/prctl.h>

enum { ROUNDS = 300, CHILDREN = 6, PATIENCE_MS = 20000 };

static unsigned seed = 1;

static unsigned random_below(unsigned limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

static void take_time(unsigned limit)
{
	static volatile unsigned sink;
	for (unsigned n = random_below(limit); n; n--)
		sink++;
}

static void sleeps(void)
{
	for (;;)
		pause();
}

// Forks until it is killed; its children sleep, some end at once.
static void forks(int kind)
{
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = kind == 0 ? fork() : vfork();
		if (child == 0) {
			if (kind == 1)
				execl("/proc/self/exe", "storm_birth", "sleep", NULL);
			if (i % 2 == 0)
				sleeps();
			_exit(0);
		}
	}
	sleeps();
}

static void round_of(int kind)
{
	int ends[2];
	char byte;
	(void)pipe(ends);
	pid_t parent = fork();
	if (parent == 0) {
		setpgid(0, 0);
		close(ends[0]);
		(void)write(ends[1], "", 1); // it is in its group
		forks(kind);
	}
	close(ends[1]);
	(void)read(ends[0], &byte, 1);
	take_time(random_below(2) ? 20000 : 1500000);
	if (random_below(3) == 0) {
		kill(parent, SIGSTOP);
		take_time(100000);
	}
	if (random_below(2))
		kill(parent, SIGKILL); // the children go to us
	kill(-parent, SIGKILL);
	while (waitpid(-parent, NULL, 0) > 0)
		;
	struct pollfd end = { .fd = ends[0] };
	if (poll(&end, 1, PATIENCE_MS) != 1 || read(ends[0], &byte, 1) != 0) {
		said(false, kind ? "vfork" : "fork", "somebody is left");
		exit(1);
	}
	close(ends[0]);
}

int main(int count, char **arguments)
{
	if (count == 2 && !strcmp(arguments[1], "sleep"))
		sleeps();
	if (count == 2)
		seed = (unsigned)atoi(arguments[1]);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int kind = 0; kind < 2; kind++) {
		for (int i = 0; i < ROUNDS; i++)
			round_of(kind);
		said(true, kind ? "vfork" : "fork", "");
	}
	return failures != 0;
}
