// SPDX-License-Identifier: MIT
// csi.c - control sequences: cursor, erasing, inserting, colours, modes, questions.
#include "drivers/display/console/vt/vt.h"

#include "lib/base/format.h"
#include "lib/driver/rings.h"

constexpr u8 USUAL_COLOURS = 7;

static void place(struct vt *vt, i32 row, i32 column)
{
	i32 top = vt->cursor.is_origin ? vt->top : 0;
	vt_move(vt, column - 1, top + row - 1);
	if (vt->cursor.is_origin && vt->cursor.row >= vt->bottom)
		vt->cursor.row = vt->bottom - 1;
}

static void up(struct vt *vt, i32 lines)
{
	i32 top = vt->cursor.row >= vt->top ? vt->top : 0, row = vt->cursor.row - lines;
	vt_move(vt, vt->cursor.column, row < top ? top : row);
}

static void down(struct vt *vt, i32 lines)
{
	i32 last = (vt->cursor.row < vt->bottom ? vt->bottom : vt->rows) - 1;
	i32 row = vt->cursor.row + lines;
	vt_move(vt, vt->cursor.column, row > last ? last : row);
}

static void erase_line(struct vt *vt, u32 which)
{
	u32 column = vt->cursor.column, row = vt->cursor.row;
	vt_clear(vt, row, which == 0 ? column : 0, which == 1 ? column + 1 : vt->columns);
	vt->is_wrapping = false;
}

static void erase_screen(struct vt *vt, u32 which)
{
	u32 row = vt->cursor.row;
	u32 from = which == 0 ? row + 1 : 0, to = which == 1 ? row : vt->rows;
	if (which < 2)
		erase_line(vt, which);
	for (u32 i = from; i < to; i++)
		vt_clear(vt, i, 0, vt->columns);
	vt->is_wrapping = false;
}

static void lines(struct vt *vt, i32 count)
{
	if (vt->cursor.row >= vt->top && vt->cursor.row < vt->bottom)
		vt_scroll(vt, vt->cursor.row, count);
	vt_move(vt, 0, vt->cursor.row);
}

static void region(struct vt *vt)
{
	u32 top = vt_parameter(vt, 0, 1), bottom = vt_parameter(vt, 1, vt->rows);
	if (bottom > vt->rows)
		bottom = vt->rows;
	if (top >= bottom)
		return;
	vt->top = (u16)(top - 1);
	vt->bottom = (u16)bottom;
	place(vt, 1, 1);
}

static void report(struct vt *vt, const struct vt_host *host)
{
	u8 bytes[24];
	u32 top = vt->cursor.is_origin ? vt->top : 0;
	u32 row = vt->cursor.row - top + 1, column = vt->cursor.column + 1u;
	if (vt_parameter(vt, 0, 0) == 5)
		host->answer(host->self, VIEW_TEXT("\033[0n"));
	if (vt_parameter(vt, 0, 0) == 6)
		host->answer(host->self, format_view(span_of(bytes), "\033[%u;%uR", row, column));
}

static void clear_tabs(struct vt *vt)
{
	if (vt_parameter(vt, 0, 0) == 0)
		AT(vt->tabs, vt->cursor.column) = false;
	for (u32 i = 0; vt_parameter(vt, 0, 0) == 3 && i < VT_COLUMNS; i++)
		AT(vt->tabs, i) = false;
}

// The nearest of the sixteen.
static u8 nearest(u32 red, u32 green, u32 blue)
{
	u32 high = red > green ? red : green;
	high = high > blue ? high : blue;
	if (high < 48)
		return 0;
	u8 colour = (u8)((red * 2 > high) | (green * 2 > high) << 1 | (blue * 2 > high) << 2);
	return colour | (high > 192 ? 8 : 0);
}

static u8 from_256(u32 index)
{
	if (index < 16)
		return (u8)index;
	if (index >= 232)
		return nearest((index - 232) * 10 + 8, (index - 232) * 10 + 8, (index - 232) * 10 + 8);
	u32 cube = index - 16;
	return nearest(cube / 36 * 51, cube / 6 % 6 * 51, cube % 6 * 51);
}

// 38;5;N or 38;2;R;G;B; the colour, and how many parameters it took.
static u32 extended(const struct vt *vt, u32 i, u8 *colour)
{
	if (vt_parameter(vt, i + 1, 0) == 5) {
		*colour = from_256(vt_parameter(vt, i + 2, 0) & 255);
		return 3;
	}
	*colour =
		nearest(vt_parameter(vt, i + 2, 0), vt_parameter(vt, i + 3, 0), vt_parameter(vt, i + 4, 0));
	return 5;
}

static void foreground(struct pen *pen, u32 colour)
{
	pen->colours = (u8)((pen->colours & 0xf0) | (colour & 15));
}

static void background(struct pen *pen, u32 colour)
{
	pen->colours = (u8)((pen->colours & 15) | (colour & 15) << 4);
}

static void style(struct pen *pen, u32 code)
{
	switch (code) {
	case 0: *pen = (struct pen){ USUAL_COLOURS, 0 }; break;
	case 1: pen->flags |= CELL_BOLD; break;
	case 4: pen->flags |= CELL_UNDERLINE; break;
	case 7: pen->flags |= CELL_REVERSE; break;
	case 21:
	case 22: pen->flags &= (u8)~CELL_BOLD; break;
	case 24: pen->flags &= (u8)~CELL_UNDERLINE; break;
	case 27: pen->flags &= (u8)~CELL_REVERSE; break;
	case 39: foreground(pen, USUAL_COLOURS); break;
	case 49: background(pen, 0); break;
	default:
		if (code >= 30 && code < 38)
			foreground(pen, code - 30);
		else if (code >= 40 && code < 48)
			background(pen, code - 40);
		else if (code >= 90 && code < 98)
			foreground(pen, code - 90 + 8);
		else if (code >= 100 && code < 108)
			background(pen, code - 100 + 8);
	}
}

// Colours are numbered red, green, blue from the lowest bit, as ANSI has them.
void vt_pen(struct vt *vt)
{
	u8 colour;
	for (u32 i = 0; i < vt->parameter_count;) {
		u32 code = AT(vt->parameters, i);
		if (code != 38 && code != 48) {
			style(&vt->cursor.pen, code);
			i++;
			continue;
		}
		i += extended(vt, i, &colour);
		if (code == 38)
			foreground(&vt->cursor.pen, colour);
		else
			background(&vt->cursor.pen, colour);
	}
}

static void private_mode(struct vt *vt, u32 mode, bool is_on)
{
	switch (mode) {
	case 1:
		vt->modes = is_on ? vt->modes | SCREEN_CURSOR_KEYS : vt->modes & ~SCREEN_CURSOR_KEYS;
		break;
	case 5: vt->is_inverse = is_on; break;
	case 6:
		vt->cursor.is_origin = is_on;
		place(vt, 1, 1);
		break;
	case 7: vt->is_autowrap = is_on; break;
	case 25: vt->is_cursor_shown = is_on; break;
	case 47:
	case 1047:
	case 1049: vt_screen_choose(vt, is_on); break;
	case 1048:
		if (is_on)
			vt->saved = vt->cursor;
		else
			vt->cursor = vt->saved;
		vt_move(vt, vt->cursor.column, vt->cursor.row);
		break;
	case 2004:
		vt->modes = is_on ? vt->modes | SCREEN_BRACKETED : vt->modes & ~SCREEN_BRACKETED;
		break;
	default: break;
	}
}

void vt_mode(struct vt *vt, bool is_on)
{
	for (u32 i = 0; i < vt->parameter_count; i++) {
		u32 mode = AT(vt->parameters, i);
		if (vt->mark == '?') {
			private_mode(vt, mode, is_on);
		} else if (mode == 4) {
			vt->is_insert = is_on;
		} else if (mode == 20) {
			vt->is_newline = is_on;
			vt->modes = is_on ? vt->modes | SCREEN_NEWLINE : vt->modes & ~SCREEN_NEWLINE;
		}
	}
}

static void repeat(struct vt *vt)
{
	u32 count = vt_parameter(vt, 0, 1), most = (u32)vt->columns * vt->rows;
	for (u32 i = 0; vt->last && i < count && i < most; i++)
		vt_print(vt, vt->last);
}

static void soft_reset(struct vt *vt)
{
	vt->top = 0;
	vt->bottom = vt->rows;
	vt->cursor.pen = (struct pen){ USUAL_COLOURS, 0 };
	vt->cursor.is_origin = vt->is_insert = false;
	vt->is_autowrap = vt->is_cursor_shown = true;
	vt->modes = 0;
}

static bool move(struct vt *vt, u8 final)
{
	i32 n = (i32)vt_parameter(vt, 0, 1);
	i32 column = vt->cursor.column, row = vt->cursor.row;
	switch (final) {
	case 'A': up(vt, n); return true;
	case 'B':
	case 'e': down(vt, n); return true;
	case 'C':
	case 'a': vt_move(vt, column + n, row); return true;
	case 'D': vt_move(vt, column - n, row); return true;
	case 'E':
		down(vt, n);
		vt->cursor.column = 0;
		return true;
	case 'F':
		up(vt, n);
		vt->cursor.column = 0;
		return true;
	case 'G':
	case '`': vt_move(vt, n - 1, row); return true;
	case 'd': place(vt, n, column + 1); return true;
	case 'H':
	case 'f': place(vt, n, (i32)vt_parameter(vt, 1, 1)); return true;
	default: return false;
	}
}

static bool edit(struct vt *vt, u8 final)
{
	i32 n = (i32)vt_parameter(vt, 0, 1);
	switch (final) {
	case '@': vt_shift(vt, n); return true;
	case 'P': vt_shift(vt, -n); return true;
	case 'J': erase_screen(vt, vt_parameter(vt, 0, 0)); return true;
	case 'K': erase_line(vt, vt_parameter(vt, 0, 0)); return true;
	case 'L': lines(vt, -n); return true;
	case 'M': lines(vt, n); return true;
	case 'S': vt_scroll(vt, vt->top, n); return true;
	case 'T': vt_scroll(vt, vt->top, -n); return true;
	case 'X':
		vt_clear(vt, vt->cursor.row, vt->cursor.column, vt->cursor.column + (u32)n);
		vt->is_wrapping = false;
		return true;
	case 'b': repeat(vt); return true;
	default: return false;
	}
}

void vt_csi(struct vt *vt, const struct vt_host *host, u8 final)
{
	if (vt->mark && vt->mark != '?' && !(vt->mark == '!' && final == 'p'))
		return;
	if (!vt->mark && (move(vt, final) || edit(vt, final)))
		return;
	switch (final) {
	case 'c':
		if (!vt->mark)
			host->answer(host->self, VIEW_TEXT("\033[?6c"));
		break;
	case 'g': clear_tabs(vt); break;
	case 'h': vt_mode(vt, true); break;
	case 'l': vt_mode(vt, false); break;
	case 'm':
		if (!vt->mark)
			vt_pen(vt);
		break;
	case 'n':
		if (!vt->mark)
			report(vt, host);
		break;
	case 'p':
		if (vt->mark == '!')
			soft_reset(vt);
		break;
	case 'r':
		if (!vt->mark)
			region(vt);
		break;
	case 's': vt->saved = vt->cursor; break;
	case 'u':
		vt->cursor = vt->saved;
		vt_move(vt, vt->cursor.column, vt->cursor.row);
		break;
	default: break;
	}
}
