// SPDX-License-Identifier: MIT
// grid.c - cells: printing, scrolling, clearing. Scrolling moves row numbers, not cells.
#include "drivers/display/console/vt/vt.h"

constexpr u32 MAGIC = 0x76743031;
constexpr u8 USUAL_COLOURS = 7;

static struct screen *screen_of(struct vt *vt)
{
	return &AT(vt->screens, vt->is_alternate ? 1 : 0);
}

static struct cell *cell_at(struct vt *vt, u32 column, u32 row)
{
	struct screen *screen = screen_of(vt);
	u32 index = AT(screen->row_at, row) % VT_ROWS;
	return &AT(AT(screen->cells, index), column);
}

const struct cell *vt_cell(const struct vt *vt, u32 column, u32 row)
{
	const struct screen *screen = &AT(vt->screens, vt->is_alternate ? 1 : 0);
	u32 index = AT(screen->row_at, row) % VT_ROWS;
	return &AT(AT(screen->cells, index), column);
}

static struct cell blank(const struct vt *vt)
{
	return (struct cell){ ' ', vt->cursor.pen.colours, 0 };
}

void vt_clear(struct vt *vt, u32 row, u32 from, u32 to)
{
	for (u32 i = from; i < to && i < vt->columns; i++)
		*cell_at(vt, i, row) = blank(vt);
}

static void rotate(struct vt *vt, u32 top, u32 bottom, bool is_up)
{
	struct screen *screen = screen_of(vt);
	u8 moved = AT(screen->row_at, is_up ? top : bottom - 1);
	for (u32 i = 0; i + 1 < bottom - top; i++) {
		if (is_up)
			AT(screen->row_at, top + i) = AT(screen->row_at, top + i + 1);
		else
			AT(screen->row_at, bottom - 1 - i) = AT(screen->row_at, bottom - 2 - i);
	}
	u32 freed = is_up ? bottom - 1 : top;
	AT(screen->row_at, freed) = moved;
	vt_clear(vt, freed, 0, vt->columns);
}

void vt_scroll(struct vt *vt, u32 top, i32 lines)
{
	u32 bottom = vt->bottom;
	if (top >= bottom)
		return;
	u32 count = (u32)(lines < 0 ? -lines : lines);
	count = count < bottom - top ? count : bottom - top;
	for (u32 i = 0; i < count; i++)
		rotate(vt, top, bottom, lines > 0);
}

void vt_newline(struct vt *vt)
{
	vt->is_wrapping = false;
	if (vt->cursor.row + 1 == vt->bottom)
		vt_scroll(vt, vt->top, 1);
	else if (vt->cursor.row + 1 < vt->rows)
		vt->cursor.row++;
}

void vt_reverse_newline(struct vt *vt)
{
	vt->is_wrapping = false;
	if (vt->cursor.row == vt->top)
		vt_scroll(vt, vt->top, -1);
	else if (vt->cursor.row)
		vt->cursor.row--;
}

static u16 clamp(i32 value, i32 low, i32 high)
{
	return (u16)(value < low ? low : value > high ? high : value);
}

void vt_move(struct vt *vt, i32 column, i32 row)
{
	vt->cursor.column = clamp(column, 0, vt->columns - 1);
	vt->cursor.row = clamp(row, 0, vt->rows - 1);
	vt->is_wrapping = false;
}

void vt_shift(struct vt *vt, i32 count)
{
	u32 at = vt->cursor.column, row = vt->cursor.row, width = vt->columns - at;
	u32 steps = (u32)(count < 0 ? -count : count);
	steps = steps < width ? steps : width;
	for (u32 i = 0; i < width - steps; i++) {
		u32 to = count > 0 ? vt->columns - 1 - i : at + i;
		*cell_at(vt, to, row) = *cell_at(vt, count > 0 ? to - steps : to + steps, row);
	}
	if (count > 0)
		vt_clear(vt, row, at, at + steps);
	else
		vt_clear(vt, row, vt->columns - steps, vt->columns);
	vt->is_wrapping = false;
}

void vt_print(struct vt *vt, u32 point)
{
	struct cursor *cursor = &vt->cursor;
	if (vt->is_wrapping && vt->is_autowrap) {
		cursor->column = 0;
		vt_newline(vt);
	}
	if (vt->is_insert)
		vt_shift(vt, 1);
	*cell_at(vt, cursor->column, cursor->row) = (struct cell){ point > 0xffff ? 0xfffd : (u16)point,
		cursor->pen.colours, cursor->pen.flags };
	vt->last = (u16)point;
	if (cursor->column + 1 < vt->columns)
		cursor->column++;
	else
		vt->is_wrapping = vt->is_autowrap;
}

void vt_screen_choose(struct vt *vt, bool is_alternate)
{
	if (vt->is_alternate == is_alternate)
		return;
	if (is_alternate)
		vt->saved_main = vt->cursor;
	vt->is_alternate = is_alternate;
	if (!is_alternate) {
		vt->cursor = vt->saved_main;
		vt_move(vt, vt->cursor.column, vt->cursor.row);
		return;
	}
	for (u32 row = 0; row < vt->rows; row++)
		vt_clear(vt, row, 0, vt->columns);
}

void vt_reset(struct vt *vt)
{
	u16 columns = vt->columns, rows = vt->rows;
	vt_init(vt, columns, rows);
}

void vt_init(struct vt *vt, u16 columns, u16 rows)
{
	memory_fill(vt, 0, sizeof *vt);
	vt->columns = columns < VT_COLUMNS ? columns : VT_COLUMNS;
	vt->rows = rows < VT_ROWS ? rows : VT_ROWS;
	vt->bottom = vt->rows;
	vt->is_autowrap = vt->is_cursor_shown = true;
	vt->cursor.pen.colours = vt->saved.pen.colours = USUAL_COLOURS;
	for (u32 i = 0; i < VT_COLUMNS; i += 8)
		AT(vt->tabs, i) = true;
	for (u32 screen = 0; screen < 2; screen++) {
		for (u32 row = 0; row < VT_ROWS; row++)
			AT(AT(vt->screens, screen).row_at, row) = (u8)row;
		vt->is_alternate = screen == 0; // the main one last
		for (u32 row = 0; row < vt->rows; row++)
			vt_clear(vt, row, 0, vt->columns);
	}
	vt->magic = MAGIC;
}

bool vt_check(struct vt *vt, u16 columns, u16 rows)
{
	bool is_sized = vt->magic == MAGIC && vt->columns == columns && vt->rows == rows;
	return is_sized && vt->top < vt->bottom && vt->bottom <= rows && vt->cursor.row < rows &&
	       vt->cursor.column < columns && vt->state < VT_STATES &&
	       vt->parameter_count <= VT_PARAMETERS;
}
