// SPDX-License-Identifier: MIT
// meeting.h - FIFOs and sockets by name: servers/meet lets in who comes with a connection that
// servers/proc had made for the inode, on the word of the file's server.
#pragma once

#include "ifc/meet.h"

NONNULL_BEGIN

struct meeting {
	u32 inode, generation;
	u32 entry;    // the name it was found by; none needed for one's own
	u32 flags;    // of open
	bool is_own;  // to listen
	u64 abstract; // 0, or the key of an abstract name: then none of the above counts
};

// The caller's, to be closed once it was called.
i64 meeting_reach(const struct meeting *meeting, meet_t *out);
void meeting_leave(meet_t grant);
// Whether the grant was one of meet's former life, so that another is worth a try.
bool meeting_again(err_t err, u32 *tries);

NONNULL_END
