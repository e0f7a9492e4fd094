// SPDX-License-Identifier: MIT
// ipc_test.c - calls: the fast way, and every turn that a call can take.
#include "kernel/arch/arch.h"
#include "kernel/object/process.h"
#include "lib/base/test.h"
#include "test/host/kernel_world.h"

// A client of level 15 with a connection to the server's port, which the server waits on.
struct pair {
	struct thread *client, *server;
	handle_t port, connection; // in their tables
};

static handle_t as_handle(u64 value)
{
	return (handle_t){ (u32)value };
}

static handle_t connect(struct thread *server, handle_t port, struct thread *client, u64 badge)
{
	handle_t process;
	if (handle_install(&server->process->handles, &client->process->object, RIGHTS_ALL, &process) !=
		OK)
		return HANDLE_NONE;
	handle_t connection = as_handle(CALL(server, CONNECTION_CREATE, port.raw, badge).value);
	handle_t given =
		as_handle(CALL(server, PROCESS_GIVE, process.raw, connection.raw, RIGHTS_ALL).value);
	CHECK_OK(CALL(server, HANDLE_CLOSE, connection.raw).err);
	CHECK_OK(CALL(server, HANDLE_CLOSE, process.raw).err);
	return given;
}

static struct pair make_pair(void)
{
	struct pair pair = { .server = world_process(3), .client = world_process(LEVEL_PROGRAM) };
	pair.port = as_handle(CALL(pair.server, PORT_CREATE).value);
	pair.connection = connect(pair.server, pair.port, pair.client, 77);
	CHECK(pair.port.raw && pair.connection.raw);
	return pair;
}

static struct letter wait_on(struct pair *pair)
{
	return world_ipc(pair->server, SYSCALL_PORT_REPLY_WAIT, pair->port, &(struct letter){});
}

static struct letter call_with(struct pair *pair, u64 tag, u64 word)
{
	return world_ipc(pair->client, SYSCALL_CONNECTION_CALL, pair->connection,
		&(struct letter){ .tag = tag, .word = { word, 1, 2, 3, 4, 5, 6, 7 } });
}

static struct letter answer_with(struct pair *pair, u64 tag, u64 word)
{
	return world_ipc(pair->server, SYSCALL_PORT_REPLY_WAIT, pair->port,
		&(struct letter){ .tag = tag | TAG_REPLY, .word = { word, 9, 8, 7, 6, 5, 4, 3 } });
}

TEST(ipc_fast_call_and_reply)
{
	world_begin(1);
	struct pair pair = make_pair();
	CHECK(wait_on(&pair).is_waiting);
	CHECK(call_with(&pair, world_tag(8, 0, 0, 0) | 5, 1000).is_waiting);
	struct letter got = world_letter(pair.server);
	CHECK_OK(got.err);
	CHECK_EQ(got.badge, 77);
	CHECK_EQ(got.identity, pair.client->process->identity);
	CHECK_EQ(got.tag & 0xffff, 5);
	CHECK_EQ(got.word[0], 1000);
	CHECK_EQ(got.word[7], 7);
	CHECK(answer_with(&pair, 0, 2000).is_waiting);
	got = world_letter(pair.client);
	CHECK_OK(got.err);
	CHECK_EQ(got.word[0], 2000);
	CHECK_EQ(got.word[7], 3);
	CHECK(world_end());
}

constexpr u64 SECOND = 1'000'000'000;

static struct answer kill(struct thread *by, struct thread *whom)
{
	handle_t process;
	if (handle_install(&by->process->handles, &whom->process->object, RIGHTS_ALL, &process) != OK)
		return (struct answer){ .err = ERR_INVALID };
	struct answer answer = CALL(by, PROCESS_CONTROL, process.raw, PROCESS_OPERATION_KILL, 9);
	(void)CALL(by, HANDLE_CLOSE, process.raw);
	return answer;
}

TEST(ipc_call_before_the_server_waits)
{
	world_begin(1);
	struct pair pair = make_pair();
	CHECK(call_with(&pair, world_tag(1, 0, 0, 0), 42).is_waiting);
	struct letter got = wait_on(&pair);
	CHECK_OK(got.err);
	CHECK_EQ(got.word[0], 42);
	CHECK(answer_with(&pair, (u32)ERR_IO, 1).is_waiting);
	CHECK_EQ(world_letter(pair.client).err, ERR_IO);
	CHECK(world_end());
}

TEST(ipc_to_another_cpu)
{
	world_begin(2);
	struct pair pair = make_pair();
	CHECK_OK(CALL(pair.server, THREAD_CONTROL, 0, THREAD_OPERATION_SET_AFFINITY, 1).err);
	CHECK_OK(CALL(pair.client, THREAD_CONTROL, 0, THREAD_OPERATION_SET_AFFINITY, 2).err);
	CHECK(wait_on(&pair).is_waiting);
	for (u32 i = 0; i < 3; i++) {
		CHECK(call_with(&pair, world_tag(1, 0, 0, 0), i).is_waiting);
		CHECK_EQ(world_letter(pair.server).word[0], i);
		CHECK_EQ(pair.server->home, 0);
		CHECK_EQ(pair.client->home, 1);
		CHECK(answer_with(&pair, 0, i + 1).is_waiting);
		CHECK_EQ(world_letter(pair.client).word[0], i + 1);
	}
	CHECK(world_end());
}

TEST(ipc_level_goes_down_only)
{
	world_begin(1);
	struct pair pair = make_pair();
	handle_t own = as_handle(CALL(pair.server, CONNECTION_CREATE, pair.port.raw, 1).value);
	struct letter got = world_ipc(pair.server, SYSCALL_CONNECTION_CALL, own, &(struct letter){});
	CHECK_EQ(got.err, ERR_LEVEL);
	CHECK(world_end());
}

TEST(ipc_times_out_and_late_answer_is_gone)
{
	world_begin(1);
	struct pair pair = make_pair();
	CHECK(wait_on(&pair).is_waiting);
	pair.client->block->deadline = clock_now() + 100 * SECOND;
	CHECK(call_with(&pair, world_tag(1, 0, 0, TAG_DEADLINE), 1).is_waiting);
	CHECK_OK(world_letter(pair.server).err);
	world_advance(200 * SECOND);
	CHECK_EQ(world_letter(pair.client).err, ERR_TIMED_OUT);
	CHECK_EQ(answer_with(&pair, 0, 1).err, ERR_GONE);
	CHECK(world_end());
}

TEST(ipc_server_death_ends_or_repeats_the_call)
{
	for (u32 is_idempotent = 0; is_idempotent < 2; is_idempotent++) {
		world_begin(1);
		struct pair pair = make_pair();
		struct thread *heir = world_process(3); // holds the port too
		handle_t process;
		CHECK_OK(handle_install(
			&pair.server->process->handles, &heir->process->object, RIGHTS_ALL, &process));
		handle_t port = as_handle(
			CALL(pair.server, PROCESS_GIVE, process.raw, pair.port.raw, RIGHTS_ALL).value);
		CHECK(wait_on(&pair).is_waiting);
		CHECK(
			call_with(&pair, world_tag(1, 0, 0, is_idempotent ? TAG_IDEMPOTENT : 0), 7).is_waiting);
		CHECK_OK(world_letter(pair.server).err);
		CHECK_OK(kill(heir, pair.server).err);
		CHECK(!world_run(pair.server));
		if (is_idempotent) {
			struct letter got = world_ipc(heir, SYSCALL_PORT_REPLY_WAIT, port, &(struct letter){});
			CHECK_EQ(got.word[0], 7);
			CHECK(world_ipc(heir, SYSCALL_PORT_REPLY_WAIT, port,
				&(struct letter){ .tag = TAG_REPLY, .word = { 8 } })
					.is_waiting);
			CHECK_EQ(world_letter(pair.client).word[0], 8);
		} else {
			CHECK_EQ(world_letter(pair.client).err, ERR_RESTARTED);
		}
		CHECK(world_end());
	}
}

TEST(ipc_caller_death_tells_the_server)
{
	world_begin(1);
	struct pair pair = make_pair();
	CHECK(wait_on(&pair).is_waiting);
	CHECK(call_with(&pair, world_tag(1, 0, 0, 0), 7).is_waiting);
	CHECK_OK(world_letter(pair.server).err);
	CHECK_OK(kill(pair.server, pair.client).err);
	world_settle();
	CHECK(pair.server->block->cancelled);
	CHECK_EQ(answer_with(&pair, 0, 1).err, ERR_GONE);
	struct letter got = wait_on(&pair); // its last connection is closed
	CHECK_EQ(got.tag >> TAG_KIND_SHIFT & 15, MESSAGE_HANGUP);
	CHECK_EQ(got.badge, 77);
	CHECK(world_end());
}

TEST(ipc_port_closed_fails_queued_calls)
{
	world_begin(1);
	struct pair pair = make_pair();
	CHECK(call_with(&pair, world_tag(1, 0, 0, 0), 7).is_waiting);
	CHECK_OK(CALL(pair.server, HANDLE_CLOSE, pair.port.raw).err);
	CHECK_EQ(world_letter(pair.client).err, ERR_CLOSED);
	CHECK_EQ(call_with(&pair, 0, 7).err, ERR_CLOSED);
	CHECK_EQ(
		CALL(pair.client, OBJECT_WAIT, pair.connection.raw, SIGNAL_HANGUP, 0).value, SIGNAL_HANGUP);
	CHECK(world_end());
}

TEST(ipc_saved_call_is_answered_later_and_cancelled)
{
	world_begin(1);
	struct pair pair = make_pair();
	CHECK(wait_on(&pair).is_waiting);
	CHECK(call_with(&pair, world_tag(1, 0, 0, 0), 7).is_waiting);
	handle_t reply = as_handle(CALL(pair.server, REPLY_SAVE).value);
	CHECK_EQ(CALL(pair.server, REPLY_SAVE).err, ERR_STATE);
	CHECK(wait_on(&pair).is_waiting);
	handle_t client;
	CHECK_OK(
		handle_install(&pair.server->process->handles, &pair.client->object, RIGHTS_ALL, &client));
	pair.client->block->entry = WORLD_UPCALL;
	struct thread *other = world_thread(pair.server);
	CHECK_OK(CALL(other, THREAD_NOTIFY, client.raw, 2).err);
	struct letter told = world_letter(pair.server);
	CHECK_EQ(told.tag >> TAG_KIND_SHIFT & 15, MESSAGE_CANCEL);
	CHECK_EQ(told.badge, reply.raw);
	CHECK_OK(world_ipc(
		pair.server, SYSCALL_REPLY_SEND, reply, &(struct letter){ .tag = (u32)ERR_CANCELLED })
			.err);
	CHECK_EQ(world_letter(pair.client).err, ERR_CANCELLED);
	CHECK_EQ(pair.client->registers.rip, WORLD_UPCALL);
	world_upcall_return(pair.client);
	CHECK_EQ(
		world_ipc(pair.server, SYSCALL_REPLY_SEND, reply, &(struct letter){}).err, ERR_BAD_HANDLE);
	CHECK(world_end());
}

// Who has left its call has its handle table and thread block for itself again.
TEST(ipc_late_answer_passes_no_handles)
{
	world_begin(1);
	struct pair pair = make_pair();
	struct thread_block *block = pair.client->block;
	CHECK(wait_on(&pair).is_waiting);
	block->deadline = clock_now() + 100 * SECOND;
	CHECK(call_with(&pair, world_tag(1, 0, 0, TAG_DEADLINE), 7).is_waiting);
	handle_t reply = as_handle(CALL(pair.server, REPLY_SAVE).value);
	CHECK(wait_on(&pair).is_waiting);
	world_advance(200 * SECOND);
	CHECK_EQ(world_letter(pair.client).err, ERR_TIMED_OUT);
	CHECK_EQ(world_letter(pair.server).tag >> TAG_KIND_SHIFT & 15, MESSAGE_ABANDON);
	block->handle[0] = pair.connection; // it is about to send something else
	block->handle_count = 5;
	u32 used = pair.client->process->handles.used;
	pair.server->block->handle[0] = world_handles(pair.server).memory;
	pair.server->block->handle_rights[0] = RIGHTS_ALL;
	CHECK_EQ(world_ipc(pair.server, SYSCALL_REPLY_SEND, reply,
				 &(struct letter){ .tag = world_tag(0, 1, 0, 0) })
				 .err,
		ERR_GONE);
	CHECK_EQ(pair.client->process->handles.used, used);
	CHECK_EQ(block->handle[0].raw, pair.connection.raw);
	CHECK_EQ(block->handle_count, 5);
	CHECK(world_end());
}

TEST(ipc_passes_handles_and_lends_memory)
{
	world_begin(1);
	struct pair pair = make_pair();
	CHECK(wait_on(&pair).is_waiting);
	struct thread_block *block = pair.client->block;
	block->handle[0] = world_handles(pair.client).memory;
	block->handle_rights[0] = RIGHT_READ;
	block->lend[0] = (struct lend){ WORLD_DATA, 100, LEND_READ, 0 };
	block->lend[1] = (struct lend){ WORLD_DATA + 4096, 100, LEND_WRITE, 0 };
	CHECK(world_set_word(pair.client, WORLD_DATA + 8, 1234));
	CHECK(call_with(&pair, world_tag(1, 1, 2, 0), 7).is_waiting);
	CHECK_OK(world_letter(pair.server).err);
	CHECK_EQ(pair.server->block->handle_count, 1);
	handle_t memory = pair.server->block->handle[0];
	CHECK_EQ(CALL(pair.server, MEMORY_WRITE, memory.raw, 0, WORLD_DATA, 4).err, ERR_RIGHTS);
	CHECK_EQ(
		CALL(pair.server, MEMORY_READ, memory.raw, WORLD_DATA - WORLD_BASE, WORLD_DATA, 16).value,
		16);
	CHECK_EQ(world_word(pair.server, WORLD_DATA + 8), 1234);
	CHECK_EQ(CALL(pair.server, LEASE_READ, 0, 0, 90, WORLD_DATA, 50).value, 10);
	CHECK_EQ(CALL(pair.server, LEASE_READ, 0, 0, 101, WORLD_DATA, 1).err, ERR_RANGE);
	CHECK_EQ(CALL(pair.server, LEASE_READ, 0, 2, 0, WORLD_DATA, 1).err, ERR_RANGE);
	CHECK_EQ(CALL(pair.server, LEASE_READ, 0, 1, 0, WORLD_DATA, 1).err, ERR_RIGHTS);
	CHECK_EQ(CALL(pair.server, LEASE_WRITE, 0, 0, 0, WORLD_DATA, 1).err, ERR_RIGHTS);
	CHECK(world_set_word(pair.server, WORLD_DATA, 99));
	CHECK_EQ(CALL(pair.server, LEASE_WRITE, 0, 1, 4, WORLD_DATA, 4).value, 4);
	CHECK(answer_with(&pair, 0, 1).is_waiting);
	CHECK_OK(world_letter(pair.client).err);
	CHECK_EQ(world_word(pair.client, WORLD_DATA + 4096 + 4), 99);
	CHECK(world_end());
}
