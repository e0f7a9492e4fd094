// SPDX-License-Identifier: MIT
// rings.h - what a driver and tty share for a wire (ifc/wire.ifc): records up, bytes down, a few
// words. It outlives either side: who comes back goes on at the indices that stand here, so nothing
// typed or written is lost. Each side checks the other's index before it follows it, and neither
// is harmed by nonsense: it would only read old bytes.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 RINGS_MAGIC = 0x676e6972;
constexpr u32 RINGS_UP = 8192;    // records
constexpr u32 RINGS_DOWN = 16384; // bytes

// A record: a byte of a serial line or of a screen's answers, or a key, and what is with it.
enum record : u16 {
	RECORD_VALUE = 0xff,
	RECORD_BREAK = 0x100,   // serial: no byte, the wire was down
	RECORD_DAMAGED = 0x200, // serial: parity or frame
	RECORD_OVERRUN = 0x400, // serial: bytes before this one are lost
	RECORD_UP = 0x100,      // keyboard: the key was let go
	RECORD_REPEAT = 0x200,  // keyboard: it is still held
};

enum down_wish : u32 { WISH_NOTHING = 0, WISH_ROOM = 1, WISH_EMPTY = 2 };

struct rings {
	u32 magic;
	// By the driver:
	u32 up_put;
	u32 down_taken;
	u32 is_driver_asleep; // it has to be told of bytes
	u32 is_driver_full;   // it holds records back for want of room
	u32 modes;            // screen: enum screen_mode, for the keyboard
	u32 driver_unused[10];
	// By the user:
	u32 up_taken;
	u32 down_put;
	u32 is_user_asleep; // it has to be told of records
	u32 wish;           // enum down_wish: it has to be told when that is so
	u32 is_stopped;     // nothing is sent
	u32 dropped;        // bytes before this index are not to be sent any more
	u32 user_unused[10];
	u16 up[RINGS_UP];
	u8 down[RINGS_DOWN];
};
static_assert(sizeof(struct rings) == 128 + RINGS_UP * 2 + RINGS_DOWN);

enum screen_mode : u32 {
	SCREEN_CURSOR_KEYS = 1, // application cursor keys (DECCKM)
	SCREEN_KEYPAD = 2,      // application keypad (DECKPAM)
	SCREEN_NEWLINE = 4,     // Return sends CR LF (LNM)
	SCREEN_BRACKETED = 8,   // pasted text is marked
};

void rings_init(struct rings *rings); // fresh, zeroed memory

// The driver's side.
bool rings_up_put(struct rings *rings, u16 record); // false: no room
// All of them or none, seen at once: what others put elsewhere does not come between. false: no
// room
bool rings_up_put_text(struct rings *rings, view_t bytes);
bool rings_user_must_wake(struct rings *rings); // after puts; true once for each sleep
bool rings_up_wait(struct rings *rings);        // no room: may it wait for the user? else try again
view_t rings_down(const struct rings *rings);   // bytes to be sent, those up to the ring's end
void rings_down_taken(struct rings *rings, u32 count);
void rings_down_passed(struct rings *rings, u32 index); // everything before it is taken
bool rings_driver_may_sleep(struct rings *rings); // false: something to be sent came meanwhile
bool rings_wish_is_due(struct rings *rings);      // true once: what the user waits for is so

// The user's side. Its own indices are given by the caller, who keeps them in its ledger.
bool rings_up_take(const struct rings *rings, u32 taken, u16 *out);
bool rings_up_taken(struct rings *rings, u32 taken); // published; true: the driver waits for that
bool rings_user_may_sleep(struct rings *rings, u32 taken);
u32 rings_down_waiting(const struct rings *rings, u32 put); // bytes not sent yet
u32 rings_down_room(const struct rings *rings, u32 put);
void rings_down_write(
	struct rings *rings, u32 put, view_t bytes);       // invisible until put is published
bool rings_down_publish(struct rings *rings, u32 put); // true: the driver has to be woken
void rings_down_stop(struct rings *rings, bool is_stopped);
void rings_down_drop(struct rings *rings, u32 put); // what was not sent never will be
void rings_wish(struct rings *rings, enum down_wish wish);

NONNULL_END
