// SPDX-License-Identifier: MIT
// spaces.c - mappings in every shape, copies on write, pagers.
#include "test/guest/chaos_leak/leak.h"

static void touch(u64 address)
{
	UNSAFE_BEGIN("mapped by the caller")
	*(volatile u8 *)address += 1;
	UNSAFE_END
}

static err_t make(u64 pages, handle_t *memory)
{
	return memory_create(MEMORY_KIND_ANONYMOUS, pages * PAGE_SIZE, HANDLE_NONE, 0, 0, memory);
}

static err_t map(handle_t memory, u64 pages, u64 *address)
{
	return memory_map(
		HANDLE_NONE, memory, 0, pages * PAGE_SIZE, 0, MAP_FLAGS_READ | MAP_FLAGS_WRITE, address);
}

err_t map_step(u64 round)
{
	void *memory;
	u64 pages = 1 + round % 7;
	TRY(guest_pages(pages, &memory));
	for (u64 i = 0; i < pages; i += 1 + (round & 1))
		touch((u64)memory + i * PAGE_SIZE);
	return memory_unmap(HANDLE_NONE, (u64)memory, pages * PAGE_SIZE);
}

// Holes, other access, one mapping over another.
err_t map_parts_step(u64 round)
{
	void *memory;
	handle_t other;
	u64 base, mapped;
	TRY(guest_pages(16, &memory));
	base = (u64)memory;
	for (u64 i = 0; i < 16; i++)
		touch(base + i * PAGE_SIZE);
	TRY(memory_unmap(HANDLE_NONE, base + (1 + round % 6) * PAGE_SIZE, 2 * PAGE_SIZE));
	TRY(memory_protect(HANDLE_NONE, base + 10 * PAGE_SIZE, 3 * PAGE_SIZE, MAP_FLAGS_READ));
	TRY(make(4, &other));
	TRY(memory_map(HANDLE_NONE, other, base + 7 * PAGE_SIZE, 4 * PAGE_SIZE, 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped));
	touch(base + 9 * PAGE_SIZE);
	TRY(handle_close(other));
	return memory_unmap(HANDLE_NONE, base, 16 * PAGE_SIZE);
}

err_t clone_step(u64 round)
{
	handle_t memory, clone, third;
	u64 first, second;
	TRY(make(8, &memory));
	TRY(map(memory, 8, &first));
	for (u64 i = 0; i < 8; i++)
		touch(first + i * PAGE_SIZE);
	TRY(memory_clone(memory, 0, 8 * PAGE_SIZE, &clone));
	TRY(memory_clone(clone, 2 * PAGE_SIZE, 4 * PAGE_SIZE, &third));
	TRY(map(clone, 8, &second));
	touch(second + PAGE_SIZE);
	touch(first + 3 * PAGE_SIZE);
	TRY(handle_close(round & 1 ? memory : third));
	TRY(memory_unmap(HANDLE_NONE, round & 2 ? first : second, 8 * PAGE_SIZE));
	TRY(handle_close(clone));
	TRY(memory_unmap(HANDLE_NONE, round & 2 ? second : first, 8 * PAGE_SIZE));
	return handle_close(round & 1 ? third : memory);
}

err_t reserve_step(u64 round)
{
	u64 address, size = (1 + round % 64) << 30;
	TRY(memory_map(HANDLE_NONE, HANDLE_NONE, 0, size, 0, 0, &address));
	return memory_unmap(HANDLE_NONE, address, size);
}

// The same pages twice, in here and in a child.
static u64 touch_shared(u64 address)
{
	touch(address);
	touch(address + PAGE_SIZE);
	return 0;
}

err_t shared_step(u64 round)
{
	handle_t memory, child;
	u64 address, code, flags = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED;
	TRY(make(2, &memory));
	TRY(memory_map(HANDLE_NONE, memory, 0, 2 * PAGE_SIZE, 0, (enum map_flags)flags, &address));
	TRY(handle_close(memory));
	if (round % 8 == 0) {
		TRY(guest_fork(touch_shared, address, &child));
		TRY(guest_wait(child, &code));
	}
	touch(address);
	return memory_unmap(HANDLE_NONE, address, 2 * PAGE_SIZE);
}

err_t resize_step(u64 round)
{
	handle_t memory;
	u64 result, address;
	TRY(make(8, &memory));
	TRY(map(memory, 8, &address));
	touch(address + 7 * PAGE_SIZE);
	TRY(memory_control(memory, MEMORY_OPERATION_RESIZE, (1 + round % 4) * PAGE_SIZE, 0, &result));
	TRY(memory_control(memory, MEMORY_OPERATION_RESIZE, 20 * PAGE_SIZE, 0, &result));
	TRY(handle_close(memory));
	return memory_unmap(HANDLE_NONE, address, 8 * PAGE_SIZE);
}

// Pages that move from one object into a pager's.
err_t supply_step(u64 round)
{
	handle_t port, file, source;
	u64 done, value = 0;
	TRY(port_create(0, &port));
	TRY(memory_create(MEMORY_KIND_PAGER, 8 * PAGE_SIZE, port, round, 0, &file));
	TRY(make(4, &source));
	TRY(memory_write(source, 0, view_of(round), &done));
	TRY(memory_control(source, MEMORY_OPERATION_COMMIT, 0, 4 * PAGE_SIZE, &done));
	TRY(memory_supply(file, PAGE_SIZE, 2 * PAGE_SIZE, source, 0));
	TRY(memory_read(file, PAGE_SIZE, span_of(value), &done));
	if (value != round || done != sizeof value)
		return ERR_CORRUPT;
	TRY(handle_close(round & 1 ? file : source));
	TRY(handle_close(port));
	return handle_close(round & 1 ? source : file);
}
