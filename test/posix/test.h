// SPDX-License-Identifier: MIT
// test.h - how a program of test/posix says what it found: `ok WHAT`, `not ok WHAT: why`.
// The programs are Linux programs: what they expect is proved on Linux by run-on-host.
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int failures;
[[gnu::unused]] static void *volatile bad_address =
	(void *)8; // no mapping, and the compiler does not know

static inline void said(bool is_ok, const char *what, const char *why)
{
	if (is_ok)
		printf("ok %s\n", what);
	else
		printf("not ok %s: %s\n", what, why);
	failures += !is_ok;
	fflush(stdout);
}

// The condition holds.
static inline void check(bool is_ok, const char *what)
{
	char why[80];
	snprintf(why, sizeof(why), "errno %d", errno);
	said(is_ok, what, why);
}

// A call answered what it had to.
static inline void is(long actual, long expected, const char *what)
{
	char why[120];
	snprintf(why, sizeof(why), "%ld, not %ld; errno %d", actual, expected, errno);
	said(actual == expected, what, why);
}

// A call failed, with this error.
static inline void fails(long result, int error, const char *what)
{
	int got = errno;
	char why[120];
	snprintf(why, sizeof(why), "%ld, errno %d, not %d", result, got, error);
	said(result == -1 && got == error, what, why);
}

// Without the first run the rest makes no sense.
static inline void need(bool is_ok, const char *what)
{
	if (is_ok)
		return;
	check(false, what);
	exit(1);
}

// A child that runs the function and exits with its answer. Its end: exit code, or 1000 + signal.
static inline pid_t child(int (*function)(void))
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		_exit(function());
	need(pid > 0, "fork");
	return pid;
}

static inline int child_end(pid_t pid)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static inline void pause_ms(long milliseconds)
{
	struct timespec left = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static inline long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static volatile sig_atomic_t handled;

static inline void count_signal(int number)
{
	(void)number;
	handled++;
}

static inline void on_signal(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	sigaction(number, &action, NULL);
}

static inline int done(void)
{
	return failures ? 1 : 0;
}
