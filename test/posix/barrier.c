// SPDX-License-Identifier: MIT
// membarrier: what one thread wrote before it and what another one reads after its own writes,
// which nothing orders but the call.
#include "test/posix/test.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum {
	QUERY,
	GLOBAL = 1,
	GLOBAL_EXPEDITED = 2,
	REGISTER_GLOBAL = 4,
	PRIVATE = 8,
	REGISTER_PRIVATE = 16,
	PRIVATE_CORE = 32,
	REGISTER_PRIVATE_CORE = 64
};
enum { ROUNDS = 2000, ROUNDS_GLOBAL = 50 };

static int barrier(int command)
{
	return (int)syscall(SYS_membarrier, command, 0);
}

// The quick side writes and reads without an order that the processor would have to keep; the slow
// side calls. That neither sees the other's writing cannot be.
struct meeting {
	_Alignas(128) _Atomic int quick;
	_Alignas(128) _Atomic int slow;
	_Alignas(128) _Atomic int round;    // the slow side begins one
	_Alignas(128) _Atomic int answered; // the quick side ends it
	_Alignas(128) int quick_saw[ROUNDS];
};

static struct meeting *shared;

// Not at once: both sides shall come out of it together.
static void await(_Atomic int *word, int value)
{
	for (int i = 0; atomic_load_explicit(word, memory_order_acquire) < value; i++)
		if (i > 20000)
			sched_yield();
}

static void meet(int rounds)
{
	for (int i = 1; i <= rounds; i++) {
		await(&shared->round, i);
		for (volatile int wait = i % 64; wait; wait--)
			;
		atomic_store_explicit(&shared->quick, i, memory_order_relaxed);
		atomic_signal_fence(memory_order_seq_cst);
		shared->quick_saw[i - 1] = atomic_load_explicit(&shared->slow, memory_order_relaxed);
		atomic_store_explicit(&shared->answered, i, memory_order_release);
	}
}

static int meet_all(int rounds, int command)
{
	int missed = 0;
	for (int i = 1; i <= rounds; i++) {
		atomic_store_explicit(&shared->round, i, memory_order_release);
		for (volatile int wait = i % 67; wait; wait--)
			;
		atomic_store_explicit(&shared->slow, i, memory_order_relaxed);
		if (barrier(command) != 0)
			return -1;
		int saw = atomic_load_explicit(&shared->quick, memory_order_relaxed);
		await(&shared->answered, i);
		missed += saw < i && shared->quick_saw[i - 1] < i;
	}
	return missed;
}

static void *quick(void *rounds)
{
	meet(*(int *)rounds);
	return NULL;
}

static void with_thread(int command, const char *what)
{
	pthread_t thread;
	int rounds = ROUNDS;
	memset(shared, 0, sizeof(*shared));
	need(pthread_create(&thread, NULL, quick, &rounds) == 0, "pthread_create");
	is(meet_all(ROUNDS, command), 0, what);
	pthread_join(thread, NULL);
}

static int quick_process(void)
{
	meet(ROUNDS_GLOBAL);
	return 0;
}

static void with_process(int command, const char *what)
{
	memset(shared, 0, sizeof(*shared));
	pid_t pid = child(quick_process);
	is(meet_all(ROUNDS_GLOBAL, command), 0, what);
	is(child_end(pid), 0, "the other process");
}

static int is_registered(void)
{
	return barrier(PRIVATE);
}

int main(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int known = barrier(QUERY), wanted = 127;
	is(known & wanted, wanted, "commands that are known");
	fails(syscall(SYS_membarrier, QUERY, 1), EINVAL, "flags that are not");
	fails(barrier(1 << 20), EINVAL, "a command that is not");
	fails(barrier(GLOBAL | PRIVATE), EINVAL, "two at once");
	fails(barrier(PRIVATE), EPERM, "private, not registered");
	is(barrier(REGISTER_PRIVATE), 0, "registered");
	is(barrier(PRIVATE), 0, "private");
	fails(barrier(PRIVATE_CORE), EPERM, "of instructions, not registered");
	is(barrier(REGISTER_PRIVATE_CORE), 0, "registered");
	is(barrier(PRIVATE_CORE), 0, "of instructions");
	is(child_end(child(is_registered)), 0, "a child inherits what is registered");
	with_thread(PRIVATE, "of two threads one sees the other");
	with_thread(PRIVATE_CORE, "the same with instructions");
	is(barrier(GLOBAL_EXPEDITED), 0, "global, not registered");
	is(barrier(REGISTER_GLOBAL), 0, "registered");
	with_process(GLOBAL, "of two processes one sees the other");
	with_process(GLOBAL_EXPEDITED, "the same in a hurry");
	return done();
}
