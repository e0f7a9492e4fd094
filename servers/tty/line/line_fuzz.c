// SPDX-License-Identifier: MIT
// line_fuzz.c - any settings, any bytes typed and written, any reads: no index leaves the buffer,
// and what is read was typed.
#include "lib/base/test.h"
#include "servers/tty/line/line.h"

static u32 used;

static u32 room(void *self)
{
	(void)self;
	return 600 - used;
}

static void put(void *self, view_t bytes)
{
	(void)self;
	used += (u32)bytes.size;
	assert(used <= 600);
}

static void raise(void *self, u32 signal)
{
	(void)self;
	assert(signal == LINE_INTERRUPT || signal == LINE_QUIT || signal == LINE_SUSPEND);
}

static void flush(void *self)
{
	(void)self;
	used = 0;
}

static void step(const struct line_host *host, u8 what, u8 value)
{
	static u8 memory[LINE_SIZE];
	struct line *line = host->line;
	struct termios termios = line->termios;
	switch (what & 7) {
	case 0: termios.input ^= 1u << value % 16; break;
	case 1: termios.output ^= 1u << value % 16; break;
	case 2: termios.local ^= 1u << value % 20; break;
	case 3: AT(termios.character, value % TERMIOS_CHARACTERS) = what; break;
	case 4: (void)line_read(line, host->store, span_clamp(span_of(memory), 0, value)); return;
	case 5: used = 0; return;
	case 6: (void)line_write(host, view_clamp(view_of(memory), 0, value)); return;
	default:
		for (u32 i = 0; i < (what >> 3) * 8u + 1 && line_has_room(line); i++)
			line_receive(host, value, (enum line_fault)(what >> 6 & 1));
		return;
	}
	line_set(host, &termios);
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	static struct line line;
	static struct line_store store;
	const struct line_host host = { .line = &line,
		.store = &store,
		.self = &line,
		.room = room,
		.put = put,
		.signal = raise,
		.flush = flush };
	view_t input = view_from(data, size);
	line = (struct line){ .head = 0xffff'ff00, .tail = 0xffff'ff00, .canon_head = 0xffff'ff00 };
	termios_usual(&line.termios);
	used = 0;
	for (usize i = 0; i + 1 < input.size; i += 2) {
		step(&host, view_at(input, i), view_at(input, i + 1));
		assert(line.head - line.tail <= LINE_SIZE);
		bool is_canonical = (line.termios.local & (ICANON | EXTPROC)) == ICANON;
		assert(!is_canonical || line.canon_head - line.tail <= line.head - line.tail);
		assert(line_waiting(&line, &store) <= LINE_SIZE);
	}
	return 0;
}
