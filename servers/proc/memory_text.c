// SPDX-License-Identifier: MIT
// memory_text.c - files of /proc that speak of a process's memory: the kernel tells what is mapped,
// the process's library what some of it is.
#include "abi/info.h"
#include "lib/posix/core/posix.h"
#include "os/syscalls.h"
#include "servers/proc/node.h"

constexpr u64 LOW_END = 0x0000'8000'0000'0000; // the program's half of the addresses
constexpr u32 MAPPINGS_MAX = 1024;
constexpr usize NAME_COLUMN = 73; // of a line of maps

static struct mapping_info mappings[MAPPINGS_MAX]; // of the process that is being told of

// Those of the program, not of its library.
static u32 find_mappings(const struct process *process, u64 *size)
{
	u64 bytes = 0;
	u32 count = 0;
	*size = 0;
	if (process->process.raw &&
		handle_info(process->process, INFO_TOPIC_MAPPINGS, span_of(mappings), &bytes) != OK)
		bytes = 0;
	for (u32 i = 0; i < bytes / sizeof mappings[0] && i < MAPPINGS_MAX; i++) {
		if (AT(mappings, i).address >= LOW_END)
			break;
		*size += AT(mappings, i).size;
		count++;
	}
	return count;
}

u64 process_mapped(const struct process *process)
{
	u64 size;
	(void)find_mappings(process, &size);
	return size;
}

u64 process_resident(u64 pages, u64 size)
{
	return pages < size / PAGE_SIZE ? pages : size / PAGE_SIZE;
}

void tell_statm(struct words *words, const struct process *process)
{
	u64 size, pages, text = 0, data = 0;
	(void)process_time(process, &pages);
	u32 count = find_mappings(process, &size);
	for (u32 i = 0; i < count; i++) {
		const struct mapping_info *mapping = &AT(mappings, i);
		text += mapping->flags & MAP_FLAGS_EXEC ? mapping->size : 0;
		data += mapping->flags & MAP_FLAGS_WRITE ? mapping->size : 0;
	}
	words_add(words, "%lu %lu 0 %lu 0 %lu 0\n", size / PAGE_SIZE, process_resident(pages, size),
		text / PAGE_SIZE, data / PAGE_SIZE);
}

static struct area_state areas_of(const struct process *process)
{
	struct area_state areas = {};
	u64 address = PROCESS_AREA + offsetof(struct posix, areas);
	if (process_bytes(process, address, span_of(areas)).size != sizeof areas)
		areas = (struct area_state){};
	return areas;
}

// What this mapping is, as far as the library says; room: for a path.
static view_t name_of(const struct process *process, const struct area_state *areas,
	const struct mapping_info *mapping, span_t room)
{
	u64 address = mapping->address, end = address + mapping->size;
	if (areas->stack_top && address >= areas->stack_low && end <= areas->stack_top)
		return VIEW_TEXT("[stack]");
	if (areas->vdso && address == areas->vdso)
		return VIEW_TEXT("[vdso]");
	if (address >= areas->break_start && end <= areas->break_mapped)
		return VIEW_TEXT("[heap]");
	if (address < areas->program_low || end > areas->program_end)
		return (view_t){};
	struct program_text program = process_program(process);
	u64 size = program.path_size < room.size ? program.path_size : room.size;
	return process_bytes(process, program.path, span_clamp(room, 0, size));
}

static void add_mapping(struct words *words, const struct process *process,
	const struct area_state *areas, const struct mapping_info *mapping)
{
	u8 room[256];
	usize start = words->used;
	words_add(words, "%08lx-%08lx %c%c%c%c %08lx 00:00 %lu ", mapping->address,
		mapping->address + mapping->size, mapping->flags & MAP_FLAGS_READ ? 'r' : '-',
		mapping->flags & MAP_FLAGS_WRITE ? 'w' : '-', mapping->flags & MAP_FLAGS_EXEC ? 'x' : '-',
		mapping->flags & MAP_FLAGS_SHARED ? 's' : 'p', mapping->offset, mapping->memory_id);
	view_t name = name_of(process, areas, mapping, span_of(room));
	while (name.size && words->used - start < NAME_COLUMN)
		words_add(words, " ");
	words_add(words, "%v\n", &name);
}

void tell_maps(struct words *words, const struct process *process)
{
	u64 size;
	struct area_state areas = areas_of(process);
	u32 count = find_mappings(process, &size);
	for (u32 i = 0; i < count; i++)
		add_mapping(words, process, &areas, &AT(mappings, i));
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
	struct area_state areas = areas_of(process);
	u32 count = find_mappings(process, &size);
	for (u32 i = 0; i < count; i++) {
		add_mapping(words, process, &areas, &AT(mappings, i));
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
	u32 count = find_mappings(process, &size);
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

static void add_memory(struct words *words, const struct process *process, u64 address, u64 size)
{
	span_t rest = span_from_offset(words->room, words->used);
	words->used += process_bytes(process, address, span_clamp(rest, 0, size)).size;
}

void tell_command(struct words *words, const struct process *process)
{
	struct program_text program = process_program(process);
	add_memory(words, process, program.arguments, program.arguments_size);
}

void tell_environment(struct words *words, const struct process *process)
{
	struct program_text program = process_program(process);
	add_memory(words, process, program.environment, program.environment_size);
}

void tell_auxiliary(struct words *words, const struct process *process)
{
	struct program_text program = process_program(process);
	add_memory(words, process, program.auxiliary, program.auxiliary_size);
}

void tell_path(struct words *words, const struct process *process)
{
	struct program_text program = process_program(process);
	add_memory(words, process, program.path, program.path_size < PAGE_SIZE ? program.path_size : 0);
}
