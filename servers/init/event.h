// SPDX-License-Identifier: MIT
// event.h - what comes to init's port from objects: a key says of which service and what.
#pragma once

#include "servers/init/init.h"

NONNULL_BEGIN

enum event_kind : u32 { EVENT_WATCH = 1, EVENT_EXIT = 2 };

static inline u64 event_key(enum event_kind kind, u32 index)
{
	return (u64)kind << 32 | index;
}

err_t event_bind(handle_t object, u32 bits, enum event_kind kind, u32 index);
void event_unbind(handle_t object); // who is kept after its end would say so for ever
void event_handle(u64 key, u32 bits);

NONNULL_END
