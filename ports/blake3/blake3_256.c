// SPDX-License-Identifier: MIT
// blake3_256.c - see blake3_256.h.
#include "ports/blake3/blake3_256.h"

#include <blake3.h>

void blake3_256(view_t bytes, u64 seed, u64 out[4])
{
	blake3_hasher hasher;
	blake3_hasher_init(&hasher);
	blake3_hasher_update(&hasher, &seed, sizeof seed);
	if (bytes.size)
		blake3_hasher_update(&hasher, bytes.data, bytes.size);
	blake3_hasher_finalize(&hasher, (u8 *)out, BLAKE3_OUT_LEN);
}
