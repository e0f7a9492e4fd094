// SPDX-License-Identifier: MIT
// control.c - controls of terminals, numbered as Linux's ioctls: settings, window, flow, draining,
// breaks. What belongs to a master alone is in control_pty.c; sessions and groups are proc's.
#include "lib/base/time.h"
#include "lib/os/ledger.h"
#include "lib/os/process.h"
#include "servers/tty/tty.h"

enum code : u32 {
	TCGETS = 0x5401,
	TCSETS = 0x5402,
	TCSETSW = 0x5403,
	TCSETSF = 0x5404,
	TCSBRK = 0x5409,
	TCXONC = 0x540a,
	TCFLSH = 0x540b,
	TIOCEXCL = 0x540c,
	TIOCNXCL = 0x540d,
	TIOCGPGRP = 0x540f,
	TIOCOUTQ = 0x5411,
	TIOCSTI = 0x5412,
	TIOCGWINSZ = 0x5413,
	TIOCSWINSZ = 0x5414,
	FIONREAD = 0x541b,
	TIOCSETD = 0x5423,
	TIOCGETD = 0x5424,
	TCSBRKP = 0x5425,
	TIOCSBRK = 0x5427,
	TIOCCBRK = 0x5428,
	TIOCGSID = 0x5429,
	TCGETS2 = 0x802c'542a,
	TCSETS2 = 0x402c'542b,
	TCSETSW2 = 0x402c'542c,
	TCSETSF2 = 0x402c'542d,
	TIOCVHANGUP = 0x5437,
	TIOCGEXCL = 0x8004'5440,
};

constexpr u32 SIGNAL_WINDOW = 28;
constexpr u64 BREAK_NS = 250 * NS_PER_MS;

static bool answer(err_t *err, err_t value)
{
	*err = value;
	return true;
}

err_t control_get(const struct request *request, view_t value)
{
	view_t part = view_clamp(value, 0, request->output_size);
	return part.size == value.size ? lease_put(request_lease(request, 1), 0, value) : ERR_INVALID;
}

err_t control_put(const struct request *request, span_t value)
{
	return request->size >= value.size ? lease_get(request_lease(request, 0), 0, value)
	                                   : ERR_INVALID;
}

static err_t get_number(const struct request *request, u32 number)
{
	return control_get(request, view_of(number));
}

static bool is_old(u32 code)
{
	return code >= TCGETS && code <= TCSETSF;
}

static bool is_draining(u32 code)
{
	return code != TCSETS && code != TCSETS2;
}

static bool is_flushing(u32 code)
{
	return code == TCSETSF || code == TCSETSF2;
}

static void packet_flow(struct terminal *terminal, const struct termios *before)
{
	const struct termios *now = &terminal->line.termios;
	bool was_usual = before->input & IXON && termios_character(before, VSTOP) == 19 &&
	                 termios_character(before, VSTART) == 17;
	bool is_usual = now->input & IXON && termios_character(now, VSTOP) == 19 &&
	                termios_character(now, VSTART) == 17;
	if (was_usual != is_usual)
		packet_tell(terminal, is_usual ? PACKET_DO_STOP : PACKET_NO_STOP);
}

static err_t set(const struct request *request, struct terminal *terminal)
{
	struct line_host host = terminal_host(terminal);
	struct termios before = host.line->termios, wanted = before;
	usize size = is_old(request->code) ? TERMIOS_OLD_SIZE : sizeof wanted;
	TRY(control_put(request, span_clamp(span_of(wanted), 0, size)));
	if (before.control != wanted.control || termios_speed(&before) != termios_speed(&wanted)) {
		if (is_old(request->code))
			wanted.input_speed = wanted.output_speed = termios_speed(&wanted);
		TRY(device_set(terminal, &wanted));
	}
	terminal_touch(terminal);
	if ((before.local ^ wanted.local) & (ICANON | EXTPROC))
		ledger_save(host.store->mark, sizeof host.store->mark);
	if (is_flushing(request->code))
		line_drop_input(host.line);
	line_set(&host, &wanted);
	packet_flow(terminal, &before);
	terminal_look(terminal);
	return OK;
}

static bool set_when_drained(const struct request *request, struct terminal *terminal, err_t *err)
{
	if (is_background(terminal, request->who))
		return answer(err, ERR_BACKGROUND);
	if (is_draining(request->code) && !output_is_empty(terminal))
		return false;
	return answer(err, set(request, terminal));
}

static err_t set_window(const struct request *request, struct terminal *terminal)
{
	u16 wanted[4];
	TRY(control_put(request, span_of(wanted)));
	if (view_equal(view_of(wanted), view_of(terminal->window)))
		return OK;
	terminal_touch(terminal);
	for (u32 i = 0; i < COUNT(wanted); i++)
		AT(terminal->window, i) = AT(wanted, i);
	if (terminal->group)
		terminal_signal(terminal, SIGNAL_WINDOW);
	return OK;
}

static err_t flow(struct terminal *terminal, u64 what)
{
	struct line *line = &terminal->line;
	struct line_host host = terminal_host(terminal);
	terminal_touch(terminal);
	terminal_look(terminal);
	u8 byte;
	switch (what) {
	case 0: // TCOOFF
		line->is_stopped = line->is_stopped_by_control = true;
		packet_tell(terminal, PACKET_STOP);
		return OK;
	case 1: // TCOON
		line_start(line);
		packet_tell(terminal, PACKET_START);
		return OK;
	case 2: // TCIOFF
	case 3: // TCION
		byte = termios_character(&line->termios, what == 2 ? VSTOP : VSTART);
		if (byte != DISABLED_CHARACTER && host.room(terminal))
			host.put(terminal, view_of(byte));
		return OK;
	default: return ERR_INVALID;
	}
}

static err_t flush(struct terminal *terminal, enum end end, u64 what)
{
	if (what > 2)
		return ERR_INVALID;
	terminal_touch(terminal);
	terminal_look(terminal);
	// A master's input is the slave's output.
	bool is_input = what != 1, is_output = what != 0;
	if (end == MASTER ? is_output : is_input)
		line_drop_input(&terminal->line);
	if (end == MASTER ? is_input : is_output)
		output_drop(terminal);
	packet_tell(
		terminal, (is_input ? PACKET_FLUSH_READ : 0) | (is_output ? PACKET_FLUSH_WRITE : 0));
	return OK;
}

// A break of some 250 ms: pulled down at first, let go at the deadline.
static bool send_break(struct request *request, struct terminal *terminal, err_t *err)
{
	if (!request->step) {
		*err = device_pull(terminal, true);
		if (*err != OK)
			return true;
		request->step = 1;
		request->deadline = clock_read() + BREAK_NS;
		return false;
	}
	return clock_read() >= request->deadline && answer(err, device_pull(terminal, false));
}

static bool drain_or_break(struct request *request, struct terminal *terminal, err_t *err)
{
	if (is_background(terminal, request->who))
		return answer(err, ERR_BACKGROUND);
	if (!request->step && !output_is_empty(terminal))
		return false;
	if (request->code == TCSBRK && request->argument)
		return answer(err, OK);
	return send_break(request, terminal, err);
}

static err_t get_group(const struct request *request, const struct terminal *terminal, enum end end)
{
	bool is_own = terminal->session && request->who >> 32 == terminal->session;
	if (end == SLAVE && !is_own)
		return ERR_UNSUPPORTED;
	bool is_session = request->code == TIOCGSID;
	if (is_session && !terminal->session)
		return ERR_UNSUPPORTED;
	return get_number(request, is_session ? terminal->session : terminal->group);
}

static err_t get_settings(const struct request *request, const struct terminal *terminal)
{
	usize size = request->code == TCGETS ? TERMIOS_OLD_SIZE : sizeof(struct termios);
	return control_get(request, view_clamp(view_of(terminal->line.termios), 0, size));
}

static u32 bytes_readable(const struct terminal *terminal, enum end end)
{
	return end == MASTER
	           ? terminal->put - terminal->taken
	           : line_waiting(&terminal->line, &AT(store->inputs, terminal_index(terminal)));
}

static u32 bytes_unsent(const struct terminal *terminal)
{
	const struct rings *rings = device_output(terminal);
	return rings ? rings_down_waiting(rings, terminal->put) : 0; // of a pty all are sent at once
}

static err_t set_exclusive(struct terminal *terminal, bool is_exclusive)
{
	terminal_touch(terminal);
	terminal->is_exclusive = is_exclusive;
	return OK;
}

static err_t set_discipline(const struct request *request)
{
	u32 number;
	TRY(control_put(request, span_of(number)));
	return number ? ERR_INVALID : OK; // there is only the usual one
}

static err_t hang_up(struct terminal *terminal)
{
	terminal_hang_up(terminal);
	return OK;
}

// Those that never wait.
static err_t at_once(const struct request *request, struct terminal *terminal, enum end end)
{
	switch (request->code) {
	case TCGETS:
	case TCGETS2: return get_settings(request, terminal);
	case TCXONC:
	case TCFLSH:
		if (end == SLAVE && is_background(terminal, request->who))
			return ERR_BACKGROUND;
		return request->code == TCXONC ? flow(terminal, request->argument)
		                               : flush(terminal, end, request->argument);
	case TIOCEXCL: return set_exclusive(terminal, true);
	case TIOCNXCL: return set_exclusive(terminal, false);
	case TIOCGEXCL: return get_number(request, terminal->is_exclusive);
	case TIOCGPGRP:
	case TIOCGSID: return get_group(request, terminal, end);
	case TIOCOUTQ: return get_number(request, bytes_unsent(terminal));
	case FIONREAD: return get_number(request, bytes_readable(terminal, end));
	case TIOCSTI: return ERR_RIGHTS; // nobody types for another
	case TIOCGWINSZ: return control_get(request, view_of(terminal->window));
	case TIOCSWINSZ: return set_window(request, terminal);
	case TIOCGETD: return get_number(request, 0);
	case TIOCSETD: return set_discipline(request);
	case TIOCSBRK: return device_pull(terminal, true);
	case TIOCCBRK: return device_pull(terminal, false);
	case TIOCVHANGUP: return hang_up(terminal);
	default: return ERR_UNSUPPORTED;
	}
}

bool control_try(
	struct request *request, struct terminal *terminal, enum end end, err_t *err, u64 *result)
{
	switch (request->code) {
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2: return set_when_drained(request, terminal, err);
	case TCSBRK:
	case TCSBRKP: return drain_or_break(request, terminal, err);
	default: break;
	}
	if (control_pty(request, terminal, end, err, result))
		return true;
	return answer(err, at_once(request, terminal, end));
}
