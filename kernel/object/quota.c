// SPDX-License-Identifier: MIT
// quota.c - charging and giving back; carving a child's limits out of its parent's.
#include "kernel/object/quota.h"

#include "kernel/memory/slab.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/checked.h"

// Written at boot only; its counters are atomic. Never destroyed: it holds a reference to itself.
static struct quota root;

err_t quota_refuse(const struct quota *quota)
{
	// Pairs with grace_count.
	cpu_self()->is_refused_for_dead = atomic_load_acquire(&quota->deferred) != 0;
	return ERR_QUOTA;
}

static err_t charge(const struct quota *quota, u64 *used, u64 limit, u64 amount)
{
	// Read first: what the dead had is missing in `used`, or they are still seen here. Pairs with
	// grace_count.
	u32 dead = atomic_load_acquire(&quota->deferred);
	u64 before = atomic_load_relaxed(used);
	u64 after;
	do {
		if (ckd_add(&after, before, amount) || after > limit) {
			cpu_self()->is_refused_for_dead = dead != 0;
			return ERR_QUOTA;
		}
	} while (!atomic_swap_if_relaxed(used, &before, after));
	return OK;
}

static void give_back(u64 *used, u64 amount)
{
	u64 before = atomic_sub_relaxed(used, amount);
	assert(before >= amount);
}

err_t quota_charge_pages(struct quota *quota, u64 pages)
{
	return pages ? charge(quota, &quota->pages_used, quota->pages, pages) : OK;
}

void quota_return_pages(struct quota *quota, u64 pages)
{
	if (pages)
		give_back(&quota->pages_used, pages);
}

err_t quota_charge_objects(struct quota *quota, u64 objects)
{
	return charge(quota, &quota->objects_used, quota->objects, objects);
}

void quota_return_objects(struct quota *quota, u64 objects)
{
	give_back(&quota->objects_used, objects);
}

err_t quota_charge_handles(struct quota *quota, u64 handles)
{
	return charge(quota, &quota->handles_used, quota->handles, handles);
}

void quota_return_handles(struct quota *quota, u64 handles)
{
	give_back(&quota->handles_used, handles);
}

err_t quota_alloc(struct quota *quota, usize size, void *_Nullable *_Nonnull out)
{
	TRY(quota_charge_objects(quota, 1));
	err_t err = slab_alloc(size, out);
	if (err == OK)
		object_get(&quota->object);
	else
		quota_return_objects(quota, 1);
	return err;
}

void quota_free(struct quota *quota, void *memory, usize size)
{
	slab_free(memory, size);
	quota_return_objects(quota, 1);
	object_put(&quota->object);
}

void quota_return_limits(struct quota *parent, const struct quota_limits *limits)
{
	quota_return_pages(parent, limits->pages);
	quota_return_objects(parent, limits->objects);
	quota_return_handles(parent, limits->handles);
}

err_t quota_charge_limits(struct quota *parent, const struct quota_limits *limits)
{
	TRY(quota_charge_pages(parent, limits->pages));
	struct quota_limits done = { .pages = limits->pages };
	err_t err = quota_charge_objects(parent, limits->objects);
	if (err == OK) {
		done.objects = limits->objects;
		err = quota_charge_handles(parent, limits->handles);
	}
	if (err != OK)
		quota_return_limits(parent, &done);
	return err;
}

err_t quota_create(struct quota *parent, const struct quota_limits *limits, u32 weight,
	struct quota *_Nullable *_Nonnull out)
{
	struct object *object;
	TRY(quota_charge_limits(parent, limits));
	err_t err = object_create(OBJECT_QUOTA, sizeof(struct quota), parent, &object);
	if (err != OK) {
		quota_return_limits(parent, limits);
		return err;
	}
	struct quota *quota = quota_of(object);
	object_get(&parent->object);
	quota->parent = parent;
	quota->pages = limits->pages;
	quota->objects = limits->objects;
	quota->handles = limits->handles;
	quota->weight = weight;
	*out = quota;
	return OK;
}

static void quota_destroy(struct object *object)
{
	struct quota *quota = quota_of(object);
	struct quota *parent = quota->parent;
	assert(!quota->pages_used && !quota->objects_used && !quota->handles_used);
	struct quota_limits limits = { quota->pages, quota->objects, quota->handles };
	if (!parent)
		return;
	quota_return_limits(parent, &limits);
	object_put(&parent->object);
}

void quota_init_root(u64 pages, u64 objects, u64 handles)
{
	root.object.kind = OBJECT_QUOTA;
	root.object.references = 1;
	lock_init(&root.object.lock, RANK_OBJECT);
	list_init(&root.object.bindings);
	list_init(&root.object.waiters);
	root.pages = pages;
	root.objects = objects;
	root.handles = handles;
	root.weight = 100;
}

struct quota *quota_root(void)
{
	return &root;
}

const struct object_class quota_class = {
	.size = sizeof(struct quota),
	.destroy = quota_destroy,
};
