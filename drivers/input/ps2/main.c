// SPDX-License-Identifier: MIT
// main.c - the PC's keyboard controller (i8042) and the keyboard: keys for tty.
// Flow:      irq -> bytes -> scancode.c -> records -> tty; lamps come back as calls
// Authority: ports "data" (0x60), "status" (0x64), interrupt "keyboard" (1); nothing else
// Not here:  key maps (servers/tty/keys). Bytes of a mouse are dropped.
#include "abi/signals.h"
#include "drivers/input/ps2/scancode.h"
#include "lib/base/time.h"
#include "lib/driver/driver.h"
#include "lib/driver/wire_side.h"
#include "lib/os/process.h"
#include "lib/os/service.h"

constexpr u32 BURST_MAX = 256; // a broken controller must not hold us
constexpr u64 PATIENCE = 50 * NS_PER_MS;

enum status : u8 { STATUS_FULL = 1, STATUS_BUSY = 2, STATUS_MOUSE = 0x20 };

enum command : u8 {
	COMMAND_READ_SETTINGS = 0x20,
	COMMAND_WRITE_SETTINGS = 0x60,
	COMMAND_MOUSE_OFF = 0xa7,
	COMMAND_KEYBOARD_OFF = 0xad,
	COMMAND_KEYBOARD_ON = 0xae,
	KEYBOARD_LAMPS = 0xed,
	KEYBOARD_ENABLE = 0xf4,
	KEYBOARD_ACKNOWLEDGE = 0xfa,
	KEYBOARD_AGAIN = 0xfe,
};

enum settings : u8 {
	SETTING_INTERRUPT = 1,
	SETTING_MOUSE_INTERRUPT = 2,
	SETTING_KEYBOARD_OFF = 0x10,
	SETTING_MOUSE_OFF = 0x20,
	SETTING_TRANSLATE = 0x40, // to set 1
};

struct ps2 {
	struct ports data, status;
	struct irq irq;
	struct wire_side side;
	struct scancode_decoder *decoder; // in the ledger: half a sequence outlives us
};

static u8 status_of(const struct ps2 *ps2)
{
	return port_read(&ps2->status, 0);
}

// Waits until the controller takes a byte, or has one.
static bool wait_for(const struct ps2 *ps2, u8 mask, u8 wanted)
{
	for (u64 end = clock_read() + PATIENCE; clock_read() < end;) {
		u8 status = status_of(ps2);
		if (status != 0xff && (status & mask) == wanted)
			return true;
	}
	return false;
}

static bool command(const struct ps2 *ps2, u8 byte)
{
	if (!wait_for(ps2, STATUS_BUSY, 0))
		return false;
	port_write(&ps2->status, 0, byte);
	return true;
}

static bool send(const struct ps2 *ps2, u8 byte)
{
	if (!wait_for(ps2, STATUS_BUSY, 0))
		return false;
	port_write(&ps2->data, 0, byte);
	return true;
}

static void on_byte(struct ps2 *ps2, u8 byte)
{
	u16 record;
	if (byte == KEYBOARD_ACKNOWLEDGE || byte == KEYBOARD_AGAIN)
		return; // an answer to lamps that came late
	if (scancode_feed(ps2->decoder, byte, &record))
		(void)rings_up_put(ps2->side.rings, record); // nobody types faster than 8192 keys ahead
}

static void finish(struct ps2 *ps2)
{
	struct wire_kept *kept = ps2->side.kept;
	if (kept->fetching_status && !kept->fetching)
		on_byte(ps2, (u8)kept->fetching_status);
	kept->fetching_status = 0;
}

// A byte goes from the controller into the ledger in one system call; no key has the number 0. What
// a former life took and did not finish, finish does.
static bool take(struct ps2 *ps2, bool is_mouse)
{
	struct wire_kept *kept = ps2->side.kept;
	kept->fetching_status = 0;
	kept->fetching = is_mouse;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (ports_fetch(&ps2->data, 0, span_clamp(span_of(kept->fetching_status), 0, 1)) != OK)
		return false;
	finish(ps2);
	return true;
}

static void drain(struct ps2 *ps2)
{
	for (u32 i = 0; i < BURST_MAX; i++) {
		u8 status = status_of(ps2);
		if (!(status & STATUS_FULL) || status == 0xff)
			break;
		if (!take(ps2, status & STATUS_MOUSE))
			break;
	}
	wire_side_wake(&ps2->side);
}

// An edge: acknowledged first, so that a byte that comes meanwhile raises it again.
static void on_irq(void *_Nullable self, u32 bits)
{
	struct ps2 *ps2 = self;
	(void)bits;
	irq_acknowledge(&ps2->irq);
	drain(ps2);
}

static void on_kick(void *_Nullable self, u32 bits)
{
	struct ps2 *ps2 = self;
	(void)bits;
	wire_side_heard(&ps2->side);
	drain(ps2);
}

// A command to the keyboard and its acknowledgement; keys that come in between are not lost.
static bool ask(struct ps2 *ps2, u8 byte)
{
	if (!send(ps2, byte))
		return false;
	for (u32 i = 0; i < BURST_MAX && wait_for(ps2, STATUS_FULL, STATUS_FULL); i++) {
		bool is_mouse = status_of(ps2) & STATUS_MOUSE;
		u8 answer = port_read(&ps2->data, 0);
		if (answer == KEYBOARD_ACKNOWLEDGE && !is_mouse)
			return true;
		if (!is_mouse)
			on_byte(ps2, answer);
	}
	return false;
}

static err_t operation_open(void *_Nullable self, struct caller caller, enum wire_kind *out_kind,
	u32 *out_columns, u32 *out_rows, handle_t *out_rings, handle_t *out_events)
{
	const struct ps2 *ps2 = self;
	(void)caller;
	*out_kind = WIRE_KIND_KEYBOARD;
	*out_columns = *out_rows = 0;
	wire_side_open(&ps2->side, out_rings, out_events);
	return OK;
}

// Lamps of the keyboard are bits in the same order as ours.
static err_t operation_lamps(void *_Nullable self, struct caller caller, enum wire_lamp lamps)
{
	struct ps2 *ps2 = self;
	(void)caller;
	bool is_done = ask(ps2, KEYBOARD_LAMPS) && ask(ps2, (u8)(lamps & 7));
	drain(ps2);
	return is_done ? OK : ERR_UNSUPPORTED;
}

static const struct wire_ops ops = { .open = operation_open, .lamps = operation_lamps };

// Interrupts on, translation on, the mouse off. What the keyboard said before is not lost: a former
// life may not have read it.
static err_t begin_controller(struct ps2 *ps2)
{
	if (!command(ps2, COMMAND_MOUSE_OFF))
		return ERR_DEVICE;
	drain(ps2);
	if (!command(ps2, COMMAND_READ_SETTINGS) || !wait_for(ps2, STATUS_FULL, STATUS_FULL))
		return ERR_DEVICE;
	u32 settings = port_read(&ps2->data, 0);
	settings |= SETTING_INTERRUPT | SETTING_TRANSLATE | SETTING_MOUSE_OFF;
	settings &= ~(u32)(SETTING_MOUSE_INTERRUPT | SETTING_KEYBOARD_OFF);
	if (!command(ps2, COMMAND_WRITE_SETTINGS) || !send(ps2, (u8)settings) ||
		!command(ps2, COMMAND_KEYBOARD_ON))
		return ERR_DEVICE;
	(void)ask(ps2, KEYBOARD_ENABLE); // a keyboard may be plugged in later
	return OK;
}

static err_t start(struct ps2 *ps2, struct loop *loop)
{
	TRY(ports_claim("data", 0x60, &ps2->data));
	TRY(ports_claim("status", 0x64, &ps2->status));
	TRY(service_begin(loop));
	wire_serve(loop, &ops, ps2);
	ps2->side.extra_size = sizeof *ps2->decoder;
	TRY(wire_side_begin(&ps2->side, loop, on_kick, ps2));
	ps2->decoder = ps2->side.extra;
	finish(ps2);
	TRY(irq_claim("keyboard", 1, &ps2->side.kept->interrupt, &ps2->irq));
	TRY(begin_controller(ps2));
	TRY(loop_watch(loop, ps2->irq.interrupt, SIGNAL_RAISED, on_irq, ps2));
	on_irq(ps2, 0); // a byte may wait whose edge is gone
	service_ready();
	return OK;
}

int main(void)
{
	static struct ps2 ps2;
	static struct loop loop;
	err_t err = start(&ps2, &loop);
	if (err != OK)
		print("ps2: %e\n", err);
	if (err == ERR_NOT_FOUND || err == ERR_UNSUPPORTED || err == ERR_DEVICE)
		return 0; // this machine has none: that is no failure
	return err == OK && loop_run(&loop) == ERR_CLOSED ? 0 : 1;
}
