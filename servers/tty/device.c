// SPDX-License-Identifier: MIT
// device.c - the drivers' ends of terminals: their rings, typed bytes and keys on their way into
// the line discipline, output on its way out. Our indices stand in the ledger; what the rings show
// of them is published after a commit.
#include "abi/info.h"
#include "ifc/wire.h"
#include "lib/base/time.h"
#include "lib/os/ledger.h"
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/tty/tty.h"

constexpr u32 CHUNK = 256; // records in one transaction

// Written by devices_open. Their order is enum device_index's.
static struct rings *_Nullable mapped[DEVICES];
static const char *const names[DEVICES] = { "serial", "keyboard", "screen" };

static wire_t driver(u32 device)
{
	return (wire_t){ start_handle(AT(names, device)) };
}

static u32 owner_of(u32 device)
{
	return device == DEVICE_SERIAL ? TERMINAL_SERIAL : TERMINAL_SCREEN;
}

static bool has_output(u32 device)
{
	return device != DEVICE_KEYBOARD;
}

struct rings *_Nullable device_output(const struct terminal *terminal)
{
	if (is_pty(terminal))
		return nullptr;
	return AT(mapped, terminal_index(terminal) == TERMINAL_SERIAL ? DEVICE_SERIAL : DEVICE_SCREEN);
}

static err_t map(u32 device)
{
	u64 address, size = (sizeof(struct rings) + PAGE_MASK) & ~PAGE_MASK;
	TRY(memory_map(HANDLE_NONE, AT(store->devices, device).rings, 0, size, 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED, &address));
	UNSAFE_BEGIN("just mapped")
	AT(mapped, device) = (struct rings *)address;
	UNSAFE_END
	return OK;
}

static u64 memory_id(handle_t memory)
{
	struct object_info info = {};
	u64 size;
	return handle_info(memory, INFO_TOPIC_OBJECT, span_of(info), &size) == OK ? info.id : 0;
}

// The driver has other rings than the ones we knew: ours, if any, are gone with all that was in
// them.
static err_t adopt(u32 device, handle_t rings, handle_t events, const struct wire_open_reply *reply)
{
	struct device *here = &AT(store->devices, device);
	struct terminal *terminal = &AT(store->terminals, owner_of(device));
	terminal_touch(terminal);
	ledger_save(here, sizeof *here);
	here->rings = rings;
	here->events = events;
	TRY(map(device));
	struct rings *shared = AT(mapped, device);
	here->taken = __atomic_load_n(&shared->up_taken, __ATOMIC_RELAXED);
	if (has_output(device))
		terminal->put = __atomic_load_n(&shared->down_put, __ATOMIC_RELAXED);
	if (device == DEVICE_SCREEN) {
		AT(terminal->window, 0) = (u16)reply->rows;
		AT(terminal->window, 1) = (u16)reply->columns;
	}
	return OK;
}

constexpr u64 PATIENCE = 5 * NS_PER_SECOND;

// wire.open, but not for ever: a driver without its device may never come.
static err_t ask(u32 device, struct wire_open_reply *reply, handle_t *rings, handle_t *events)
{
	struct message message = { .tag = WIRE_OPEN_TAG };
	TRY(connection_invoke_until(driver(device).handle, &message, clock_read() + PATIENCE));
	if ((message.tag & WIRE_ANSWER_COUNTS) != WIRE_OPEN_ANSWER)
		return answer_refuse(message.tag);
	memory_copy(reply, message.word, sizeof *reply);
	*rings = AT(message.handle, 0);
	*events = AT(message.handle, 1);
	return OK;
}

static err_t meet(u32 device)
{
	struct device *here = &AT(store->devices, device);
	struct wire_open_reply reply;
	handle_t rings, events;
	TRY(ask(device, &reply, &rings, &events));
	if (memory_id(rings) == memory_id(here->rings)) {
		(void)handle_close(rings);
		(void)handle_close(events);
		return OK;
	}
	TRY(adopt(device, rings, events, &reply));
	commit();
	return OK;
}

static void tell_settings(u32 device)
{
	const struct terminal *terminal = &AT(store->terminals, owner_of(device));
	struct rings *rings = device_output(terminal);
	if (device == DEVICE_SERIAL)
		(void)device_set(terminal, &terminal->line.termios);
	else if (device == DEVICE_KEYBOARD)
		(void)wire_lamps(driver(device), (enum wire_lamp)keys_lamps(&store->keys));
	if (rings)
		rings_down_stop(rings, terminal->line.is_stopped);
}

static void open_one(u32 device)
{
	struct device *here = &AT(store->devices, device);
	err_t err = driver(device).handle.raw ? OK : ERR_NOT_FOUND;
	if (err == OK && here->rings.raw)
		err = map(device);
	else if (err == OK)
		err = meet(device);
	if (err != OK) {
		if (driver(device).handle.raw)
			print("tty: no %s: %e\n", AT(names, device), err);
		return;
	}
	err = port_bind(port, here->events, WIRE_EVENT_INPUT | WIRE_EVENT_ROOM | WIRE_EVENT_FRESH,
		KEY_DEVICE | device, BIND_MODE_EDGE);
	if (err != OK && err != ERR_EXISTS) // by a former life
		print("tty: %s stays silent: %e\n", AT(names, device), err);
	tell_settings(device);
}

void devices_open(void)
{
	for (u32 i = 0; i < DEVICES; i++)
		open_one(i);
	for (u32 i = 0; i < TERMINAL_PTY; i++) { // what the last life committed and did not show
		device_publish(&AT(store->terminals, i));
		terminal_look(&AT(store->terminals, i));
	}
}

void device_event(u32 device, u32 bits)
{
	if (device >= DEVICES)
		return;
	if (bits & WIRE_EVENT_FRESH) {
		(void)meet(device);
		tell_settings(device);
	}
	struct terminal *terminal = &AT(store->terminals, owner_of(device));
	terminal_look(terminal);
	end_publish(terminal, SLAVE);
}

static u32 device_room(const struct terminal *terminal)
{
	const struct rings *rings = device_output(terminal);
	return rings ? rings_down_room(rings, terminal->put) : RINGS_DOWN; // without a device: nowhere
}

u32 output_room(const struct terminal *terminal)
{
	if (!is_pty(terminal))
		return device_room(terminal);
	return terminal->line.is_stopped ? 0 : PTY_OUTPUT - (terminal->put - terminal->taken);
}

bool output_is_empty(struct terminal *terminal)
{
	struct rings *rings = device_output(terminal);
	if (!rings || !rings_down_waiting(rings, terminal->put))
		return true;
	rings_wish(rings, WISH_EMPTY);
	return !rings_down_waiting(rings, terminal->put);
}

void output_drop(struct terminal *terminal)
{
	struct rings *rings = device_output(terminal);
	terminal_touch(terminal);
	if (is_pty(terminal))
		terminal->taken = terminal->put;
	else if (rings)
		rings_down_drop(rings, terminal->put);
}

// Room for echoes too, which a stopped terminal still takes.
static u32 host_room(void *self)
{
	const struct terminal *terminal = self;
	return is_pty(terminal) ? PTY_OUTPUT - (terminal->put - terminal->taken)
	                        : device_room(terminal);
}

static void pty_put(struct terminal *terminal, view_t bytes)
{
	u8(*output)[PTY_OUTPUT] = &AT(store->outputs, terminal_index(terminal) - TERMINAL_PTY);
	for (usize done = 0; done < bytes.size;) {
		span_t to =
			span_clamp(span_of(*output), (terminal->put + done) % PTY_OUTPUT, bytes.size - done);
		(void)!span_copy(to, view_clamp(bytes, done, to.size));
		done += to.size;
	}
}

static void host_put(void *self, view_t bytes)
{
	struct terminal *terminal = self;
	struct rings *rings = device_output(terminal);
	if (is_pty(terminal))
		pty_put(terminal, bytes);
	else if (rings)
		rings_down_write(rings, terminal->put, bytes);
	terminal->put += (u32)bytes.size;
}

static void host_signal(void *self, u32 signal)
{
	terminal_signal(self, signal);
}

static void host_flush(void *self)
{
	struct terminal *terminal = self;
	output_drop(terminal);
	packet_tell(terminal, PACKET_FLUSH_READ | PACKET_FLUSH_WRITE);
}

static void host_save(void *self, void *bytes, usize size)
{
	(void)self;
	ledger_save(bytes, size);
}

struct line_host terminal_host(struct terminal *terminal)
{
	return (struct line_host){
		.line = &terminal->line,
		.store = &AT(store->inputs, terminal_index(terminal)),
		.self = terminal,
		.room = host_room,
		.put = host_put,
		.signal = host_signal,
		.flush = host_flush,
		.save = host_save,
	};
}

static void type_text(const struct line_host *host, view_t text)
{
	for (usize i = 0; i < text.size && line_has_room(host->line); i++)
		line_receive(host, view_at(text, i), LINE_GOOD);
}

static void receive(const struct line_host *host, u32 device, u16 record)
{
	struct rings *screen = AT(mapped, DEVICE_SCREEN);
	struct keys_text text;
	if (device != DEVICE_KEYBOARD) {
		u8 fault = record & RECORD_BREAK ? LINE_BREAK : record & RECORD_DAMAGED ? LINE_DAMAGED : 0;
		line_receive(host, (u8)record, (enum line_fault)fault);
		return;
	}
	u32 lamps = keys_lamps(&store->keys);
	ledger_save(&store->keys, sizeof store->keys);
	u32 modes = screen ? __atomic_load_n(&screen->modes, __ATOMIC_RELAXED) : 0;
	keys_press(&store->keys, record, modes, &text);
	type_text(host, view_clamp(view_of(text.bytes), 0, text.size));
	if (lamps != keys_lamps(&store->keys))
		(void)wire_lamps(driver(device), (enum wire_lamp)keys_lamps(&store->keys));
}

// One transaction. False: nothing more now.
static bool pump_some(struct terminal *terminal, u32 device)
{
	struct rings *rings = AT(mapped, device);
	struct device *here = &AT(store->devices, device);
	struct line_host host = terminal_host(terminal);
	u16 record;
	u32 count = 0;
	while (rings && count < CHUNK && line_has_room(host.line) &&
		   rings_up_take(rings, here->taken, &record)) {
		if (!count++) {
			terminal_touch(terminal);
			ledger_save(here, sizeof *here);
		}
		here->taken++;
		receive(&host, device, record);
	}
	if (!count)
		return false;
	commit();
	return true;
}

static void pump(struct terminal *terminal, u32 device)
{
	struct rings *rings = AT(mapped, device);
	if (!rings)
		return;
	do {
		while (pump_some(terminal, device))
			;
	} while (line_has_room(&terminal->line) &&
			 !rings_user_may_sleep(rings, AT(store->devices, device).taken));
}

// The other side is to stop, or may go on (IXOFF).
static void throttle(struct terminal *terminal)
{
	const struct line *line = &terminal->line;
	u32 used = line->head - line->tail;
	bool is_wanted = line->termios.input & IXOFF &&
	                 used > (terminal->is_throttled ? LINE_SIZE / 4 : LINE_SIZE * 3 / 4);
	if (is_wanted == terminal->is_throttled)
		return;
	terminal_touch(terminal);
	terminal->is_throttled = is_wanted;
	u8 byte = termios_character(&line->termios, is_wanted ? VSTOP : VSTART);
	if (host_room(terminal))
		host_put(terminal, view_of(byte));
	commit();
}

void device_pump(struct terminal *terminal)
{
	if (is_pty(terminal))
		return;
	if (terminal_index(terminal) == TERMINAL_SERIAL) {
		pump(terminal, DEVICE_SERIAL);
		throttle(terminal);
		return;
	}
	pump(terminal, DEVICE_KEYBOARD);
	pump(terminal, DEVICE_SCREEN); // its answers to questions
}

static void kick(u32 device)
{
	(void)object_signal(AT(store->devices, device).events, 0, WIRE_EVENT_KICK);
}

static void publish_taken(u32 device)
{
	struct rings *rings = AT(mapped, device);
	if (rings && rings_up_taken(rings, AT(store->devices, device).taken))
		kick(device);
}

void device_publish(struct terminal *terminal)
{
	struct rings *rings = device_output(terminal);
	if (is_pty(terminal))
		return;
	bool is_serial = terminal_index(terminal) == TERMINAL_SERIAL;
	u32 device = is_serial ? DEVICE_SERIAL : DEVICE_SCREEN;
	publish_taken(device);
	if (!is_serial)
		publish_taken(DEVICE_KEYBOARD);
	if (!rings)
		return;
	rings_down_stop(rings, terminal->line.is_stopped);
	if (rings_down_publish(rings, terminal->put))
		kick(device);
}

err_t device_set(const struct terminal *terminal, const struct termios *termios)
{
	if (terminal_index(terminal) != TERMINAL_SERIAL || !AT(mapped, DEVICE_SERIAL))
		return OK;
	return wire_set(driver(DEVICE_SERIAL), termios->control, termios_speed(termios));
}

err_t device_pull(const struct terminal *terminal, bool is_down)
{
	if (terminal_index(terminal) != TERMINAL_SERIAL || !AT(mapped, DEVICE_SERIAL))
		return OK;
	return wire_pull(driver(DEVICE_SERIAL), is_down);
}
