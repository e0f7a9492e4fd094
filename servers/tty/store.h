// SPDX-License-Identifier: MIT
// store.h - all that tty knows and that outlives it: its ledger (lib/os/ledger.h). A terminal has
// two ends: the slave, which programs see as a terminal, and of a pseudo terminal the master.
#pragma once

#include "ifc/tty.h"
#include "lib/driver/rings.h"
#include "servers/tty/keys/keys.h"
#include "servers/tty/line/line.h"

NONNULL_BEGIN

constexpr u32 PTYS = 64;
constexpr u32 TERMINAL_SERIAL = 0, TERMINAL_SCREEN = 1,
			  TERMINAL_PTY = 2; // indices; ptys from there
constexpr u32 TERMINALS = TERMINAL_PTY + PTYS;
constexpr u32 PTY_OUTPUT = 8192;

enum end : u8 { SLAVE = 0, MASTER = 1, ENDS = 2 };

struct end_state {
	handle_t connection; // owned; those of the clients are copies. HANDLE_NONE: nobody has it open
	u32 generation;      // in the badge: older connections are hung up
	u64 write_serial;    // of a write that is done in part,
	u64 write_done;      // and how much of it
};

// Saved as a whole before each change.
struct terminal {
	u32 device; // Linux's number; 0: not in use
	struct line line;
	u32 put;   // output: bytes so far, in the ring of the device or in the pty's buffer
	u32 taken; // of a pty's output
	u32 session, group;
	struct end_state ends[ENDS];
	u16 window[4]; // rows, columns, and both in dots
	bool is_locked, is_packet, is_exclusive;
	bool is_slave_closed; // it was open once: the master hears of it
	bool is_throttled;    // STOP was sent to the other side (IXOFF)
	u8 packet_news;       // enum packet
};

enum packet : u8 {
	PACKET_FLUSH_READ = 1,
	PACKET_FLUSH_WRITE = 2,
	PACKET_STOP = 4,
	PACKET_START = 8,
	PACKET_NO_STOP = 16,
	PACKET_DO_STOP = 32,
};

enum device_index : u32 { DEVICE_SERIAL = 0, DEVICE_KEYBOARD = 1, DEVICE_SCREEN = 2, DEVICES = 3 };

struct device {
	handle_t rings, events; // owned; none: the driver did not answer yet
	u32 taken;              // records
};

// The last answers that were decided, in case one did not go out (docs/decisions/015). Several: a
// call that is made again comes behind those that waited in the port.
constexpr u32 ANSWERS = 8;
struct answers {
	struct answered {
		u64 serial, badge, result;
	} list[ANSWERS];
	u64 next;
};

struct outbox {
	u64 first, next; // numbers of signals; those in between wait for proc
	struct tty_signal list[TTY_SIGNALS_MAX];
};

struct store {
	u64 magic;
	handle_t steering; // owned
	struct answers opened;
	struct outbox outbox;
	struct keys keys;
	struct device devices[DEVICES];
	struct terminal terminals[TERMINALS];
	struct answers answers[TERMINALS][ENDS];
	struct line_store inputs[TERMINALS];
	u8 outputs[PTYS][PTY_OUTPUT];
};

extern struct store *store; // the ledger; set once at start

NONNULL_END
