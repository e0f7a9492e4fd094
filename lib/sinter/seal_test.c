// SPDX-License-Identifier: MIT
// seal_test.c - the cipher against the published vector (draft-irtf-cfrg-xchacha, A.3.1); whatever
// is changed is noticed; passphrases.
#include "lib/base/test.h"
#include "ports/sodium/seal.h"

static const u8 sealed[] = "\xbd\x6d\x17\x9d\x3e\x83\xd4\x3b\x95\x76\x57\x94\x93\xc0\xe9\x39"
						   "\x57\x2a\x17\x00\x25\x2b\xfa\xcc\xbe\xd2\x90\x2c\x21\x39\x6c\xbb"
						   "\x73\x1c\x7f\x1b\x0b\x4a\xa6\x44\x0b\xf3\xa8\x2f\x4e\xda\x7e\x39"
						   "\xae\x64\xc6\x70\x8c\x54\xc2\x16\xcb\x96\xb7\x2e\x12\x13\xb4\x52"
						   "\x2f\x8c\x9b\xa4\x0d\xb5\xd9\x45\xb1\x1b\x69\xb9\x82\xc1\xbb\x9e"
						   "\x3f\x3f\xac\x2b\xc3\x69\x48\x8f\x76\xb2\x38\x35\x65\xd3\xff\xf9"
						   "\x21\xf9\x66\x4c\x97\x63\x7d\xa9\x76\x88\x12\xf6\x15\xc6\x8b\x13"
						   "\xb5\x2e";
static const u8 mark_bytes[] = "\xc0\x87\x59\x24\xc1\xc7\x98\x79\x47\xde\xaf\xd8\x78\x0a\xcf\x49";
static const view_t with = VIEW_TEXT("\x50\x51\x52\x53\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7");
static const view_t text =
	VIEW_TEXT("Ladies and Gentlemen of the class of '99: If I could offer you "
			  "only one tip for the future, sunscreen would be it.");

struct vector {
	struct seal_key key;
	struct seal_nonce nonce;
	u8 bytes[114];
	struct seal_parts parts;
};

static void start(struct vector *vector)
{
	for (u32 i = 0; i < sizeof vector->key; i++)
		AT(vector->key.bytes, i) = (u8)(0x80 + i);
	for (u32 i = 0; i < sizeof vector->nonce; i++)
		AT(vector->nonce.bytes, i) = (u8)(0x40 + i);
	vector->parts = (struct seal_parts){ .key = &vector->key,
		.nonce = &vector->nonce,
		.with = with,
		.message = span_of(vector->bytes) };
	CHECK_OK(span_copy(span_of(vector->bytes), text));
}

TEST(seal_published_vector)
{
	struct vector vector;
	start(&vector);
	struct seal_mark mark = seal_close(&vector.parts);
	CHECK(view_equal(view_of(vector.bytes), view_from(sealed, sizeof sealed - 1)));
	CHECK(view_equal(view_of(mark), view_from(mark_bytes, sizeof mark_bytes - 1)));
	CHECK(seal_open(&vector.parts, &mark));
	CHECK(view_equal(view_of(vector.bytes), text));
}

TEST(seal_notices_every_change)
{
	struct vector vector;
	for (u32 i = 0; i < 5; i++) {
		start(&vector);
		struct seal_mark mark = seal_close(&vector.parts);
		if (i == 0)
			AT(vector.bytes, 50) ^= 1;
		if (i == 1)
			AT(mark.bytes, 0) ^= 1;
		if (i == 2)
			AT(vector.nonce.bytes, 23) ^= 1;
		if (i == 3)
			AT(vector.key.bytes, 31) ^= 1;
		if (i == 4)
			vector.parts.with = view_clamp(with, 0, 11);
		CHECK(!seal_open(&vector.parts, &mark));
		CHECK_EQ(view_find(view_of(vector.bytes), 'L'), sizeof vector.bytes); // no plain text
	}
}

TEST(seal_passphrases_make_different_keys)
{
	struct seal_key a, b, c;
	u8 salt[16] = { 1 };
	struct seal_cost cost = { .memory_kib = 64, .passes = 1 };
	CHECK(seal_stretch(VIEW_TEXT("correct"), salt, cost, &a));
	CHECK(seal_stretch(VIEW_TEXT("correct"), salt, cost, &b));
	CHECK(view_equal(view_of(a), view_of(b)));
	CHECK(seal_stretch(VIEW_TEXT("wrong"), salt, cost, &c));
	CHECK(!view_equal(view_of(a), view_of(c)));
	AT(salt, 15) = 1;
	CHECK(seal_stretch(VIEW_TEXT("correct"), salt, cost, &c));
	CHECK(!view_equal(view_of(a), view_of(c)));
}
