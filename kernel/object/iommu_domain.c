// SPDX-License-Identifier: MIT
// iommu_domain.c - mapping pinned pages for one device, and taking all of it back when the driver
// is gone. Frames are given back only after the unit has forgotten them.
#include "kernel/object/iommu_domain.h"

#include "abi/syscall_numbers.h"
#include "kernel/memory/frame.h"
#include "kernel/memory/slab.h"
#include "kernel/object/quota.h"
#include "lib/base/atomic.h"
#include "lib/base/checked.h"

constexpr u64 ADDRESS_START = 64 * 1024 * 1024; // first one to be chosen
constexpr u64 MESSAGES_START = 0xfee0'0000;     // writes there are interrupts, never translated
constexpr u64 MESSAGES_END = 0xff00'0000;

static u64 *frame_slot(const struct iommu_range *range, u64 page)
{
	assert(page < range->size / PAGE_SIZE);
	UNSAFE_BEGIN("page was compared with the count")
	return &range->frames[page];
	UNSAFE_END
}

static struct iommu_range *range_of(struct tree_node *node)
{
	return container_of(node, struct iommu_range, node);
}

// Pinned pages, and the page or two that lists them.
static u64 charge_of(u64 size)
{
	u64 pages = size / PAGE_SIZE;
	return pages + (pages * sizeof(u64) + PAGE_MASK) / PAGE_SIZE;
}

static void range_free(struct iommu_domain *domain, struct iommu_range *range)
{
	struct quota *quota = NOT_NULL(domain->object.quota);
	for (u64 page = 0; page < range->pages; page++)
		frame_put((paddr_t){ *frame_slot(range, page) });
	slab_free(range->frames, range->size / PAGE_SIZE * sizeof(u64));
	quota_return_pages(quota, charge_of(range->size));
	quota_free(quota, range, sizeof(struct iommu_range));
}

static err_t range_alloc(
	struct iommu_domain *domain, u64 size, struct iommu_range *_Nullable *_Nonnull out)
{
	struct quota *quota = NOT_NULL(domain->object.quota);
	void *memory, *frames;
	TRY(quota_alloc(quota, sizeof(struct iommu_range), &memory));
	err_t err = quota_charge_pages(quota, charge_of(size));
	if (err == OK) {
		err = slab_alloc(size / PAGE_SIZE * sizeof(u64), &frames);
		if (err != OK)
			quota_return_pages(quota, charge_of(size));
	}
	if (err != OK) {
		quota_free(quota, memory, sizeof(struct iommu_range));
		return err;
	}
	struct iommu_range *range = memory;
	range->size = size;
	range->frames = frames;
	*out = range;
	return OK;
}

// Before the range is in anybody's sight: memory_page may need pages of the quota.
static err_t pin(struct iommu_range *range, struct memory *memory, u64 offset)
{
	for (u64 page = 0; page < range->size / PAGE_SIZE; page++) {
		paddr_t frame;
		TRY(memory_page(memory, offset / PAGE_SIZE + page, true, &frame));
		*frame_slot(range, page) = frame.raw;
		range->pages = page + 1;
	}
	return OK;
}

static int compare(const struct tree_node *a, const struct tree_node *b)
{
	u64 first = container_of(a, const struct iommu_range, node)->address;
	u64 second = container_of(b, const struct iommu_range, node)->address;
	return first < second ? -1 : first > second;
}

static bool is_usable(u64 address, u64 size)
{
	bool is_message = address < MESSAGES_END && MESSAGES_START < address + size;
	return address && !is_message && checked_range(address, size, IOMMU_ADDRESS_END) == OK;
}

// domain->lock held. The lowest free address from `address` on; ERR_RANGE if there is none.
static err_t find_free(struct iommu_domain *domain, u64 size, u64 *address)
{
	u64 place = ADDRESS_START;
	TREE_EACH(node, &domain->tree) {
		const struct iommu_range *range = range_of(node);
		if (!is_usable(place, size))
			place = MESSAGES_END;
		if (range->address >= place + size)
			break;
		if (range->address + range->size > place)
			place = range->address + range->size;
	}
	if (!is_usable(place, size) && place < MESSAGES_END)
		place = MESSAGES_END;
	*address = place;
	return is_usable(place, size) ? OK : ERR_RANGE;
}

// domain->lock held.
static err_t check_free(struct iommu_domain *domain, u64 address, u64 size)
{
	if (!is_usable(address, size))
		return ERR_RANGE;
	TREE_EACH(node, &domain->tree) {
		const struct iommu_range *range = range_of(node);
		if (range->address < address + size && address < range->address + range->size)
			return ERR_RANGE;
	}
	return OK;
}

// domain->lock held.
static err_t enter(struct iommu_domain *domain, struct iommu_range *range)
{
	struct iommu_table *table = domain->table;
	if (!table)
		return ERR_STATE;
	if (range->address)
		TRY(check_free(domain, range->address, range->size));
	else
		TRY(find_free(domain, range->size, &range->address));
	for (u64 page = 0; page < range->pages; page++) {
		paddr_t frame = { *frame_slot(range, page) };
		err_t err = iommu_unit_map(table, range->address + page * PAGE_SIZE, frame);
		if (err == OK)
			continue;
		if (page)
			iommu_unit_unmap(table, range->address, page * PAGE_SIZE);
		return err;
	}
	tree_insert(&domain->tree, &range->node, compare);
	return OK;
}

err_t iommu_domain_map(
	struct iommu_domain *domain, struct memory *memory, u64 offset, u64 size, u64 *address)
{
	if (memory->kind != MEMORY_KIND_ANONYMOUS && memory->kind != MEMORY_KIND_CONTIGUOUS)
		return ERR_UNSUPPORTED;
	TRY(checked_range(offset, size, atomic_load_relaxed(&memory->size)));
	struct iommu_range *range;
	TRY(range_alloc(domain, size, &range));
	range->address = *address;
	err_t err = pin(range, memory, offset);
	if (err == OK) {
		lock_take(&domain->lock);
		err = enter(domain, range);
		lock_give(&domain->lock);
	}
	if (err == OK)
		*address = range->address;
	else
		range_free(domain, range);
	return err;
}

// domain->lock held: out of the device's reach.
static void leave(struct iommu_domain *domain, struct iommu_range *range)
{
	struct iommu_table *table = domain->table;
	tree_remove(&domain->tree, &range->node);
	if (table)
		iommu_unit_unmap(table, range->address, range->size);
}

err_t iommu_domain_unmap(struct iommu_domain *domain, u64 address, u64 size)
{
	struct iommu_range *found = nullptr;
	lock_take(&domain->lock);
	TREE_EACH(node, &domain->tree) {
		struct iommu_range *range = range_of(node);
		if (range->address == address && range->size == size)
			found = range;
	}
	if (found)
		leave(domain, found);
	lock_give(&domain->lock);
	if (!found)
		return ERR_NOT_FOUND;
	range_free(domain, found);
	return OK;
}

err_t iommu_domain_create(
	struct quota *quota, u32 device, struct iommu_domain *_Nullable *_Nonnull out)
{
	struct object *object;
	TRY(object_create(OBJECT_IOMMU_DOMAIN, sizeof(struct iommu_domain), quota, &object));
	struct iommu_domain *domain = iommu_domain_of(object);
	lock_init(&domain->lock, RANK_SPACE);
	tree_init(&domain->tree, nullptr);
	domain->device = device;
	struct iommu_table *table;
	err_t err = iommu_unit_attach(device, quota, &table);
	if (err != OK) {
		object_put(object);
		return err;
	}
	domain->table = table;
	*out = domain;
	return OK;
}

// The driver is gone: the device reaches nothing from now on.
static void domain_end(struct object *object)
{
	struct iommu_domain *domain = iommu_domain_of(object);
	for (;;) {
		lock_take(&domain->lock);
		struct tree_node *node = tree_first(&domain->tree);
		if (node)
			leave(domain, range_of(node));
		lock_give(&domain->lock);
		if (!node)
			break;
		range_free(domain, range_of(node));
	}
	lock_take(&domain->lock);
	struct iommu_table *table = domain->table;
	domain->table = nullptr;
	if (table)
		iommu_unit_detach(table);
	lock_give(&domain->lock);
}

const struct object_class iommu_domain_class = {
	.size = sizeof(struct iommu_domain),
	.unreachable = domain_end,
	.destroy = domain_end,
};
