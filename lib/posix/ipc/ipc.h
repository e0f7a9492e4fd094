// SPDX-License-Identifier: MIT
// ipc.h - what the three kinds of System V IPC have in common: servers/meet keeps them
// (ifc/meet.ifc).
#pragma once

#include "ifc/meet.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/event/voice.h"
#include "lib/posix/linux/ipc.h"

NONNULL_BEGIN

// Where nobody asks who it is; others go by a voice.
static inline meet_t ipc_meet(void)
{
	return (meet_t){ posix_self()->events.meet };
}

i64 ipc_get(enum meet_ipc_kind kind, u32 key, u64 size, u32 flags);
i64 ipc_status(
	enum meet_ipc_kind kind, u32 id, enum meet_ipc_look how, struct meet_ipc_status *out);
i64 ipc_set(enum meet_ipc_kind kind, u32 id, const struct linux_ipc_perm *perm, u64 size);
i64 ipc_remove(enum meet_ipc_kind kind, u32 id);
struct linux_ipc_perm ipc_perm(const struct meet_ipc_status *status);
i64 ipc_seconds(u64 monotonic_ns); // since 1970; 0 stays 0
// Of services for these objects, as Linux calls it.
i64 ipc_error(err_t err);

NONNULL_END
