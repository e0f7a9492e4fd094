// SPDX-License-Identifier: MIT
// library.c - see library.h. The same parts that exec makes for a program (lib/posix/exec/space.c),
// made for the first time.
#include "cmd/birth/library.h"

#include "abi/rights.h"
#include "ifc/clock.h"
#include "lib/os/boot_image.h"
#include "lib/os/start.h"
#include "lib/posix/core/start.h"
#include "lib/posix/exec/vdso/vdso.h"
#include "lib/posix/file/begin.h"
#include "lib/posix/process/begin.h"
#include "os/syscalls.h"

constexpr u32 RIGHTS_IMAGE = RIGHT_READ | RIGHT_EXEC | RIGHT_MAP | RIGHT_DUP | RIGHT_TRANSFER;
constexpr u32 MAP_DATA = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED;
constexpr u32 MAP_CONSTANTS = MAP_FLAGS_READ | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED;

static err_t write_all(handle_t memory, view_t bytes)
{
	for (u64 offset = 0, done; bytes.size; offset += done) {
		TRY(memory_write(memory, offset, bytes, &done));
		if (!done)
			return ERR_IO;
		bytes = view_from_offset(bytes, done);
	}
	return OK;
}

static err_t make_image(view_t bytes, handle_t *out)
{
	handle_t memory;
	TRY(memory_create(
		MEMORY_KIND_ANONYMOUS, (bytes.size + PAGE_MASK) & ~PAGE_MASK, HANDLE_NONE, 0, 0, &memory));
	err_t err = write_all(memory, bytes);
	if (err == OK)
		err = handle_duplicate(memory, RIGHTS_IMAGE, out);
	(void)handle_close(memory);
	return err;
}

static err_t map_image(handle_t image, const struct posix_image *header)
{
	u64 mapped;
	return memory_map(HANDLE_NONE, image, POSIX_IMAGE, header->end - POSIX_IMAGE, 0,
		MAP_CONSTANTS | MAP_FLAGS_EXEC, &mapped);
}

static err_t map_zeros(u64 address, u64 size)
{
	handle_t memory;
	u64 mapped;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, &memory));
	err_t err = memory_map(HANDLE_NONE, memory, address, size, 0, MAP_DATA, &mapped);
	(void)handle_close(memory);
	return err;
}

static err_t map_clock(handle_t memory, u64 address)
{
	u64 mapped;
	if (!memory.raw)
		return map_zeros(address, PAGE_SIZE);
	return memory_map(HANDLE_NONE, memory, address, PAGE_SIZE, 0, MAP_CONSTANTS, &mapped);
}

// Where servers/clock says how late it is; HANDLE_NONE: there is none.
static handle_t clock_page_of(void)
{
	clock_t clock = { start_handle("clock") };
	handle_t page = HANDLE_NONE;
	return clock.handle.raw && clock_page(clock, &page) == OK ? page : HANDLE_NONE;
}

static void fill(struct posix *posix, handle_t image)
{
	posix->magic = POSIX_MAGIC;
	posix->used = (u64)(uintptr_t)exec_first() - PROCESS_AREA + sizeof(struct exec_first);
	posix->core.image = image;
	posix->core.log = start_handle("log");
	if (!start_handle("tty").raw)
		posix->core.console = start_handle("console"); // written to as /dev/console
	posix->core.time = start_handle("time");
	posix->core.clock = clock_page_of();
	posix->core.clock_setter = start_handle("clock");
	posix->events.meet = start_handle("meet");
	posix->areas.random = AT(start_self()->random, 0);
	posix->identity.pid = 1;
}

// Once more if proc died with it.
static err_t leave_seed(proc_t proc, enum proc_seed what, handle_t thing)
{
	err_t err;
	do
		err = proc_seed(proc, what, thing);
	while (err == ERR_RESTARTED);
	return err;
}

// What processes are made of that take the place of one which runs a set-id program.
static err_t leave_seeds(proc_t proc, const struct posix *posix)
{
	const handle_t seeds[] = { [PROC_SEED_IMAGE] = posix->core.image,
		[PROC_SEED_LOG] = posix->core.log,
		[PROC_SEED_TIME] = posix->core.time,
		[PROC_SEED_CLOCK] = posix->core.clock,
		[PROC_SEED_CLOCK_SETTER] = posix->core.clock_setter,
		[PROC_SEED_MEET] = posix->events.meet,
		[PROC_SEED_NAME] = start_handle("name") };
	for (u32 i = 0; i < COUNT(seeds); i++)
		if (AT(seeds, i).raw)
			TRY(leave_seed(proc, (enum proc_seed)i, AT(seeds, i)));
	return proc_seal(proc);
}

// Without servers/proc it is alone in the world.
static err_t begin_identity(struct identity *identity)
{
	handle_t connection = start_handle("proc");
	if (!connection.raw)
		return map_zeros(SLOT_AREA, SLOT_AREA_SIZE);
	TRY(identity_begin(identity, connection, start_handle("process")));
	TRY(leave_seeds((proc_t){ connection }, posix_self()));
	return identity_map(identity, HANDLE_NONE);
}

// Without servers/ramfs there are no files, and nothing to execute.
static err_t begin_files(struct file_state *files)
{
	struct file_connections given = { start_handle("ramfs"), start_handle("tty"),
		start_handle("name") };
	return given.root.raw ? file_begin(files, &given) : OK;
}

// Inherited handles are the authority of all processes: what was for the beginning, or for native
// programs in our place, ends with it.
static void drop_authority(void)
{
	static const char *const names[] = { "process", "former", "supervisor", "quota", "boot", "port",
		"watch", "tty" };
	for (u32 i = 0; i < COUNT(names); i++)
		if (start_handle(AT(names, i)).raw)
			(void)handle_close(start_handle(AT(names, i)));
	if (start_handle("console").raw && !posix_self()->core.console.raw)
		(void)handle_close(start_handle("console"));
}

err_t library_map(void)
{
	view_t bytes;
	handle_t image;
	TRY(boot_file("lib/posix", &bytes));
	const struct posix_image *header = VIEW_AS(struct posix_image, bytes, 0);
	if (!header || header->magic != POSIX_IMAGE_MAGIC ||
		header->end - POSIX_IMAGE > bytes.size + PAGE_SIZE)
		return ERR_CORRUPT;
	TRY(make_image(bytes, &image));
	TRY(map_image(image, header));
	TRY(map_zeros(PRIVATE_AREA, PRIVATE_SIZE));
	fill(posix_self(), image);
	TRY(map_clock(posix_self()->core.time, CLOCK_AREA));
	TRY(map_clock(posix_self()->core.clock, CLOCK_AREA + CLOCK_PAGE_OFFSET));
	TRY(begin_identity(&posix_self()->identity));
	TRY(begin_files(&posix_self()->files));
	drop_authority();
	return OK;
}

err_t library_start(void)
{
	UNSAFE_BEGIN("both were mapped by library_map")
	const struct posix_image *image = (const struct posix_image *)POSIX_IMAGE;
	struct posix_thread *thread = (struct posix_thread *)thread_address(0);
	UNSAFE_END
	thread_prepare(thread, image, 0, start_self()->random);
	thread->begin = BEGIN_FIRST;
	thread->id = 1;
	return thread_create(HANDLE_NONE, image->start, thread_stack_top(0), thread_address(0),
		thread_address(0), &thread->handle);
}
