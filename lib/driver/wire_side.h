// SPDX-License-Identifier: MIT
// wire_side.h - a driver's side of the wire protocol (ifc/wire.ifc): rings and the connection whose
// bits wake the user, kept over the driver's lives in its ledger.
#pragma once

#include "ifc/wire.h"
#include "lib/driver/rings.h"
#include "lib/os/loop.h"

NONNULL_BEGIN

struct wire_side {
	struct rings *rings; // mapped; shared with the user
	struct wire_kept {   // in the ledger, when there is one
		u64 magic;
		handle_t memory, events; // owned
		handle_t interrupt;      // owned; of irq_claim
		// What was under way (ports_fetch, ports_store): the next life finishes it.
		u32 fetching;        // index of the record + 1
		u32 fetching_status; // of the device, before
		u32 storing;         // index behind the bytes
		u32 storing_count;   // 0: none
	} *kept;
	// Set before wire_side_begin: bytes of the driver's own that live as long. Zeros at first.
	usize extra_size;
	void *_Nullable extra; // out; without a ledger from the heap
};

constexpr u64 WIRE_KEPT_MAGIC = 0x6572'6977'0000'0001;

// Makes rings, or finds those of the former life, and tells the user then. on_kick is called when
// the user has something to say.
err_t wire_side_begin(struct wire_side *side, struct loop *loop, loop_handler *on_kick, void *self);
// Handles for the answer to wire.open.
static inline void wire_side_open(
	const struct wire_side *side, handle_t *out_rings, handle_t *out_events)
{
	*out_rings = side->kept->memory;
	*out_events = side->kept->events;
}
// After records were put, or bytes taken: wakes the user if it waits for that.
void wire_side_wake(const struct wire_side *side);
// The kick was heard.
void wire_side_heard(const struct wire_side *side);

NONNULL_END
