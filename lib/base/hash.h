// SPDX-License-Identifier: MIT
// hash.h - spreads keys over tables. Quick and not keyed against an attacker: a table whose keys
// come from outside seeds it with a secret number and bounds its chains.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

// Every bit of the result depends on every bit of the value; a bijection.
static inline u64 hash_mix(u64 value)
{
	value ^= value >> 32;
	value *= 0xd6e8feb86659fd93u;
	value ^= value >> 32;
	value *= 0xd6e8feb86659fd93u;
	return value ^ value >> 32;
}

static inline u64 hash_pair(u64 a, u64 b)
{
	return hash_mix(hash_mix(a) + 0x9e3779b97f4a7c15u + b);
}

static inline u64 hash_view(view_t view, u64 seed)
{
	u64 hash = hash_pair(seed, view.size);
	for (usize at = 0; at < view.size; at += sizeof(u64)) {
		view_t part = view_clamp(view, at, sizeof(u64));
		u64 word = 0;
		memory_copy(&word, part.data, part.size);
		hash = hash_pair(hash, word);
	}
	return hash;
}

NONNULL_END
