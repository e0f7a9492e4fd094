// SPDX-License-Identifier: MIT
// Clocks, sleeping, interval timers, POSIX timers.
#include "test/posix/test.h"
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>

static void clocks(void)
{
	struct timespec a, b;
	const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME,
		CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID, CLOCK_TAI };
	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		is(clock_gettime(all[i], &a), 0, "clock_gettime");
		clock_gettime(all[i], &b);
		check(
			b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec), "never back");
		is(clock_getres(all[i], &a), 0, "clock_getres");
	}
	fails(clock_gettime(77, &a), EINVAL, "a clock that there is not");
	clock_gettime(CLOCK_REALTIME, &a);
	check(a.tv_sec > 1600000000, "the date was set");
	struct timeval day;
	is(gettimeofday(&day, NULL), 0, "gettimeofday");
	check(labs(day.tv_sec - a.tv_sec) <= 1 && labs(time(NULL) - a.tv_sec) <= 1, "all agree");
	struct tms used;
	check(times(&used) > 0, "times");
	struct timespec before, after;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	for (volatile long i = 0; i < 3000000; i++)
		;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	check(after.tv_sec * 1000000000 + after.tv_nsec > before.tv_sec * 1000000000 + before.tv_nsec,
		"processor time goes on");
}

static void sleeping(void)
{
	struct timespec time = { 0, 50000000 }, left = { 9, 9 };
	long start = now_ms();
	is(nanosleep(&time, &left), 0, "nanosleep");
	check(now_ms() - start >= 49, "50 ms");
	time.tv_nsec = 1000000000;
	fails(nanosleep(&time, NULL), EINVAL, "a bad time");
	fails(nanosleep(bad_address, NULL), EFAULT, "a bad address");
	on_signal(SIGALRM, count_signal, 0);
	struct itimerval timer = { { 0, 0 }, { 0, 100000 } };
	handled = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	time = (struct timespec){ 5, 0 };
	fails(nanosleep(&time, &left), EINTR, "a signal ends it");
	check(handled == 1 && left.tv_sec >= 2 && left.tv_sec < 5, "what is left is told");
	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_nsec += 20000000;
	if (time.tv_nsec >= 1000000000)
		time.tv_sec++, time.tv_nsec -= 1000000000;
	is(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL), 0, "until a time");
	is(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL), 0, "until a past one");
	is(clock_nanosleep(77, 0, &time, NULL), EINVAL, "a clock that there is not");
}

static void intervals(void)
{
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } }, old;
	handled = 0;
	is(setitimer(ITIMER_REAL, &timer, NULL), 0, "setitimer");
	for (int i = 0; i < 100 && handled < 3; i++)
		pause_ms(10);
	check(handled >= 3, "an interval timer repeats");
	is(getitimer(ITIMER_REAL, &old), 0, "getitimer");
	is(old.it_interval.tv_usec, 20000, "its interval");
	memset(&timer, 0, sizeof(timer));
	setitimer(ITIMER_REAL, &timer, NULL);
	is(alarm(10), 0, "alarm");
	check(alarm(0) >= 9, "alarm tells what was left");
	timer.it_value.tv_usec = 20000;
	on_signal(SIGVTALRM, count_signal, 0);
	handled = 0;
	is(setitimer(ITIMER_VIRTUAL, &timer, NULL), 0, "ITIMER_VIRTUAL");
	for (long start = now_ms(); !handled && now_ms() - start < 5000;)
		;
	is(handled, 1, "comes while the program runs");
	fails(setitimer(7, &timer, NULL), EINVAL, "a timer that there is not");
}

static volatile sig_atomic_t told;

static void with_value(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	told = info->si_code == SI_TIMER ? info->si_value.sival_int : -1;
}

static void posix_timers(void)
{
	struct sigaction action = { .sa_sigaction = with_value, .sa_flags = SA_SIGINFO };
	sigaction(SIGUSR2, &action, NULL);
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 42
	};
	timer_t timer;
	need(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "timer_create");
	struct itimerspec set = { { 0, 0 }, { 0, 30000000 } }, got;
	is(timer_settime(timer, 0, &set, NULL), 0, "timer_settime");
	is(timer_gettime(timer, &got), 0, "timer_gettime");
	check(got.it_value.tv_nsec > 0 && got.it_value.tv_nsec <= 30000000, "time left");
	for (int i = 0; i < 200 && !told; i++)
		pause_ms(10);
	is(told, 42, "its value comes with the signal");
	is(timer_getoverrun(timer), 0, "no overrun");
	is(timer_delete(timer), 0, "timer_delete");
	event.sigev_signo = 99;
	fails(timer_create(CLOCK_MONOTONIC, &event, &timer), EINVAL, "a signal that there is not");
}

static volatile sig_atomic_t overruns, deliveries;

static void with_overruns(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	overruns = info->si_overrun;
	deliveries++;
}

// What expires while its signal is blocked and waits already, counts.
static void missed(void)
{
	struct sigaction action = { .sa_sigaction = with_overruns, .sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	struct itimerspec set = { { 0, 5000000 }, { 0, 5000000 } }, stop = {};
	sigset_t blocked;
	timer_t timer, other;
	sigaction(SIGUSR2, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	need(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "timer_create");
	timer_settime(timer, 0, &set, NULL);
	pause_ms(300);
	is(deliveries, 0, "blocked");
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	check(overruns >= 20 || deliveries > 1, "each expiry meanwhile is an overrun");
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	timer_settime(timer, 0, &stop, NULL);
	is(sigtimedwait(&blocked, NULL, &(struct timespec){}) < 0 || 1, 1, "stopped");
	check(timer_getoverrun(timer) >= 0, "timer_getoverrun");
	timer_delete(timer);
	// Two timers with one signal: each is told.
	need(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "timer_create");
	need(timer_create(CLOCK_MONOTONIC, &event, &other) == 0, "another");
	set = (struct itimerspec){ { 0, 0 }, { 0, 1000000 } };
	timer_settime(timer, 0, &set, NULL);
	timer_settime(other, 0, &set, NULL);
	pause_ms(200);
	deliveries = 0;
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	is(deliveries, 2, "two timers with one signal");
	timer_delete(timer);
	timer_delete(other);
}

// Counts the time of the thread that made it, whoever looks.
static void processor_timer(int clock, const char *what)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec set = { { 0, 0 }, { 0, 50000000 } };
	struct timespec start, now;
	timer_t timer;
	on_signal(SIGUSR1, count_signal, 0);
	need(timer_create(clock, &event, &timer) == 0, "timer of processor time");
	clock_gettime(clock, &start);
	timer_settime(timer, 0, &set, NULL);
	long end = now_ms() + 20000;
	for (handled = 0; !handled && now_ms() < end;)
		;
	clock_gettime(clock, &now);
	long used = (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000;
	if (!handled || used < 49)
		printf("# %s: %s, %ld ms used\n", what, handled ? "handled" : "late", used);
	check(handled && used >= 49, what);
	timer_delete(timer);
}

static int sleeps(void)
{
	return alarm(0) == 0 ? 0 : 1;
}

static void others(void)
{
	alarm(100);
	is(child_end(child(sleeps)), 0, "a child has no alarm");
	alarm(0);
	struct utsname name;
	is(uname(&name), 0, "uname");
	check(!strcmp(name.sysname, "Linux") && !strcmp(name.machine, "x86_64"), "Linux, x86_64");
	struct sysinfo system;
	is(sysinfo(&system), 0, "sysinfo");
	check(system.totalram > 0 && system.mem_unit > 0, "memory");
}

int main(void)
{
	clocks();
	sleeping();
	intervals();
	posix_timers();
	missed();
	processor_timer(CLOCK_PROCESS_CPUTIME_ID, "a timer of the process's time");
	processor_timer(CLOCK_THREAD_CPUTIME_ID, "a timer of the thread's time");
	others();
	return done();
}
