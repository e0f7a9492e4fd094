// SPDX-License-Identifier: MIT
// iommu_table.c - the tables that the unit walks: root (bus) -> context (device) -> a domain's own
// page tables, of the shape of the processor's. Intermediate tables stay until the domain ends.
#include "kernel/arch/x86_64/iommu_local.h"
#include "kernel/arch/x86_64/tables_local.h"
#include "kernel/memory/slab.h"
#include "kernel/object/grace.h"
#include "kernel/object/quota.h"

constexpr u64 LEAF = 3; // read, write; also in tables
constexpr u64 CONTEXT_PRESENT = 1;

struct iommu_table {
	paddr_t root;
	struct quota *quota; // reference: charged each page of tables
	u32 device;
	u16 id;
};

// 9.3: context entry: low: present, page tables; high: width, domain.
struct context {
	u64 low, high;
};
struct context_table {
	struct context entry[256];
};
// 9.1: root entry: low: present, context table.
struct root_table {
	struct context entry[256];
};

void iommu_flush_table(const void *start, usize size)
{
	if (iommu_unit.is_coherent)
		return;
	view_t bytes = view_from(start, size);
	for (usize offset = 0; offset < size; offset += 64) {
		view_t line = view_clamp(bytes, offset, 1);
		__asm__ volatile("clflush (%0)" ::"r"(line.data) : "memory");
	}
	__asm__ volatile("mfence" ::: "memory");
}

static void entry_set(u64 *entry, u64 value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
	iommu_flush_table(entry, sizeof *entry);
}

static err_t table_page(struct quota *quota, paddr_t *out)
{
	TRY(quota_charge_pages(quota, 1));
	err_t err = frame_alloc_zeroed(FRAME_TABLE, out);
	if (err != OK) {
		quota_return_pages(quota, 1);
		return err;
	}
	iommu_flush_table(frame_address(*out), PAGE_SIZE);
	return OK;
}

static void table_page_free(struct quota *quota, paddr_t page)
{
	frame_free(page, 0);
	quota_return_pages(quota, 1);
}

static struct context *root_slot(u32 device)
{
	struct root_table *root = frame_address(iommu_unit.root);
	return &AT(root->entry, device >> 8 & 0xff);
}

static struct context *context_slot(u32 device)
{
	struct context_table *table =
		frame_address((paddr_t){ root_slot(device)->low & ENTRY_ADDRESS });
	return &AT(table->entry, device & 0xff);
}

// unit->lock held. The page, which is used unless the bus has its table, stays for good.
static bool bus_enter(u32 device, paddr_t page)
{
	struct context *slot = root_slot(device);
	if (slot->low & CONTEXT_PRESENT)
		return false;
	entry_set(&slot->low, page.raw | CONTEXT_PRESENT);
	return true;
}

// unit->lock held. 0: none is free.
static u16 id_take(void)
{
	for (u32 id = 1; id < iommu_unit.id_count; id++) {
		bool *used = &AT(iommu_unit.id_used, id);
		if (!*used) {
			*used = true;
			return (u16)id;
		}
	}
	return 0;
}

// unit->lock held.
static err_t device_enter(struct iommu_table *table)
{
	struct context *slot = context_slot(table->device);
	if (slot->low & CONTEXT_PRESENT)
		return ERR_BUSY;
	table->id = id_take();
	if (!table->id)
		return ERR_QUOTA;
	u64 width = iommu_unit.levels - 2;
	entry_set(&slot->high, width | (u64)table->id << 8);
	entry_set(&slot->low, table->root.raw | CONTEXT_PRESENT);
	iommu_flush_contexts();
	return OK;
}

static err_t attach(struct iommu_table *table)
{
	paddr_t bus;
	TRY(frame_alloc_zeroed(FRAME_TABLE, &bus));
	iommu_flush_table(frame_address(bus), PAGE_SIZE);
	lock_take(&iommu_unit.lock);
	bool is_used = bus_enter(table->device, bus);
	err_t err = device_enter(table);
	iommu_report_faults();
	lock_give(&iommu_unit.lock);
	if (!is_used)
		frame_free(bus, 0);
	return err;
}

err_t iommu_unit_attach(
	u32 device, struct quota *quota, struct iommu_table *_Nullable *_Nonnull out)
{
	void *memory;
	if (!iommu_unit.is_on)
		return ERR_UNSUPPORTED;
	TRY(quota_alloc(quota, sizeof(struct iommu_table), &memory));
	struct iommu_table *table = memory;
	table->quota = quota;
	table->device = device;
	err_t err = table_page(quota, &table->root);
	if (err == OK) {
		err = attach(table);
		if (err != OK)
			table_page_free(quota, table->root);
	}
	if (err == OK)
		*out = table;
	else
		quota_free(quota, table, sizeof(struct iommu_table));
	return err;
}

static void level_free(struct quota *quota, paddr_t page, u32 level)
{
	struct table *table = frame_address(page);
	for (u32 i = 0; level && i < TABLE_ENTRIES; i++) { // at most four levels deep
		u64 entry = AT(table->entry, i);
		if (entry)
			level_free(quota, (paddr_t){ entry & ENTRY_ADDRESS }, level - 1);
	}
	table_page_free(quota, page);
}

void iommu_unit_detach(struct iommu_table *table)
{
	struct quota *quota = table->quota;
	lock_take(&iommu_unit.lock);
	entry_set(&context_slot(table->device)->low, 0);
	iommu_flush_contexts();
	iommu_report_faults();
	AT(iommu_unit.id_used, table->id) = false;
	lock_give(&iommu_unit.lock);
	level_free(quota, table->root, iommu_unit.levels - 1);
	quota_free(quota, table, sizeof(struct iommu_table));
}

// The leaf entry for an address; tables on the way are made, or (with make false) missed: null.
static err_t walk(struct iommu_table *tables, u64 address, bool make, u64 *_Nullable *_Nonnull out)
{
	struct table *table = frame_address(tables->root);
	*out = nullptr;
	for (u32 level = iommu_unit.levels - 1; level; level--) {
		u64 *entry = &AT(table->entry, table_index(address, level));
		if (!*entry && !make)
			return OK;
		if (!*entry) {
			paddr_t page;
			TRY(table_page(tables->quota, &page));
			entry_set(entry, page.raw | LEAF);
		}
		table = frame_address((paddr_t){ *entry & ENTRY_ADDRESS });
	}
	*out = &AT(table->entry, table_index(address, 0));
	return OK;
}

static void flush(struct iommu_table *table)
{
	lock_take(&iommu_unit.lock);
	iommu_flush_domain(table->id);
	iommu_report_faults();
	lock_give(&iommu_unit.lock);
}

err_t iommu_unit_map(struct iommu_table *table, u64 address, paddr_t frame)
{
	u64 *entry;
	TRY(walk(table, address, true, &entry));
	assert(entry && !*entry);
	entry_set(entry, frame.raw | LEAF);
	if (iommu_unit.caches_absent || iommu_unit.needs_buffer_flush)
		flush(table);
	return OK;
}

void iommu_unit_unmap(struct iommu_table *table, u64 address, u64 size)
{
	for (u64 offset = 0; offset < size; offset += PAGE_SIZE) {
		u64 *entry;
		err_t err = walk(table, address + offset, false, &entry);
		if (err == OK && entry)
			entry_set(entry, 0);
	}
	flush(table);
}
