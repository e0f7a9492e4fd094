// SPDX-License-Identifier: MIT
// test_main.c - runs the registered tests, or those whose name contains argv[1], and ends with the
// line "N passed, N failed". The exit code is 1 when one failed.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/test.h"
#include "lib/base/unsafe.h"

static struct test *first; // written by constructors only, before main
static u32 failures;       // of the running test; one thread

void test_register(struct test *test)
{
	// Kept in order of name, so that the output does not depend on the linker.
	struct test **place = &first;
	while (*place && strcmp((*place)->name, test->name) < 0)
		place = &(*place)->next;
	test->next = *place;
	*place = test;
}

bool test_check(bool is_true, const char *text, const char *file, u32 line)
{
	if (!is_true) {
		printf("%s:%u: %s\n", file, line, text);
		failures++;
	}
	return is_true;
}

bool test_check_equal(u64 a, u64 b, const char *text, const char *file, u32 line)
{
	if (a == b)
		return true;
	printf("%s:%u: %s: %lld (0x%llx) and %lld (0x%llx)\n", file, line, text, (long long)a,
		(unsigned long long)a, (long long)b, (unsigned long long)b);
	failures++;
	return false;
}

bool test_dies(void (*body)(void *), void *argument)
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){});
		signal(SIGILL, SIG_DFL);
		signal(SIGTRAP, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr))
			_exit(0);
		body(argument);
		_exit(0);
	}
	int status = 0;
	return child > 0 && waitpid(child, &status, 0) == child && status != 0;
}

int main(int argc, char **argv)
{
	UNSAFE_BEGIN("argv[argc] is null")
	const char *filter = argc > 1 ? argv[1] : "";
	UNSAFE_END
	u32 passed = 0;
	u32 failed = 0;
	for (struct test *test = first; test; test = test->next) {
		if (!strstr(test->name, filter))
			continue;
		failures = 0;
		test->run();
		if (failures)
			printf("FAILED %s\n", test->name);
		*(failures ? &failed : &passed) += 1;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
