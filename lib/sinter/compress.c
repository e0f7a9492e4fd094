// SPDX-License-Identifier: MIT
// compress.c - which method is which library's.
#include "lib/sinter/compress.h"

#include "lib/sinter/format.h"
#include "ports/lz4/pack.h"

err_t compress_unpack(u8 method, view_t from, span_t to)
{
	if (method != COMPRESS_LZ4 || lz4_unpack(from, to) != to.size)
		return ERR_CORRUPT;
	return OK;
}

usize compress_pack(u8 method, view_t from, span_t to)
{
	return method == COMPRESS_LZ4 ? lz4_pack(from, to) : 0;
}
