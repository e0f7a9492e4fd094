// SPDX-License-Identifier: MIT
// When memory is short the biggest program ends, and no small one, whatever it is doing. Only here:
// on a host it would take all memory.
#include "test/posix/test.h"

#include <sys/mman.h>

enum { ROUNDS = 1000 };

static const size_t size = (size_t)2 << 30, part = 1 << 20;

static int take_all(void)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	int zeros = open("/dev/zero", O_RDONLY);
	for (size_t i = 0; i < size; i += 2 * part) {
		if (read(zeros, memory + i, part) != (ssize_t)part)
			return 2; // it is short, not wrong
		memset(memory + i + part, 1, part);
	}
	return 3; // there was so much
}

static int take_again(void)
{
	setpgid(0, 0);
	for (;;)
		if (child_end(child(take_all)) < 1000)
			return 1;
}

// A call may be refused for want of memory, nothing else.
static int refused(void)
{
	return errno == ENOMEM ? 0 : errno;
}

// Fresh pages, for the program and in calls.
static int work(void)
{
	int fd[2], wrong = 0;
	char *pages = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || pipe(fd))
		return refused();
	for (int i = 0; i < 16 && !wrong; i += 2) {
		int null = open("/dev/null", O_RDWR);
		if (write(fd[1], "x", 1) != 1 || read(fd[0], pages + i * 4096, 1) != 1 || null < 0)
			wrong = refused();
		pages[(i + 1) * 4096] = 1;
		close(null);
	}
	close(fd[0]);
	close(fd[1]);
	return munmap(pages, 16 * 4096) ? errno : wrong;
}

int main(void)
{
	int wrong = 0, last = 0;
	if (access("/scheme/svc/control", F_OK))
		return done();
	pid_t hog = child(take_again);
	for (int i = 0; i < ROUNDS; i++) {
		int end = work();
		wrong += end != 0;
		last = end ? end : last;
		pause_ms(1);
	}
	is(wrong, 0, "a small program goes on");
	if (wrong)
		printf("# the last error: %d\n", last);
	is(waitpid(hog, NULL, WNOHANG), 0, "while one after the other takes all memory");
	kill(-hog, SIGKILL); // and the one that is at it
	is(child_end(hog), 1000 + SIGKILL, "till the end");
	return done();
}
