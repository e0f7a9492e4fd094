// SPDX-License-Identifier: MIT
// Signals to a child at every moment of its birth: before it knows itself, on its way to exec, in
// exec, in its first steps. It sleeps for ever, so a lost signal is a wait that the alarm ends.
#include "test/posix/test.h"
#include <sched.h>
#include <spawn.h>

enum { ROUNDS = 400, PATIENCE_S = 120 };

extern char **environ;
static const char *program;
static unsigned seed = 1;

static unsigned random_below(unsigned limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

static void take_time(void)
{
	static volatile unsigned sink;
	unsigned kind = random_below(4);
	if (kind == 0)
		return;
	if (kind == 1) {
		for (unsigned n = random_below(8); n; n--)
			sched_yield();
		return;
	}
	for (unsigned n = random_below(kind == 2 ? 20000 : 2000000); n; n--)
		sink++;
}

// As sleep(1) does: one call that only a signal ends.
static void sleeps(void)
{
	for (;;)
		pause_ms(1000000);
}

static pid_t by_fork(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		execl(program, program, "sleep", (char *)NULL);
		_exit(99);
	}
	return pid;
}

static pid_t by_vfork(void)
{
	pid_t pid = vfork();
	if (pid == 0) {
		execl(program, program, "sleep", (char *)NULL);
		_exit(99);
	}
	return pid;
}

static pid_t by_spawn(void)
{
	char *arguments[] = { (char *)program, "sleep", NULL };
	pid_t pid;
	return posix_spawn(&pid, program, NULL, NULL, arguments, environ) == 0 ? pid : -1;
}

static pid_t only_fork(void)
{
	pid_t pid = fork();
	if (pid == 0)
		sleeps();
	return pid;
}

// The signals wait in the child until after exec.
static pid_t by_blocked_fork(void)
{
	sigset_t all, old;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid_t pid = fork();
	if (pid != 0)
		sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid == 0) {
		execl(program, program, "open", (char *)NULL);
		_exit(99);
	}
	return pid;
}

static pid_t (*const births[])(void) = { by_fork, by_vfork, by_spawn, only_fork, by_blocked_fork };
static const char *const names[] = { "fork and exec", "vfork and exec", "spawn", "fork",
	"fork and exec with all blocked" };

static void storm_term(unsigned kind)
{
	int right = 0;
	char what[100];
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = births[kind]();
		need(pid > 0, "a child");
		take_time();
		int signal = i % 3 ? SIGTERM : i % 2 ? SIGINT : SIGKILL;
		kill(pid, signal);
		right += child_end(pid) == 1000 + signal;
	}
	snprintf(what, sizeof what, "%s: the signal is not lost", names[kind]);
	is(right, ROUNDS, what);
}

// The parent is told of each step, and the child ends.
static bool stops_and_ends(pid_t pid)
{
	int status;
	take_time();
	kill(pid, SIGSTOP);
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		return false;
	kill(pid, SIGCONT);
	if (waitpid(pid, &status, WCONTINUED) != pid || !WIFCONTINUED(status))
		return false;
	take_time();
	kill(pid, SIGSTOP); // nobody looks at these two
	kill(pid, SIGCONT);
	take_time();
	kill(pid, SIGTERM);
	return child_end(pid) == 1000 + SIGTERM;
}

static void storm_stop(unsigned kind)
{
	int right = 0;
	char what[100];
	for (int i = 0; i < ROUNDS / 4; i++)
		right += stops_and_ends(births[kind]());
	snprintf(what, sizeof what, "%s: stopped, continued, ended", names[kind]);
	is(right, ROUNDS / 4, what);
}

int main(int count, char **arguments)
{
	if (count > 1) {
		sigset_t none;
		sigemptyset(&none);
		if (strcmp(arguments[1], "open") == 0)
			sigprocmask(SIG_SETMASK, &none, NULL);
		sleeps();
	}
	program = arguments[0];
	seed = (unsigned)now_ms();
	for (unsigned kind = 0; kind < sizeof births / sizeof births[0]; kind++) {
		alarm(PATIENCE_S);
		storm_term(kind);
		storm_stop(kind);
	}
	return done();
}
