// SPDX-License-Identifier: MIT
// object_test.c - handles, events, streams, futexes, timers, upcalls, fork, exec and mappings, as a
// program sees them.
#include "kernel/arch/arch.h"
#include "kernel/object/process.h"
#include "lib/base/test.h"
#include "test/host/kernel_world.h"

constexpr u64 MS = 1'000'000;
constexpr u64 FREE_ADDRESS = 0x200'0000;

TEST(object_each_kind_comes_and_goes)
{
	world_begin(1);
	struct thread *thread = world_process(3);
	struct world_handles own = world_handles(thread);
	u64 port = CALL(thread, PORT_CREATE).value;
	for (u32 round = 0; round < 200; round++) {
		u64 made[] = { CALL(thread, PORT_CREATE).value,
			CALL(thread, CONNECTION_CREATE, port, round).value, CALL(thread, TIMER_CREATE).value,
			CALL(thread, MEMORY_CREATE, MEMORY_KIND_ANONYMOUS, PAGE_SIZE).value,
			CALL(thread, PROCESS_CREATE, 0, 0, LEVEL_PROGRAM).value,
			CALL(thread, QUOTA_CREATE, own.quota.raw, 1, 1, 1, 100).value,
			CALL(thread, RESOURCE_DERIVE, own.resource.raw, RESOURCE_KIND_PORTS, 1, 2).value,
			CALL(thread, INTERRUPT_CREATE, own.resource.raw, 1, 0).value,
			CALL(thread, IOMMU_CREATE, own.resource.raw, 8).value };
		struct answer stream = CALL(thread, STREAM_CREATE, 100, 0);
		CHECK_OK(CALL(thread, HANDLE_CLOSE, stream.value).err);
		CHECK_OK(CALL(thread, HANDLE_CLOSE, stream.second).err);
		for (u32 i = 0; i < sizeof made / sizeof *made; i++) {
			CHECK(made[i]);
			CHECK_OK(CALL(thread, HANDLE_CLOSE, made[i]).err);
			CHECK_EQ(CALL(thread, HANDLE_CLOSE, made[i]).err, ERR_BAD_HANDLE);
		}
	}
	CHECK(world_end());
}

TEST(object_handle_errors)
{
	world_begin(1);
	struct thread *thread = world_process(3);
	u64 timer = CALL(thread, TIMER_CREATE).value;
	u64 weak = CALL(thread, HANDLE_DUPLICATE, timer, RIGHT_WAIT | RIGHT_DUP).value;
	CHECK_EQ(CALL(thread, TIMER_SET, weak, 0, 0).err, ERR_RIGHTS);
	CHECK_EQ(CALL(thread, STREAM_READ, timer, WORLD_DATA, 1, 0).err, ERR_WRONG_TYPE);
	CHECK_EQ(CALL(thread, TIMER_SET, timer | 1ull << 40, 0, 0).err, ERR_BAD_HANDLE);
	CHECK_OK(CALL(thread, OBJECT_REVOKE, timer).err);
	CHECK_EQ(CALL(thread, OBJECT_WAIT, weak, SIGNAL_FIRED, 0).err, ERR_REVOKED);
	CHECK_OK(CALL(thread, HANDLE_CLOSE, weak).err);
	CHECK_OK(CALL(thread, TIMER_SET, timer, DEADLINE_NEVER, 0).err);
	CHECK(world_end());
}

TEST(object_events_level_edge_once)
{
	world_begin(1);
	struct thread *thread = world_process(3);
	u64 port = CALL(thread, PORT_CREATE).value;
	u64 poll = world_tag(0, 0, 0, TAG_POLL);
	handle_t wait = { (u32)port };
	for (u32 mode = BIND_MODE_LEVEL; mode <= BIND_MODE_ONCE; mode++) {
		u64 other = CALL(thread, PORT_CREATE).value;
		u32 bit = 1u << 20;
		CHECK_OK(CALL(
			thread, PORT_BIND, port, CALL(thread, CONNECTION_CREATE, other, 1).value, bit, 5, mode)
				.err);
		u64 target = CALL(thread, CONNECTION_CREATE, other, 2).value;
		CHECK_OK(CALL(thread, PORT_BIND, port, target, bit, 70 + mode, mode).err);
		CHECK_EQ(CALL(thread, PORT_BIND, port, target, bit, 1, mode).err == ERR_EXISTS ||
					 mode == BIND_MODE_ONCE,
			true);
		u32 told = 0;
		CHECK_OK(CALL(thread, OBJECT_SIGNAL, target, 0, bit).err);
		for (u32 i = 0; i < 3; i++) {
			struct letter got =
				world_ipc(thread, SYSCALL_PORT_REPLY_WAIT, wait, &(struct letter){ .tag = poll });
			told += got.err == OK && got.badge == 70 + mode && got.word[0] == bit;
		}
		CHECK_EQ(told, mode == BIND_MODE_LEVEL ? 3 : 1);
		CHECK_OK(CALL(thread, PORT_BIND, port, target, 0, 0, 0).err);
		CHECK_EQ(CALL(thread, PORT_BIND, port, target, 0, 0, 0).err, ERR_NOT_FOUND);
	}
	CHECK(world_end());
}

TEST(object_stream_blocks_and_hangs_up)
{
	world_begin(1);
	struct thread *reader = world_process(LEVEL_PROGRAM);
	struct thread *writer = world_thread(reader);
	struct answer ends = CALL(reader, STREAM_CREATE, 4096, 0);
	CHECK_EQ(CALL(reader, STREAM_READ, ends.value, WORLD_DATA, 10, 0).err, ERR_WOULD_BLOCK);
	CHECK(CALL(reader, STREAM_READ, ends.value, WORLD_DATA, 10, DEADLINE_NEVER).is_waiting);
	CHECK(world_set_word(writer, WORLD_DATA + 4096, 77));
	CHECK_EQ(CALL(writer, STREAM_WRITE, ends.second, WORLD_DATA + 4096, 4, 0).value, 4);
	CHECK_EQ(world_answer(reader).value, 4);
	CHECK_EQ(world_word(reader, WORLD_DATA), 77);
	CHECK_EQ(CALL(writer, STREAM_WRITE, ends.second, WORLD_DATA, 4096, 0).value, 4096);
	CHECK_EQ(CALL(writer, STREAM_WRITE, ends.second, WORLD_DATA, 1, 0).err, ERR_WOULD_BLOCK);
	CHECK_OK(CALL(writer, HANDLE_CLOSE, ends.second).err);
	CHECK_EQ(CALL(reader, STREAM_READ, ends.value, WORLD_DATA, 5000, 0).value, 4096);
	struct answer end = CALL(reader, STREAM_READ, ends.value, WORLD_DATA, 5000, 0);
	CHECK(end.err == OK && end.value == 0);
	CHECK(world_end());
}

TEST(object_futex_wakes_and_requeues)
{
	world_begin(1);
	struct thread *first = world_process(LEVEL_PROGRAM);
	struct thread *second = world_thread(first);
	struct thread *waker = world_thread(first);
	u64 a = WORLD_DATA, b = WORLD_DATA + 64;
	CHECK_EQ(CALL(first, FUTEX_WAIT, a, 5, DEADLINE_NEVER).err, ERR_WOULD_BLOCK);
	CHECK_EQ(CALL(first, FUTEX_WAIT, a + 1, 0, DEADLINE_NEVER).err, ERR_ALIGNMENT);
	CHECK(CALL(first, FUTEX_WAIT, a, 0, DEADLINE_NEVER).is_waiting);
	CHECK(CALL(second, FUTEX_WAIT, a, 0, DEADLINE_NEVER).is_waiting);
	CHECK_EQ(CALL(waker, FUTEX_WAKE, a, 1, b, 10).value, 2); // one woken, one moved
	CHECK_OK(world_answer(first).err);
	CHECK_EQ(CALL(waker, FUTEX_WAKE, a, 10, 0, 0).value, 0);
	CHECK_EQ(CALL(waker, FUTEX_WAKE, b, 10, 0, 0).value, 1);
	CHECK_OK(world_answer(second).err);
	CHECK(CALL(first, FUTEX_WAIT, a, 0, clock_now() + 1000 * MS).is_waiting);
	world_advance(2000 * MS);
	CHECK_EQ(world_answer(first).err, ERR_TIMED_OUT);
	CHECK(world_end());
}

TEST(object_timer_fires_again_and_again)
{
	world_begin(1);
	struct thread *thread = world_process(LEVEL_PROGRAM);
	u64 timer = CALL(thread, TIMER_CREATE).value;
	CHECK_OK(CALL(thread, TIMER_SET, timer, clock_now() + MS, MS).err);
	CHECK(CALL(thread, OBJECT_WAIT, timer, SIGNAL_FIRED, DEADLINE_NEVER).is_waiting);
	world_advance(2 * MS);
	CHECK_EQ(world_answer(thread).value, SIGNAL_FIRED);
	CHECK_OK(CALL(thread, TIMER_SET, timer, DEADLINE_NEVER, 0).err);
	CHECK_EQ(CALL(thread, OBJECT_WAIT, timer, SIGNAL_FIRED, clock_now() + 1).is_waiting, true);
	world_advance(MS);
	CHECK_EQ(world_answer(thread).err, ERR_TIMED_OUT);
	CHECK(world_end());
}

TEST(object_upcall_for_notification_and_fault)
{
	world_begin(1);
	struct thread *thread = world_process(LEVEL_PROGRAM);
	struct thread *other = world_thread(thread);
	handle_t handle;
	CHECK_OK(handle_install(&thread->process->handles, &thread->object, RIGHTS_ALL, &handle));
	thread->block->entry = WORLD_UPCALL;
	CHECK(CALL(thread, OBJECT_WAIT, 0, 0, DEADLINE_NEVER).is_waiting);
	CHECK_OK(CALL(other, THREAD_NOTIFY, handle.raw, 4).err);
	CHECK_EQ(world_answer(thread).err, ERR_INTERRUPTED);
	CHECK_EQ(thread->registers.rip, WORLD_UPCALL);
	CHECK_EQ(thread->block->frame.detail, 4);
	CHECK_OK(CALL(other, THREAD_NOTIFY, handle.raw, 8).err); // held back
	world_upcall_return(thread);
	CHECK_EQ(thread->block->pending, 8);
	thread->block->pending = 0;
	CHECK(!world_store(thread, 0x123000, "x", 1));
	CHECK_EQ(thread->registers.rip, WORLD_UPCALL);
	CHECK_EQ(thread->block->frame.address, 0x123000);
	world_fault(thread, UPCALL_ILLEGAL); // into a frame in use: the end
	CHECK(world_is_dead(thread) && world_is_dead(other));
	CHECK(world_end());
}

TEST(object_fork_copies_on_write)
{
	world_begin(1);
	struct thread *parent = world_process(LEVEL_PROGRAM);
	CHECK(world_set_word(parent, WORLD_DATA, 1));
	CHECK_OK(CALL(parent, PROCESS_FORK, 0).err);
	struct thread *child = world_child(parent);
	REQUIRE(child);
	CHECK_EQ(world_answer(child).value, 0);
	CHECK(world_set_word(parent, WORLD_DATA, 2));
	CHECK_EQ(world_word(child, WORLD_DATA), 1);
	CHECK(world_set_word(child, WORLD_DATA, 3));
	CHECK_EQ(world_word(parent, WORLD_DATA), 2);
	CHECK(world_end());
}

TEST(object_exec_takes_the_new_space)
{
	world_begin(1);
	struct thread *thread = world_process(LEVEL_PROGRAM);
	struct thread *sibling = world_thread(thread);
	u64 image = CALL(thread, PROCESS_CREATE, 0, 0, LEVEL_PROGRAM).value;
	u64 memory = CALL(thread, MEMORY_CREATE, MEMORY_KIND_ANONYMOUS, 2 * PAGE_SIZE).value;
	u32 flags = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED;
	CHECK_EQ(CALL(thread, MEMORY_MAP, image, memory, FREE_ADDRESS, 2 * PAGE_SIZE, 0, flags).value,
		FREE_ADDRESS);
	CALL(thread, PROCESS_REPLACE, image, WORLD_UPCALL, FREE_ADDRESS + PAGE_SIZE, 5, FREE_ADDRESS);
	CHECK_EQ(thread->registers.rip, WORLD_UPCALL);
	CHECK_EQ(thread->registers.rdi, 5);
	CHECK(world_is_dead(sibling));
	CHECK_EQ(world_word(thread, FREE_ADDRESS + PAGE_SIZE), 0);
	CHECK(!world_load(thread, WORLD_DATA, &(u32){}, 4));
	CHECK(world_end());
}

TEST(object_map_protect_unmap)
{
	world_begin(2);
	struct thread *thread = world_process(LEVEL_PROGRAM);
	thread->block->entry = WORLD_UPCALL;
	u64 memory = CALL(thread, MEMORY_CREATE, MEMORY_KIND_ANONYMOUS, 4 * PAGE_SIZE).value;
	u32 flags = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED;
	CHECK_OK(CALL(thread, MEMORY_MAP, 0, memory, FREE_ADDRESS, 4 * PAGE_SIZE, 0, flags).err);
	CHECK(world_set_word(thread, FREE_ADDRESS + PAGE_SIZE, 5));
	CHECK_OK(CALL(thread, MEMORY_PROTECT, 0, FREE_ADDRESS, 2 * PAGE_SIZE, MAP_FLAGS_READ).err);
	CHECK_EQ(world_word(thread, FREE_ADDRESS + PAGE_SIZE), 5);
	CHECK(!world_set_word(thread, FREE_ADDRESS + PAGE_SIZE, 6));
	CHECK_EQ(thread->block->frame.detail, FAULT_WRITE | FAULT_PRESENT);
	world_upcall_return(thread);
	CHECK_OK(CALL(thread, MEMORY_UNMAP, 0, FREE_ADDRESS + PAGE_SIZE, PAGE_SIZE).err);
	CHECK(!world_load(thread, FREE_ADDRESS + PAGE_SIZE, &(u32){}, 4));
	world_upcall_return(thread);
	CHECK(world_set_word(thread, FREE_ADDRESS + 2 * PAGE_SIZE, 7));
	CHECK_OK(CALL(thread, OBJECT_REVOKE, memory).err);
	CHECK(!world_set_word(thread, FREE_ADDRESS + 2 * PAGE_SIZE, 7));
	CHECK(world_end());
}

TEST(object_pager_supplies_and_fails)
{
	world_begin(1);
	struct thread *pager = world_process(3);
	u64 port = CALL(pager, PORT_CREATE).value;
	u64 memory = CALL(pager, MEMORY_CREATE, MEMORY_KIND_PAGER, 4 * PAGE_SIZE, port, 33).value;
	u64 pages = CALL(pager, MEMORY_CREATE, MEMORY_KIND_ANONYMOUS, PAGE_SIZE).value;
	struct thread *reader = world_thread(pager);
	reader->block->entry = WORLD_UPCALL;
	u32 flags = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED;
	CHECK_OK(CALL(pager, MEMORY_MAP, 0, memory, FREE_ADDRESS, 4 * PAGE_SIZE, 0, flags).err);
	CHECK(CALL(reader, MEMORY_READ, memory, PAGE_SIZE, WORLD_DATA, 4).is_waiting);
	struct letter got =
		world_ipc(pager, SYSCALL_PORT_REPLY_WAIT, (handle_t){ (u32)port }, &(struct letter){});
	CHECK_EQ(got.tag >> TAG_KIND_SHIFT & 15, MESSAGE_PAGES);
	CHECK_EQ(got.badge, 33);
	CHECK_EQ(got.word[0], PAGE_SIZE);
	CHECK(world_set_word(pager, WORLD_DATA + 64, 321));
	CHECK_OK(CALL(pager, MEMORY_WRITE, pages, 0, WORLD_DATA + 64, 4).err);
	CHECK_OK(CALL(pager, MEMORY_SUPPLY, memory, PAGE_SIZE, PAGE_SIZE, pages, 0).err);
	CHECK_EQ(world_answer(reader).value, 4);
	CHECK_EQ(world_word(reader, WORLD_DATA), 321);
	CHECK_EQ(CALL(pager, MEMORY_CONTROL, memory, MEMORY_OPERATION_DIRTY_NEXT, 0, 4 * PAGE_SIZE).err,
		ERR_NOT_FOUND);
	CHECK(world_set_word(reader, FREE_ADDRESS + PAGE_SIZE, 322));
	CHECK_EQ(
		CALL(pager, MEMORY_CONTROL, memory, MEMORY_OPERATION_DIRTY_NEXT, 0, 4 * PAGE_SIZE).value,
		PAGE_SIZE);
	CHECK_OK(CALL(pager, MEMORY_CONTROL, memory, MEMORY_OPERATION_CLEAN, 0, 4 * PAGE_SIZE).err);
	CHECK(CALL(reader, MEMORY_READ, memory, 0, WORLD_DATA, 4).is_waiting);
	CHECK_OK(CALL(pager, MEMORY_CONTROL, memory, MEMORY_OPERATION_FAIL, 0, PAGE_SIZE).err);
	CHECK(world_answer(reader).err != OK);
	CHECK(world_end());
}
