// SPDX-License-Identifier: MIT
// size_limit.c - see size_limit.h.
#include "lib/posix/file/size_limit.h"

#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/signal.h"
#include "lib/posix/process/process.h"
#include "lib/posix/signal/send.h"

constexpr u32 RLIMIT_FSIZE = 1;

static i64 refuse(struct posix_thread *self)
{
	signal_raise(self, SIGXFSZ);
	return -EFBIG;
}

i64 size_limit_write(struct posix_thread *self, u64 offset, u64 *size)
{
	u64 limit = process_limit(RLIMIT_FSIZE).soft;
	if (offset >= limit)
		return refuse(self);
	if (*size > limit - offset)
		*size = limit - offset;
	return 0;
}

i64 size_limit_grow(struct posix_thread *self, u64 length, u64 end)
{
	return end > length && end > process_limit(RLIMIT_FSIZE).soft ? refuse(self) : 0;
}
