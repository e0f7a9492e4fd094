// SPDX-License-Identifier: MIT
// scancode.h - scancodes of set 1, as the controller translates them, to records of keys
// (lib/driver/rings.h, lib/driver/keycodes.h). Touches no hardware.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

struct scancode_decoder {
	u8 prefix;   // 0xe0, 0xe1 when one came
	u8 skip;     // bytes of a sequence known already (Pause)
	u64 down[2]; // keys that are held: what comes again is a repeat
};

// True: a record.
bool scancode_feed(struct scancode_decoder *decoder, u8 byte, u16 *record);

NONNULL_END
