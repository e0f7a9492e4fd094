// SPDX-License-Identifier: MIT
// iommu_domain.h - what one device may reach by DMA: ranges of memory objects, pinned while they
// are mapped. A device without a domain reaches nothing once the IOMMU is on.
// The unit itself is the architecture's: the iommu_unit_* functions at the end.
#pragma once

#include "kernel/memory/memory.h"
#include "kernel/object/object.h"
#include "lib/base/tree.h"

NONNULL_BEGIN

struct iommu_table; // the architecture's translation tables of one domain

struct iommu_range {
	struct tree_node node; // in domain->tree, by address; disjoint
	u64 address, size;     // as the device sees it, page multiples
	u64 pages;             // pinned: so many frames below
	u64 *frames;           // owned: physical addresses, each with a reference
};

struct iommu_domain {
	struct object object;
	struct spinlock lock; // RANK_SPACE: tree and tables
	struct tree tree;     // struct iommu_range
	u32 device;
	struct iommu_table *_Nullable table; // owned; null once unreachable
};
OBJECT_DOWNCAST(iommu_domain)

constexpr u64 IOMMU_ADDRESS_END = 1ull << 38;    // three levels of tables are enough
constexpr u64 IOMMU_RANGE_MAX = 4 * 1024 * 1024; // bytes of one mapping, so that it takes no long

err_t iommu_domain_create(
	struct quota *quota, u32 device, struct iommu_domain *_Nullable *_Nonnull out);
// address 0: one is chosen, below 4 GiB if there is room. The pages are pinned, charged to the
// domain. ERR_UNSUPPORTED: memory that a pager or a device supplies.
err_t iommu_domain_map(
	struct iommu_domain *domain, struct memory *memory, u64 offset, u64 size, u64 *address);
err_t iommu_domain_unmap(struct iommu_domain *domain, u64 address, u64 size); // one whole range

// kernel/arch/<cpu>/iommu.c
struct boot_info;
void iommu_init(const struct boot_info *info); // finds the units and turns them on
bool iommu_is_present(void);
// Attaches a device to empty tables: it reaches nothing. Pages are charged to quota. ERR_BUSY.
err_t iommu_unit_attach(
	u32 device, struct quota *quota, struct iommu_table *_Nullable *_Nonnull out);
void iommu_unit_detach(struct iommu_table *table); // and frees it; nothing is mapped
err_t iommu_unit_map(struct iommu_table *table, u64 address, paddr_t frame);
void iommu_unit_unmap(struct iommu_table *table, u64 address, u64 size); // and flushes

NONNULL_END
