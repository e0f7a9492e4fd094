// SPDX-License-Identifier: MIT
// chaos.c - see chaos.h.
#include "test/guest/harness/chaos.h"

#include "lib/base/atomic.h"
#include "lib/base/text.h"
#include "lib/os/boot_image.h"
#include "lib/os/spawn.h"

constexpr u32 LEVEL_PROGRAM = 15;

u64 chaos_number(u32 index, u64 usual)
{
	u64 value;
	if (index >= start_argument_count() ||
		text_u64(view_cstring(start_argument(index)), &value) != OK)
		return usual;
	return value;
}

static bool is_same(const struct guest_level *a, const struct guest_level *b, bool is_exact)
{
	if (a->objects != b->objects || a->handles_used != b->handles_used)
		return false;
	return !is_exact || (a->pages_free == b->pages_free && a->pages_used == b->pages_used);
}

static bool settle(const struct guest_level *before, bool is_exact, u64 deadline)
{
	struct guest_level now;
	do {
		if (guest_level(&now) != OK)
			return false;
		if (is_same(before, &now, is_exact))
			return true;
	} while (clock_read() < deadline);
	print(
		"  pages free %lu -> %lu, objects %lu -> %lu, handles %lu -> %lu, pages used %lu -> %lu\n",
		before->pages_free, now.pages_free, before->objects, now.objects, before->handles_used,
		now.handles_used, before->pages_used, now.pages_used);
	return false;
}

bool chaos_is_level(const struct guest_level *before)
{
	return settle(before, false, guest_soon());
}

bool chaos_is_steady(bool (*run)(void))
{
	constexpr u32 CHANCES = 8; // a kind of object that first came to be keeps a page, see slab.c
	struct guest_level before;
	for (u32 i = 0; i < CHANCES; i++) {
		if (guest_level(&before) != OK || !run() || !settle(&before, false, guest_soon()))
			return false;
		if (IS_DEBUG ||
			settle(&before, true, guest_after(500))) // debug kernels hold freed memory back
			return true;
	}
	return false;
}

void *_Nullable chaos_shared(u64 size)
{
	handle_t memory;
	u64 address;
	size = (size + PAGE_MASK) & ~PAGE_MASK;
	if (memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, &memory) != OK)
		return nullptr;
	err_t err = memory_map(HANDLE_NONE, memory, 0, size, 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED, &address);
	(void)handle_close(memory);
	UNSAFE_BEGIN("the kernel mapped it there")
	return err == OK ? (void *)address : nullptr;
	UNSAFE_END
}

void chaos_pause(void)
{
	(void)sleep_until(clock_read() + 50 * NS_PER_US);
}

bool chaos_reached(const u32 *word, u32 wanted)
{
	u64 deadline = guest_soon();
	while (atomic_load_acquire(word) < wanted) { // pairs with whoever stores the word
		if (clock_read() > deadline)
			return false;
		chaos_pause();
	}
	return true;
}

err_t chaos_waited(handle_t process, u64 *code)
{
	TRY(spawn_wait(process, guest_soon(), code));
	return handle_close(process);
}

err_t chaos_kill(handle_t process)
{
	u64 code;
	TRY(process_control(process, PROCESS_OPERATION_KILL, 0, 0));
	return chaos_waited(process, &code);
}

err_t chaos_start(const struct chaos_program *program, handle_t *process)
{
	struct spawn spawn = { .level = LEVEL_PROGRAM,
		.quota = program->quota,
		.arguments = view_cstring(program->arguments) };
	TRY(boot_file(program->path, &spawn.image));
	TRY(spawn_give(&spawn, "console", start_handle("console"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "time", start_handle("time"), RIGHTS_ALL));
	if (program->quota.raw)
		TRY(spawn_give(&spawn, "quota", program->quota, RIGHTS_ALL));
	if (program->gift.raw)
		TRY(spawn_give(&spawn, "gift", program->gift, RIGHTS_ALL));
	return spawn_start(&spawn, process);
}

err_t chaos_quota(u64 pages, u64 objects, u64 handles, handle_t *out)
{
	return quota_create(HANDLE_NONE, pages, objects, handles, 100, out);
}
