// SPDX-License-Identifier: MIT
// screen.c - VBE: asks for the list of modes, then for each mode, then sets the best one with a
// linear framebuffer. Manual: VESA BIOS Extension 3.0, chapter 4.
#include "boot/cd/screen.h"

#include "boot/cd/bios.h"
#include "boot/cd/tags.h"
#include "boot/multiboot2.h"

constexpr u32 VBE_GOOD = 0x004f; // in ax
constexpr u32 WIDTH_MAX = 1024;
constexpr u32 HEIGHT_MAX = 768;
constexpr u32 MODES_MAX = 256;
constexpr u16 NO_MORE_MODES = 0xffff;
constexpr u16 LINEAR = 1 << 14;                           // in a mode's number
constexpr u16 NEEDED = 1 << 0 | 1 << 3 | 1 << 4 | 1 << 7; // supported, colour, graphics, linear
constexpr u8 DIRECT_COLOR = 6;
constexpr u32 TEXT_SCREEN = 0xb8000;
constexpr u32 VIDEO_MODE = 0x449; // BIOS data area
constexpr u8 MODE_80X25 = 3;

struct [[gnu::packed]] vbe_info {
	char signature[4];
	u16 version;
	u8 unused_6[8];
	u16 modes_offset, modes_segment;
	u8 unused_18[494];
};

struct [[gnu::packed]] vbe_mode {
	u16 attributes;
	u8 unused_2[14];
	u16 pitch;
	u16 width, height;
	u8 unused_22[3];
	u8 bits;
	u8 unused_26;
	u8 model;
	u8 unused_28[3];
	u8 red_bits, red_shift, green_bits, green_shift, blue_bits, blue_shift;
	u8 unused_37[3];
	u32 paddr;
	u8 unused_44[6];
	u16 linear_pitch; // from VBE 3.0 on
	u8 unused_52[2];
	u8 linear_red_bits, linear_red_shift, linear_green_bits, linear_green_shift, linear_blue_bits,
		linear_blue_shift;
	u8 unused_60[196];
};

struct screen {
	u32 number; // 0: none
	struct vbe_mode mode;
};

static_assert(sizeof(struct vbe_info) == 512 && sizeof(struct vbe_mode) == 256);

static struct vbe_info vbe_info; // both: the video BIOS writes them
static struct vbe_mode vbe_mode;

static bool ask(u32 function, u32 ebx, u32 ecx, u32 offset)
{
	struct bios_registers registers = {
		.eax = 0x4f00 | function, .ebx = ebx, .ecx = ecx, .edi = offset
	};
	bios_interrupt(0x10, &registers);
	return (registers.eax & 0xffff) == VBE_GOOD;
}

static bool is_usable(const struct vbe_mode *mode)
{
	return (mode->attributes & NEEDED) == NEEDED && mode->model == DIRECT_COLOR &&
	       mode->bits >= 24 && mode->paddr && mode->width <= WIDTH_MAX &&
	       mode->height <= HEIGHT_MAX;
}

static bool is_better(const struct vbe_mode *a, const struct vbe_mode *b)
{
	u32 a_pixels = (u32)a->width * a->height, b_pixels = (u32)b->width * b->height;
	return a_pixels > b_pixels || (a_pixels == b_pixels && a->bits > b->bits);
}

static void find_best(struct screen *best)
{
	u32 modes = (u32)vbe_info.modes_segment * 16 + vbe_info.modes_offset;
	for (u32 i = 0; i < MODES_MAX; i++) {
		u16 number = NO_MORE_MODES;
		view_t word = span_view(bios_memory(modes + i * sizeof number, sizeof number));
		if (view_load(word, 0, span_of(number)) != OK || number == NO_MORE_MODES)
			return;
		if (ask(1, 0, number, bios_offset(vbe_mode)) && is_usable(&vbe_mode) &&
			is_better(&vbe_mode, &best->mode))
			*best = (struct screen){ number, vbe_mode };
	}
}

static void tell(const struct vbe_mode *mode, bool is_vbe3)
{
	const u8 colors[6] = { mode->red_shift, mode->red_bits, mode->green_shift, mode->green_bits,
		mode->blue_shift, mode->blue_bits };
	const u8 linear_colors[6] = { mode->linear_red_shift, mode->linear_red_bits,
		mode->linear_green_shift, mode->linear_green_bits, mode->linear_blue_shift,
		mode->linear_blue_bits };
	const u8 kind[4] = { mode->bits, MULTIBOOT2_COLOR_RGB };
	bool is_linear = is_vbe3 && mode->linear_pitch;
	tags_begin(MULTIBOOT2_FRAMEBUFFER);
	tags_put_u32(mode->paddr);
	tags_put_u32(0);
	tags_put_u32(is_linear ? mode->linear_pitch : mode->pitch);
	tags_put_u32(mode->width);
	tags_put_u32(mode->height);
	tags_put(view_of(kind));
	tags_put(is_linear ? view_of(linear_colors) : view_of(colors));
	tags_end();
}

static void tell_text(void)
{
	const u8 kind[4] = { 16, MULTIBOOT2_COLOR_TEXT };
	tags_begin(MULTIBOOT2_FRAMEBUFFER);
	tags_put_u32(TEXT_SCREEN);
	tags_put_u32(0);
	tags_put_u32(160);
	tags_put_u32(80);
	tags_put_u32(25);
	tags_put(view_of(kind));
	tags_end();
}

void screen_tell(void)
{
	struct screen best = {};
	vbe_info = (struct vbe_info){ .signature = { 'V', 'B', 'E', '2' } };
	if (ask(0, 0, 0, bios_offset(vbe_info)))
		find_best(&best);
	if (best.number && ask(2, best.number | LINEAR, 0, 0))
		tell(&best.mode, vbe_info.version >= 0x300);
	else if (*span_at(bios_memory(VIDEO_MODE, 1), 0) == MODE_80X25)
		tell_text();
}
