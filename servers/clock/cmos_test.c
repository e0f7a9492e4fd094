// SPDX-License-Identifier: MIT
// cmos_test.c - dates through the registers and back, in each format; nonsense is refused.
#include "servers/clock/cmos.h"

#include "lib/base/test.h"

TEST(cmos_known)
{
	// 2026-11-26 16:54:03 UTC
	const u8 registers[CMOS_REGISTERS] = { 0x03, 0, 0x54, 0, 0x16, 0, 0, 0x26, 0x11, 0x26, 0,
		0x02 };
	u64 seconds;
	REQUIRE_OK(cmos_to_seconds(&registers, &seconds));
	CHECK_EQ(seconds, 1795712043);
	const u8 evening[CMOS_REGISTERS] = { 0, 0, 0, 0, 0x92, 0, 0, 0x01, 0x01, 0x00, 0, 0 };
	REQUIRE_OK(cmos_to_seconds(&evening, &seconds)); // 12 pm is noon
	CHECK_EQ(seconds, 946684800 + 12 * 3600);
}

TEST(cmos_round_trip)
{
	static const u8 formats[] = { 0, CMOS_BINARY, CMOS_24_HOURS, CMOS_BINARY | CMOS_24_HOURS };
	for (u32 i = 0; i < 4; i++)
		for (u64 seconds = 946684800; seconds < 4102444800; seconds += 86400 * 17 + 4567) {
			u8 registers[CMOS_REGISTERS] = {};
			u64 back = 0;
			registers[CMOS_STATUS_B] = formats[i];
			REQUIRE_OK(cmos_from_seconds(seconds, &registers));
			REQUIRE_OK(cmos_to_seconds((const u8(*)[CMOS_REGISTERS]) & registers, &back));
			REQUIRE(back == seconds);
		}
}

TEST(cmos_nonsense)
{
	u8 registers[CMOS_REGISTERS] = {};
	u64 seconds;
	CHECK_EQ(cmos_to_seconds((const u8(*)[CMOS_REGISTERS]) & registers, &seconds), ERR_DEVICE);
	for (u32 i = 0; i < CMOS_REGISTERS; i++)
		registers[i] = 0xff;
	CHECK_EQ(cmos_to_seconds((const u8(*)[CMOS_REGISTERS]) & registers, &seconds), ERR_DEVICE);
	CHECK_EQ(cmos_from_seconds(0, &registers), ERR_RANGE);
	CHECK_EQ(cmos_from_seconds(4102444800, &registers), ERR_RANGE);
}
