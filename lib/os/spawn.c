// SPDX-License-Identifier: MIT
// spawn.c - loads a static-PIE program into a new process. Everything is built in memory objects of
// ours first and then mapped there: one object for the image, one for the stack with start_info and
// the thread block above it.
#include "lib/os/spawn.h"

#include "abi/info.h"
#include "abi/rights.h"
#include "abi/signals.h"
#include "abi/thread.h"
#include "lib/base/text.h"
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

constexpr u64 STACK_SIZE = 256 * 1024;
// Above the stack: start_info, then the thread block on a page of its own.
constexpr u64 INFO_SIZE = (sizeof(struct start_info) + PAGE_MASK) & ~PAGE_MASK;
constexpr u64 TOP_SIZE = STACK_SIZE + INFO_SIZE + PAGE_SIZE;
constexpr u64 CODE_FAULT = 139, CODE_KILLED = 137;

err_t spawn_give(struct spawn *spawn, const char *name, handle_t handle, u32 rights)
{
	if (spawn->handle_count >= SPAWN_HANDLES_MAX)
		return ERR_TOO_BIG;
	AT(spawn->handles, spawn->handle_count++) = (struct spawn_handle){ name, handle, rights, 0 };
	return OK;
}

static err_t write_all(handle_t memory, u64 offset, view_t bytes)
{
	while (bytes.size) {
		u64 done;
		TRY(memory_write(memory, offset, bytes, &done));
		if (!done)
			return ERR_IO;
		offset += done;
		bytes = view_from_offset(bytes, done);
	}
	return OK;
}

// The image object: file bytes of all segments, relocations applied for base.
static err_t fill_image(struct spawn *spawn, const struct elf *elf, u64 base, handle_t memory)
{
	for (u32 i = 0; i < elf->segments; i++) {
		const struct elf_segment *segment = &AT(elf->segment, i);
		TRY(write_all(memory, segment->address - elf->low, elf_segment_bytes(elf, segment)));
	}
	struct elf_relocations list;
	struct elf_relocation relocation;
	spawn->problem = elf_relocations_init(&list, elf);
	if (spawn->problem != ELF_GOOD)
		return ERR_CORRUPT;
	while (elf_relocation_next(&list, &relocation)) {
		u64 value = base + relocation.addend;
		TRY(write_all(memory, relocation.address - elf->low, view_of(value)));
	}
	spawn->problem = list.problem;
	return list.problem == ELF_GOOD ? OK : ERR_CORRUPT;
}

static u32 map_access(u32 flags)
{
	return (flags & ELF_READ ? MAP_FLAGS_READ : 0) | (flags & ELF_WRITE ? MAP_FLAGS_WRITE : 0) |
	       (flags & ELF_EXECUTE ? MAP_FLAGS_EXEC : 0);
}

static err_t map_segments(const struct elf *elf, u64 base, handle_t memory, handle_t process)
{
	for (u32 i = 0; i < elf->segments; i++) {
		const struct elf_segment *segment = &AT(elf->segment, i);
		u64 start = segment->address & ~PAGE_MASK, mapped;
		u64 end = (segment->address + segment->memory_size + PAGE_MASK) & ~PAGE_MASK;
		TRY(memory_map(process, memory, base + start, end - start, start - elf->low,
			map_access(segment->flags) | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped));
	}
	return OK;
}

static err_t load_image(struct spawn *spawn, const struct elf *elf, handle_t process, u64 *base)
{
	handle_t memory;
	u64 size = elf->high - elf->low, address;
	// Reserve addresses of the kernel's choice, then put the segments there.
	TRY(memory_map(process, HANDLE_NONE, 0, size + elf->alignment, 0, 0, &address));
	*base = ((address + elf->alignment - 1) & ~(elf->alignment - 1)) - elf->low;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, &memory));
	err_t err = fill_image(spawn, elf, *base, memory);
	if (err == OK)
		err = map_segments(elf, *base, memory, process);
	(void)handle_close(memory);
	return err;
}

static err_t add_argument(struct start_info *info, view_t word)
{
	span_t room = span_from_offset(span_of(info->text), info->text_size);
	if (word.size + 1 > room.size)
		return ERR_TOO_BIG;
	TRY(span_copy(room, word));
	info->text_size += (u32)word.size + 1;
	info->argument_count++;
	return OK;
}

static err_t add_arguments(struct start_info *info, const struct spawn *spawn)
{
	view_t rest = spawn->arguments, word;
	while (text_take_word(&rest, &word))
		TRY(add_argument(info, word));
	return spawn->last.size ? add_argument(info, spawn->last) : OK;
}

static err_t add_handle(struct start_info *info, handle_t process, struct spawn_handle *given)
{
	view_t text = view_cstring(given->name);
	if (info->handle_count >= START_HANDLES)
		return ERR_TOO_BIG;
	struct start_handle *entry = &AT(info->handles, info->handle_count);
	if (text.size >= sizeof entry->name)
		return ERR_TOO_BIG;
	TRY(span_copy(span_of(entry->name), text));
	if (!given->value)
		TRY(process_give(process, given->handle, given->rights, &given->value));
	entry->handle.raw = given->value;
	info->handle_count++;
	return OK;
}

static err_t fill_info(struct spawn *spawn, handle_t process, struct start_info *info)
{
	*info = (struct start_info){ .magic = START_MAGIC, .stack_size = STACK_SIZE };
	const struct start_info *ours = start_self();
	AT(info->random, 0) = AT(ours->random, 0) * 6364136223846793005u + __builtin_ia32_rdtsc();
	AT(info->random, 1) = AT(ours->random, 1) ^ __builtin_ia32_rdtsc() << 17;
	TRY(add_arguments(info, spawn));
	struct spawn_handle self = { "process", process, RIGHTS_ALL, 0 };
	struct spawn_handle former = { "former", HANDLE_NONE, 0, spawn->former };
	TRY(add_handle(info, process, &self));
	spawn->self = self.value;
	if (spawn->former)
		TRY(add_handle(info, process, &former));
	for (u32 i = 0; i < spawn->handle_count; i++)
		TRY(add_handle(info, process, &AT(spawn->handles, i)));
	return OK;
}

// A guard below, the stack, start_info, the thread block. Returns where the parts are.
static err_t load_stack(struct spawn *spawn, handle_t process, u64 *info_address)
{
	static struct start_info info; // one spawn at a time (README)
	handle_t memory;
	u64 address, mapped;
	TRY(fill_info(spawn, process, &info));
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, TOP_SIZE, HANDLE_NONE, 0, 0, &memory));
	err_t err = write_all(memory, STACK_SIZE, view_of(info));
	if (err == OK)
		err = memory_map(process, HANDLE_NONE, 0, TOP_SIZE + PAGE_SIZE, 0, 0, &address);
	if (err == OK)
		err = memory_map(process, memory, address + PAGE_SIZE, TOP_SIZE, 0,
			MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped);
	(void)handle_close(memory);
	if (err == OK)
		*info_address = address + PAGE_SIZE + STACK_SIZE;
	return err;
}

static err_t start_in(struct spawn *spawn, const struct elf *elf, handle_t process)
{
	u64 base, info;
	handle_t thread;
	TRY(load_image(spawn, elf, process, &base));
	TRY(load_stack(spawn, process, &info));
	TRY(thread_create(process, base + elf->entry, info, info, info + INFO_SIZE, &thread));
	return handle_close(thread);
}

err_t spawn_start(struct spawn *spawn, handle_t *process)
{
	struct elf elf;
	handle_t child;
	spawn->problem = elf_parse(spawn->image, &elf);
	if (spawn->problem != ELF_GOOD)
		return ERR_CORRUPT;
	child = spawn->process;
	if (!child.raw)
		TRY(process_create(spawn->quota, spawn->identity, spawn->level, &child));
	err_t err = start_in(spawn, &elf, child);
	if (err == OK) {
		*process = child;
		return OK;
	}
	if (spawn->process.raw)
		return err;
	(void)process_control(child, PROCESS_OPERATION_KILL, 0, 0);
	(void)handle_close(child);
	return err;
}

err_t spawn_wait(handle_t process, u64 deadline, u64 *code)
{
	u32 observed;
	u64 size;
	struct process_info info = {};
	TRY(object_wait(process, SIGNAL_EXITED, deadline, &observed));
	TRY(handle_info(process, INFO_TOPIC_PROCESS, span_of(info), &size));
	*code = info.exit_reason == EXIT_FAULT    ? CODE_FAULT
	        : info.exit_reason == EXIT_KILLED ? CODE_KILLED
	                                          : info.exit_code;
	return OK;
}
