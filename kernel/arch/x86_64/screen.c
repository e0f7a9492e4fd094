// SPDX-License-Identifier: MIT
// screen.c - kernel text on the screen that the loader found: VGA text cells, or a linear
// framebuffer with the 8x16 font. It does not scroll (reading video memory is slow): behind the
// last line it goes on at the top.
#include "kernel/arch/x86_64/machine.h"
#include "kernel/font_8x16.h"
#include "lib/base/view.h"

constexpr u32 GLYPH_WIDTH = 8, GLYPH_HEIGHT = 16;
constexpr u16 TEXT_COLOUR = 0x0700;

// Set at boot; the cursor is under the console's lock.
static struct boot_framebuffer screen;
static span_t memory;
static u32 columns, rows, column, row;

static void cell_put(u8 code)
{
	usize offset = ((usize)row * screen.width + column) * sizeof(u16);
	span_t cell = span_clamp(memory, offset, sizeof(u16));
	u16 value = TEXT_COLOUR | code;
	(void)!span_copy(cell, view_of(value));
}

static void line_put(span_t line, u8 bits, u32 bytes)
{
	u32 on = 0xffff'ffff;
	u32 off = 0;
	for (u32 x = 0; x < GLYPH_WIDTH; x++) {
		view_t dot = view_clamp(bits & 0x80 >> x ? view_of(on) : view_of(off), 0, bytes);
		(void)!span_copy(span_clamp(line, (usize)x * bytes, bytes), dot);
	}
}

static void glyph_put(u8 code)
{
	u32 bytes = screen.bits_per_pixel / 8;
	for (u32 y = 0; y < GLYPH_HEIGHT; y++) {
		usize offset = ((usize)row * GLYPH_HEIGHT + y) * screen.pitch;
		offset += (usize)column * GLYPH_WIDTH * bytes;
		line_put(span_from_offset(memory, offset), AT(AT(font_8x16, code), y), bytes);
	}
}

static void put(u8 code)
{
	if (screen.kind == BOOT_FRAMEBUFFER_TEXT)
		cell_put(code);
	else
		glyph_put(code);
	column++;
}

static void line_end(void)
{
	while (column < columns)
		put(' ');
	column = 0;
	row = row + 1 < rows ? row + 1 : 0;
}

void screen_init(const struct boot_framebuffer *framebuffer)
{
	bool is_text = framebuffer->kind == BOOT_FRAMEBUFFER_TEXT;
	bool is_known = is_text || framebuffer->kind == BOOT_FRAMEBUFFER_RGB;
	usize pitch = is_text ? framebuffer->width * sizeof(u16) : framebuffer->pitch;
	usize size = pitch * framebuffer->height;
	if (!is_known || !size || (!is_text && framebuffer->bits_per_pixel % 8))
		return;
	void *mapped = kernel_map_device((paddr_t){ framebuffer->paddr }, size);
	if (!mapped)
		return;
	screen = *framebuffer;
	memory = span_from(mapped, size);
	columns = is_text ? screen.width : screen.width / GLYPH_WIDTH;
	rows = is_text ? screen.height : screen.height / GLYPH_HEIGHT;
	if (!columns || !rows)
		memory.size = 0;
}

void screen_put(view_t text)
{
	for (usize i = 0; memory.size && i < text.size; i++) {
		u8 code = view_at(text, i);
		if (code == '\n' || column == columns)
			line_end();
		if (code >= ' ')
			put(code);
	}
}
