// SPDX-License-Identifier: MIT
// frame.c - the two functions of zstd.h that we use, in static memory that never grows.
#include "ports/zstd/frame.h"

#define ZSTD_STATIC_LINKING_ONLY
#include <libzstd/zstd.h>

constexpr usize CONTENTS_MAX = 16384;
constexpr int LEVEL = 3;

static u64 pack_memory[512 * 1024 / 8], unpack_memory[256 * 1024 / 8];

usize zstd_pack(view_t from, span_t to)
{
	if (from.size > CONTENTS_MAX)
		return 0;
	ZSTD_CCtx *context = ZSTD_initStaticCCtx(pack_memory, sizeof pack_memory);
	if (!context)
		return 0;
	// The size is known before, so the window and all tables are small.
	usize size = ZSTD_compressCCtx(context, to.data, to.size, from.data, from.size, LEVEL);
	return ZSTD_isError(size) ? 0 : size;
}

usize zstd_unpack(view_t from, span_t to)
{
	ZSTD_DCtx *context = ZSTD_initStaticDCtx(unpack_memory, sizeof unpack_memory);
	if (!context)
		return 0;
	usize size = ZSTD_decompressDCtx(context, to.data, to.size, from.data, from.size);
	return ZSTD_isError(size) ? 0 : size;
}
