// SPDX-License-Identifier: MIT
// fork.c - a second process like this one. The child is the spare that the parent holds; the parent
// tells proc of it and gets the next spare (docs/decisions/019). The parent of a vfork waits until
// the child has called exec or ended; the child borrows its memory (vfork.c), or where that is not
// possible has a copy.
#include "lib/posix/process/fork.h"
#include "abi/signals.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/entry.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process_local.h"
#include "lib/posix/signal/signal.h"
#include "os/syscalls.h"

constexpr u64 ALLOWED = CLONE_VM | CLONE_VFORK | CLONE_PARENT | CLONE_SETTLS | CLONE_PARENT_SETTID |
                        CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | CLONE_PIDFD | CLONE_IO |
                        CLONE_SYSVSEM | CLONE_UNTRACED | CLONE_PTRACE | CLONE_DETACHED |
                        CLONE_CLEAR_SIGHAND | CLONE_FS | CLONE_FILES | CLONE_SIGHAND;

// What a vfork child with a copy may change of its parent's memory: the frames of those who called
// vfork and clone, in which posix_spawn and its like tell that exec failed. A child that ends
// without exec sends them back.
constexpr u64 FRAMES_SIZE = 2 * PAGE_SIZE;

static i64 latch_init(struct latch *latch, bool is_wanted)
{
	*latch = (struct latch){};
	if (is_wanted)
		TRY_ERR(stream_create(FRAMES_SIZE, 0, &latch->reader, &latch->writer));
	return 0;
}

static void latch_fini(const struct latch *latch)
{
	if (!latch->reader.raw)
		return;
	(void)handle_close(latch->reader);
	(void)handle_close(latch->writer);
}

static void take_frames(const struct latch *latch, u64 frame)
{
	span_t room;
	u64 done;
	u32 handles;
	while (user_span(frame, FRAMES_SIZE, &room) == 0 &&
		   stream_read(latch->reader, room, 0, &done, &handles) == OK && done)
		frame += done;
}

static void send_frames(const struct identity *identity)
{
	view_t frames;
	u64 done;
	for (u64 at = identity->frame, end = at + FRAMES_SIZE; at < end; at += done) {
		u64 size = PAGE_SIZE - (at & PAGE_MASK); // the stack may end within
		if (user_view(at, size < end - at ? size : end - at, &frames) != 0 ||
			stream_write(identity->released, frames, 0, 0, &done) != OK || !done)
			return;
	}
}

// Only a fatal signal ends this wait, as Linux has it: those wait for the child too, or kill us.
static void latch_wait(struct latch *latch, u64 frame)
{
	u32 observed;
	(void)handle_close(latch->writer);
	while (object_wait(latch->reader, SIGNAL_HANGUP, DEADLINE_NEVER, &observed) == ERR_INTERRUPTED)
		;
	take_frames(latch, frame);
}

void process_executed(void)
{
	struct identity *identity = process_self();
	identity->program.executed = 1;
	identity->loan = nullptr;
	if (identity->released.raw)
		(void)handle_close(identity->released);
	identity->released = HANDLE_NONE;
}

void process_exit(u32 status)
{
	if (process_self()->released.raw && !process_self()->loan)
		send_frames(process_self());
	if (process_self()->pid == 1 && terminal_drain)
		terminal_drain(); // the machine may be turned off at once
	(void)task_exit(EXIT_SCOPE_PROCESS, status, 0);
	__builtin_unreachable();
}

static bool has_signal(const struct spare *spare)
{
	const u32 *state = &identity_slot_at(spare->slot)->state;
	return __atomic_load_n(state, __ATOMIC_RELAXED) == PROC_SLOT_STATE_SIGNALLED; // written by proc
}

// A signal to our group from before this fork is not for the child, but for us, before we fork: a
// spare that has some is given back. Before proc answers for another, the signal is here.
i64 spare_fetch(struct posix_thread *self, struct identity *identity)
{
	struct spare *spare = &identity->spare;
	bool is_signalled = spare->pid && has_signal(spare);
	if (spare->pid && !is_signalled)
		return 0;
	if (is_signalled)
		(void)handle_close(spare->connection);
	*spare = (struct spare){};
	err_t err =
		proc_spare(process_proc(), process_serial(), &spare->pid, &spare->slot, &spare->connection);
	if (err != OK)
		return -EAGAIN;
	return signal_due(self) ? -ERESTARTNOINTR : 0;
}

void child_become(struct posix_thread *self, const struct latch *latch)
{
	struct identity *identity = process_self();
	(void)handle_close(identity->connection);
	identity->connection = identity->spare.connection;
	identity->pid = identity->spare.pid;
	identity->slot = identity->spare.slot;
	identity->spare = (struct spare){};
	identity->parent_signal = 0;
	identity->is_subreaper = 0;
	identity->seen = UINT32_MAX;
	if (identity->released.raw)
		(void)handle_close(identity->released);
	identity->released = latch->writer;
	identity->frame = self->registers.rsp;
	if (latch->reader.raw)
		(void)handle_close(latch->reader);
	self->id = (i32)identity->pid;
	fork_child(self);
}

// Before its parent has told of it nobody could steer it: if that never comes, it ends.
static void await_known(const struct identity *identity)
{
	constexpr u32 SPINS = 200; // the parent may be about to, on another processor
	constexpr u64 RETRY_NS = 1000000;
	u32 never = 0;
	err_t err = ERR_BUSY;
	for (u32 i = 0; i < SPINS && !process_is_known(identity); i++)
		__builtin_ia32_pause();
	while (err == ERR_BUSY && !process_is_known(identity)) {
		err = proc_known(process_proc());
		if (err == ERR_BUSY) // too many wait there: soon fewer will
			(void)futex_wait((u64)(uintptr_t)&never, 0, posix_clock() + RETRY_NS, HANDLE_NONE);
	}
	if (!process_is_known(identity))
		(void)task_exit(EXIT_SCOPE_PROCESS, SIGKILL, 0);
}

static void child_registers(struct posix_thread *self, const struct process_clone *clone)
{
	if (clone->stack) {
		self->registers.rsp = clone->stack;
		self->slow |= SLOW_REGISTERS;
	}
	if (clone->flags & CLONE_SETTLS && thread_set_fs)
		thread_set_fs(self, clone->tls);
	self->clear_child_tid = clone->flags & CLONE_CHILD_CLEARTID ? clone->child_tid : 0;
	if (clone->flags & CLONE_CHILD_SETTID)
		(void)user_store_u32(clone->child_tid, (u32)self->id); // a fault is the program's affair
	if (clone->flags & CLONE_VM && clone->flags & CLONE_PARENT_SETTID) // it takes this for shared
		(void)user_store_u32(clone->parent_tid, (u32)self->id);
	self->robust_list = 0;
	self->registers.rax = 0;
}

// Without that nobody could steer it.
i64 spare_tell(const struct spare *used, u32 signal, handle_t process, struct spare *next)
{
	err_t err = proc_child(
		process_proc(), used->pid, signal, process, &next->pid, &next->slot, &next->connection);
	(void)handle_close(used->connection);
	if (err == OK)
		return used->pid;
	*next = (struct spare){};
	(void)process_control(process, PROCESS_OPERATION_KILL, SIGKILL, 0);
	return -EAGAIN;
}

// Another spare, with the pid that the program chose for its child.
static i64 spare_choose(struct identity *identity, u32 wanted)
{
	struct spare chosen = { .pid = wanted };
	err_t err = proc_spare_as(process_proc(), wanted, &chosen.slot, &chosen.connection);
	if (err != OK)
		return err == ERR_EXISTS      ? -EEXIST
		       : err == ERR_INVALID   ? -EINVAL
		       : err == ERR_NOT_OWNER ? -EPERM
		                              : -EAGAIN;
	if (identity->spare.pid)
		(void)handle_close(identity->spare.connection);
	identity->spare = chosen;
	return 0;
}

static i64 fork_locked(struct posix_thread *self, const struct process_clone *clone,
	struct latch *latch, bool *is_child)
{
	struct identity *identity = process_self();
	handle_t process;
	TRY_POSIX(spare_fetch(self, identity));
	if (clone->wanted_pid && clone->wanted_pid != identity->spare.pid)
		TRY_POSIX(spare_choose(identity, clone->wanted_pid));
	TRY_POSIX(fork_before(self));
	// The child has not called exec, also before it runs: proc may look before that.
	u64 executed = identity->program.executed;
	identity->program.executed = 0;
	err_t err = process_fork(0, &process);
	bool may_help = true;
	for (u32 i = 0; (err == ERR_QUOTA || err == ERR_NO_MEMORY) && may_help && i < RELIEVE_TRIES;
		i++) {
		may_help = process_relieved();
		err = process_fork(0, &process);
	}
	*is_child = err == OK && !process.raw;
	if (*is_child) {
		identity->loan = nullptr; // the copy of a child that borrows is its own
		child_become(self, latch);
		return 0;
	}
	identity->program.executed = executed;
	fork_parent(self, err == OK);
	if (err != OK)
		return err == ERR_RIGHTS ? -EPERM : -EAGAIN;
	struct spare used = identity->spare;
	u32 signal = clone->flags & CLONE_PARENT ? PROC_SIBLING : clone->exit_signal;
	i64 pid = spare_tell(&used, signal, process, &identity->spare);
	(void)handle_close(process);
	return pid;
}

// The child has no lock to give back: it makes it anew.
static i64 fork_with_copy(struct posix_thread *self, const struct process_clone *clone,
	struct latch *latch, bool *is_child) NO_THREAD_SAFETY_ANALYSIS
{
	struct identity *identity = process_self();
	posix_lock_take(&identity->lock);
	i64 answer = fork_locked(self, clone, latch, is_child);
	if (*is_child) {
		posix_lock_init(&identity->lock);
		await_known(identity);
		child_registers(self, clone);
		if (clone->flags & CLONE_CLEAR_SIGHAND)
			exec_reset_actions();
		return 0;
	}
	posix_lock_give(&identity->lock);
	if (answer > 0 && clone->flags & CLONE_PARENT_SETTID)
		(void)user_store_u32(clone->parent_tid, (u32)answer);
	return answer;
}

i64 process_clone(struct posix_thread *self, const struct process_clone *clone)
{
	constexpr u64 BORROWING = CLONE_VM | CLONE_VFORK, COPYING = CLONE_CLEAR_SIGHAND | CLONE_PARENT;
	// Actions that are shared are memory that is shared, and can't be cleared.
	u64 shared = clone->flags & (CLONE_SIGHAND | CLONE_VM | CLONE_CLEAR_SIGHAND);
	struct latch latch;
	bool is_child = false;
	if (clone->flags & CLONE_NEW_ANY)
		return -EPERM;
	if (clone->flags & ~ALLOWED || clone->exit_signal > SIGNALS)
		return -EINVAL;
	if (clone->flags & CLONE_PARENT && process_self()->pid == 1)
		return -EINVAL;
	if (shared & CLONE_SIGHAND && shared != (CLONE_SIGHAND | CLONE_VM))
		return -EINVAL;
	// Sharing of files and directory is given to none: such children soon call exec.
	TRY_POSIX(latch_init(&latch, clone->flags & CLONE_VFORK));
	i64 answer = 0;
	if ((clone->flags & (BORROWING | COPYING)) == BORROWING && !clone->wanted_pid)
		answer = vfork_borrow(self, clone, &latch);
	bool has_lent = answer != 0;
	if (!has_lent)
		answer = fork_with_copy(self, clone, &latch, &is_child);
	if (is_child)
		return 0;
	if (latch.reader.raw && answer > 0 && !has_lent)
		latch_wait(&latch, self->registers.rsp);
	latch_fini(&latch);
	if (answer > 0 && clone->flags & CLONE_PIDFD)
		TRY_POSIX(process_pidfd_put(self, (u32)answer, clone->pidfd));
	return answer;
}

i64 fork_call(struct posix_thread *self, const struct arguments *arguments)
{
	(void)arguments;
	return process_clone(self, &(struct process_clone){ .exit_signal = SIGCHLD });
}

i64 vfork_call(struct posix_thread *self, const struct arguments *arguments)
{
	(void)arguments;
	return process_clone(
		self, &(struct process_clone){ .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD });
}
