// SPDX-License-Identifier: MIT
// cmos.h - the machine's battery clock (MC146818 and its descendants): registers to and from
// seconds since 1970, UTC. No access to hardware here.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 CMOS_REGISTERS = 14;
enum cmos_register : u8 {
	CMOS_SECONDS = 0,
	CMOS_MINUTES = 2,
	CMOS_HOURS = 4,
	CMOS_DAY = 7, // of the month
	CMOS_MONTH = 8,
	CMOS_YEAR = 9,
	CMOS_STATUS_A = 10, // bit 7: an update is under way
	CMOS_STATUS_B = 11, // bit 1: 24 hours; bit 2: binary, not BCD; bit 7: updates stopped
};
constexpr u8 CMOS_UPDATING = 0x80, CMOS_24_HOURS = 0x02, CMOS_BINARY = 0x04, CMOS_STOPPED = 0x80;

// What the registers say. ERR_DEVICE: no date.
err_t cmos_to_seconds(const u8 (*registers)[CMOS_REGISTERS], u64 *out);
// The other way, in the format that registers' status B asks for. ERR_RANGE: not between 2000 and
// 2099.
err_t cmos_from_seconds(u64 seconds, u8 (*registers)[CMOS_REGISTERS]);

NONNULL_END
