// SPDX-License-Identifier: MIT
// ipc_test.c - calls: the fast way, and every turn that a call can take.
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
