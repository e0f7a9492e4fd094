// SPDX-License-Identifier: MIT
// vfork.c - a child that borrows its parent's memory until exec or its end, while the parent waits
// (docs/decisions/023). The child is a process of its own with a thread of its own; of the memory
// only what the library keeps of a process, at PROCESS_AREA, is meant for the child meanwhile: the
// parent saves it before and brings it back afterwards. Handles need none of this: the child has
// its own table, with the same values.
#include "abi/process.h"
#include "abi/signals.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/memory.h"
#include "lib/base/view.h"
#include "lib/posix/core/entry.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "lib/posix/core/user.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/fork.h"
#include "lib/posix/process/process_local.h"
#include "lib/posix/signal/signal.h"
#include "lib/posix/thread/slot.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

constexpr u32 LEVEL_PROGRAM = 15;

// What the child needs to know; on the stack of its parent's thread, which waits.
struct loan {
	const struct process_clone *clone;
	const struct latch *latch;
};

// What the parent saves lies in the second half of the process area, which the heap leaves free.
static struct posix *saved(void)
{
	UNSAFE_BEGIN("mapped for every POSIX process, nobody else's")
	return (struct posix *)(PROCESS_AREA + PROCESS_HEAP_END);
	UNSAFE_END
}

// Other threads would see the child's state for their own. A child that borrows does not lend what
// it has.
static bool is_possible(const struct posix *posix)
{
	return posix->core.thread_count == 1 && !posix->identity.loan &&
	       posix->used <= PROCESS_HEAP_END;
}

// Whole pages, but those of places for threads that nobody has: they were never touched.
static void copy(struct posix *to, const struct posix *from)
{
	constexpr u64 SLOTS_USED = 64 * sizeof from->slots.used[0];
	u64 unused = align_up(offsetof(struct posix, slots.used) + SLOTS_USED, PAGE_SIZE);
	u64 unused_end = align_down(sizeof *from, PAGE_SIZE), used = from->used;
	span_t room = span_from(to, PROCESS_HEAP_END);
	view_t pages = view_from(from, PROCESS_HEAP_END);
	for (u64 at = 0; at < used; at += PAGE_SIZE)
		if (at < unused || at >= unused_end)
			page_copy(span_at(room, at), view_from_offset(pages, at).data);
}

// Memory that the child mapped or moved its break to is the parent's too.
static void bring_back(struct posix *posix)
{
	u64 end = posix->areas.break_end, mapped = posix->areas.break_mapped;
	// The helper may wait for its lock, which we hold, since before it was saved or later.
	saved()->time.helper.word = posix->time.port.raw ? LOCK_WAITED : LOCK_TAKEN;
	copy(posix, saved());
	posix->areas.break_end = end;
	posix->areas.break_mapped = mapped;
}

// A process in our space, with a thread that waits until it is released.
static err_t make_child(u32 slot, handle_t *process)
{
	u64 block = thread_address(slot);
	handle_t thread;
	TRY(process_create(HANDLE_NONE, 0, LEVEL_PROGRAM | PROCESS_SHARED, process));
	err_t err =
		thread_create(*process, posix_image.start, thread_stack_top(slot), block, block, &thread);
	if (err == OK)
		return handle_close(thread);
	(void)process_control(*process, PROCESS_OPERATION_KILL, 0, 0);
	(void)handle_close(*process);
	return err;
}

// Only a fatal signal ends this wait, as Linux has it.
static void wait_for(struct latch latch)
{
	u32 observed;
	(void)handle_close(latch.writer);
	while (object_wait(latch.reader, SIGNAL_HANGUP, DEADLINE_NEVER, &observed) == ERR_INTERRUPTED)
		;
}

// All locks are held: what is saved is at rest.
static i64 lend(struct posix_thread *child, struct loan *loan)
{
	struct posix *posix = posix_self();
	struct spare used = posix->identity.spare, next;
	handle_t process;
	copy(saved(), posix);
	posix->identity.loan = loan;
	posix->identity.program.executed = 0; // proc may look before the child runs
	child->id = (i32)used.pid;
	if (make_child(child->slot, &process) != OK) {
		bring_back(posix);
		return -EAGAIN;
	}
	i64 pid = spare_tell(&used, loan->clone->exit_signal, process, &next);
	if (pid > 0 && loan->clone->flags & CLONE_PARENT_SETTID)
		(void)user_store_u32(loan->clone->parent_tid, (u32)pid);
	thread_release(child); // if it was killed it does not come
	wait_for(*loan->latch);
	bring_back(posix);
	posix->identity.spare = next;
	(void)handle_close(process);
	return pid;
}

i64 vfork_borrow(struct posix_thread *self, const struct process_clone *clone,
	const struct latch *latch) NO_THREAD_SAFETY_ANALYSIS // what fork_before takes
{
	struct posix *posix = posix_self();
	struct loan loan = { clone, latch };
	struct posix_thread *child;
	u32 slot;
	if (!is_possible(posix) || slot_take(&child, &slot) != 0)
		return 0;
	thread_copy(self, child, clone, slot);
	child->begin = BEGIN_BORROWED;
	posix_lock_take(&posix->time.helper);
	posix_lock_take(&posix->identity.lock);
	i64 answer = spare_fetch(self, &posix->identity);
	if (!answer)
		answer = fork_before(self);
	if (!answer) {
		answer = lend(child, &loan);
		fork_parent(self, answer > 0);
	}
	posix_lock_give(&posix->identity.lock);
	posix_lock_give(&posix->time.helper);
	slot_give(slot);
	return answer;
}

// identity is still the lender's, and its spare is us.
bool vfork_is_abandoned(void)
{
	const struct identity *lender = process_self();
	const struct spare *we = &lender->spare;
	const struct proc_slot *slot = identity_slot_at(we->slot);
	u32 state = atomic_load_acquire(&slot->state); // written by proc
	if (atomic_load_relaxed(&slot->pid) == we->pid &&
		atomic_load_relaxed(&slot->parent) == lender->pid)
		return false;
	if (state != PROC_SLOT_STATE_ALIVE)
		(void)task_exit(EXIT_SCOPE_PROCESS, SIGKILL, 0); // it was not told of
	return true;
}

// Its parent's locks stay taken in what was saved; here they are free.
void vfork_begun(struct posix_thread *self)
{
	struct identity *identity = process_self();
	posix_lock_init(&identity->lock);
	child_become(self, identity->loan->latch);
}
