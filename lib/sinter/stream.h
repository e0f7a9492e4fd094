// SPDX-License-Identifier: MIT
// stream.h - the frame that both ends of a stream agree on.
#pragma once

#include "lib/sinter/checksum.h"
#include "lib/sinter/format.h"

NONNULL_BEGIN

static inline sum_t frame_sum(struct frame_header *header, view_t payload, u64 previous)
{
	header->sum = (sum_t){};
	header->sum = checksum(payload, previous);
	return checksum(view_of(*header), previous);
}

NONNULL_END
