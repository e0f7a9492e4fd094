// SPDX-License-Identifier: MIT
// open.c - opening and the ends of it: all who have one end of a terminal open hold copies of one
// connection, of which we keep a handle to raise its bits; when ours is the only one left, nobody
// has it open. A hung up end gets another connection; who holds the old one meets terminal_of's
// null.
#include "abi/info.h"
#include "abi/signals.h"
#include "lib/os/ledger.h"
#include "os/syscalls.h"
#include "servers/tty/tty.h"

constexpr u32 DEVICE_ACTIVE = 1024; // 4:0, the console one looks at

u64 end_badge(const struct terminal *terminal, enum end end)
{
	u32 generation = AT(terminal->ends, end).generation;
	return BADGE_END | (generation & 0xffffu) << 16 | terminal_index(terminal) << 1 | end;
}

struct terminal *_Nullable terminal_of(u64 badge, enum end *end)
{
	u32 index = (badge & 0xffff) >> 1;
	if (!(badge & BADGE_END) || index >= TERMINALS)
		return nullptr;
	struct terminal *terminal = &AT(store->terminals, index);
	*end = (enum end)(badge & 1);
	return terminal->device && end_badge(terminal, *end) == badge ? terminal : nullptr;
}

// Which terminal a device number means; not that of /dev/ptmx.
static struct terminal *_Nullable terminal_by_device(u32 device)
{
	if (device == TTY_DEVICE_CONSOLE)
		device = TTY_DEVICE_SERIAL;
	if (device == DEVICE_ACTIVE)
		device = TTY_DEVICE_FIRST;
	for (u32 i = 0; device && i < TERMINALS; i++)
		if (AT(store->terminals, i).device == device)
			return &AT(store->terminals, i);
	return nullptr;
}

// The end's connection, made if it has none.
static err_t end_open(struct terminal *terminal, enum end end, handle_t *out)
{
	struct end_state *state = &AT(terminal->ends, end);
	terminal_touch(terminal);
	if (!state->connection.raw) {
		handle_t connection;
		u64 badge = end_badge(terminal, end);
		TRY(connection_create(port, badge, &connection));
		err_t err = port_bind(port, connection, SIGNAL_ALONE, badge, BIND_MODE_EDGE);
		if (err != OK) {
			(void)handle_close(connection);
			return err;
		}
		state->connection = connection;
	}
	(void)object_signal(state->connection, SIGNAL_ALONE, 0);
	if (end == SLAVE)
		terminal->is_slave_closed = false;
	terminal_look(terminal);
	*out = state->connection;
	return OK;
}

static err_t pty_create(struct terminal **out)
{
	for (u32 i = TERMINAL_PTY; i < TERMINALS; i++) {
		struct terminal *terminal = &AT(store->terminals, i);
		if (terminal->device)
			continue;
		u32 generations[ENDS] = { AT(terminal->ends, SLAVE).generation,
			AT(terminal->ends, MASTER).generation };
		terminal_touch(terminal);
		*terminal =
			(struct terminal){ .device = TTY_DEVICE_PTY + i - TERMINAL_PTY, .is_locked = true };
		termios_usual(&terminal->line.termios);
		AT(terminal->ends, SLAVE).generation = AT(generations, SLAVE) + 1;
		AT(terminal->ends, MASTER).generation = AT(generations, MASTER) + 1;
		*out = terminal;
		return OK;
	}
	return ERR_NO_SPACE;
}

// A new one each time, but for the same call made again.
static err_t multiplexer_open(u64 serial, u32 *out_device, handle_t *out)
{
	const struct answered *answered = answer_find(&store->opened, serial, BADGE_STEERS);
	struct terminal *terminal;
	if (answered)
		terminal = terminal_by_device((u32)answered->result);
	else
		TRY(pty_create(&terminal));
	if (!terminal)
		return ERR_IO;
	err_t err = end_open(terminal, MASTER, out);
	if (err != OK) {
		terminal->device = 0;
		return err;
	}
	*out_device = terminal->device;
	if (!answered)
		answer_keep(&store->opened, serial, BADGE_STEERS, terminal->device);
	return OK;
}

static err_t slave_open(struct terminal *terminal, u32 *out_device, handle_t *out)
{
	if (is_pty(terminal) && (terminal->is_locked || !AT(terminal->ends, MASTER).connection.raw))
		return ERR_IO;
	if (terminal->is_exclusive)
		return ERR_BUSY;
	*out_device = terminal->device;
	return end_open(terminal, SLAVE, out);
}

// The file's server has let the user open the device.
static err_t operation_open(void *_Nullable self, struct caller caller, u32 device, u32 reserved,
	u64 serial, u32 *out_device, handle_t *out)
{
	(void)self;
	(void)reserved;
	if (caller.badge != BADGE_STEERS)
		return caller.badge & BADGE_END ? ERR_UNSUPPORTED : ERR_RIGHTS;
	if (device == TTY_DEVICE_MULTIPLEXER)
		return multiplexer_open(serial, out_device, out);
	struct terminal *terminal = terminal_by_device(device);
	if (!terminal)
		return ERR_NOT_FOUND;
	return slave_open(terminal, out_device, out);
}

static err_t operation_peer(
	void *_Nullable self, struct caller caller, u32 flags, u32 *out_device, handle_t *out)
{
	(void)self;
	(void)flags;
	enum end end;
	struct terminal *terminal = terminal_of(caller.badge, &end);
	if (!terminal || end != MASTER)
		return terminal ? ERR_UNSUPPORTED : ERR_IO;
	return slave_open(terminal, out_device, out);
}

static err_t operation_identify(void *_Nullable self, struct caller caller, u32 *out_device,
	u32 *out_is_master, u32 *out_session, u32 *out_group)
{
	(void)self;
	enum end end = SLAVE;
	const struct terminal *terminal = terminal_of(caller.badge, &end);
	*out_device = terminal ? terminal->device : 0;
	*out_is_master = end == MASTER;
	*out_session = terminal ? terminal->session : 0;
	*out_group = terminal ? terminal->group : 0;
	return OK;
}

// Raises all bits for those who still hold the connection, and gives it up.
static void connection_end(struct terminal *terminal, enum end end)
{
	struct end_state *state = &AT(terminal->ends, end);
	terminal_touch(terminal);
	if (state->connection.raw) {
		(void)object_signal(state->connection, TTY_EVENT_PACKET,
			TTY_EVENT_READABLE | TTY_EVENT_WRITABLE | TTY_EVENT_HANGUP);
		(void)handle_close(state->connection); // again after a restart: an error without effect
	}
	*state = (struct end_state){ .generation = state->generation + 1 };
	terminal_look(terminal);
	terminal->is_exclusive = false;
}

void terminal_hang_up(struct terminal *terminal)
{
	connection_end(terminal, SLAVE);
	terminal_signal_hangup(terminal);
	terminal->session = terminal->group = 0;
	line_drop_input(&terminal->line);
	line_start(&terminal->line);
	if (AT(terminal->ends, MASTER).connection.raw)
		terminal->is_slave_closed = true;
	terminal_look(terminal);
}

void end_alone(u64 badge)
{
	struct object_info info = {};
	u64 size;
	enum end end;
	struct terminal *terminal = terminal_of(badge, &end);
	if (!terminal)
		return;
	struct end_state *state = &AT(terminal->ends, end);
	if (!state->connection.raw)
		return;
	// An error: the last life closed it, and did not get to commit that.
	err_t err = handle_info(state->connection, INFO_TOPIC_OBJECT, span_of(info), &size);
	if (err == OK && info.handles > 1)
		return; // opened again meanwhile
	connection_end(terminal, end);
	if (end == MASTER) {
		terminal_hang_up(terminal);
		terminal->device = 0;
	} else if (is_pty(terminal)) {
		terminal->is_slave_closed = true;
	}
	terminal_look(terminal);
}

void ends_rescan(void)
{
	for (u32 i = 0; i < TERMINALS; i++) {
		struct terminal *terminal = &AT(store->terminals, i);
		for (u32 end = SLAVE; terminal->device && end < ENDS; end++) {
			end_alone(end_badge(terminal, (enum end)end));
			end_publish(terminal, (enum end)end);
		}
		commit();
	}
}

static err_t operation_steer(void *_Nullable self, struct caller caller, handle_t *out)
{
	(void)self;
	if (caller.badge != BADGE_STEERS)
		return ERR_RIGHTS;
	if (!store->steering.raw) {
		handle_t steering;
		TRY(connection_create(port, BADGE_STEERING, &steering));
		ledger_save(&store->steering, sizeof store->steering);
		store->steering = steering;
	}
	*out = store->steering;
	return OK;
}

static err_t steered(struct caller caller, u32 device, struct terminal **out)
{
	struct terminal *found = terminal_by_device(device);
	if (caller.badge != BADGE_STEERING)
		return ERR_RIGHTS;
	if (!found)
		return ERR_NOT_FOUND;
	*out = found;
	return OK;
}

static err_t operation_set_session(
	void *_Nullable self, struct caller caller, u32 device, u32 session, u32 group)
{
	(void)self;
	struct terminal *terminal;
	TRY(steered(caller, device, &terminal));
	terminal_touch(terminal);
	terminal_look(terminal); // who was in the background may be in front now
	terminal->session = session;
	terminal->group = group;
	return OK;
}

static err_t operation_set_group(void *_Nullable self, struct caller caller, u32 device, u32 group)
{
	(void)self;
	struct terminal *terminal;
	TRY(steered(caller, device, &terminal));
	terminal_touch(terminal);
	terminal_look(terminal); // who was in the background may be in front now
	terminal->group = group;
	return OK;
}

static err_t operation_hang_up(void *_Nullable self, struct caller caller, u32 device)
{
	(void)self;
	struct terminal *terminal;
	TRY(steered(caller, device, &terminal));
	terminal_hang_up(terminal);
	return OK;
}

static err_t operation_take(void *_Nullable self, struct caller caller, u64 from, lease_t signals,
	u64 *out_next, u32 *out_count)
{
	(void)self;
	struct outbox *outbox = &store->outbox;
	if (caller.badge != BADGE_STEERING)
		return ERR_RIGHTS;
	ledger_save(outbox, sizeof *outbox);
	if (from - outbox->first <= outbox->next - outbox->first)
		outbox->first = from;
	u64 at = outbox->first;
	u32 count = 0;
	for (; at != outbox->next && (count + 1) * sizeof(struct tty_signal) <= signals.size; at++) {
		const struct tty_signal *signal = &AT(outbox->list, at % TTY_SIGNALS_MAX);
		TRY(lease_put(signals, count++ * sizeof *signal, view_of(*signal)));
	}
	*out_next = at;
	*out_count = count;
	return OK;
}

const struct tty_ops tty_operations = {
	.open = operation_open,
	.steer = operation_steer,
	.peer = operation_peer,
	.identify = operation_identify,
	.set_session = operation_set_session,
	.set_group = operation_set_group,
	.hang_up = operation_hang_up,
	.take = operation_take,
};
