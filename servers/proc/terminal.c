// SPDX-License-Identifier: MIT
// terminal.c - controlling terminals: which session has which, which group is in the foreground.
// tty is told, by calls on the steering connection; what it wants to be sent it keeps until we take
// it (docs/decisions/019). What a client passes as a terminal is only asked for its number.
#include "ifc/tree.h"
#include "ifc/tty.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/proc/answer.h"
#include "servers/proc/operations.h"

constexpr u32 STEP = 32;
constexpr u32 GROUP_TTY = 5, MODE_PTY = 0620; // as Debian mounts devpts
constexpr u32 PTY_LAST = TTY_DEVICE_PTY + (1 << 12);

static tty_t steering(void)
{
	return (tty_t){ store->steering };
}

static struct terminal *_Nullable terminal_find(u32 number)
{
	for (u32 i = 0; number && i < TERMINALS_MAX; i++)
		if (AT(store->terminals, i).number == number)
			return &AT(store->terminals, i);
	return nullptr;
}

// Known, or in a free place; null: too many at once.
static struct terminal *_Nullable terminal_get(u32 number)
{
	struct terminal *found = terminal_find(number);
	for (u32 i = 0; !found && i < TERMINALS_MAX; i++)
		if (!AT(store->terminals, i).number)
			found = &AT(store->terminals, i);
	return found;
}

static void set_terminal(struct process *process, u32 number)
{
	SET(process->terminal, number);
	family_publish(process);
}

// All of the session lose it.
static void clear_session(u32 session)
{
	u32 count = 0;
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++) {
		struct process *process = process_at((slot_t)slot);
		if (process->state == PROCESS_FREE || process->session != session || !process->terminal)
			continue;
		SET(process->terminal, 0);
		process_publish(process);
		if (++count % STEP == 0)
			commit();
	}
}

static void send_group(u32 session, u32 group, u32 signal)
{
	u32 count = 0;
	struct process *next;
	for (struct process *to = group_first(group); to; to = next) {
		next = group_next(to);
		if (to->session != session)
			continue;
		signal_member(to, signal, nullptr);
		if (++count % STEP == 0)
			commit();
	}
}

// The session has no terminal any more, and the terminal no session.
static void part(struct terminal *terminal)
{
	clear_session(terminal->session);
	(void)tty_set_session(steering(), terminal->number, 0, 0);
	SET(*terminal, (struct terminal){});
}

void session_end(struct process *leader)
{
	struct terminal *terminal = terminal_find(leader->terminal);
	if (!terminal || terminal->session != leader->session)
		return;
	u32 number = terminal->number;
	send_group(leader->session, terminal->foreground, SIG_HUP);
	send_group(leader->session, terminal->foreground, SIG_CONT);
	part(terminal);
	if (number < TTY_DEVICE_PTY || number >= PTY_LAST)
		(void)tty_hang_up(steering(), number);
}

// The number of an open terminal; a master is none that could control anybody.
static err_t number_of(handle_t terminal, u32 *number)
{
	u32 is_master, session, group;
	if (!store->steering.raw)
		return ERR_UNSUPPORTED;
	TRY(tty_identify((tty_t){ terminal }, number, &is_master, &session, &group));
	return *number && !is_master ? OK : ERR_STATE;
}

static err_t may_claim(const struct process *process, const struct terminal *_Nullable terminal,
	u32 number, bool is_forced)
{
	bool is_other = terminal && terminal->number == number && terminal->session != process->session;
	if (!is_leader(process) || process->terminal)
		return ERR_NOT_OWNER;
	if (is_other && !(is_forced && is_able(process, CAP_SYS_ADMIN)))
		return ERR_NOT_OWNER;
	return terminal ? OK : ERR_BUSY;
}

err_t operation_terminal_claim(
	void *_Nullable self, struct caller caller, u32 force, handle_t terminal)
{
	(void)self;
	struct process *process;
	u32 number;
	TRY(caller_find(caller, &process));
	TRY(number_of(terminal, &number));
	struct terminal *place = terminal_get(number);
	if (!(is_leader(process) && process->terminal == number)) {
		TRY(may_claim(process, place, number, force != 0));
		if (place->number)
			part(place); // taken from another session
		TRY(tty_set_session(steering(), number, process->session, process->group));
		SET(*place, ((struct terminal){ number, process->session, process->group }));
		set_terminal(process, number);
	}
	close_later(terminal);
	return OK;
}

err_t operation_terminal_release(void *_Nullable self, struct caller caller, u32 serial)
{
	(void)self;
	(void)serial;
	struct process *process;
	TRY(caller_find(caller, &process));
	if (!process->terminal)
		return ERR_NOT_FOUND;
	struct terminal *terminal = terminal_find(process->terminal);
	if (is_leader(process) && terminal && terminal->session == process->session) {
		send_group(process->session, terminal->foreground, SIG_HUP);
		send_group(process->session, terminal->foreground, SIG_CONT);
		part(terminal);
	}
	set_terminal(process, 0);
	return OK;
}

err_t operation_terminal_group(
	void *_Nullable self, struct caller caller, u32 group, handle_t terminal)
{
	(void)self;
	struct process *process;
	u32 number;
	TRY(caller_find(caller, &process));
	TRY(number_of(terminal, &number));
	struct terminal *place = terminal_find(number);
	if (!place || process->terminal != number || place->session != process->session)
		return ERR_NOT_FOUND;
	if (!group || group >= PROC_PID_MAX)
		return ERR_INVALID;
	const struct process *member = group_first(group);
	if (!member || member->session != process->session)
		return ERR_NOT_OWNER;
	TRY(tty_set_group(steering(), number, group));
	SET(place->foreground, group);
	close_later(terminal);
	return OK;
}

// A new pseudo terminal is its maker's, before anybody can open it by name.
static err_t give(const struct process *process, u32 device)
{
	return tree_device_own((tree_t){ start_handle("ramfs") }, device,
		credentials_of(process)->file_user, GROUP_TTY, MODE_PTY);
}

err_t operation_terminal_reach(void *_Nullable self, struct caller caller, u32 inode,
	u32 generation, u32 entry, u32 flags, u32 serial, u32 *out_device, handle_t *out_terminal)
{
	(void)self;
	struct process *process;
	u32 device;
	TRY(caller_find(caller, &process));
	tree_t files = { set_files(process) };
	if (!store->steering.raw || !files.handle.raw)
		return ERR_UNSUPPORTED;
	TRY(tree_device(files, inode, generation, entry, flags, &device));
	TRY(tty_open((tty_t){ start_handle("tty") }, device, 0, (u64)process->pid << 32 | serial,
		out_device, out_terminal));
	answer_hand_out(*out_terminal);
	return device == TTY_DEVICE_MULTIPLEXER ? give(process, *out_device) : OK;
}

err_t operation_terminal_open(void *_Nullable self, struct caller caller, handle_t *out_terminal)
{
	(void)self;
	struct process *process;
	u32 number;
	TRY(caller_find(caller, &process));
	if (!process->terminal || !store->steering.raw)
		return ERR_NOT_FOUND;
	TRY(tty_open((tty_t){ start_handle("tty") }, process->terminal, 0, 0, &number, out_terminal));
	answer_hand_out(*out_terminal);
	return OK;
}

static void deliver(const struct tty_signal *signal)
{
	struct terminal *terminal = terminal_find(signal->device);
	if (!terminal || terminal->session != signal->session)
		return; // it has another session by now
	struct process *leader = process_find_born(terminal->session);
	if (signal->signal && signal->signal <= SIG_LAST && signal->group)
		send_group(terminal->session, signal->group, signal->signal);
	else if (signal->signal && signal->signal <= SIG_LAST && leader)
		signal_kernel(leader, signal->signal);
	if (signal->is_hangup)
		part(terminal);
}

void terminal_event(void)
{
	struct tty_signal signals[16];
	u32 count;
	do {
		u64 next;
		err_t err = tty_take(steering(), store->taken, span_of(signals), &next, &count);
		if (err != OK || count > COUNT(signals))
			return;
		for (u32 i = 0; i < count; i++)
			deliver(&AT(signals, i));
		SET(store->taken, next);
		commit(); // what was taken is sent: the next call says so
	} while (count);
}

err_t terminal_open(void)
{
	tty_t tty = { start_handle("tty") };
	if (!tty.handle.raw)
		return OK; // a machine without terminals
	if (!store->steering.raw) {
		handle_t handle;
		TRY(tty_steer(tty, &handle));
		SET(store->steering, handle);
		ledger_commit();
	}
	err_t err = port_bind(port, store->steering, TTY_EVENT_SIGNALS, TERMINALS_KEY, BIND_MODE_LEVEL);
	return err == ERR_EXISTS ? OK : err; // the port is the supervisor's: a former life bound it
}
