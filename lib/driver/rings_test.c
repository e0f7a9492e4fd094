// SPDX-License-Identifier: MIT
// rings_test.c - both sides of the rings, their sleeping, and nonsense from the other side.
#include "lib/base/test.h"
#include "lib/driver/rings.h"

static struct rings rings;

static void begin(u32 index)
{
	rings = (struct rings){
		.up_put = index, .up_taken = index, .down_put = index, .down_taken = index, .dropped = index
	};
	rings_init(&rings);
}

TEST(rings_records)
{
	u32 taken = 0xffff'fff0;
	u16 record;
	begin(taken);
	CHECK(!rings_up_take(&rings, taken, &record));
	CHECK(rings_user_may_sleep(&rings, taken));
	for (u32 i = 0; i < RINGS_UP; i++)
		CHECK(rings_up_put(&rings, (u16)i));
	CHECK(!rings_up_put(&rings, 0));
	CHECK(rings_up_wait(&rings));
	CHECK(rings_user_must_wake(&rings));
	CHECK(!rings_user_must_wake(&rings)); // once for each sleep
	for (u32 i = 0; i < RINGS_UP; i++) {
		CHECK(rings_up_take(&rings, taken++, &record));
		CHECK_EQ(record, (u16)i);
	}
	CHECK(rings_up_taken(&rings, taken));
	CHECK(!rings_up_taken(&rings, taken));
	CHECK(rings_up_put(&rings, 7));
	CHECK(!rings_user_may_sleep(&rings, taken));
}

TEST(rings_text)
{
	u32 taken = 0xffff'fffc; // across the end of numbers and of the ring
	u16 record;
	begin(taken);
	CHECK(rings_up_put_text(&rings, VIEW_TEXT("answer")));
	for (u32 i = 0; i < 6; i++) {
		CHECK(rings_up_take(&rings, taken++, &record));
		CHECK_EQ(record, view_at(VIEW_TEXT("answer"), i));
	}
	CHECK(!rings_up_take(&rings, taken, &record));
	(void)rings_up_taken(&rings, taken);
	for (u32 i = 0; i < RINGS_UP - 5; i++)
		CHECK(rings_up_put(&rings, (u16)i));
	CHECK(!rings_up_put_text(&rings, VIEW_TEXT("answer"))); // all or nothing
	CHECK(rings_up_put_text(&rings, VIEW_TEXT("shout")));
}

TEST(rings_bytes)
{
	u32 put = 0xffff'fffa;
	begin(put);
	CHECK(rings_driver_may_sleep(&rings));
	rings_down_write(&rings, put, VIEW_TEXT("hello, world"));
	CHECK_EQ(rings_down(&rings).size, 0); // invisible
	CHECK(rings_down_publish(&rings, put += 12));
	CHECK_EQ(rings_down_waiting(&rings, put), 12);
	CHECK_EQ(rings_down_room(&rings, put), RINGS_DOWN - 12);
	CHECK(view_equal(rings_down(&rings), VIEW_TEXT("hello,"))); // up to the ring's end
	rings_down_taken(&rings, 6);
	CHECK(view_equal(rings_down(&rings), VIEW_TEXT(" world")));
	rings_down_stop(&rings, true);
	CHECK_EQ(rings_down(&rings).size, 0);
	rings_down_stop(&rings, false);
	rings_down_drop(&rings, put - 2);
	CHECK(view_equal(rings_down(&rings), VIEW_TEXT("ld")));
	rings_down_taken(&rings, 2);
	CHECK_EQ(rings_down_waiting(&rings, put), 0);
}

TEST(rings_wishes)
{
	begin(0);
	CHECK(!rings_wish_is_due(&rings));
	(void)rings_down_publish(&rings, RINGS_DOWN);
	rings_wish(&rings, WISH_ROOM);
	CHECK(!rings_wish_is_due(&rings));
	rings_down_taken(&rings, RINGS_DOWN / 2);
	CHECK(rings_wish_is_due(&rings));
	CHECK(!rings_wish_is_due(&rings));
	rings_wish(&rings, WISH_EMPTY);
	CHECK(!rings_wish_is_due(&rings));
	rings_down_taken(&rings, RINGS_DOWN / 2);
	CHECK(rings_wish_is_due(&rings));
}

TEST(rings_nonsense)
{
	u16 record;
	begin(0);
	rings.up_put = RINGS_UP + 1;
	CHECK(!rings_up_take(&rings, 0, &record));
	rings.down_put = RINGS_DOWN + 1;
	CHECK_EQ(rings_down(&rings).size, 0);
	CHECK_EQ(rings_down_room(&rings, RINGS_DOWN + 1), 0);
	CHECK_EQ(rings_down_waiting(&rings, RINGS_DOWN + 1), 0);
}
