// SPDX-License-Identifier: MIT
// frame.h - Zstandard frames of at most 16 KiB of contents, by the zstd of Debian's source package.
// Unpacking is safe on any bytes.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

usize zstd_pack(view_t from, span_t to);   // bytes of to used; 0: they are too few
usize zstd_unpack(view_t from, span_t to); // bytes of to filled; 0: from is damaged, or too long

NONNULL_END
