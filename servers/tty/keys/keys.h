// SPDX-License-Identifier: MIT
// keys.h - from keys to the bytes that a terminal of the type "linux" sends for them. Layouts are
// tables (layouts.c); this holds what is pressed and locked. No device, no terminal.
#pragma once

#include "lib/base/view.h"
#include "lib/driver/keycodes.h"
#include "lib/driver/rings.h"

NONNULL_BEGIN

enum layout_index : u32 { LAYOUT_US = 0, LAYOUT_DE = 1, LAYOUTS = 2 };

struct keys {
	u32 held;   // enum modifier
	u32 locked; // lamps: bits as enum wire_lamp
	u32 layout; // enum layout_index
};

enum modifier : u32 {
	HELD_LEFT_SHIFT = 1,
	HELD_RIGHT_SHIFT = 2,
	HELD_LEFT_CONTROL = 4,
	HELD_RIGHT_CONTROL = 8,
	HELD_LEFT_ALT = 16,
	HELD_RIGHT_ALT = 32,
};

enum lock : u32 { LOCKED_SCROLL = 1, LOCKED_NUMBER = 2, LOCKED_CAPITALS = 4 };

struct keys_text {
	u8 bytes[8];
	u32 size;
};

// What a record of a keyboard (lib/driver/rings.h) types; modes: enum screen_mode.
void keys_press(struct keys *keys, u16 record, u32 modes, struct keys_text *out);

static inline u32 keys_lamps(const struct keys *keys)
{
	return keys->locked;
}

// A layout: code points by key; 0: nothing. Letters are those that caps lock changes.
struct layout {
	char name[8];
	u16 plain[128], shifted[128], alternate[128]; // alternate: with the right Alt key
};
extern const struct layout layouts[LAYOUTS];
bool keys_choose(struct keys *keys, view_t name); // false: no such layout

NONNULL_END
