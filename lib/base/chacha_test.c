// SPDX-License-Identifier: MIT
// chacha_test.c - the block of RFC 8439, 2.3.2; the pool never says the same twice.
#include "lib/base/chacha.h"

#include "lib/base/pool.h"
#include "lib/base/test.h"

TEST(chacha_rfc)
{
	struct chacha state = { .counter = 1, .nonce = { 0x09000000, 0x4a000000, 0 } };
	static const u8 expected[] = { 0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd,
		0x1f, 0xa3, 0x20, 0x71, 0xc4 };
	u8 out[64];
	for (u32 i = 0; i < 8; i++)
		state.key[i] = 0x03020100 + i * 0x04040404;
	chacha_block(&state, &out);
	CHECK(view_equal(view_clamp(view_of(out), 0, sizeof expected), view_of(expected)));
	CHECK_EQ(out[63], 0x4e);
}

TEST(pool_goes_on)
{
	struct pool pool = {};
	u8 a[100], b[100], c[100];
	pool_fill(&pool, span_of(a));
	pool_fill(&pool, span_of(b));
	CHECK(!view_equal(view_of(a), view_of(b)));
	struct pool other = {};
	pool_stir(&other, VIEW_TEXT("x"));
	pool_fill(&other, span_of(c));
	CHECK(!view_equal(view_of(a), view_of(c)));
	struct pool same = {};
	pool_fill(&same, span_of(c));
	CHECK(view_equal(view_of(a), view_of(c)));
}
