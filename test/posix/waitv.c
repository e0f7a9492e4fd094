// SPDX-License-Identifier: MIT
// futex_waitv: a wait at several words, of one process and of several; nothing is lost, and a wake
// that was counted is somebody's answer.
#include "test/posix/raw.h"
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct waiter {
	unsigned long value, address;
	unsigned flags, reserved;
};
enum { WORD = 2, PRIVATE = 128, WAITV = 449, WAKE = 1, WORDS = 30, ROUNDS = 300 };

static unsigned own[WORDS];
static unsigned *shared;
static struct waiter waiters[WORDS];

static void prepare(unsigned *words, int count, unsigned flags)
{
	for (int i = 0; i < count; i++)
		waiters[i] = (struct waiter){ __atomic_load_n(&words[i], __ATOMIC_SEQ_CST),
			(unsigned long)&words[i], flags, 0 };
}

static long waits(int count, long seconds)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	return syscall(WAITV, waiters, count, 0, &until, CLOCK_MONOTONIC);
}

static long wakes(unsigned *word)
{
	bool is_shared = word >= shared && word < shared + WORDS;
	return syscall(SYS_futex, word, is_shared ? WAKE : WAKE | PRIVATE, 1, NULL, NULL, 0);
}

// Until somebody was there to be woken.
static void *waker(void *word)
{
	for (int i = 0; i < 2000 && wakes(word) != 1; i++)
		pause_ms(5);
	return NULL;
}

static void one_of_many(void)
{
	pthread_t thread;
	prepare(own, WORDS, WORD | PRIVATE);
	pthread_create(&thread, NULL, waker, &own[WORDS - 1]);
	is(waits(WORDS, 20), WORDS - 1, "the last of thirty words");
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, waker, &own[3]);
	is(waits(WORDS, 20), 3, "another one");
	pthread_join(thread, NULL);
	is(wakes(&own[3]), 0, "nobody waits any more");
}

static int wakes_shared(void)
{
	return wakes(&shared[1]) >= 0 && (waker(&shared[1]), 0);
}

static void between_processes(void)
{
	prepare(shared, 3, WORD);
	pid_t pid = child(wakes_shared);
	is(waits(3, 20), 1, "a word of shared memory");
	is(child_end(pid), 0, "woken by another process");
}

static void refused(void)
{
	prepare(own, 2, WORD | PRIVATE);
	waiters[1].value++;
	fails(waits(2, 20), EAGAIN, "a word that is another already");
	prepare(own, 2, WORD | PRIVATE);
	waiters[1].flags = 0;
	fails(waits(2, 20), EINVAL, "no size");
	prepare(own, 2, WORD | PRIVATE);
	struct timespec past = { 0, 0 };
	fails(syscall(WAITV, waiters, 2, 0, &past, CLOCK_MONOTONIC), ETIMEDOUT, "a time that is over");
	fails(waits(2, 0), ETIMEDOUT, "and one that comes");
	fails(syscall(WAITV, waiters, 129, 0, NULL, CLOCK_MONOTONIC), EINVAL, "too many");
	on_signal(SIGALRM, count_signal, 0);
	handled = 0;
	ualarm(50000, 0);
	fails(waits(2, 20), EINTR, "a signal ends it");
	is(handled, 1, "and was handled");
}

static volatile unsigned rounds; // of the waiter

// Changes one of the words, wakes, and goes on when the waiter saw it.
static void *changes(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned *word = &own[i * 7 % 4];
		__atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
		wakes(word);
		for (long end = now_ms() + 20000; rounds == i && now_ms() < end;)
			sched_yield();
	}
	return NULL;
}

static void nothing_is_lost(void)
{
	unsigned last[4];
	pthread_t thread;
	int late = 0;
	for (int i = 0; i < 4; i++)
		last[i] = own[i];
	pthread_create(&thread, NULL, changes, NULL);
	while (rounds < ROUNDS && !late) {
		unsigned sum = 0;
		for (int i = 0; i < 4; i++)
			waiters[i] = (struct waiter){ last[i], (unsigned long)&own[i], WORD | PRIVATE, 0 };
		late = waits(4, 20) == -1 && errno == ETIMEDOUT;
		for (int i = 0; i < 4; i++) {
			unsigned now = __atomic_load_n(&own[i], __ATOMIC_SEQ_CST);
			sum += now - last[i];
			last[i] = now;
		}
		rounds += sum;
	}
	check(!late, "three hundred changes, none is missed");
	pthread_join(thread, NULL);
}

static void *sleeps_at_many(void *argument)
{
	(void)argument;
	prepare(own, WORDS, WORD | PRIVATE);
	is(waits(WORDS, 20), 5, "which goes on");
	return NULL;
}

static int ends(void)
{
	return 0;
}

// The end of a child is told to the process by a signal that is ignored: it ends nobody's wait.
static void ended_meanwhile(void)
{
	pthread_t thread;
	int wrong = 0;
	pthread_create(&thread, NULL, sleeps_at_many, NULL);
	for (int i = 0; i < 100; i++)
		wrong += child_end(child(ends));
	is(wrong, 0, "children end during another thread's wait");
	waker(&own[5]);
	pthread_join(thread, NULL);
}

// Of another thread's wait a forked child has no threads, nor handles to them (where there are
// handles).
static int counts_threads(void)
{
	int count = 0;
	if (access("/scheme/svc/tree", R_OK) != 0 || !find_stub())
		return 0;
	find_handles();
	for (int i = 0; i < handle_count; i++)
		count += kinds[i] == KIND_THREAD;
	return count;
}

static void forked_meanwhile(void)
{
	pthread_t thread;
	int worst = 0;
	pthread_create(&thread, NULL, sleeps_at_many, NULL);
	for (int i = 0; i < 8; i++) {
		pause_ms(10);
		int seen = child_end(child(counts_threads));
		worst = seen > worst ? seen : worst;
	}
	is(worst, 0, "a fork during another thread's wait takes nothing of it along");
	waker(&own[5]); // it may not have come to wait at this word yet
	pthread_join(thread, NULL);
}

int main(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(shared != MAP_FAILED, "mmap");
	one_of_many();
	between_processes();
	refused();
	nothing_is_lost();
	ended_meanwhile();
	forked_meanwhile();
	return done();
}
