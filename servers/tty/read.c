// SPDX-License-Identifier: MIT
// read.c - what a reader gets: of a slave, lines or as many bytes as VMIN and VTIME say; of a
// master, what programs wrote. The bytes are in the reader's memory before they are gone from here.
#include "lib/base/time.h"
#include "lib/os/process.h"
#include "servers/tty/tty.h"

constexpr u64 TENTH = 100 * NS_PER_MS;

static bool answer(err_t *err, err_t value)
{
	*err = value;
	return true;
}

// Copies out what there is, at most what the reader has room for.
static bool take_input(
	const struct request *request, struct terminal *terminal, err_t *err, u64 *result)
{
	static u8 bytes[LINE_SIZE];
	struct line *line = &terminal->line;
	struct line before = *line;
	terminal_touch(terminal);
	usize count = line_read(line, &AT(store->inputs, terminal_index(terminal)),
		span_clamp(span_of(bytes), 0, request->size));
	*err = lease_put(request_lease(request, 0), 0, view_clamp(view_of(bytes), 0, count));
	if (*err != OK)
		*line = before;
	*result = count;
	terminal_look(terminal); // there is room now
	return true;
}

// VTIME: between bytes, counted from the first, if there is a VMIN; else from the call.
static bool is_overdue(struct request *request, u32 available, bool is_between)
{
	u64 now = clock_read();
	if (!request->deadline || (is_between && request->seen != available)) {
		request->deadline = now + request->argument * TENTH;
		request->seen = available;
	}
	return now >= request->deadline;
}

static bool read_counted(
	struct request *request, struct terminal *terminal, err_t *err, u64 *result)
{
	const struct line *line = &terminal->line;
	u32 available = line->head - line->tail;
	u64 minimum = termios_character(&line->termios, VMIN);
	request->argument = termios_character(&line->termios, VTIME);
	u64 wanted = minimum < request->size ? minimum : request->size;
	bool is_enough = available && available >= wanted;
	bool is_timed = request->argument && (!minimum || available);
	if (is_enough || (available && is_nonblocking(request)))
		return take_input(request, terminal, err, result);
	if (!minimum && !request->argument)
		return answer(err, OK);
	if (is_nonblocking(request))
		return answer(err, ERR_WOULD_BLOCK);
	if (!is_timed) {
		request->deadline = 0;
		return false;
	}
	return is_overdue(request, available, minimum != 0) &&
	       take_input(request, terminal, err, result);
}

static bool read_slave(struct request *request, struct terminal *terminal, err_t *err, u64 *result)
{
	const struct line *line = &terminal->line;
	if (is_background(terminal, request->who))
		return answer(err, ERR_BACKGROUND);
	if (!request->size)
		return answer(err, OK);
	if ((line->termios.local & (ICANON | EXTPROC)) != ICANON)
		return read_counted(request, terminal, err, result);
	if (line_is_readable(line, 1))
		return take_input(request, terminal, err, result);
	return is_nonblocking(request) && answer(err, ERR_WOULD_BLOCK);
}

static u32 copy_output(const struct terminal *terminal, span_t to)
{
	u8(*output)[PTY_OUTPUT] = &AT(store->outputs, terminal_index(terminal) - TERMINAL_PTY);
	u32 count = terminal->put - terminal->taken;
	count = count < to.size ? count : (u32)to.size;
	for (usize done = 0; done < count;) {
		view_t from =
			view_clamp(view_of(*output), (terminal->taken + done) % PTY_OUTPUT, count - done);
		(void)!span_copy(span_from_offset(to, done), from);
		done += from.size;
	}
	return count;
}

// In packet mode a byte comes first: what changed, or 0 and then the bytes.
static bool take_output(
	const struct request *request, struct terminal *terminal, err_t *err, u64 *result)
{
	static u8 bytes[PTY_OUTPUT + 1];
	u32 prefix = terminal->is_packet ? 1 : 0;
	bool is_news = prefix && terminal->packet_news;
	span_t room = span_clamp(span_of(bytes), 0, request->size);
	*span_at(span_of(bytes), 0) = is_news ? terminal->packet_news : 0;
	u32 count = is_news ? 0 : copy_output(terminal, span_from_offset(room, prefix));
	*err = lease_put(request_lease(request, 0), 0, view_clamp(view_of(bytes), 0, prefix + count));
	if (*err != OK)
		return true;
	terminal_touch(terminal);
	terminal->taken += count;
	terminal->packet_news = is_news ? 0 : terminal->packet_news;
	*result = prefix + count;
	terminal_look(terminal); // there is room now
	return true;
}

static bool read_master(
	const struct request *request, struct terminal *terminal, err_t *err, u64 *result)
{
	if (!request->size)
		return answer(err, OK);
	if (terminal->put != terminal->taken || (terminal->is_packet && terminal->packet_news))
		return take_output(request, terminal, err, result);
	if (terminal->is_slave_closed)
		return answer(err, ERR_IO);
	return is_nonblocking(request) && answer(err, ERR_WOULD_BLOCK);
}

bool read_try(
	struct request *request, struct terminal *terminal, enum end end, err_t *err, u64 *result)
{
	return end == MASTER ? read_master(request, terminal, err, result)
	                     : read_slave(request, terminal, err, result);
}
