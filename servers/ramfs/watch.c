// SPDX-License-Identifier: MIT
// watch.c - see watch.h. Watchers and watches stand in the ledger; a watcher's records in memory of
// its own, where only what lies between taken and put counts: writing them needs no notes.
#include "servers/ramfs/watch.h"

#include "abi/memory.h"
#include "abi/signals.h"
#include "os/syscalls.h"
#include "servers/ramfs/operations.h"
#include "servers/ramfs/request.h"

// Linux's struct inotify_event; size bytes of name follow, zeros at the end.
struct record {
	i32 watch;
	u32 mask, cookie, size;
};

constexpr u32 RECORDS_MAX = 16384;
constexpr u32 RING_SIZE = RECORDS_MAX * sizeof(struct record); // names take from the records
constexpr u32 NO_RECORD = UINT32_MAX;
constexpr u32 RECORD_MAX = sizeof(struct record) + TREE_NAME_MAX + 1;

static bool is_open(const struct watcher *watcher)
{
	return watcher->connection.raw;
}

static struct watcher *_Nullable watcher_of(u64 badge)
{
	u32 index = (u32)badge;
	bool is_one = badge >> 32 == BADGE_WATCHER && index < WATCHERS_MAX;
	return is_one && is_open(&AT(store->watchers, index)) ? &AT(store->watchers, index) : nullptr;
}

// What is written to the ring or read from it, in one or two pieces.
static err_t ring_write(const struct watcher *watcher, u32 at, view_t bytes)
{
	u64 done;
	u32 offset = at % RING_SIZE, room = RING_SIZE - offset;
	TRY(memory_write(watcher->ring, offset, view_clamp(bytes, 0, room), &done));
	if (bytes.size <= room)
		return OK;
	return memory_write(watcher->ring, 0, view_from_offset(bytes, room), &done);
}

static err_t ring_read(const struct watcher *watcher, u32 at, span_t bytes)
{
	u64 done;
	u32 offset = at % RING_SIZE, room = RING_SIZE - offset;
	TRY(memory_read(watcher->ring, offset, span_clamp(bytes, 0, room), &done));
	if (bytes.size <= room)
		return OK;
	return memory_read(watcher->ring, 0, span_from_offset(bytes, room), &done);
}

static void ring_tell(const struct watcher *watcher)
{
	bool has_some = watcher->put != watcher->taken;
	(void)object_signal(watcher->connection, has_some ? 0 : TREE_EVENT_READABLE,
		has_some ? TREE_EVENT_READABLE : 0);
}

// The same as the last one that nobody took yet? Linux tells it once.
static bool is_repeated(const struct watcher *watcher, view_t bytes)
{
	u8 room[RECORD_MAX];
	u32 size = watcher->put - watcher->last;
	if (watcher->last == NO_RECORD || (i32)(watcher->last - watcher->taken) < 0 ||
		size != bytes.size)
		return false;
	span_t last = span_clamp(span_of(room), 0, size);
	return ring_read(watcher, watcher->last, last) == OK && view_equal(span_view(last), bytes);
}

static void put(struct watcher *watcher, view_t bytes)
{
	if (ring_write(watcher, watcher->put, bytes) != OK)
		return;
	SET(watcher->last, watcher->put);
	SET(watcher->put, watcher->put + (u32)bytes.size);
	SET(watcher->count, watcher->count + 1);
	ring_tell(watcher);
}

static void record_put(struct watcher *watcher, const struct record *record, view_t name)
{
	struct {
		struct record head;
		u8 name[TREE_NAME_MAX + 1];
	} all = { .head = *record };
	usize size = name.size ? (name.size + sizeof all.head) & ~(sizeof all.head - 1) : 0;
	(void)span_copy(span_of(all.name), name);
	all.head.size = (u32)size;
	view_t bytes = view_clamp(view_of(all), 0, sizeof all.head + size);
	if (is_repeated(watcher, bytes))
		return;
	u32 used = watcher->put - watcher->taken, left = RING_SIZE - used;
	bool has_room = watcher->count < RECORDS_MAX - 1 && left >= bytes.size + sizeof all.head;
	if (has_room) {
		put(watcher, bytes);
		return;
	}
	const struct record overflow = { .watch = -1, .mask = IN_Q_OVERFLOW };
	if (left >= sizeof overflow && !is_repeated(watcher, view_of(overflow)))
		put(watcher, view_of(overflow));
}

// What all watches of an inode want together; how many there are.
static void publish(u32 inode, i32 change)
{
	u32 wanted = 0;
	struct tree_head *head = (struct tree_head *)(uintptr_t)writer.tree.head;
	for (u32 i = 0; i < store->watch_top; i++) {
		const struct watch *watch = &AT(store->watches, i);
		wanted |= watch->number && watch->inode == inode ? watch->mask & IN_ALL_EVENTS : 0;
	}
	if (inode != TREE_NONE)
		SET_INODE(inode_at(inode), watched, wanted);
	TREE_SET(&writer, head->watches, head->watches + (u32)change);
}

// It says that it is gone, last of all.
static void watch_end(struct watch *watch)
{
	const struct record record = { .watch = (i32)watch->number, .mask = IN_IGNORED };
	u32 inode = watch->inode;
	struct watcher *watcher = &AT(store->watchers, watch->watcher);
	SET(watch->number, 0);
	publish(inode, -1);
	record_put(watcher, &record, (view_t){});
}

static void tell(u32 inode, const struct record *what, view_t name)
{
	for (u32 i = 0; i < store->watch_top; i++) {
		struct watch *watch = &AT(store->watches, i);
		if (!watch->number || watch->inode != inode || !(watch->mask & what->mask & IN_ALL_EVENTS))
			continue;
		struct record record = *what;
		record.watch = (i32)watch->number;
		record_put(&AT(store->watchers, watch->watcher), &record, name);
		if (watch->mask & IN_ONESHOT)
			watch_end(watch);
	}
}

static u32 with_type(u32 inode, u32 mask)
{
	return mask | (is_directory(inode_at(inode)) ? IN_ISDIR : 0);
}

void watch_self_told(u32 inode, u32 mask)
{
	u32 type = mask & (IN_DELETE_SELF | IN_MOVE_SELF) ? 0 : with_type(inode, 0);
	tell(inode, &(struct record){ .mask = mask | type }, (view_t){});
}

void watch_named(u32 directory, view_t name, u32 inode, u32 mask, u32 cookie)
{
	if (is_watched(directory, mask))
		tell(directory, &(struct record){ .mask = with_type(inode, mask), .cookie = cookie }, name);
}

void watch_both(u32 inode, u32 number, u32 mask)
{
	const struct tree_entry *entry = tree_entry(&writer.tree, number);
	if (entry->directory && entry->inode == inode)
		watch_named(entry->directory, tree_name_of(&writer.tree, entry), inode, mask, 0);
	watch_self(inode, mask);
}

void watch_ended(u32 inode)
{
	tell(inode, &(struct record){ .mask = IN_DELETE_SELF }, (view_t){});
	for (u32 i = 0; i < store->watch_top; i++)
		if (AT(store->watches, i).number && AT(store->watches, i).inode == inode)
			watch_end(&AT(store->watches, i));
}

void watcher_alone(u32 index)
{
	u32 bits;
	struct watcher *watcher = watcher_of((u64)BADGE_WATCHER << 32 | index);
	if (!watcher || object_wait(watcher->connection, SIGNAL_ALONE, 0, &bits) != OK)
		return;
	for (u32 i = 0; i < store->watch_top; i++) {
		struct watch *watch = &AT(store->watches, i);
		u32 inode = watch->inode;
		if (!watch->number || watch->watcher != index)
			continue;
		SET(watch->number, 0);
		publish(inode, -1);
	}
	close_later(watcher->connection, false);
	close_later(watcher->ring, false);
	SET(watcher->connection, HANDLE_NONE);
}

static err_t take_identity(struct caller caller, struct watcher *watcher)
{
	struct tree_credentials who;
	TRY(who_is(caller.badge, &who));
	watcher->is_master = caller.badge >> 32 == BADGE_MASTER;
	if (!watcher->is_master)
		watcher->who = AT(store->speakers, (u32)caller.badge % IDENTITIES_MAX).identity;
	return OK;
}

static err_t make_connection(struct watcher *watcher, u64 badge)
{
	TRY(connection_create(port, badge, &watcher->connection));
	err_t err = port_bind(port, watcher->connection, SIGNAL_ALONE, badge, BIND_MODE_EDGE);
	if (err == OK)
		err = memory_create(MEMORY_KIND_ANONYMOUS, RING_SIZE, HANDLE_NONE, 0, 0, &watcher->ring);
	if (err != OK)
		(void)handle_close(watcher->connection);
	return err;
}

err_t operation_watcher(void *_Nullable self, struct caller caller, handle_t *out_watcher)
{
	struct watcher watcher = { .next = 1, .last = NO_RECORD };
	u32 index = 0;
	(void)self;
	while (index < WATCHERS_MAX && is_open(&AT(store->watchers, index)))
		index++;
	if (index == WATCHERS_MAX)
		return ERR_QUOTA;
	TRY(take_identity(caller, &watcher));
	TRY(make_connection(&watcher, (u64)BADGE_WATCHER << 32 | index));
	SET(AT(store->watchers, index), watcher);
	(void)object_signal(watcher.connection, SIGNAL_ALONE, 0);
	*out_watcher = watcher.connection;
	return OK;
}

static bool may_watch(const struct watcher *watcher, const struct tree_inode *inode)
{
	const struct tree_identity *identity = &watcher->who;
	const struct tree_credentials who = { identity->user, identity->group, identity->capabilities,
		identity->groups, identity->group_count };
	return watcher->is_master || tree_may(inode, &who, ACCESS_READ);
}

static struct watch *_Nullable watch_find(u32 watcher, u32 inode)
{
	for (u32 i = 0; i < store->watch_top; i++) {
		struct watch *watch = &AT(store->watches, i);
		if (watch->number && watch->watcher == watcher && watch->inode == inode)
			return watch;
	}
	return nullptr;
}

static err_t watch_place(struct watch *_Nullable *_Nonnull out)
{
	u32 index = 0;
	while (index < store->watch_top && AT(store->watches, index).number)
		index++;
	if (index == WATCHES_MAX)
		return ERR_QUOTA;
	if (index == store->watch_top)
		SET(store->watch_top, index + 1);
	*out = &AT(store->watches, index);
	return OK;
}

err_t operation_watch_add(void *_Nullable self, struct caller caller, u32 number, u32 generation,
	u32 mask, u32 *out_watch)
{
	struct watcher *watcher = watcher_of(caller.badge);
	struct tree_inode *inode;
	(void)self;
	if (!watcher)
		return ERR_RIGHTS;
	if (number)
		TRY(inode_find(number, generation, &inode));
	if (number && !may_watch(watcher, inode))
		return ERR_RIGHTS;
	struct watch *watch = number ? watch_find((u32)caller.badge, number) : nullptr;
	if (watch && mask & IN_MASK_CREATE)
		return ERR_EXISTS;
	u32 kept = watch && mask & IN_MASK_ADD ? watch->mask : 0;
	i32 more = watch ? 0 : 1;
	if (!watch) {
		TRY(watch_place(&watch));
		struct watch fresh = { watcher->next, (u32)caller.badge, number, generation, 0, 0 };
		SET(*watch, fresh);
		SET(watcher->next, watcher->next + 1);
	}
	SET(watch->mask, kept | (mask & (IN_ALL_EVENTS | IN_ONESHOT)));
	publish(number, more);
	*out_watch = watch->number;
	return OK;
}

err_t operation_watch_remove(void *_Nullable self, struct caller caller, u32 number)
{
	(void)self;
	if (!watcher_of(caller.badge) || !number)
		return ERR_NOT_FOUND;
	for (u32 i = 0; i < store->watch_top; i++) {
		struct watch *watch = &AT(store->watches, i);
		if (watch->number != number || watch->watcher != (u32)caller.badge)
			continue;
		watch_end(watch);
		return OK;
	}
	return ERR_NOT_FOUND;
}

err_t operation_watch_take(
	void *_Nullable self, struct caller caller, lease_t records, u32 *out_bytes)
{
	struct watcher *watcher = watcher_of(caller.badge);
	u8 room[RECORD_MAX];
	u32 done = 0, count = 0;
	(void)self;
	if (!watcher)
		return ERR_RIGHTS;
	while (watcher->taken + done != watcher->put) {
		struct record record;
		TRY(ring_read(watcher, watcher->taken + done, span_of(record)));
		u32 size = sizeof record + record.size;
		if (size > sizeof room || size > records.size - done)
			break;
		span_t bytes = span_clamp(span_of(room), 0, size);
		TRY(ring_read(watcher, watcher->taken + done, bytes));
		TRY(lease_put(records, done, span_view(bytes)));
		done += size;
		count++;
	}
	if (!done)
		return watcher->taken == watcher->put ? ERR_WOULD_BLOCK : ERR_TOO_BIG;
	SET(watcher->taken, watcher->taken + done);
	SET(watcher->count, watcher->count - count);
	ring_tell(watcher);
	*out_bytes = done;
	return OK;
}

err_t operation_watch_size(void *_Nullable self, struct caller caller, u32 *out_bytes)
{
	const struct watcher *watcher = watcher_of(caller.badge);
	(void)self;
	if (!watcher)
		return ERR_RIGHTS;
	*out_bytes = watcher->put - watcher->taken;
	return OK;
}

err_t operation_tell(
	void *_Nullable self, struct caller caller, u32 number, u32 generation, u32 entry, u32 mask)
{
	struct tree_inode *inode;
	struct tree_credentials who;
	constexpr u32 TOLD =
		IN_ACCESS | IN_MODIFY | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE | IN_OPEN | IN_ATTRIB;
	(void)self;
	TRY(who_is(caller.badge, &who));
	TRY(inode_find(number, generation, &inode));
	watch_both(number, entry, mask & TOLD);
	return OK;
}
