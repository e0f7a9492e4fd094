// SPDX-License-Identifier: MIT
// sched.c - who runs on this CPU. The kernel is left through cpu->current; blocking clears it, and
// sched_leave (the slow way out) picks the next or idles. Entities carry CPU time: a call lends the
// caller's to the server, so a chain of calls is scheduled as one thread.
#include "kernel/sched/sched.h"

#include "kernel/arch/arch.h"
#include "kernel/memory/space.h"
#include "kernel/object/call.h"
#include "kernel/object/grace.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_control.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/view.h"

constexpr u32 REAP_STEPS = 64; // pages or handles of dying processes for each pass
constexpr u8 URGENT = RESCHEDULE_EVENTS | RESCHEDULE_PREEMPT | RESCHEDULE_TIMER;
constexpr u64 CHORES_NS = 1'000'000; // between passes while a program computes all the time

void sched_account(struct cpu *cpu)
{
	u64 now = clock_now();
	u64 ran = now - cpu->slice_start_ns;
	cpu->slice_start_ns = now;
	if (cpu->entity && (i64)ran > 0)
		entity_account(&cpu->run_queue, cpu->entity, ran);
}

void sched_ready(struct thread *thread)
{
	struct cpu *cpu = cpu_self();
	atomic_store_relaxed(&thread->state, (u8)THREAD_READY);
	if (UNLIKELY(!(atomic_load_relaxed(&thread->affinity) & 1ull << cpu->id)))
		thread->work |= WORK_MOVE; // it was changed while the thread waited
	if (!thread->entity)
		thread->entity = &thread->own;
	struct entity *entity = thread->entity;
	assert(entity->thread == thread && entity != cpu->entity);
	run_queue_add(&cpu->run_queue, entity);
	cpu->reschedule |= RESCHEDULE_TIMER;
	if (!cpu->entity || entity_goes_before(&cpu->run_queue, entity, cpu->entity))
		cpu->reschedule |= RESCHEDULE_PREEMPT;
}

void sched_run_entity(struct entity *_Nullable entity)
{
	struct cpu *cpu = cpu_self();
	if (cpu->entity)
		atomic_store_relaxed(&cpu->entity->ran_ns, cpu->entity->ran_ns + cpu->slice_start_ns);
	cpu->entity = entity;
	if (entity)
		atomic_store_relaxed(&entity->ran_ns, entity->ran_ns - cpu->slice_start_ns);
}

u64 entity_ran_ns(const struct entity *entity)
{
	i64 ran = (i64)atomic_load_relaxed(&entity->ran_ns);
	if (ran < 0)
		ran += (i64)clock_now();
	return ran > 0 ? (u64)ran : 0; // clocks of two CPUs may differ a little
}

void sched_pause_entity(void)
{
	sched_account(cpu_self());
	sched_run_entity(nullptr);
}

void sched_block(void)
{
	struct cpu *cpu = cpu_self();
	sched_pause_entity();
	cpu->current = nullptr;
	cpu->reschedule |= RESCHEDULE_PREEMPT;
}

void sched_yield(void)
{
	struct cpu *cpu = cpu_self();
	struct entity *entity = cpu->entity;
	if (!entity || !atomic_load_relaxed(&cpu->run_queue.ready))
		return; // nobody waits
	sched_block();
	entity->deadline = entity->vruntime; // it gets a new one: behind those that wait
	run_queue_return(&cpu->run_queue, entity);
}

void sched_switch_to(struct thread *thread)
{
	struct cpu *cpu = cpu_self();
	struct thread *from = cpu->loaded;
	cpu->current = thread;
	if (from != thread) {
		arch_switch(from, thread);
		cpu->loaded = thread;
	}
	space_activate(thread->process->space);
}

void sched_donate(struct thread *from, struct thread *to)
{
	struct entity *entity = from->entity;
	assert(entity && !entity->is_queued);
	entity->thread = to;
	to->entity = entity;
	from->entity = nullptr;
}

// The thread that works for the caller now: its server, or whom that one calls in turn.
static struct thread *chain_end(struct thread *caller)
{
	struct thread *thread = NOT_NULL(caller->call.server);
	for (u32 depth = 0; depth < CALL_DEPTH_MAX; depth++) {
		bool calls_here = thread->state == THREAD_CALLING && !thread->call.is_remote;
		if (!calls_here || !thread->call.server)
			break;
		thread = thread->call.server;
	}
	return thread;
}

void sched_reclaim(struct thread *caller)
{
	struct cpu *cpu = cpu_self();
	struct thread *user = chain_end(caller);
	struct entity *lent = user->entity;
	struct entity *own = &caller->call.server->own; // unused while its owner ran on the caller's
	assert(lent && lent->thread == user && !own->is_queued && own != lent);
	own->thread = user;
	user->entity = own;
	lent->thread = caller;
	caller->entity = lent;
	if (cpu->entity == lent) {
		sched_account(cpu);
		run_queue_place(&cpu->run_queue, own); // it slept while its owner ran on the caller's
		sched_run_entity(own);
	} else if (lent->is_queued) {
		run_queue_remove(&cpu->run_queue, lent);
		run_queue_add(&cpu->run_queue, own);
	}
}

void sched_forget(struct thread *thread)
{
	struct cpu *cpu = cpu_self();
	struct entity *entity = &thread->own;
	assert(entity->thread == thread && (!thread->entity || thread->entity == entity));
	if (entity->is_queued)
		run_queue_remove(&cpu->run_queue, entity);
	if (cpu->entity == entity)
		sched_pause_entity();
	if (cpu->current == thread)
		cpu->current = nullptr;
	thread_unload(thread);
	port_leave(thread);
	timer_disarm(&thread->timer);
	cpu->reschedule |= RESCHEDULE_PREEMPT;
}

// Least loaded of the allowed CPUs; this one when it has nothing else to do.
static u16 choose_home(const struct thread *thread)
{
	struct cpu *here = cpu_self();
	u32 count = atomic_load_relaxed(&cpu_count);
	u16 best = here->id;
	u32 best_load = UINT32_MAX;
	for (u32 id = 0; id < count; id++) {
		struct cpu *cpu = &AT(cpus, id);
		if (!(atomic_load_relaxed(&thread->affinity) & 1ull << id))
			continue;
		u32 load = 2 * atomic_load_relaxed(&cpu->run_queue.ready) +
		           (cpu == here ? 0 : 1 + !atomic_load_relaxed(&cpu->is_idle));
		if (load < best_load) {
			best = (u16)id;
			best_load = load;
		}
	}
	return best;
}

void sched_start(struct thread *thread)
{
	atomic_store_release(&thread->home, choose_home(thread));
	request_send(thread, REQUEST_START);
}

// To a CPU that its affinity allows. The current thread, on leaving the kernel: in the middle of a
// system call its results would be written while it runs elsewhere. One that serves a call stays
// until it is made ready anew.
void sched_move(struct thread *thread)
{
	if (thread->state != THREAD_READY || thread->caller || thread->own.thread != thread)
		return;
	sched_forget(thread);
	sched_start(thread);
}

u8 thread_priority(const struct thread *thread)
{
	return (u8)max_u64(atomic_load_relaxed(&thread->priority_wanted),
		atomic_load_relaxed(&thread->priority_inherited));
}

void entity_renice(struct entity *entity)
{
	entity->priority = thread_priority(entity->owner);
	entity->weight = atomic_load_relaxed(&entity->owner->weight_wanted);
}

// Asks the busiest other CPU for a thread: it hands one over if one may move.
static void beg(struct cpu *cpu)
{
	u32 count = atomic_load_relaxed(&cpu_count);
	struct cpu *busiest = nullptr;
	u32 most = 0;
	for (u32 id = 0; id < count; id++) {
		struct cpu *other = &AT(cpus, id);
		u32 ready = other == cpu ? 0 : atomic_load_relaxed(&other->run_queue.ready);
		if (ready > most) {
			most = ready;
			busiest = other;
		}
	}
	if (!busiest)
		return;
	atomic_or_acq_rel(&busiest->thieves, 1u << cpu->id);
	cpu_send(busiest->id, CPU_STEAL);
}

// A CPU with threads that wait for their turn wakes an idle one, which then begs.
static void offer(struct cpu *cpu)
{
	u32 count = atomic_load_relaxed(&cpu_count);
	for (u32 id = 0; id < count; id++) {
		struct cpu *other = &AT(cpus, id);
		if (other == cpu || !atomic_load_relaxed(&other->is_idle))
			continue;
		atomic_or_acq_rel(&cpu->thieves, 1u << id);
		cpu_send(cpu->id, CPU_STEAL);
		return;
	}
}

// Arms the hardware for the next deadline or the end of the slice, if others wait for the CPU.
static void arm_timer(struct cpu *cpu)
{
	u64 next = timer_queue_next();
	if (cpu->current && atomic_load_relaxed(&cpu->run_queue.ready))
		next = min_u64(next, cpu->slice_start_ns + SLICE_NS);
	if (cpu->current && cpu->reschedule & RESCHEDULE_WORK)
		next = min_u64(next, clock_now() + CHORES_NS);
	if (next == cpu->armed_ns)
		return;
	cpu->armed_ns = next;
	arch_timer_arm(next);
}

static void run_timers(struct cpu *cpu)
{
	u64 now = clock_now();
	cpu->reschedule &= (u8)~RESCHEDULE_TIMER;
	if (cpu->armed_ns <= now)
		cpu->armed_ns = DEADLINE_NEVER; // it has fired
	timer_queue_run(now);
	if (!cpu->entity || !atomic_load_relaxed(&cpu->run_queue.ready))
		return;
	sched_account(cpu); // may ask for preemption
	if (cpu->reschedule & RESCHEDULE_PREEMPT)
		offer(cpu);
}

static void put_back_current(struct cpu *cpu, struct entity *entity)
{
	sched_pause_entity();
	cpu->current = nullptr;
	entity_renice(entity);
	run_queue_return(&cpu->run_queue, entity);
}

// The best entity becomes the running one. False: nobody is ready.
static bool pick(struct cpu *cpu)
{
	cpu->reschedule &= (u8)~RESCHEDULE_PREEMPT;
	if (cpu->entity)
		put_back_current(cpu, cpu->entity);
	struct entity *entity = run_queue_first(&cpu->run_queue);
	if (!entity)
		return false;
	run_queue_remove(&cpu->run_queue, entity);
	cpu->slice_start_ns = clock_now();
	sched_run_entity(entity);
	sched_switch_to(entity->thread);
	return true;
}

static void idle(struct cpu *cpu)
{
	atomic_store_relaxed(&cpu->is_idle, true);
	beg(cpu);
	arm_timer(cpu);
	// It keeps the tables it has, in case the same space comes back (the switch costs more than all
	// else), and leaves them when they die (table_leave_everywhere).
	if (!(cpu->reschedule & (RESCHEDULE_TIMER | RESCHEDULE_EVENTS | RESCHEDULE_PREEMPT)))
		arch_idle_wait();
	atomic_store_relaxed(&cpu->is_idle, false);
	cpu->reschedule |= RESCHEDULE_TIMER | RESCHEDULE_EVENTS;
}

// Between two parts of a long call interrupts come in; what they want goes before the next part.
static bool is_held_up(struct cpu *cpu)
{
	if (cpu->current->work != WORK_MORE)
		return false;
	arm_timer(cpu);
	arch_interrupts_window();
	return cpu->reschedule & URGENT;
}

// Everything that may change who runs.
static void do_chores(struct cpu *cpu)
{
	if (cpu->reschedule & RESCHEDULE_EVENTS || atomic_load_relaxed(&cpu->events))
		cpu_take_events();
	if (cpu->reschedule & RESCHEDULE_TIMER)
		run_timers(cpu);
	if (cpu->reschedule & RESCHEDULE_WORK) {
		arch_interrupts_window(); // parts of other things have come before and come after
		cpu->reschedule &= (u8)~RESCHEDULE_WORK;
		if (process_reap(REAP_STEPS))
			cpu->reschedule |= RESCHEDULE_WORK;
		grace_run();
	}
	if (cpu->current && cpu->current->work & WORK_MOVE) {
		cpu->current->work &= (u8)~WORK_MOVE;
		sched_move(cpu->current);
	}
	if (cpu->current && cpu->current->work && !is_held_up(cpu))
		thread_do_work(cpu->current);
}

void sched_leave(void)
{
	struct cpu *cpu = cpu_self();
	for (;;) {
		do_chores(cpu);
		bool is_settled = cpu->current && !(cpu->reschedule & RESCHEDULE_PREEMPT);
		if (!is_settled && !pick(cpu)) {
			if (!(cpu->reschedule & RESCHEDULE_WORK))
				idle(cpu);
			else
				arch_interrupts_window();
			continue;
		}
		if (!(cpu->reschedule & URGENT) && !cpu->current->work)
			break;
	}
	arm_timer(cpu);
}
