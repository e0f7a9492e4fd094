// SPDX-License-Identifier: MIT
// grant.h - who may open which FIFO or named socket: servers/proc has a connection made for an
// inode that its file's server let a process open, and the connection's badge says which and how.
#pragma once

#include "ifc/meet.h"

NONNULL_BEGIN

constexpr u64 GRANT_BADGE = 1ull << 59; // beside a serial and a number

// What this connection is good for, if that is all of `ways`. ERR_RIGHTS: less; ERR_STATE: it is no
// grant, or none of this life.
err_t grant_key(struct caller caller, u32 ways, u64 *out_key);
err_t operation_vouch(void *_Nullable self, struct caller caller, u64 key, enum meet_way ways,
	u32 pid, handle_t *out_grant);
void grant_hangup(u64 badge);

NONNULL_END
