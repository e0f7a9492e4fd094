// SPDX-License-Identifier: MIT
// pvh.c - start info: a fixed struct with addresses of a memory map, a module list, a command line.
#include "boot/pvh.h"

constexpr u32 START_INFO_MAGIC = 0x336ec578;
constexpr u32 MODULES_MAX = 16;
constexpr u32 TEXT_MODE_80X25 = 3;
constexpr u64 TEXT_MODE_PADDR = 0x449; // BIOS data area: current video mode
constexpr u64 TEXT_MEMORY_PADDR = 0xb8000;

struct start_info {
	u32 magic;
	u32 version;
	u32 flags;
	u32 module_count;
	u64 modules_paddr;
	u64 command_line_paddr;
	u64 rsdp_paddr;
	u64 memory_map_paddr; // from version 1 on
	u32 memory_map_count;
	u32 zero;
};

struct module_entry {
	u64 paddr;
	u64 size;
	u64 command_line_paddr;
	u64 zero;
};

struct memory_entry {
	u64 base;
	u64 size;
	u32 type;
	u32 zero;
};

static_assert(sizeof(struct start_info) == 56);
static_assert(sizeof(struct module_entry) == 32);
static_assert(sizeof(struct memory_entry) == 24);

static err_t parse_memory_map(physical_t memory, const struct start_info *info,
	struct handover *handover, struct complaint *complaint)
{
	if (!info->version || !info->memory_map_count)
		return complain(complaint, "PVH: no memory map, version", info->version);
	if (info->memory_map_count > HANDOVER_RANGES_MAX)
		return complain(complaint, "PVH: too many memory ranges:", info->memory_map_count);
	view_t map;
	if (physical_view(memory, info->memory_map_paddr,
			sizeof(struct memory_entry) * info->memory_map_count, &map) != OK)
		return complain(complaint, "PVH: bad address of the memory map", info->memory_map_paddr);
	for (u32 i = 0; i < info->memory_map_count; i++) {
		struct memory_entry entry;
		TRY(view_load(map, i * sizeof entry, span_of(entry)));
		TRY(handover_add_range(handover, entry.base, entry.size, entry.type, complaint));
	}
	return OK;
}

static err_t parse_modules(physical_t memory, const struct start_info *info,
	struct handover *handover, struct complaint *complaint)
{
	if (info->module_count > MODULES_MAX)
		return complain(complaint, "PVH: too many modules:", info->module_count);
	if (!info->module_count)
		return OK;
	view_t list;
	struct module_entry entry;
	if (physical_view(memory, info->modules_paddr, sizeof entry, &list) != OK)
		return complain(complaint, "PVH: bad address of the module list", info->modules_paddr);
	TRY(view_load(list, 0, span_of(entry)));
	return handover_set_boot_image(handover, entry.paddr, entry.size, complaint);
}

// The ABI says nothing of the screen. The BIOS leaves its own note when there is a text mode.
static void find_text_screen(physical_t memory, struct handover *handover)
{
	view_t mode = physical_clamp(memory, TEXT_MODE_PADDR, 1);
	if (mode.size && view_at(mode, 0) == TEXT_MODE_80X25)
		handover->framebuffer = (struct boot_framebuffer){ .paddr = TEXT_MEMORY_PADDR,
			.pitch = 160,
			.width = 80,
			.height = 25,
			.kind = BOOT_FRAMEBUFFER_TEXT };
}

err_t pvh_parse(
	physical_t memory, u64 start_info_paddr, struct handover *handover, struct complaint *complaint)
{
	view_t bytes;
	if (physical_view(memory, start_info_paddr, sizeof(struct start_info), &bytes) != OK)
		return complain(complaint, "PVH: bad address of the start info", start_info_paddr);
	struct start_info info;
	TRY(view_load(bytes, 0, span_of(info)));
	if (info.magic != START_INFO_MAGIC)
		return complain(complaint, "PVH: wrong magic number", info.magic);
	TRY(parse_memory_map(memory, &info, handover, complaint));
	TRY(parse_modules(memory, &info, handover, complaint));
	if (info.command_line_paddr) {
		view_t text = physical_clamp(memory, info.command_line_paddr, BOOT_COMMAND_LINE_MAX);
		TRY(handover_set_command_line(handover, text, complaint));
	}
	handover->rsdp_paddr = info.rsdp_paddr;
	find_text_screen(memory, handover);
	return OK;
}
