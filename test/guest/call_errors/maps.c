// SPDX-License-Identifier: MIT
// maps.c - errors of address spaces.
#include "test/guest/call_errors/errors.h"

constexpr u64 RW = MAP_FLAGS_READ | MAP_FLAGS_WRITE;

void test_maps(void)
{
	u64 memory = AT(fixture.good, HANDLE_KIND_MEMORY).raw;
	handle_t poor, physical;
	FAILS(MEMORY_MAP, ERR_ALIGNMENT, 0, memory, 0, 1, 0, RW);
	FAILS(MEMORY_MAP, ERR_ALIGNMENT, 0, memory, 0, PAGE_SIZE, 1, RW);
	FAILS(MEMORY_MAP, ERR_ALIGNMENT, 0, memory, fixture.unmapped + 1, PAGE_SIZE, 0,
		RW | MAP_FLAGS_FIXED);
	FAILS(MEMORY_MAP, ERR_RANGE, 0, memory, 0, 0, 0, RW);
	FAILS(MEMORY_MAP, ERR_RANGE, 0, memory, 0, 1ull << 63, 0, RW);
	FAILS(MEMORY_MAP, ERR_RANGE, 0, memory, 0, PAGE_SIZE, ~PAGE_MASK, RW);
	FAILS(MEMORY_MAP, ERR_RANGE, 0, memory, 0, PAGE_SIZE, 0, RW | MAP_FLAGS_FIXED);
	FAILS(MEMORY_MAP, ERR_RANGE, 0, memory, ~0ull << 31, PAGE_SIZE, 0, RW | MAP_FLAGS_FIXED);
	FAILS(MEMORY_MAP, ERR_RANGE, 0, memory, ~PAGE_MASK, 2 * PAGE_SIZE, 0, RW | MAP_FLAGS_FIXED);
	FAILS(MEMORY_MAP, ERR_RANGE, 0, memory, 1ull << 46, 1ull << 46, 0, RW | MAP_FLAGS_FIXED);
	FAILS(MEMORY_MAP, ERR_EXISTS, 0, memory, fixture.buffer, PAGE_SIZE, 0, RW | MAP_FLAGS_FIXED);
	FAILS(MEMORY_MAP, ERR_EXISTS, 0, 0, fixture.reserved, PAGE_SIZE, 0, MAP_FLAGS_FIXED);
	FAILS(MEMORY_MAP, ERR_RIGHTS, 0, 0, 0, PAGE_SIZE, 0, MAP_FLAGS_READ);
	CHECK_OK(handle_duplicate(AT(fixture.good, HANDLE_KIND_MEMORY), RIGHT_MAP | RIGHT_READ, &poor));
	FAILS(MEMORY_MAP, ERR_RIGHTS, 0, poor.raw, 0, PAGE_SIZE, 0, RW);
	FAILS(MEMORY_MAP, ERR_RIGHTS, 0, poor.raw, 0, PAGE_SIZE, 0, MAP_FLAGS_READ | MAP_FLAGS_EXEC);
	CHECK_OK(handle_close(poor));
	CHECK_OK(memory_create(
		MEMORY_KIND_PHYSICAL, PAGE_SIZE, start_handle("resource"), 0xb8000, 0, &physical));
	FAILS(MEMORY_MAP, ERR_RANGE, 0, physical.raw, 0, 2 * PAGE_SIZE, 0, MAP_FLAGS_READ);
	CHECK_OK(handle_close(physical));
}

// Mappings are paid by the page full of them: up to the next page there is room.
static u64 fill_mappings(void)
{
	u64 address, last = 0;
	for (u32 i = 0; i < 256; i++, last = address)
		if (memory_map(HANDLE_NONE, HANDLE_NONE, 0, PAGE_SIZE, 0, 0, &address) != OK)
			return last;
	return 0;
}

void test_map_quota(void)
{
	u64 private, memory = AT(fixture.good, HANDLE_KIND_MEMORY).raw;
	handle_t alone;
	CHECK_OK(guest_memory(3 * PAGE_SIZE, &alone));
	CHECK_OK(guest_map(alone, 3 * PAGE_SIZE, RW, &private));
	CHECK_OK(handle_close(alone));
	guest_poke(private + PAGE_SIZE, 7);
	CHECK(starve(STARVE_PAGES));
	CHECK(fill_mappings());
	FAILS(MEMORY_MAP, ERR_QUOTA, 0, memory, 0, PAGE_SIZE, 0, RW);
	FAILS(MEMORY_MAP, ERR_QUOTA, 0, 0, 0, PAGE_SIZE, 0, 0);
	FAILS(MEMORY_UNMAP, ERR_QUOTA, 0, fixture.reserved + 2 * PAGE_SIZE, PAGE_SIZE);
	FAILS(MEMORY_PROTECT, ERR_QUOTA, 0, fixture.buffer, PAGE_SIZE, MAP_FLAGS_READ);
	FAILS(MEMORY_MAP, ERR_QUOTA, 0, 0, fixture.unmapped, PAGE_SIZE,
		fixture.reserved + 2 * PAGE_SIZE, MAP_FLAGS_MOVE);
	FAILS(MEMORY_UNMAP, ERR_QUOTA, 0, private + PAGE_SIZE, PAGE_SIZE);
	CHECK_EQ(guest_peek(private + PAGE_SIZE), 7); // as it was
	feed();
	CHECK_OK(memory_unmap(HANDLE_NONE, private, 3 * PAGE_SIZE));
}

void test_moves(void)
{
	u64 memory = AT(fixture.good, HANDLE_KIND_MEMORY).raw, to = fixture.unmapped;
	u64 from = fixture.buffer;
	FAILS(MEMORY_MAP, ERR_INVALID, 0, memory, to, PAGE_SIZE, from, MAP_FLAGS_MOVE);
	FAILS(MEMORY_MAP, ERR_INVALID, 0, 0, to, PAGE_SIZE, from, MAP_FLAGS_MOVE | MAP_FLAGS_FIXED);
	FAILS(MEMORY_MAP, ERR_ALIGNMENT, 0, 0, to + 1, PAGE_SIZE, from, MAP_FLAGS_MOVE);
	FAILS(MEMORY_MAP, ERR_ALIGNMENT, 0, 0, to, PAGE_SIZE, from + 1, MAP_FLAGS_MOVE);
	FAILS(MEMORY_MAP, ERR_RANGE, 0, 0, to, 0, from, MAP_FLAGS_MOVE);
	FAILS(MEMORY_MAP, ERR_RANGE, 0, 0, ~0ull << 31, PAGE_SIZE, from, MAP_FLAGS_MOVE);
	FAILS(MEMORY_MAP, ERR_RANGE, 0, 0, to, PAGE_SIZE, ~PAGE_MASK, MAP_FLAGS_MOVE);
	FAILS(MEMORY_MAP, ERR_EXISTS, 0, 0, fixture.reserved, PAGE_SIZE, from, MAP_FLAGS_MOVE);
	FAILS(MEMORY_MAP, ERR_EXISTS, 0, 0, from, PAGE_SIZE, from, MAP_FLAGS_MOVE);
	FAILS(MEMORY_MAP, ERR_NOT_FOUND, 0, 0, 1ull << 40, PAGE_SIZE, to, MAP_FLAGS_MOVE);
	FAILS(MEMORY_PROTECT, ERR_ALIGNMENT, 0, from + 1, PAGE_SIZE, MAP_FLAGS_DISCARD);
	FAILS(MEMORY_PROTECT, ERR_RANGE, 0, from, 0, MAP_FLAGS_DISCARD);
	FAILS(MEMORY_PROTECT, ERR_INVALID, 0, from, PAGE_SIZE, MAP_FLAGS_DISCARD | MAP_FLAGS_READ);
}

void test_unmaps(void)
{
	u64 buffer = fixture.buffer;
	FAILS(MEMORY_UNMAP, ERR_ALIGNMENT, 0, buffer + 1, PAGE_SIZE);
	FAILS(MEMORY_UNMAP, ERR_ALIGNMENT, 0, buffer, PAGE_SIZE - 1);
	FAILS(MEMORY_UNMAP, ERR_RANGE, 0, buffer, 0);
	FAILS(MEMORY_UNMAP, ERR_RANGE, 0, 0, PAGE_SIZE);
	FAILS(MEMORY_UNMAP, ERR_RANGE, 0, ~0ull << 31, PAGE_SIZE);
	FAILS(MEMORY_UNMAP, ERR_RANGE, 0, ~PAGE_MASK, 2 * PAGE_SIZE);
	FAILS(MEMORY_PROTECT, ERR_ALIGNMENT, 0, buffer + 1, PAGE_SIZE, RW);
	FAILS(MEMORY_PROTECT, ERR_ALIGNMENT, 0, buffer, PAGE_SIZE - 1, RW);
	FAILS(MEMORY_PROTECT, ERR_RANGE, 0, buffer, 0, RW);
	FAILS(MEMORY_PROTECT, ERR_RANGE, 0, ~0ull << 31, PAGE_SIZE, RW);
	FAILS(MEMORY_PROTECT, ERR_NOT_FOUND, 0, fixture.unmapped, PAGE_SIZE, MAP_FLAGS_READ);
	FAILS(MEMORY_PROTECT, ERR_NOT_FOUND, 0, fixture.reserved, 9 * PAGE_SIZE, 0);
	FAILS(MEMORY_PROTECT, ERR_RIGHTS, 0, fixture.reserved, PAGE_SIZE, MAP_FLAGS_READ);
	FAILS(MEMORY_PROTECT, ERR_INVALID, 0, buffer, PAGE_SIZE, MAP_FLAGS_SHARED);
	FAILS(MEMORY_PROTECT, ERR_INVALID, 0, buffer, PAGE_SIZE, MAP_FLAGS_FIXED);
}
