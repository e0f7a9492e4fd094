// SPDX-License-Identifier: MIT
// cpu.c - the CPUs' own state, and what they ask of each other.
#include "kernel/sched/cpu.h"

#include "kernel/arch/arch.h"
#include "kernel/object/grace.h"
#include "kernel/object/port.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

struct cpu cpus[CPU_MAX]; // each written by its own CPU but for the atomic fields
u32 cpu_count;            // atomic: grows at boot only

void cpu_init(u16 id)
{
	struct cpu *cpu = &AT(cpus, id);
	cpu->self = cpu;
	cpu->id = id;
	cpu->armed_ns = DEADLINE_NEVER;
	cpu->slice_start_ns = 0;
	run_queue_init(&cpu->run_queue);
	timer_queue_init(&cpu->timers);
	lock_init(&cpu->kick_lock, RANK_LEAF);
	list_init(&cpu->kicked);
	list_init(&cpu->reap);
}

void cpu_send(u16 cpu, u32 events)
{
	struct cpu *target = &AT(cpus, cpu);
	u32 before = atomic_or_seq_cst(&target->events, events); // pairs with cpu_take_events
	if (target == cpu_self())
		target->reschedule |= RESCHEDULE_EVENTS;
	else if ((before & events) != events)
		arch_interrupt_cpu(cpu);
}

// An idle CPU asked for work: hands it one thread that may move.
static void give_to(u16 thief)
{
	struct cpu *cpu = cpu_self();
	struct entity *entity = run_queue_take_movable(&cpu->run_queue, 1ull << thief);
	if (!entity)
		return;
	struct thread *thread = entity->thread;
	sched_forget(thread);
	atomic_store_release(&thread->home, thief); // pairs with request_send
	request_send(thread, REQUEST_START);
}

static void feed_thieves(void)
{
	u32 thieves = atomic_exchange_acquire(&cpu_self()->thieves, 0u);
	for (u16 id = 0; id < CPU_MAX; id++)
		if (thieves & 1u << id)
			give_to(id);
}

void cpu_take_events(void)
{
	struct cpu *cpu = cpu_self();
	u32 events = atomic_exchange_seq_cst(&cpu->events, 0u);
	cpu->reschedule &= (u8)~RESCHEDULE_EVENTS;
	if (events & CPU_STOP)
		arch_stop();
	if (events & CPU_GRACE)
		grace_acknowledge();
	if (events & CPU_INBOX)
		request_take_all();
	if (events & CPU_PORTS)
		port_take_kicks();
	if (events & CPU_STEAL)
		feed_thieves();
}
