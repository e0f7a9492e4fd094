// SPDX-License-Identifier: MIT
// failure_test.c - each allocation of a program's life fails in turn, once and for good: every call
// answers with an error or works, and nothing is left over. In the end each call that documents
// ERR_NO_MEMORY has answered it.
#include <stdio.h>

#include "fuzz/syscall_shapes.h"
#include "kernel/object/process.h"
#include "lib/base/test.h"
#include "lib/base/view.h"
#include "test/host/kernel_world.h"

constexpr u64 CHANCES_MAX = 2000;

static bool has_failed[SYSCALL_COUNT]; // with ERR_NO_MEMORY, once or more

// A program and a service of two processes, that know each other before anything fails.
struct cast {
	struct thread *thread, *client;
	u64 port, connection; // in their tables
};

static struct cast make_cast(void)
{
	struct cast cast = { .thread = world_process(3), .client = world_process(LEVEL_PROGRAM) };
	handle_t client;
	CHECK_OK(handle_install(
		&cast.thread->process->handles, &cast.client->process->object, RIGHTS_ALL, &client));
	cast.port = CALL(cast.thread, PORT_CREATE).value;
	u64 connection = CALL(cast.thread, CONNECTION_CREATE, cast.port, 5).value;
	cast.connection = CALL(cast.thread, PROCESS_GIVE, client.raw, connection, RIGHTS_ALL).value;
	return cast;
}

static struct answer noted(u32 number, struct answer answer)
{
	CHECK(answer.err <= OK && answer.err >= ERR_IO);
	if (answer.err == ERR_NO_MEMORY)
		AT(has_failed, number) = true;
	return answer;
}
#define DO(name, ...) noted(SYSCALL_##name, CALL(thread, name, __VA_ARGS__))

static u64 made(struct answer answer)
{
	return answer.err == OK ? answer.value : 0;
}

static void use_memory(struct thread *thread, u64 port)
{
	u64 memory = made(DO(MEMORY_CREATE, MEMORY_KIND_ANONYMOUS, 16 * PAGE_SIZE));
	u64 address =
		made(DO(MEMORY_MAP, 0, memory, 0, 16 * PAGE_SIZE, 0, MAP_FLAGS_READ | MAP_FLAGS_WRITE));
	(void)DO(MEMORY_CLONE, memory, 0, 8 * PAGE_SIZE);
	(void)DO(MEMORY_CONTROL, memory, MEMORY_OPERATION_COMMIT, 0, 16 * PAGE_SIZE);
	(void)DO(MEMORY_WRITE, memory, 100, WORLD_DATA, 5000);
	(void)DO(MEMORY_PROTECT, 0, address + PAGE_SIZE, PAGE_SIZE, MAP_FLAGS_READ);
	(void)DO(MEMORY_UNMAP, 0, address + 4 * PAGE_SIZE, PAGE_SIZE);
	u64 file = made(DO(MEMORY_CREATE, MEMORY_KIND_PAGER, 4 * PAGE_SIZE, port, 1, 0));
	(void)DO(MEMORY_SUPPLY, file, 0, PAGE_SIZE, memory, 0);
	u64 domain = made(DO(IOMMU_CREATE, world_handles(thread).resource.raw, 8));
	(void)DO(IOMMU_CONTROL, domain, IOMMU_OPERATION_MAP, memory, 0, PAGE_SIZE, 0);
}

// The call it saves is answered, or ends with its thread.
static void serve(const struct cast *cast)
{
	struct thread *thread = cast->thread;
	handle_t port = { (u32)cast->port }, connection = { (u32)cast->connection };
	(void)world_ipc(cast->client, SYSCALL_CONNECTION_CALL, connection, &(struct letter){});
	(void)world_ipc(thread, SYSCALL_PORT_REPLY_WAIT, port, &(struct letter){ .tag = TAG_POLL });
	u64 reply = made(DO(REPLY_SAVE));
	(void)world_ipc(thread, SYSCALL_REPLY_SEND, (handle_t){ (u32)reply }, &(struct letter){});
}

// Some calls of every kind that allocates. What cannot be had is not used.
static void live(const struct cast *cast)
{
	struct thread *thread = cast->thread;
	struct world_handles own = world_handles(thread);
	u64 port = made(DO(PORT_CREATE));
	u64 connection = made(DO(CONNECTION_CREATE, port, 5));
	struct answer stream = DO(STREAM_CREATE, 8192, STREAM_FLAGS_TWO_WAY);
	u64 timer = made(DO(TIMER_CREATE));
	use_memory(thread, port);
	serve(cast);
	(void)DO(PORT_BIND, port, timer, SIGNAL_FIRED, 9, BIND_MODE_LEVEL);
	(void)DO(STREAM_WRITE, stream.value, WORLD_DATA, 6000, 0);
	(void)DO(STREAM_READ, stream.second, WORLD_DATA, 6000, 0);
	(void)DO(HANDLE_DUPLICATE, connection, RIGHTS_ALL);
	(void)DO(QUOTA_CREATE, own.quota.raw, 10, 10, 10, 100);
	(void)DO(RESOURCE_DERIVE, own.resource.raw, RESOURCE_KIND_CONSOLE, 0, 1);
	(void)DO(INTERRUPT_CREATE, own.resource.raw, 3, 0);
	(void)DO(THREAD_CREATE, 0, WORLD_CALL_SITE + 2, WORLD_DATA, 0, WORLD_BASE + THREAD_BLOCK_SIZE);
	(void)DO(PROCESS_CREATE, 0, 0, LEVEL_PROGRAM);
	(void)DO(PROCESS_FORK, 0);
}

// Returns how often something could have failed.
static u64 live_failing_at(u64 n, bool is_lasting)
{
	world_begin(1);
	struct cast cast = make_cast();
	world_fail_at(n, is_lasting);
	live(&cast);
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

static void check_told(void)
{
	for (u32 number = 0; number < SYSCALL_COUNT; number++) {
		const struct syscall_shape *shape = &AT(syscall_shapes, number);
		if (!(shape->errors & 1ull << -ERR_NO_MEMORY) || AT(has_failed, number))
			continue;
		fprintf(stderr, "%s never answered ERR_NO_MEMORY\n", shape->name);
		CHECK(false);
	}
}

TEST(failure_of_each_allocation_once_or_from_then_on)
{
	fail_everywhere(false);
	fail_everywhere(true);
	check_told();
}
