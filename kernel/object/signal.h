// SPDX-License-Identifier: MIT
// signal.h - changing event bits in two steps, for kinds that keep their bits exact under a lock of
// their own: signal_change under it, signal_deliver after it was given up. object_signal is both.
#pragma once

#include "kernel/sched/thread.h"

NONNULL_BEGIN

struct port;

constexpr u32 SIGNAL_BATCH_THREADS = 8, SIGNAL_BATCH_PORTS = 4;

// Who is to be woken for a change. What does not fit stays where it is and is found by delivery.
struct signal_batch {
	struct object *_Nullable object; // borrowed until the kernel is left
	u32 thread_count, port_count;
	bool has_more;
	struct thread *_Nullable threads[SIGNAL_BATCH_THREADS]; // unlinked: their wake-up is ours
	u32 observed[SIGNAL_BATCH_THREADS];
	struct port *_Nullable ports[SIGNAL_BATCH_PORTS]; // references: to be kicked
};

// The bits change now, notices are queued. Locks below RANK_OBJECT may be held.
void signal_change(struct object *object, u32 clear, u32 set, struct signal_batch *batch);
void signal_deliver(struct signal_batch *batch); // no lock held

// Threads that wait do their system call again: their handle was closed or revoked, or they see
// for themselves that nothing changed for them. No lock held.
void signal_restart_waiters(struct object *object);

// A new binding whose bits stand already: the port is told. No lock held.
void binding_announce(struct object *object, struct port *port);

// Waits for one of the bits. WAIT_OBJECT: OK and the bits observed; WAIT_STREAM: the call is done
// again. Caller holds object->lock and saw none of the bits; gives it up. SYSCALL_BLOCKED.
err_t signal_wait(
	struct thread *thread, enum wait_kind kind, struct object *object, u32 bits, u64 deadline);

NONNULL_END
