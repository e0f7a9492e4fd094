// SPDX-License-Identifier: MIT
// support.h - what the generated dispatcher needs to know: where arguments are, and each kind of
// object's own type.
#pragma once

#include "arch_types.h"
#include "kernel/memory/memory.h"
#include "kernel/memory/user.h"
#include "kernel/object/handle_fast.h"
#include "kernel/object/interrupt.h"
#include "kernel/object/iommu_domain.h"
#include "kernel/object/port.h"
#include "kernel/object/process.h"
#include "kernel/object/quota.h"
#include "kernel/object/resource.h"
#include "kernel/object/stream.h"
#include "kernel/object/timer.h"
#include "kernel/sched/thread.h"

NONNULL_BEGIN

struct support_found {
	struct object *_Nullable object;
	err_t err;
};

// The slow way, which names the error. By value: an out parameter would cost a stack frame.
struct support_found support_lookup_slowly(
	struct thread *caller, u64 value, enum object_kind kind, u32 rights);

// Handle value to object: the common case inline, as on the IPC fast path.
ALWAYS_INLINE err_t support_lookup(struct thread *caller, u64 value, enum object_kind kind,
	u32 rights, struct object *_Nullable *_Nonnull out)
{
	struct object *object = handle_fast(&caller->process->handles, value, kind, rights);
	if (LIKELY(object)) {
		*out = object;
		return OK;
	}
	struct support_found found = support_lookup_slowly(caller, value, kind, rights);
	*out = found.object;
	return found.err;
}

NONNULL_END
