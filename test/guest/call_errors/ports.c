// SPDX-License-Identifier: MIT
// ports.c - errors at the service's end: ports, bindings, answers, leases.
#include "test/guest/call_errors/errors.h"

static struct worker caller;
static struct guest_port port;
static handle_t lent_memory; // a pager's: nobody supplies its pages
static u64 lent_address;

static u64 call_run(void *_Nullable tag)
{
	struct message message = { .tag = (u64)(uintptr_t)tag };
	AT(message.lend, 0) = (struct lend){ fixture.buffer, PAGE_SIZE, LEND_READ, 0 };
	AT(message.lend, 1) = (struct lend){ fixture.buffer, PAGE_SIZE, LEND_WRITE, 0 };
	AT(message.lend, 2) = (struct lend){ lent_address, PAGE_SIZE, LEND_READ | LEND_WRITE, 0 };
	AT(message.lend, 3) = (struct lend){ fixture.unmapped, PAGE_SIZE, LEND_READ | LEND_WRITE, 0 };
	record_unstubbed(SYSCALL_CONNECTION_CALL, connection_invoke(port.connection, &message));
	return 0;
}

// A call to port in hand of this thread, made by caller.
static bool take_call(u64 tag)
{
	struct message message = {};
	void *argument = guest_number(tag);
	return worker_start(&caller, call_run, argument) == OK &&
	       port_receive_until(port.port, &message, guest_soon()) == OK;
}

static bool lose_caller(void)
{
	return worker_kill(&caller) == OK && worker_join(&caller, guest_soon()) == OK;
}

void test_ports(void)
{
	u64 timer = AT(fixture.good, HANDLE_KIND_TIMER).raw;
	CHECK_OK(guest_port(7, &port));
	FAILS(PORT_CREATE, ERR_LEVEL, 16);
	FAILS(PORT_BIND, ERR_NOT_FOUND, port.port.raw, timer, 0, 1, 0);
	CHECK(starve(STARVE_OBJECTS));
	FAILS(PORT_BIND, ERR_QUOTA, port.port.raw, timer, 1, 1, 0);
	FAILS(PORT_CREATE, ERR_QUOTA, 0);
	FAILS(CONNECTION_CREATE, ERR_QUOTA, port.port.raw, 1);
	feed();
	CHECK_OK(port_bind(port.port, (handle_t){ (u32)timer }, 1u << 16, 1, BIND_MODE_LEVEL));
	FAILS(PORT_BIND, ERR_EXISTS, port.port.raw, timer, 1u << 16, 1, 0);
	CHECK_OK(port_bind(port.port, (handle_t){ (u32)timer }, 0, 0, BIND_MODE_LEVEL));
	FAILS(PORT_BIND, ERR_NOT_FOUND, port.port.raw, timer, 0, 1, 0);
	FAILS(PORT_REPLY_WAIT, ERR_WOULD_BLOCK, port.port.raw, TAG_POLL);
	block_self()->deadline = 1;
	FAILS(PORT_REPLY_WAIT, ERR_TIMED_OUT, port.port.raw, TAG_DEADLINE);
	block_self()->deadline = guest_after(2);
	FAILS(PORT_REPLY_WAIT, ERR_TIMED_OUT, port.port.raw, TAG_DEADLINE);
	guest_port_close(&port);
}

void test_port_ends(void)
{
	static struct job job;
	u64 unused;
	CHECK_OK(guest_port(7, &port));
	job = JOB(PORT_REPLY_WAIT, port.port.raw, 0);
	CHECK(job_start(&job));
	CHECK_OK(thread_control(job.worker.handle, THREAD_OPERATION_INTERRUPT, 0, 0, &unused));
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_INTERRUPTED);
	job = JOB(PORT_REPLY_WAIT, port.port.raw, 0);
	CHECK(job_start(&job));
	CHECK_OK(thread_notify(job.worker.handle, 1));
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_INTERRUPTED);
	job = JOB(PORT_REPLY_WAIT, port.port.raw, 0);
	CHECK(job_start(&job));
	CHECK_OK(handle_close(port.port));
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_CLOSED);
	CHECK_OK(handle_close(port.connection));
}

void test_replies(void)
{
	handle_t reply, fixed;
	FAILS(REPLY_SEND, ERR_STATE, 0, 0);
	FAILS(REPLY_SAVE, ERR_STATE, 0);
	FAILS(LEASE_READ, ERR_STATE, 0, 0, 0, fixture.buffer, 8);
	FAILS(LEASE_WRITE, ERR_STATE, 0, 0, 0, fixture.buffer, 8);
	CHECK_OK(guest_port(7, &port));
	FAILS(PORT_REPLY_WAIT, ERR_STATE, port.port.raw, TAG_REPLY);
	CHECK(take_call(0));
	FAILS(REPLY_SEND, ERR_INVALID, 0, 1ull << TAG_LENDS_SHIFT);
	FAILS(REPLY_SEND, ERR_INVALID, 0, 5ull << TAG_HANDLES_SHIFT);
	FAILS(PORT_REPLY_WAIT, ERR_INVALID, port.port.raw, TAG_REPLY | 5ull << TAG_HANDLES_SHIFT);
	CHECK_OK(handle_duplicate(port.port, RIGHTS_ALL & ~RIGHT_TRANSFER, &fixed));
	AT(block_self()->handle, 0) = fixed;
	AT(block_self()->handle_rights, 0) = RIGHTS_ALL;
	FAILS(REPLY_SEND, ERR_RIGHTS, 0, 1ull << TAG_HANDLES_SHIFT);
	AT(block_self()->handle, 0) = (handle_t){ 0xdeadbeef };
	FAILS(REPLY_SEND, ERR_BAD_HANDLE, 0, 1ull << TAG_HANDLES_SHIFT);
	AT(block_self()->handle, 0) = port.port;
	CHECK(starve(STARVE_HANDLES));
	FAILS(REPLY_SEND, ERR_QUOTA, 0, 1ull << TAG_HANDLES_SHIFT);
	FAILS(PORT_REPLY_WAIT, ERR_QUOTA, port.port.raw, TAG_REPLY | 1ull << TAG_HANDLES_SHIFT);
	FAILS(REPLY_SAVE, ERR_QUOTA, 0);
	feed();
	CHECK(starve(STARVE_OBJECTS));
	FAILS(REPLY_SAVE, ERR_QUOTA, 0);
	feed();
	CHECK_OK(reply_save(&reply));
	CHECK(lose_caller());
	FAILS(LEASE_READ, ERR_GONE, reply.raw, 0, 0, fixture.buffer, 8);
	FAILS(LEASE_WRITE, ERR_GONE, reply.raw, 1, 0, fixture.buffer, 8);
	FAILS(REPLY_SEND, ERR_GONE, reply.raw, 0);
	FAILS(REPLY_SEND, ERR_BAD_HANDLE, reply.raw, 0); // used up
	CHECK(take_call(0));
	CHECK(lose_caller());
	FAILS(REPLY_SEND, ERR_GONE, 0, 0);
	CHECK(take_call(0));
	CHECK(lose_caller());
	FAILS(PORT_REPLY_WAIT, ERR_GONE, port.port.raw, TAG_REPLY | TAG_POLL);
	CHECK_OK(handle_close(fixed));
	guest_port_close(&port);
}

static void check_lease(u32 call, u64 reply, u32 wrong, u32 right)
{
	u64 in = fixture.buffer + PAGE_SIZE; // not what is lent
	check_error(call, (const u64[6]){ reply, 4, 0, in, 8 }, ERR_RANGE, "fifth lend");
	check_error(call, (const u64[6]){ reply, UINT32_MAX, 0, in, 8 }, ERR_RANGE, "last index");
	check_error(call, (const u64[6]){ reply, wrong, 0, in, 8 }, ERR_RIGHTS, "other direction");
	check_error(
		call, (const u64[6]){ reply, right, PAGE_SIZE + 1, in, 8 }, ERR_RANGE, "beyond its end");
	check_error(
		call, (const u64[6]){ reply, right, UINT64_MAX, in, 8 }, ERR_RANGE, "wrapping offset");
	check_error(call, (const u64[6]){ reply, 2, 0, in, 8 }, ERR_PAGE_NEEDED, "absent page");
	check_error(call, (const u64[6]){ reply, 3, 0, in, 8 }, ERR_FAULT, "the caller's is unmapped");
	check_error(call, (const u64[6]){ reply, right, 0, fixture.unmapped, 8 }, ERR_FAULT, "own");
	check_error(call, (const u64[6]){ reply, right, 0, ~0ull << 40, 8 }, ERR_FAULT, "kernel");
}

void test_leases(void)
{
	handle_t reply;
	struct guest_port pager;
	CHECK_OK(guest_port(1, &pager));
	CHECK_OK(memory_create(MEMORY_KIND_PAGER, PAGE_SIZE, pager.port, 1, 0, &lent_memory));
	CHECK_OK(guest_map(lent_memory, PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_WRITE, &lent_address));
	CHECK_OK(guest_port(7, &port));
	CHECK(take_call(4ull << TAG_LENDS_SHIFT));
	check_lease(SYSCALL_LEASE_READ, 0, 1, 0);
	check_lease(SYSCALL_LEASE_WRITE, 0, 0, 1);
	CHECK_OK(reply_save(&reply));
	check_lease(SYSCALL_LEASE_READ, reply.raw, 1, 0);
	check_lease(SYSCALL_LEASE_WRITE, reply.raw, 0, 1);
	CHECK(lose_caller());
	CHECK_OK(handle_close(reply));
	CHECK(take_call(1ull << TAG_LENDS_SHIFT));
	FAILS(LEASE_READ, ERR_RANGE, 0, 1, 0, fixture.buffer, 8); // was not lent this time
	CHECK(lose_caller());
	FAILS(LEASE_READ, ERR_GONE, 0, 0, 0, fixture.buffer, 8);
	CHECK_EQ(guest_syscall(SYSCALL_REPLY_SEND, (const u64[6]){}).err, ERR_GONE);
	CHECK_OK(memory_unmap(HANDLE_NONE, lent_address, PAGE_SIZE));
	CHECK_OK(handle_close(lent_memory));
	guest_port_close(&pager);
	guest_port_close(&port);
}
