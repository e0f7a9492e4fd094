// SPDX-License-Identifier: MIT
// self.c - what a thread says and asks of itself.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/entry.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/thread/thread.h"

enum arch_prctl_code : u32 {
	ARCH_SET_GS = 0x1001,
	ARCH_SET_FS = 0x1002,
	ARCH_GET_FS = 0x1003,
	ARCH_GET_GS = 0x1004,
	ARCH_GET_CPUID = 0x1011, // whether CPUID may be used: always
	ARCH_SET_CPUID = 0x1012,
	ARCH_CET_STATUS = 0x3001,
};

constexpr u64 PROGRAM_END = 0x0000'7fff'ffff'f000;
constexpr u64 ROBUST_HEAD_SIZE = 24;

void thread_set_fs(struct posix_thread *self, u64 base)
{
	self->fs_base = base;
	fs_base_write(base);
}

// GS is the library's: a program that wants it is refused (docs/decisions/018).
i64 call_arch_prctl(struct posix_thread *self, const struct arguments *arguments)
{
	switch (ARG_U32(0)) {
	case ARCH_SET_FS:
		if (ARG(1) >= PROGRAM_END)
			return -EPERM;
		thread_set_fs(self, ARG(1));
		return 0;
	case ARCH_GET_FS: {
		u64 base = fs_base_read();
		return user_put(ARG(1), base);
	}
	case ARCH_SET_GS: return ARG(1) ? -EPERM : 0;
	case ARCH_GET_GS: return user_clear(ARG(1), sizeof(u64));
	case ARCH_GET_CPUID: return 1;
	case ARCH_SET_CPUID: return -ENODEV; // this processor cannot make it fault
	}
	return -EINVAL;
}

i64 call_gettid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)arguments;
	return self->id;
}

i64 call_set_tid_address(struct posix_thread *self, const struct arguments *arguments)
{
	self->clear_child_tid = ARG(0);
	return self->id;
}

i64 call_set_robust_list(struct posix_thread *self, const struct arguments *arguments)
{
	if (ARG(1) != ROBUST_HEAD_SIZE)
		return -EINVAL;
	self->robust_list = ARG(0);
	return 0;
}

// Another thread's list is nobody's business here.
i64 call_get_robust_list(struct posix_thread *self, const struct arguments *arguments)
{
	if (ARG_INT(0) && ARG_INT(0) != self->id)
		return -ESRCH;
	TRY_POSIX(user_put(ARG(1), self->robust_list));
	u64 size = ROBUST_HEAD_SIZE;
	return user_put(ARG(2), size);
}

// C libraries ask for it and do without.
i64 call_rseq(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	return -ENOSYS;
}
