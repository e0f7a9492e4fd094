// SPDX-License-Identifier: MIT
// parts.c - calls on so much memory that the kernel does them in parts (docs/decisions/024): what
// other threads see meanwhile, kills between two parts, and that nothing is left behind.
#include "test/guest/memory/memory_test.h"

constexpr u64 PAGES = 4096, MAPPINGS = 300; // in parts: about 800 pages, 32 mappings
constexpr u64 SIZE = PAGES * PAGE_SIZE, LAST = SIZE - PAGE_SIZE;

static u64 area; // of the test that runs
static u32 is_over;

static err_t area_make(void)
{
	handle_t memory;
	TRY(guest_memory(SIZE, &memory));
	TRY(guest_map(memory, SIZE, RW, &area));
	for (u64 offset = 0; offset < SIZE; offset += PAGE_SIZE)
		guest_poke(area + offset, 1);
	return handle_close(memory);
}

static err_t pages_used(u64 *pages)
{
	struct quota_info info = {};
	u64 size;
	TRY(handle_info(HANDLE_NONE, INFO_TOPIC_QUOTA, span_of(info), &size));
	*pages = info.pages_used;
	return OK;
}

// Waits until no more than `expected` are used: a loaded host lets the dead wait long.
static err_t pages_left(u64 expected, u64 *pages)
{
	u64 end = guest_soon();
	TRY(pages_used(pages));
	while (*pages > expected && clock_read() < end) {
		TRY(sleep_until(clock_read() + 20 * NS_PER_MS));
		TRY(pages_used(pages));
	}
	return OK;
}

// Counts up in the first page, then in the last, as fast as it can.
static u64 count_up(void *_Nullable argument)
{
	u64 count = 1;
	(void)argument;
	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
		guest_poke(area, ++count);
		guest_poke(area + LAST, count);
	}
	return count;
}

// A child has nothing that came after something that it has not: the last page is never ahead.
static u64 look_at_both(u64 argument)
{
	(void)argument;
	u64 last = guest_peek(area + LAST);
	MUST(guest_peek(area) >= last);
	for (u64 offset = PAGE_SIZE; offset < LAST; offset += 64 * PAGE_SIZE)
		MUST(guest_peek(area + offset) == 1);
	return 0;
}

void test_fork_moment(void)
{
	struct worker worker;
	handle_t child;
	u64 code;
	is_over = 0;
	CHECK_OK(area_make());
	CHECK_OK(worker_start(&worker, count_up, nullptr));
	for (u32 i = 0; i < 30; i++) {
		CHECK_OK(guest_fork(look_at_both, 0, &child));
		CHECK_OK(guest_wait(child, &code));
		CHECK_EQ(code, 0);
	}
	__atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
	CHECK_OK(worker_join(&worker, DEADLINE_NEVER));
	CHECK(worker.result > 2);
	CHECK_EQ(guest_peek(area), worker.result);
	CHECK_OK(memory_unmap(HANDLE_NONE, area, SIZE));
}

// Maps, writes and unmaps a little all the time.
static u64 map_and_unmap(void *_Nullable argument)
{
	(void)argument;
	for (u64 round = 1; !__atomic_load_n(&is_over, __ATOMIC_RELAXED); round++) {
		handle_t memory;
		u64 address;
		MUST(guest_memory(3 * PAGE_SIZE, &memory) == OK);
		MUST(guest_map(memory, 3 * PAGE_SIZE, RW, &address) == OK);
		MUST(handle_close(memory) == OK);
		guest_poke(address, round);
		guest_poke(address + 2 * PAGE_SIZE, round);
		MUST(memory_protect(HANDLE_NONE, address, PAGE_SIZE, MAP_FLAGS_READ) == OK);
		MUST(guest_peek(address) == round && guest_peek(address + 2 * PAGE_SIZE) == round);
		MUST(memory_unmap(HANDLE_NONE, address, 3 * PAGE_SIZE) == OK);
	}
	return 0;
}

static u64 end_at_once(u64 argument)
{
	return argument;
}

// All kinds of long calls while another thread changes the same space.
void test_parts_beside(void)
{
	struct worker worker;
	handle_t child;
	u64 code, before, after;
	is_over = 0;
	CHECK_OK(worker_start(&worker, map_and_unmap, nullptr));
	CHECK_OK(area_make());
	CHECK_OK(memory_unmap(HANDLE_NONE, area, SIZE));
	CHECK_OK(pages_used(&before));
	for (u32 i = 0; i < 5; i++) {
		u64 to;
		CHECK_OK(area_make());
		CHECK_OK(guest_fork(end_at_once, 0, &child));
		CHECK_OK(guest_wait(child, &code));
		CHECK_OK(memory_protect(HANDLE_NONE, area, SIZE, MAP_FLAGS_READ));
		CHECK_OK(memory_protect(HANDLE_NONE, area, SIZE, RW));
		CHECK_OK(memory_map(HANDLE_NONE, HANDLE_NONE, 0, SIZE, 0, 0, &to));
		CHECK_OK(memory_map(
			HANDLE_NONE, HANDLE_NONE, to, SIZE / 2, 0, MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &to));
		CHECK_OK(memory_protect(HANDLE_NONE, area, SIZE / 2, MAP_FLAGS_DISCARD));
		CHECK_EQ(guest_peek(area), 0);
		CHECK_EQ(guest_peek(area + SIZE / 2), 1);
		CHECK_OK(memory_unmap(HANDLE_NONE, to, SIZE));
		CHECK_OK(memory_unmap(HANDLE_NONE, area, SIZE));
	}
	__atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
	CHECK_OK(worker_join(&worker, DEADLINE_NEVER));
	CHECK_EQ(worker.result, 0);
	CHECK_OK(pages_left(before + 16, &after));
	CHECK(after <= before + 16); // empty page tables may still be there
}

static u64 fork_for_ever(u64 argument)
{
	(void)argument;
	MUST(area_make() == OK);
	for (;;) {
		handle_t child;
		u64 code;
		MUST(guest_fork(end_at_once, 0, &child) == OK);
		MUST(guest_wait(child, &code) == OK);
		MUST(memory_protect(HANDLE_NONE, area, SIZE, MAP_FLAGS_READ) == OK);
		MUST(memory_protect(HANDLE_NONE, area, SIZE, RW) == OK);
	}
}

// Killed at any time, also between two parts of a fork.
void test_parts_killed(void)
{
	u64 before, after, code;
	CHECK_OK(pages_used(&before));
	for (u64 i = 0; i < 40; i++) {
		handle_t child;
		CHECK_OK(guest_fork(fork_for_ever, 0, &child));
		CHECK_OK(sleep_until(clock_read() + 20 * NS_PER_MS + i * 731'000));
		CHECK_OK(process_control(child, PROCESS_OPERATION_KILL, 0, 0));
		CHECK_OK(guest_wait(child, &code));
		CHECK_EQ(code, 1000 + EXIT_KILLED);
	}
	CHECK_OK(pages_left(before, &after));
	CHECK_EQ(after, before);
}

void test_revoke_many(void)
{
	handle_t memory, mine;
	u64 address, mapped;
	CHECK_OK(guest_memory(PAGE_SIZE, &memory));
	CHECK_OK(memory_map(HANDLE_NONE, HANDLE_NONE, 0, MAPPINGS * PAGE_SIZE, 0, 0, &address));
	for (u64 i = 0; i < MAPPINGS; i++) {
		CHECK_OK(memory_map(HANDLE_NONE, memory, address + i * PAGE_SIZE, PAGE_SIZE, 0,
			RW | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped));
		guest_poke(mapped, i);
	}
	CHECK_OK(handle_duplicate(memory, RIGHTS_ALL, &mine));
	CHECK_OK(object_revoke(mine));
	for (u64 i = 0; i < MAPPINGS; i += 13)
		CHECK(fault_of(address + i * PAGE_SIZE, i % 2) != 0);
	CHECK_OK(guest_map(mine, PAGE_SIZE, RW, &mapped));
	CHECK_EQ(guest_peek(mapped), MAPPINGS - 1);
	CHECK_OK(object_revoke(mine)); // again: those that are dead already are not met
	CHECK(fault_of(mapped, false) != 0);
	CHECK_OK(memory_unmap(HANDLE_NONE, mapped, PAGE_SIZE));
	CHECK_OK(memory_unmap(HANDLE_NONE, address, MAPPINGS * PAGE_SIZE));
	CHECK_OK(handle_close(memory));
	CHECK_OK(handle_close(mine));
}

// A fork that fails after some parts gives all of it back.
void test_fork_halfway(void)
{
	u64 before, after, code, tries = 0;
	handle_t child;
	CHECK_OK(area_make());
	CHECK_OK(pages_used(&before));
	struct quota_info info = {};
	u64 size;
	CHECK_OK(handle_info(HANDLE_NONE, INFO_TOPIC_QUOTA, span_of(info), &size));
	handle_t hog; // leaves room for half of the area
	u64 ignored;
	CHECK_OK(guest_memory((info.pages - info.pages_used) * PAGE_SIZE, &hog));
	err_t err = memory_control(hog, MEMORY_OPERATION_COMMIT, 0,
		(info.pages - info.pages_used - PAGES / 2 - PAGES / 4) * PAGE_SIZE, &ignored);
	if (err == OK) {
		for (; tries < 3; tries++) {
			err = process_fork(0, &child);
			if (err == OK && !child.raw)
				program_exit(1);
			CHECK(err == ERR_QUOTA || err == ERR_NO_MEMORY);
		}
	}
	CHECK_OK(handle_close(hog));
	CHECK_OK(pages_left(before, &after));
	CHECK_EQ(after, before);
	CHECK_OK(guest_fork(look_at_both, 0, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 0);
	guest_poke(area + LAST, 1);
	CHECK_OK(memory_unmap(HANDLE_NONE, area, SIZE));
}
