// SPDX-License-Identifier: MIT
// scancode.c - set 1: a key's number, with the highest bit when it goes up; 0xe0 before the keys
// that the first keyboards did not have; 0xe1 before Pause. Up to 0x58 numbers are keycodes as they
// are.
#include "drivers/input/ps2/scancode.h"

#include "lib/driver/keycodes.h"
#include "lib/driver/rings.h"

constexpr u8 PREFIX_MORE = 0xe0, PREFIX_PAUSE = 0xe1, UP = 0x80;
constexpr u8 LAST_PLAIN = 0x58;

static u8 more(u8 code)
{
	switch (code) {
	case 0x1c: return KEY_PAD_ENTER;
	case 0x1d: return KEY_RIGHT_CONTROL;
	case 0x35: return KEY_PAD_SLASH;
	case 0x37: return KEY_PRINT;
	case 0x38: return KEY_RIGHT_ALT;
	case 0x47: return KEY_HOME;
	case 0x48: return KEY_UP;
	case 0x49: return KEY_PAGE_UP;
	case 0x4b: return KEY_LEFT;
	case 0x4d: return KEY_RIGHT;
	case 0x4f: return KEY_END;
	case 0x50: return KEY_DOWN;
	case 0x51: return KEY_PAGE_DOWN;
	case 0x52: return KEY_INSERT;
	case 0x53: return KEY_DELETE;
	case 0x5b: return KEY_LEFT_META;
	case 0x5c: return KEY_RIGHT_META;
	case 0x5d: return KEY_MENU;
	case 0x5e: return KEY_POWER;
	default: return KEY_NONE; // also the shifts that some keys pretend
	}
}

static u16 record_of(struct scancode_decoder *decoder, u8 key, bool is_up)
{
	u64 *held = &AT(decoder->down, key / 64), bit = 1ull << key % 64;
	bool was_held = *held & bit;
	*held = is_up ? *held & ~bit : *held | bit;
	return (u16)(key | (is_up ? RECORD_UP : was_held ? RECORD_REPEAT : 0));
}

bool scancode_feed(struct scancode_decoder *decoder, u8 byte, u16 *record)
{
	u8 prefix = decoder->prefix;
	if (decoder->skip) {
		decoder->skip--;
		return false;
	}
	if (byte == PREFIX_MORE) {
		decoder->prefix = byte;
		return false;
	}
	if (byte == PREFIX_PAUSE) { // e1 1d 45 e1 9d c5, all at once; it never goes up
		decoder->skip = 5;
		*record = KEY_PAUSE;
		return true;
	}
	decoder->prefix = 0;
	u8 code = byte & (u8)~UP;
	u8 key = prefix ? more(code) : code <= LAST_PLAIN ? code : (u8)KEY_NONE;
	if (key == KEY_NONE || key >= 128)
		return false;
	*record = record_of(decoder, key, byte & UP);
	return true;
}
