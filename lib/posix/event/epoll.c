// SPDX-License-Identifier: MIT
// epoll.c - epoll_create, epoll_ctl, epoll_wait. Items: epoll_set.c.
#include "lib/posix/event/epoll.h"

#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/event.h"
#include "lib/posix/event/signal_watch.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

// Items that are not tied are looked at so often.
constexpr u64 LOOK_NS = 10'000'000;
constexpr u32 ROOM = 128; // events of one call, at most

struct epoll_set *epoll_set_of(const struct file *file)
{
	UNSAFE_BEGIN("epoll_make put it there")
	return (struct epoll_set *)AT(file->description->detail, 0);
	UNSAFE_END
}

static struct event_state *state_of_events(void)
{
	struct event_state *state = &posix_self()->events;
	posix_lock_take(&state->lock);
	if (!list_node_is_linked(&state->sets.head))
		list_init(&state->sets);
	posix_lock_give(&state->lock);
	return state;
}

void epoll_set_enter(struct epoll_set *set)
{
	struct event_state *state = state_of_events();
	posix_lock_take(&state->lock);
	list_push_back(&state->sets, &set->node);
	atomic_add_relaxed(&state->set_count, 1u);
	posix_lock_give(&state->lock);
}

void epoll_set_leave(struct epoll_set *set)
{
	struct event_state *state = state_of_events();
	posix_lock_take(&state->lock);
	list_remove(&set->node);
	atomic_sub_relaxed(&state->set_count, 1u);
	posix_lock_give(&state->lock);
	for (u32 i = 0; i < set->size; i++)
		epoll_forget(set, i);
	if (set->items)
		heap_give(set->items, set->size * sizeof(struct epoll_item *));
}

static void epoll_close(struct posix_thread *, const struct file *file, bool)
{
	struct epoll_set *set = epoll_set_of(file);
	epoll_set_leave(set);
	(void)handle_close(set->port);
	heap_give(set, sizeof(struct epoll_set));
}

static void forget(struct epoll_set *set, const struct file *file)
{
	posix_lock_take(&set->lock);
	for (u32 i = 0; i < set->size && set->count; i++) {
		const struct epoll_item *item = epoll_item_at(set, i);
		if (item && item->file.description == file->description)
			epoll_forget(set, i);
	}
	posix_lock_give(&set->lock);
}

void event_closed(struct posix_thread *, const struct file *file)
{
	if (!atomic_load_relaxed(&posix_self()->events.set_count))
		return;
	struct event_state *state = state_of_events();
	posix_lock_take(&state->lock);
	LIST_EACH(node, &state->sets)
		forget(container_of(node, struct epoll_set, node), file);
	posix_lock_give(&state->lock);
}

// Whether an item is ready, without telling it.
static u32 epoll_ready(struct posix_thread *self, const struct file *file)
{
	struct epoll_set *set = epoll_set_of(file);
	u32 holds = 0;
	posix_lock_take(&set->lock);
	for (u32 i = 0; i < set->size && !holds; i++) {
		const struct epoll_item *item = epoll_item_at(set, i);
		u32 wanted = item ? item->events & ~(u32)EPOLL_FLAGS : 0;
		if (wanted && item->file.description != file->description)
			holds = file_ready(self, &item->file, wanted) ? POLL_IN : 0;
	}
	posix_lock_give(&set->lock);
	return holds;
}

static u32 epoll_watch(const struct file *, u32, handle_t *out)
{
	*out = HANDLE_NONE;
	return 0;
}

static i64 epoll_stat(struct posix_thread *, const struct file *file, struct linux_stat *out)
{
	stream_stat(file, 0600, out);
	return 0;
}

const struct operations epoll_operations = {
	.stat = epoll_stat,
	.ready = epoll_ready,
	.watch = epoll_watch,
	.close = epoll_close,
};

static i64 epoll_make(struct posix_thread *self, u32 flags)
{
	struct description *description;
	struct epoll_set *set = heap_take(sizeof(struct epoll_set));
	if (!set)
		return -ENOMEM;
	err_t err = port_create(0, &set->port);
	i64 answer = posix_error(err);
	if (err == OK) {
		answer = description_create(FILE_EPOLL, O_RDWR, &description);
		if (answer < 0)
			(void)!handle_close(set->port);
	}
	if (answer < 0) {
		heap_give(set, sizeof(struct epoll_set));
		return answer;
	}
	description->inode = event_inode();
	AT(description->detail, 0) = (u64)(uintptr_t)set;
	epoll_set_enter(set);
	return descriptor_install(
		self, description, HANDLE_NONE, flags & O_CLOEXEC ? DESCRIPTOR_CLOEXEC : 0, 0);
}

i64 call_epoll_create(struct posix_thread *self, const struct arguments *arguments)
{
	return ARG_INT(0) > 0 ? epoll_make(self, 0) : -EINVAL;
}

i64 call_epoll_create1(struct posix_thread *self, const struct arguments *arguments)
{
	return ARG_U32(0) & ~(u32)O_CLOEXEC ? -EINVAL : epoll_make(self, ARG_U32(0));
}

static i64 control(struct epoll_set *set, i32 operation, const struct file *file,
	const struct linux_epoll_event *event)
{
	u32 index = 0;
	const struct epoll_item *item = epoll_find(set, file, &index);
	switch (operation) {
	case EPOLL_CTL_ADD: return item ? -EEXIST : epoll_add(set, file, event);
	case EPOLL_CTL_MOD:
		if (item && item->events & EPOLLEXCLUSIVE)
			return -EINVAL;
		if (item)
			epoll_change(set, index, event);
		return item ? 0 : -ENOENT;
	case EPOLL_CTL_DEL:
		if (item)
			epoll_remove(set, index);
		return item ? 0 : -ENOENT;
	}
	return -EINVAL;
}

static i64 control_locked(struct epoll_set *set, i32 operation, const struct file *file,
	const struct linux_epoll_event *event)
{
	posix_lock_take(&set->lock);
	i64 answer = control(set, operation, file, event);
	posix_lock_give(&set->lock);
	return answer;
}

// A set into a set: one at a time, so that two cannot close a ring.
static i64 add_set(
	struct epoll_set *set, const struct file *file, const struct linux_epoll_event *event)
{
	struct event_state *state = state_of_events();
	if (event->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	posix_lock_take(&state->lock);
	i64 answer = epoll_nest_check(&state->sets, set, epoll_set_of(file));
	if (answer == 0)
		answer = control_locked(set, EPOLL_CTL_ADD, file, event);
	posix_lock_give(&state->lock);
	return answer;
}

// Exclusive is how an item is added, never changed, and for few events: epoll_ctl(2).
static bool is_good_exclusive(i32 operation, u32 events)
{
	constexpr u32 ALLOWED =
		POLLIN | POLLOUT | POLL_UNASKED | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;
	return operation == EPOLL_CTL_ADD && !(events & ~ALLOWED);
}

static i64 control_files(const struct file *set_file, const struct file *file, i32 operation,
	struct linux_epoll_event *event)
{
	if (file->description->kind == FILE_PATH || set_file->description->kind == FILE_PATH)
		return -EBADF;
	if (file_is_constant(file))
		return -EPERM;
	if (set_file->description->kind != FILE_EPOLL || set_file->description == file->description)
		return -EINVAL;
	struct epoll_set *set = epoll_set_of(set_file);
	if (operation != EPOLL_CTL_DEL && event->events & EPOLLEXCLUSIVE &&
		!is_good_exclusive(operation, event->events))
		return -EINVAL;
	event->events |= POLL_UNASKED;
	if (operation == EPOLL_CTL_ADD && file->description->kind == FILE_EPOLL)
		return add_set(set, file, event);
	return control_locked(set, operation, file, event);
}

i64 call_epoll_ctl(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_epoll_event event = {};
	struct file set, file;
	if (ARG_INT(1) != EPOLL_CTL_DEL)
		TRY_POSIX(user_get(event, ARG(3)));
	TRY_POSIX(file_get(self, ARG_INT(0), &set));
	i64 answer = file_get(self, ARG_INT(2), &file);
	if (answer >= 0) {
		answer = control_files(&set, &file, ARG_INT(1), &event);
		file_put(self, &file);
	}
	file_put(self, &set);
	return answer;
}

// Waits at the port, or shorter if something must be looked at.
static err_t wait_set(
	struct posix_thread *self, struct epoll_set *set, u64 deadline, struct port_event *event)
{
	u64 signals = signal_watch_of_set(set), soon = posix_clock() + LOOK_NS;
	bool is_short = set->polled && deadline > soon;
	if (wait_is_interrupted(self))
		return ERR_INTERRUPTED;
	u64 mask = signal_watch_begin(self, signals);
	err_t err = wait_port(self, set->port, is_short ? soon : deadline, event);
	err = signal_watch_end(self, signals, mask, err);
	return err == ERR_TIMED_OUT && is_short ? ERR_WOULD_BLOCK : err;
}

i64 epoll_set_wait(
	struct posix_thread *self, struct epoll_set *set, u64 deadline, struct epoll_report *report)
{
	posix_lock_take(&set->lock);
	epoll_collect(self, set, nullptr, report);
	posix_lock_give(&set->lock);
	while (!report->count && deadline) {
		struct port_event event = {};
		err_t err = wait_set(self, set, deadline, &event);
		if (err == ERR_INTERRUPTED)
			return -ERESTARTNOHAND;
		if (err != OK && err != ERR_WOULD_BLOCK && err != ERR_TIMED_OUT)
			return posix_error(err);
		posix_lock_take(&set->lock);
		epoll_collect(self, set, err == OK ? &event : nullptr, report);
		posix_lock_give(&set->lock);
		if (err == ERR_TIMED_OUT)
			break;
	}
	return report->count;
}

static i64 epoll_wait_file(struct posix_thread *self, const struct file *file,
	const struct arguments *arguments, u64 deadline)
{
	if (file->description->kind != FILE_EPOLL)
		return -EINVAL;
	struct linux_epoll_event events[ROOM] UNINITIALIZED;
	u32 room = ARG_U32(2) < ROOM ? ARG_U32(2) : ROOM;
	struct epoll_report report = { .event = events, .room = room };
	i64 count = epoll_set_wait(self, epoll_set_of(file), deadline, &report);
	if (count > 0)
		TRY_POSIX(user_copy_out(ARG(1), events, (u64)count * sizeof(struct linux_epoll_event)));
	return count;
}

static i64 epoll_wait_until(
	struct posix_thread *self, const struct arguments *arguments, u64 deadline)
{
	struct file file;
	if (ARG_INT(2) <= 0)
		return -EINVAL;
	TRY_POSIX(user_check(ARG(1), ARG_U32(2) * sizeof(struct linux_epoll_event)));
	TRY_POSIX(file_get(self, ARG_INT(0), &file));
	i64 answer = epoll_wait_file(self, &file, arguments, deadline);
	file_put(self, &file);
	return answer;
}

static u64 deadline_of(struct posix_thread *self, i32 timeout_ms)
{
	if (timeout_ms <= 0)
		return timeout_ms < 0 ? DEADLINE_NEVER : 0;
	return wait_deadline(self, (u64)timeout_ms * 1'000'000);
}

i64 call_epoll_wait(struct posix_thread *self, const struct arguments *arguments)
{
	return epoll_wait_until(self, arguments, deadline_of(self, ARG_INT(3)));
}

static i64 wait_masked(struct posix_thread *self, const struct arguments *arguments, u64 deadline)
{
	TRY_POSIX(poll_mask_enter(self, ARG(4), ARG(5)));
	i64 answer = epoll_wait_until(self, arguments, deadline);
	return poll_mask_leave(self, answer);
}

i64 call_epoll_pwait(struct posix_thread *self, const struct arguments *arguments)
{
	return wait_masked(self, arguments, deadline_of(self, ARG_INT(3)));
}

i64 call_epoll_pwait2(struct posix_thread *self, const struct arguments *arguments)
{
	u64 deadline;
	TRY_POSIX(poll_deadline(self, ARG(3), &deadline));
	return wait_masked(self, arguments, deadline);
}
