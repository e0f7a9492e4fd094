// SPDX-License-Identifier: MIT
// pack.h - LZ4 blocks, by the lz4 of Debian's source package. Unpacking is safe on any bytes.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

usize lz4_pack(view_t from, span_t to);   // bytes of to used; 0: they are too few
usize lz4_unpack(view_t from, span_t to); // bytes of to filled; 0: from is damaged, or too long

NONNULL_END
