// SPDX-License-Identifier: MIT
// resource.c - what a resource covers. Using it: kernel/syscall/resource.c, memory.c, interrupt.c.
#include "kernel/object/resource.h"

#include "abi/syscall_numbers.h"
#include "kernel/arch/arch.h"
#include "lib/base/checked.h"

constexpr u64 PHYSICAL_END = 1ull << 52; // what page tables can express
constexpr u64 PORTS_END = 65536;
constexpr u64 DEVICES_END = 65536; // bus, device, function
constexpr u64 CONSOLES_END = 1;

static u64 end_of(u32 kind)
{
	switch ((enum resource_kind)kind) {
	case RESOURCE_KIND_PHYSICAL: return PHYSICAL_END;
	case RESOURCE_KIND_PORTS: return PORTS_END;
	case RESOURCE_KIND_INTERRUPTS: return irq_line_count();
	case RESOURCE_KIND_IOMMU: return DEVICES_END;
	case RESOURCE_KIND_CONSOLE: return CONSOLES_END;
	case RESOURCE_KIND_ROOT: return 0; // one is made at boot, none is derived
	}
	return 0;
}

err_t resource_covers(const struct resource *resource, u32 kind, u64 base, u64 size)
{
	TRY(checked_range(base, size, end_of(kind)));
	if (resource->kind == RESOURCE_KIND_ROOT)
		return OK;
	if (resource->kind != kind || base < resource->base)
		return ERR_RANGE;
	return checked_range(base - resource->base, size, resource->size);
}

err_t resource_create(
	struct quota *quota, u32 kind, u64 base, u64 size, struct resource *_Nullable *_Nonnull out)
{
	struct object *object;
	TRY(object_create(OBJECT_RESOURCE, sizeof(struct resource), quota, &object));
	struct resource *resource = resource_of(object);
	resource->kind = kind;
	resource->base = base;
	resource->size = size;
	*out = resource;
	return OK;
}

const struct object_class resource_class = {
	.size = sizeof(struct resource),
};
