// SPDX-License-Identifier: MIT
// memory.c - errors of memory objects.
#include "abi/memory.h"
#include "test/guest/call_errors/errors.h"

void test_memory(void)
{
	u64 resource = AT(fixture.good, HANDLE_KIND_RESOURCE).raw;
	u64 memory = AT(fixture.good, HANDLE_KIND_MEMORY).raw;
	handle_t poor, physical;
	FAILS(MEMORY_CREATE, ERR_RANGE, MEMORY_KIND_CONTIGUOUS, 0);
	FAILS(MEMORY_CREATE, ERR_RANGE, MEMORY_KIND_PHYSICAL, 0, resource, 0xb8000);
	FAILS(MEMORY_CREATE, ERR_ALIGNMENT, MEMORY_KIND_CONTIGUOUS, PAGE_SIZE + 1);
	FAILS(MEMORY_CREATE, ERR_RANGE, MEMORY_KIND_ANONYMOUS, ~PAGE_MASK);
	FAILS(MEMORY_CREATE, ERR_RANGE, MEMORY_KIND_CONTIGUOUS, 1ull << 40);
	FAILS(MEMORY_CREATE, ERR_INVALID, MEMORY_KIND_ANONYMOUS, PAGE_SIZE, memory);
	FAILS(MEMORY_CREATE, ERR_INVALID, MEMORY_KIND_PHYSICAL, PAGE_SIZE, 0);
	FAILS(MEMORY_CREATE, ERR_INVALID, MEMORY_KIND_PAGER, PAGE_SIZE, 0);
	FAILS(MEMORY_CREATE, ERR_INVALID, MEMORY_KIND_PHYSICAL, PAGE_SIZE, memory);
	FAILS(
		MEMORY_CREATE, ERR_INVALID, MEMORY_KIND_ANONYMOUS, PAGE_SIZE, 0, 0, MEMORY_FLAGS_UNCACHED);
	FAILS(MEMORY_CREATE, ERR_ALIGNMENT, MEMORY_KIND_PHYSICAL, PAGE_SIZE, resource, 0xb8001);
	FAILS(MEMORY_CREATE, ERR_RANGE, MEMORY_KIND_PHYSICAL, PAGE_SIZE, resource, 1ull << 52);
	FAILS(MEMORY_CREATE, ERR_RANGE, MEMORY_KIND_PHYSICAL, PAGE_SIZE, resource, ~PAGE_MASK);
	CHECK_OK(
		handle_duplicate(AT(fixture.good, HANDLE_KIND_PORT), RIGHTS_ALL & ~RIGHT_SERVE, &poor));
	FAILS(MEMORY_CREATE, ERR_RIGHTS, MEMORY_KIND_PAGER, PAGE_SIZE, poor.raw);
	CHECK_OK(handle_close(poor));
	CHECK_OK(memory_create(
		MEMORY_KIND_PHYSICAL, PAGE_SIZE, start_handle("resource"), 0xb8000, 0, &physical));
	FAILS(MEMORY_CLONE, ERR_UNSUPPORTED, physical.raw, 0, PAGE_SIZE);
	CHECK_OK(handle_close(physical));
	FAILS(MEMORY_CLONE, ERR_RANGE, memory, 0, 0);
	FAILS(MEMORY_CLONE, ERR_ALIGNMENT, memory, 1, PAGE_SIZE);
	FAILS(MEMORY_CLONE, ERR_ALIGNMENT, memory, 0, PAGE_SIZE - 1);
	FAILS(MEMORY_CLONE, ERR_RANGE, memory, ~PAGE_MASK, 2 * PAGE_SIZE);
}

void test_memory_control(void)
{
	u64 memory = AT(fixture.good, HANDLE_KIND_MEMORY).raw;
	handle_t paged;
	for (u32 operation = 0; operation <= MEMORY_OPERATION_RENEW; operation++) {
		if (operation == MEMORY_OPERATION_RESIZE)
			continue;
		FAILS(MEMORY_CONTROL, ERR_ALIGNMENT, memory, operation, 1, 0);
		FAILS(MEMORY_CONTROL, ERR_RANGE, memory, operation, ~PAGE_MASK, 2 * PAGE_SIZE);
	}
	FAILS(MEMORY_CONTROL, ERR_ALIGNMENT, memory, MEMORY_OPERATION_PUBLISH, 8, memory);
	FAILS(MEMORY_CONTROL, ERR_RANGE, memory, MEMORY_OPERATION_PUBLISH, 2 * PAGE_SIZE, memory);
	FAILS(MEMORY_CONTROL, ERR_BAD_HANDLE, memory, MEMORY_OPERATION_PUBLISH, 0, 1ull << 32);
	FAILS(MEMORY_CONTROL, ERR_BAD_HANDLE, memory, MEMORY_OPERATION_PUBLISH, 0, 0xdeadbeef);
	FAILS(MEMORY_CONTROL, ERR_WRONG_TYPE, memory, MEMORY_OPERATION_PUBLISH, 0,
		AT(fixture.good, HANDLE_KIND_PORT).raw);
	CHECK_OK(handle_duplicate((handle_t){ (u32)memory }, RIGHT_READ | RIGHT_RESIZE, &paged));
	FAILS(MEMORY_CONTROL, ERR_RIGHTS, memory, MEMORY_OPERATION_PUBLISH, 0, paged.raw);
	FAILS(MEMORY_CONTROL, ERR_RIGHTS, paged.raw, MEMORY_OPERATION_COMMIT, 0, 0);
	CHECK_OK(handle_close(paged));
	FAILS(MEMORY_CONTROL, ERR_RANGE, memory, MEMORY_OPERATION_RESIZE, UINT64_MAX, 0);
	CHECK_OK(memory_create(MEMORY_KIND_CONTIGUOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, &paged));
	FAILS(MEMORY_CONTROL, ERR_STATE, paged.raw, MEMORY_OPERATION_RESIZE, 0, 0);
	FAILS(MEMORY_CONTROL, ERR_STATE, paged.raw, MEMORY_OPERATION_DECOMMIT, 0, PAGE_SIZE);
	CHECK_OK(handle_close(paged));
	FAILS(MEMORY_CONTROL, ERR_RANGE, memory, MEMORY_OPERATION_COMMIT, 0, 2 * PAGE_SIZE);
	FAILS(MEMORY_CONTROL, ERR_RANGE, memory, MEMORY_OPERATION_RESIZE, 1ull << 62, 0);
	FAILS(MEMORY_CONTROL, ERR_STATE, memory, MEMORY_OPERATION_CLEAN, 0, PAGE_SIZE);
	CHECK_OK(memory_create(
		MEMORY_KIND_PAGER, 2 * PAGE_SIZE, AT(fixture.good, HANDLE_KIND_PORT), 1, 0, &paged));
	FAILS(MEMORY_CONTROL, ERR_STATE, memory, MEMORY_OPERATION_PUBLISH, 0, paged.raw);
	FAILS(MEMORY_CONTROL, ERR_NOT_FOUND, paged.raw, MEMORY_OPERATION_DIRTY_NEXT, 0, PAGE_SIZE);
	CHECK_OK(handle_close(paged));
}

void test_supply(void)
{
	u64 memory = AT(fixture.good, HANDLE_KIND_MEMORY).raw;
	handle_t paged, source;
	CHECK_OK(memory_create(
		MEMORY_KIND_PAGER, 2 * PAGE_SIZE, AT(fixture.good, HANDLE_KIND_PORT), 1, 0, &paged));
	CHECK_OK(guest_memory(4 * PAGE_SIZE, &source));
	FAILS(MEMORY_SUPPLY, ERR_ALIGNMENT, paged.raw, 1, PAGE_SIZE, source.raw, 0);
	FAILS(MEMORY_SUPPLY, ERR_ALIGNMENT, paged.raw, 0, 1, source.raw, 0);
	FAILS(MEMORY_SUPPLY, ERR_ALIGNMENT, paged.raw, 0, PAGE_SIZE, source.raw, 1);
	FAILS(MEMORY_SUPPLY, ERR_NOT_FOUND, paged.raw, 0, PAGE_SIZE, source.raw, 0);
	FAILS(MEMORY_SUPPLY, ERR_NOT_FOUND, paged.raw, 0, PAGE_SIZE, source.raw, 8 * PAGE_SIZE);
	FAILS(MEMORY_SUPPLY, ERR_RANGE, paged.raw, 0, 3 * PAGE_SIZE, source.raw, 0);
	FAILS(MEMORY_SUPPLY, ERR_RANGE, paged.raw, ~PAGE_MASK, 2 * PAGE_SIZE, source.raw, 0);
	FAILS(MEMORY_SUPPLY, ERR_STATE, memory, 0, PAGE_SIZE, source.raw, 0);
	FAILS(MEMORY_SUPPLY, ERR_STATE, paged.raw, 0, PAGE_SIZE, paged.raw, 0);
	u64 value = 77, done;
	CHECK_OK(memory_write(source, PAGE_SIZE, view_of(value), &done));
	value = 0;
	CHECK(starve(STARVE_PAGES));
	FAILS(MEMORY_SUPPLY, ERR_QUOTA, paged.raw, 0, PAGE_SIZE, source.raw, PAGE_SIZE);
	feed();
	CHECK_OK(memory_read(source, PAGE_SIZE, span_of(value), &done)); // it is still the source's
	CHECK_EQ(value, 77);
	CHECK_OK(memory_supply(paged, 0, PAGE_SIZE, source, PAGE_SIZE));
	CHECK_OK(memory_read(paged, 0, span_of(value), &done));
	CHECK_EQ(value, 77);
	CHECK_OK(handle_close(paged));
	CHECK_OK(handle_close(source));
}

void test_memory_copy(void)
{
	u64 memory = AT(fixture.good, HANDLE_KIND_MEMORY).raw, buffer = fixture.buffer;
	u64 process = AT(fixture.good, HANDLE_KIND_PROCESS).raw;
	u64 stream = AT(fixture.good, HANDLE_KIND_STREAM).raw;
	handle_t poor, fresh;
	u64 beyond;
	CHECK_OK(guest_map((handle_t){ (u32)memory }, 4 * PAGE_SIZE, MAP_FLAGS_READ, &beyond));
	FAILS(MEMORY_READ, ERR_RANGE, start_handle("process").raw, beyond + 3 * PAGE_SIZE, buffer, 8);
	CHECK_OK(memory_unmap(HANDLE_NONE, beyond, 4 * PAGE_SIZE));
	CHECK_OK(handle_duplicate((handle_t){ (u32)memory }, RIGHT_WRITE, &poor));
	FAILS(MEMORY_WRITE, ERR_RANGE, poor.raw, PAGE_SIZE + 1, buffer, 8);
	FAILS(MEMORY_WRITE, ERR_RIGHTS, poor.raw, MEMORY_APPEND, buffer, 8);
	CHECK_OK(handle_close(poor));
	FAILS(MEMORY_WRITE, ERR_RANGE, memory, 1ull << 62, buffer, 8);
	FAILS(MEMORY_WRITE, ERR_RANGE, memory, UINT64_MAX - 3, buffer, 8);
	FAILS(MEMORY_READ, ERR_WRONG_TYPE, stream, 0, buffer, 8);
	FAILS(MEMORY_WRITE, ERR_WRONG_TYPE, stream, 0, buffer, 8);
	FAILS(MEMORY_READ, ERR_FAULT, process, fixture.buffer, buffer, 8); // empty
	FAILS(MEMORY_WRITE, ERR_FAULT, process, ~0ull << 40, buffer, 8);
	CHECK_OK(handle_duplicate((handle_t){ (u32)process }, RIGHTS_ALL & ~RIGHT_DEBUG, &poor));
	FAILS(MEMORY_READ, ERR_RIGHTS, poor.raw, fixture.buffer, buffer, 8);
	FAILS(MEMORY_WRITE, ERR_RIGHTS, poor.raw, fixture.buffer, buffer, 8);
	CHECK_OK(handle_close(poor));
	CHECK_OK(guest_memory(PAGE_SIZE, &fresh));
	CHECK(starve(STARVE_PAGES));
	FAILS(MEMORY_WRITE, ERR_QUOTA, fresh.raw, 0, buffer, 8);
	FAILS(MEMORY_CONTROL, ERR_QUOTA, fresh.raw, MEMORY_OPERATION_COMMIT, 0, PAGE_SIZE);
	FAILS(MEMORY_CREATE, ERR_QUOTA, MEMORY_KIND_CONTIGUOUS, PAGE_SIZE);
	feed();
	CHECK_OK(handle_close(fresh));
}
