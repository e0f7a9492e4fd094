// SPDX-License-Identifier: MIT
// locks.c - locks of fcntl: the one that is told of, and waits for each other that would never end.
#include "test/posix/test.h"

#include <sys/file.h>
#include <sys/time.h>

static int file, told[2];

static int set(int command, short type, long start, long length)
{
	struct flock part = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
	return fcntl(file, command, &part);
}

static int finds_first(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fcntl(file, F_GETLK, &whole) || whole.l_type != F_RDLCK || whole.l_start != 1)
		return 1;
	whole = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10 };
	return fcntl(file, F_GETLK, &whole) || whole.l_type != F_WRLCK || whole.l_start != 20 ? 2 : 0;
}

static void first(void)
{
	is(set(F_SETLK, F_WRLCK, 20, 5), 0, "a lock behind");
	is(set(F_SETLK, F_RDLCK, 1, 5), 0, "and one before it");
	is(child_end(child(finds_first)), 0, "F_GETLK tells of what begins first");
	is(set(F_SETLK, F_UNLCK, 0, 0), 0, "all given back");
}

// Holds byte 1, says so, and waits for byte 0.
static int holds_and_waits(void)
{
	if (set(F_SETLK, F_WRLCK, 1, 1) || write(told[1], "x", 1) != 1)
		return 1;
	return set(F_SETLKW, F_WRLCK, 0, 1) ? 2 : 0;
}

// The same from byte 2, for byte 1.
static int waits_behind(void)
{
	if (set(F_SETLK, F_WRLCK, 2, 1) || write(told[1], "x", 1) != 1)
		return 1;
	return set(F_SETLKW, F_WRLCK, 1, 1) ? 2 : 0;
}

static pid_t waiting(int (*function)(void))
{
	char byte;
	pid_t pid = child(function);
	need(read(told[0], &byte, 1) == 1, "the child has its lock");
	pause_ms(200);
	is(waitpid(pid, NULL, WNOHANG), 0, "and waits");
	return pid;
}

static void rings(void)
{
	is(set(F_SETLK, F_WRLCK, 0, 1), 0, "byte 0");
	pid_t second = waiting(holds_and_waits);
	fails(set(F_SETLKW, F_WRLCK, 1, 1), EDEADLK, "each waits for the other");
	pid_t third = waiting(waits_behind);
	fails(set(F_SETLKW, F_WRLCK, 2, 1), EDEADLK, "three in a ring");
	fails(set(F_SETLK, F_WRLCK, 1, 1), EAGAIN, "who does not wait is told otherwise");
	is(set(F_SETLK, F_UNLCK, 0, 1), 0, "byte 0 given back");
	is(child_end(second), 0, "the second gets it");
	is(child_end(third), 0, "and the third its own");
	is(set(F_SETLKW, F_WRLCK, 0, 10), 0, "all are free");
}

// Signals all the time, of a handler without SA_RESTART: what does not wait is not interrupted.
static void beside_signals(void)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = {};
	int interrupted = 0;
	on_signal(SIGALRM, count_signal, 0);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 1000; i++) {
		interrupted += set(F_SETLK, F_WRLCK, i, 1) != 0;
		interrupted += flock(file, LOCK_EX | LOCK_NB) != 0;
		interrupted += flock(file, LOCK_UN) != 0;
		interrupted += set(F_SETLK, F_UNLCK, 0, 0) != 0;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	check(handled > 0, "signals come");
	is(interrupted, 0, "and interrupt no lock that need not be waited for");
}

int main(void)
{
	file = open("/tmp/test-locks", O_RDWR | O_CREAT, 0600);
	need(file >= 0 && pipe(told) == 0, "a file and a pipe");
	first();
	rings();
	beside_signals();
	unlink("/tmp/test-locks");
	return done();
}
