// SPDX-License-Identifier: MIT
// console.c - a 16550 at COM1 with 115200 8N1, polled with a limit (there may be no such chip), and
// 80x25 cells at 0xb8000.
#include "boot/x86/console.h"

#include "boot/x86/machine.h"
#include "lib/base/view.h"

constexpr u16 COM1 = 0x3f8;
constexpr u8 LINE_READY = 0x20;
constexpr u32 WAIT_ROUNDS = 100000;
constexpr u32 COLUMNS = 80;
constexpr u32 ROWS = 25;
constexpr u16 LIGHT_GREY = 0x0700;
constexpr uintptr_t SCREEN = 0xb8000;
constexpr uintptr_t VIDEO_MODE = 0x449; // BIOS data area
constexpr u8 MODE_80X25 = 3;

static bool has_screen;   // console_init, console_use_screen
static u32 screen_column; // both: where the next character goes
static u32 screen_row;

static volatile u16 *cell(u32 row, u32 column)
{
	UNSAFE_BEGIN("fixed address of the text screen; callers keep row and column inside")
	return (volatile u16 *)SCREEN + row * COLUMNS + column;
	UNSAFE_END
}

static void scroll(void)
{
	for (u32 row = 0; row < ROWS; row++) {
		for (u32 column = 0; column < COLUMNS; column++)
			*cell(row, column) = row + 1 < ROWS ? *cell(row + 1, column) : LIGHT_GREY | ' ';
	}
}

static void screen_put(char character)
{
	if (character == '\n' || screen_column == COLUMNS) {
		screen_column = 0;
		if (screen_row + 1 < ROWS)
			screen_row++;
		else
			scroll();
	}
	if (character >= ' ')
		*cell(screen_row, screen_column++) = LIGHT_GREY | (u8)character;
}

static void serial_put(char character)
{
	for (u32 i = 0; i < WAIT_ROUNDS && !(machine_in8(COM1 + 5) & LINE_READY); i++)
		;
	machine_out8(COM1, (u8)character);
}

static void put(char character)
{
	if (character == '\n')
		serial_put('\r');
	serial_put(character);
	if (has_screen)
		screen_put(character);
}

void console_init(void)
{
	machine_out8(COM1 + 1, 0);    // no interrupts
	machine_out8(COM1 + 3, 0x80); // divisor 1
	machine_out8(COM1 + 0, 1);
	machine_out8(COM1 + 1, 0);
	machine_out8(COM1 + 3, 3); // 8N1
	machine_out8(COM1 + 2, 7); // FIFO on and empty
	machine_out8(COM1 + 4, 3); // DTR, RTS
	console_use_screen(*(const volatile u8 *)VIDEO_MODE == MODE_80X25);
}

void console_use_screen(bool is_text)
{
	if (is_text && !has_screen) {
		for (u32 row = 0; row < ROWS; row++)
			scroll();
	}
	has_screen = is_text;
}

void console_text(const char *text)
{
	view_t characters = view_cstring(text);
	for (usize i = 0; i < characters.size; i++)
		put((char)view_at(characters, i));
}

void console_number(const char *before, u64 value)
{
	console_text(before);
	console_text("0x");
	bool is_started = false;
	for (int shift = 60; shift >= 0; shift -= 4) {
		u32 digit = (u32)(value >> shift) & 15;
		is_started = is_started || digit || !shift;
		if (is_started)
			put((char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
	}
}

NORETURN void console_fail(const char *text, u64 value)
{
	console_text("\ncarbide loader: cannot boot: ");
	console_text(text);
	console_number(" ", value);
	console_text("\n");
	machine_halt();
}

NORETURN void assert_failed(const char *expression, const char *file, u32 line)
{
	console_text("\ncarbide loader: assertion failed: ");
	console_text(expression);
	console_text(" in ");
	console_text(file);
	console_number(" line ", line);
	console_text("\n");
	machine_halt();
}
