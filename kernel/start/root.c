// SPDX-License-Identifier: MIT
// root.c - builds the first process out of the ELF file in the kernel image, and gives it
// everything: ELF -> memory object -> mappings with each segment's access; stack, info and block in
// another. The file is ours, so whatever fails here is a broken build or a machine without memory:
// panic.
#include "kernel/start/root.h"

#include "abi/info.h"
#include "abi/root.h"
#include "abi/syscall_numbers.h"
#include "boot/boot_info.h"
#include "kernel/arch/arch.h"
#include "kernel/memory/frame.h"
#include "kernel/memory/memory.h"
#include "kernel/memory/space.h"
#include "kernel/object/process.h"
#include "kernel/object/quota.h"
#include "kernel/object/resource.h"
#include "kernel/panic.h"
#include "kernel/sched/sched.h"
#include "lib/base/bits.h"
#include "lib/base/elf.h"

extern const u8 root_image[], root_image_end[];

constexpr u64 IMAGE_BASE = 0x1000'0000'0000, STACK_BASE = 0x5500'0000'0000;
constexpr u32 BASE_RANDOM_BITS = 28; // pages: 1 TiB of possible places for each
constexpr u64 STACK_SIZE = 256 * 1024, INFO_OFFSET = STACK_SIZE;
constexpr u64 BLOCK_OFFSET = INFO_OFFSET + PAGE_SIZE;
constexpr u64 STACK_OBJECT_SIZE = BLOCK_OFFSET + PAGE_SIZE;
constexpr u64 STACK_SLOT = 16; // keeps the stack's top aligned as the ABI wants it
static_assert(sizeof(struct root_info) <= PAGE_SIZE);

// Boot CPU only, before any program runs; too large for the stack.
static struct elf elf;
static struct root_info root_info;

static void check(err_t err, const char *what)
{
	if (err != OK)
		panic("first program: %s: %e", what, err);
}

static u64 random_base(u64 start)
{
	return start + ((arch_random() & bits_mask(BASE_RANDOM_BITS)) << PAGE_SHIFT);
}

static view_t image(void)
{
	UNSAFE_BEGIN("both labels are around one file")
	return view_from(root_image, (usize)(root_image_end - root_image));
	UNSAFE_END
}

static struct memory *new_memory(u64 size)
{
	struct memory *memory;
	check(memory_create_anonymous(quota_root(), size, &memory), "memory");
	return memory;
}

struct piece {
	u64 address, size, offset;
	u32 access; // enum map_flags
};

static void map(struct space *space, struct memory *memory, const struct piece *piece)
{
	u64 mapped;
	struct long_call call = {};
	struct map_request request = { memory, piece->address, piece->size, piece->offset,
		piece->access | MAP_FLAGS_FIXED, piece->access, 0 };
	check(space_map(space, &request, &call, &mapped), "mapping");
}

static u32 access_of(const struct elf_segment *segment)
{
	return (segment->flags & ELF_READ ? MAP_FLAGS_READ : 0u) |
	       (segment->flags & ELF_WRITE ? MAP_FLAGS_WRITE : 0u) |
	       (segment->flags & ELF_EXECUTE ? MAP_FLAGS_EXEC : 0u);
}

static void load_segments(struct space *space, struct memory *memory, u64 base)
{
	for (u32 i = 0; i < elf.segments; i++) {
		const struct elf_segment *segment = &AT(elf.segment, i);
		view_t bytes = elf_segment_bytes(&elf, segment);
		u64 offset = segment->address - elf.low;
		if (bytes.size)
			check(memory_copy_in(memory, offset, bytes.data, bytes.size), "segment");
		u64 start = align_down(segment->address, PAGE_SIZE);
		u64 end = align_up(segment->address + segment->memory_size, PAGE_SIZE);
		struct piece piece = { base + start, end - start, start - elf.low, access_of(segment) };
		map(space, memory, &piece);
	}
}

static void relocate(struct memory *memory, u64 base)
{
	struct elf_relocations list;
	if (elf_relocations_init(&list, &elf) != ELF_GOOD)
		panic("first program: relocations");
	struct elf_relocation relocation;
	while (elf_relocation_next(&list, &relocation)) {
		u64 value = base + relocation.addend;
		check(memory_copy_in(memory, relocation.address - elf.low, &value, sizeof value),
			"relocation");
	}
	if (list.problem != ELF_GOOD)
		panic("first program: %s", elf_problem_text(list.problem));
}

// Returns the entry's address.
static u64 load(struct space *space)
{
	enum elf_problem problem = elf_parse(image(), &elf);
	if (problem != ELF_GOOD)
		panic("first program: %s", elf_problem_text(problem));
	u64 base = elf.is_relocatable ? align_down(random_base(IMAGE_BASE), elf.alignment) : 0;
	struct memory *memory = new_memory(elf.high - elf.low);
	load_segments(space, memory, base);
	relocate(memory, base);
	object_put(&memory->object);
	return base + elf.entry;
}

static handle_t give(struct process *process, struct object *object, u32 rights)
{
	handle_t handle;
	check(handle_install(&process->handles, object, rights, &handle), "handle");
	return handle;
}

// The same, and gives up the caller's reference.
static handle_t give_new(struct process *process, struct object *object, u32 rights)
{
	handle_t handle = give(process, object, rights);
	object_put(object);
	return handle;
}

constexpr u32 RIGHTS_LOOK = RIGHT_READ | RIGHT_MAP | RIGHT_DUP | RIGHT_TRANSFER | RIGHT_WAIT;

static handle_t give_time_page(struct process *process)
{
	struct memory *memory = new_memory(PAGE_SIZE);
	paddr_t frame;
	check(memory_page(memory, 0, true, &frame), "time page");
	arch_fill_time_page(frame_address(frame));
	frame_put(frame);
	return give_new(process, &memory->object, RIGHTS_LOOK);
}

NO_INLINE static handle_t give_boot_image(struct process *process, const struct boot_info *info)
{
	if (!info->boot_image_size)
		return HANDLE_NONE;
	u64 start = align_down(info->boot_image_paddr, PAGE_SIZE);
	u64 end = align_up(info->boot_image_paddr + info->boot_image_size, PAGE_SIZE);
	struct memory *memory;
	// What a boot loader left behind the archive on its last page is not part of it.
	u64 used = info->boot_image_paddr + info->boot_image_size - start;
	UNSAFE_BEGIN("the loader gave the image whole pages")
	memory_fill((u8 *)frame_address((paddr_t){ start }) + used, 0, end - start - used);
	UNSAFE_END
	check(memory_create_physical(quota_root(), (paddr_t){ start }, end - start, 0, &memory),
		"boot image");
	return give_new(process, &memory->object, RIGHTS_LOOK);
}

static handle_t give_resource(struct process *process, u32 kind)
{
	struct resource *resource;
	check(resource_create(quota_root(), kind, 0, UINT64_MAX, &resource), "resource");
	return give_new(process, &resource->object, RIGHTS_ALL);
}

static void fill_info(struct process *process, struct thread *thread, const struct boot_info *info)
{
	root_info = (struct root_info){
		.magic = ROOT_MAGIC,
		.version = ROOT_VERSION,
		.size = sizeof root_info,
		.cpu_count = info->cpu_count,
		.process = give(process, &process->object, RIGHTS_ALL),
		.thread = give(process, &thread->object, RIGHTS_ALL),
		.quota = give(process, &quota_root()->object, RIGHTS_ALL),
		.resource = give_resource(process, RESOURCE_KIND_ROOT),
		.console = give_resource(process, RESOURCE_KIND_CONSOLE),
		.time_page = give_time_page(process),
		.boot_image = give_boot_image(process, info),
		.boot_image_offset = (u32)(info->boot_image_paddr & PAGE_MASK),
		.boot_image_size = info->boot_image_size,
		.random = { arch_random(), arch_random() },
		.stack_size = STACK_SIZE,
		.acpi_root = info->acpi_root_paddr,
		.framebuffer_address = info->framebuffer.paddr,
		.framebuffer_pitch = info->framebuffer.pitch,
		.framebuffer_width = info->framebuffer.width,
		.framebuffer_height = info->framebuffer.height,
		.framebuffer_bits = info->framebuffer.bits_per_pixel,
	};
	static_assert(sizeof root_info.command_line == sizeof info->command_line);
	check(span_copy(span_of(root_info.command_line), view_of(info->command_line)), "command line");
	AT(root_info.command_line, ROOT_COMMAND_LINE - 1) = 0;
}

void root_start(const struct boot_info *info)
{
	struct process *process;
	check(process_create(quota_root(), ROOT_IDENTITY, 0, &process), "process");
	u64 entry = load(process->space);
	struct memory *memory = new_memory(STACK_OBJECT_SIZE);
	u64 base = random_base(STACK_BASE) + PAGE_SIZE; // under it nothing is mapped: a guard
	struct piece piece = { base, STACK_OBJECT_SIZE, 0, MAP_FLAGS_READ | MAP_FLAGS_WRITE };
	map(process->space, memory, &piece);
	struct program_start start = {
		.entry = entry,
		.stack = base + STACK_SIZE - STACK_SLOT,
		.argument = base + INFO_OFFSET,
		.block = base + BLOCK_OFFSET,
	};
	struct thread *thread;
	check(thread_create(process, &start, &thread), "thread");
	fill_info(process, thread, info);
	check(memory_copy_in(memory, INFO_OFFSET, &root_info, sizeof root_info), "root_info");
	object_put(&memory->object);
	sched_start(thread);
	object_put(&thread->object);
	object_put(&process->object);
}
