// SPDX-License-Identifier: MIT
// multiboot2.c - walks the tags: {u32 type, u32 size, body}, each on an 8-byte boundary. Tags that
// we do not need are skipped. Manual: Multiboot2 Specification 2.0, section 3.6.
#include "boot/multiboot2.h"

#include "lib/base/reader.h"

constexpr u32 INFO_SIZE_MAX = 1024 * 1024;

static err_t parse_module(reader_t body, struct handover *handover, struct complaint *complaint)
{
	u32 start, end;
	TRY(reader_take_u32(&body, &start));
	TRY(reader_take_u32(&body, &end));
	if (end < start)
		return complain(complaint, "multiboot2: module ends before its start", start);
	return handover_set_boot_image(handover, start, end - start, complaint);
}

static err_t parse_memory_map(reader_t body, struct handover *handover, struct complaint *complaint)
{
	u32 entry_size, entry_version;
	TRY(reader_take_u32(&body, &entry_size));
	TRY(reader_take_u32(&body, &entry_version));
	if (entry_size < 24 || entry_size > 256)
		return complain(complaint, "multiboot2: bad size of a memory map entry", entry_size);
	while (reader_left(&body) >= entry_size) {
		view_t bytes;
		TRY(reader_take(&body, entry_size, &bytes));
		reader_t entry = reader_of_view(bytes);
		u64 base, size;
		u32 type;
		TRY(reader_take_u64(&entry, &base));
		TRY(reader_take_u64(&entry, &size));
		TRY(reader_take_u32(&entry, &type));
		TRY(handover_add_range(handover, base, size, type, complaint));
	}
	return OK;
}

static err_t parse_colors(reader_t *body, struct boot_framebuffer *screen)
{
	TRY(reader_take_u8(body, &screen->red_shift));
	TRY(reader_take_u8(body, &screen->red_bits));
	TRY(reader_take_u8(body, &screen->green_shift));
	TRY(reader_take_u8(body, &screen->green_bits));
	TRY(reader_take_u8(body, &screen->blue_shift));
	return reader_take_u8(body, &screen->blue_bits);
}

static bool is_plausible(const struct boot_framebuffer *screen)
{
	u32 sides = screen->width > 0 && screen->width <= 16384 && screen->height > 0 &&
	            screen->height <= 16384;
	u32 bits = screen->bits_per_pixel;
	return sides && bits >= 8 && bits <= 32 && screen->pitch >= screen->width * (bits / 8) &&
	       screen->pitch <= 16384 * 8 && screen->paddr &&
	       screen->paddr <= UINT64_MAX - (u64)screen->pitch * screen->height;
}

static bool has_plausible_colors(const struct boot_framebuffer *screen)
{
	u32 bits = screen->bits_per_pixel;
	return screen->red_bits <= 8 && screen->red_shift + screen->red_bits <= bits &&
	       screen->green_bits <= 8 && screen->green_shift + screen->green_bits <= bits &&
	       screen->blue_bits <= 8 && screen->blue_shift + screen->blue_bits <= bits;
}

// A screen that makes no sense is no reason not to boot: then there is none.
static err_t parse_framebuffer(reader_t body, struct handover *handover)
{
	struct boot_framebuffer screen = {};
	u8 bits, model;
	u16 zero;
	TRY(reader_take_u64(&body, &screen.paddr));
	TRY(reader_take_u32(&body, &screen.pitch));
	TRY(reader_take_u32(&body, &screen.width));
	TRY(reader_take_u32(&body, &screen.height));
	TRY(reader_take_u8(&body, &bits));
	TRY(reader_take_u8(&body, &model));
	TRY(reader_take_u16(&body, &zero));
	screen.bits_per_pixel = bits;
	if (model == MULTIBOOT2_COLOR_RGB) {
		TRY(parse_colors(&body, &screen));
		screen.kind = has_plausible_colors(&screen) ? BOOT_FRAMEBUFFER_RGB : BOOT_FRAMEBUFFER_NONE;
	}
	if (model == MULTIBOOT2_COLOR_TEXT)
		screen.kind = BOOT_FRAMEBUFFER_TEXT;
	if (screen.kind == BOOT_FRAMEBUFFER_NONE || !is_plausible(&screen))
		return OK;
	if (screen.kind == BOOT_FRAMEBUFFER_TEXT)
		screen.bits_per_pixel = 0;
	handover->framebuffer = screen;
	return OK;
}

static err_t parse_tag(
	u32 type, reader_t body, struct handover *handover, struct complaint *complaint)
{
	if (type == MULTIBOOT2_COMMAND_LINE)
		return handover_set_command_line(handover, body.view, complaint);
	if (type == MULTIBOOT2_MODULE)
		return parse_module(body, handover, complaint);
	if (type == MULTIBOOT2_MEMORY_MAP)
		return parse_memory_map(body, handover, complaint);
	if (type == MULTIBOOT2_FRAMEBUFFER)
		return parse_framebuffer(body, handover);
	if (type == MULTIBOOT2_NEW_RSDP || (type == MULTIBOOT2_OLD_RSDP && !handover->rsdp.size))
		handover->rsdp = body.view;
	return OK;
}

// Takes one tag; the end tag's type tells that there are no more.
static err_t take_tag(reader_t *reader, u32 *type, reader_t *body, struct complaint *complaint)
{
	u32 size;
	view_t bytes;
	if (reader_align(reader, 8) != OK || reader_take_u32(reader, type) != OK ||
		reader_take_u32(reader, &size) != OK)
		return complain(complaint, "multiboot2: tags end without an end tag, at", reader->offset);
	if (size < 8 || reader_take(reader, size - 8, &bytes) != OK)
		return complain(complaint, "multiboot2: bad size of a tag", size);
	*body = reader_of_view(bytes);
	return OK;
}

err_t multiboot2_parse(
	physical_t memory, u64 info_paddr, struct handover *handover, struct complaint *complaint)
{
	view_t bytes;
	u32 size;
	if (physical_view(memory, info_paddr, 8, &bytes) != OK)
		return complain(complaint, "multiboot2: bad address of the information", info_paddr);
	TRY(view_load(bytes, 0, span_of(size)));
	if (size < 16 || size > INFO_SIZE_MAX || physical_view(memory, info_paddr, size, &bytes) != OK)
		return complain(complaint, "multiboot2: bad size of the information", size);
	reader_t reader = { bytes, 8 };
	for (;;) {
		u32 type;
		reader_t body;
		TRY(take_tag(&reader, &type, &body, complaint));
		if (type == MULTIBOOT2_END)
			break;
		complaint->text = "";
		err_t err = parse_tag(type, body, handover, complaint);
		if (err != OK)
			return *complaint->text ? err
			                        : complain(complaint, "multiboot2: short tag of type", type);
	}
	if (!handover->range_count)
		return complain(complaint, "multiboot2: no memory map, tag", MULTIBOOT2_MEMORY_MAP);
	return OK;
}
