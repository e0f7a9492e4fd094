// SPDX-License-Identifier: MIT
// compress.c - which method is which library's.
#include "lib/sinter/compress.h"

#include "lib/sinter/format.h"
#include "ports/lz4/pack.h"
#include "ports/zstd/frame.h"

err_t compress_unpack(u8 method, view_t from, span_t to)
{
	usize size = 0;
	if (method == COMPRESS_LZ4)
		size = lz4_unpack(from, to);
	else if (method == COMPRESS_ZSTD)
		size = zstd_unpack(from, to);
	return size && size == to.size ? OK : ERR_CORRUPT;
}

usize compress_pack(u8 method, view_t from, span_t to)
{
	if (method == COMPRESS_ZSTD)
		return zstd_pack(from, to);
	return method == COMPRESS_LZ4 ? lz4_pack(from, to) : 0;
}

u64 compress_feature(u8 method)
{
	switch (method) {
	case COMPRESS_LZ4: return FEATURE_LZ4;
	case COMPRESS_ZSTD: return FEATURE_ZSTD;
	default: return 0;
	}
}
