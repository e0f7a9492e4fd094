// SPDX-License-Identifier: MIT
// clone.c - clone and clone3: with CLONE_THREAD a thread of this process, else a process
// (process/fork.c).
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/time.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/entry.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/fork.h"
#include "lib/posix/signal/signal.h"
#include "lib/posix/thread/slot.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

constexpr i32 THREAD_ID_FIRST = PROC_PID_MAX; // ids below are pids
constexpr u64 THREAD_ID_MASK = 0x1fffffff;
constexpr u64 THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                             CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
                             CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | CLONE_DETACHED | CLONE_IO;
constexpr u64 EXIT_SIGNAL_MASK = 0xff;
constexpr u64 FLAGS_AFTER_CALL = 0x202;
constexpr u64 PROGRAM_END = 0x0000'7fff'ffff'f000;

// struct clone_args: the first eight are version 0.
struct clone_arguments {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	u64 set_tid, set_tid_size, cgroup;
};
constexpr u64 CLONE_ARGUMENTS_FIRST = offsetof(struct clone_arguments, set_tid);
constexpr u64 CAPABILITY_CHECKPOINT = 1ull << 40 | 1ull << 21; // or all of administration
constexpr u64 PID_SPACES_MAX = 32;                             // that may lie within each other

static i32 thread_id(const struct posix_thread *thread)
{
	return THREAD_ID_FIRST + (i32)(thread->block.thread_id & THREAD_ID_MASK);
}

// Its id stands where the program wants it before it does anything: at its end it may be cleared
// there, and must not come back.
void thread_release(struct posix_thread *child)
{
	u32 woken;
	if (atomic_exchange_acq_rel(&child->go, 1u) == 2) // pairs with thread_begin
		(void)futex_wake((u64)(uintptr_t)&child->go, 1, 0, 0, &woken);
}

// A thread of this process comes to release us, or we all end; a parent that lends its memory may
// be killed meanwhile.
static void await_release(struct posix_thread *self)
{
	constexpr u64 LOOK_NS = 250 * NS_PER_MS;
	bool is_lent = self->begin == BEGIN_BORROWED;
	while (atomic_load_acquire(&self->go) != 1) { // pairs with thread_release
		u64 deadline = is_lent ? posix_clock() + LOOK_NS : DEADLINE_NEVER;
		err_t err = futex_wait((u64)(uintptr_t)&self->go, 2, deadline, HANDLE_NONE);
		if (err == ERR_TIMED_OUT && is_lent && vfork_is_abandoned())
			return;
	}
}

void thread_begin(struct posix_thread *self)
{
	u32 seen = 0;
	bool is_held = list_node_is_linked(&self->node) || self->begin == BEGIN_BORROWED;
	if (is_held && atomic_swap_if_acq_rel(&self->go, &seen, 2u))
		await_release(self);
	if (self->set_tid)
		(void)user_store_u32(self->set_tid, (u32)self->id);
}

// Others may notify us from now on; masks mean something else with several threads.
static i64 become_several(struct posix_thread *self)
{
	u64 handle;
	if (self->handle.raw)
		return 0;
	TRY_ERR(thread_control(HANDLE_NONE, THREAD_OPERATION_OPEN, 0, 0, &handle));
	self->handle = (handle_t){ (u32)handle };
	return 0;
}

void thread_copy(const struct posix_thread *self, struct posix_thread *child,
	const struct process_clone *clone, u32 slot)
{
	thread_prepare(
		child, &posix_image, slot, (const u64[2]){ AT(self->block.user, USER_GUARD), 0 });
	child->registers = self->registers;
	child->registers.rax = 0;
	child->registers.rcx = child->registers.rip;
	child->registers.r11 = child->registers.rflags = FLAGS_AFTER_CALL;
	if (clone->stack)
		child->registers.rsp = clone->stack;
	child->mask = self->mask;
	child->fs_base = clone->flags & CLONE_SETTLS ? clone->tls : fs_base_read();
	child->signal_stack = (struct signal_stack){ .flags = SS_DISABLE };
	memory_copy(child->name, self->name, sizeof child->name);
	policy_inherit(self, child);
	child->affinity = self->affinity;
	child->slow = self->slow & SLOW_TRACE;
	if (clone->flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = clone->child_tid;
	if (clone->flags & CLONE_CHILD_SETTID)
		child->set_tid = clone->child_tid;
}

static void add(struct core_state *core, struct posix_thread *child)
{
	posix_lock_take(&core->threads_lock);
	list_insert_before(&core->threads.head, &child->node);
	core->thread_count++;
	posix_lock_give(&core->threads_lock);
}

static void remove(struct core_state *core, struct posix_thread *child)
{
	posix_lock_take(&core->threads_lock);
	list_remove(&child->node);
	core->thread_count--;
	posix_lock_give(&core->threads_lock);
}

static i64 clone_thread(struct posix_thread *self, const struct process_clone *clone)
{
	constexpr u64 needed = CLONE_VM | CLONE_SIGHAND;
	struct core_state *core = &posix_self()->core;
	struct posix_thread *child;
	u32 slot;
	u64 result;
	if ((clone->flags & needed) != needed || clone->flags & ~THREAD_FLAGS)
		return -EINVAL;
	if (clone->tls >= PROGRAM_END && clone->flags & CLONE_SETTLS)
		return -EPERM;
	TRY_POSIX(become_several(self));
	TRY_POSIX(slot_take(&child, &slot));
	thread_copy(self, child, clone, slot);
	add(core, child);
	signal_mask_apply(self);
	u64 block = thread_address(slot);
	// The list's lock: who finds the thread finds its handle too.
	posix_lock_take(&core->threads_lock);
	err_t err = thread_create(
		HANDLE_NONE, posix_image.start, thread_stack_top(slot), block, block, &child->handle);
	i32 id = child->id = err == OK ? thread_id(child) : 0;
	if (err == OK && child->affinity) // before it is released
		(void)thread_control(
			child->handle, THREAD_OPERATION_SET_AFFINITY, child->affinity, 0, &result);
	posix_lock_give(&core->threads_lock);
	if (err != OK) {
		remove(core, child);
		slot_give(slot);
		return -EAGAIN;
	}
	if (clone->flags & CLONE_PARENT_SETTID)
		(void)user_store_u32(clone->parent_tid, (u32)id);
	thread_release(child);
	return id;
}

static i64 dispatch(struct posix_thread *self, const struct process_clone *clone)
{
	if (clone->flags & CLONE_THREAD)
		return clone_thread(self, clone);
	return process_clone(self, clone);
}

i64 clone_call(struct posix_thread *self, const struct arguments *arguments)
{
	u64 flags = ARG(0) & UINT32_MAX;
	struct process_clone clone = { .flags = flags & ~EXIT_SIGNAL_MASK,
		.stack = ARG(1),
		.parent_tid = ARG(2),
		.child_tid = ARG(3),
		.tls = ARG(4),
		.pidfd = ARG(2), // clone has one word for both
		.exit_signal = (u32)(flags & EXIT_SIGNAL_MASK) };
	return dispatch(self, &clone);
}

// What a later Linux may know of stands behind the struct, and is nothing.
static i64 take_arguments(u64 address, u64 size, struct clone_arguments *out)
{
	u8 byte;
	*out = (struct clone_arguments){};
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGUMENTS_FIRST)
		return -EINVAL;
	for (u64 i = sizeof *out; i < size; i++) {
		TRY_POSIX(user_get(byte, address + i));
		if (byte)
			return -E2BIG;
	}
	return user_copy_in(out, address, min_u64(size, sizeof *out));
}

// A pid that the program chooses: there is one space of pids.
static i64 take_wanted(const struct clone_arguments *given, u32 *out)
{
	i32 wanted;
	*out = 0;
	if (!given->set_tid != !given->set_tid_size || given->set_tid_size > PID_SPACES_MAX)
		return -EINVAL;
	if (!given->set_tid)
		return 0;
	TRY_POSIX(user_get(wanted, given->set_tid));
	if (given->set_tid_size > 1 || wanted < 1 || wanted >= (i32)PROC_PID_MAX)
		return -EINVAL;
	*out = (u32)wanted;
	return posix_self()->identity.credentials.effective & CAPABILITY_CHECKPOINT ? 0 : -EPERM;
}

i64 clone3_call(struct posix_thread *self, const struct arguments *arguments)
{
	struct clone_arguments given;
	u32 wanted;
	TRY_POSIX(take_arguments(ARG(0), ARG(1), &given));
	TRY_POSIX(take_wanted(&given, &wanted));
	if (given.flags & EXIT_SIGNAL_MASK || given.exit_signal > EXIT_SIGNAL_MASK ||
		given.flags & CLONE_INTO_CGROUP || !given.stack != !given.stack_size)
		return -EINVAL;
	if (given.flags & CLONE_PARENT && given.exit_signal)
		return -EINVAL; // its parent gets what it gets of ours
	struct process_clone clone = { .flags = given.flags,
		.stack = given.stack ? given.stack + given.stack_size : 0,
		.parent_tid = given.parent_tid,
		.child_tid = given.child_tid,
		.tls = given.tls,
		.pidfd = given.pidfd,
		.exit_signal = (u32)given.exit_signal,
		.wanted_pid = wanted };
	return dispatch(self, &clone);
}
