// SPDX-License-Identifier: MIT
// poll_kept.c - see poll_kept.h. The second time that a list comes, its files are tied to a port,
// as an epoll set's are; from then on a call costs what is ready, not what is waited for. One list
// is kept, while nobody opens or closes anything. Only one thread has it at a time; others look at
// each file. A forked child lets go of its parent's port at once, since a tie is undone for both.
#include "lib/posix/event/poll_kept.h"

#include "lib/base/atomic.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/epoll.h"
#include "lib/posix/process/fork.h"
#include "os/syscalls.h"

constexpr u32 KEPT_MIN = 16, KEPT_MAX = 1024;

struct poll_kept {
	u32 size;                 // of the list, and of the two arrays
	u32 changes;              // of the descriptors when it came
	bool is_tied, is_refused; // neither: it was seen once
	struct epoll_set set;     // of what is tied; port HANDLE_NONE: nothing is
	u32 tied;                 // items there must be
	struct linux_pollfd *list, *next;
	struct linux_epoll_event *events;
};

static struct linux_pollfd *entry_at(struct linux_pollfd *list, u32 size, u32 i)
{
	return view_element(list, sizeof(struct linux_pollfd), size, i);
}

static void untie(struct poll_kept *kept)
{
	if (kept->set.port.raw) {
		epoll_set_leave(&kept->set);
		(void)handle_close(kept->set.port);
	}
	kept->set = (struct epoll_set){};
	kept->is_tied = kept->is_refused = false;
	kept->tied = 0;
}

static void arrays_free(struct poll_kept *kept)
{
	if (!kept->size)
		return;
	heap_give(kept->list, kept->size * sizeof(struct linux_pollfd));
	heap_give(kept->next, kept->size * sizeof(struct linux_pollfd));
	heap_give(kept->events, kept->size * sizeof(struct linux_epoll_event));
	kept->size = 0;
}

static void destroy(struct poll_kept *kept)
{
	untie(kept);
	arrays_free(kept);
	heap_give(kept, sizeof *kept);
}

static bool resize(struct poll_kept *kept, u32 size)
{
	arrays_free(kept);
	void *list = heap_take(size * sizeof(struct linux_pollfd));
	void *next = heap_take(size * sizeof(struct linux_pollfd));
	void *events = heap_take(size * sizeof(struct linux_epoll_event));
	if (list && next && events) {
		kept->list = list;
		kept->next = next;
		kept->events = events;
		kept->size = size;
		return true;
	}
	heap_give(list, size * sizeof(struct linux_pollfd));
	heap_give(next, size * sizeof(struct linux_pollfd));
	heap_give(events, size * sizeof(struct linux_epoll_event));
	return false;
}

static struct poll_kept *_Nullable kept_take(void)
{
	struct poll_kept *kept =
		atomic_exchange_acq_rel(&posix_self()->events.kept, (struct poll_kept *)nullptr);
	return kept ? kept : heap_take(sizeof *kept);
}

static void kept_give(struct poll_kept *kept)
{
	struct poll_kept *none = nullptr;
	if (!atomic_swap_if_acq_rel(&posix_self()->events.kept, &none, kept))
		destroy(kept);
}

static bool is_same_list(struct poll_kept *kept)
{
	for (u32 i = 0; i < kept->size; i++) {
		const struct linux_pollfd *now = entry_at(kept->next, kept->size, i);
		const struct linux_pollfd *before = entry_at(kept->list, kept->size, i);
		if (now->number != before->number || now->events != before->events)
			return false;
	}
	return true;
}

static bool tie_one(struct posix_thread *self, struct poll_kept *kept, u32 i)
{
	const struct linux_pollfd *fd = entry_at(kept->list, kept->size, i);
	struct file file;
	if (fd->number < 0)
		return true;
	if (file_get(self, fd->number, &file) < 0)
		return false;
	struct linux_epoll_event event = { fd->events | POLL_UNASKED, i };
	bool is_tied =
		file.description->kind != FILE_EPOLL && epoll_add(&kept->set, &file, &event) == 0;
	file_put(self, &file);
	kept->tied += is_tied;
	return is_tied && !kept->set.polled;
}

static bool tie(struct posix_thread *self, struct poll_kept *kept)
{
	if (port_create(0, &kept->set.port) != OK)
		return false;
	kept->set.is_kept = true;
	epoll_set_enter(&kept->set);
	bool is_tied = true;
	posix_lock_take(&kept->set.lock);
	for (u32 i = 0; i < kept->size && is_tied; i++)
		is_tied = tie_one(self, kept, i);
	posix_lock_give(&kept->set.lock);
	return is_tied;
}

// The list is the one from before and tied now.
static bool prepare(struct posix_thread *self, struct poll_kept *kept, u64 address, u32 count)
{
	u32 changes = atomic_load_relaxed(&posix_self()->files.changes);
	if (kept->size != count) {
		untie(kept);
		if (!resize(kept, count))
			return false;
	}
	if (user_copy_in(kept->next, address, count * sizeof(struct linux_pollfd)) != 0)
		return false;
	if (kept->changes != changes || !is_same_list(kept)) {
		untie(kept);
		memory_copy(kept->list, kept->next, count * sizeof(struct linux_pollfd));
		kept->changes = changes;
		return false;
	}
	if (!kept->is_tied && !kept->is_refused) {
		kept->is_tied = tie(self, kept);
		if (!kept->is_tied)
			untie(kept);
		kept->is_refused = !kept->is_tied;
	}
	return kept->is_tied && kept->set.count == kept->tied;
}

static i64 report(struct poll_kept *kept, u64 address, u32 count)
{
	for (u32 i = 0; i < kept->size; i++)
		entry_at(kept->list, kept->size, i)->revents = 0;
	for (u32 i = 0; i < count; i++) {
		const struct linux_epoll_event *event =
			view_element(kept->events, sizeof(struct linux_epoll_event), kept->size, i);
		entry_at(kept->list, kept->size, (u32)event->data)->revents = (u16)event->events;
	}
	for (u32 i = 0; i < kept->size; i++) {
		const struct linux_pollfd *found = entry_at(kept->list, kept->size, i);
		u64 place = address + i * sizeof(struct linux_pollfd);
		if (found->revents != entry_at(kept->next, kept->size, i)->revents)
			TRY_POSIX(user_put(place + offsetof(struct linux_pollfd, revents), found->revents));
	}
	return count;
}

bool poll_kept(struct posix_thread *self, u64 address, u32 count, u64 deadline, i64 *answer)
{
	struct poll_kept *kept = count < KEPT_MIN || count > KEPT_MAX ? nullptr : kept_take();
	if (!kept)
		return false;
	bool is_ready = prepare(self, kept, address, count);
	if (is_ready) {
		struct epoll_report found = { .event = kept->events, .room = kept->size };
		*answer = epoll_set_wait(self, &kept->set, deadline, &found);
		if (*answer >= 0)
			*answer = report(kept, address, (u32)*answer);
	}
	kept_give(kept);
	return is_ready;
}

void fork_child_event(struct posix_thread *)
{
	struct event_state *state = &posix_self()->events;
	posix_lock_init(&state->lock);
	state->kept = nullptr; // also those in the hands of the parent's other threads
	if (!list_node_is_linked(&state->sets.head))
		return;
	LIST_EACH(node, &state->sets) {
		struct epoll_set *set = container_of(node, struct epoll_set, node);
		set->is_inherited = true;
		if (!set->is_kept)
			continue;
		list_remove(node);
		state->set_count--;
		(void)handle_close(set->port);
		for (u32 i = 0; i < set->size; i++)
			if (epoll_item_at(set, i))
				heap_give(epoll_item_at(set, i), sizeof(struct epoll_item));
		heap_give(set->items, set->size * sizeof(struct epoll_item *));
		struct poll_kept *kept = container_of(set, struct poll_kept, set);
		arrays_free(kept);
		heap_give(kept, sizeof *kept);
	}
}
