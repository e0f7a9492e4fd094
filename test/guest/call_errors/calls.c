// SPDX-License-Identifier: MIT
// calls.c - errors at the client's end of a call.
#include "test/guest/call_errors/errors.h"

static struct worker server;
static struct guest_port port;

void test_calls(void)
{
	struct thread_block *block = block_self();
	CHECK_OK(guest_port(7, &port));
	u64 connection = port.connection.raw;
	FAILS(CONNECTION_CALL, ERR_INVALID, connection, 5ull << TAG_HANDLES_SHIFT);
	FAILS(CONNECTION_CALL, ERR_INVALID, connection, 5ull << TAG_LENDS_SHIFT);
	AT(block->lend, 0) = (struct lend){ fixture.buffer, 8, 0, 0 };
	FAILS(CONNECTION_CALL, ERR_INVALID, connection, 1ull << TAG_LENDS_SHIFT);
	AT(block->lend, 0) = (struct lend){ fixture.buffer, 8, 4, 0 };
	FAILS(CONNECTION_CALL, ERR_INVALID, connection, 1ull << TAG_LENDS_SHIFT);
	AT(block->lend, 0) = (struct lend){ fixture.buffer, 8, LEND_READ, 1 };
	FAILS(CONNECTION_CALL, ERR_INVALID, connection, 1ull << TAG_LENDS_SHIFT);
	AT(block->lend, 0) = (struct lend){ ~0ull << 40, 8, LEND_READ, 0 };
	FAILS(CONNECTION_CALL, ERR_FAULT, connection, 1ull << TAG_LENDS_SHIFT);
	AT(block->lend, 0) = (struct lend){ fixture.buffer, UINT64_MAX, LEND_READ, 0 };
	FAILS(CONNECTION_CALL, ERR_FAULT, connection, 1ull << TAG_LENDS_SHIFT);
	block->deadline = 1;
	FAILS(CONNECTION_CALL, ERR_TIMED_OUT, connection, TAG_DEADLINE);
	block->deadline = guest_after(3);
	FAILS(CONNECTION_CALL, ERR_TIMED_OUT, connection, TAG_DEADLINE);
	CHECK_OK(handle_close(port.port));
	FAILS(CONNECTION_CALL, ERR_CLOSED, connection, 0);
	CHECK_OK(handle_close(port.connection));
}

// Answers the first call with this error; without one drops it by waiting for another.
static u64 serve_run(void *_Nullable argument)
{
	struct message message = {};
	i32 error = (i32)(intptr_t)argument;
	if (port_receive_until(port.port, &message, guest_soon()) != OK)
		return 1;
	message.tag = error ? TAG_REPLY | reply_tag((err_t)error, 0) : 0;
	return port_receive_until(port.port, &message, guest_after(1)) != ERR_TIMED_OUT;
}

static err_t call_served(i32 error, u64 tag)
{
	struct message message = { .tag = tag };
	void *argument = guest_number((u64)(i64)error);
	TRY(worker_start(&server, serve_run, argument));
	err_t err = connection_invoke_until(port.connection, &message, guest_soon());
	record_unstubbed(SYSCALL_CONNECTION_CALL, err);
	TRY(worker_join(&server, guest_soon()));
	return err;
}

void test_call_ends(void)
{
	static struct job job;
	u64 unused;
	CHECK_OK(guest_port(7, &port));
	CHECK_EQ(call_served(ERR_CANCELLED, 0), ERR_CANCELLED);
	CHECK_EQ(call_served(0, 0), ERR_RESTARTED);
	job = JOB(CONNECTION_CALL, port.connection.raw, 0);
	CHECK(job_start(&job));
	CHECK_OK(thread_control(job.worker.handle, THREAD_OPERATION_INTERRUPT, 0, 0, &unused));
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_INTERRUPTED);
	job = JOB(CONNECTION_CALL, port.connection.raw, 0);
	CHECK(job_start(&job));
	CHECK_OK(thread_notify(job.worker.handle, 4));
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_INTERRUPTED);
	job = JOB(CONNECTION_CALL, port.connection.raw, 0);
	CHECK(job_start(&job));
	CHECK_OK(handle_close(port.port));
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_CLOSED);
	CHECK_OK(handle_close(port.connection));
}

constexpr u32 CHAIN = CALL_DEPTH_MAX + 1;

static struct guest_port chain[CHAIN + 1];
static struct worker links[CHAIN];

// Each passes the call on to the next and its answer back.
static u64 link_run(void *_Nullable argument)
{
	struct message message = {};
	u64 index = (u64)(uintptr_t)argument;
	if (port_receive_until(AT(chain, index).port, &message, guest_soon()) != OK)
		return 1;
	struct message next = {};
	err_t err = connection_invoke_until(AT(chain, index + 1).connection, &next, guest_soon());
	record_unstubbed(SYSCALL_CONNECTION_CALL, err);
	message.tag = reply_tag(err, 0);
	return reply_send(HANDLE_NONE, &message) != OK;
}

void test_call_depth(void)
{
	struct message message = {};
	for (u64 i = 0; i <= CHAIN; i++)
		CHECK_OK(guest_port(i, &AT(chain, i)));
	for (u64 i = 0; i < CHAIN; i++) {
		CHECK_OK(worker_start(&AT(links, i), link_run, guest_number(i)));
	}
	CHECK_EQ(connection_invoke_until(AT(chain, 0).connection, &message, guest_soon()), ERR_DEPTH);
	for (u64 i = 0; i < CALL_DEPTH_MAX; i++)
		CHECK_OK(worker_join(&AT(links, i), guest_soon()));
	CHECK_OK(worker_kill(&AT(links, CALL_DEPTH_MAX)));
	CHECK_OK(worker_join(&AT(links, CALL_DEPTH_MAX), guest_soon()));
	for (u64 i = 0; i <= CHAIN; i++)
		guest_port_close(&AT(chain, i));
}

static u64 poor_run(void *_Nullable argument)
{
	struct message message = {};
	(void)argument;
	return port_receive_until(port.port, &message, guest_after(200)) != ERR_TIMED_OUT;
}

// A handle is sent to a server that may not have more; one that is none; one that may not be
// passed.
void test_call_quota(void)
{
	handle_t fixed;
	struct thread_block *block = block_self();
	CHECK_OK(guest_port(7, &port));
	CHECK_OK(handle_duplicate(port.connection, RIGHTS_ALL & ~RIGHT_TRANSFER, &fixed));
	CHECK_OK(worker_start(&server, poor_run, nullptr));
	CHECK(guest_settled(server.handle));
	CHECK(starve(STARVE_HANDLES));
	AT(block->handle, 0) = port.connection;
	AT(block->handle_rights, 0) = RIGHTS_ALL;
	FAILS(CONNECTION_CALL, ERR_QUOTA, port.connection.raw, 1ull << TAG_HANDLES_SHIFT);
	feed();
	AT(block->handle, 0) = (handle_t){ 0xdeadbeef };
	FAILS(CONNECTION_CALL, ERR_BAD_HANDLE, port.connection.raw, 1ull << TAG_HANDLES_SHIFT);
	AT(block->handle, 0) = fixed;
	FAILS(CONNECTION_CALL, ERR_RIGHTS, port.connection.raw, 1ull << TAG_HANDLES_SHIFT);
	CHECK_OK(worker_join(&server, guest_soon()));
	CHECK_EQ(server.result, 0);
	CHECK_OK(handle_close(fixed));
	guest_port_close(&port);
}
