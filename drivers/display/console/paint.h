// SPDX-License-Identifier: MIT
// paint.h - cells into a linear framebuffer. What is shown is remembered, so that only what changed
// is written, and video memory, which is slow to read, never read.
#pragma once

#include "drivers/display/console/vt/vt.h"

NONNULL_BEGIN

constexpr u32 GLYPH_WIDTH = 8, GLYPH_HEIGHT = 16;

// bits 0: cells of VGA's text mode, 16 bits each; width and height count those.
struct shape {
	u32 pitch, width, height, bits;
};

struct paint {
	span_t memory; // of the framebuffer
	struct shape shape;
	u16 columns, rows;
	bool is_known[VT_ROWS][VT_COLUMNS]; // what shown says is so
	u32 shown[VT_ROWS][VT_COLUMNS];     // glyph, colours, flags
};

// ERR_UNSUPPORTED: neither text nor a linear framebuffer of 16, 24 or 32 bits.
err_t paint_init(struct paint *paint, span_t memory, struct shape shape);
void paint_show(struct paint *paint, const struct vt *vt);

NONNULL_END
