// SPDX-License-Identifier: MIT
// carbide.c - call 511, which Linux does not have: what this library does beyond it.
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/log.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/linux/errno.h"

constexpr usize LINE_MAX = 256;

enum carbide_operation : u32 {
	CARBIDE_TRACE = 1, // 1: calls of this process and those it makes go to the log; 0: no more
	CARBIDE_LOG = 2,   // one line of text into the log: for programs without a terminal
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

static i64 log_line(u64 address)
{
	char text[LINE_MAX];
	i64 size = user_copy_string(span_of(text), address);
	if (size < 0)
		return size;
	view_t line = view_clamp(view_of(text), 0, (usize)size);
	posix_log("%v", &line);
	return 0;
}

i64 call_carbide(struct posix_thread *self, const struct arguments *arguments)
{
	switch ((enum carbide_operation)ARG_U32(0)) {
	case CARBIDE_TRACE: return set_trace(self, ARG(1) != 0);
	case CARBIDE_LOG: return log_line(ARG(1));
	}
	return -EINVAL;
}
