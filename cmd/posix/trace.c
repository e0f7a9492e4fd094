// SPDX-License-Identifier: MIT
// trace.c - runs a program and prints every call that it and its children make. The POSIX library
// of each writes the lines into a pipe (lib/posix/core/trace.h); this end prints or counts them.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALL_CARBIDE = 511, CARBIDE_TRACE = 1, NAMES = 400, NAME_SIZE = 32 };

struct row { // of the table of -c
	char name[NAME_SIZE];
	unsigned long calls, errors, nanoseconds, switches;
};

static struct row rows[NAMES];
static size_t row_count;

static void usage(void)
{
	fputs("usage: trace [-c] [-o FILE] PROGRAM [ARGUMENT]...\n", stderr);
	exit(2);
}

static struct row *row_of(const char *name, size_t size)
{
	for (size_t i = 0; i < row_count; i++) {
		if (strlen(rows[i].name) == size && !memcmp(rows[i].name, name, size))
			return &rows[i];
	}
	if (row_count == NAMES || size >= NAME_SIZE)
		return NULL;
	memcpy(rows[row_count].name, name, size);
	return &rows[row_count++];
}

// "[PID] NAME(...) = ANSWER <NS ns, N switches, ENTRANCE>"; what has no <...> did not come back.
static void count(const char *line)
{
	const char *name = strchr(line, ' '), *end = name ? strchr(name, '(') : NULL;
	const char *cost = strrchr(line, '<');
	struct row *row = end ? row_of(name + 1, (size_t)(end - name - 1)) : NULL;
	unsigned long nanoseconds = 0, switches = 0;
	if (!row)
		return;
	row->calls++;
	if (!cost || sscanf(cost, "<%lu ns, %lu switches", &nanoseconds, &switches) != 2)
		return;
	row->nanoseconds += nanoseconds;
	row->switches += switches;
	row->errors += strstr(line, ") = -1 E") != NULL;
}

static int by_time(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	return (a->nanoseconds < b->nanoseconds) - (a->nanoseconds > b->nanoseconds);
}

static void print_table(FILE *out)
{
	qsort(rows, row_count, sizeof *rows, by_time);
	fprintf(out, "%12s %8s %8s %8s  %s\n", "microseconds", "calls", "errors", "switches", "call");
	for (size_t i = 0; i < row_count; i++)
		fprintf(out, "%12lu %8lu %8lu %8lu  %s\n", rows[i].nanoseconds / 1000, rows[i].calls,
			rows[i].errors, rows[i].switches, rows[i].name);
}

static void start(int end, char **arguments)
{
	if (syscall(CALL_CARBIDE, (long)CARBIDE_TRACE, (long)end) < 0) {
		perror("trace: this system does not trace");
		_exit(125);
	}
	close(end);
	execvp(arguments[0], arguments);
	syscall(CALL_CARBIDE, (long)CARBIDE_TRACE, -1L);
	fprintf(stderr, "trace: %s: %s\n", arguments[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

// Until the last traced program is gone.
static void follow(FILE *lines, FILE *out, int is_table)
{
	char line[1024];
	while (fgets(line, sizeof line, lines)) {
		if (is_table)
			count(line);
		else
			fputs(line, out);
	}
	if (is_table)
		print_table(out);
}

static int status_of(pid_t child)
{
	int status = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int count_of_arguments, char **arguments)
{
	FILE *out = stderr;
	int option, is_table = 0, ends[2];
	while ((option = getopt(count_of_arguments, arguments, "+co:")) != -1) {
		if (option == 'c')
			is_table = 1;
		else if (option != 'o')
			usage();
		else if (!(out = fopen(optarg, "we"))) {
			perror(optarg);
			return 1;
		}
	}
	if (optind == count_of_arguments)
		usage();
	if (pipe(ends) < 0) {
		perror("trace: pipe");
		return 1;
	}
	pid_t child = fork();
	if (child < 0) {
		perror("trace: fork");
		return 1;
	}
	if (child == 0) {
		close(ends[0]);
		start(ends[1], arguments + optind);
	}
	close(ends[1]);
	signal(SIGINT, SIG_IGN); // the program gets it, and its last calls are told
	signal(SIGQUIT, SIG_IGN);
	FILE *lines = fdopen(ends[0], "r");
	if (lines)
		follow(lines, out, is_table);
	return status_of(child);
}
