// SPDX-License-Identifier: MIT
// entry.c - what entry.S, upcall.S call in C, but for signals; and checks of offsets.h.
#include "lib/posix/core/entry.h"

#include "lib/base/atomic.h"
#include "lib/posix/core/log.h"
#include "lib/posix/core/offsets.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "lib/posix/core/table.h"
#include "lib/posix/core/trace.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/signal/signal.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

#define CHECK_OFFSET(name, member) static_assert(name == offsetof(struct posix_thread, member))
CHECK_OFFSET(BLOCK_SELF, block.self);
CHECK_OFFSET(BLOCK_BLOCKED, block.blocked);
CHECK_OFFSET(BLOCK_PENDING, block.pending);
CHECK_OFFSET(BLOCK_FRAME_INSTRUCTION, block.frame.instruction);
CHECK_OFFSET(BLOCK_FRAME_STACK, block.frame.stack);
CHECK_OFFSET(BLOCK_FRAME_FLAGS, block.frame.flags);
CHECK_OFFSET(BLOCK_FRAME_CAUSE, block.frame.cause);
CHECK_OFFSET(BLOCK_FRAME_ADDRESS, block.frame.address);
CHECK_OFFSET(BLOCK_FRAME_DETAIL, block.frame.detail);
CHECK_OFFSET(BLOCK_FOREIGN_RETURN, block.foreign_return);
CHECK_OFFSET(THREAD_RDI, registers.arguments.raw[RDI]);
CHECK_OFFSET(THREAD_R9, registers.arguments.raw[R9]);
CHECK_OFFSET(THREAD_RAX, registers.rax);
CHECK_OFFSET(THREAD_RBX, registers.rbx);
CHECK_OFFSET(THREAD_RBP, registers.rbp);
CHECK_OFFSET(THREAD_R11, registers.r11);
CHECK_OFFSET(THREAD_R15, registers.r15);
CHECK_OFFSET(THREAD_RCX, registers.rcx);
CHECK_OFFSET(THREAD_RIP, registers.rip);
CHECK_OFFSET(THREAD_RFLAGS, registers.rflags);
CHECK_OFFSET(THREAD_RSP, registers.rsp);
CHECK_OFFSET(THREAD_MASK, leave_mask);
CHECK_OFFSET(THREAD_OPEN_MASK, open_mask);
CHECK_OFFSET(THREAD_NUMBER, number);
CHECK_OFFSET(THREAD_STACK_TOP, stack_top);
CHECK_OFFSET(THREAD_SLOW, slow);
CHECK_OFFSET(THREAD_SCRATCH, scratch);
CHECK_OFFSET(THREAD_INTERRUPTION, interruption);
static_assert((u64)POSIX_IMAGE_MAGIC_VALUE == POSIX_IMAGE_MAGIC);
static_assert(TABLE_NUMBERS_VALUE == TABLE_NUMBERS);
static_assert(SLOW_REGISTERS_VALUE == SLOW_REGISTERS);
static_assert(GS_GUARD_VALUE == GS_GUARD);
static_assert(CAUSE_NOTIFICATION == UPCALL_NOTIFICATION);
static_assert(CAUSE_BUS_ERROR == UPCALL_BUS_ERROR);
static_assert(ERR_INTERRUPTED_VALUE == ERR_INTERRUPTED);
static_assert(WAIT_RBX == offsetof(struct wait_registers, rbx));
static_assert(WAIT_R15 == offsetof(struct wait_registers, r15));

// The only thread of a process that begins.
static void begin_process(struct posix_thread *self)
{
	struct posix *posix = posix_self();
	struct core_state *core = &posix->core;
	struct thread_slots *slots = &posix->slots;
	// In the first process the native program that made it still makes its last calls; exec
	// follows.
	if (self->begin == BEGIN_PROGRAM &&
		process_control(
			HANDLE_NONE, PROCESS_OPERATION_SET_REFLECTION, (u64)(uintptr_t)posix_entry, 0) != OK)
		posix_bug("no reflection");
	span_fill(span_of(slots->mapped), 0); // used is fresh memory, or none is (exec/)
	span_fill(span_of(slots->unknown), 0);
	AT(slots->used, self->slot) = 1;
	AT(slots->mapped, self->slot / 64) = (u64)1 << self->slot % 64;
	list_init(&core->threads);
	self->node = (struct list_node){};
	list_insert_after(&core->threads.head, &self->node);
	core->thread_count = 1;
	core->is_exiting = 0;
	self->id = (i32)posix->identity.pid;
	self->robust_list = self->clear_child_tid = 0;
	self->signal_stack = (struct signal_stack){ .flags = SS_DISABLE };
	self->slow = core->trace.raw ? SLOW_TRACE : 0;
	signal_float_find();
	signal_mask_apply(self);
}

void posix_begin(struct posix_thread *self)
{
	if (self->begin == BEGIN_FIRST)
		program_first_wait();
	if (self->begin == BEGIN_PROGRAM || self->begin == BEGIN_FIRST)
		begin_process(self);
	else
		thread_begin(self);
	fs_base_write(self->fs_base);
	posix_hook *_Nullable hook = AT(begin_hooks, self->begin % BEGIN_KINDS);
	if (hook)
		hook(self);
	self->begin = BEGIN_THREAD;
}

static i64 unknown(struct posix_thread *self, const struct arguments *arguments)
{
	(void)arguments;
	u64 number = self->number;
	struct table_bits *seen = &posix_self()->slots.unknown;
	if (number < TABLE_NUMBERS) {
		u64 bit = (u64)1 << number % 64;
		if (atomic_or_relaxed(&AT(seen->word, number / 64), bit) & bit)
			return -ENOSYS;
	}
	const char *name = table_name(number);
	posix_log("unimplemented call %lu (%s) %lx %lx %lx from %lx", number, name ? name : "?",
		REGISTER(&self->registers, RDI), REGISTER(&self->registers, RSI),
		REGISTER(&self->registers, RDX), self->registers.rip);
	return -ENOSYS;
}

posix_call *posix_call_slowly(struct posix_thread *self)
{
	posix_call *_Nullable call = table_call(self->number);
	if (self->slow & SLOW_TRACE)
		trace_entered(self);
	return call ? call : unknown;
}
