// SPDX-License-Identifier: MIT
// fifo.h - FIFOs by key and who has them open.
#pragma once

#include "ifc/meet.h"

NONNULL_BEGIN
void fifo_open(void *_Nullable self, struct meet_fifo_call call);
void fifo_hangup(u64 badge);      // an opener is gone
void fifo_cancel(handle_t reply); // an opener does not wait any more
extern handle_t fifo_port;        // where openers' connections lead: set once at start
NONNULL_END
