// SPDX-License-Identifier: MIT
// signal_file.c - signalfd: reading signals that are pending and blocked. detail[0]: the set.
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/kinds.h"
#include "lib/posix/event/signal_watch.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/signal/send.h"

constexpr u64 NEVER_BLOCKED = SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP);

static u64 set_of(const struct file *file)
{
	return atomic_load_relaxed(&AT(file->description->detail, 0));
}

u64 signal_watch_set(const struct file *file)
{
	bool is_signals =
		file->description->kind == FILE_EVENT && file->description->tree == EVENT_SIGNALS;
	return is_signals ? set_of(file) : 0;
}

u64 signal_watch_of_set(struct epoll_set *set)
{
	u64 signals = 0;
	posix_lock_take(&set->lock);
	for (u32 i = 0; set->polled && i < set->size; i++) {
		const struct epoll_item *item = epoll_item_at(set, i);
		signals |= item ? signal_watch_set(&item->file) : 0;
	}
	posix_lock_give(&set->lock);
	return signals;
}

u64 signal_watch_begin(struct posix_thread *self, u64 signals)
{
	u64 mask = self->mask;
	self->mask = mask & ~signals;
	return mask;
}

err_t signal_watch_end(struct posix_thread *self, u64 signals, u64 mask, err_t err)
{
	self->mask = mask;
	bool is_ours = err == ERR_INTERRUPTED && signals && !wait_is_interrupted(self);
	return is_ours ? OK : err;
}

static struct linux_signalfd_siginfo record_of(const struct linux_siginfo *info)
{
	return (struct linux_signalfd_siginfo){
		.signal = (u32)info->signal,
		.error = info->error,
		.code = info->code,
		.pid = info->pid,
		.user = info->user,
		.status = info->status,
		.value = (i32)info->value,
		.pointer = info->value,
		.user_time = info->user_time,
		.system_time = info->system_time,
	};
}

// Waits for the first one.
static u32 wait_for_signal(
	struct posix_thread *self, const struct file *file, struct linux_siginfo *info, err_t *err)
{
	u64 set = set_of(file);
	*err = OK;
	for (;;) {
		u32 signal = signal_take(self, set, info);
		if (signal || *err != OK)
			return signal;
		*err = ERR_WOULD_BLOCK;
		if (!stream_deadline(file))
			return 0;
		u64 mask = signal_watch_begin(self, set);
		*err = signal_watch_end(self, set, mask, wait_sleep(self, DEADLINE_NEVER));
	}
}

i64 signals_read(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	struct linux_siginfo info;
	u64 done = 0, count = transfer->size / sizeof(struct linux_signalfd_siginfo);
	err_t err;
	if (!count)
		return -EINVAL;
	u32 signal = wait_for_signal(self, file, &info, &err);
	if (!signal)
		return posix_error(err);
	while (signal) {
		struct linux_signalfd_siginfo record = record_of(&info);
		TRY_POSIX(user_put(transfer->address + done, record));
		done += sizeof(record);
		signal = done < count * sizeof(record) ? signal_take(self, set_of(file), &info) : 0;
	}
	return (i64)done;
}

u32 signals_ready(struct posix_thread *self, const struct file *file)
{
	return signal_pending(self) & set_of(file) ? POLL_IN : 0;
}

static i64 change(struct posix_thread *self, i32 number, u64 set)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	bool is_signals =
		file.description->kind == FILE_EVENT && file.description->tree == EVENT_SIGNALS;
	if (is_signals)
		atomic_store_relaxed(&AT(file.description->detail, 0), set);
	file_put(self, &file);
	return is_signals ? number : -EINVAL;
}

static i64 signal_file(struct posix_thread *self, const struct arguments *arguments, u32 flags)
{
	u64 set;
	if (ARG(2) != sizeof(set) || flags & ~(u32)(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	TRY_POSIX(user_get(set, ARG(1)));
	set &= ~NEVER_BLOCKED;
	if (ARG_INT(0) != -1)
		return change(self, ARG_INT(0), set);
	return event_install(self, EVENT_SIGNALS, HANDLE_NONE, flags, (const u64[2]){ set, 0 });
}

i64 call_signalfd(struct posix_thread *self, const struct arguments *arguments)
{
	return signal_file(self, arguments, 0);
}

i64 call_signalfd4(struct posix_thread *self, const struct arguments *arguments)
{
	return signal_file(self, arguments, ARG_U32(3));
}
