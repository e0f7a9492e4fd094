// SPDX-License-Identifier: MIT
// poll, ppoll, select, pselect: what is ready, waiting, time limits, signals.
#include "test/posix/test.h"
#include <poll.h>
#include <sys/select.h>

static int ends[2];

static int writes_later(void)
{
	pause_ms(100);
	return write(ends[1], "x", 1) == 1 ? 0 : 1;
}

static void ready(void)
{
	need(pipe(ends) == 0, "pipe");
	struct pollfd both[3] = { { ends[0], POLLIN, 0 }, { ends[1], POLLOUT, 0 }, { -1, POLLIN, 7 } };
	is(poll(both, 3, 0), 1, "poll");
	is(both[0].revents, 0, "an empty pipe is not readable");
	is(both[1].revents, POLLOUT, "but writable");
	is(both[2].revents, 0, "a negative number is left out");
	(void)!write(ends[1], "x", 1);
	is(poll(both, 1, -1), 1, "poll, readable");
	is(both[0].revents, POLLIN, "POLLIN");
	struct pollfd bad = { 99, POLLIN, 0 };
	is(poll(&bad, 1, -1), 1, "poll of a closed number");
	is(bad.revents, POLLNVAL, "POLLNVAL");
	fails(poll(bad_address, 1, 0), EFAULT, "poll at a bad address");
	close(ends[1]);
	is(poll(both, 1, 0), 1, "poll, writer gone, byte left");
	is(both[0].revents, POLLIN | POLLHUP, "POLLIN | POLLHUP");
	char byte;
	(void)!read(ends[0], &byte, 1);
	is(poll(both, 1, 0), 1, "poll, writer gone");
	is(both[0].revents, POLLHUP, "POLLHUP");
	close(ends[0]);
	need(pipe(ends) == 0, "pipe");
	close(ends[0]);
	struct pollfd writer = { ends[1], POLLOUT, 0 };
	is(poll(&writer, 1, 0), 1, "poll, reader gone");
	is(writer.revents, POLLOUT | POLLERR, "POLLOUT | POLLERR");
	close(ends[1]);
	int null = open("/dev/null", O_RDWR);
	struct pollfd device = { null, POLLIN | POLLOUT, 0 };
	is(poll(&device, 1, 0), 1, "poll of /dev/null");
	is(device.revents, POLLIN | POLLOUT, "always ready");
	close(null);
}

static void waits(void)
{
	need(pipe(ends) == 0, "pipe");
	struct pollfd reader = { ends[0], POLLIN, 0 };
	long start = now_ms();
	is(poll(&reader, 1, 100), 0, "poll runs out of time");
	long took = now_ms() - start;
	check(took >= 99 && took < 2000, "after 100 ms");
	start = now_ms();
	is(poll(NULL, 0, 50), 0, "poll of nothing");
	check(now_ms() - start >= 49, "sleeps");
	pid_t pid = child(writes_later);
	is(poll(&reader, 1, 20000), 1, "poll waits");
	is(reader.revents, POLLIN, "and tells");
	child_end(pid);
	char byte;
	(void)!read(ends[0], &byte, 1);
	handled = 0;
	on_signal(SIGALRM, count_signal, SA_RESTART);
	alarm(1);
	fails(poll(&reader, 1, -1), EINTR, "a signal ends poll, also with SA_RESTART");
	is(handled, 1, "handler ran");
}

static void selects(void)
{
	fd_set in, out;
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(ends[0], &in);
	FD_SET(ends[1], &out);
	int most = (ends[0] > ends[1] ? ends[0] : ends[1]) + 1;
	is(select(most, &in, &out, NULL, NULL), 1, "select");
	check(!FD_ISSET(ends[0], &in) && FD_ISSET(ends[1], &out), "its sets");
	FD_SET(ends[0], &in);
	struct timeval limit = { 0, 50000 };
	is(select(most, &in, NULL, NULL, &limit), 0, "select runs out of time");
	check(!FD_ISSET(ends[0], &in), "and clears");
	(void)!write(ends[1], "x", 1);
	FD_SET(ends[0], &in);
	limit.tv_sec = 10;
	is(select(most, &in, NULL, NULL, &limit), 1, "select, readable");
	check(FD_ISSET(ends[0], &in), "its set");
	FD_ZERO(&in);
	FD_SET(50, &in);
	fails(select(51, &in, NULL, NULL, NULL), EBADF, "select of a closed number");
	fails(select(-1, NULL, NULL, NULL, NULL), EINVAL, "select of less than none");
	limit.tv_usec = -5;
	fails(select(0, NULL, NULL, NULL, &limit), EINVAL, "select with a bad time");
	char byte;
	(void)!read(ends[0], &byte, 1);
}

static void masks(void)
{
	sigset_t blocked, none;
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	on_signal(SIGUSR1, count_signal, 0);
	handled = 0;
	raise(SIGUSR1);
	is(handled, 0, "blocked");
	struct timespec second = { 5, 0 };
	fails(ppoll(NULL, 0, &second, &none), EINTR, "ppoll opens the mask");
	is(handled, 1, "and the signal came");
	raise(SIGUSR1);
	fails(pselect(0, NULL, NULL, NULL, &second, &none), EINTR, "pselect opens the mask");
	is(handled, 2, "and the signal came");
	sigset_t now;
	sigprocmask(SIG_SETMASK, NULL, &now);
	check(sigismember(&now, SIGUSR1), "the mask is back");
	struct timespec bad = { 0, 1000000000 };
	fails(ppoll(NULL, 0, &bad, NULL), EINVAL, "ppoll with a bad time");
}

// A long list that comes again may be kept tied (lib/posix/event/poll_kept.c): what closes, opens,
// changes or forks in between must be seen.
enum { MANY = 40 };
static struct pollfd many[MANY];
static int feeds[MANY];

static int ready_of_many(int timeout)
{
	int count = poll(many, MANY, timeout), found = 0;
	for (int i = 0; i < MANY; i++)
		found += many[i].revents != 0;
	return count == found ? count : -100;
}

static int closes_all(void)
{
	for (int i = 0; i < MANY; i++)
		if (i != 7)
			close(many[i].fd);
	int again = dup(feeds[5]); // another file under a number of the list
	poll(many, MANY, 0);
	poll(many, MANY, 0);
	pause_ms(100);
	return again >= 0 && write(feeds[30], "x", 1) == 1 ? 0 : 1;
}

static void long_lists(void)
{
	char byte;
	need(pipe(ends) == 0, "pipe");
	for (int i = 0; i < MANY; i++) {
		int both[2];
		need(pipe(both) == 0, "many pipes");
		many[i] = (struct pollfd){ both[0], POLLIN, 0 };
		feeds[i] = both[1];
	}
	for (int i = 0; i < 3; i++)
		is(ready_of_many(0), 0, "none of many is ready");
	(void)!write(feeds[7], "x", 1);
	for (int i = 0; i < 3; i++)
		is(ready_of_many(-1), 1, "one of many is ready, again and again");
	is(many[7].revents, POLLIN, "this one");
	(void)!write(feeds[20], "x", 1);
	is(ready_of_many(-1), 2, "two are");
	(void)!read(many[7].fd, &byte, 1);
	is(ready_of_many(-1), 1, "one is read empty");
	is(many[20].revents, POLLIN, "the other is told");
	close(feeds[11]);
	is(ready_of_many(-1), 2, "a writer goes");
	is(many[11].revents, POLLHUP, "POLLHUP of many");
	close(many[11].fd);
	is(ready_of_many(-1), 2, "a number is closed");
	is(many[11].revents, POLLNVAL, "POLLNVAL of many");
	need(pipe(ends) == 0 && ends[0] == many[11].fd, "the number is used again");
	is(ready_of_many(-1), 1, "the new file is not ready");
	is(ready_of_many(-1), 1, "nor the next time");
	(void)!write(ends[1], "x", 1);
	is(ready_of_many(-1), 2, "then it is");
	many[20].events = 0;
	is(ready_of_many(-1), 1, "not asked for any more");
	many[20].events = POLLIN;
	(void)!read(ends[0], &byte, 1);
	(void)!read(many[20].fd, &byte, 1);
	for (int i = 0; i < 3; i++)
		is(ready_of_many(0), 0, "all are empty");
	pid_t pid = child(closes_all);
	is(ready_of_many(20000), 1, "what a child closes is no matter; what it writes is told");
	is(many[30].revents, POLLIN, "by the list that both had");
	child_end(pid);
	long start = now_ms();
	(void)!read(many[30].fd, &byte, 1);
	is(ready_of_many(100), 0, "many run out of time");
	check(now_ms() - start >= 99, "not too early");
	handled = 0;
	alarm(1);
	fails(poll(many, MANY, -1), EINTR, "a signal ends a wait for many");
	for (int i = 0; i < MANY; i++) {
		close(many[i].fd);
		close(feeds[i]);
	}
	is(ready_of_many(0), MANY, "all are closed");
}

int main(void)
{
	ready();
	waits();
	selects();
	masks();
	long_lists();
	return done();
}
