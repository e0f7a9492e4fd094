// SPDX-License-Identifier: MIT
// failure_test.c - each allocation of a program's life fails in turn, once and for good: every call
// answers with an error or works, and nothing is left over.
#include "kernel/object/process.h"
#include "lib/base/test.h"
#include "test/host/kernel_world.h"

constexpr u64 CHANCES_MAX = 2000;

static u64 made(struct answer answer)
{
	return answer.err == OK ? answer.value : 0;
}

static bool is_sane(err_t err)
{
	return err <= OK && err >= ERR_IO;
}

// Some calls of every kind that allocates. What cannot be had is not used.
static void live(struct thread *thread)
{
	struct world_handles own = world_handles(thread);
	u64 port = made(CALL(thread, PORT_CREATE));
	u64 connection = made(CALL(thread, CONNECTION_CREATE, port, 5));
	struct answer stream = CALL(thread, STREAM_CREATE, 8192, STREAM_FLAGS_TWO_WAY);
	u64 memory = made(CALL(thread, MEMORY_CREATE, MEMORY_KIND_ANONYMOUS, 16 * PAGE_SIZE));
	u64 timer = made(CALL(thread, TIMER_CREATE));
	u64 address = made(CALL(thread, MEMORY_MAP, 0, memory, 0, 16 * PAGE_SIZE, 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_POPULATE));
	CHECK(is_sane(CALL(thread, MEMORY_CLONE, memory, 0, 8 * PAGE_SIZE).err));
	CHECK(is_sane(
		CALL(thread, MEMORY_CONTROL, memory, MEMORY_OPERATION_COMMIT, 0, 16 * PAGE_SIZE).err));
	CHECK(is_sane(CALL(thread, MEMORY_WRITE, memory, 100, WORLD_DATA, 5000).err));
	CHECK(is_sane(
		CALL(thread, MEMORY_PROTECT, 0, address + PAGE_SIZE, PAGE_SIZE, MAP_FLAGS_READ).err));
	CHECK(is_sane(CALL(thread, MEMORY_UNMAP, 0, address + 4 * PAGE_SIZE, PAGE_SIZE).err));
	CHECK(is_sane(CALL(thread, PORT_BIND, port, timer, SIGNAL_FIRED, 9, BIND_MODE_LEVEL).err));
	CHECK(is_sane(CALL(thread, STREAM_WRITE, stream.value, WORLD_DATA, 6000, 0).err));
	CHECK(is_sane(CALL(thread, STREAM_READ, stream.second, WORLD_DATA, 6000, 0).err));
	CHECK(is_sane(CALL(thread, HANDLE_DUPLICATE, connection, RIGHTS_ALL).err));
	CHECK(is_sane(CALL(thread, QUOTA_CREATE, own.quota.raw, 10, 10, 10, 100).err));
	CHECK(
		is_sane(CALL(thread, RESOURCE_DERIVE, own.resource.raw, RESOURCE_KIND_CONSOLE, 0, 1).err));
	CHECK(is_sane(CALL(thread, INTERRUPT_CREATE, own.resource.raw, 3, 0).err));
	CHECK(is_sane(CALL(thread, IOMMU_CREATE, own.resource.raw, 8).err));
	CHECK(is_sane(CALL(thread, THREAD_CREATE, 0, WORLD_CALL_SITE + 2, WORLD_DATA, 0,
		WORLD_BASE + THREAD_BLOCK_SIZE)
			.err));
	CHECK(is_sane(CALL(thread, PROCESS_CREATE, 0, 0, LEVEL_PROGRAM).err));
	CHECK(is_sane(CALL(thread, PROCESS_FORK, 0).err));
}

// Returns how often something could have failed.
static u64 live_failing_at(u64 n, bool is_lasting)
{
	world_begin(1);
	struct thread *thread = world_process(3);
	world_fail_at(n, is_lasting);
	live(thread);
	u64 chances = world_chances();
	CHECK(world_end());
	return chances;
}

static void fail_everywhere(bool is_lasting)
{
	u64 chances = live_failing_at(0, false);
	CHECK(chances > 50 && chances < CHANCES_MAX);
	for (u64 n = 1; n <= chances; n++)
		live_failing_at(n, is_lasting);
}

TEST(failure_of_each_allocation_once)
{
	fail_everywhere(false);
}

TEST(failure_of_all_allocations_from_each_on)
{
	fail_everywhere(true);
}
