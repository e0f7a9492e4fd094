// SPDX-License-Identifier: MIT
// pack.c - the two functions of lz4.h that we use. The table is static: one thread at a time.
#include "ports/lz4/pack.h"

#include <lz4.h>

usize lz4_pack(view_t from, span_t to)
{
	static LZ4_stream_t table;
	if (from.size > LZ4_MAX_INPUT_SIZE || to.size > LZ4_MAX_INPUT_SIZE)
		return 0;
	int size = LZ4_compress_fast_extState(
		&table, (const char *)from.data, (char *)to.data, (int)from.size, (int)to.size, 1);
	return size > 0 ? (usize)size : 0;
}

usize lz4_unpack(view_t from, span_t to)
{
	if (from.size > LZ4_MAX_INPUT_SIZE || to.size > LZ4_MAX_INPUT_SIZE)
		return 0;
	int size =
		LZ4_decompress_safe((const char *)from.data, (char *)to.data, (int)from.size, (int)to.size);
	return size > 0 ? (usize)size : 0;
}
