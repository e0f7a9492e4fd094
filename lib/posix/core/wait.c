// SPDX-License-Identifier: MIT
// wait.c - see wait.h.
#include "lib/posix/core/wait.h"

#include "abi/syscall_numbers.h"
#include "lib/base/atomic.h"
#include "lib/base/checked.h"
#include "lib/os/call.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/linux/errno.h"

static err_t wait_run(struct posix_thread *self, struct wait_registers *registers)
{
	wait_open(self);
	posix_wait_call(registers);
	wait_close(self);
	return (err_t)(i32)registers->rax;
}

err_t wait_object(struct posix_thread *self, handle_t target, u32 bits, u64 deadline, u32 *observed)
{
	struct wait_registers registers = {
		.rax = SYSCALL_OBJECT_WAIT, .rdi = target.raw, .rsi = bits, .rdx = deadline
	};
	TRY(wait_run(self, &registers));
	*observed = (u32)registers.rdx;
	return OK;
}

err_t wait_sleep(struct posix_thread *self, u64 deadline)
{
	u32 observed;
	err_t err = wait_object(self, HANDLE_NONE, 0, deadline, &observed);
	return err == ERR_TIMED_OUT ? OK : err;
}

err_t wait_stream_read(
	struct posix_thread *self, handle_t stream, span_t data, u64 deadline, struct stream_done *out)
{
	struct wait_registers registers = { .rax = SYSCALL_STREAM_READ,
		.rdi = stream.raw,
		.rsi = (u64)(uintptr_t)data.data,
		.rdx = data.size,
		.r10 = deadline };
	TRY(wait_run(self, &registers));
	*out = (struct stream_done){ registers.rdx, (u32)registers.r8 };
	return OK;
}

err_t wait_stream_write(
	struct posix_thread *self, handle_t stream, view_t data, u64 deadline, u64 *done)
{
	struct wait_registers registers = { .rax = SYSCALL_STREAM_WRITE,
		.rdi = stream.raw,
		.rsi = (u64)(uintptr_t)data.data,
		.rdx = data.size,
		.r10 = deadline,
		.r8 = self->block.handle_count };
	TRY(wait_run(self, &registers));
	*done = registers.rdx;
	return OK;
}

err_t wait_futex(struct posix_thread *self, u64 address, u32 expected, u64 deadline, handle_t owner)
{
	struct wait_registers registers = { .rax = SYSCALL_FUTEX_WAIT,
		.rdi = address,
		.rsi = expected,
		.rdx = deadline,
		.r10 = owner.raw };
	return wait_run(self, &registers);
}

// With ERR_RESTARTED tag and words are still those of the call.
ALWAYS_INLINE err_t call_once(
	struct posix_thread *self, handle_t connection, u64 *tag, struct message_words *words)
{
	struct wait_registers registers = { .rax = SYSCALL_CONNECTION_CALL,
		.rdi = connection.raw,
		.rsi = *tag,
		.rdx = AT(words->word, 0),
		.r10 = AT(words->word, 1),
		.r8 = AT(words->word, 2),
		.r9 = AT(words->word, 3),
		.r12 = AT(words->word, 4),
		.r13 = AT(words->word, 5),
		.r14 = AT(words->word, 6),
		.r15 = AT(words->word, 7) };
	self->services++;
	if (self->service_deadline) {
		self->block.deadline = self->service_deadline;
		registers.rsi |= TAG_DEADLINE;
	}
	posix_wait_call(&registers);
	err_t err = (err_t)(i32)registers.rax;
	if (UNLIKELY(err == ERR_RESTARTED))
		return err;
	*words = (struct message_words){ { registers.rdx, registers.r10, registers.r8, registers.r9,
		registers.r12, registers.r13, registers.r14, registers.r15 } };
	*tag = registers.rsi;
	return err;
}

// For generated stubs: lib/posix/core/shadow. What may be repeated, and no signal may end, is made
// again if more lives of its service ended with it than the kernel repeats it for.
err_t connection_call_words(handle_t connection, u64 *tag, struct message_words *words)
{
	constexpr u32 TRIES = 16;
	struct posix_thread *self = thread_self();
	for (u32 i = 1;; i++) {
		err_t err = call_once(self, connection, tag, words);
		if (err != ERR_RESTARTED || !(*tag & TAG_IDEMPOTENT))
			return err;
		if (self->open_mask != MASK_ALL || i == TRIES)
			return err;
	}
}

u64 wait_deadline(struct posix_thread *self, u64 relative_ns)
{
	struct restart *restart = &self->restart;
	bool is_again = restart->is_again && restart->number == self->number;
	restart->is_again = false;
	restart->number = self->number;
	if (!is_again && checked_add(posix_clock(), relative_ns, &restart->deadline) != OK)
		restart->deadline = DEADLINE_NEVER;
	return restart->deadline;
}

static const i16 errors[] = {
	[-OK] = 0,
	[-ERR_INVALID] = EINVAL,
	[-ERR_BAD_HANDLE] = EBADF,
	[-ERR_WRONG_TYPE] = EINVAL,
	[-ERR_RIGHTS] = EACCES,
	[-ERR_REVOKED] = EIO,
	[-ERR_FAULT] = EFAULT,
	[-ERR_RANGE] = EINVAL,
	[-ERR_NO_MEMORY] = ENOMEM,
	[-ERR_QUOTA] = ENOMEM,
	[-ERR_TIMED_OUT] = ETIMEDOUT,
	[-ERR_INTERRUPTED] = ERESTARTSYS,
	[-ERR_CANCELLED] = ERESTARTSYS,
	[-ERR_CLOSED] = EIO,
	[-ERR_RESTARTED] = EIO,
	[-ERR_GONE] = EIO,
	[-ERR_WOULD_BLOCK] = EAGAIN,
	[-ERR_EXISTS] = EEXIST,
	[-ERR_NOT_FOUND] = ENOENT,
	[-ERR_UNSUPPORTED] = EOPNOTSUPP,
	[-ERR_BUSY] = EBUSY,
	[-ERR_STATE] = EINVAL,
	[-ERR_TOO_BIG] = ENAMETOOLONG,
	[-ERR_CORRUPT] = EIO,
	[-ERR_PAGE_NEEDED] = EFAULT,
	[-ERR_LEVEL] = EPERM,
	[-ERR_DEPTH] = EIO,
	[-ERR_UNKNOWN_CALL] = ENOSYS,
	[-ERR_ALIGNMENT] = EINVAL,
	[-ERR_DEVICE] = EIO,
	[-ERR_IO] = EIO,
	[-ERR_NOT_DIRECTORY] = ENOTDIR,
	[-ERR_IS_DIRECTORY] = EISDIR,
	[-ERR_NOT_EMPTY] = ENOTEMPTY,
	[-ERR_LOOP] = ELOOP,
	[-ERR_NO_SPACE] = ENOSPC,
	[-ERR_READ_ONLY] = EROFS,
	[-ERR_CROSS_DEVICE] = EXDEV,
	[-ERR_NOT_OWNER] = EPERM,
	[-ERR_BACKGROUND] = EIO,
};

i64 errno_of(err_t err)
{
	u32 number = (u32) - (i32)err;
	return number < COUNT(errors) ? -AT(errors, number) : -EIO;
}
