// SPDX-License-Identifier: MIT
// grace.c - from "no reference is left" to "nobody can be looking". Each CPU collects what was
// dropped on it; a batch of that waits until every other CPU has acknowledged that it left the
// kernel; then each object that is still unreferenced is destroyed. With one CPU: on leaving.
#include "kernel/object/grace.h"

#include "kernel/arch/arch.h"
#include "kernel/object/quota.h"
#include "kernel/sched/cpu.h"
#include "kernel/sched/thread.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/base/view.h"

constexpr u32 BATCH_OBJECTS = 64;        // a batch starts with so many
constexpr u64 BATCH_DELAY_NS = 500'000;  // or so long after the first
constexpr u32 FINISH_BUDGET = 512;       // pages in one stay in the kernel
constexpr u32 OBJECT_COST = 32;          // to destroy an object is as much as so many
constexpr u64 PATIENCE_NS = 100'000'000; // a call is repeated for so long

struct grace_cpu {
	ALIGNED(64) u32 missing; // atomic: CPUs that have not acknowledged the batch
	u32 fresh_count;
	bool is_hurried;
	struct object *_Nullable waiting; // the batch; what is dropped meanwhile is in cpu->deferred
	struct timer_node timer;
};
static struct grace_cpu grace_cpus[CPU_MAX]; // each its own CPU's but for `missing`

static struct grace_cpu *here(void)
{
	return &AT(grace_cpus, cpu_self()->id);
}

static void hurry(struct timer_node *node)
{
	container_of(node, struct grace_cpu, timer)->is_hurried = true;
	cpu_self()->reschedule |= RESCHEDULE_WORK;
}

void grace_count(struct quota *_Nullable quota, u32 change)
{
	struct cpu *cpu = cpu_self();
	atomic_store_relaxed(&cpu->deferred_count, cpu->deferred_count + change);
	if (quota)
		atomic_add_acq_rel(&quota->deferred, change); // pairs with quota_refuse, charge
}

static void collect(struct object *object)
{
	struct cpu *cpu = cpu_self();
	object->next_deferred = cpu->deferred;
	cpu->deferred = object;
	here()->fresh_count++;
	cpu->reschedule |= RESCHEDULE_WORK;
}

void grace_defer(struct object *object)
{
	grace_count(object->quota, 1);
	collect(object);
}

static u32 other_cpus(void)
{
	u32 online = (1u << atomic_load_relaxed(&cpu_count)) - 1;
	return online & ~(1u << cpu_self()->id);
}

// Asks all other CPUs to acknowledge; without others the batch is ready at once.
static void start_batch(struct grace_cpu *own)
{
	struct cpu *cpu = cpu_self();
	u32 others = other_cpus();
	own->waiting = cpu->deferred;
	cpu->deferred = nullptr;
	own->fresh_count = 0;
	own->is_hurried = false;
	timer_disarm(&own->timer);
	atomic_store_seq_cst(&own->missing, others); // pairs with grace_acknowledge
	for (u16 id = 0; id < CPU_MAX; id++)
		if (others & 1u << id)
			cpu_send(id, CPU_GRACE);
}

void grace_acknowledge(void)
{
	u32 bit = 1u << cpu_self()->id;
	for (u16 id = 0; id < CPU_MAX; id++) {
		u32 *missing = &AT(grace_cpus, id).missing;
		if (!(atomic_load_seq_cst(missing) & bit)) // pairs with start_batch
			continue;
		if (atomic_and_seq_cst(missing, ~bit) == bit)
			cpu_send(id, CPU_GRACE); // the last one: its batch is ready
	}
	if (here()->waiting && !atomic_load_acquire(&here()->missing))
		cpu_self()->reschedule |= RESCHEDULE_WORK;
}

enum verdict { VERDICT_DESTROY, VERDICT_ALIVE, VERDICT_AGAIN };

// The count and both flags change together, so the verdict holds: without AGAIN and count, nobody
// took a reference since the batch began, and whoever borrowed the object before has left.
static enum verdict settle(struct object *object)
{
	u32 before = atomic_load_acquire(&object->references); // pairs with object_put
	for (;;) {
		u32 after = before & ~(u32)REFERENCE_DEFERRED;
		enum verdict verdict = after ? VERDICT_ALIVE : VERDICT_DESTROY;
		if (before & REFERENCE_AGAIN) {
			after = before & ~(u32)REFERENCE_AGAIN;
			verdict = VERDICT_AGAIN;
		}
		if (atomic_swap_if_acq_rel(&object->references, &before, after))
			return verdict;
	}
}

// False: there is more to do for it.
static bool finish_one(struct object *object, u32 *budget)
{
	object->next_deferred = nullptr;
	switch (settle(object)) {
	case VERDICT_DESTROY:
		if (!object_drain(object, budget))
			return false;
		object_finish(object);
		break;
	case VERDICT_ALIVE: grace_count(object->quota, (u32)-1); break;
	case VERDICT_AGAIN: collect(object); break;
	}
	return true;
}

static u32 finish_batch(struct grace_cpu *own, u32 budget)
{
	struct object *object;
	while (budget && (object = own->waiting)) {
		struct object *next = object->next_deferred;
		own->waiting = next;
		if (finish_one(object, &budget)) {
			budget -= (u32)min_u64(budget, OBJECT_COST);
			continue;
		}
		object->next_deferred = next;
		own->waiting = object;
		return 0;
	}
	return budget;
}

static bool is_due(struct grace_cpu *own)
{
	return cpu_self()->deferred &&
	       (own->is_hurried || own->fresh_count >= BATCH_OBJECTS || !other_cpus());
}

static void arm_delay(struct grace_cpu *own)
{
	if (own->timer.is_armed)
		return;
	own->timer.fire = hurry;
	timer_arm(&own->timer, clock_now() + BATCH_DELAY_NS);
}

void grace_run(void)
{
	struct cpu *cpu = cpu_self();
	struct grace_cpu *own = here();
	u32 budget = FINISH_BUDGET;
	while (budget && (own->waiting || is_due(own))) {
		if (!own->waiting)
			start_batch(own);
		if (atomic_load_acquire(&own->missing)) // pairs with grace_acknowledge
			break;
		budget = finish_batch(own, budget);
	}
	if (!budget)
		cpu->reschedule |= RESCHEDULE_WORK;
	else if (cpu->deferred)
		arm_delay(own);
}

u32 grace_pending(void)
{
	u32 sum = 0;
	for (u32 i = 0; i < CPU_MAX; i++)
		sum += atomic_load_relaxed(&AT(cpus, i).deferred_count);
	return sum;
}

// An attempt may itself leave an object behind (made, then no handle could be had), so that there
// is always one pending: after a while the error stands.
static bool has_patience(struct thread *thread)
{
	u64 now = clock_now();
	if (!thread->retry_since || now - thread->retry_since > 2 * PATIENCE_NS)
		thread->retry_since = now;
	return now - thread->retry_since < PATIENCE_NS;
}

err_t grace_await(const struct quota *quota)
{
	const struct thread *current = cpu_self()->current;
	bool is_again = current && current->retry_since;
	if (!is_again || !atomic_load_relaxed(&quota->deferred))
		return OK;
	return clock_now() - current->retry_since < PATIENCE_NS / 2 ? quota_refuse(quota) : OK;
}

err_t grace_retry(err_t err)
{
	struct cpu *cpu = cpu_self();
	bool may_help = err == ERR_NO_MEMORY || (err == ERR_QUOTA && cpu->is_refused_for_dead);
	if (!may_help || !grace_pending() || (cpu->current && !has_patience(cpu->current)))
		return err;
	here()->is_hurried = true;
	cpu->reschedule |= RESCHEDULE_WORK;
	return SYSCALL_RESTART;
}
