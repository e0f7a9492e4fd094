// SPDX-License-Identifier: MIT
// checksum_test.c - published values.
#include "lib/sinter/checksum.h"

#include "lib/base/test.h"
#include "lib/sinter/pointer.h"
#include "ports/blake3/blake3_256.h"

// The vectors of the SipHash paper's reference: key 00 01 .. 0f, message 00 01 .. of each length.
TEST(siphash_published_vectors)
{
	u64 key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	u8 message[15];
	for (u8 i = 0; i < 15; i++)
		message[i] = i;
	CHECK_EQ(siphash(view_from(message, 15), key), 0xa129ca6149be45e5);
	CHECK_EQ(siphash(view_from(message, 0), key), 0x726fdb47dd0e0e31);
	CHECK_EQ(siphash(view_from(message, 8), key), 0x93f5f5799a932462);
}

// XXH3-128 of nothing, as xxhash's specification has it.
TEST(checksum_of_nothing)
{
	sum_t sum = checksum((view_t){}, 0);
	CHECK_EQ(sum.word[0], 0x6001c324468d497f);
	CHECK_EQ(sum.word[1], 0x99aa06d3014798d8);
}

// BLAKE3 of 1,024 bytes 00 01 .. fa 00 .., by its authors' vectors; the first eight are the seed.
TEST(blake3_published_vector)
{
	u8 bytes[1024];
	pointer_t pointer = { .info = 0x0706050403020100 | (u64)CHECK_BLAKE3 << 61 };
	for (u32 i = 0; i < 1024; i++)
		bytes[i] = (u8)(i % 251);
	u64 hash[4];
	blake3_256(view_from(bytes + 8, 1016), 0x0706050403020100, hash);
	CHECK_EQ(hash[0], __builtin_bswap64(0x42214739f095a406));
	CHECK_EQ(hash[1], __builtin_bswap64(0xf3fc83deb889744a));
	CHECK_EQ(hash[2], __builtin_bswap64(0xc00df831c10daa55));
	CHECK_EQ(hash[3], __builtin_bswap64(0x189b5d121c855af7));
	checksum_block(&pointer, view_from(bytes, 100));
	blake3_256(view_from(bytes, 100), pointer.info, hash);
	CHECK(pointer.sum.word[1] == hash[1] && pointer.check_rest[1] == hash[3]);
}

TEST(checksum_depends_on_the_seed_and_on_each_byte)
{
	u8 bytes[4096] = {};
	sum_t zero = checksum(view_of(bytes), 0);
	CHECK(!sum_equal(zero, checksum(view_of(bytes), 1)));
	for (u32 i = 0; i < 4096; i += 97) {
		bytes[i] = 1;
		CHECK(!sum_equal(zero, checksum(view_of(bytes), 0)));
		bytes[i] = 0;
	}
	CHECK(sum_equal(zero, checksum(view_of(bytes), 0)));
}
