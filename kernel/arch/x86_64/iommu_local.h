// SPDX-License-Identifier: MIT
// iommu_local.h - between iommu.c (the unit) and iommu_table.c (the tables it walks).
#pragma once

#include "kernel/memory/frame.h"
#include "kernel/object/iommu_domain.h"

NONNULL_BEGIN

constexpr u32 IOMMU_IDS = 256; // domains at once

struct iommu_unit {
	struct spinlock lock; // RANK_LEAF: registers, root and context tables, ids
	void *_Nullable registers;
	paddr_t root;                   // one entry a bus
	u32 levels;                     // of a domain's tables: 3 or 4
	u32 iotlb, faults, fault_count; // places of registers
	u32 id_count;
	bool needs_buffer_flush;
	bool caches_absent; // even absent entries must be invalidated when they change
	bool is_coherent;   // it reads our caches
	bool is_on;
	bool id_used[IOMMU_IDS]; // [0] is reserved
};
extern struct iommu_unit iommu_unit;

// unit->lock held.
void iommu_flush_contexts(void);
void iommu_flush_domain(u16 id);
void iommu_report_faults(void);

void iommu_flush_table(const void *start, usize size); // to memory, for a unit that reads only that

NONNULL_END
