// SPDX-License-Identifier: MIT
// iommu.c - system calls on DMA domains.
#include "kernel/object/iommu_domain.h"
#include "kernel/object/process.h"
#include "kernel/object/resource.h"
#include "kernel/sched/thread.h"
#include "kernel/syscall_table.h"
#include "lib/base/err.h"

constexpr u32 DOMAIN_RIGHTS = RIGHT_MANAGE | RIGHT_DUP | RIGHT_TRANSFER;

err_t sys_iommu_create(
	struct thread *caller, struct resource *resource, u32 device, handle_t *out_domain)
{
	struct iommu_domain *domain;
	TRY(resource_covers(resource, RESOURCE_KIND_IOMMU, device, 1));
	if (!iommu_is_present())
		return ERR_UNSUPPORTED;
	TRY(iommu_domain_create(caller->process->quota, device, &domain));
	return handle_install_take(
		&caller->process->handles, &domain->object, DOMAIN_RIGHTS, out_domain);
}

err_t sys_iommu_control(struct thread *caller, struct iommu_domain *domain,
	enum iommu_operation operation, struct memory *_Nullable memory, u64 offset, u64 size,
	u64 address, u64 *out_mapped)
{
	(void)caller;
	if ((address | offset | size) & PAGE_MASK)
		return ERR_ALIGNMENT;
	if (!size || size > IOMMU_RANGE_MAX)
		return ERR_RANGE;
	*out_mapped = address;
	if (operation == IOMMU_OPERATION_UNMAP)
		return memory ? ERR_INVALID : iommu_domain_unmap(domain, address, size);
	return memory ? iommu_domain_map(domain, memory, offset, size, out_mapped) : ERR_INVALID;
}
