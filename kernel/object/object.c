// SPDX-License-Identifier: MIT
// object.c - the life of an object: created and charged, found through handles, unreachable after
// its last handle, destroyed when nobody holds or borrows it. Not here: grace periods (grace.c),
// event bits (signal.c).
#include "kernel/object/object.h"

#include "kernel/memory/memory.h"
#include "kernel/memory/slab.h"
#include "kernel/object/grace.h"
#include "kernel/object/quota.h"
#include "kernel/object/signal.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/err.h"
#include "lib/base/view.h"

constexpr usize SLAB_SIZE_MAX = 2048; // larger objects take whole pages, charged as such

static const struct object_class *const classes[OBJECT_KINDS] = {
	[OBJECT_PROCESS] = &process_class,
	[OBJECT_THREAD] = &thread_class,
	[OBJECT_MEMORY] = &memory_class,
	[OBJECT_PORT] = &port_class,
	[OBJECT_CONNECTION] = &connection_class,
	[OBJECT_STREAM] = &stream_class,
	[OBJECT_QUOTA] = &quota_class,
	[OBJECT_TIMER] = &timer_class,
	[OBJECT_INTERRUPT] = &interrupt_class,
	[OBJECT_RESOURCE] = &resource_class,
	[OBJECT_IOMMU_DOMAIN] = &iommu_domain_class,
	[OBJECT_REPLY] = &reply_class,
};

// One CPU's share, so that counting and queuing touch no shared line.
struct object_cpu {
	ALIGNED(64) u64 count;         // atomic; made here minus destroyed here, wraps
	u64 next_id;                   // of the block of ids that this CPU gives out
	struct object *_Nullable lost; // unreachable, to be told so; linked by next_deferred
	bool is_telling;
};
static struct object_cpu object_cpus[CPU_MAX]; // each written by its own CPU
static u64 next_block;                         // atomic

constexpr u64 ID_BLOCK = 1024;

static struct object_cpu *here(void)
{
	return &AT(object_cpus, cpu_self()->id);
}

static u64 take_id(void)
{
	struct object_cpu *own = here();
	if (own->next_id % ID_BLOCK == 0)
		own->next_id = atomic_add_relaxed(&next_block, 1ull) * ID_BLOCK + 1;
	return own->next_id++;
}

static void count(u64 change)
{
	u64 *value = &here()->count;
	atomic_store_relaxed(value, atomic_load_relaxed(value) + change);
}

u64 object_count(void)
{
	u64 sum = 0;
	for (u32 i = 0; i < CPU_MAX; i++)
		sum += atomic_load_relaxed(&AT(object_cpus, i).count);
	return sum;
}

static u64 pages_of(usize size)
{
	return size <= SLAB_SIZE_MAX ? 0 : (size + PAGE_MASK) / PAGE_SIZE;
}

static err_t charge(struct quota *quota, usize size)
{
	TRY(quota_charge_objects(quota, 1));
	err_t err = quota_charge_pages(quota, pages_of(size));
	if (err != OK)
		quota_return_objects(quota, 1);
	return err;
}

static void uncharge(struct quota *quota, usize size)
{
	quota_return_pages(quota, pages_of(size));
	quota_return_objects(quota, 1);
}

static void object_init(struct object *object, enum object_kind kind, struct quota *quota)
{
	object->kind = kind;
	object->references = 1;
	lock_init(&object->lock, RANK_OBJECT);
	list_init(&object->bindings);
	list_init(&object->waiters);
	object_get(&quota->object);
	object->quota = quota;
	object->id = take_id();
	count(1);
}

err_t object_create(
	enum object_kind kind, usize size, struct quota *quota, struct object *_Nullable *_Nonnull out)
{
	assert(size == AT(classes, kind)->size);
	TRY(charge(quota, size));
	void *memory;
	err_t err = slab_alloc(size, &memory);
	if (err != OK) {
		uncharge(quota, size);
		return err;
	}
	object_init(memory, kind, quota);
	*out = memory;
	return OK;
}

void object_put(struct object *object)
{
	u32 before = atomic_load_relaxed(&object->references);
	u32 after;
	do {
		assert(before & REFERENCE_COUNT);
		after = before - 1;
		if (!(after & REFERENCE_COUNT))
			after |= before & REFERENCE_DEFERRED ? REFERENCE_AGAIN : REFERENCE_DEFERRED;
	} while (!atomic_swap_if_acq_rel(&object->references, &before, after)); // with grace.c: settle
	if ((before ^ after) & REFERENCE_DEFERRED)
		grace_defer(object);
}

bool object_drain(struct object *object, u32 *budget)
{
	const struct object_class *class = AT(classes, object->kind);
	return !class->drain || class->drain(object, budget);
}

void object_finish(struct object *object)
{
	const struct object_class *class = AT(classes, object->kind);
	struct quota *quota = object->quota;
	assert(list_is_empty(&object->waiters) && list_is_empty(&object->bindings));
	if (class->destroy)
		class->destroy(object);
	slab_free(object, class->size);
	count((u64)-1);
	if (quota)
		uncharge(quota, class->size);
	grace_count(quota, (u32)-1);
	if (quota)
		object_put(&quota->object);
}

err_t object_get_handle(struct object *object)
{
	u32 before = atomic_load_relaxed(&object->handles);
	do {
		if (before & OBJECT_UNREACHABLE)
			return ERR_BAD_HANDLE;
	} while (!atomic_swap_if_acquire(&object->handles, &before, before + 1));
	object_get(object);
	return OK;
}

static void tell_unreachable(struct object *object)
{
	const struct object_class *class = AT(classes, object->kind);
	if (class->unreachable)
		(class->unreachable)(object); // stddef.h has a macro of this name
	while (binding_remove(nullptr, object) == OK)
		;
	signal_restart_waiters(object);
	atomic_or_acq_rel(&object->handles, OBJECT_TOLD); // pairs with thread_control, open
	object_put(object);
}

// What becomes unreachable may drop handles of others: they queue up here instead of nesting.
static void tell_all(struct object *object)
{
	struct object_cpu *own = here();
	object->next_deferred = own->lost;
	own->lost = object;
	if (own->is_telling)
		return;
	own->is_telling = true;
	while ((object = own->lost)) {
		own->lost = object->next_deferred;
		object->next_deferred = nullptr;
		tell_unreachable(object);
	}
	own->is_telling = false;
}

void object_put_handle(struct object *object)
{
	u32 before = atomic_load_relaxed(&object->handles);
	u32 after;
	do {
		assert(before && !(before & OBJECT_UNREACHABLE));
		after = before == 1 ? OBJECT_UNREACHABLE : before - 1;
	} while (!atomic_swap_if_seq_cst(&object->handles, &before, after));
	if (after == OBJECT_UNREACHABLE) {
		tell_all(object);
		return;
	}
	// Who keeps a handle of its own to a connection, to raise its bits, learns by this bit that all
	// others have gone; it clears the bit before it hands out the next. Of memory only who has
	// bound it learns; he then looks at the count himself, so he sees 1, or we see him (all
	// seq_cst).
	bool is_bound = object->kind == OBJECT_MEMORY && atomic_load_seq_cst(&object->binding_count);
	if (after == 1 && (object->kind == OBJECT_CONNECTION || is_bound))
		object_signal(object, 0, SIGNAL_ALONE);
	object_put(object);
}
