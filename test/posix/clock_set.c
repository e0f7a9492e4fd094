// SPDX-License-Identifier: MIT
// What waits for a moment of the clock of the day moves when that is set by somebody else. Sets the
// machine's clock for a moment, so on a Linux only when it is told so: clock_set anyway.
#include "test/posix/test.h"
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

enum { AHEAD = 1000, WAITS_MS = 30000 }; // s that the clock is put on by; ms to wait at most

static int ready[2];

static struct timespec in_seconds(long seconds)
{
	struct timespec time;
	clock_gettime(CLOCK_REALTIME, &time);
	time.tv_sec += seconds;
	return time;
}

static void say_ready(void)
{
	(void)!write(ready[1], "r", 1);
}

static int sleeps(void)
{
	struct timespec until = in_seconds(500);
	say_ready();
	return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
}

static int reads_timer(void)
{
	struct itimerspec set = { .it_value = in_seconds(500) };
	unsigned long count = 0;
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL);
	say_ready();
	return read(fd, &count, sizeof(count)) == sizeof(count) && count == 1 ? 0 : 1;
}

static int waits_in_set(void)
{
	struct itimerspec set = { .it_value = in_seconds(500) };
	struct epoll_event event = { .events = EPOLLIN };
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK), epoll = epoll_create1(0);
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	if (fork() == 0) { // the timer that a child inherits moves too
		say_ready();
		_exit(epoll_wait(epoll, &event, 1, WAITS_MS) == 1 ? 0 : 1);
	}
	int status, found = epoll_wait(epoll, &event, 1, WAITS_MS);
	wait(&status);
	return found == 1 ? WEXITSTATUS(status) : 2;
}

static int is_cancelled(void)
{
	struct itimerspec set = { .it_value = in_seconds(100000) }, got;
	unsigned long count;
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &set, NULL))
		return 1;
	say_ready();
	if (read(fd, &count, sizeof(count)) != -1 || errno != ECANCELED)
		return 2;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (read(fd, &count, sizeof(count)) != -1 || errno != EAGAIN)
		return 3;
	timerfd_gettime(fd, &got);
	return got.it_value.tv_sec > 90000 && got.it_value.tv_sec < 99500 ? 0 : 4;
}

static int goes_by_monotonic(void)
{
	struct itimerspec set = { .it_value = { 500, 0 } }, got;
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	timerfd_settime(fd, 0, &set, NULL);
	say_ready();
	pause_ms(1000);
	timerfd_gettime(fd, &got);
	return got.it_value.tv_sec > 400 ? 0 : 1; // relative: stays
}

static volatile sig_atomic_t fired;

static void note(int number)
{
	fired = number;
}

static int has_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec set = { .it_value = in_seconds(500) };
	timer_t timer;
	on_signal(SIGUSR1, note, 0);
	timer_create(CLOCK_REALTIME, &event, &timer);
	timer_settime(timer, TIMER_ABSTIME, &set, NULL);
	say_ready();
	for (long end = now_ms() + WAITS_MS; !fired && now_ms() < end;)
		pause_ms(10);
	return fired == SIGUSR1 ? 0 : 1;
}

static int waits_at_futex(void)
{
	struct timespec until = in_seconds(500);
	int word = 0;
	say_ready();
	enum { WAIT_BITSET = 9, CLOCK_OF_DAY = 256 };
	long answer = syscall(SYS_futex, &word, WAIT_BITSET | CLOCK_OF_DAY, 0, &until, NULL, -1);
	return answer == -1 && errno == ETIMEDOUT ? 0 : 1;
}

int main(int count, char **arguments)
{
	static int (*const all[])(void) = { sleeps, reads_timer, waits_in_set, is_cancelled,
		goes_by_monotonic, has_timer, waits_at_futex };
	static const char *const names[] = { "an absolute sleep", "a timerfd that is read",
		"a timerfd in an epoll set, and in a child's", "TFD_TIMER_CANCEL_ON_SET",
		"a relative timerfd stays", "a POSIX timer", "a futex" };
	pid_t pids[7];
	char byte;
	(void)arguments;
	if (count < 2 && access("/scheme", F_OK) != 0) {
		printf("ok clock_set: not run, it would set the clock of this machine\n");
		return 0;
	}
	need(pipe(ready) == 0, "pipe");
	for (int i = 0; i < 7; i++)
		pids[i] = child(all[i]);
	for (int i = 0; i < 7; i++)
		(void)!read(ready[0], &byte, 1);
	pause_ms(300);
	struct timespec ahead = in_seconds(AHEAD);
	long start = now_ms();
	is(clock_settime(CLOCK_REALTIME, &ahead), 0, "the clock is put on");
	for (int i = 0; i < 7; i++)
		is(child_end(pids[i]), 0, names[i]);
	check(now_ms() - start < WAITS_MS, "at once");
	ahead = in_seconds(-AHEAD);
	is(clock_settime(CLOCK_REALTIME, &ahead), 0, "and back");
	return done();
}
