// SPDX-License-Identifier: MIT
// pvh.h - the start info of the Xen x86/HVM direct boot ABI, which QEMU's -kernel uses.
#pragma once

#include "boot/handover.h"
#include "boot/physical.h"

NONNULL_BEGIN

err_t pvh_parse(physical_t memory, u64 start_info_paddr, struct handover *handover,
	struct complaint *complaint);

NONNULL_END
