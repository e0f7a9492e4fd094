// SPDX-License-Identifier: MIT
// space_test.c - memory objects and address spaces together: faults, copy-on-write, fork, cutting
// and joining of mappings, pagers' pages, and that quotas and frames come back to the last page.
#include "kernel/memory/space.h"

#include <string.h>

#include "abi/syscall_numbers.h"
#include "kernel/arch/arch.h"
#include "kernel/memory/long_call_test.h"
#include "kernel/memory/machine_test.h"
#include "kernel/memory/memory_parts.h"
#include "kernel/object/process.h"

constexpr u32 READ_WRITE = MAP_FLAGS_READ | MAP_FLAGS_WRITE;
constexpr u32 ALL = READ_WRITE | MAP_FLAGS_EXEC;
constexpr u64 BASE = 0x40000000;

struct before {
	u64 pages, objects;
};

static struct before before(void)
{
	test_machine();
	test_settle();
	return (struct before){ quota_root()->pages_used, quota_root()->objects_used };
}

static void check_same(struct before old)
{
	test_settle();
	CHECK_EQ(quota_root()->pages_used, old.pages);
	CHECK_EQ(quota_root()->objects_used, old.objects);
}

static struct memory *anonymous(u64 pages)
{
	struct memory *memory = nullptr;
	CHECK_OK(memory_create_anonymous(quota_root(), pages * PAGE_SIZE, &memory));
	return memory;
}

static struct space *empty_space(void)
{
	struct space *space = nullptr;
	CHECK_OK(space_create(quota_root(), &space));
	return space;
}

static void map(struct space *space, struct memory *memory, u64 address, u64 pages, u32 flags)
{
	u64 mapped;
	struct map_request request = { memory, address, pages * PAGE_SIZE, 0, flags | MAP_FLAGS_FIXED,
		memory ? ALL : 0, memory ? memory->object.epoch : 0 };
	CHECK_OK(whole_map(space, &request, &mapped));
	CHECK_EQ(mapped, address);
}

static err_t fault(struct space *space, u64 address, u32 access)
{
	struct memory *memory;
	u64 index;
	err_t error = space_fault(space, address, access, &memory, &index);
	if (error == ERR_PAGE_NEEDED)
		object_put(&memory->object);
	return error;
}

// A byte as a program sees it, through the page tables.
static u8 *byte_at(struct space *space, u64 address, u32 access)
{
	CHECK_OK(fault(space, address, access));
	paddr_t frame = {};
	u32 allowed = 0;
	CHECK(table_query(&space->table, address, &frame, &allowed));
	CHECK_EQ(allowed & access & READ_WRITE, access & READ_WRITE);
	return (u8 *)frame_address(frame) + (address & PAGE_MASK);
}

static void put(struct space *space, u64 address, u8 value)
{
	*byte_at(space, address, MAP_FLAGS_WRITE) = value;
}

static u8 get(struct space *space, u64 address)
{
	return *byte_at(space, address, MAP_FLAGS_READ);
}

TEST(space_demand_zero)
{
	struct before old = before();
	struct space *space = empty_space();
	struct memory *memory = anonymous(10);
	map(space, memory, BASE, 10, READ_WRITE);
	CHECK_EQ(get(space, BASE), 0);
	CHECK_EQ(memory->committed, 0); // the shared page of zeros
	put(space, BASE, 7);
	CHECK_EQ(memory->committed, 1);
	CHECK_EQ(get(space, BASE), 7);
	CHECK_EQ(fault(space, BASE + 10 * PAGE_SIZE, MAP_FLAGS_READ), ERR_FAULT);
	CHECK_EQ(fault(space, BASE, MAP_FLAGS_EXEC), ERR_FAULT);
	CHECK_OK(whole_decommit(memory, 0, 10));
	CHECK_EQ(get(space, BASE), 0);
	object_put(&memory->object);
	space_put(space);
	check_same(old);
}

TEST(space_fork_copies_on_write)
{
	struct before old = before();
	struct space *space = empty_space();
	struct memory *memory = anonymous(600);
	struct memory *shared = anonymous(4);
	map(space, memory, BASE, 600, READ_WRITE);
	map(space, shared, 2 * BASE, 4, READ_WRITE | MAP_FLAGS_SHARED);
	map(space, nullptr, 3 * BASE, 1000, 0);
	for (u64 i = 0; i < 600; i++)
		put(space, BASE + i * PAGE_SIZE, (u8)i);
	struct page_hold pinned;
	REQUIRE_OK(space_hold(space, BASE + 5 * PAGE_SIZE, MAP_FLAGS_WRITE, &pinned));
	struct space *child;
	REQUIRE_OK(whole_fork(space, &child));
	put(space, 2 * BASE, 9);
	CHECK_EQ(get(child, 2 * BASE), 9);
	CHECK_EQ(fault(child, 3 * BASE, MAP_FLAGS_READ), ERR_FAULT);
	put(child, BASE, 100);
	put(space, BASE + PAGE_SIZE, 101);
	CHECK_EQ(get(space, BASE), 0);
	CHECK_EQ(get(child, BASE + PAGE_SIZE), 1);
	// What the kernel holds stays with the parent: its page is the same, the child's another.
	put(space, BASE + 5 * PAGE_SIZE, 55);
	CHECK_EQ(*(u8 *)frame_address(pinned.frame), 55);
	CHECK_EQ(get(child, BASE + 5 * PAGE_SIZE), 5);
	CHECK(space_release_page(&pinned, true));
	for (u64 i = 6; i < 600; i++)
		REQUIRE(get(child, BASE + i * PAGE_SIZE) == (u8)i);
	struct space *grandchild;
	REQUIRE_OK(whole_fork(child, &grandchild));
	space_put(child);
	test_settle();
	CHECK_EQ(get(grandchild, BASE), 100);
	put(grandchild, BASE + 599 * PAGE_SIZE, 1);
	CHECK_EQ(get(space, BASE + 599 * PAGE_SIZE), (u8)599);
	space_put(grandchild);
	object_put(&memory->object);
	object_put(&shared->object);
	space_put(space);
	check_same(old);
}

TEST(space_fork_unwinds)
{
	struct before old = before();
	struct space *space = empty_space();
	constexpr u64 PAGES = 2500; // in parts
	struct memory *memory = anonymous(PAGES);
	map(space, memory, BASE, PAGES, READ_WRITE);
	for (u64 i = 0; i < PAGES; i++)
		put(space, BASE + i * PAGE_SIZE, (u8)i);
	struct before forked = before();
	u64 limit = quota_root()->pages;
	for (u64 extra = 0; extra < PAGES + 200; extra += 41) {
		quota_root()->pages = forked.pages + extra;
		struct space *child;
		if (whole_fork(space, &child) == OK)
			space_put(child);
		quota_root()->pages = limit;
		check_same(forked);
	}
	for (u64 i = 0; i < PAGES; i++)
		put(space, BASE + i * PAGE_SIZE, (u8)(i + 1));
	object_put(&memory->object);
	space_put(space);
	check_same(old);
}

TEST(space_cut_and_join)
{
	struct before old = before();
	struct space *space = empty_space();
	struct memory *memory = anonymous(100);
	map(space, memory, BASE, 100, READ_WRITE);
	for (u64 i = 0; i < 100; i++)
		put(space, BASE + i * PAGE_SIZE, (u8)i);
	CHECK_OK(whole_protect(space, BASE + 10 * PAGE_SIZE, 5 * PAGE_SIZE, MAP_FLAGS_READ));
	CHECK_EQ(space->mapping_count, 3);
	CHECK_EQ(fault(space, BASE + 12 * PAGE_SIZE, MAP_FLAGS_WRITE), ERR_FAULT);
	CHECK_EQ(get(space, BASE + 12 * PAGE_SIZE), 12);
	CHECK_OK(whole_protect(space, BASE + 8 * PAGE_SIZE, 10 * PAGE_SIZE, READ_WRITE));
	CHECK_EQ(space->mapping_count, 1);
	put(space, BASE + 12 * PAGE_SIZE, 13);
	CHECK_OK(whole_unmap(space, BASE + 20 * PAGE_SIZE, 10 * PAGE_SIZE));
	CHECK_EQ(space->mapping_count, 2);
	CHECK_EQ(space->mapped_pages, 90);
	CHECK_EQ(fault(space, BASE + 20 * PAGE_SIZE, MAP_FLAGS_READ), ERR_FAULT);
	CHECK_EQ(get(space, BASE + 30 * PAGE_SIZE), 30);
	CHECK_EQ(whole_protect(space, BASE, 100 * PAGE_SIZE, READ_WRITE), ERR_NOT_FOUND);
	u64 mapped;
	struct map_request used = { memory, BASE + 19 * PAGE_SIZE, 2 * PAGE_SIZE, 0,
		READ_WRITE | MAP_FLAGS_FIXED, ALL, 0 };
	CHECK_EQ(whole_map(space, &used, &mapped), ERR_EXISTS);
	map(space, memory, BASE + 19 * PAGE_SIZE, 20, READ_WRITE | MAP_FLAGS_REPLACE);
	CHECK_EQ(get(space, BASE + 19 * PAGE_SIZE), 0);
	CHECK_EQ(get(space, BASE + 24 * PAGE_SIZE), 5);
	struct map_request more = { memory, 0, PAGE_SIZE, 0, READ_WRITE, MAP_FLAGS_READ, 0 };
	CHECK_EQ(whole_map(space, &more, &mapped), ERR_RIGHTS);
	u64 last = 0;
	for (u32 i = 0; i < 50; i++) {
		struct map_request any = { .size = 3 * PAGE_SIZE };
		CHECK_OK(whole_map(space, &any, &mapped));
		CHECK(mapped != last);
		last = mapped;
	}
	struct map_request high = { .size = PAGE_SIZE, .flags = MAP_FLAGS_HIGH };
	CHECK_OK(whole_map(space, &high, &mapped));
	CHECK(mapped >= USER_HIGH_START);
	CHECK_OK(whole_unmap(space, USER_LOW_START, USER_LOW_END - USER_LOW_START));
	CHECK_EQ(space->mapping_count, 1);
	object_put(&memory->object);
	space_put(space);
	check_same(old);
}

TEST(space_gives_back_what_nobody_sees)
{
	struct before old = before();
	struct space *space = empty_space();
	struct memory *memory = anonymous(8);
	map(space, memory, BASE, 8, READ_WRITE);
	object_put(&memory->object); // the mapping's only; there is no handle
	for (u64 i = 0; i < 8; i++)
		put(space, BASE + i * PAGE_SIZE, (u8)(i + 1));
	CHECK_EQ(memory->committed, 8);
	CHECK_OK(whole_discard(space, BASE + PAGE_SIZE, 2 * PAGE_SIZE));
	CHECK_EQ(memory->committed, 6);
	CHECK_EQ(*byte_at(space, BASE + PAGE_SIZE, MAP_FLAGS_READ), 0);
	CHECK_EQ(*byte_at(space, BASE + 3 * PAGE_SIZE, MAP_FLAGS_READ), 4);
	CHECK_OK(whole_unmap(space, BASE + 4 * PAGE_SIZE, 2 * PAGE_SIZE));
	CHECK_EQ(memory->committed, 4);
	CHECK_OK(whole_unmap(space, BASE + 6 * PAGE_SIZE, 2 * PAGE_SIZE)); // a piece of its own
	CHECK_EQ(memory->committed, 2);
	CHECK_OK(whole_unmap(space, 0x20000, BASE));
	space_put(space);
	check_same(old);
}

TEST(space_moves_mappings)
{
	struct before old = before();
	struct space *space = empty_space();
	struct memory *memory = anonymous(8);
	constexpr u64 TO = 2 * BASE;
	map(space, memory, BASE, 8, READ_WRITE);
	object_put(&memory->object);
	put(space, BASE + PAGE_SIZE, 7);
	put(space, BASE + 5 * PAGE_SIZE, 9);
	CHECK_OK(whole_move(space, BASE + PAGE_SIZE, 4 * PAGE_SIZE, TO));
	CHECK_EQ(*byte_at(space, TO, MAP_FLAGS_READ), 7);
	CHECK_EQ(fault(space, BASE + PAGE_SIZE, MAP_FLAGS_READ), ERR_FAULT);
	CHECK_EQ(*byte_at(space, BASE + 5 * PAGE_SIZE, MAP_FLAGS_READ), 9);
	CHECK_EQ(whole_move(space, BASE, 2 * PAGE_SIZE, 3 * BASE), ERR_NOT_FOUND); // a hole
	CHECK_EQ(whole_move(space, BASE, PAGE_SIZE, TO), ERR_EXISTS);
	CHECK_EQ(whole_move(space, TO, 2 * PAGE_SIZE, TO + PAGE_SIZE), ERR_EXISTS);
	put(space, TO + PAGE_SIZE, 3);
	CHECK_EQ(memory->committed, 3);
	space_put(space);
	check_same(old);
}

TEST(space_clone_of_pager_memory)
{
	struct before old = before();
	struct memory *file = nullptr, *clone = nullptr;
	struct port *port;
	REQUIRE_OK(port_object_create(quota_root(), 1, &port));
	REQUIRE_OK(memory_create_pager(quota_root(), 20 * PAGE_SIZE, port, 1, &file));
	struct memory *source = anonymous(8);
	for (u64 i = 0; i < 8; i++)
		CHECK_OK(memory_copy_in(source, i * PAGE_SIZE, &i, sizeof i));
	REQUIRE_OK(whole_clone(file, 2 * PAGE_SIZE, 10 * PAGE_SIZE, &clone));
	struct space *space = empty_space();
	map(space, file, BASE, 20, READ_WRITE | MAP_FLAGS_SHARED);
	map(space, clone, 2 * BASE, 10, READ_WRITE);
	CHECK_EQ(fault(space, BASE, MAP_FLAGS_READ), ERR_PAGE_NEEDED);
	CHECK_EQ(fault(space, 2 * BASE, MAP_FLAGS_WRITE), ERR_PAGE_NEEDED);
	CHECK_EQ(memory_supply(file, 0, 9, source, 0), ERR_NOT_FOUND);
	CHECK_OK(memory_supply(file, 0, 8, source, 0));
	CHECK_EQ(source->committed, 0);
	CHECK_EQ(file->committed, 8);
	CHECK_EQ(get(space, BASE + 3 * PAGE_SIZE), 3);
	CHECK_EQ(get(space, 2 * BASE), 2); // read through to the file
	CHECK_EQ(clone->committed, 0);
	CHECK_EQ(file->dirty, 0);
	put(space, BASE + 2 * PAGE_SIZE, 22);
	CHECK_EQ(memory_dirty_next(file, 0, 20), 2);
	put(space, 2 * BASE, 33);
	CHECK_EQ(get(space, BASE + 2 * PAGE_SIZE), 22);
	CHECK_OK(memory_clean(file, 0, 20));
	CHECK_EQ(memory_dirty_next(file, 0, 20), RADIX_NONE);
	paddr_t frame;
	u32 access;
	CHECK(table_query(&space->table, BASE + 2 * PAGE_SIZE, &frame, &access));
	CHECK(!(access & PAGE_WRITE));
	put(space, BASE + 2 * PAGE_SIZE, 23);
	CHECK_EQ(file->dirty, 1);
	CHECK_EQ(get(space, 2 * BASE + PAGE_SIZE), 3);
	CHECK_OK(memory_resize(file, 3 * PAGE_SIZE));
	CHECK(!table_query(&space->table, 2 * BASE + PAGE_SIZE, &frame, &access));
	CHECK_EQ(fault(space, 2 * BASE + PAGE_SIZE, MAP_FLAGS_READ), ERR_RANGE);
	CHECK_EQ(get(space, 2 * BASE), 33);
	struct space *child;
	REQUIRE_OK(whole_fork(space, &child));
	put(child, 2 * BASE, 44);
	CHECK_EQ(get(space, 2 * BASE), 33);
	CHECK_EQ(get(child, BASE), 0);
	space_put(child);
	space_put(space);
	object_put(&source->object);
	object_put(&clone->object);
	object_put(&file->object);
	object_put(&port->object);
	check_same(old);
}

TEST(space_large_pages)
{
	struct before old = before();
	struct space *space = empty_space();
	struct memory *memory = anonymous(3 * LARGE_PAGES);
	memory->flags = MEMORY_FLAGS_LARGE;
	map(space, memory, BASE, 3 * LARGE_PAGES, READ_WRITE);
	put(space, BASE + LARGE_PAGE_SIZE + 5 * PAGE_SIZE, 1);
	CHECK_EQ(memory->committed, LARGE_PAGES);
	CHECK(memory->has_large);
	put(space, BASE + LARGE_PAGE_SIZE, 2);
	struct space *child;
	REQUIRE_OK(whole_fork(space, &child));
	put(space, BASE + LARGE_PAGE_SIZE, 3);
	CHECK_EQ(get(child, BASE + LARGE_PAGE_SIZE), 2);
	CHECK_EQ(get(child, BASE + LARGE_PAGE_SIZE + 5 * PAGE_SIZE), 1);
	space_put(child);
	put(space, BASE, 4);
	CHECK_OK(whole_unmap(space, BASE + PAGE_SIZE, PAGE_SIZE));
	CHECK_EQ(get(space, BASE), 4);
	CHECK_EQ(fault(space, BASE + PAGE_SIZE, MAP_FLAGS_READ), ERR_FAULT);
	CHECK_OK(whole_decommit(memory, 7, 3 * LARGE_PAGES));
	CHECK_EQ(memory->committed, 6); // page 1 was nobody's any more
	CHECK_EQ(get(space, BASE), 4);
	err_t error;
	while ((error = memory_commit(memory, 0, 3 * LARGE_PAGES)) == SYSCALL_RESTART)
		;
	CHECK_OK(error);
	CHECK_EQ(memory->committed, 3 * LARGE_PAGES);
	object_put(&memory->object);
	space_put(space);
	check_same(old);
}

TEST(space_contiguous)
{
	struct before old = before();
	struct memory *memory;
	REQUIRE_OK(memory_create_contiguous(quota_root(), 5 * PAGE_SIZE, 0, &memory));
	CHECK_EQ(quota_root()->pages_used, old.pages + 5);
	struct space *space = empty_space();
	map(space, memory, BASE, 5, READ_WRITE);
	put(space, BASE + 4 * PAGE_SIZE, 1);
	CHECK_EQ(*((u8 *)frame_address(memory->base) + 4 * PAGE_SIZE), 1);
	CHECK_EQ(whole_decommit(memory, 0, 1), ERR_STATE);
	space_put(space);
	object_put(&memory->object);
	check_same(old);
}

TEST(space_revoked_mapping_is_dead)
{
	struct before old = before();
	struct space *space = empty_space();
	struct memory *memory = anonymous(2);
	map(space, memory, BASE, 2, READ_WRITE);
	put(space, BASE, 1);
	memory->object.epoch++;
	CHECK(memory_unmap_revoked(memory));
	CHECK_EQ(fault(space, BASE, MAP_FLAGS_READ), ERR_FAULT);
	object_put(&memory->object);
	space_put(space);
	check_same(old);
}

static struct process program;
static struct thread program_thread = { .process = &program };

// A space whose addresses are the current program's.
static struct space *program_space(void)
{
	struct space *space = empty_space();
	program.space = space;
	cpu_self()->current = &program_thread;
	return space;
}

static void program_end(void)
{
	cpu_self()->current = nullptr;
	space_put(program.space);
	program.space = nullptr;
}

TEST(space_user_copies)
{
	struct before old = before();
	struct memory *memory = anonymous(40), *other_memory = anonymous(40);
	struct space *other = empty_space();
	map(program_space(), memory, BASE, 40, READ_WRITE);
	map(other, other_memory, BASE, 30, READ_WRITE);
	static u8 out[100'000], in[100'000];
	for (u32 i = 0; i < sizeof out; i++)
		out[i] = (u8)(i * 7 + i / 256);
	CHECK_OK(user_copy_out(BASE + 11, out, sizeof out));
	CHECK_OK(user_copy_in(in, BASE + 11, sizeof in));
	CHECK(memcmp(in, out, sizeof in) == 0);
	CHECK_EQ(user_copy_out(BASE + 39 * PAGE_SIZE, out, 2 * PAGE_SIZE), ERR_FAULT);
	CHECK_EQ(user_copy_in(in, UINT64_MAX - 5, 10), ERR_FAULT);
	CHECK_EQ(user_copy_in(in, USER_LOW_END - 5, 10), ERR_FAULT);
	u64 done;
	struct space_copy copy = { other, BASE + 100, { BASE + 11, 50'000 }, true, false, 0 };
	CHECK_OK(space_copy(&copy));
	CHECK_EQ(copy.done, 50'000);
	CHECK_EQ(get(other, BASE + 100 + 49'999), *byte_at(program.space, BASE + 11 + 49'999, 1));
	copy = (struct space_copy){ other, BASE + 29 * PAGE_SIZE, { BASE, 3 * PAGE_SIZE }, true, false,
		0 };
	CHECK_OK(space_copy(&copy));
	CHECK_EQ(copy.done, PAGE_SIZE);
	CHECK_OK(memory_read_user(other_memory, 0, (struct user_span){ BASE, 100 * PAGE_SIZE }, &done));
	CHECK_EQ(done, COPY_LIMIT);
	CHECK_EQ(get(program.space, BASE + 100 + 49'999), get(other, BASE + 100 + 49'999));
	struct memory_write write = { .from = { BASE, COPY_LIMIT }, .offset = 39 * PAGE_SIZE };
	CHECK_OK(memory_write_user(other_memory, &write, &done));
	CHECK_EQ(done, PAGE_SIZE);
	write = (struct memory_write){ .from = { BASE, 1 }, .offset = 41 * PAGE_SIZE };
	CHECK_EQ(memory_write_user(other_memory, &write, &done), ERR_RANGE);
	program_end();
	space_put(other);
	object_put(&memory->object);
	object_put(&other_memory->object);
	check_same(old);
}

// Random maps, unmaps, protections, faults and forks on few addresses; nothing may be lost.
TEST(space_random_operations)
{
	struct before old = before();
	u64 state = 12345;
	struct memory *memories[4];
	struct space *spaces[3] = {};
	for (u32 i = 0; i < COUNT(memories); i++)
		memories[i] = anonymous(64);
	memories[3]->flags = MEMORY_FLAGS_LARGE;
	spaces[0] = empty_space();
	for (u32 step = 0; step < 30'000; step++) {
		state = state * 6364136223846793005 + 1442695040888963407;
		u64 random = state >> 20;
		u32 which = random % COUNT(spaces);
		u64 address = BASE + (random >> 8) % 200 * PAGE_SIZE;
		u64 size = (1 + (random >> 16) % 30) * PAGE_SIZE;
		u32 flags = (random >> 24) % 8;
		struct memory *memory = memories[(random >> 28) % COUNT(memories)];
		struct space *space = spaces[which];
		if (!space) {
			if (spaces[0] && whole_fork(spaces[0], &spaces[which]) != OK)
				spaces[which] = nullptr;
			continue;
		}
		u64 mapped;
		err_t ignored = OK;
		switch ((random >> 32) % 16) {
		case 0:
		case 1:
		case 2:
			ignored = whole_map(space,
				&(struct map_request){ flags ? memory : nullptr, address, size, 0,
					flags | MAP_FLAGS_FIXED | (u32)(random >> 40 & MAP_FLAGS_SHARED) |
						(random >> 50 & 1 ? MAP_FLAGS_REPLACE : 0),
					ALL, 0 },
				&mapped);
			break;
		case 3: ignored = whole_unmap(space, address, size); break;
		case 4: ignored = whole_protect(space, address, size, flags); break;
		case 5: ignored = whole_decommit(memory, random % 64, 64); break;
		case 6:
			if (which) {
				space_put(space);
				spaces[which] = nullptr;
			}
			break;
		default:
			ignored = fault(space, address, flags & READ_WRITE);
			if (ignored == OK && flags & MAP_FLAGS_WRITE)
				put(space, address, (u8)step);
		}
		(void)ignored;
	}
	for (u32 i = 0; i < COUNT(spaces); i++)
		if (spaces[i])
			space_put(spaces[i]);
	for (u32 i = 0; i < COUNT(memories); i++)
		object_put(&memories[i]->object);
	check_same(old);
}
