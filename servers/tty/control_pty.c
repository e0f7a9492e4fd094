// SPDX-License-Identifier: MIT
// control_pty.c - controls of a pseudo terminal's master: its number, its lock, packet mode,
// signals to what runs in it.
#include "servers/tty/tty.h"

enum code : u32 {
	TIOCPKT = 0x5420,
	TIOCGPTN = 0x8004'5430,
	TIOCSPTLCK = 0x4004'5431,
	TIOCSIG = 0x4004'5436,
	TIOCGPKT = 0x8004'5438,
	TIOCGPTLCK = 0x8004'5439,
};

constexpr u32 SIGNAL_LAST = 64;

void packet_tell(struct terminal *terminal, u32 news)
{
	if (!terminal->is_packet)
		return;
	u32 opposite = news & PACKET_STOP      ? PACKET_START
	               : news & PACKET_START   ? PACKET_STOP
	               : news & PACKET_DO_STOP ? PACKET_NO_STOP
	               : news & PACKET_NO_STOP ? PACKET_DO_STOP
	                                       : 0;
	terminal->packet_news = (u8)((terminal->packet_news & ~opposite) | news);
}

static err_t get(const struct request *request, u32 number)
{
	return control_get(request, view_of(number));
}

static err_t set_lock(const struct request *request, struct terminal *terminal)
{
	u32 wanted;
	TRY(control_put(request, span_of(wanted)));
	terminal_touch(terminal);
	terminal->is_locked = wanted != 0;
	return OK;
}

static err_t set_packet(const struct request *request, struct terminal *terminal)
{
	u32 wanted;
	TRY(control_put(request, span_of(wanted)));
	terminal_touch(terminal);
	if (wanted && !terminal->is_packet)
		terminal->packet_news = 0;
	terminal->is_packet = wanted != 0;
	terminal_look(terminal);
	return OK;
}

static err_t send(const struct request *request, struct terminal *terminal)
{
	u64 signal = request->argument;
	if (!signal || signal > SIGNAL_LAST)
		return ERR_INVALID;
	if (terminal->group)
		terminal_signal(terminal, (u32)signal);
	return OK;
}

static err_t control(const struct request *request, struct terminal *terminal)
{
	switch (request->code) {
	case TIOCGPTN: return get(request, terminal_index(terminal) - TERMINAL_PTY);
	case TIOCGPTLCK: return get(request, terminal->is_locked);
	case TIOCSPTLCK: return set_lock(request, terminal);
	case TIOCGPKT: return get(request, terminal->is_packet);
	case TIOCPKT: return set_packet(request, terminal);
	case TIOCSIG: return send(request, terminal);
	default: return ERR_UNKNOWN_CALL; // not one of ours
	}
}

bool control_pty(
	struct request *request, struct terminal *terminal, enum end end, err_t *err, u64 *result)
{
	(void)result;
	if (end != MASTER)
		return false;
	*err = control(request, terminal);
	return *err != ERR_UNKNOWN_CALL;
}
