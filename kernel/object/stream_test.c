// SPDX-License-Identifier: MIT
// stream_test.c - two threads of one process over a stream: bytes in order, whole writes, waiting,
// hanging up, handles on their way.
#include "kernel/object/stream.h"

#include <string.h>

#include "abi/syscall_numbers.h"
#include "kernel/arch/arch.h"
#include "kernel/memory/machine_test.h"
#include "kernel/memory/space.h"
#include "kernel/object/process.h"
#include "kernel/object/timer.h"
#include "kernel/sched/futex.h"
#include "kernel/sched/sched.h"
#include "lib/base/view.h"

constexpr u64 BASE = 0x400000;
constexpr u64 SIZE = 512 * 1024;
constexpr u32 ALL =
	RIGHT_READ | RIGHT_WRITE | RIGHT_DUP | RIGHT_TRANSFER | RIGHT_MANAGE | RIGHT_WAIT;

static struct process *process;
static struct thread *threads[2];
static struct memory *memory;

static void act_as(u32 index)
{
	struct cpu *cpu = cpu_self();
	struct thread *thread = threads[index];
	if (thread->own.is_queued)
		run_queue_remove(&cpu->run_queue, &thread->own);
	cpu->entity = nullptr;
	cpu->current = thread;
	thread->state = THREAD_READY;
	space_activate(process->space);
}

static bool start(void)
{
	test_machine();
	if (process)
		return true;
	u64 mapped;
	u32 access = MAP_FLAGS_READ | MAP_FLAGS_WRITE;
	futexes_init();
	err_t err = process_create(quota_root(), 1, 15, &process);
	if (err == OK)
		err = memory_create_anonymous(quota_root(), SIZE, &memory);
	if (err == OK)
		err = space_map(process->space,
			&(struct map_request){ memory, BASE, SIZE, 0, access | MAP_FLAGS_FIXED, access, 0 },
			&(struct long_call){}, &mapped);
	for (u32 i = 0; err == OK && i < 2; i++) {
		const struct program_start from = { BASE, BASE + 8192, 0, BASE + i * THREAD_BLOCK_SIZE };
		err = thread_create(process, &from, &threads[i]);
		if (err == OK)
			threads[i]->entity = &threads[i]->own;
	}
	return CHECK_OK(err);
}

struct pair {
	struct stream *first, *second;
};

static struct pair make(u64 capacity, bool is_two_way)
{
	struct pair pair = {};
	if (CHECK_OK(stream_create(quota_root(), capacity, is_two_way, &pair.first, &pair.second))) {
		CHECK_OK(object_get_handle(&pair.first->object));
		CHECK_OK(object_get_handle(&pair.second->object));
	}
	return pair;
}

static void end(struct stream *stream)
{
	object_put_handle(&stream->object);
	object_put(&stream->object);
}

static err_t put(struct stream *stream, u32 who, view_t text, u64 deadline, u64 *done)
{
	u64 size = text.size;
	const u64 address = BASE + 0x3000;
	act_as(who);
	for (u64 i = 0; i < size; i += 0x10000)
		CHECK_OK(user_copy_out(
			address + i, view_from_offset(text, i).data, size - i < 0x10000 ? size - i : 0x10000));
	struct stream_request request = { { address, size }, deadline, 0, 0 };
	err_t err = stream_write(stream, threads[who], &request);
	*done = request.done;
	return err;
}

static err_t get(struct stream *stream, u32 who, span_t text, u64 deadline, u64 *done)
{
	const u64 address = BASE + 0x43000;
	act_as(who);
	struct stream_request request = { { address, text.size }, deadline, 0, 0 };
	err_t err = stream_read(stream, threads[who], &request);
	*done = request.done;
	if (err == OK && request.done)
		CHECK_OK(user_copy_in(text.data, address, request.done));
	return err;
}

struct totals {
	u64 pages, objects, handles, count;
};

static struct totals totals(void)
{
	test_settle();
	struct quota *root = quota_root();
	return (
		struct totals){ root->pages_used, root->objects_used, root->handles_used, object_count() };
}

static void check_totals(struct totals before)
{
	struct totals now = totals();
	CHECK(!memcmp(&now, &before, sizeof now));
}

TEST(stream_bytes_in_order)
{
	static u8 out[0x20000], in[0x20000];
	u64 done, sent = 0, got = 0;
	if (!start())
		return;
	for (u32 i = 0; i < sizeof out; i++)
		out[i] = (u8)(i * 7 + i / 256);
	struct pair warm = make(65536, false);
	CHECK_OK(put(warm.second, 0, view_from(out, 65536), 0, &done)); // so that user pages are there
	CHECK_OK(get(warm.first, 1, span_from(in, 65536), 0, &done));
	end(warm.first);
	end(warm.second);
	struct totals before = totals();
	struct pair pair = make(20000, false);
	CHECK_EQ(pair.second->object.signals, SIGNAL_WRITABLE);
	CHECK_EQ(pair.first->object.signals, 0);
	CHECK_EQ(put(pair.first, 0, view_from(out, 5), 0, &done), ERR_STATE);
	CHECK_EQ(get(pair.second, 0, span_from(in, 5), 0, &done), ERR_STATE);
	CHECK_EQ(get(pair.first, 0, span_from(in, 5), 0, &done), ERR_WOULD_BLOCK);
	for (u32 i = 1; got < sizeof out; i++) {
		u64 size = i * 1237 % 9000 + 1;
		if (size > sizeof out - sent)
			size = sizeof out - sent;
		if (size && put(pair.second, 0, view_from(out + sent, size), 0, &done) == OK)
			sent += done;
		if (get(pair.first, 1, span_from(in + got, i * 733 % 8000 + 1), 0, &done) == OK)
			got += done;
		REQUIRE(i < 1000);
		CHECK_EQ(!!(pair.first->object.signals & SIGNAL_READABLE), sent != got);
		CHECK_EQ(!!(pair.second->object.signals & SIGNAL_WRITABLE), 20480 - (sent - got) >= 4096);
	}
	CHECK(!memcmp(out, in, sizeof out));
	end(pair.first);
	end(pair.second);
	check_totals(before);
}

TEST(stream_whole_writes_and_waits)
{
	static u8 bytes[8192];
	u64 done;
	if (!start())
		return;
	struct totals before = totals();
	struct pair pair = make(8192, true);
	CHECK_OK(put(pair.first, 0, view_from(bytes, 5000), 0, &done));
	CHECK_EQ(put(pair.first, 0, view_from(bytes, 4096), 0, &done), ERR_WOULD_BLOCK);
	CHECK_EQ(put(pair.first, 0, view_from(bytes, 4096), DEADLINE_NEVER, &done), SYSCALL_BLOCKED);
	CHECK_EQ(threads[0]->state, THREAD_WAITING);
	CHECK_OK(get(pair.second, 1, span_from(bytes, 100), 0, &done)); // 4,096 do not fit yet
	CHECK_EQ(threads[0]->state, THREAD_WAITING);
	CHECK_OK(get(pair.second, 1, span_from(bytes, 1000), 0, &done));
	CHECK_EQ(threads[0]->state, THREAD_READY);
	CHECK_OK(put(pair.first, 0, view_from(bytes, 4096), 0, &done));
	CHECK_OK(put(pair.first, 0, view_from(bytes, 8192), 0, &done)); // large: what fits
	CHECK_EQ(done, 8192 - 5000 + 1100 - 4096);
	CHECK_EQ(get(pair.first, 0, span_from(bytes, 1), DEADLINE_NEVER, &done), SYSCALL_BLOCKED);
	CHECK_OK(put(pair.second, 1, view_from(bytes, 1), 0, &done)); // the other direction
	CHECK_EQ(threads[0]->state, THREAD_READY);
	CHECK_OK(get(pair.first, 0, span_from(bytes, 10), 0, &done));
	CHECK_EQ(done, 1);
	end(pair.first);
	end(pair.second);
	check_totals(before);
}

TEST(stream_hang_up)
{
	static u8 bytes[100];
	u64 done;
	if (!start())
		return;
	struct totals before = totals();
	struct pair pair = make(4096, false);
	CHECK_OK(put(pair.second, 0, view_from(bytes, 100), 0, &done));
	object_put_handle(&pair.second->object);
	CHECK_EQ(pair.first->object.signals, SIGNAL_READABLE | SIGNAL_HANGUP);
	CHECK_OK(get(pair.first, 1, span_from(bytes, 60), 0, &done));
	CHECK_OK(get(pair.first, 1, span_from(bytes, 60), 0, &done));
	CHECK_EQ(done, 40);
	CHECK_OK(get(pair.first, 1, span_from(bytes, 60), DEADLINE_NEVER, &done));
	CHECK_EQ(done, 0);
	end(pair.first);
	object_put(&pair.second->object);
	pair = make(4096, false);
	CHECK_EQ(get(pair.first, 0, span_from(bytes, 1), DEADLINE_NEVER, &done), SYSCALL_BLOCKED);
	object_put_handle(&pair.second->object);
	CHECK_EQ(threads[0]->state, THREAD_READY); // and finds the end
	object_put(&pair.second->object);
	end(pair.first);
	pair = make(4096, false);
	object_put_handle(&pair.first->object);
	CHECK_EQ(put(pair.second, 0, view_from(bytes, 1), DEADLINE_NEVER, &done), ERR_CLOSED);
	object_put(&pair.first->object);
	end(pair.second);
	check_totals(before);
}

static err_t put_handles(struct stream *stream, u32 count, u64 size)
{
	act_as(0);
	struct stream_request request = { { BASE + 0x3000, size }, 0, count, 0 };
	return stream_write(stream, threads[0], &request);
}

TEST(stream_handles)
{
	struct stream_request request = { { BASE + 0x43000, 100 }, 0, 0, 0 };
	if (!start())
		return;
	struct handle_table *table = &process->handles;
	struct timer *timer;
	handle_t handle, inner_handle;
	REQUIRE_OK(timer_create(quota_root(), &timer));
	REQUIRE_OK(handle_install_take(table, &timer->object, ALL, &handle));
	struct totals before = totals();
	struct pair pair = make(4096, false);
	struct pair inner = make(4096, true);
	CHECK_OK(handle_install(table, &inner.first->object, ALL, &inner_handle));
	for (u32 i = 0; i < MESSAGE_HANDLES; i++) {
		threads[0]->block->handle[i] = handle;
		threads[0]->block->handle_rights[i] = RIGHT_WAIT;
	}
	CHECK_EQ(put_handles(pair.second, 5, 10), ERR_INVALID);
	CHECK_EQ(put_handles(pair.second, 1, 0), ERR_INVALID);
	CHECK_OK(put_handles(pair.second, 0, 7));
	CHECK_OK(put_handles(pair.second, 2, 10));
	CHECK_OK(put_handles(pair.second, 0, 5));
	threads[0]->block->handle[1] = HANDLE_NONE;
	CHECK_EQ(put_handles(pair.second, 2, 10), ERR_BAD_HANDLE);
	threads[0]->block->handle[0] = inner_handle;
	CHECK_EQ(put_handles(inner.first, 1, 10), ERR_STATE); // over itself
	CHECK_OK(put_handles(pair.second, 1, 1));
	CHECK_EQ(pair.first->core->carried, 1);
	act_as(1);
	CHECK_OK(stream_read(pair.first, threads[1], &request));
	CHECK_EQ(request.done, 7); // stops before the byte that brings handles
	CHECK_EQ(request.handles, 0);
	CHECK_OK(stream_read(pair.first, threads[1], &request));
	CHECK_EQ(request.done, 15);
	CHECK_EQ(request.handles, 2);
	struct handle_item entry;
	for (u32 i = 0; i < 2; i++) {
		handle_t got = threads[1]->block->handle[i];
		CHECK_OK(handle_find(table, got, nullptr, &entry));
		CHECK_EQ(entry.rights, RIGHT_WAIT);
		CHECK_OK(handle_close(table, got));
	}
	// Still on its way when nobody can read it any more: it hangs up.
	CHECK_OK(handle_close(table, inner_handle));
	object_put_handle(&inner.first->object);
	CHECK_EQ(inner.second->object.signals & SIGNAL_HANGUP, 0);
	end(pair.first);
	CHECK_EQ(inner.second->object.signals & SIGNAL_HANGUP, SIGNAL_HANGUP);
	object_put(&inner.first->object);
	end(inner.second);
	end(pair.second);
	check_totals(before);
	CHECK_OK(handle_close(table, handle));
}

TEST(futex_wait_wake_requeue_inherit)
{
	u32 woken;
	if (!start())
		return;
	const u64 word = BASE + 0x2000, other = BASE + 0x2100;
	act_as(0);
	u32 five = 5, six = 6;
	CHECK_OK(user_copy_out(word, &five, sizeof five));
	CHECK_OK(user_copy_out(other, &six, sizeof six));
	CHECK_EQ(futex_wait(threads[0], word, 4, DEADLINE_NEVER, nullptr), ERR_WOULD_BLOCK);
	CHECK_EQ(futex_wait(threads[0], word + 1, 5, DEADLINE_NEVER, nullptr), ERR_ALIGNMENT);
	CHECK_EQ(futex_wait(threads[0], word, 5, 0, nullptr), ERR_TIMED_OUT);
	threads[0]->priority_wanted = 9;
	CHECK_EQ(futex_wait(threads[0], word, 5, DEADLINE_NEVER, threads[1]), SYSCALL_BLOCKED);
	CHECK_EQ(threads[1]->priority_inherited, 9);
	act_as(1);
	CHECK_OK(futex_wake(other, 1, 0, 0, &woken));
	CHECK_EQ(woken, 0);
	CHECK_OK(futex_wake(word, 0, other, 1, &woken));
	CHECK_EQ(woken, 1);
	CHECK_OK(futex_wake(word, 1, 0, 0, &woken));
	CHECK_EQ(woken, 0);
	CHECK_EQ(threads[0]->state, THREAD_WAITING);
	CHECK_OK(futex_wake(other, 1, 0, 0, &woken));
	CHECK_EQ(woken, 1);
	CHECK_EQ(threads[0]->state, THREAD_READY);
	CHECK_EQ(threads[1]->priority_inherited, 0);
	act_as(0);
	CHECK_EQ(futex_wait(threads[0], word, 5, DEADLINE_NEVER, threads[1]), SYSCALL_BLOCKED);
	CHECK_EQ(threads[1]->priority_inherited, 9);
	CHECK(wait_end(threads[0], ERR_INTERRUPTED));
	CHECK_EQ(threads[1]->priority_inherited, 0);
	threads[0]->priority_wanted = 0;
}
