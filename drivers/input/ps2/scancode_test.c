// SPDX-License-Identifier: MIT
// scancode_test.c - bytes to keys.
#include "drivers/input/ps2/scancode.h"
#include "lib/base/test.h"
#include "lib/driver/keycodes.h"
#include "lib/driver/rings.h"

static struct scancode_decoder decoder;

// 0xffff: no record.
static u16 feed(u8 byte)
{
	u16 record;
	return scancode_feed(&decoder, byte, &record) ? record : 0xffff;
}

TEST(scancode_keys)
{
	decoder = (struct scancode_decoder){};
	CHECK_EQ(feed(0x1e), KEY_A);
	CHECK_EQ(feed(0x1e), (u16)KEY_A | RECORD_REPEAT);
	CHECK_EQ(feed(0x9e), (u16)KEY_A | RECORD_UP);
	CHECK_EQ(feed(0x1e), KEY_A);
	CHECK_EQ(feed(0xe0), 0xffff);
	CHECK_EQ(feed(0x48), KEY_UP);
	CHECK_EQ(feed(0x48), KEY_PAD_7 + 1);
	CHECK_EQ(feed(0xe0), 0xffff);
	CHECK_EQ(feed(0x2a), 0xffff); // a pretended shift
	CHECK_EQ(feed(0x7f), 0xffff);
	CHECK_EQ(feed(0x57), KEY_F11);
}

TEST(scancode_pause)
{
	static const u8 bytes[] = { 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5 };
	decoder = (struct scancode_decoder){};
	CHECK_EQ(feed(AT(bytes, 0)), KEY_PAUSE);
	for (u32 i = 1; i < COUNT(bytes); i++)
		CHECK_EQ(feed(AT(bytes, i)), 0xffff);
	CHECK_EQ(feed(0x02), KEY_1);
}
