// SPDX-License-Identifier: MIT
// futex.c - queues of waiters by (memory object, offset). All words of one memory object share one
// lock, so that moving waiters between two of them is one step; hashed queues below it keep
// searches short. Inheritance: a waiter stands in its owner's list of donors, under donors_lock;
// the owner's priority is the highest of them, and passed on along chains of owners.
#include "kernel/sched/futex.h"

#include "kernel/arch/arch.h"
#include "kernel/memory/space.h"
#include "kernel/memory/user.h"
#include "kernel/object/process.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/base/view.h"

constexpr u32 GROUPS = 64;         // locks
constexpr u32 QUEUES = 16;         // queues of each
constexpr u32 OWNER_CHAIN_MAX = 8; // owners that wait for owners
constexpr u32 WAKE_MAX = 64;       // woken between two gaps in the lock

struct futex_group {
	ALIGNED(64) struct spinlock lock; // RANK_FUTEX
	struct list queues[QUEUES];       // struct thread.wait.node, by priority, then by arrival
};
static struct futex_group groups[GROUPS]; // each under its lock
static struct spinlock donors_lock;       // RANK_FUTEX_SECOND: wait.owner, donors

// What a word of memory is; memory is a reference.
struct futex_key {
	struct memory *memory;
	u64 offset;
};

void futexes_init(void)
{
	lock_init(&donors_lock, RANK_FUTEX_SECOND);
	for (u32 i = 0; i < GROUPS; i++) {
		struct futex_group *group = &AT(groups, i);
		lock_init(&group->lock, RANK_FUTEX);
		for (u32 queue = 0; queue < QUEUES; queue++)
			list_init(&AT(group->queues, queue));
	}
}

static u64 mix(u64 value)
{
	return (value * 0x9e37'79b9'7f4a'7c15ull) >> 32;
}

static struct futex_group *group_of(const struct futex_key *key)
{
	return &AT(groups, mix(key->memory->object.id) % GROUPS);
}

static struct list *queue_of(struct futex_group *group, const struct futex_key *key)
{
	return &AT(group->queues, mix(key->memory->object.id + (key->offset >> 2)) % QUEUES);
}

static err_t resolve(u64 address, struct futex_key *key)
{
	if (address % sizeof(u32))
		return ERR_ALIGNMENT;
	return space_resolve(cpu_self()->current->process->space, address, &key->memory, &key->offset);
}

static struct thread *thread_of_node(struct list_node *node)
{
	return container_of(node, struct thread, wait.node);
}

// Behind those of its priority and above.
static void enqueue(struct list *queue, struct thread *thread)
{
	u8 priority = thread_priority(thread);
	struct list_node *place = list_last(queue);
	while (place && thread_priority(thread_of_node(place)) < priority)
		place = place->prev == &queue->head ? nullptr : place->prev;
	if (place)
		list_insert_after(place, &thread->wait.node);
	else
		list_push_front(queue, &thread->wait.node);
}

static u8 highest_donor(struct thread *owner)
{
	u8 highest = 0;
	LIST_EACH(node, &owner->donors)
		highest = (u8)max_u64(
			highest, thread_priority(container_of(node, struct thread, wait.donor_node)));
	return highest;
}

// Threads whose priority changed under donors_lock; their CPUs are told after it.
struct reniced {
	u32 count;
	struct thread *_Nullable threads[OWNER_CHAIN_MAX]; // references
};

// donors_lock held. The owner of the owner and so on inherit too.
static void inherit(struct thread *_Nullable owner, struct reniced *reniced)
{
	for (; owner && reniced->count < OWNER_CHAIN_MAX; owner = owner->wait.owner) {
		u8 priority = highest_donor(owner);
		if (priority == atomic_load_relaxed(&owner->priority_inherited))
			return;
		atomic_store_relaxed(&owner->priority_inherited, priority);
		object_get(&owner->object);
		AT(reniced->threads, reniced->count++) = owner;
	}
}

static void tell_reniced(struct reniced *reniced)
{
	for (u32 i = 0; i < reniced->count; i++) {
		struct thread *thread = AT(reniced->threads, i);
		request_send(thread, REQUEST_RENICE);
		object_put(&thread->object);
	}
}

static void donate(struct thread *waiter, struct thread *owner)
{
	struct reniced reniced = {};
	if (owner == waiter || !thread_priority(waiter))
		return;
	object_get(&owner->object);
	lock_take(&donors_lock);
	if (!owner->donors.head.next)
		list_init(&owner->donors);
	atomic_store_relaxed(&waiter->wait.owner, owner);
	list_push_back(&owner->donors, &waiter->wait.donor_node);
	inherit(owner, &reniced);
	lock_give(&donors_lock);
	tell_reniced(&reniced);
}

void futex_disown(struct thread *waiter)
{
	struct reniced reniced = {};
	if (!atomic_load_relaxed(&waiter->wait.owner))
		return;
	lock_take(&donors_lock);
	struct thread *owner = waiter->wait.owner;
	if (owner) {
		atomic_store_relaxed(&waiter->wait.owner, (struct thread *)nullptr);
		list_remove(&waiter->wait.donor_node);
		inherit(owner, &reniced);
	}
	lock_give(&donors_lock);
	tell_reniced(&reniced);
	if (owner)
		object_put(&owner->object);
}

// Looks at the word again under the lock: who changes it wakes afterwards, under the same lock. A
// page that went away meanwhile is fetched by doing the call again.
static err_t enter_queue(struct thread *caller, const struct futex_key *key, u64 address,
	u32 expected) NO_THREAD_SAFETY_ANALYSIS
{
	struct futex_group *group = group_of(key);
	u32 value;
	u64 stopped;
	lock_take(&group->lock);
	err_t err = arch_copy_in(&value, address, sizeof value, &stopped) ? OK : SYSCALL_RESTART;
	if (err == OK && value != expected)
		err = ERR_WOULD_BLOCK;
	if (err != OK) {
		lock_give(&group->lock);
		return err;
	}
	caller->wait.key = key->offset;
	enqueue(queue_of(group, key), caller);
	return OK;
}

err_t futex_wait(
	struct thread *caller, u64 address, u32 expected, u64 deadline, struct thread *_Nullable owner)
{
	struct futex_key key;
	u32 value;
	if (address % sizeof(u32))
		return ERR_ALIGNMENT;
	TRY(user_copy_in(&value, address, sizeof value));
	if (value != expected)
		return ERR_WOULD_BLOCK;
	if (!deadline)
		return ERR_TIMED_OUT;
	TRY(resolve(address, &key));
	if (owner)
		donate(caller, owner);
	err_t err = enter_queue(caller, &key, address, expected);
	if (err == OK)
		err = wait_park(caller, WAIT_FUTEX, &key.memory->object, &group_of(&key)->lock, deadline);
	else
		futex_disown(caller);
	object_put(&key.memory->object);
	return err;
}

static bool is_waiting_for(const struct thread *thread, const struct futex_key *key)
{
	return thread->wait.object == &key->memory->object && thread->wait.key == key->offset;
}

struct woken {
	u32 count;
	struct thread *_Nullable threads[WAKE_MAX]; // unlinked: their wake-up is ours
};

// group->lock held: at most `limit` waiters of a word out of its queue.
static void take(const struct futex_key *key, u32 limit, struct woken *woken)
{
	woken->count = 0;
	LIST_EACH(node, queue_of(group_of(key), key)) {
		struct thread *thread = thread_of_node(node);
		if (woken->count == limit || woken->count == WAKE_MAX)
			return;
		if (!is_waiting_for(thread, key))
			continue;
		list_remove(node);
		AT(woken->threads, woken->count++) = thread;
	}
}

// group->lock held: the same, but to the queue of another word of the same memory. How many.
static u32 move(const struct futex_key *key, const struct futex_key *target, u32 limit)
{
	struct futex_group *group = group_of(key);
	u32 moved = 0;
	LIST_EACH(node, queue_of(group, key)) {
		struct thread *thread = thread_of_node(node);
		if (moved == limit)
			break;
		if (!is_waiting_for(thread, key))
			continue;
		list_remove(node);
		thread->wait.key = target->offset;
		enqueue(queue_of(group, target), thread);
		moved++;
	}
	return moved;
}

static u32 wake(const struct futex_key *key, u32 count)
{
	struct futex_group *group = group_of(key);
	struct woken woken;
	u32 sum = 0;
	do {
		lock_take(&group->lock);
		take(key, count - sum, &woken);
		lock_give(&group->lock);
		for (u32 i = 0; i < woken.count; i++) {
			struct thread *thread = AT(woken.threads, i);
			futex_disown(thread);
			wait_wake(thread, OK);
		}
		sum += woken.count;
	} while (woken.count == WAKE_MAX && sum < count);
	return sum;
}

static u32 requeue(const struct futex_key *key, const struct futex_key *target, u32 count)
{
	struct futex_group *group = group_of(key);
	if (target->memory != key->memory)
		return wake(key, count); // they look at their word again and find out what to do
	if (target->offset == key->offset)
		return 0;
	lock_take(&group->lock);
	count = move(key, target, count);
	lock_give(&group->lock);
	return count;
}

err_t futex_wake(u64 address, u32 count, u64 target, u32 requeue_count, u32 *woken)
{
	struct futex_key key, to;
	TRY(resolve(address, &key));
	err_t err = target ? resolve(target, &to) : OK;
	if (err == OK) {
		*woken = count ? wake(&key, count) : 0;
		if (target && requeue_count)
			*woken += requeue(&key, &to, requeue_count);
		if (target)
			object_put(&to.memory->object);
	}
	object_put(&key.memory->object);
	return err;
}
