// SPDX-License-Identifier: MIT
// Storms of signals between threads: none is lost, none comes twice, nothing waits for ever.
#include "test/posix/test.h"
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { ROUNDS = 2000, FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

static atomic_int counted, told;
static atomic_bool is_over;
static pid_t first_thread;

static void counts(int number)
{
	(void)number;
	atomic_fetch_add(&counted, 1);
}

static void sleep_ms(long ms)
{
	struct timespec time = { 0, ms * 1000000 };
	nanosleep(&time, NULL);
}

static void *sends_directed(void *number)
{
	union sigval value = { 0 };
	for (int i = 0; i < ROUNDS; i++) {
		siginfo_t info = { .si_signo = (int)(long)number, .si_code = SI_QUEUE, .si_value = value };
		while (syscall(SYS_rt_tgsigqueueinfo, getpid(), first_thread, info.si_signo, &info) != 0)
			sched_yield(); // too many wait
		atomic_fetch_add(&told, 1);
	}
	atomic_store(&is_over, true);
	return NULL;
}

// Calls of all kinds while signals come in: each answers what it should.
static bool busy(void)
{
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	bool is_good = syscall(SYS_gettid) == first_thread;
	sigprocmask(SIG_BLOCK, &set, &old);
	is_good = is_good && !sigismember(&old, SIGRTMIN + 1) && getppid() >= 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return is_good && syscall(SYS_gettid) == first_thread;
}

static void during_calls(void)
{
	pthread_t sender;
	bool is_good = true;
	on_signal(SIGRTMIN + 1, counts, SA_RESTART);
	atomic_store(&counted, 0);
	atomic_store(&told, 0);
	atomic_store(&is_over, false);
	pthread_create(&sender, NULL, sends_directed, (void *)(long)(SIGRTMIN + 1));
	while (!atomic_load(&is_over))
		is_good = busy() && is_good;
	pthread_join(sender, NULL);
	check(is_good, "calls answer right while signals come");
	is(atomic_load(&counted), ROUNDS, "each real-time signal came once");
}

static atomic_int turn;

static void *wakes(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		while (atomic_load(&turn) != i)
			sched_yield();
		syscall(SYS_tgkill, getpid(), first_thread, SIGUSR1);
	}
	return NULL;
}

static void suspended(void)
{
	pthread_t waker;
	sigset_t set, none;
	int answers = 0;
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	on_signal(SIGUSR1, counts, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	atomic_store(&counted, 0);
	atomic_store(&turn, -1);
	pthread_create(&waker, NULL, wakes, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		atomic_store(&turn, i);
		answers += sigsuspend(&none) == -1 && errno == EINTR;
	}
	pthread_join(waker, NULL);
	is(answers, ROUNDS, "sigsuspend came back each time");
	is(atomic_load(&counted), ROUNDS, "with its handler run");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void *takes(void *unused)
{
	sigset_t set;
	(void)unused;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	for (int i = 0; i < ROUNDS; i++) {
		siginfo_t info;
		if (sigwaitinfo(&set, &info) != SIGUSR2)
			return (void *)1;
		atomic_store(&turn, i + 1);
	}
	return NULL;
}

// For the process, blocked by all: the thread that waits for it takes it.
static void taken(void)
{
	pthread_t taker;
	sigset_t set;
	void *result;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	atomic_store(&turn, 0);
	pthread_create(&taker, NULL, takes, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		kill(getpid(), SIGUSR2);
		while (atomic_load(&turn) == i)
			sched_yield();
	}
	pthread_join(taker, &result);
	check(!result, "sigwaitinfo takes each");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static unsigned word;
static atomic_int interrupted;

static void *waits_futex(void *unused)
{
	(void)unused;
	while (!atomic_load(&is_over)) {
		struct timespec second = { 1, 0 };
		long answer = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &second, NULL, 0);
		atomic_fetch_add(&interrupted, answer == -1 && errno == EINTR);
	}
	return NULL;
}

static void futexes(void)
{
	pthread_t waiter;
	on_signal(SIGUSR1, counts, 0);
	atomic_store(&counted, 0);
	atomic_store(&interrupted, 0);
	atomic_store(&is_over, false);
	pthread_create(&waiter, NULL, waits_futex, NULL);
	for (int i = 0; i < ROUNDS / 4; i++) {
		int before = atomic_load(&counted);
		if (i % 50 == 0) // it sleeps by then; else the signal may come each time before that
			pause_ms(5);
		pthread_kill(waiter, SIGUSR1);
		while (atomic_load(&counted) == before)
			sched_yield();
	}
	atomic_store(&is_over, true);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX);
	pthread_join(waiter, NULL);
	check(atomic_load(&interrupted) > 0, "a handler ends a futex wait");
}

static void *ends(void *unused)
{
	return unused;
}

static void *annoys(void *unused)
{
	(void)unused;
	while (!atomic_load(&is_over)) {
		kill(getpid(), SIGUSR1);
		sleep_ms(1);
	}
	return NULL;
}

static void churn(void)
{
	pthread_t annoyer;
	int joined = 0;
	on_signal(SIGUSR1, counts, SA_RESTART);
	atomic_store(&is_over, false);
	pthread_create(&annoyer, NULL, annoys, NULL);
	for (int i = 0; i < ROUNDS / 4; i++) {
		pthread_t thread;
		void *result;
		if (pthread_create(&thread, NULL, ends, &joined) == 0 && pthread_join(thread, &result) == 0)
			joined += result == &joined;
	}
	atomic_store(&is_over, true);
	pthread_join(annoyer, NULL);
	is(joined, ROUNDS / 4, "threads come and go under signals");
}

int main(void)
{
	first_thread = (pid_t)syscall(SYS_gettid);
	during_calls();
	suspended();
	taken();
	futexes();
	churn();
	return done();
}
