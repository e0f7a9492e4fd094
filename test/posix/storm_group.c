// SPDX-License-Identifier: MIT
// A signal to a group reaches a child that one of its members is just making, and none that is made
// later. Children wait for ever, so a lost signal is a wait that the alarm ends.
#include "test/posix/test.h"
#include <sys/syscall.h>

enum { ROUNDS = 150, CHILDREN_MAX = 24, ENDED = 7, PATIENCE_S = 20 };

static volatile pid_t forker;
static volatile sig_atomic_t is_over;
static unsigned seed = 1;

static unsigned random_below(unsigned limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

static void on_group_signal(int number)
{
	(void)number;
	if (getpid() != forker)
		_exit(ENDED);
	is_over = 1;
}

static int forks_until_told(void)
{
	pid_t children[CHILDREN_MAX];
	int count = 0;
	setpgid(0, 0);
	forker = getpid();
	alarm(PATIENCE_S);
	while (!is_over) {
		if (count == CHILDREN_MAX) {
			pause_ms(1);
			continue;
		}
		pid_t pid = (pid_t)syscall(SYS_fork); // fork() blocks signals: those are older
		if (pid == 0)
			for (;;)
				is_over ? _exit(ENDED) : (void)pause(); // the handler ran just before the fork
		if (pid < 0)
			return 1;
		children[count++] = pid;
	}
	for (int i = 0; i < count; i++)
		if (child_end(children[i]) != ENDED)
			return 2;
	return 0;
}

static void during_forks(void)
{
	int bad = 0;
	static volatile unsigned sink;
	on_signal(SIGUSR1, on_group_signal, 0);
	for (int round = 0; round < ROUNDS && bad < 3; round++) {
		pid_t pid = child(forks_until_told);
		setpgid(pid, pid);
		for (unsigned n = random_below(3000000); n; n--)
			sink++;
		kill(-pid, SIGUSR1);
		int end = child_end(pid);
		bad += end != 0 && end != ENDED; // it was told before it knew itself
		kill(-pid, SIGKILL);
	}
	is(bad, 0, "each child that was made before the signal gets it");
}

static int forks_after_signals(void)
{
	setpgid(0, 0);
	on_signal(SIGUSR2, count_signal, 0);
	for (int i = 0; i < 10; i++) {
		kill(0, SIGUSR2);
		while (!handled)
			pause_ms(1);
		handled = 0;
		pid_t pid = fork();
		if (pid == 0) {
			pause_ms(10);
			_exit(handled);
		}
		if (child_end(pid) != 0)
			return 1;
	}
	return 0;
}

static void before_forks(void)
{
	pid_t pid = child(forks_after_signals);
	setpgid(pid, pid);
	is(child_end(pid), 0, "a child made after the signal does not get it");
}

int main(void)
{
	setpgid(0, 0);
	before_forks();
	during_forks();
	return done();
}
