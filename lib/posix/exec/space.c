// SPDX-License-Identifier: MIT
// space.c - see space.h. Layout of the lower half, each part at random within its range:
//   a fixed program where it is linked · 0x5555'5555'4000 a relocatable one, then its break
//   0x7f00'0000'0000 loader · below 0x7fff'ffff'e000 the stack, and above it the vDSO
#include "lib/posix/exec/space.h"

#include "lib/base/bits.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "lib/posix/exec/random.h"
#include "lib/posix/exec/shared.h"
#include "lib/posix/exec/vdso/vdso.h"
#include "lib/posix/process/begin.h"
#include "os/syscalls.h"

constexpr u64 PROGRAM_BASE = 0x5555'5555'4000, PROGRAM_CHOICE = (u64)1 << 28; // pages
constexpr u64 LOADER_BASE = 0x7f00'0000'0000, LOADER_CHOICE = (u64)1 << 27;
constexpr u64 STACK_END = 0x7fff'fffd'e000, STACK_CHOICE = (u64)1 << 22;
constexpr u64 VDSO_CHOICE = 16;      // from the page behind the stack on: in the same page table
constexpr u64 BREAK_CHOICE = 0x2000; // 32 MiB
constexpr u32 ADDR_NO_RANDOMIZE = 0x0040000; // of personality
constexpr u64 STACK_MIN = 128 * 1024, STACK_MAX = (u64)64 << 20;

constexpr u32 MAP_PRIVATE_DATA = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED;
constexpr u32 MAP_CONSTANTS = MAP_FLAGS_READ | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED;

static u64 random_pages(u64 choice)
{
	bool is_fixed = posix_self()->identity.personality & ADDR_NO_RANDOMIZE;
	return is_fixed ? 0 : (random_word() & (choice - 1)) * PAGE_SIZE;
}

static const struct posix_image *image_header(void)
{
	UNSAFE_BEGIN("the library's own image is mapped there")
	return (const struct posix_image *)POSIX_IMAGE;
	UNSAFE_END
}

static err_t map_part(handle_t process, handle_t memory, u64 address, u64 size, u64 offset)
{
	u64 mapped;
	return memory_map(process, memory, address, size, offset, MAP_CONSTANTS, &mapped);
}

// Fresh zeros where what should be there is missing.
static err_t load_zeros(handle_t process, u64 address, u64 size)
{
	handle_t memory;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, &memory));
	err_t err = map_part(process, memory, address, size, 0);
	(void)handle_close(memory);
	return err;
}

static err_t map_clock(handle_t process, const struct core_state *core)
{
	u64 address = CLOCK_AREA + CLOCK_PAGE_OFFSET;
	TRY(core->time.raw ? map_part(process, core->time, CLOCK_AREA, PAGE_SIZE, 0)
					   : load_zeros(process, CLOCK_AREA, PAGE_SIZE));
	return core->clock.raw ? map_part(process, core->clock, address, PAGE_SIZE, 0)
	                       : load_zeros(process, address, PAGE_SIZE);
}

// Constants too may be executed, as in programs of one segment: one mapping less for each process.
static err_t map_image(handle_t process, handle_t image)
{
	u64 mapped;
	return memory_map(process, image, POSIX_IMAGE, image_header()->end - POSIX_IMAGE, 0,
		MAP_CONSTANTS | MAP_FLAGS_EXEC, &mapped);
}

static err_t map_library(handle_t process)
{
	struct posix *posix = posix_self();
	TRY(map_image(process, posix->core.image));
	TRY(map_clock(process, &posix->core));
	TRY(posix->identity.table.raw ? identity_map(&posix->identity, process)
								  : load_zeros(process, SLOT_AREA, SLOT_AREA_SIZE));
	return exec_map_files(process);
}

static struct area_file area_file(const struct exec_file *file)
{
	return (struct area_file){ file->tree, file->inode, file->generation, file->entry };
}

static err_t load_programs(
	const struct exec_plan *plan, struct exec_space *space, struct pieces *pieces)
{
	const struct program *program = &plan->program;
	u64 base = 0;
	if (program->is_relocatable)
		base = align_down(PROGRAM_BASE + random_pages(PROGRAM_CHOICE), program->alignment) -
		       align_down(program->low, program->alignment);
	TRY(load_program(pieces, plan->file.memory, program, base, &space->program));
	space->program.file = area_file(&plan->file);
	space->break_start = space->program.end + random_pages(BREAK_CHOICE);
	space->stack_top = STACK_END - random_pages(STACK_CHOICE);
	space->vdso = space->stack_top + PAGE_SIZE + random_pages(VDSO_CHOICE);
	if (!plan->loader.memory.raw)
		return OK;
	const struct program *loader = &plan->loader_program;
	base = 0;
	if (loader->is_relocatable)
		base = align_up(LOADER_BASE + random_pages(LOADER_CHOICE), loader->alignment) -
		       align_down(loader->low, loader->alignment);
	TRY(load_program(pieces, plan->loader.memory, loader, base, &space->loader));
	space->loader.file = area_file(&plan->loader);
	return OK;
}

static void fill_auxiliary(
	const struct exec_plan *plan, const struct exec_space *space, struct auxiliary *out)
{
	const struct proc_credentials *credentials = &posix_self()->identity.credentials;
	*out = (struct auxiliary){
		.headers = space->program.headers,
		.headers_count = plan->program.headers,
		.entry = space->program.entry,
		.interpreter = plan->loader.memory.raw ? space->loader.base + plan->loader_program.low : 0,
		.vdso = space->vdso,
		.processor = exec_processor_features(),
		.signal_stack = exec_signal_stack_size(),
		.user = credentials->user,
		.effective_user = credentials->effective_user,
		.group = credentials->group,
		.effective_group = credentials->effective_group,
		.is_secure = credentials->user != credentials->effective_user ||
		             credentials->group != credentials->effective_group,
	};
}

static struct words words_of(const struct gathered *gathered)
{
	return (
		struct words){ view_clamp(span_view(gathered->room), 0, gathered->used), gathered->count };
}

static u64 stack_size(void)
{
	u64 limit = AT(posix_self()->identity.limits, EXEC_LIMIT_STACK).soft;
	u64 size = limit ? limit : STACK_MAX; // not known yet: as without a limit
	size = size < STACK_MIN ? STACK_MIN : min_u64(size, STACK_MAX);
	return align_up(size, PAGE_SIZE);
}

// Small ones are put together on the library's own stack.
static err_t write_stack(
	handle_t memory, const struct exec_space *space, const struct stack_request *request)
{
	constexpr usize SMALL = 4096;
	u8 small[SMALL] UNINITIALIZED;
	const struct stack_layout *layout = &space->stack;
	bool is_small = layout->size <= SMALL;
	span_t bytes =
		is_small ? span_clamp(span_of(small), 0, layout->size) : scratch_take(layout->size);
	if (!bytes.size)
		return ERR_NO_MEMORY;
	stack_write(request, layout, bytes);
	err_t err = exec_write(memory, layout->pointer - space->stack_low, span_view(bytes));
	if (!is_small)
		scratch_give(bytes);
	return err;
}

static err_t add_vdso(const struct exec_space *space, struct pieces *pieces)
{
	return pieces_add(pieces, &(struct piece){ .memory = posix_self()->core.image,
								  .flags = MAP_FLAGS_READ | MAP_FLAGS_EXEC | MAP_FLAGS_FIXED,
								  .address = space->vdso,
								  .size = PAGE_SIZE,
								  .offset = exec_vdso_offset() });
}

static err_t map_if_fresh(const struct exec_space *space, struct pieces *pieces)
{
	return space->process.raw ? pieces_map(pieces, space->process) : OK;
}

err_t space_fill_stack(
	const struct exec_plan *plan, struct exec_space *space, struct pieces *pieces)
{
	struct stack_request request = {
		.arguments = words_of(&plan->arguments),
		.environment = words_of(&plan->environment),
		.path = plan_path(plan),
	};
	struct piece stack = { .is_owned = true, .flags = MAP_PRIVATE_DATA, .size = stack_size() };
	random_bytes(span_of(request.random));
	fill_auxiliary(plan, space, &request.auxiliary);
	request.top = space->stack_top;
	space->stack_low = stack.address = space->stack_top - stack.size;
	stack.flags |= plan->program.has_executable_stack ? MAP_FLAGS_EXEC : 0;
	TRY(stack_plan(&request, stack.size / 2, &space->stack));
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, stack.size, HANDLE_NONE, 0, 0, &stack.memory));
	TRY(pieces_add(pieces, &stack));
	TRY(write_stack(stack.memory, space, &request));
	return map_if_fresh(space, pieces);
}

err_t space_fill(const struct exec_plan *plan, struct exec_space *space, struct pieces *pieces)
{
	if (space->process.raw)
		TRY(map_library(space->process));
	TRY(load_programs(plan, space, pieces));
	TRY(add_vdso(space, pieces));
	return map_if_fresh(space, pieces);
}

// What is used of the process area, but for the slots of threads: there will be one thread.
static err_t copy_process_area(const struct posix *posix, handle_t memory)
{
	constexpr u64 AREA = PROCESS_AREA - PRIVATE_AREA;
	constexpr u64 SLOTS = offsetof(struct posix, slots.used);
	constexpr u64 END = SLOTS + sizeof posix->slots.used;
	view_t all = view_from(posix, posix->used);
	TRY(exec_write(memory, AREA, view_clamp(all, 0, SLOTS)));
	return exec_write(memory, AREA + END, view_from_offset(all, END));
}

err_t space_copy_library(const struct exec_space *space, const struct posix_thread *thread)
{
	handle_t memory;
	u64 mapped;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, PRIVATE_SIZE, HANDLE_NONE, 0, 0, &memory));
	err_t err = copy_process_area(posix_self(), memory);
	if (err == OK)
		err = exec_write(memory, thread_address(0) - PRIVATE_AREA, view_of(*thread));
	if (err == OK)
		err = memory_map(
			space->process, memory, PRIVATE_AREA, PRIVATE_SIZE, 0, MAP_PRIVATE_DATA, &mapped);
	(void)handle_close(memory);
	return err;
}
