// SPDX-License-Identifier: MIT
// cases.c - runs each program of a list in its folder, with a time limit, and prints `@case NAME
// RESULT MS`, where RESULT is its exit code, `signal N` or `late`. One boot for a whole suite; the
// same binary runs on Linux and in the guest.
//   [CASES_SHOW=1] cases LIST LIMIT_MS [FIRST [COUNT]]     CASES_SHOW: what they print, too
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void child(const char *path)
{
	char folder[512];
	snprintf(folder, sizeof(folder), "%s", path);
	setpgid(0, 0);
	signal(SIGQUIT, SIG_DFL); // busybox's shell leaves it ignored for what `sh -c` becomes
	int null = open("/dev/null", O_RDWR);
	for (int i = 0; i < (getenv("CASES_SHOW") ? 1 : 3); i++)
		dup2(null, i);
	if (null > 2)
		close(null);
	if (chdir(dirname(folder)))
		_exit(126);
	execl(path, path, (char *)NULL);
	_exit(127);
}

// Sleeps of a few milliseconds instead of timers: what is tested may be just those.
static int wait_for(pid_t pid, long limit_ms, int *status)
{
	long end = now_ms() + limit_ms;
	for (long pause_us = 500;; pause_us = pause_us < 10000 ? pause_us * 2 : pause_us) {
		pid_t got = waitpid(pid, status, WNOHANG);
		if (got == pid)
			return 0;
		if (got < 0 && errno != EINTR)
			return -1;
		if (now_ms() > end)
			return 1;
		usleep((useconds_t)pause_us);
	}
}

static void run(const char *path, const char *name, long limit_ms)
{
	int status = 0;
	long start = now_ms();
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		child(path);
	if (pid < 0) {
		printf("@case %s fork-%d 0\n", name, errno);
		return;
	}
	int late = wait_for(pid, limit_ms, &status);
	if (late) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	} else {
		kill(-pid, SIGKILL); // what it left behind
	}
	long took = now_ms() - start;
	if (late)
		printf("@case %s late %ld\n", name, took);
	else if (WIFSIGNALED(status))
		printf("@case %s signal-%d %ld\n", name, WTERMSIG(status), took);
	else
		printf("@case %s %d %ld\n", name, WEXITSTATUS(status), took);
	while (waitpid(-1, &status, WNOHANG) > 0)
		;
}

int main(int count, char **arguments)
{
	char line[512], path[600];
	if (count < 3)
		return 2;
	FILE *list = fopen(arguments[1], "re");
	long limit = atol(arguments[2]), first = count > 3 ? atol(arguments[3]) : 0;
	long most = count > 4 ? atol(arguments[4]) : 1000000;
	char *folder = strdup(arguments[1]);
	if (!list || !folder)
		return 2;
	dirname(folder);
	for (long i = 0; fgets(line, sizeof(line), list) && i < first + most; i++) {
		line[strcspn(line, "\n")] = 0;
		if (i < first)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, line);
		run(path, line, limit);
	}
	printf("@cases end\n");
	fflush(stdout);
	return 0;
}
