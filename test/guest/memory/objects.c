// SPDX-License-Identifier: MIT
// objects.c - memory by its handles: bytes in and out, clones, pages given and taken.
#include "test/guest/memory/memory_test.h"

static err_t put(handle_t memory, u64 offset, u64 value)
{
	u64 done;
	TRY(memory_write(memory, offset, view_of(value), &done));
	return done == sizeof value ? OK : ERR_IO;
}

static u64 get(handle_t memory, u64 offset)
{
	u64 value = UINT64_MAX, done;
	return memory_read(memory, offset, span_of(value), &done) == OK && done == sizeof value
	           ? value
	           : UINT64_MAX;
}

static struct memory_info info_of(handle_t memory)
{
	struct memory_info info = {};
	u64 size;
	(void)handle_info(memory, INFO_TOPIC_MEMORY, span_of(info), &size);
	return info;
}

void test_zero(void)
{
	handle_t memory;
	u64 address, used;
	struct guest_level before, after;
	CHECK_OK(guest_level(&before));
	CHECK_OK(guest_memory(64 * PAGE_SIZE, &memory));
	CHECK_OK(guest_map(memory, 64 * PAGE_SIZE, RW, &address));
	for (u64 i = 0; i < 64; i++)
		CHECK_EQ(guest_peek(address + i * PAGE_SIZE + 8), 0);
	used = info_of(memory).committed_pages;
	CHECK_EQ(used, 0); // reading shows the one page of zeros
	guest_poke(address + 5 * PAGE_SIZE, 1);
	CHECK_EQ(info_of(memory).committed_pages, 1);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 64 * PAGE_SIZE));
	CHECK_OK(handle_close(memory));
	// Dirty memory comes back as zeros to the next.
	for (u32 round = 0; round < 3; round++) {
		CHECK_OK(guest_memory(256 * PAGE_SIZE, &memory));
		CHECK_OK(guest_map(memory, 256 * PAGE_SIZE, RW, &address));
		for (u64 i = 0; i < 256; i++) {
			CHECK_EQ(guest_peek(address + i * PAGE_SIZE + 16), 0);
			guest_poke(address + i * PAGE_SIZE + 16, ~0ull);
		}
		CHECK_OK(handle_close(memory));
		CHECK_OK(memory_unmap(HANDLE_NONE, address, 256 * PAGE_SIZE));
	}
	CHECK_OK(guest_level(&after));
	CHECK_EQ(after.objects, before.objects);
	CHECK_EQ(after.handles_used, before.handles_used);
}

void test_copy(void)
{
	static u8 out[3 * PAGE_SIZE], in[3 * PAGE_SIZE];
	handle_t memory;
	u64 done;
	CHECK_OK(guest_memory(4 * PAGE_SIZE, &memory));
	for (u32 i = 0; i < sizeof out; i++)
		AT(out, i) = (u8)(i * 13 + i / 256);
	CHECK_OK(memory_write(memory, 77, view_of(out), &done));
	CHECK_EQ(done, sizeof out);
	CHECK_OK(memory_read(memory, 77, span_of(in), &done));
	CHECK_EQ(done, sizeof in);
	CHECK(view_equal(view_of(in), view_of(out)));
	CHECK_OK(memory_read(memory, 4 * PAGE_SIZE - 10, span_of(in), &done));
	CHECK_EQ(done, 10); // up to the end
	CHECK_OK(memory_read(memory, 4 * PAGE_SIZE, span_of(in), &done));
	CHECK_EQ(done, 0);
	CHECK_OK(memory_write(memory, 4 * PAGE_SIZE - 1, view_clamp(view_of(out), 0, 1), &done));
	CHECK_EQ(done, 1);
	CHECK_EQ(get(memory, 4 * PAGE_SIZE - 8) >> 56, AT(out, 0));
	CHECK_OK(handle_close(memory));
}

// What either writes the other does not see; what neither writes both share.
void test_clone(void)
{
	handle_t memory, clone;
	u64 address;
	CHECK_OK(guest_memory(4 * PAGE_SIZE, &memory));
	CHECK_OK(guest_map(memory, 4 * PAGE_SIZE, RW, &address));
	for (u64 i = 0; i < 4; i++)
		guest_poke(address + i * PAGE_SIZE, 100 + i);
	CHECK_OK(memory_clone(memory, PAGE_SIZE, 2 * PAGE_SIZE, &clone));
	CHECK_EQ(info_of(clone).size, 2 * PAGE_SIZE);
	CHECK_EQ(get(clone, 0), 101);
	guest_poke(address + PAGE_SIZE, 201); // the source writes, through its mapping
	CHECK_EQ(get(clone, 0), 101);
	CHECK_OK(put(clone, PAGE_SIZE, 302));
	CHECK_EQ(guest_peek(address + 2 * PAGE_SIZE), 102);
	CHECK_OK(put(memory, 3 * PAGE_SIZE, 203));
	CHECK_EQ(get(clone, PAGE_SIZE), 302);
	CHECK_OK(handle_close(memory));
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 4 * PAGE_SIZE)); // the source is gone
	CHECK_EQ(get(clone, 0), 101);
	CHECK_EQ(get(clone, PAGE_SIZE), 302);
	CHECK_OK(handle_close(clone));
}

void test_clone_chain(void)
{
	handle_t chain[8];
	CHECK_OK(guest_memory(2 * PAGE_SIZE, &AT(chain, 0)));
	CHECK_OK(put(AT(chain, 0), 0, 0));
	CHECK_OK(put(AT(chain, 0), PAGE_SIZE, 55));
	for (u32 i = 1; i < COUNT(chain); i++) {
		CHECK_OK(memory_clone(AT(chain, i - 1), 0, 2 * PAGE_SIZE, &AT(chain, i)));
		CHECK_OK(put(AT(chain, i), 0, i));
	}
	for (u32 i = 0; i < COUNT(chain); i += 2)
		CHECK_OK(handle_close(AT(chain, i)));
	for (u32 i = 1; i < COUNT(chain); i += 2) {
		CHECK_EQ(get(AT(chain, i), 0), i);
		CHECK_EQ(get(AT(chain, i), PAGE_SIZE), 55);
		CHECK_OK(handle_close(AT(chain, i)));
	}
}

void test_commit(void)
{
	handle_t memory;
	u64 unused, address;
	CHECK_OK(guest_memory(8 * PAGE_SIZE, &memory));
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_COMMIT, PAGE_SIZE, 4 * PAGE_SIZE, &unused));
	CHECK_EQ(info_of(memory).committed_pages, 4);
	CHECK_OK(guest_map(memory, 8 * PAGE_SIZE, RW, &address));
	for (u64 i = 0; i < 8; i++)
		guest_poke(address + i * PAGE_SIZE, i + 1);
	CHECK_EQ(info_of(memory).committed_pages, 8);
	CHECK_OK(
		memory_control(memory, MEMORY_OPERATION_DECOMMIT, 2 * PAGE_SIZE, 3 * PAGE_SIZE, &unused));
	CHECK_EQ(info_of(memory).committed_pages, 5);
	for (u64 i = 0; i < 8; i++)
		CHECK_EQ(guest_peek(address + i * PAGE_SIZE), i >= 2 && i < 5 ? 0 : i + 1);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 8 * PAGE_SIZE));
	CHECK_OK(handle_close(memory));
}

void test_resize(void)
{
	handle_t memory;
	u64 unused, address;
	CHECK_OK(guest_memory(4 * PAGE_SIZE, &memory));
	CHECK_OK(guest_map(memory, 8 * PAGE_SIZE, RW, &address)); // more than there is yet
	guest_poke(address + 3 * PAGE_SIZE, 33);
	CHECK_EQ(fault_of(address + 4 * PAGE_SIZE, false), UPCALL_BUS_ERROR);
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_RESIZE, 8 * PAGE_SIZE, 0, &unused));
	guest_poke(address + 7 * PAGE_SIZE, 77);
	CHECK_EQ(guest_peek(address + 3 * PAGE_SIZE), 33);
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_RESIZE, 2 * PAGE_SIZE, 0, &unused));
	CHECK_EQ(info_of(memory).size, 2 * PAGE_SIZE);
	CHECK_EQ(fault_of(address + 3 * PAGE_SIZE, true), UPCALL_BUS_ERROR);
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_RESIZE, 8 * PAGE_SIZE, 0, &unused));
	CHECK_EQ(guest_peek(address + 3 * PAGE_SIZE), 0); // what was cut off is gone
	CHECK_EQ(guest_peek(address + 7 * PAGE_SIZE), 0);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 8 * PAGE_SIZE));
	CHECK_OK(handle_close(memory));
}

void test_contiguous(void)
{
	handle_t memory, poor;
	u64 address;
	CHECK_OK(memory_create(MEMORY_KIND_CONTIGUOUS, 5 * PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	struct memory_info info = info_of(memory);
	CHECK(info.physical && !(info.physical & PAGE_MASK));
	CHECK_EQ(info.committed_pages, 5);
	CHECK_OK(guest_map(memory, 5 * PAGE_SIZE, RW, &address));
	for (u64 i = 0; i < 5 * PAGE_SIZE / 8; i++)
		CHECK_EQ(guest_peek(address + i * 8), 0);
	guest_poke(address + 4 * PAGE_SIZE, 44);
	CHECK_EQ(get(memory, 4 * PAGE_SIZE), 44);
	CHECK_OK(handle_duplicate(memory, RIGHTS_ALL & ~RIGHT_PIN, &poor));
	CHECK_EQ(info_of(poor).physical, 0); // addresses are for drivers
	CHECK_OK(handle_close(poor));
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 5 * PAGE_SIZE));
	CHECK_OK(handle_close(memory));
}

void test_large(void)
{
	handle_t memory;
	u64 address, unused;
	CHECK_OK(memory_create(
		MEMORY_KIND_ANONYMOUS, 2 * LARGE_PAGE_SIZE, HANDLE_NONE, 0, MEMORY_FLAGS_LARGE, &memory));
	CHECK_OK(guest_map(memory, 2 * LARGE_PAGE_SIZE, RW, &address));
	CHECK_EQ(address % LARGE_PAGE_SIZE, 0);
	guest_poke(address + 3 * PAGE_SIZE, 3);
	CHECK_EQ(info_of(memory).committed_pages, LARGE_PAGE_SIZE / PAGE_SIZE);
	guest_poke(address + LARGE_PAGE_SIZE + 9 * PAGE_SIZE, 9);
	CHECK_EQ(guest_peek(address + LARGE_PAGE_SIZE - 8), 0);
	// A part of one can be taken away; the rest stays.
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_DECOMMIT, 3 * PAGE_SIZE, PAGE_SIZE, &unused));
	CHECK_EQ(guest_peek(address + 3 * PAGE_SIZE), 0);
	guest_poke(address + 4 * PAGE_SIZE, 4);
	CHECK_EQ(guest_peek(address + 4 * PAGE_SIZE), 4);
	CHECK_EQ(guest_peek(address + LARGE_PAGE_SIZE + 9 * PAGE_SIZE), 9);
	CHECK_OK(memory_protect(HANDLE_NONE, address + 5 * PAGE_SIZE, PAGE_SIZE, MAP_FLAGS_READ));
	CHECK_EQ(fault_of(address + 5 * PAGE_SIZE, true), UPCALL_PAGE_FAULT);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 2 * LARGE_PAGE_SIZE));
	CHECK_OK(handle_close(memory));
}

void test_physical(void)
{
	handle_t screen;
	u64 address;
	// The text screen: nobody's RAM. Uncached, shown twice.
	CHECK_OK(memory_create(MEMORY_KIND_PHYSICAL, PAGE_SIZE, start_handle("resource"), 0xb8000,
		MEMORY_FLAGS_UNCACHED, &screen));
	CHECK_OK(guest_map(screen, PAGE_SIZE, RW, &address));
	u64 was = guest_peek(address + 64);
	guest_poke(address + 64, 0x0720072007200720);
	CHECK_EQ(guest_peek(address + 64), 0x0720072007200720);
	guest_poke(address + 64, was);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, PAGE_SIZE));
	CHECK_OK(handle_close(screen));
}

void test_revoke(void)
{
	handle_t memory, mine;
	u64 address;
	CHECK_OK(guest_memory(PAGE_SIZE, &memory));
	CHECK_OK(guest_map(memory, PAGE_SIZE, RW | MAP_FLAGS_SHARED, &address));
	guest_poke(address, 5);
	CHECK_OK(handle_duplicate(memory, RIGHTS_ALL, &mine));
	CHECK_OK(object_revoke(mine));
	CHECK_EQ(get(memory, 0), UINT64_MAX);
	CHECK_EQ(get(mine, 0), 5);
	CHECK(fault_of(address, false) != 0); // the mapping was made by a handle that is dead
	CHECK(fault_of(address, true) != 0);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, PAGE_SIZE));
	CHECK_OK(guest_map(mine, PAGE_SIZE, RW, &address));
	CHECK_EQ(guest_peek(address), 5);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, PAGE_SIZE));
	CHECK_OK(handle_close(memory));
	CHECK_OK(handle_close(mine));
}
