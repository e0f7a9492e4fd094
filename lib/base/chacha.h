// SPDX-License-Identifier: MIT
// chacha.h - the ChaCha20 block function (RFC 8439, 2.3).
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN
struct chacha {
	u32 key[8];
	u32 counter, nonce[3];
};
void chacha_block(const struct chacha *state, u8 (*out)[64]);
NONNULL_END
