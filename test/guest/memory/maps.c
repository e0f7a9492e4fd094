// SPDX-License-Identifier: MIT
// maps.c - address spaces: where things are mapped, cut and protected; what forks share.
#include "test/guest/memory/memory_test.h"

static handle_t memory;
static u64 address;

static bool make(u64 pages, u32 flags)
{
	return guest_memory(pages * PAGE_SIZE, &memory) == OK &&
	       guest_map(memory, pages * PAGE_SIZE, flags, &address) == OK;
}

static void drop(u64 pages)
{
	CHECK_OK(memory_unmap(HANDLE_NONE, address, pages * PAGE_SIZE));
	CHECK_OK(handle_close(memory));
}

void test_map(void)
{
	u64 second, high;
	CHECK(make(4, RW));
	CHECK_OK(memory_map(HANDLE_NONE, memory, 0, PAGE_SIZE, 2 * PAGE_SIZE, MAP_FLAGS_READ, &second));
	guest_poke(address + 2 * PAGE_SIZE, 5);
	CHECK_EQ(guest_peek(second), 5);
	CHECK_EQ(fault_of(second, true), UPCALL_PAGE_FAULT);
	CHECK_OK(memory_map(
		HANDLE_NONE, memory, 0, PAGE_SIZE, 2 * PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_HIGH, &high));
	CHECK(high >> 63); // where libraries live that foreign programs do not see
	CHECK_EQ(guest_peek(high), 5);
	CHECK_OK(memory_unmap(HANDLE_NONE, high, PAGE_SIZE));
	CHECK_OK(memory_unmap(HANDLE_NONE, second, PAGE_SIZE));
	drop(4);
}

void test_fixed(void)
{
	u64 mapped;
	handle_t other;
	CHECK(make(4, RW));
	for (u64 i = 0; i < 4; i++)
		guest_poke(address + i * PAGE_SIZE, i + 1);
	CHECK_OK(guest_memory(PAGE_SIZE, &other));
	CHECK_EQ(memory_map(HANDLE_NONE, other, address + PAGE_SIZE, PAGE_SIZE, 0, RW | MAP_FLAGS_FIXED,
				 &mapped),
		ERR_EXISTS);
	CHECK_OK(memory_map(HANDLE_NONE, other, address + PAGE_SIZE, PAGE_SIZE, 0,
		RW | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped));
	CHECK_EQ(mapped, address + PAGE_SIZE);
	for (u64 i = 0; i < 4; i++)
		CHECK_EQ(guest_peek(address + i * PAGE_SIZE), i == 1 ? 0 : i + 1);
	// A hint that is taken is only a hint.
	CHECK_OK(memory_map(HANDLE_NONE, other, address, PAGE_SIZE, 0, RW, &mapped));
	CHECK(mapped != address);
	CHECK_OK(memory_unmap(HANDLE_NONE, mapped, PAGE_SIZE));
	CHECK_OK(handle_close(other));
	drop(4);
}

static u32 mappings(void)
{
	static struct mapping_info list[256];
	u64 size;
	return handle_info(HANDLE_NONE, INFO_TOPIC_MAPPINGS, span_of(list), &size) == OK
	           ? (u32)(size / sizeof(struct mapping_info))
	           : 0;
}

void test_split(void)
{
	CHECK(make(5, RW));
	u32 before = mappings();
	for (u64 i = 0; i < 5; i++)
		guest_poke(address + i * PAGE_SIZE, i + 1);
	CHECK_OK(memory_unmap(HANDLE_NONE, address + PAGE_SIZE, PAGE_SIZE));
	CHECK_EQ(mappings(), before + 1);
	CHECK_OK(memory_unmap(HANDLE_NONE, address + 3 * PAGE_SIZE, PAGE_SIZE));
	CHECK_EQ(mappings(), before + 2);
	for (u64 i = 0; i < 5; i++)
		CHECK_EQ(fault_of(address + i * PAGE_SIZE, true), i & 1 ? UPCALL_PAGE_FAULT : 0);
	CHECK_EQ(guest_peek(address + 4 * PAGE_SIZE), 5);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 5 * PAGE_SIZE)); // with holes
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 5 * PAGE_SIZE)); // nothing there
	CHECK_EQ(mappings(), before - 1);
	CHECK_OK(handle_close(memory));
}

void test_protect(void)
{
	CHECK(make(3, RW));
	u32 before = mappings();
	u64 middle = address + PAGE_SIZE;
	guest_poke(middle, 7);
	CHECK_OK(memory_protect(HANDLE_NONE, middle, PAGE_SIZE, MAP_FLAGS_READ));
	CHECK_EQ(mappings(), before + 2);
	CHECK_EQ(guest_peek(middle), 7);
	CHECK_EQ(fault_of(middle, true), UPCALL_PAGE_FAULT);
	CHECK_EQ(fault_of(address, true), 0);
	CHECK_OK(memory_protect(HANDLE_NONE, middle, PAGE_SIZE, 0));
	CHECK_EQ(fault_of(middle, false), UPCALL_PAGE_FAULT);
	CHECK_OK(memory_protect(HANDLE_NONE, middle, PAGE_SIZE, RW));
	CHECK_EQ(mappings(), before); // one again
	guest_poke(middle, 8);
	CHECK_EQ(guest_peek(middle), 8);
	drop(3);
}

// Addresses without memory cost nothing but the entry.
void test_reserve(void)
{
	u64 huge = 1ull << 40, mapped;
	struct guest_level before, after;
	CHECK_OK(guest_level(&before));
	CHECK_OK(memory_map(HANDLE_NONE, HANDLE_NONE, 0, huge, 0, 0, &address));
	CHECK_EQ(fault_of(address + huge / 2, false), UPCALL_PAGE_FAULT);
	CHECK_OK(guest_memory(PAGE_SIZE, &memory));
	CHECK_OK(memory_map(HANDLE_NONE, memory, address + huge / 2, PAGE_SIZE, 0,
		RW | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped));
	guest_poke(address + huge / 2, 1);
	CHECK_OK(guest_level(&after));
	CHECK(before.pages_free - after.pages_free < 16);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, huge));
	CHECK_OK(handle_close(memory));
}

static u64 change_word(u64 at)
{
	MUST(guest_peek(at) == 10);
	guest_poke(at, 20);
	MUST(guest_peek(at) == 20);
	return 0;
}

void test_fork_private(void)
{
	handle_t child;
	u64 code;
	CHECK(make(2, RW));
	guest_poke(address, 10);
	CHECK_OK(guest_fork(change_word, address, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 0);
	CHECK_EQ(guest_peek(address), 10);
	guest_poke(address, 11); // ours again, alone
	CHECK_EQ(guest_peek(address), 11);
	drop(2);
}

void test_fork_shared(void)
{
	handle_t child;
	u64 code;
	CHECK(make(2, RW | MAP_FLAGS_SHARED));
	guest_poke(address, 10);
	CHECK_OK(guest_fork(change_word, address, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 0);
	CHECK_EQ(guest_peek(address), 20);
	drop(2);
}

// Memory without a handle that is shown twice: what one mapping gives up the other still shows.
void test_shown_twice(void)
{
	u64 second;
	CHECK(make(2, RW));
	CHECK_OK(memory_map(HANDLE_NONE, memory, 0, 2 * PAGE_SIZE, 0, RW, &second));
	CHECK_OK(handle_close(memory));
	guest_poke(address, 10);
	guest_poke(address + PAGE_SIZE, 11);
	CHECK_OK(memory_protect(HANDLE_NONE, address, PAGE_SIZE, MAP_FLAGS_DISCARD));
	CHECK_EQ(guest_peek(second), 10);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 2 * PAGE_SIZE));
	CHECK_EQ(guest_peek(second), 10);
	CHECK_EQ(guest_peek(second + PAGE_SIZE), 11);
	CHECK_OK(memory_unmap(HANDLE_NONE, second, 2 * PAGE_SIZE));
}

static u64 unmap_two(u64 where)
{
	return memory_unmap(HANDLE_NONE, where, 2 * PAGE_SIZE) == OK ? 0 : 1;
}

// A fork shows the same memory where nobody may write.
void test_shown_fork(void)
{
	handle_t reader, child;
	u64 done, code, value = 10;
	CHECK_OK(guest_memory(2 * PAGE_SIZE, &memory));
	CHECK_OK(memory_write(memory, 0, view_of(value), &done));
	CHECK_OK(handle_duplicate(memory, RIGHTS_ALL & ~RIGHT_WRITE, &reader));
	CHECK_OK(guest_map(reader, 2 * PAGE_SIZE, MAP_FLAGS_READ, &address));
	CHECK_OK(handle_close(reader));
	CHECK_OK(handle_close(memory));
	CHECK_OK(guest_fork(unmap_two, address, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 0);
	CHECK_EQ(guest_peek(address), 10);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 2 * PAGE_SIZE));
}

void test_beyond(void)
{
	CHECK_OK(guest_memory(PAGE_SIZE, &memory));
	CHECK_OK(guest_map(memory, 3 * PAGE_SIZE, RW, &address));
	CHECK_EQ(fault_of(address, true), 0);
	CHECK_EQ(fault_of(address + PAGE_SIZE, false), UPCALL_BUS_ERROR);
	CHECK_EQ(fault_of(address + 2 * PAGE_SIZE, true), UPCALL_BUS_ERROR);
	CHECK_EQ(fault_of(0, false), UPCALL_PAGE_FAULT);
	CHECK_EQ(fault_of(8, true), UPCALL_PAGE_FAULT);
	drop(3);
}

// Another process's space, by its handle.
void test_foreign(void)
{
	handle_t process;
	u64 mapped, value = 99, done;
	CHECK_OK(process_create(HANDLE_NONE, 0, 15, &process));
	CHECK_OK(guest_memory(2 * PAGE_SIZE, &memory));
	CHECK_OK(memory_map(process, memory, 0, 2 * PAGE_SIZE, 0, RW, &mapped));
	CHECK_OK(memory_write(process, mapped + PAGE_SIZE - 4, view_of(value), &done));
	CHECK_EQ(done, 8);
	value = 0;
	CHECK_OK(memory_read(memory, PAGE_SIZE - 4, span_of(value), &done));
	CHECK_EQ(value, 99);
	CHECK_OK(memory_protect(process, mapped, PAGE_SIZE, MAP_FLAGS_READ));
	CHECK_EQ(memory_write(process, mapped, view_of(value), &done), ERR_FAULT);
	CHECK_OK(memory_read(process, mapped + 2 * PAGE_SIZE - 4, span_of(value), &done));
	CHECK_EQ(done, 4); // what was copied before the end counts
	CHECK_OK(memory_unmap(process, mapped, 2 * PAGE_SIZE));
	CHECK_EQ(memory_read(process, mapped, span_of(value), &done), ERR_FAULT);
	CHECK_OK(process_control(process, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(handle_close(process));
	CHECK_OK(handle_close(memory));
}

constexpr u64 WINDOW = 64; // pages

static u64 next_random(u64 *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

// Maps, unmaps and protects at random in a window, against a model of which page shows what.
void test_random_maps(void)
{
	static u8 model[WINDOW]; // 0: nothing, else 1 + page of memory
	u64 state = 4711, mapped;
	CHECK_OK(guest_memory(WINDOW * PAGE_SIZE, &memory));
	for (u64 i = 0; i < WINDOW; i++) {
		u64 value = i + 1, done;
		CHECK_OK(memory_write(memory, i * PAGE_SIZE, view_of(value), &done));
	}
	CHECK_OK(memory_map(HANDLE_NONE, HANDLE_NONE, 0, WINDOW * PAGE_SIZE, 0, 0, &address));
	CHECK_OK(memory_unmap(HANDLE_NONE, address, WINDOW * PAGE_SIZE));
	memory_fill(model, 0, sizeof model);
	for (u32 round = 0; round < 600; round++) {
		u64 first = next_random(&state) % WINDOW;
		u64 count = 1 + next_random(&state) % (WINDOW - first);
		u64 from = next_random(&state) % (WINDOW - count + 1);
		bool is_map = next_random(&state) % 2;
		if (is_map)
			CHECK_OK(memory_map(HANDLE_NONE, memory, address + first * PAGE_SIZE, count * PAGE_SIZE,
				from * PAGE_SIZE, RW | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE,
				&mapped));
		else
			CHECK_OK(memory_unmap(HANDLE_NONE, address + first * PAGE_SIZE, count * PAGE_SIZE));
		for (u64 i = 0; i < count; i++)
			AT(model, first + i) = is_map ? (u8)(from + i + 1) : 0;
		for (u64 i = 0; i < WINDOW; i++)
			if (AT(model, i))
				CHECK_EQ(guest_peek(address + i * PAGE_SIZE), AT(model, i));
	}
	for (u64 i = 0; i < WINDOW; i += 7)
		CHECK_EQ(fault_of(address + i * PAGE_SIZE, false) == 0, AT(model, i) != 0);
	drop(WINDOW);
}
