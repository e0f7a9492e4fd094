// SPDX-License-Identifier: MIT
// carbide.c - call 511, which Linux does not have: what this library does beyond it.
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/linux/errno.h"

enum carbide_operation : u32 {
	CARBIDE_TRACE = 1, // 1: calls of this process and those it makes go to the log; 0: no more
};

static i64 set_trace(struct posix_thread *self, bool is_on)
{
	struct core_state *core = &posix_self()->core;
	atomic_store_relaxed(&core->trace, (u32)is_on);
	if (is_on)
		self->slow |= SLOW_TRACE;
	else
		self->slow &= ~(u32)SLOW_TRACE;
	return 0;
}

i64 call_carbide(struct posix_thread *self, const struct arguments *arguments)
{
	switch ((enum carbide_operation)ARG_U32(0)) {
	case CARBIDE_TRACE: return set_trace(self, ARG(1) != 0);
	}
	return -EINVAL;
}
