// SPDX-License-Identifier: MIT
// vt_test.c - what sequences do to the grid.
#include "drivers/display/console/vt/vt.h"
#include "lib/base/test.h"
#include "lib/driver/rings.h"

static struct vt vt;
static u8 answers[64];
static usize answered;
static u32 bells;

static void answer(void *self, view_t bytes)
{
	(void)self;
	(void)!span_copy(span_from_offset(span_of(answers), answered), bytes);
	answered += bytes.size;
}

static void bell(void *self)
{
	(void)self;
	bells++;
}

static const struct vt_host host = { &vt, answer, bell };

static void put(view_t bytes)
{
	for (usize i = 0; i < bytes.size; i++)
		vt_write(&vt, &host, view_at(bytes, i));
}

static void begin(view_t bytes)
{
	vt_init(&vt, 10, 4);
	answered = bells = 0;
	put(bytes);
}

static bool row_is(u32 row, view_t text)
{
	for (u32 i = 0; i < 10; i++)
		if (vt_cell(&vt, i, row)->point != (i < text.size ? view_at(text, i) : ' '))
			return false;
	return true;
}

TEST(vt_text)
{
	begin(VIEW_TEXT("hello\r\nworld\b!\tx"));
	CHECK(row_is(0, VIEW_TEXT("hello")));
	CHECK(row_is(1, VIEW_TEXT("worl!   x")));
	begin(VIEW_TEXT("0123456789"));
	CHECK_EQ(vt.cursor.row, 0); // it wraps with the next one
	put(VIEW_TEXT("a"));
	CHECK(row_is(1, VIEW_TEXT("a")));
	begin(VIEW_TEXT("\303\251\342\202\254\377x\342x"));
	CHECK_EQ(vt_cell(&vt, 0, 0)->point, 0xe9);
	CHECK_EQ(vt_cell(&vt, 1, 0)->point, 0x20ac);
	CHECK_EQ(vt_cell(&vt, 2, 0)->point, 0xfffd);
	CHECK_EQ(vt_cell(&vt, 3, 0)->point, 'x');
	CHECK_EQ(vt_cell(&vt, 4, 0)->point, 0xfffd);
	put(VIEW_TEXT("\a"));
	CHECK_EQ(bells, 1);
}

TEST(vt_scrolling)
{
	begin(VIEW_TEXT("a\r\nb\r\nc\r\nd\r\ne"));
	CHECK(row_is(0, VIEW_TEXT("b")) && row_is(3, VIEW_TEXT("e")));
	put(VIEW_TEXT("\033[2;3r\033[3;1H\nx"));
	CHECK(row_is(0, VIEW_TEXT("b")) && row_is(1, VIEW_TEXT("d")) && row_is(2, VIEW_TEXT("x")));
	CHECK(row_is(3, VIEW_TEXT("e")));
	put(VIEW_TEXT("\033[2;1H\033My"));
	CHECK(row_is(1, VIEW_TEXT("y")) && row_is(2, VIEW_TEXT("d")));
	put(VIEW_TEXT("\033[r\033[1;1H\033[L"));
	CHECK(row_is(0, VIEW_TEXT("")) && row_is(1, VIEW_TEXT("b")));
	put(VIEW_TEXT("\033[2M"));
	CHECK(row_is(0, VIEW_TEXT("y")) && row_is(3, VIEW_TEXT("")));
}

TEST(vt_editing)
{
	begin(VIEW_TEXT("abcdef\033[3G\033[2@"));
	CHECK(row_is(0, VIEW_TEXT("ab  cdef")));
	put(VIEW_TEXT("\033[3P"));
	CHECK(row_is(0, VIEW_TEXT("abdef")));
	put(VIEW_TEXT("\033[4hX\033[4l"));
	CHECK(row_is(0, VIEW_TEXT("abXdef")));
	put(VIEW_TEXT("\033[2X"));
	CHECK(row_is(0, VIEW_TEXT("abX  f")));
	put(VIEW_TEXT("\033[1K"));
	CHECK(row_is(0, VIEW_TEXT("     f")));
	put(VIEW_TEXT("\033[1Gz\033[3b"));
	CHECK(row_is(0, VIEW_TEXT("zzzz f")));
	put(VIEW_TEXT("\033[2J"));
	CHECK(row_is(0, VIEW_TEXT("")));
}

TEST(vt_colours)
{
	begin(VIEW_TEXT("\033[1;31;44mx\033[0my\033[38;5;196mz\033[48;2;0;255;0;7mw"));
	CHECK_EQ(vt_cell(&vt, 0, 0)->colours, 1 | 4 << 4);
	CHECK_EQ(vt_cell(&vt, 0, 0)->flags, CELL_BOLD);
	CHECK_EQ(vt_cell(&vt, 1, 0)->colours, 7);
	CHECK_EQ(vt_cell(&vt, 2, 0)->colours, 9);
	CHECK_EQ(vt_cell(&vt, 3, 0)->colours, 9 | 10 << 4);
	CHECK_EQ(vt_cell(&vt, 3, 0)->flags, CELL_REVERSE);
}

TEST(vt_screens)
{
	begin(VIEW_TEXT("main\033[?1049h\033[Halt"));
	CHECK(row_is(0, VIEW_TEXT("alt")));
	put(VIEW_TEXT("\033[?1049l!"));
	CHECK(row_is(0, VIEW_TEXT("main!")));
	put(VIEW_TEXT("\033[?1h\033="));
	CHECK_EQ(vt.modes, SCREEN_CURSOR_KEYS | SCREEN_KEYPAD);
	put(VIEW_TEXT("\033c"));
	CHECK(row_is(0, VIEW_TEXT("")));
	CHECK_EQ(vt.modes, 0);
}

TEST(vt_questions)
{
	begin(VIEW_TEXT("\033[3;5H\033[6n\033[c"));
	CHECK(view_equal(view_clamp(view_of(answers), 0, answered), VIEW_TEXT("\033[3;5R\033[?6c")));
}

TEST(vt_passed_over)
{
	begin(VIEW_TEXT("\033]0;title\a\033]P1ff00ff\033]R\033P..\033\\\033[>c\033[5 q\033(0q\033(Bq"));
	CHECK_EQ(vt_cell(&vt, 0, 0)->point, 0x2500);
	CHECK_EQ(vt_cell(&vt, 1, 0)->point, 'q');
	CHECK_EQ(answered, 0);
}
