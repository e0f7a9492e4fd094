// SPDX-License-Identifier: MIT
// port.h - the seam to the environment: memory (asked for only when a pool is opened or made, never
// later), time, random numbers, and a place for sentences that a person should read.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

struct sinter_time {
	i64 s; // since 1970
	u32 ns;
};

struct port {
	// Zeroed, page-aligned; null when there is none.
	void *_Nullable (*allocate)(void *_Nullable context, usize size);
	// The same for blocks: what it holds at first does not matter.
	void *_Nullable (*allocate_blocks)(void *_Nullable context, usize size);
	void (*release)(void *_Nullable context, void *memory, usize size);
	struct sinter_time (*now)(void *_Nullable context);
	u64 (*random)(void *_Nullable context);
	void (*report)(void *_Nullable context, view_t sentence);
	void *_Nullable context;
};

// Null is nothing to release.
static inline void port_release(const struct port *port, void *_Nullable memory, usize size)
{
	if (memory)
		port->release(port->context, memory, size);
}

NONNULL_END
