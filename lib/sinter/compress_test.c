// SPDX-License-Identifier: MIT
// compress_test.c - there and back, too little room, damaged bytes.
#include "lib/sinter/compress.h"

#include "lib/base/random.h"
#include "lib/base/test.h"
#include "lib/sinter/format.h"

static u8 plain[RECORD_SIZE], packed[RECORD_SIZE], back[RECORD_SIZE];

static void there_and_back(u8 method)
{
	for (u32 i = 0; i < RECORD_SIZE; i++)
		AT(plain, i) = (u8)(i / 97);
	usize size = compress_pack(method, view_of(plain), span_of(packed));
	REQUIRE(size && size < RECORD_SIZE / 4);
	REQUIRE_OK(compress_unpack(method, view_from(packed, size), span_of(back)));
	CHECK(view_equal(view_of(plain), view_of(back)));
	CHECK_EQ(compress_unpack(method, view_from(packed, size - 1), span_of(back)), ERR_CORRUPT);
	CHECK_EQ(compress_unpack(COMPRESS_NONE, view_from(packed, size), span_of(back)), ERR_CORRUPT);
}

TEST(compress_there_and_back)
{
	there_and_back(COMPRESS_LZ4);
	there_and_back(COMPRESS_ZSTD);
}

TEST(compress_gives_up_on_noise)
{
	struct random random;
	random_init(&random, 1);
	random_fill(&random, span_of(plain));
	for (u8 method = COMPRESS_LZ4; method <= COMPRESS_ZSTD; method++)
		CHECK_EQ(compress_pack(method, view_of(plain), span_from(packed, RECORD_SIZE / 2)), 0);
}

static void survives_noise(u8 method)
{
	struct random random;
	random_init(&random, 2);
	for (u32 i = 0; i < 500; i++) {
		random_fill(&random, span_of(packed));
		usize size = 1 + (usize)random_below(&random, RECORD_SIZE);
		err_t err = compress_unpack(method, view_from(packed, size), span_of(back));
		CHECK(err == OK || err == ERR_CORRUPT);
	}
}

// A good frame with some bytes changed: deeper than noise gets.
static void survives_damage(u8 method)
{
	struct random random;
	random_init(&random, 3);
	for (u32 i = 0; i < RECORD_SIZE; i++)
		AT(plain, i) = (u8)(random_below(&random, 4) * (i / 300));
	for (u32 i = 0; i < 500; i++) {
		usize size = compress_pack(method, view_of(plain), span_of(packed));
		REQUIRE(size);
		for (u32 n = 0; n <= i % 4; n++)
			AT(packed, random_below(&random, size)) = (u8)random_u64(&random);
		err_t err = compress_unpack(method, view_from(packed, size), span_of(back));
		CHECK(err == OK || err == ERR_CORRUPT);
	}
}

TEST(compress_unpack_survives_noise)
{
	survives_noise(COMPRESS_LZ4);
	survives_noise(COMPRESS_ZSTD);
	survives_damage(COMPRESS_LZ4);
	survives_damage(COMPRESS_ZSTD);
}
