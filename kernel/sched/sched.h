// SPDX-License-Identifier: MIT
// sched.h - who runs: waking, blocking, switching. The kernel is left through whoever is `current`
// then, so to block is to set a state and call sched_block, and to return to another thread is to
// make it current; no kernel stack is switched.
#pragma once

#include "kernel/sched/cpu.h"

NONNULL_BEGIN

// On the thread's home CPU: make it ready, and running if it goes before the current one.
void sched_ready(struct thread *thread);
// The current thread stops running: picks another, or none (idle). Its state is already set.
void sched_block(void);
// Puts the current thread back into the queue and picks the best.
void sched_yield(void);
// Current thread becomes this one, on the entity that is running now (donation): the fast switch.
void sched_switch_to(struct thread *thread);
// The caller of a call on this CPU takes back the entity that it lent, wherever the chain of calls
// carried it; who ran on it goes on with the own one of the caller's server. call.server still is
// set.
void sched_reclaim(struct thread *caller);
// The way out of the kernel when something is to be done: cpu events, timers, current->work,
// reschedule. Returns when cpu->current may be resumed (idles in between when nobody is ready).
void sched_leave(void);
// Chooses the home for a new thread, and sends it there.
void sched_start(struct thread *thread);

// Waits. Caller holds `lock` (the queue's) and has put wait.node into the queue; gives the lock up,
// arms the deadline and parks the current thread. Always returns SYSCALL_BLOCKED.
err_t wait_park(struct thread *thread, enum wait_kind kind, struct object *_Nullable object,
	struct spinlock *_Nullable lock, u64 deadline);
// The waker's half: it has taken the node out of the queue under the lock. Any CPU.
void wait_wake(struct thread *thread, err_t result);
void wait_wake_value(struct thread *thread, err_t result, u64 value);
// Home CPU: ends the wait of a thread from outside (deadline, interrupt, kill), also an idle
// server's; calls are call_abandon's. False when it does not wait or a waker was first.
bool wait_end(struct thread *thread, err_t result);

// Home CPU: the thread leaves every queue of the scheduler and the hardware; it dies or moves.
void sched_forget(struct thread *thread);
// Charges the running entity for its time since it was last charged.
void sched_account(struct cpu *cpu);
// The running entity stops running; the current thread goes on with another at once.
void sched_pause_entity(void);
// Home CPU, after a charge: this one runs from now on, or none, in place of the one that did.
void sched_run_entity(struct entity *_Nullable entity);
// How long it has run, to this moment. Any CPU.
u64 entity_ran_ns(const struct entity *entity);
// The higher of what was asked for it and what it inherits. Any CPU.
u8 thread_priority(const struct thread *thread);
// Home CPU: makes the current thread's entity the server's: the server runs as part of the caller.
void sched_donate(struct thread *from, struct thread *to);
// Home CPU: to a CPU that its affinity allows, if it can move now.
void sched_move(struct thread *thread);
// Takes over the owner's wanted and inherited priority and weight; not queued.
void entity_renice(struct entity *entity);
// REQUEST_WAKE: the wait is over, its result is in thread->wait.
void wait_finish(struct thread *thread);
// The waiting half of a thread's timer, set up by thread_create.
void thread_timer_fired(struct timer_node *node);

// Requests to the home CPU of a thread; done at once when that is this CPU. Takes a reference.
void request_send(struct thread *thread, u32 requests);
void request_take_all(void); // this CPU's inbox

NONNULL_END
