// SPDX-License-Identifier: MIT
// cpu.h - what one CPU owns: the thread it runs, its run queue, its deadlines, its inbox.
// Everything here belongs to the CPU itself but the fields marked atomic.
#pragma once

#include "arch_types.h"
#include "kernel/sched/run_queue.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/timer_queue.h"

NONNULL_BEGIN

constexpr u32 CPU_MAX = 8;

struct cpu {
	struct cpu *self;                 // offset 0: gs:0 in the kernel
	struct thread *_Nullable current; // offset 8: whose registers entry.S saves; null while idle
	u64 kernel_stack_top;             // offset 16
	u64 scratch;                      // offset 24: user rsp during entry
	u16 id;
	bool is_online;
	u8 reschedule;                   // enum reschedule: reasons to leave the kernel by sched_leave
	struct entity *_Nullable entity; // running now: entity->thread == current
	struct run_queue run_queue;
	struct timer_queue timers;
	struct thread *_Nullable inbox;    // atomic: stack of threads with requests
	u32 events;                        // atomic: enum cpu_event for this CPU
	u64 slice_start_ns;                // when the current entity began to run
	u64 armed_ns;                      // arch timer is set for this
	u64 switches;                      // address-space switches
	struct list reap;                  // dying processes being taken apart (process.h)
	struct object *_Nullable deferred; // grace.c
	u32 deferred_count;
	bool is_refused_for_dead;        // by a quota of which some objects are on their way out
	u64 grace_seen;                  // atomic
	struct spinlock kick_lock;       // RANK_LEAF
	struct list kicked;              // struct port_kick.node: ports to look at, under kick_lock
	struct thread *_Nullable loaded; // whose fs base and float state the hardware holds
	u32 thieves;                     // atomic: mask of idle CPUs that ask for a thread
	bool is_idle;                    // hint for other CPUs
	u32 held_ranks;                  // debug builds: bit r = a lock of rank r is held
	struct cpu_arch arch;
};

enum reschedule : u8 {
	RESCHEDULE_PREEMPT = 1, // somebody goes before the current entity, or its slice is over
	RESCHEDULE_TIMER = 2,   // the arch timer fired, or must be armed anew
	RESCHEDULE_EVENTS = 4,  // cpu->events has bits (set by the interrupt that announces them)
	RESCHEDULE_WORK = 8,    // deferred frees or dying processes
};

// Things to do on a CPU that are not about one thread; cpu_send sets the bit and interrupts it.
enum cpu_event : u32 {
	CPU_INBOX = 1, // inbox is not empty
	CPU_GRACE = 2, // acknowledge a grace period
	CPU_PORTS = 4, // look for queued work of ports whose servers idle here
	CPU_STEAL = 8, // another CPU is idle: hand over a thread
	CPU_STOP = 16, // panic: stop for good
};

extern struct cpu cpus[CPU_MAX];
extern u32 cpu_count; // online: cpus 0 to cpu_count - 1; atomic, set at boot

void cpu_init(u16 id); // before anything else on that CPU; it is not yet online

static inline struct cpu *cpu_self(void)
{
	return arch_cpu_self();
}
void cpu_send(u16 cpu, u32 events); // interrupts it unless the bits were already set
void cpu_take_events(void);         // on leaving the kernel and from idle: does what was asked
void cpu_poll(void);                // while spinning: answers shootdowns only

NONNULL_END
