// SPDX-License-Identifier: MIT
// sleep_test.c - tables as firmware writes them, short and foreign ones, every cut of a good one.
#include "servers/root/sleep.h"

#include "lib/base/test.h"

static u8 fadt[244];
static struct sleep sleep;

static void put(usize at, u64 value, usize size)
{
	for (usize i = 0; i < size; i++)
		AT(fadt, at + i) = (u8)(value >> (8 * i));
}

static void fill(void)
{
	span_fill(span_of(fadt), 0);
	put(40, 0x7fe0000, 4);
	put(48, 0xb2, 4);
	put(52, 2, 1);
	put(64, 0x604, 4);
	sleep = (struct sleep){};
}

TEST(fadt_of_an_emulated_pc)
{
	fill();
	REQUIRE_OK(sleep_read_fadt(view_of(fadt), &sleep));
	CHECK_EQ(sleep.ports[0], 0x604);
	CHECK_EQ(sleep.ports[1], 0);
	CHECK_EQ(sleep.command_port, 0xb2);
	CHECK_EQ(sleep.command, 2);
	CHECK_EQ(sleep.dsdt, 0x7fe0000);
}

TEST(wide_fields_count)
{
	fill();
	put(140, 0x1'0000'0000, 8);
	put(172, 1, 1);
	put(176, 0x404, 8);
	put(184, 0, 1); // memory, not a port
	put(188, 0x408, 8);
	REQUIRE_OK(sleep_read_fadt(view_of(fadt), &sleep));
	CHECK_EQ(sleep.dsdt, 0x1'0000'0000);
	CHECK_EQ(sleep.ports[0], 0x404);
	CHECK_EQ(sleep.ports[1], 0);
}

TEST(fadt_without_registers)
{
	fill();
	put(64, 0, 4);
	CHECK_EQ(sleep_read_fadt(view_of(fadt), &sleep), ERR_NOT_FOUND);
	put(64, 0xffff'ffff, 4);
	CHECK_EQ(sleep_read_fadt(view_of(fadt), &sleep), ERR_NOT_FOUND);
	CHECK(sleep_read_fadt(view_clamp(view_of(fadt), 0, 44), &sleep) != OK);
}

TEST(types)
{
	view_t words = VIEW_TEXT("xx\x08_S5_\x12\x0b\x04\x0b\x05\x00\x01\x00\x00");
	REQUIRE_OK(sleep_read_dsdt(words, &sleep));
	CHECK_EQ(sleep.types[0], 5);
	CHECK_EQ(sleep.types[1], 1);
	view_t rooted = VIEW_TEXT("xx\x08\\_S5_\x12\x46\x00\x02\x0a\x07\x0a\x06");
	REQUIRE_OK(sleep_read_dsdt(rooted, &sleep));
	CHECK_EQ(sleep.types[0], 7);
	CHECK_EQ(sleep.types[1], 6);
	for (usize size = 0; size < rooted.size; size++)
		CHECK(sleep_read_dsdt(view_clamp(rooted, 0, size), &sleep) != OK);
}

TEST(no_types)
{
	CHECK(sleep_read_dsdt(VIEW_TEXT("a call of _S5_\x12\x06\x02\x00\x00"), &sleep) != OK);
	CHECK(sleep_read_dsdt(VIEW_TEXT("xx\x08_S5_\x10\x06\x02\x00\x00"), &sleep) != OK);
	CHECK(sleep_read_dsdt(VIEW_TEXT("xx\x08_S5_\x12\x06\x00\x00\x00"), &sleep) != OK);
}

TEST(value)
{
	struct sleep off = { .types = { 5, 0 } };
	CHECK_EQ(sleep_value(&off, 0, 0x1c01), 0x3401);
	CHECK_EQ(sleep_value(&off, 1, 1), 0x2001);
}
