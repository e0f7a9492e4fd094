// SPDX-License-Identifier: MIT
// write.c - what a program writes goes through OPOST to the device or to the pty's buffer; what is
// written to a master is typed. A long write goes in pieces, each a transaction; how far it is
// stands in the ledger, so that one made again after a restart goes on from there.
#include "servers/tty/tty.h"

constexpr u32 CHUNK = 4096, TYPED_CHUNK = 512;

static usize type(struct terminal *terminal, view_t bytes)
{
	struct line_host host = terminal_host(terminal);
	usize done = 0;
	for (; done < bytes.size && line_has_room(host.line); done++)
		line_receive(&host, view_at(bytes, done), LINE_GOOD);
	return done;
}

static usize print_bytes(struct terminal *terminal, view_t bytes)
{
	struct line_host host = terminal_host(terminal);
	bool is_held = is_pty(terminal) && terminal->line.is_stopped;
	return is_held ? 0 : line_write(&host, bytes);
}

// One transaction; how many bytes went.
static err_t write_some(
	const struct request *request, struct terminal *terminal, enum end end, u64 from, u64 *done)
{
	static u8 memory[CHUNK];
	u64 size = request->size - from, limit = end == MASTER ? TYPED_CHUNK : CHUNK;
	span_t bytes = span_clamp(span_of(memory), 0, size < limit ? size : limit);
	TRY(lease_get(request_lease(request, 0), from, bytes));
	terminal_touch(terminal);
	view_t all = span_view(bytes);
	*done = end == MASTER ? type(terminal, all) : print_bytes(terminal, all);
	if (*done)
		terminal_look(terminal);
	return OK;
}

static bool is_allowed(
	const struct request *request, const struct terminal *terminal, enum end end, err_t *err)
{
	bool is_stopping = end == SLAVE && terminal->line.termios.local & TOSTOP &&
	                   is_background(terminal, request->who);
	bool is_dead = end == SLAVE && is_pty(terminal) && !AT(terminal->ends, MASTER).connection.raw;
	*err = is_stopping ? ERR_BACKGROUND : is_dead ? ERR_IO : OK;
	return *err == OK;
}

static bool finish(err_t *err, u64 *result, u64 done)
{
	if (done)
		*err = OK;
	*result = done;
	return true;
}

bool write_try(
	struct request *request, struct terminal *terminal, enum end end, err_t *err, u64 *result)
{
	struct end_state *state = &AT(terminal->ends, end);
	bool is_begun = request->serial && state->write_serial == request->serial;
	u64 done = is_begun ? state->write_done : request->argument;
	if (!done && !is_allowed(request, terminal, end, err))
		return true;
	*err = OK;
	while (done < request->size && !request_has_elder(request)) {
		u64 some;
		*err = write_some(request, terminal, end, done, &some);
		if (*err != OK || !some)
			break;
		done += some;
		state->write_serial = request->serial;
		state->write_done = done;
		if (done < request->size)
			commit();
	}
	if (*err != OK || done == request->size)
		return finish(err, result, done);
	if (is_nonblocking(request)) {
		*err = ERR_WOULD_BLOCK;
		return finish(err, result, done);
	}
	request->argument = done;
	return false;
}
