// SPDX-License-Identifier: MIT
// pool.c - see pool.h. Block 0 of each key is the next key, the others are answers.
#include "lib/base/pool.h"

constexpr u32 ANSWER = 0, STIR = 1; // nonces, so that the two never meet

static void load_key(struct pool *pool, view_t bytes)
{
	(void)span_copy(span_of(pool->key), view_clamp(bytes, 0, sizeof pool->key));
}

void pool_stir(struct pool *pool, view_t bytes)
{
	struct chacha state = { .nonce = { STIR } };
	u8 block[64];
	for (;;) {
		for (u32 i = 0; i < 32 && i < bytes.size; i++)
			AT(pool->key, i / 4) ^= (u32)view_at(bytes, i) << 8 * (i % 4);
		state.counter++;
		AT(state.nonce, 1) = (u32)(bytes.size < 32 ? bytes.size : 32);
		(void)span_copy(span_of(state.key), view_of(pool->key));
		chacha_block(&state, &block);
		load_key(pool, view_of(block));
		if (bytes.size <= 32)
			break;
		bytes = view_from_offset(bytes, 32);
	}
	span_fill(span_of(block), 0);
}

void pool_fill(struct pool *pool, span_t to)
{
	struct chacha state = { .nonce = { ANSWER } };
	u8 block[64], next[64];
	(void)span_copy(span_of(state.key), view_of(pool->key));
	chacha_block(&state, &next);
	load_key(pool, view_of(next));
	while (to.size) {
		state.counter++;
		chacha_block(&state, &block);
		usize size = to.size < sizeof block ? to.size : sizeof block;
		(void)span_copy(to, view_clamp(view_of(block), 0, size));
		to = span_from_offset(to, size);
	}
	span_fill(span_of(block), 0);
	span_fill(span_of(next), 0);
}
