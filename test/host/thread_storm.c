// SPDX-License-Identifier: MIT
// thread_storm.c - thread_storm [CALLS [SEED [CPUS]]]: the storm with a host thread for each CPU,
// for TSan. Each episode is populated and audited by one host thread, and stormed by all. Without
// arguments it ends after a time, however many calls that gives.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"
#include "test/host/kernel_world.h"
#include "test/host/storm.h"
#include "test/host/world_local.h"

constexpr u64 EPISODE = 4000; // calls of one CPU
constexpr u32 IDLE_MAX = 200; // naps without a call between them: this world sleeps for good
constexpr long NAP_NS = 100'000;
constexpr u64 CALLS_USUAL = 20'000;
constexpr time_t SECONDS_USUAL = 60;

static struct bed {
	pthread_mutex_t mutex;
	pthread_cond_t bell;
} beds[CPU_MAX];
static bool is_over;  // atomic: the episode ends
static u32 idle_cpus; // atomic
static u32 naps;      // atomic: of all, since the last call. A periodic timer ends none of them
static u64 calls;     // atomic: of episodes that ended
static u64 episode_seed;

static void wake(u16 cpu)
{
	struct bed *bed = &AT(beds, cpu);
	pthread_mutex_lock(&bed->mutex);
	pthread_cond_signal(&bed->bell);
	pthread_mutex_unlock(&bed->mutex);
}

static void nap(u16 cpu)
{
	struct bed *bed = &AT(beds, cpu);
	struct timespec end;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += NAP_NS;
	if (end.tv_nsec >= 1'000'000'000) {
		end.tv_sec++;
		end.tv_nsec -= 1'000'000'000;
	}
	pthread_mutex_lock(&bed->mutex);
	if (!host_has_interrupt(cpu))
		pthread_cond_timedwait(&bed->bell, &bed->mutex, &end);
	pthread_mutex_unlock(&bed->mutex);
}

static void idle(void)
{
	u16 id = cpu_self()->id;
	u32 all = cpu_count;
	atomic_add_acq_rel(&idle_cpus, 1u);
	while (!host_has_interrupt(id) && !atomic_load_acquire(&is_over)) {
		nap(id);
		if (atomic_load_acquire(&idle_cpus) != all)
			continue;
		host_advance(NAP_NS * 5);
		if (atomic_add_acq_rel(&naps, 1u) >= IDLE_MAX)
			atomic_store_release(&is_over, true);
	}
	atomic_sub_acq_rel(&idle_cpus, 1u);
	if (atomic_load_acquire(&is_over))
		world_idle_exit();
}

static void *play_cpu(void *argument)
{
	u16 id = (u16)(uintptr_t)argument;
	host_select_cpu(id);
	struct dice dice = { .state = episode_seed * 64 + id };
	u64 end = storm_calls + EPISODE;
	u64 start = storm_calls;
	while (storm_calls < end && !atomic_load_acquire(&is_over))
		if ((!host_has_interrupt(id) && cpu_self()->current) || world_look_up()) {
			storm_step_here(&dice);
			atomic_store_relaxed(&naps, 0u);
		}
	atomic_add_acq_rel(&calls, storm_calls - start);
	// The others may be waiting for us: answer until all are done.
	atomic_store_release(&is_over, true);
	return nullptr;
}

static u32 finished; // atomic

static void *play_and_answer(void *argument)
{
	play_cpu(argument);
	atomic_add_acq_rel(&finished, 1u);
	while (atomic_load_acquire(&finished) < cpu_count) {
		shootdown_answer();
		arch_relax();
	}
	return nullptr;
}

static bool episode(u64 seed, u32 processors)
{
	pthread_t threads[CPU_MAX];
	storm_begin(processors, 20);
	episode_seed = seed;
	is_over = false;
	naps = 0;
	finished = 0;
	host.idle = idle;
	host.wake = wake;
	host.is_threaded = true;
	for (uintptr_t id = 0; id < processors; id++)
		pthread_create(&threads[id], nullptr, play_and_answer, (void *)id);
	for (u32 id = 0; id < processors; id++)
		pthread_join(threads[id], nullptr);
	host.is_threaded = false;
	host.wake = nullptr;
	host.idle = world_idle_hook;
	return storm_end();
}

int main(int count, char **words)
{
	u64 wanted = count > 1 ? strtoull(words[1], nullptr, 0) : CALLS_USUAL;
	time_t end = count > 1 ? INT64_MAX : time(nullptr) + SECONDS_USUAL;
	u64 seed = count > 2 ? strtoull(words[2], nullptr, 0) : 1;
	u64 processors = count > 3 ? strtoull(words[3], nullptr, 0) : 0;
	for (u32 id = 0; id < CPU_MAX; id++) {
		pthread_mutex_init(&beds[id].mutex, nullptr);
		pthread_cond_init(&beds[id].bell, nullptr);
	}
	u32 failed = 0;
	for (; calls < wanted && failed < 5 && time(nullptr) < end; seed++) {
		fprintf(stderr, "\rseed %llu, %llu calls ", (unsigned long long)seed,
			(unsigned long long)calls);
		if (!episode(seed, processors ? (u32)processors : 2 + (u32)(seed % 3))) {
			printf("seed %llu: something was left over\n", (unsigned long long)seed);
			failed++;
		}
	}
	printf("\n%llu calls\n%u passed, %u failed\n", (unsigned long long)calls, !failed, failed);
	return failed != 0;
}
