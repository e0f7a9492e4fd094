// SPDX-License-Identifier: MIT
// main.c - the smallest service: greets and adds. Flow: a client's call -> generated dispatch -> an
// operation below -> the answer goes out with the next wait. Authority: the port it was started
// with.
#include "ifc/hello.h"
#include "lib/base/format.h"
#include "lib/os/start.h"

// call hello.greet: reads the lent name, writes the greeting into the lent text.
static err_t greet(
	void *_Nullable self, struct caller caller, lease_t name, lease_t text, u32 *out_length)
{
	(void)self;
	(void)caller;
	u8 name_bytes[HELLO_TEXT_MAX], greeting[HELLO_TEXT_MAX + 16];
	if (name.size > sizeof name_bytes)
		return ERR_TOO_BIG;
	span_t room = span_clamp(span_of(name_bytes), 0, name.size);
	TRY(lease_get(name, 0, room));
	view_t who = span_view(room);
	view_t answer = format_view(span_of(greeting), "Hello, %v!", &who);
	if (answer.size > text.size)
		return ERR_TOO_BIG;
	*out_length = (u32)answer.size;
	return lease_put(text, 0, answer);
}

static err_t add(void *_Nullable self, struct caller caller, u64 a, u64 b, u64 *out_sum)
{
	(void)self;
	(void)caller;
	*out_sum = (u64)((unsigned __int128)a + b);
	return OK;
}

static const struct hello_ops ops = { .greet = greet, .add = add };

int main(void)
{
	struct loop loop;
	loop_adopt(&loop, start_handle("port")); // the supervisor's: it outlives this process
	hello_serve(&loop, &ops, nullptr);
	return loop_run(&loop) == ERR_CLOSED ? 0 : 1;
}
