// SPDX-License-Identifier: MIT
// resource.h - authority over what is not memory of ours: physical ranges, I/O ports, interrupt
// lines, the console, devices behind an IOMMU. Only narrower ones can be derived; the root one,
// which covers everything, is made at boot for the first program.
#pragma once

#include "kernel/object/object.h"

NONNULL_BEGIN

struct resource {
	struct object object;
	u32 kind;       // enum resource_kind
	u64 base, size; // bytes, ports, lines, device numbers; of no meaning for root and console
};
OBJECT_DOWNCAST(resource)

err_t resource_create(
	struct quota *quota, u32 kind, u64 base, u64 size, struct resource *_Nullable *_Nonnull out);
// OK, or ERR_RANGE if it is not of this kind or does not hold all of [base, base + size).
err_t resource_covers(const struct resource *resource, u32 kind, u64 base, u64 size);

NONNULL_END
