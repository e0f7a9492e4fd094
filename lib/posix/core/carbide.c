// SPDX-License-Identifier: MIT
// carbide.c - call 511, which Linux does not have: what this library does beyond it.
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/log.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/description.h"
#include "lib/posix/file/operations.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

constexpr usize LINE_MAX = 256;

enum carbide_operation : u32 {
	CARBIDE_TRACE =
		1, // calls of this thread, and of all that it makes, as lines to a pipe; -1: no more
	CARBIDE_LOG = 2,    // one line of text into the log: for programs without a terminal
	CARBIDE_BIND = 3,   // path, path: what is at the first is shown at the second, for this process
	CARBIDE_UNBIND = 4, // path: what is shown there is no more
};

// file/ provides.
[[gnu::weak]] i64 namespace_bind(struct posix_thread *self, u64 from, u64 to);
[[gnu::weak]] i64 namespace_unbind(struct posix_thread *self, u64 path);

// The program's descriptor may be closed afterwards: the trace has a handle of its own, which only
// the end of the process closes (another thread may be writing a line).
static i64 set_trace(struct posix_thread *self, i32 number)
{
	struct core_state *core = &posix_self()->core;
	handle_t stream = HANDLE_NONE;
	if (number >= 0) {
		struct file file;
		TRY_POSIX(file_get(self, number, &file));
		bool is_pipe = file.description->kind == FILE_PIPE;
		err_t err = is_pipe ? handle_duplicate(file.handle, RIGHT_WRITE, &stream) : ERR_WRONG_TYPE;
		file_put(self, &file);
		TRY_ERR(err);
		self->slow |= SLOW_TRACE;
	} else {
		self->slow &= ~(u32)SLOW_TRACE;
	}
	atomic_store_relaxed(&core->trace.raw, stream.raw);
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
	case CARBIDE_TRACE: return set_trace(self, ARG_INT(1));
	case CARBIDE_LOG: return log_line(ARG(1));
	case CARBIDE_BIND: return namespace_bind ? namespace_bind(self, ARG(1), ARG(2)) : -ENOSYS;
	case CARBIDE_UNBIND: return namespace_unbind ? namespace_unbind(self, ARG(1)) : -ENOSYS;
	}
	return -EINVAL;
}
