// SPDX-License-Identifier: MIT
// call.c - calls to a service in another process that answers at once: words, a handle, lent
// memory. Operation 0: only words. 1: close the handle that came. 2: read the 4 KiB that are lent.
#include "lib/os/call.h"
#include "abi/rights.h"
#include "abi/signals.h"
#include "cmd/bench/bench.h"
#include "lib/base/err.h"
#include "lib/base/view.h"
#include "lib/os/service.h"
#include "os/syscalls.h"

static struct {
	handle_t port, connection, server;
	u8 page[PAGE_SIZE];
} bench;

static void serve_special(u64 tag)
{
	static u8 copy[PAGE_SIZE];
	u64 done;
	if ((u16)tag == 1)
		(void)answer_refuse(tag); // closes the handle
	else if ((u16)tag == 2)
		(void)lease_read(HANDLE_NONE, 0, 0, span_of(copy), &done);
}

static u64 serve(u64 port)
{
	struct message_words words = {};
	u64 tag = 0, badge;
	for (;;) {
		if (port_receive_words((handle_t){ (u32)port }, &tag, &words, &badge) != OK)
			return 1;
		if (UNLIKELY((u16)tag))
			serve_special(tag);
		tag = TAG_REPLY | 1ull << TAG_WORDS_SHIFT;
	}
}

err_t call_prepare(u64 *argument)
{
	TRY(port_create(0, &bench.port));
	TRY(connection_create(bench.port, 7, &bench.connection));
	TRY(bench_fork(serve, bench.port.raw, &bench.server));
	*argument = bench.connection.raw;
	return OK;
}

// CPUs by number, as masks for the affinity of a thread.
enum cpu_mask : u64 { CPU_FIRST = 1, CPU_SECOND = 2, CPU_ANY = UINT64_MAX };

static err_t move_to(u64 cpus)
{
	u64 unused;
	u32 observed;
	TRY(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, cpus, 0, &unused));
	return object_wait(HANDLE_NONE, 0, 0, &observed); // it moves when it runs next
}

static u64 serve_elsewhere(u64 port)
{
	return move_to(CPU_SECOND) == OK ? serve(port) : 1;
}

err_t other_prepare(u64 *argument)
{
	if (move_to(CPU_SECOND) != OK)
		return ERR_UNSUPPORTED;
	TRY(move_to(CPU_FIRST));
	TRY(port_create(0, &bench.port));
	TRY(connection_create(bench.port, 7, &bench.connection));
	TRY(bench_fork(serve_elsewhere, bench.port.raw, &bench.server));
	*argument = bench.connection.raw;
	return OK;
}

err_t other_finish(u64 argument)
{
	TRY(move_to(CPU_ANY));
	return call_finish(argument);
}

err_t call_finish(u64 argument)
{
	(void)argument;
	TRY(bench_end(bench.server));
	TRY(handle_close(bench.connection));
	return handle_close(bench.port);
}

err_t call_step(u64 argument)
{
	struct message_words words = {};
	u64 tag = 1ull << TAG_WORDS_SHIFT;
	return connection_call_words((handle_t){ (u32)argument }, &tag, &words);
}

err_t call8_step(u64 argument)
{
	struct message_words words = { { 1, 2, 3, 4, 5, 6, 7, 8 } };
	u64 tag = 8ull << TAG_WORDS_SHIFT;
	return connection_call_words((handle_t){ (u32)argument }, &tag, &words);
}

err_t call_handle_step(u64 argument)
{
	struct message message = { .tag = 1 | 1ull << TAG_HANDLES_SHIFT };
	AT(message.handle, 0) = bench.connection;
	AT(message.handle_rights, 0) = RIGHT_CALL;
	return connection_invoke((handle_t){ (u32)argument }, &message);
}

err_t call_lend_step(u64 argument)
{
	struct message message = { .tag = 2 | 1ull << TAG_LENDS_SHIFT };
	AT(message.lend, 0) = (struct lend){ (u64)bench.page, PAGE_SIZE, LEND_READ, 0 };
	return connection_invoke((handle_t){ (u32)argument }, &message);
}
