// SPDX-License-Identifier: MIT
// ties.c - objects that hold each other: bindings, calls, handles under way in streams and
// messages.
#include "lib/base/atomic.h"
#include "test/guest/chaos_leak/leak.h"

static err_t close_both(handle_t a, handle_t b, bool is_turned)
{
	TRY(handle_close(is_turned ? b : a));
	return handle_close(is_turned ? a : b);
}

err_t bind_step(u64 round)
{
	handle_t port, timer;
	TRY(port_create(0, &port));
	TRY(timer_create(&timer));
	TRY(port_bind(port, timer, SIGNAL_FIRED, 1, (enum bind_mode)(round % 3)));
	if (round % 5 == 4)
		TRY(port_bind(port, timer, 0, 0, BIND_MODE_LEVEL));
	return close_both(port, timer, round & 1);
}

// The notice waits in the port when one of the two ends.
err_t bind_fired_step(u64 round)
{
	handle_t port, timer;
	struct message message = {};
	TRY(port_create(0, &port));
	TRY(timer_create(&timer));
	TRY(port_bind(port, timer, 1u << 20, 77, (enum bind_mode)(round % 3)));
	TRY(object_signal(timer, 0, 1u << 20));
	if (round % 4 == 0) {
		TRY(port_receive(port, &message));
		if (message_kind(&message) != MESSAGE_EVENT || message.badge != 77)
			return ERR_STATE;
	}
	return close_both(port, timer, round & 1);
}

err_t hangup_step(u64 round)
{
	handle_t port, connection;
	struct message message = {};
	TRY(port_create(0, &port));
	TRY(connection_create(port, round, &connection));
	TRY(port_bind(port, connection, SIGNAL_READABLE, 5, BIND_MODE_LEVEL));
	TRY(object_signal(connection, 0, SIGNAL_READABLE));
	TRY(handle_close(connection));
	if (round & 1) {
		message.tag = TAG_POLL;
		err_t err = port_receive(port, &message);
		if (err != OK && err != ERR_WOULD_BLOCK)
			return err;
	}
	return handle_close(port);
}

static err_t send(handle_t stream, handle_t a, handle_t b)
{
	u8 byte[1] = { 7 };
	u64 done;
	struct thread_block *block = block_self();
	AT(block->handle, 0) = a;
	AT(block->handle, 1) = b;
	AT(block->handle_rights, 0) = RIGHTS_ALL;
	AT(block->handle_rights, 1) = RIGHTS_ALL;
	return stream_write(stream, view_of(byte), 0, 2, &done);
}

static err_t receive(handle_t stream)
{
	u8 bytes[8];
	u64 done;
	u32 handles;
	TRY(stream_read(stream, span_of(bytes), 0, &done, &handles));
	for (u32 i = 0; i < handles; i++)
		TRY(handle_close(AT(block_self()->handle, i)));
	return OK;
}

err_t parcel_step(u64 round)
{
	handle_t reader, writer, port, timer;
	TRY(stream_create(4096, 0, &reader, &writer));
	TRY(port_create(0, &port));
	TRY(timer_create(&timer));
	for (u32 i = 0; i < 3; i++)
		TRY(send(writer, port, timer));
	TRY(handle_close(port));
	if (round & 1)
		TRY(receive(reader));
	TRY(handle_close(timer));
	return close_both(reader, writer, round & 2);
}

// A stream on its way inside another one.
err_t parcel_nested_step(u64 round)
{
	handle_t reader, writer, inner_reader, inner_writer, timer;
	TRY(stream_create(4096, 0, &reader, &writer));
	TRY(stream_create(4096, 0, &inner_reader, &inner_writer));
	TRY(timer_create(&timer));
	TRY(send(inner_writer, timer, timer));
	TRY(send(writer, inner_reader, inner_writer));
	TRY(handle_close(timer));
	TRY(close_both(inner_reader, inner_writer, round & 1));
	if (round & 4)
		TRY(receive(reader));
	return close_both(reader, writer, round & 2);
}

// Whatever of this the kernel allows must not keep anything alive for ever.
err_t cycle_step(u64 round)
{
	handle_t a, b, c, d;
	TRY(stream_create(4096, STREAM_FLAGS_TWO_WAY, &a, &b));
	TRY(stream_create(4096, STREAM_FLAGS_TWO_WAY, &c, &d));
	(void)!send(a, b, a);
	(void)!send(a, c, d);
	(void)!send(c, a, b);
	TRY(close_both(a, b, round & 1));
	return close_both(c, d, round & 2);
}

// A service in a thread of this process: one call, answered as the operation says.
enum operation : u16 { ANSWER, SAVE_AND_ANSWER, SAVE_AND_DROP, TAKE_HANDLES, GIVE_HANDLES, STOP };

static err_t answer(handle_t port, struct message *message)
{
	handle_t reply;
	u16 operation = (u16)message->tag;
	struct message out = { .tag = reply_tag(OK, 1), .word = { AT(message->word, 0) + 1 } };
	if (operation == SAVE_AND_ANSWER || operation == SAVE_AND_DROP) {
		TRY(reply_save(&reply));
		return operation == SAVE_AND_DROP ? handle_close(reply) : reply_send(reply, &out);
	}
	for (u32 i = 0; i < (message->tag >> TAG_HANDLES_SHIFT & 7); i++)
		TRY(handle_close(AT(message->handle, i)));
	if (operation == GIVE_HANDLES) {
		out.tag |= 2ull << TAG_HANDLES_SHIFT;
		AT(out.handle, 0) = AT(out.handle, 1) = port;
		AT(out.handle_rights, 0) = AT(out.handle_rights, 1) = RIGHTS_ALL;
	}
	return reply_send(HANDLE_NONE, &out);
}

static u64 serve(void *_Nullable argument)
{
	handle_t port = { (u32)(u64)argument };
	struct message message = {};
	do {
		message.tag = 0;
		if (port_receive_until(port, &message, guest_soon()) != OK)
			return 1;
		if (message_kind(&message) == MESSAGE_CALL && answer(port, &message) != OK)
			return 2;
	} while ((u16)message.tag != STOP);
	return 0;
}

static err_t invoke(handle_t connection, u16 operation, u32 handles, handle_t handle)
{
	struct message message = { .tag = operation | 1ull << TAG_WORDS_SHIFT |
		                              (u64)handles << TAG_HANDLES_SHIFT,
		.word = { operation } };
	for (u32 i = 0; i < handles; i++) {
		AT(message.handle, i) = handle;
		AT(message.handle_rights, i) = RIGHTS_ALL;
	}
	TRY(connection_invoke_until(connection, &message, guest_soon()));
	for (u32 i = 0; i < (message.tag >> TAG_HANDLES_SHIFT & 7); i++)
		TRY(handle_close(AT(message.handle, i)));
	return AT(message.word, 0) == operation + 1u ? OK : ERR_CORRUPT;
}

static err_t with_service(err_t (*run)(handle_t connection))
{
	handle_t port, connection;
	struct worker worker;
	TRY(port_create(0, &port));
	TRY(connection_create(port, 3, &connection));
	TRY(worker_start(&worker, serve, (void *)(u64)port.raw));
	err_t err = run(connection);
	TRY(invoke(connection, STOP, 0, HANDLE_NONE));
	TRY(worker_join(&worker, guest_soon()));
	TRY(handle_close(port));
	TRY(handle_close(connection));
	return err != OK ? err : worker.result ? ERR_STATE : OK;
}

static err_t run_plain(handle_t connection)
{
	TRY(invoke(connection, ANSWER, 0, HANDLE_NONE));
	return invoke(connection, ANSWER, 0, HANDLE_NONE);
}

static err_t run_saved(handle_t connection)
{
	TRY(invoke(connection, SAVE_AND_ANSWER, 0, HANDLE_NONE));
	err_t err = invoke(connection, SAVE_AND_DROP, 0, HANDLE_NONE);
	return err == ERR_RESTARTED ? OK : err == OK ? ERR_STATE : err;
}

static err_t run_handles(handle_t connection)
{
	TRY(invoke(connection, TAKE_HANDLES, 4, connection));
	return invoke(connection, GIVE_HANDLES, 1, connection);
}

err_t call_step(u64 round)
{
	(void)round;
	return with_service(run_plain);
}

err_t call_saved_step(u64 round)
{
	(void)round;
	return with_service(run_saved);
}

err_t call_handles_step(u64 round)
{
	(void)round;
	return with_service(run_handles);
}
