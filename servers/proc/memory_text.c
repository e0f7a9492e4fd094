// SPDX-License-Identifier: MIT
// memory_text.c - files of /proc that speak of a process's memory: what is mapped, as the kernel
// tells it, and what the program was started with. Each mapping by itself: map_text.c.
#include "abi/info.h"
#include "lib/posix/core/posix.h"
#include "os/syscalls.h"
#include "servers/proc/node.h"

constexpr u64 LOW_END = 0x0000'8000'0000'0000; // the program's half of the addresses

struct mapping_info mappings[MAPPINGS_MAX];

u32 process_mappings(const struct process *process, u64 *size)
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

u64 process_memory_at(const struct process *process, u64 address)
{
	u64 bytes = 0;
	if (!process->process.raw ||
		handle_info(process->process, INFO_TOPIC_MAPPINGS, span_of(mappings), &bytes) != OK)
		return 0;
	for (u32 i = 0; i < bytes / sizeof mappings[0] && i < MAPPINGS_MAX; i++)
		if (address - AT(mappings, i).address < AT(mappings, i).size)
			return AT(mappings, i).memory_id;
	return 0;
}

u64 process_mapped(const struct process *process)
{
	u64 size;
	(void)process_mappings(process, &size);
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
	u32 count = process_mappings(process, &size);
	for (u32 i = 0; i < count; i++) {
		const struct mapping_info *mapping = &AT(mappings, i);
		text += mapping->flags & MAP_FLAGS_EXEC ? mapping->size : 0;
		data += mapping->flags & MAP_FLAGS_WRITE ? mapping->size : 0;
	}
	words_add(words, "%lu %lu 0 %lu 0 %lu 0\n", size / PAGE_SIZE, process_resident(pages, size),
		text / PAGE_SIZE, data / PAGE_SIZE);
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
