// SPDX-License-Identifier: MIT
// line_test.c - what a pseudo terminal of Linux does not show: damaged bytes, breaks, signals, flow
// control, output without room.
#include "lib/base/test.h"
#include "servers/tty/line/line.h"

static struct line line;
static struct line_store store;
static u8 screen[8192];
static usize screen_size, screen_limit;
static u32 signalled, flushes;

static u32 room(void *self)
{
	(void)self;
	return (u32)(screen_limit - screen_size);
}

static void put(void *self, view_t bytes)
{
	(void)self;
	CHECK_OK(span_copy(span_from_offset(span_of(screen), screen_size), bytes));
	screen_size += bytes.size;
}

static void raise(void *self, u32 signal)
{
	(void)self;
	signalled = signal;
}

static void flush(void *self)
{
	(void)self;
	flushes++;
	screen_size = 0;
}

static const struct line_host host = { .line = &line,
	.store = &store,
	.self = &line,
	.room = room,
	.put = put,
	.signal = raise,
	.flush = flush };

static void begin(u32 input, u32 output, u32 local)
{
	line = (struct line){};
	termios_usual(&line.termios);
	line.termios.input = input;
	line.termios.output = output;
	line.termios.local = local;
	screen_size = 0;
	screen_limit = sizeof screen;
	signalled = flushes = 0;
}

static void type(view_t bytes)
{
	for (usize i = 0; i < bytes.size; i++)
		line_receive(&host, view_at(bytes, i), LINE_GOOD);
}

static bool reads(view_t wanted)
{
	u8 memory[64];
	usize count = line_read(&line, &store, span_of(memory));
	return view_equal(view_clamp(view_of(memory), 0, count), wanted);
}

static bool shows(view_t wanted)
{
	bool is_so = view_equal(view_clamp(view_of(screen), 0, screen_size), wanted);
	screen_size = 0;
	return is_so;
}

TEST(line_breaks)
{
	begin(0, 0, 0);
	line_receive(&host, 'x', LINE_BREAK);
	CHECK(reads(VIEW_TEXT("\0")));
	begin(IGNBRK | BRKINT, 0, 0);
	line_receive(&host, 0, LINE_BREAK);
	CHECK(reads(VIEW_TEXT("")));
	begin(BRKINT, 0, 0);
	type(VIEW_TEXT("abc"));
	line_receive(&host, 0, LINE_BREAK);
	CHECK_EQ(signalled, LINE_INTERRUPT);
	CHECK(reads(VIEW_TEXT("")));
	begin(PARMRK, 0, 0);
	line_receive(&host, 0, LINE_BREAK);
	CHECK(reads(VIEW_TEXT("\377\0\0")));
}

TEST(line_damage)
{
	begin(0, 0, 0);
	line_receive(&host, 'x', LINE_DAMAGED);
	CHECK(reads(VIEW_TEXT("x")));
	begin(INPCK, 0, 0);
	line_receive(&host, 'x', LINE_DAMAGED);
	CHECK(reads(VIEW_TEXT("\0")));
	begin(INPCK | IGNPAR, 0, 0);
	line_receive(&host, 'x', LINE_DAMAGED);
	CHECK(reads(VIEW_TEXT("")));
	begin(INPCK | PARMRK, 0, 0);
	line_receive(&host, 'x', LINE_DAMAGED);
	type(VIEW_TEXT("\377"));
	CHECK(reads(VIEW_TEXT("\377\0x\377\377")));
}

TEST(line_signals)
{
	begin(IXON, OPOST, ISIG | ICANON | ECHO | ECHOCTL | NOFLSH);
	type(VIEW_TEXT("ab\032c\n"));
	CHECK_EQ(signalled, LINE_SUSPEND);
	CHECK_EQ(flushes, 0);
	CHECK(shows(VIEW_TEXT("ab^Zc\n")));
	CHECK(reads(VIEW_TEXT("abc\n")));
	line.termios.local &= ~(u32)NOFLSH;
	type(VIEW_TEXT("ab\034"));
	CHECK_EQ(signalled, LINE_QUIT);
	CHECK_EQ(flushes, 1);
	CHECK(shows(VIEW_TEXT("^\\")));
	CHECK(!line_is_readable(&line, 1));
}

TEST(line_flow)
{
	begin(IXON | IXANY, 0, 0);
	type(VIEW_TEXT("\023"));
	CHECK(line.is_stopped);
	type(VIEW_TEXT("x"));
	CHECK(!line.is_stopped);
	line.is_stopped = line.is_stopped_by_control = true;
	type(VIEW_TEXT("y\021"));
	CHECK(line.is_stopped);
	line_start(&line);
	CHECK(!line.is_stopped);
	CHECK(reads(VIEW_TEXT("xy")));
	type(VIEW_TEXT("\023"));
	struct termios other = line.termios;
	other.input = 0;
	line_set(&host, &other);
	CHECK(!line.is_stopped);
}

TEST(line_without_room)
{
	begin(0, OPOST | ONLCR, ECHO);
	screen_limit = 257;
	CHECK_EQ(line_write(&host, VIEW_TEXT("\n")), 0); // it becomes two
	CHECK_EQ(line_write(&host, VIEW_TEXT("ab")), 1);
	screen_limit = screen_size;
	type(VIEW_TEXT("lost echo"));
	CHECK(shows(VIEW_TEXT("a")));
	CHECK(reads(VIEW_TEXT("lost echo")));
}

TEST(line_end_of_file)
{
	begin(ICRNL, 0, ICANON | IEXTEN);
	type(VIEW_TEXT("\004"));
	CHECK(line_is_readable(&line, 1));
	CHECK(reads(VIEW_TEXT("")));
	CHECK(!line_is_readable(&line, 1));
	type(VIEW_TEXT("ab\004cd\r"));
	CHECK_EQ(line_waiting(&line, &store), 5);
	CHECK(reads(VIEW_TEXT("ab")));
	CHECK(reads(VIEW_TEXT("cd\n")));
}

TEST(line_speed)
{
	struct termios termios;
	termios_usual(&termios);
	CHECK_EQ(termios_speed(&termios), 38400);
	termios.control = 0x1002;
	CHECK_EQ(termios_speed(&termios), 115200);
	termios.control = 0;
	CHECK_EQ(termios_speed(&termios), 0);
	termios.control = 0x1000;
	termios.output_speed = 31250;
	CHECK_EQ(termios_speed(&termios), 31250);
}
