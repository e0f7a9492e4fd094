// SPDX-License-Identifier: MIT
// paint.c - see paint.h. The font is the kernel console's: Latin-1; other characters are shown by
// the nearest that it has.
#include "drivers/display/console/paint.h"

#include "kernel/font_8x16.h"

enum look : u32 { LOOK_UNDERLINE = 1u << 16, LOOK_CURSOR = 1u << 17 };

err_t paint_init(struct paint *paint, span_t memory, struct shape shape)
{
	bool is_text = !shape.bits;
	bool is_usual = is_text || shape.bits == 16 || shape.bits == 24 || shape.bits == 32;
	u32 columns = is_text ? shape.width : shape.width / GLYPH_WIDTH;
	u32 rows = is_text ? shape.height : shape.height / GLYPH_HEIGHT;
	u32 bytes = is_text ? sizeof(u16) : shape.bits / 8;
	if (!is_usual || !columns || !rows || shape.width > shape.pitch / bytes ||
		(u64)shape.pitch * shape.height > memory.size)
		return ERR_UNSUPPORTED;
	paint->memory = memory;
	paint->shape = shape;
	paint->columns = (u16)(columns < VT_COLUMNS ? columns : VT_COLUMNS);
	paint->rows = (u16)(rows < VT_ROWS ? rows : VT_ROWS);
	return OK;
}

// A character of the font for one that it lacks.
static u8 nearest(u16 point)
{
	if (point == 0x2500 || (point >= 0x23ba && point <= 0x23bd) || point == 0x2010 ||
		point == 0x2013 || point == 0x2014 || point == 0x2212)
		return '-';
	if (point == 0x2502)
		return '|';
	if (point > 0x2502 && point < 0x2580)
		return point == 0x2550 ? '=' : point == 0x2551 ? '|' : '+';
	if (point >= 0x2580 && point < 0x25a0)
		return point == 0x2592 || point == 0x2591 ? ':' : '#';
	switch (point) {
	case 0x2018:
	case 0x2019: return '\'';
	case 0x201c:
	case 0x201d: return '"';
	case 0x2022:
	case 0x25c6: return '*';
	case 0x2190: return '<';
	case 0x2191: return '^';
	case 0x2192: return '>';
	case 0x2193: return 'v';
	case 0x2264: return '<';
	case 0x2265: return '>';
	case 0x2026: return '~';
	default: return '?';
	}
}

static u8 glyph_of(u16 point)
{
	if (point < ' ')
		return ' ';
	return point < 256 ? (u8)point : nearest(point);
}

static u32 look_of(const struct vt *vt, u32 column, u32 row)
{
	const struct cell *cell = vt_cell(vt, column, row);
	u32 front = cell->colours & 15, back = cell->colours >> 4;
	if (cell->flags & CELL_BOLD)
		front |= 8;
	bool is_reverse = cell->flags & CELL_REVERSE;
	if (is_reverse != vt->is_inverse) {
		u32 other = front;
		front = back;
		back = other;
	}
	bool is_cursor = vt->is_cursor_shown && vt->cursor.row == row && vt->cursor.column == column;
	return glyph_of(cell->point) | front << 8 | back << 12 |
	       (cell->flags & CELL_UNDERLINE ? LOOK_UNDERLINE : 0) | (is_cursor ? LOOK_CURSOR : 0);
}

// The colour in the framebuffer's format: 8:8:8, or 5:6:5.
static u32 dot_of(const struct paint *paint, u32 colour)
{
	static const u32 palette[16] = { 0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa,
		0x00aaaa, 0xaaaaaa, 0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff,
		0xffffff };
	u32 full = AT(palette, colour & 15);
	if (paint->shape.bits != 16)
		return full;
	return (full >> 8 & 0xf800) | (full >> 5 & 0x7e0) | (full >> 3 & 0x1f);
}

struct dots {
	u32 off, on;
};

static void draw_line(span_t line, u8 bits, struct dots dots, u32 bytes)
{
	u8 memory[GLYPH_WIDTH * 4];
	for (u32 x = 0; x < GLYPH_WIDTH; x++) {
		u32 dot = bits & 0x80 >> x ? dots.on : dots.off;
		(void)!span_copy(span_clamp(span_of(memory), (usize)x * bytes, bytes),
			view_clamp(view_of(dot), 0, bytes));
	}
	(void)!span_copy(line, view_clamp(view_of(memory), 0, (usize)GLYPH_WIDTH * bytes));
}

// VGA's colours have red and blue in the other order; its font agrees with ours in ASCII.
static u8 vga_colour(u32 colour)
{
	return (u8)((colour & 0xa) | (colour & 1) << 2 | (colour >> 2 & 1));
}

static void draw_cell(const struct paint *paint, u32 column, u32 row, u32 look)
{
	u32 front = vga_colour(look >> 8 & 15), back = vga_colour(look >> 12 & 15);
	u32 colours =
		look & LOOK_CURSOR ? front << 4 | back : back << 4 | front; // the highest bit blinks
	u8 glyph = (look & 255) < 0x7f ? (u8)look : '?';
	u16 cell = (u16)(glyph | (colours & 0x7f) << 8);
	usize offset = (usize)row * paint->shape.pitch + column * sizeof cell;
	(void)!span_copy(span_clamp(paint->memory, offset, sizeof cell), view_of(cell));
}

static void draw(const struct paint *paint, u32 column, u32 row, u32 look)
{
	if (!paint->shape.bits) {
		draw_cell(paint, column, row, look);
		return;
	}
	u32 bytes = paint->shape.bits / 8;
	struct dots dots = { dot_of(paint, look >> 12), dot_of(paint, look >> 8) };
	for (u32 y = 0; y < GLYPH_HEIGHT; y++) {
		usize offset = ((usize)row * GLYPH_HEIGHT + y) * paint->shape.pitch;
		offset += (usize)column * GLYPH_WIDTH * bytes;
		u8 bits = AT(AT(font_8x16, look & 255), y);
		if (look & LOOK_UNDERLINE && y == GLYPH_HEIGHT - 2)
			bits = 0xff;
		if (look & LOOK_CURSOR && y >= GLYPH_HEIGHT - 3)
			bits = (u8)~bits;
		draw_line(span_clamp(paint->memory, offset, (usize)GLYPH_WIDTH * bytes), bits, dots, bytes);
	}
}

void paint_show(struct paint *paint, const struct vt *vt)
{
	for (u32 row = 0; row < paint->rows; row++) {
		for (u32 column = 0; column < paint->columns; column++) {
			u32 look = look_of(vt, column, row);
			u32 *shown = &AT(AT(paint->shown, row), column);
			bool *is_known = &AT(AT(paint->is_known, row), column);
			if (*is_known && *shown == look)
				continue;
			draw(paint, column, row, look);
			*shown = look;
			*is_known = true;
		}
	}
}
