// SPDX-License-Identifier: MIT
// acpi.h - what the kernel must know before its first program runs: processors, interrupt
// controllers, timers. Reads tables only, no AML. The tables that user-space drivers parse (DMAR,
// MCFG) are found and checked, not read.
#pragma once

#include "boot/handover.h"
#include "boot/physical.h"

NONNULL_BEGIN

// Fills the ACPI part of boot_info. A machine without ACPI gets one CPU and nothing else.
err_t acpi_parse(physical_t memory, const struct handover *handover, struct boot_info *info,
	struct complaint *complaint);

NONNULL_END
