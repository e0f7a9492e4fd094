// SPDX-License-Identifier: MIT
// compress.h - packing of file records. Unpacking is safe on any bytes.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

// Fills all of to, or ERR_CORRUPT.
err_t compress_unpack(u8 method, view_t from, span_t to);
// How many bytes of to it takes; 0 when they are not enough.
usize compress_pack(u8 method, view_t from, span_t to);

u64 compress_feature(u8 method); // the bit that pools using it have

NONNULL_END
