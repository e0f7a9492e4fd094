// SPDX-License-Identifier: MIT
// keys_test.c - keys of the tables and what modifiers and locks make of them.
#include "lib/base/test.h"
#include "servers/tty/keys/keys.h"

static struct keys keys;

static bool types(u16 record, u32 modes, view_t wanted)
{
	struct keys_text text;
	keys_press(&keys, record, modes, &text);
	return view_equal(view_clamp(view_of(text.bytes), 0, text.size), wanted);
}

static void hold(u8 key)
{
	CHECK(types(key, 0, VIEW_TEXT("")));
}

static void release(u8 key)
{
	CHECK(types((u16)(key | RECORD_UP), 0, VIEW_TEXT("")));
}

TEST(keys_us)
{
	keys = (struct keys){};
	CHECK(types(KEY_A, 0, VIEW_TEXT("a")));
	CHECK(types((u16)KEY_A | RECORD_REPEAT, 0, VIEW_TEXT("a")));
	CHECK(types((u16)KEY_A | RECORD_UP, 0, VIEW_TEXT("")));
	CHECK(types(KEY_ENTER, 0, VIEW_TEXT("\r")));
	CHECK(types(KEY_ENTER, SCREEN_NEWLINE, VIEW_TEXT("\r\n")));
	CHECK(types(KEY_BACKSPACE, 0, VIEW_TEXT("\177")));
	hold(KEY_LEFT_SHIFT);
	CHECK(types(KEY_A, 0, VIEW_TEXT("A")));
	CHECK(types(KEY_1, 0, VIEW_TEXT("!")));
	CHECK(types(KEY_TAB, 0, VIEW_TEXT("\033[Z")));
	CHECK(types(KEY_F1, 0, VIEW_TEXT("\033[25~")));
	hold(KEY_RIGHT_SHIFT);
	release(KEY_LEFT_SHIFT);
	CHECK(types(KEY_Z, 0, VIEW_TEXT("Z")));
	release(KEY_RIGHT_SHIFT);
	CHECK(types(KEY_Z, 0, VIEW_TEXT("z")));
	CHECK(types(KEY_LEFT_META, 0, VIEW_TEXT("")));
	CHECK(types(200, 0, VIEW_TEXT("")));
}

TEST(keys_modifiers)
{
	keys = (struct keys){};
	hold(KEY_RIGHT_CONTROL);
	CHECK(types(46, 0, VIEW_TEXT("\003"))); // c
	CHECK(types(KEY_SPACE, 0, VIEW_TEXT("\0")));
	CHECK(types(53, 0, VIEW_TEXT("\037"))); // slash
	CHECK(types(KEY_ENTER, 0, VIEW_TEXT("\r")));
	release(KEY_RIGHT_CONTROL);
	hold(KEY_LEFT_ALT);
	CHECK(types(KEY_A, 0, VIEW_TEXT("\033a")));
	CHECK(types(KEY_LEFT_META, 0, VIEW_TEXT("")));
	release(KEY_LEFT_ALT);
}

TEST(keys_locks)
{
	keys = (struct keys){};
	hold(KEY_CAPS_LOCK);
	CHECK(types((u16)KEY_CAPS_LOCK | RECORD_REPEAT, 0, VIEW_TEXT("")));
	release(KEY_CAPS_LOCK);
	CHECK_EQ(keys_lamps(&keys), LOCKED_CAPITALS);
	CHECK(types(KEY_A, 0, VIEW_TEXT("A")));
	CHECK(types(KEY_1, 0, VIEW_TEXT("1")));
	hold(KEY_LEFT_SHIFT);
	CHECK(types(KEY_A, 0, VIEW_TEXT("a")));
	release(KEY_LEFT_SHIFT);
	CHECK(types(KEY_PAD_7, 0, VIEW_TEXT("\033[1~")));
	hold(KEY_NUM_LOCK);
	CHECK(types(KEY_PAD_7, 0, VIEW_TEXT("7")));
	CHECK(types(KEY_PAD_DOT, 0, VIEW_TEXT(".")));
}

TEST(keys_cursor)
{
	keys = (struct keys){};
	CHECK(types(KEY_UP, 0, VIEW_TEXT("\033[A")));
	CHECK(types(KEY_LEFT, SCREEN_CURSOR_KEYS, VIEW_TEXT("\033OD")));
	CHECK(types(KEY_DELETE, SCREEN_CURSOR_KEYS, VIEW_TEXT("\033[3~")));
	CHECK(types(KEY_PAD_7 + 1, SCREEN_CURSOR_KEYS, VIEW_TEXT("\033OA")));
}

TEST(keys_german)
{
	keys = (struct keys){};
	CHECK(!keys_choose(&keys, VIEW_TEXT("xx")));
	CHECK(keys_choose(&keys, VIEW_TEXT("de")));
	CHECK(types(21, 0, VIEW_TEXT("z")));
	CHECK(types(KEY_MINUS, 0, VIEW_TEXT("\303\237")));
	hold(KEY_RIGHT_ALT);
	CHECK(types(18, 0, VIEW_TEXT("\342\202\254")));
	CHECK(types(KEY_Q, 0, VIEW_TEXT("@")));
	CHECK(types(KEY_A, 0, VIEW_TEXT("\033a")));
}
