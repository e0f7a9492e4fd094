// SPDX-License-Identifier: MIT
// lock.c - see lock.h. One list for all; a range is cut and joined there.
#include "servers/ramfs/lock.h"

#include "os/syscalls.h"
#include "servers/ramfs/operations.h"
#include "servers/ramfs/request.h"

constexpr u32 WAITERS_MAX = 256;

struct place {
	u32 locker, inode, generation;
	u16 family, kind;
	u64 start, end;
};

static struct tree_lock_call waiters[WAITERS_MAX]; // the first waiter_count, oldest first
static u32 waiter_count;
static bool is_given_back; // since the waiters were looked at

static struct lock *lock_at(u32 index)
{
	return &AT(store->locks, index);
}

bool locks_hold(void)
{
	if (store->lock_count > LOCKS_MAX)
		return false;
	for (u32 i = 0; i < store->lock_count; i++)
		if (lock_at(i)->locker >= LOCKERS_MAX || lock_at(i)->start >= lock_at(i)->end)
			return false;
	return true;
}

static bool overlaps(const struct lock *lock, const struct place *place)
{
	return lock->inode == place->inode && lock->generation == place->generation &&
	       lock->family == place->family && lock->start < place->end && place->start < lock->end;
}

// The one that begins first: F_GETLK tells of it.
static const struct lock *_Nullable find_obstacle(const struct place *place)
{
	const struct lock *first = nullptr;
	for (u32 i = 0; i < store->lock_count && place->kind; i++) {
		const struct lock *lock = lock_at(i);
		bool is_exclusive =
			lock->kind == TREE_LOCK_KIND_EXCLUSIVE || place->kind == TREE_LOCK_KIND_EXCLUSIVE;
		bool is_obstacle = lock->locker != place->locker && is_exclusive && overlaps(lock, place);
		if (is_obstacle && (!first || lock->start < first->start))
			first = lock;
	}
	return first;
}

static err_t add(struct lock lock)
{
	if (store->lock_count >= LOCKS_MAX)
		return ERR_QUOTA;
	SET(*lock_at(store->lock_count), lock);
	SET(store->lock_count, store->lock_count + 1);
	return OK;
}

static void drop(u32 index)
{
	SET(*lock_at(index), *lock_at(store->lock_count - 1));
	SET(store->lock_count, store->lock_count - 1);
	is_given_back = true;
}

// Takes the place out of the locker's own locks.
static err_t cut(const struct place *place)
{
	for (u32 i = 0; i < store->lock_count;) {
		struct lock lock = *lock_at(i);
		if (lock.locker != place->locker || !overlaps(&lock, place)) {
			i++;
			continue;
		}
		drop(i);
		struct lock before = lock, behind = lock;
		before.end = place->start;
		behind.start = place->end;
		if (before.start < before.end)
			TRY(add(before));
		if (behind.start < behind.end)
			TRY(add(behind));
	}
	return OK;
}

static err_t place_of(struct place *out, const struct tree_lock_call *call)
{
	struct tree_inode *inode;
	bool is_locker = call->caller.badge >> 32 == BADGE_LOCKER;
	u32 locker = is_locker ? (u32)call->caller.badge : LOCKERS_MAX;
	*out = (struct place){ locker, call->inode, call->generation, (u16)call->family,
		(u16)call->kind, call->start, call->end ? call->end : UINT64_MAX };
	if (out->start >= out->end)
		return ERR_INVALID;
	return inode_find(call->inode, call->generation, &inode);
}

// ERR_WOULD_BLOCK: somebody is in the way.
static err_t try_lock(const struct tree_lock_call *call)
{
	struct place place;
	TRY(place_of(&place, call));
	if (place.locker >= LOCKERS_MAX || !AT(store->lockers, place.locker).is_used)
		return ERR_INVALID;
	if (find_obstacle(&place))
		return ERR_WOULD_BLOCK;
	TRY(cut(&place));
	if (!place.kind)
		return OK;
	return add((struct lock){ place.locker, place.inode, place.generation, place.family, place.kind,
		place.start, place.end });
}

static void finish(struct tree_lock_call call, err_t err)
{
	if (err == OK)
		ledger_commit();
	else
		ledger_undo();
	tree_lock_done(call, err);
}

static const struct tree_lock_call *_Nullable waiter_of(u32 locker)
{
	for (u32 i = 0; i < waiter_count; i++)
		if ((u32)AT(waiters, i).caller.badge == locker)
			return &AT(waiters, i);
	return nullptr;
}

// Whether who is in the way waits, by others or not, for a lock of this one: fcntl(2), EDEADLK.
// Locks of open files (owner: none) are nobody's, so nothing is known of them.
static bool closes_ring(const struct tree_lock_call *call)
{
	const struct tree_lock_call *next = call;
	u32 self = (u32)call->caller.badge;
	for (u32 i = 0; next && i < LOCKERS_MAX; i++) {
		struct place place;
		const struct lock *lock = place_of(&place, next) == OK ? find_obstacle(&place) : nullptr;
		if (!lock || AT(store->lockers, lock->locker).owner == UINT32_MAX)
			return false;
		if (i && lock->locker == self)
			return true;
		next = waiter_of(lock->locker);
	}
	return false;
}

static err_t wait_for_lock(const struct tree_lock_call *call)
{
	bool is_process = AT(store->lockers, (u32)call->caller.badge).owner != UINT32_MAX;
	if (is_process && closes_ring(call))
		return ERR_BUSY;
	if (waiter_count == WAITERS_MAX)
		return ERR_QUOTA;
	AT(waiters, waiter_count++) = *call;
	return OK;
}

void operation_lock(void *_Nullable self, struct tree_lock_call call)
{
	(void)self;
	err_t err = try_lock(&call);
	if (err == ERR_WOULD_BLOCK && call.is_waiting) {
		err = wait_for_lock(&call);
		if (err == OK)
			return;
	}
	finish(call, err);
}

static struct tree_lock_call waiter_take(u32 index)
{
	struct tree_lock_call call = AT(waiters, index);
	waiter_count--;
	for (; index < waiter_count; index++)
		AT(waiters, index) = AT(waiters, index + 1);
	return call;
}

void lock_serve_waiters(void)
{
	while (is_given_back) {
		is_given_back = false;
		for (u32 i = 0; i < waiter_count;) {
			err_t err = try_lock(&AT(waiters, i));
			if (err == ERR_WOULD_BLOCK)
				i++;
			else
				finish(waiter_take(i), err);
		}
	}
}

void lock_cancel(handle_t call, bool is_abandoned)
{
	for (u32 i = 0; i < waiter_count; i++) {
		if (AT(waiters, i).later.reply.raw != call.raw)
			continue;
		struct tree_lock_call waiter = waiter_take(i);
		if (is_abandoned)
			(void)handle_close(waiter.later.reply);
		else
			tree_lock_done(waiter, ERR_CANCELLED);
		return;
	}
}

err_t operation_locker(void *_Nullable self, struct caller caller, u32 owner, handle_t *out)
{
	(void)self;
	(void)caller;
	u32 index = 0;
	while (index < LOCKERS_MAX && AT(store->lockers, index).is_used)
		index++;
	if (index == LOCKERS_MAX)
		return ERR_QUOTA;
	TRY(connection_create(port, (u64)BADGE_LOCKER << 32 | index, out));
	SET(AT(store->lockers, index), ((struct locker){ 1, owner }));
	SET(store->handed, *out);
	return OK;
}

void locker_end(u32 index)
{
	if (index >= LOCKERS_MAX)
		return;
	for (u32 i = 0; i < store->lock_count;)
		if (lock_at(i)->locker == index)
			drop(i);
		else
			i++;
	SET(AT(store->lockers, index).is_used, 0);
}

err_t operation_lock_test(void *_Nullable self, struct caller caller, u32 inode, u32 generation,
	enum tree_lock_family family, enum tree_lock_kind kind, u64 start, u64 end,
	enum tree_lock_kind *out_kind, u32 *out_owner, u64 *out_start, u64 *out_end)
{
	(void)self;
	struct tree_lock_call call = { {}, caller, inode, generation, family, kind, start, end, 0 };
	struct place place;
	TRY(place_of(&place, &call));
	const struct lock *lock = find_obstacle(&place);
	*out_kind = TREE_LOCK_KIND_NONE;
	if (!lock)
		return OK;
	*out_kind = (enum tree_lock_kind)lock->kind;
	*out_owner = AT(store->lockers, lock->locker).owner;
	*out_start = lock->start;
	*out_end = lock->end == UINT64_MAX ? 0 : lock->end;
	return OK;
}
