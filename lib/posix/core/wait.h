// SPDX-License-Identifier: MIT
// wait.h - waiting in the kernel. While the library runs no notification comes in; a wait that a
// signal may end opens the mask for just as long as it lasts. What returns ERR_INTERRUPTED did
// nothing. A call answers it with one of the codes of linux/errno.h that never reach the program:
//   -ERESTARTSYS     made again if no handler ran, or the handler has SA_RESTART; else EINTR
//   -ERESTARTNOINTR  made again, always (fork; locks with priority inheritance)
//   -ERESTARTNOHAND  made again if no handler ran; else EINTR (poll, select, sleep, sigsuspend)
// The way out (signal/deliver.c) does it. Bytes already moved are better than either: answer them.
// A call that is made again and has a relative timeout: wait_deadline.
#pragma once

#include "abi/errors.h"
#include "lib/base/view.h"
#include "lib/posix/core/thread.h"

NONNULL_BEGIN

// Each may be ended by a signal: ERR_INTERRUPTED. Arguments as the system call of the same name.
err_t wait_object(
	struct posix_thread *self, handle_t target, u32 bits, u64 deadline, u32 *observed);
err_t wait_sleep(struct posix_thread *self, u64 deadline); // OK at the deadline
struct stream_done {
	u64 bytes;
	u32 handles; // in self->block.handle
};
err_t wait_stream_read(
	struct posix_thread *self, handle_t stream, span_t data, u64 deadline, struct stream_done *out);
// Passes self->block.handle_count handles of self->block.handle.
err_t wait_stream_write(
	struct posix_thread *self, handle_t stream, view_t data, u64 deadline, u64 *done);
err_t wait_futex(
	struct posix_thread *self, u64 address, u32 expected, u64 deadline, handle_t owner);

// What was taken out of the kernel's mailbox already, and would end a wait, is put where the wait
// looks (signal/ provides it).
void signal_remind(struct posix_thread *self);

// Between these two every wait in the kernel may be ended: that of a generated protocol stub too,
// which then answers ERR_INTERRUPTED (the service never saw the call) or what the service answers
// to a call that was cancelled (ERR_CANCELLED, or what it had done).
//   wait_open(self); err = tty_read(...); wait_close(self);
// Only what waits once may stand there.
static inline void wait_open(struct posix_thread *self)
{
	if (UNLIKELY(self->slow & SLOW_SIGNALS))
		signal_remind(self);
	self->open_mask = self->leave_mask;
}
// The same, and given up at a deadline: ERR_TIMED_OUT.
static inline void wait_open_until(struct posix_thread *self, u64 deadline)
{
	self->service_deadline = deadline == DEADLINE_NEVER ? 0 : deadline;
	wait_open(self);
}
static inline void wait_close(struct posix_thread *self)
{
	self->open_mask = MASK_ALL;
	self->service_deadline = 0;
}

// One system call of the kernel by registers, interruptible when open_mask says so (entry.S).
struct wait_registers {
	u64 rax, rdi, rsi, rdx, r10, r8, r9, r12, r13, r14, r15, rbx;
};
void posix_wait_call(struct wait_registers *registers);

// Is there a signal that is not blocked and would end a wait?
bool wait_is_interrupted(struct posix_thread *self);

// now + relative_ns the first time; the same again when the call is made again after a signal.
// Never beyond DEADLINE_NEVER.
u64 wait_deadline(struct posix_thread *self, u64 relative_ns);

// An error of the kernel or of a service as Linux calls it: -EBADF and so on; OK is 0.
// ERR_INTERRUPTED, ERR_CANCELLED: -ERESTARTSYS.
i64 errno_of(err_t err);
static inline i64 posix_error(err_t err)
{
	i64 answer = errno_of(err);
	debug_assert(err == OK ? !answer : answer < 0);
	return answer;
}

// As TRY, in functions that answer -errno.
#define TRY_POSIX(expression)                                                                      \
	do {                                                                                           \
		i64 try_answer_ = (expression);                                                            \
		if (UNLIKELY(try_answer_ < 0))                                                             \
			return try_answer_;                                                                    \
	} while (0)
// The same for an err_t.
#define TRY_ERR(expression)                                                                        \
	do {                                                                                           \
		err_t try_err_ = (expression);                                                             \
		if (UNLIKELY(try_err_ != OK))                                                              \
			return posix_error(try_err_);                                                          \
	} while (0)

NONNULL_END
