// SPDX-License-Identifier: MIT
// eventfd, timerfd, signalfd.
#include "test/posix/test.h"
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static int fd;

static int adds_later(void)
{
	uint64_t three = 3;
	pause_ms(100);
	return write(fd, &three, 8) == 8 ? 0 : 1;
}

static void events(void)
{
	fd = eventfd(5, EFD_CLOEXEC | EFD_NONBLOCK);
	need(fd >= 0, "eventfd");
	uint64_t value = 0;
	is(read(fd, &value, 8), 8, "read");
	is((long)value, 5, "the first value");
	fails(read(fd, &value, 8), EAGAIN, "read of zero");
	struct pollfd poller = { fd, POLLIN | POLLOUT, 0 };
	is(poll(&poller, 1, 0), 1, "poll");
	is(poller.revents, POLLOUT, "only writable");
	value = 7;
	is(write(fd, &value, 8), 8, "write");
	is(write(fd, &value, 8), 8, "write again");
	is(poll(&poller, 1, 0), 1, "poll");
	is(poller.revents, POLLIN | POLLOUT, "readable");
	fails(read(fd, &value, 4), EINVAL, "short read");
	is(read(fd, &value, 8), 8, "read");
	is((long)value, 14, "the sum");
	value = UINT64_MAX - 1;
	is(write(fd, &value, 8), 8, "write the most");
	value = 1;
	fails(write(fd, &value, 8), EAGAIN, "no more goes in");
	value = UINT64_MAX;
	fails(write(fd, &value, 8), EINVAL, "what never goes in");
	close(fd);
	fd = eventfd(0, EFD_SEMAPHORE);
	pid_t pid = child(adds_later);
	is(read(fd, &value, 8), 8, "read waits for another process");
	is((long)value, 1, "a semaphore gives one");
	is(child_end(pid), 0, "the other process");
	is(read(fd, &value, 8), 8, "another one");
	close(fd);
}

static void timers(void)
{
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	need(fd >= 0, "timerfd_create");
	struct itimerspec set = { { 0, 0 }, { 0, 50000000 } }, got;
	long start = now_ms();
	is(timerfd_settime(fd, 0, &set, NULL), 0, "settime");
	uint64_t times = 0;
	is(read(fd, &times, 8), 8, "read waits");
	is((long)times, 1, "once");
	check(now_ms() - start >= 49, "50 ms");
	set.it_interval.tv_nsec = 20000000;
	set.it_value.tv_nsec = 20000000;
	timerfd_settime(fd, 0, &set, NULL);
	pause_ms(110);
	is(read(fd, &times, 8), 8, "read after many");
	check(times >= 4, "counts them");
	is(timerfd_gettime(fd, &got), 0, "gettime");
	is(got.it_interval.tv_nsec, 20000000, "its interval");
	struct pollfd poller = { fd, POLLIN, 0 };
	is(poll(&poller, 1, 2000), 1, "poll waits for it");
	memset(&set, 0, sizeof(set));
	is(timerfd_settime(fd, 0, &set, &got), 0, "stop");
	is(poll(&poller, 1, 50), 0, "stopped");
	set.it_value.tv_nsec = 1; // since boot: long ago on any machine
	is(timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL), 0, "absolute, in the past");
	is(read(fd, &times, 8), 8, "at once");
	fails(timerfd_create(77, 0), EINVAL, "a clock that there is not");
	set.it_value.tv_nsec = -1;
	fails(timerfd_settime(fd, 0, &set, NULL), EINVAL, "a bad time");
	close(fd);
	fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	fails(read(fd, &times, 8), EAGAIN, "not set");
	close(fd);
}

static void signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	need(fd >= 0, "signalfd");
	struct signalfd_siginfo info[2];
	fails(read(fd, info, sizeof(info)), EAGAIN, "nothing pending");
	kill(getpid(), SIGUSR1);
	struct pollfd poller = { fd, POLLIN, 0 };
	is(poll(&poller, 1, 1000), 1, "poll");
	is(read(fd, info, sizeof(info)), sizeof(info[0]), "read");
	is(info[0].ssi_signo, SIGUSR1, "its number");
	is(info[0].ssi_pid, getpid(), "its sender");
	fails(read(fd, info, sizeof(info)), EAGAIN, "and no more");
	pid_t pid = fork();
	if (!pid)
		_exit(3);
	is(poll(&poller, 1, 20000), 1, "poll waits for a child");
	is(read(fd, info, sizeof(info)), sizeof(info[0]), "read");
	check(info[0].ssi_signo == SIGCHLD && info[0].ssi_pid == (uint32_t)pid, "SIGCHLD");
	is(child_end(pid), 3, "the child");
	close(fd);
}

int main(void)
{
	events();
	timers();
	signals();
	return done();
}
