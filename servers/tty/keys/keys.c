// SPDX-License-Identifier: MIT
// keys.c - modifiers and locks, then: a key with a fixed sequence, or a character of the layout,
// with Control and Alt applied.
#include "servers/tty/keys/keys.h"

constexpr u32 SHIFTS = HELD_LEFT_SHIFT | HELD_RIGHT_SHIFT;
constexpr u32 CONTROLS = HELD_LEFT_CONTROL | HELD_RIGHT_CONTROL;

static void add(struct keys_text *out, u8 byte)
{
	if (out->size < sizeof out->bytes)
		AT(out->bytes, out->size++) = byte;
}

static void add_text(struct keys_text *out, const char *text)
{
	view_t view = view_cstring(text);
	for (usize i = 0; i < view.size; i++)
		add(out, view_at(view, i));
}

// Up to U+FFFF: more is in no layout.
static void add_character(struct keys_text *out, u32 point)
{
	if (point < 0x80) {
		add(out, (u8)point);
		return;
	}
	if (point < 0x800) {
		add(out, (u8)(0xc0 | point >> 6));
	} else {
		add(out, (u8)(0xe0 | point >> 12));
		add(out, (u8)(0x80 | (point >> 6 & 0x3f)));
	}
	add(out, (u8)(0x80 | (point & 0x3f)));
}

static u32 modifier_of(u8 key)
{
	switch (key) {
	case KEY_LEFT_SHIFT: return HELD_LEFT_SHIFT;
	case KEY_RIGHT_SHIFT: return HELD_RIGHT_SHIFT;
	case KEY_LEFT_CONTROL: return HELD_LEFT_CONTROL;
	case KEY_RIGHT_CONTROL: return HELD_RIGHT_CONTROL;
	case KEY_LEFT_ALT: return HELD_LEFT_ALT;
	case KEY_RIGHT_ALT: return HELD_RIGHT_ALT;
	default: return 0;
	}
}

static u32 lock_of(u8 key)
{
	switch (key) {
	case KEY_CAPS_LOCK: return LOCKED_CAPITALS;
	case KEY_NUM_LOCK: return LOCKED_NUMBER;
	case KEY_SCROLL_LOCK: return LOCKED_SCROLL;
	default: return 0;
	}
}

// What each key of the block of digits is without number lock.
static u8 pad_key(u8 key)
{
	static const u8 meanings[13] = { KEY_HOME, KEY_UP, KEY_PAGE_UP, KEY_NONE, KEY_LEFT, KEY_NONE,
		KEY_RIGHT, KEY_NONE, KEY_END, KEY_DOWN, KEY_PAGE_DOWN, KEY_INSERT, KEY_DELETE };
	if (key < KEY_PAD_7 || key > KEY_PAD_DOT)
		return KEY_NONE;
	return AT(meanings, key - KEY_PAD_7);
}

struct sequence {
	u8 key;
	char text[6];
	char shifted[6]; // empty: the same
};

static const struct sequence sequences[] = {
	{ KEY_F1, "\033[[A", "\033[25~" },
	{ KEY_F1 + 1, "\033[[B", "\033[26~" },
	{ KEY_F1 + 2, "\033[[C", "\033[28~" },
	{ KEY_F1 + 3, "\033[[D", "\033[29~" },
	{ KEY_F1 + 4, "\033[[E", "\033[31~" },
	{ KEY_F1 + 5, "\033[17~", "\033[32~" },
	{ KEY_F1 + 6, "\033[18~", "\033[33~" },
	{ KEY_F1 + 7, "\033[19~", "\033[34~" },
	{ KEY_F1 + 8, "\033[20~", "" },
	{ KEY_F10, "\033[21~", "" },
	{ KEY_F11, "\033[23~", "" },
	{ KEY_F12, "\033[24~", "" },
	{ KEY_HOME, "\033[1~", "" },
	{ KEY_INSERT, "\033[2~", "" },
	{ KEY_DELETE, "\033[3~", "" },
	{ KEY_END, "\033[4~", "" },
	{ KEY_PAGE_UP, "\033[5~", "" },
	{ KEY_PAGE_DOWN, "\033[6~", "" },
	{ KEY_PAUSE, "\033[P", "" },
	{ KEY_ESCAPE, "\033", "" },
	{ KEY_TAB, "\t", "\033[Z" },
	{ KEY_BACKSPACE, "\177", "" },
};

static bool type_cursor(u8 key, u32 modes, struct keys_text *out)
{
	u8 last = key == KEY_UP      ? 'A'
	          : key == KEY_DOWN  ? 'B'
	          : key == KEY_RIGHT ? 'C'
	          : key == KEY_LEFT  ? 'D'
	                             : 0;
	if (!last)
		return false;
	add_text(out, modes & SCREEN_CURSOR_KEYS ? "\033O" : "\033[");
	add(out, last);
	return true;
}

static bool type_sequence(const struct keys *keys, u8 key, struct keys_text *out)
{
	bool is_shifted = keys->held & SHIFTS;
	for (usize i = 0; i < COUNT(sequences); i++) {
		const struct sequence *sequence = &AT(sequences, i);
		if (sequence->key != key)
			continue;
		add_text(out, is_shifted && sequence->shifted[0] ? sequence->shifted : sequence->text);
		return true;
	}
	return false;
}

// What Control makes of a character; as it is where that is nothing.
static u32 controlled(u32 point)
{
	switch (point) {
	case ' ':
	case '2': return 0;
	case '/':
	case '7': return 0x1f;
	case '3': return 0x1b;
	case '4': return 0x1c;
	case '5': return 0x1d;
	case '6': return 0x1e;
	case '8':
	case '?': return 0x7f;
	default: break;
	}
	bool is_sign = (point >= '@' && point <= '_') || (point >= 'a' && point <= 'z');
	return is_sign ? point & 0x1f : point;
}

static bool is_letter(u32 point)
{
	return (point >= 'a' && point <= 'z') || (point >= 0xe0 && point <= 0xfe && point != 0xf7);
}

static u32 character_of(const struct keys *keys, u8 key)
{
	const struct layout *layout = &AT(layouts, keys->layout < LAYOUTS ? keys->layout : 0);
	bool is_shifted = keys->held & SHIFTS;
	if (key >= 128)
		return 0;
	if (keys->held & HELD_RIGHT_ALT && AT(layout->alternate, key))
		return AT(layout->alternate, key);
	bool is_capital = keys->locked & LOCKED_CAPITALS && is_letter(AT(layout->plain, key));
	return is_shifted != is_capital ? AT(layout->shifted, key) : AT(layout->plain, key);
}

static bool is_meta(const struct keys *keys, u8 key)
{
	const struct layout *layout = &AT(layouts, keys->layout < LAYOUTS ? keys->layout : 0);
	bool is_alternate = key < 128 && AT(layout->alternate, key);
	return keys->held & HELD_LEFT_ALT || (keys->held & HELD_RIGHT_ALT && !is_alternate);
}

static void type_key(const struct keys *keys, u8 key, u32 modes, struct keys_text *out)
{
	u8 meaning = keys->locked & LOCKED_NUMBER ? (u8)KEY_NONE : pad_key(key);
	if (meaning != KEY_NONE)
		key = meaning;
	if (is_meta(keys, key))
		add(out, '\033');
	if (type_cursor(key, modes, out) || type_sequence(keys, key, out))
		return;
	u32 point = character_of(keys, key);
	if (!point)
		out->size = 0;
	else if (keys->held & CONTROLS)
		add(out, (u8)controlled(point));
	else
		add_character(out, point);
	if (point == '\r' && modes & SCREEN_NEWLINE)
		add(out, '\n');
}

void keys_press(struct keys *keys, u16 record, u32 modes, struct keys_text *out)
{
	u8 key = (u8)(record & RECORD_VALUE);
	u32 modifier = modifier_of(key), lock = lock_of(key);
	*out = (struct keys_text){};
	if (record & RECORD_UP) {
		keys->held &= ~modifier;
	} else if (modifier) {
		keys->held |= modifier;
	} else if (lock) {
		keys->locked ^= record & RECORD_REPEAT ? 0 : lock;
	} else {
		type_key(keys, key, modes, out);
	}
}

bool keys_choose(struct keys *keys, view_t name)
{
	for (u32 i = 0; i < LAYOUTS; i++) {
		if (!view_equal(view_cstring(AT(layouts, i).name), name))
			continue;
		keys->layout = i;
		return true;
	}
	return false;
}
