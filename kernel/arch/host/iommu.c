// SPDX-License-Identifier: MIT
// iommu.c - a unit without devices behind it: domains cost what they would, each device has at most
// one, and pages are counted in and out.
#include "kernel/arch/arch.h"
#include "kernel/memory/frame.h"
#include "kernel/memory/slab.h"
#include "kernel/object/iommu_domain.h"
#include "kernel/object/quota.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

constexpr u32 DEVICES = 256;

struct iommu_table {
	paddr_t root;        // owned: one frame, charged to quota
	struct quota *quota; // reference
	u64 pages;           // mapped
	u32 device;
};

static bool is_attached[DEVICES]; // atomic

void iommu_init(const struct boot_info *info)
{
	(void)info;
}

bool iommu_is_present(void)
{
	return true;
}

static err_t make(u32 device, struct quota *quota, struct iommu_table **out)
{
	void *table;
	paddr_t root;
	TRY(quota_charge_pages(quota, 1));
	err_t err = frame_alloc_zeroed(FRAME_TABLE, &root);
	if (err != OK) {
		quota_return_pages(quota, 1);
		return err;
	}
	err = slab_alloc(sizeof(struct iommu_table), &table);
	if (err != OK) {
		frame_free(root, 0);
		quota_return_pages(quota, 1);
		return err;
	}
	*out = table;
	**out = (struct iommu_table){ .root = root, .quota = quota, .device = device };
	object_get(&quota->object);
	return OK;
}

err_t iommu_unit_attach(
	u32 device, struct quota *quota, struct iommu_table *_Nullable *_Nonnull out)
{
	bool *taken = &AT(is_attached, device % DEVICES);
	if (atomic_exchange_acq_rel(taken, true)) // pairs with iommu_unit_detach
		return ERR_BUSY;
	err_t err = make(device, quota, out);
	if (err != OK)
		atomic_store_release(taken, false);
	return err;
}

void iommu_unit_detach(struct iommu_table *table)
{
	assert(table->pages == 0);
	frame_free(table->root, 0);
	quota_return_pages(table->quota, 1);
	object_put(&table->quota->object);
	atomic_store_release(&AT(is_attached, table->device % DEVICES), false);
	slab_free(table, sizeof *table);
}

err_t iommu_unit_map(struct iommu_table *table, u64 address, paddr_t frame)
{
	(void)address, (void)frame;
	table->pages++;
	return OK;
}

void iommu_unit_unmap(struct iommu_table *table, u64 address, u64 size)
{
	(void)address;
	u64 pages = size / PAGE_SIZE;
	table->pages -= pages < table->pages ? pages : table->pages;
}
