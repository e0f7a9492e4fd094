// SPDX-License-Identifier: MIT
// vt.h - a text screen with the escape sequences of Linux's console (TERM=linux) and what of
// xterm's programs count on. Plain state, no device: bytes in, a grid of cells out. It may lie in
// memory that outlives the program; vt_check says whether it can still be used.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 VT_COLUMNS = 256, VT_ROWS = 128, VT_PARAMETERS = 16;

struct cell {
	u16 point;  // code point; those beyond the font's are shown as '?'
	u8 colours; // foreground | background << 4
	u8 flags;   // enum cell_flag
};

enum cell_flag : u8 { CELL_UNDERLINE = 1, CELL_REVERSE = 2, CELL_BOLD = 4 };

struct pen {
	u8 colours, flags;
};

struct cursor {
	u16 column, row;
	struct pen pen;
	bool is_origin;     // rows count from the region's top (DECOM)
	u8 charset;         // 0 or 1: which of the two is in use
	bool is_graphic[2]; // of each: line drawing
};

enum vt_state : u8 {
	VT_GROUND,
	VT_ESCAPE,
	VT_CSI,
	VT_TEXT,
	VT_TEXT_END,
	VT_CHARSET,
	VT_HASH,
	VT_PALETTE,
	VT_STATES
};

struct screen {
	struct cell cells[VT_ROWS][VT_COLUMNS];
	u8 row_at[VT_ROWS]; // which row of cells stands where: scrolling moves these
};

struct vt {
	u32 magic;
	u16 columns, rows;
	u16 top, bottom; // the region that scrolls: [top, bottom)
	struct cursor cursor, saved, saved_main;
	bool is_wrapping;  // the next character begins a new line first
	bool is_alternate; // which screen is shown
	bool is_insert, is_newline, is_autowrap, is_cursor_shown, is_inverse;
	u32 modes; // enum screen_mode (lib/driver/rings.h), for the keyboard
	u8 state;  // enum vt_state
	u8 mark;   // '?', '>' or '!' of a CSI
	u8 charset_slot, palette_left;
	u16 parameters[VT_PARAMETERS];
	u8 parameter_count;
	u32 utf8_point;
	u8 utf8_left;
	u16 last; // printed, for REP
	bool tabs[VT_COLUMNS];
	struct screen screens[2];
};

struct vt_host {
	void *self;
	void (*answer)(void *self, view_t bytes); // as if typed
	void (*bell)(void *self);
};

void vt_init(struct vt *vt, u16 columns, u16 rows);
bool vt_check(struct vt *vt, u16 columns, u16 rows); // usable as it is
void vt_write(struct vt *vt, const struct vt_host *host, u8 byte);
const struct cell *vt_cell(const struct vt *vt, u32 column, u32 row);

// The parts.
void vt_csi(struct vt *vt, const struct vt_host *host, u8 final);
void vt_reset(struct vt *vt);
void vt_print(struct vt *vt, u32 point);
void vt_move(struct vt *vt, i32 column, i32 row); // clamped to the screen
void vt_scroll(
	struct vt *vt, u32 top, i32 lines); // up; down if negative; from top to the region's end
void vt_newline(struct vt *vt);
void vt_reverse_newline(struct vt *vt);
void vt_clear(struct vt *vt, u32 row, u32 from, u32 to);
void vt_shift(struct vt *vt, i32 count); // characters at the cursor to the right, or left
void vt_screen_choose(struct vt *vt, bool is_alternate);
void vt_pen(struct vt *vt); // SGR, from the parameters
void vt_mode(struct vt *vt, bool is_on);
static inline u32 vt_parameter(const struct vt *vt, u32 i, u32 usual)
{
	u32 value = i < vt->parameter_count ? AT(vt->parameters, i) : 0;
	return value ? value : usual;
}

NONNULL_END
