// SPDX-License-Identifier: MIT
// epoll_set.c - the items of a set: each is tied to the set's port with its place as key, so that
// what is ready comes without looking at the rest.
#include "abi/rights.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/epoll.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

constexpr u32 FIRST_SIZE = 16;

static struct epoll_item *_Nullable *place_of(const struct epoll_set *set, u32 index)
{
	return view_element((void *)set->items, sizeof(struct epoll_item *), set->size, index);
}

struct epoll_item *_Nullable epoll_item_at(const struct epoll_set *set, u32 index)
{
	return index < set->size ? *place_of(set, index) : nullptr;
}

struct epoll_item *_Nullable epoll_find(
	const struct epoll_set *set, const struct file *file, u32 *index)
{
	for (u32 i = 0; i < set->size; i++) {
		struct epoll_item *item = epoll_item_at(set, i);
		bool is_it = item && item->file.number == file->number &&
		             item->file.description == file->description;
		if (!is_it)
			continue;
		*index = i;
		return item;
	}
	return nullptr;
}

static i64 grow(struct epoll_set *set)
{
	u32 size = set->size ? set->size * 2 : FIRST_SIZE;
	void *memory = heap_take(size * sizeof(struct epoll_item *));
	if (!memory)
		return -ENOMEM;
	if (set->items) {
		memory_move(memory, set->items, set->size * sizeof(struct epoll_item *));
		heap_give(set->items, set->size * sizeof(struct epoll_item *));
	}
	set->items = memory;
	set->size = size;
	return 0;
}

static i64 free_place(struct epoll_set *set, u32 *index)
{
	for (u32 i = 0; set->count < set->size && i < set->size; i++)
		if (!epoll_item_at(set, i)) {
			*index = i;
			return 0;
		}
	*index = set->size;
	return grow(set);
}

static u64 key_of(const struct epoll_item *item, u32 index)
{
	return (u64)item->serial << 32 | index;
}

static enum bind_mode mode_of(u32 events)
{
	if (events & EPOLLONESHOT)
		return BIND_MODE_ONCE;
	return events & EPOLLET ? BIND_MODE_EDGE : BIND_MODE_LEVEL;
}

static void untie(struct epoll_set *set, struct epoll_item *item)
{
	struct watches watches;
	file_watches(&item->file, item->events & ~(u32)EPOLL_FLAGS, &watches);
	for (u32 i = 0; i < WATCHES && !item->is_polled; i++)
		if (AT(watches.watch, i).handle.raw)
			(void)!port_bind(set->port, AT(watches.watch, i).handle, 0, 0, BIND_MODE_LEVEL);
	set->polled -= item->is_polled;
	item->is_polled = false;
}

// What cannot be tied is looked at each time: another item's object, signals, other sets.
static void tie(struct epoll_set *set, struct epoll_item *item, u32 index)
{
	struct watches watches;
	bool is_tied = false, is_whole = true;
	file_watches(&item->file, item->events & ~(u32)EPOLL_FLAGS, &watches);
	for (u32 i = 0; i < WATCHES; i++) {
		const struct watch *watch = &AT(watches.watch, i);
		if (!watch->handle.raw)
			continue;
		is_tied = true;
		is_whole &= port_bind(set->port, watch->handle, watch->bits, key_of(item, index),
						mode_of(item->events)) == OK;
	}
	item->is_polled = !is_tied || !is_whole;
	set->polled += item->is_polled;
}

static bool owns_handle(const struct epoll_set *set, const struct epoll_item *item)
{
	return !set->is_kept && item->file.handle.raw;
}

i64 epoll_add(struct epoll_set *set, const struct file *file, const struct linux_epoll_event *event)
{
	u32 index;
	TRY_POSIX(free_place(set, &index));
	struct epoll_item *item = heap_take(sizeof(struct epoll_item));
	if (!item)
		return -ENOMEM;
	*item = (struct epoll_item){
		.file = *file, .events = event->events, .data = event->data, .serial = ++set->serial
	};
	if (owns_handle(set, item) &&
		handle_duplicate(file->handle, RIGHTS_ALL, &item->file.handle) != OK) {
		heap_give(item, sizeof(struct epoll_item));
		return -ENOMEM;
	}
	*place_of(set, index) = item;
	set->count++;
	tie(set, item, index);
	return 0;
}

void epoll_change(struct epoll_set *set, u32 index, const struct linux_epoll_event *event)
{
	struct epoll_item *item = epoll_item_at(set, index);
	if (!item)
		return;
	untie(set, item);
	item->events = event->events;
	item->data = event->data;
	item->serial = ++set->serial;
	tie(set, item, index);
}

static void drop(struct epoll_set *set, u32 index, bool is_closed)
{
	struct epoll_item *item = epoll_item_at(set, index);
	if (!item)
		return;
	if (!is_closed || !set->is_inherited)
		untie(set, item);
	*place_of(set, index) = nullptr;
	set->count--;
	if (owns_handle(set, item))
		(void)handle_close(item->file.handle);
	heap_give(item, sizeof(struct epoll_item));
}

void epoll_remove(struct epoll_set *set, u32 index)
{
	drop(set, index, false);
}

void epoll_forget(struct epoll_set *set, u32 index)
{
	drop(set, index, true);
}

// Another event for an item that this collection has seen joins the first. False: nothing new.
static bool join(struct epoll_report *report, const struct epoll_item *item, u32 found)
{
	struct linux_epoll_event *event =
		view_element(report->event, sizeof(*event), report->room, item->slot);
	if (!(found & ~event->events))
		return false;
	event->events |= found;
	return true;
}

// False: the collection is complete, for it comes round again.
static bool report_item(
	struct epoll_set *set, struct epoll_item *item, u32 found, struct epoll_report *report)
{
	if (!found || !(item->events & ~(u32)EPOLL_FLAGS))
		return true;
	if (item->round == set->round)
		return join(report, item, found);
	item->round = set->round;
	item->slot = report->count++;
	struct linux_epoll_event *event =
		view_element(report->event, sizeof(*event), report->room, item->slot);
	*event = (struct linux_epoll_event){ found, item->data };
	if (item->events & EPOLLONESHOT)
		item->events &= EPOLL_FLAGS;
	return true;
}

static bool report_event(struct posix_thread *self, struct epoll_set *set,
	const struct port_event *event, struct epoll_report *report)
{
	struct epoll_item *item = epoll_item_at(set, (u32)event->key);
	if (!item || item->serial != event->key >> 32)
		return true;
	u32 wanted = item->events & ~(u32)EPOLL_FLAGS;
	u32 found = file_ready_by_bits(self, &item->file, wanted, event->bits);
	if (!found) // told, and gone again
		return set->misses++ < set->count;
	return report_item(set, item, found, report);
}

static void collect_polled(
	struct posix_thread *self, struct epoll_set *set, struct epoll_report *report)
{
	for (u32 i = 0; i < set->size && report->count < report->room; i++) {
		struct epoll_item *item = epoll_item_at(set, i);
		if (item && item->is_polled)
			report_item(
				set, item, file_ready(self, &item->file, item->events & ~(u32)EPOLL_FLAGS), report);
	}
}

void epoll_collect(struct posix_thread *self, struct epoll_set *set,
	const struct port_event *_Nullable first, struct epoll_report *report)
{
	struct port_event event;
	set->round++;
	set->misses = 0;
	bool is_more = !first || (report_event(self, set, first, report) && first->has_more);
	while (is_more && report->count < report->room) {
		if (report->count == set->count - set->polled)
			break;
		if (wait_port(self, set->port, 0, &event) != OK)
			break;
		is_more = report_event(self, set, &event, report) && event.has_more;
	}
	if (set->polled)
		collect_polled(self, set, report);
}
