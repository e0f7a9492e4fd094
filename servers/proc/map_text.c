// SPDX-License-Identifier: MIT
// map_text.c - each mapping of a process by itself: the kernel tells what is mapped, the process's
// library which file it shows, the file's server how that is called.
#include "lib/posix/core/posix.h"
#include "lib/posix/file/status.h"
#include "servers/proc/node.h"
#include "servers/proc/places.h"

constexpr usize NAME_COLUMN = 73; // of a line of maps
constexpr u32 SHOWN_MAX = MAPPINGS_MAX;

// Of the process that is being told of.
static struct area_state areas;
static struct area_shown shown[SHOWN_MAX];
static u32 shown_count;

// The list as it stands: it may change while it is walked, so the walk is bounded.
static void read_areas(const struct process *process)
{
	u64 at = PROCESS_AREA + offsetof(struct posix, areas);
	places_begin();
	if (process_bytes(process, at, span_of(areas)).size != sizeof areas)
		areas = (struct area_state){};
	at = (u64)(uintptr_t)areas.shown;
	for (shown_count = 0; at && shown_count < SHOWN_MAX; shown_count++) {
		struct area_shown *next = &AT(shown, shown_count);
		if (process_bytes(process, at, span_of(*next)).size != sizeof *next)
			break;
		at = (u64)(uintptr_t)next->next;
	}
}

// Which file a mapping shows, and from where on; inode 0: none.
struct shown_file {
	struct area_file file;
	u64 offset;
	bool is_program;
};

static bool is_in_program(
	const struct area_program *program, const struct mapping_info *mapping, struct shown_file *out)
{
	u64 address = mapping->address;
	if (address < program->low || address - program->low >= program->end - program->low)
		return false;
	bool is_data = program->data && address >= program->data;
	out->file = program->file;
	out->offset = is_data ? address - program->data + program->data_offset : mapping->offset;
	return true;
}

static struct shown_file file_of(const struct mapping_info *mapping)
{
	struct shown_file found = { .offset = mapping->offset };
	for (u32 i = 0; i < shown_count; i++) {
		const struct area_shown *part = &AT(shown, i);
		u64 inside = mapping->address - part->start;
		if (mapping->address < part->start || inside >= part->end - part->start)
			continue;
		return (struct shown_file){ part->file, part->offset + inside, false };
	}
	found.is_program = is_in_program(&areas.program, mapping, &found);
	if (!found.is_program)
		(void)is_in_program(&areas.loader, mapping, &found);
	return found;
}

// What this mapping is, as far as the library says; room: for a path.
static view_t name_of(const struct process *process, const struct mapping_info *mapping,
	const struct shown_file *file, span_t room)
{
	u64 address = mapping->address, end = address + mapping->size;
	if (areas.stack_top && address >= areas.stack_low && end <= areas.stack_top)
		return VIEW_TEXT("[stack]");
	if (areas.vdso && address == areas.vdso)
		return VIEW_TEXT("[vdso]");
	if (address >= areas.break_start && end <= areas.break_mapped)
		return VIEW_TEXT("[heap]");
	view_t path = file->file.inode ? place_name(process, &file->file, room) : (view_t){};
	if (path.size || !file->is_program)
		return path;
	struct program_text program = process_program(process);
	u64 size = program.path_size < room.size ? program.path_size : room.size;
	return process_bytes(process, program.path, span_clamp(room, 0, size));
}

static void add_mapping(
	struct words *words, const struct process *process, const struct mapping_info *mapping)
{
	static u8 room[PAGE_SIZE];
	struct shown_file shown_file = file_of(mapping);
	const struct area_file *file = &shown_file.file;
	usize start = words->used;
	u64 number = mapping->flags & MAP_FLAGS_SHARED ? mapping->memory_id : 0;
	if (file->inode)
		number = status_number(file->inode, file->generation);
	words_add(words, "%08lx-%08lx %c%c%c%c %08lx 00:%02lx %lu ", mapping->address,
		mapping->address + mapping->size, mapping->flags & MAP_FLAGS_READ ? 'r' : '-',
		mapping->flags & MAP_FLAGS_WRITE ? 'w' : '-', mapping->flags & MAP_FLAGS_EXEC ? 'x' : '-',
		mapping->flags & MAP_FLAGS_SHARED ? 's' : 'p', shown_file.offset,
		file->inode ? DEVICE_FIRST : 0, number);
	view_t name = name_of(process, mapping, &shown_file, span_of(room));
	while (name.size && words->used - start < NAME_COLUMN)
		words_add(words, " ");
	words_add(words, "%v\n", &name);
}

void tell_maps(struct words *words, const struct process *process)
{
	u64 size;
	u32 count = process_mappings(process, &size);
	read_areas(process);
	for (u32 i = 0; i < count && !words_are_full(words); i++)
		add_mapping(words, process, &AT(mappings, i));
}

static void add_kilobytes(struct words *words, const char *name, u64 bytes)
{
	u8 room[24];
	view_t label = format_view(span_of(room), "%s:", name);
	words_put(words, label);
	for (usize i = label.size; i < 16; i++)
		words_add(words, " ");
	words_add(words, "%8lu kB\n", bytes / 1024);
}

// The kernel does not count what is present of a single mapping.
static void add_amounts(struct words *words, u64 present)
{
	static const char *const nothing[] = { "Shared_Clean", "Shared_Dirty", "Private_Clean" };
	static const char *const more[] = { "Referenced", "Anonymous", "LazyFree", "AnonHugePages",
		"ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap", "SwapPss",
		"Locked" };
	add_kilobytes(words, "Rss", present);
	add_kilobytes(words, "Pss", present);
	for (u32 i = 0; i < COUNT(nothing); i++)
		add_kilobytes(words, AT(nothing, i), 0);
	add_kilobytes(words, "Private_Dirty", present);
	for (u32 i = 0; i < COUNT(more); i++)
		add_kilobytes(words, AT(more, i), 0);
}

void tell_smaps(struct words *words, const struct process *process)
{
	u64 size;
	u32 count = process_mappings(process, &size);
	read_areas(process);
	for (u32 i = 0; i < count && !words_are_full(words); i++) {
		add_mapping(words, process, &AT(mappings, i));
		add_kilobytes(words, "Size", AT(mappings, i).size);
		add_kilobytes(words, "KernelPageSize", PAGE_SIZE);
		add_kilobytes(words, "MMUPageSize", PAGE_SIZE);
		add_amounts(words, 0);
		words_add(words, "THPeligible:    0\n");
	}
}

void tell_smaps_sum(struct words *words, const struct process *process)
{
	u64 size, pages;
	u32 count = process_mappings(process, &size);
	(void)process_time(process, &pages);
	u64 low = count ? AT(mappings, 0).address : 0;
	u64 end = count ? AT(mappings, count - 1).address + AT(mappings, count - 1).size : 0;
	usize start = words->used;
	words_add(words, "%08lx-%08lx ---p 00000000 00:00 0 ", low, end);
	while (words->used - start < NAME_COLUMN)
		words_add(words, " ");
	words_add(words, "[rollup]\n");
	add_amounts(words, process_resident(pages, size) * PAGE_SIZE);
}
