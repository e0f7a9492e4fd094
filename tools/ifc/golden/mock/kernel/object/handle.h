// SPDX-License-Identifier: MIT
// handle.h - stands in for the kernel's header when the compiler is tested alone.
#pragma once

#include "kernel/object/object.h"

NONNULL_BEGIN
err_t handle_lookup(struct thread *caller, handle_t handle, enum object_kind kind, u32 rights,
	struct object *_Nullable *_Nonnull out);
NONNULL_END
