// SPDX-License-Identifier: MIT
// compress_test.c - there and back, too little room, damaged bytes.
#include "lib/sinter/compress.h"

#include "lib/base/random.h"
#include "lib/base/test.h"
#include "lib/sinter/format.h"

static u8 plain[RECORD_SIZE], packed[RECORD_SIZE], back[RECORD_SIZE];

TEST(compress_there_and_back)
{
	for (u32 i = 0; i < RECORD_SIZE; i++)
		plain[i] = (u8)(i / 97);
	usize size = compress_pack(COMPRESS_LZ4, view_of(plain), span_of(packed));
	REQUIRE(size && size < RECORD_SIZE / 4);
	REQUIRE_OK(compress_unpack(COMPRESS_LZ4, view_from(packed, size), span_of(back)));
	CHECK(view_equal(view_of(plain), view_of(back)));
	CHECK_EQ(
		compress_unpack(COMPRESS_LZ4, view_from(packed, size - 1), span_of(back)), ERR_CORRUPT);
	CHECK_EQ(compress_unpack(COMPRESS_NONE, view_from(packed, size), span_of(back)), ERR_CORRUPT);
}

TEST(compress_gives_up_on_noise)
{
	struct random random;
	random_init(&random, 1);
	random_fill(&random, span_of(plain));
	CHECK_EQ(compress_pack(COMPRESS_LZ4, view_of(plain), span_from(packed, RECORD_SIZE / 2)), 0);
}

TEST(compress_unpack_survives_noise)
{
	struct random random;
	random_init(&random, 2);
	for (u32 i = 0; i < 500; i++) {
		random_fill(&random, span_of(packed));
		usize size = 1 + (usize)random_below(&random, RECORD_SIZE);
		err_t err = compress_unpack(COMPRESS_LZ4, view_from(packed, size), span_of(back));
		CHECK(err == OK || err == ERR_CORRUPT);
	}
}
