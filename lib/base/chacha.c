// SPDX-License-Identifier: MIT
// chacha.c - see chacha.h.
#include "lib/base/chacha.h"

constexpr u32 ROUNDS = 10; // pairs

static u32 rotate(u32 value, u32 bits)
{
	return value << bits | value >> (32 - bits);
}

static void quarter(u32 *a, u32 *b, u32 *c, u32 *d)
{
	*a += *b;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 12);
	*a += *b;
	*d = rotate(*d ^ *a, 8);
	*c += *d;
	*b = rotate(*b ^ *c, 7);
}

static void double_round(u32 (*x)[16])
{
	for (u32 i = 0; i < 4; i++)
		quarter(&AT(*x, i), &AT(*x, i + 4), &AT(*x, i + 8), &AT(*x, i + 12));
	for (u32 i = 0; i < 4; i++)
		quarter(&AT(*x, i), &AT(*x, (i + 1) % 4 + 4), &AT(*x, (i + 2) % 4 + 8),
			&AT(*x, (i + 3) % 4 + 12));
}

void chacha_block(const struct chacha *state, u8 (*out)[64])
{
	u32 start[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	u32 x[16];
	for (u32 i = 0; i < 8; i++)
		AT(start, i + 4) = AT(state->key, i);
	AT(start, 12) = state->counter;
	for (u32 i = 0; i < 3; i++)
		AT(start, i + 13) = AT(state->nonce, i);
	for (u32 i = 0; i < 16; i++)
		AT(x, i) = AT(start, i);
	for (u32 i = 0; i < ROUNDS; i++)
		double_round(&x);
	for (u32 i = 0; i < 64; i++)
		AT(*out, i) = (u8)((AT(x, i / 4) + AT(start, i / 4)) >> 8 * (i % 4));
}
