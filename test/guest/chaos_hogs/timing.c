// SPDX-License-Identifier: MIT
// timing.c - every millisecond: woken by a timer, calls a service. How late, how long?
#include "test/guest/chaos_hogs/hogs.h"

static u64 serve(u64 port)
{
	struct message_words words = {};
	u64 tag = 0, badge;
	for (;;) {
		err_t err = port_receive_words((handle_t){ (u32)port }, &tag, &words, &badge);
		if (err != OK && err != ERR_GONE) // gone: who called no longer waits
			return 1;
		AT(words.word, 0)++;
		tag = err == OK ? TAG_REPLY | 1ull << TAG_WORDS_SHIFT : 0;
	}
}

err_t timing_begin(struct timing *timing)
{
	*timing = (struct timing){};
	TRY(port_create(0, &timing->port));
	TRY(connection_create(timing->port, 1, &timing->connection));
	TRY(timer_create(&timing->timer));
	return guest_fork(serve, timing->port.raw, &timing->service);
}

static err_t call(const struct timing *timing, u64 serial)
{
	struct message message = { .tag = 1ull << TAG_WORDS_SHIFT, .word = { serial } };
	TRY(connection_invoke_until(timing->connection, &message, guest_soon()));
	return AT(message.word, 0) == serial + 1 ? OK : ERR_CORRUPT;
}

static void note(u64 *worst, u64 value)
{
	if (value > *worst)
		*worst = value;
}

static err_t round_once(struct timing *timing)
{
	u32 observed;
	u64 due = clock_read() + NS_PER_MS;
	TRY(timer_set(timing->timer, due, 0));
	TRY(object_wait(timing->timer, SIGNAL_FIRED, guest_soon(), &observed));
	u64 woken = clock_read();
	TRY(call(timing, timing->rounds));
	note(&timing->worst_wake_ns, woken - due);
	note(&timing->worst_call_ns, clock_read() - woken);
	timing->total_wake_ns += woken - due;
	timing->rounds++;
	return OK;
}

err_t timing_measure(struct timing *timing, u64 milliseconds)
{
	u64 end = guest_after(milliseconds);
	timing->rounds = timing->worst_wake_ns = timing->worst_call_ns = timing->total_wake_ns = 0;
	do
		TRY(round_once(timing));
	while (clock_read() < end);
	return OK;
}

err_t timing_end(struct timing *timing)
{
	TRY(chaos_kill(timing->service));
	TRY(handle_close(timing->timer));
	TRY(handle_close(timing->connection));
	return handle_close(timing->port);
}
