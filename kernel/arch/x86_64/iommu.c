// SPDX-License-Identifier: MIT
// iommu.c - no unit is found: every domain is refused.
#include "kernel/object/iommu_domain.h"

void iommu_init(const struct boot_info *info)
{
	(void)info;
}

bool iommu_is_present(void)
{
	return false;
}

err_t iommu_unit_attach(
	u32 device, struct quota *quota, struct iommu_table *_Nullable *_Nonnull out)
{
	(void)device, (void)quota, (void)out;
	return ERR_UNSUPPORTED;
}

void iommu_unit_detach(struct iommu_table *table)
{
	(void)table;
}

err_t iommu_unit_map(struct iommu_table *table, u64 address, paddr_t frame)
{
	(void)table, (void)address, (void)frame;
	return ERR_UNSUPPORTED;
}

void iommu_unit_unmap(struct iommu_table *table, u64 address, u64 size)
{
	(void)table, (void)address, (void)size;
}
