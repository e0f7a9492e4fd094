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

int main(void)
{
	ready();
	waits();
	selects();
	masks();
	return done();
}
