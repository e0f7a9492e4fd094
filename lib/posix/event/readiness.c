// SPDX-License-Identifier: MIT
// readiness.c - see readiness.h. A kind of file says itself what holds (ready) and where to wait
// (watch); one that says nothing is always ready.
#include "lib/posix/event/readiness.h"

#include "abi/signals.h"
#include "os/syscalls.h"

u32 handle_signals(handle_t handle)
{
	u32 observed = 0;
	return object_wait(handle, UINT32_MAX, 0, &observed) == OK ? observed : 0;
}

u32 file_ready(struct posix_thread *self, const struct file *file, u32 wanted)
{
	const struct operations *operations = operations_of(file);
	u32 holds = operations->ready ? operations->ready(self, file) : POLL_IN | POLL_OUT;
	return holds & (wanted | POLL_UNASKED);
}

static struct watch watch_of(
	const struct operations *operations, const struct file *file, u32 wanted)
{
	struct watch watch = { HANDLE_NONE, 0 };
	if (operations->watch)
		watch.bits = operations->watch(file, wanted, &watch.handle);
	return watch.bits ? watch : (struct watch){ HANDLE_NONE, 0 };
}

void file_watches(const struct file *file, u32 wanted, struct watches *out)
{
	const struct operations *operations = operations_of(file);
	u32 output = POLL_OUT | POLLWRBAND;
	*out = (struct watches){};
	struct watch in = watch_of(operations, file, wanted & ~output);
	struct watch both = watch_of(operations, file, wanted);
	if (both.handle.raw == in.handle.raw || !in.handle.raw) {
		AT(out->watch, 0) = both;
		return;
	}
	AT(out->watch, 0) = in;
	if (wanted & output)
		AT(out->watch, 1) = watch_of(operations, file, wanted & output);
}

bool file_is_constant(const struct file *file)
{
	return !operations_of(file)->watch;
}

// The low bits of streams and of connections with the file protocol mean the same.
u32 file_ready_by_bits(struct posix_thread *self, const struct file *file, u32 wanted, u32 bits)
{
	u32 kind = file->description->kind;
	bool is_plain =
		kind == FILE_PIPE || kind == FILE_SOCKET || kind == FILE_TERMINAL || kind == FILE_SCHEME;
	if (!is_plain || bits & ~(u32)(SIGNAL_READABLE | SIGNAL_WRITABLE))
		return file_ready(self, file, wanted);
	u32 holds = bits & SIGNAL_READABLE ? POLL_IN : 0;
	return (holds | (bits & SIGNAL_WRITABLE ? POLL_OUT : 0)) & wanted;
}
