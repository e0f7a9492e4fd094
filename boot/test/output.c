// SPDX-License-Identifier: MIT
// output.c - the loader has set the line up already.
#include "boot/test/output.h"

constexpr u16 COM1 = 0x3f8;
constexpr u16 DEBUG_EXIT = 0xf4;
constexpr u8 LINE_READY = 0x20;

static void put(u8 character)
{
	u8 status = 0;
	while (!(status & LINE_READY))
		__asm__ volatile("inb %1, %0" : "=a"(status) : "Nd"((u16)(COM1 + 5)));
	__asm__ volatile("outb %0, %1" : : "a"(character), "Nd"(COM1));
}

void output_text(const char *text)
{
	view_t characters = view_cstring(text);
	for (usize i = 0; i < characters.size; i++)
		put(view_at(characters, i));
}

void output_number(const char *before, u64 value)
{
	output_text(before);
	output_text("0x");
	u32 shift = 60;
	while (shift && !(value >> shift))
		shift -= 4;
	for (u32 i = 0; i <= shift; i += 4) {
		u32 digit = value >> (shift - i) & 15;
		put((u8)(digit < 10 ? '0' + digit : 'a' + digit - 10));
	}
}

NORETURN void output_exit(u32 code)
{
	__asm__ volatile("outl %0, %1" : : "a"(code), "Nd"(DEBUG_EXIT));
	for (;;)
		__asm__ volatile("cli; hlt");
}

NORETURN void assert_failed(const char *expression, const char *file, u32 line)
{
	output_text(expression);
	output_text(file);
	output_number(" assertion failed in line ", line);
	output_exit(2);
}
