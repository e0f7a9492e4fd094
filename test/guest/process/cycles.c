// SPDX-License-Identifier: MIT
// cycles.c - processes that cannot run and hold handles only to themselves or each other, so that
// no count falls to zero: they end with the process that made them. See decision 015.
#include "test/guest/process/process_test.h"

handle_t ring_port; // handles to it count the tables that are still there

static err_t make(handle_t *process)
{
	u32 value;
	TRY(process_create(HANDLE_NONE, 0, LEVEL_PROGRAM, process));
	return process_give(*process, ring_port, RIGHTS_ALL, &value);
}

static err_t give_both(handle_t first, handle_t second)
{
	u32 value;
	TRY(process_give(first, second, RIGHTS_ALL, &value));
	return process_give(second, first, RIGHTS_ALL, &value);
}

u64 ring_of_one(u64 argument)
{
	handle_t process;
	u32 value;
	MUST(make(&process) == OK);
	MUST(process_give(process, process, RIGHTS_ALL, &value) == OK);
	MUST(handle_close(process) == OK);
	return argument;
}

static u64 ring_of_two(u64 argument)
{
	handle_t first, second;
	MUST(make(&first) == OK && make(&second) == OK);
	MUST(give_both(first, second) == OK);
	MUST(handle_close(first) == OK && handle_close(second) == OK);
	return argument;
}

// The process holds the end of a stream at which its own handle waits to be read.
static u64 ring_by_stream(u64 argument)
{
	handle_t process, reader, writer;
	u64 done;
	u32 value;
	MUST(make(&process) == OK);
	MUST(stream_create(PAGE_SIZE, 0, &reader, &writer) == OK);
	AT(block_self()->handle, 0) = process;
	AT(block_self()->handle_rights, 0) = RIGHTS_ALL;
	MUST(stream_write(writer, VIEW_TEXT("x"), 0, 1, &done) == OK);
	MUST(process_give(process, reader, RIGHTS_ALL, &value) == OK);
	MUST(handle_close(reader) == OK && handle_close(writer) == OK && handle_close(process) == OK);
	return argument;
}

// Two that ran, and whose handles are kept.
static u64 ring_of_estates(u64 argument)
{
	handle_t first, second;
	MUST(guest_fork(sleep_long, 0, &first) == OK && guest_fork(sleep_long, 0, &second) == OK);
	MUST(process_control(first, PROCESS_OPERATION_KEEP_HANDLES, 1, 0) == OK);
	MUST(process_control(second, PROCESS_OPERATION_KEEP_HANDLES, 1, 0) == OK);
	MUST(give_both(first, second) == OK);
	MUST(process_control(first, PROCESS_OPERATION_KILL, 0, 0) == OK);
	MUST(process_control(second, PROCESS_OPERATION_KILL, 0, 0) == OK);
	if (argument & 1) { // whether they are dead when their maker ends, or only dying
		u32 observed;
		MUST(object_wait(first, SIGNAL_EXITED, guest_soon(), &observed) == OK);
		MUST(object_wait(second, SIGNAL_EXITED, guest_soon(), &observed) == OK);
	}
	MUST(handle_close(first) == OK && handle_close(second) == OK);
	return argument;
}

static bool is_level(const struct guest_level *before)
{
	struct guest_level now = {};
	for (u64 end = guest_soon(); clock_read() < end;) {
		if (guest_level(&now) != OK)
			return false;
		if (now.objects <= before->objects && now.handles_used <= before->handles_used &&
			now.pages_used <= before->pages_used)
			return true;
	}
	print("  objects %lu -> %lu, handles %lu -> %lu, pages %lu -> %lu\n", before->objects,
		now.objects, before->handles_used, now.handles_used, before->pages_used, now.pages_used);
	return false;
}

void test_cycles(void)
{
	static u64 (*const rings[])(
		u64) = { ring_of_one, ring_of_two, ring_by_stream, ring_of_estates };
	struct guest_level before;
	handle_t maker;
	u64 code;
	CHECK_OK(port_create(0, &ring_port));
	CHECK_OK(guest_level(&before));
	for (u32 i = 0; i < 5 * COUNT(rings); i++) {
		CHECK_OK(guest_fork(AT(rings, i % COUNT(rings)), i, &maker));
		CHECK_OK(guest_wait(maker, &code));
		CHECK_EQ(code, i);
		CHECK(is_level(&before));
	}
	CHECK_OK(handle_close(ring_port));
}
