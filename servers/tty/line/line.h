// SPDX-License-Identifier: MIT
// line.h - the line discipline: what a terminal makes of each byte that is typed and of each that a
// program writes. It behaves as Linux's does, byte for byte (line_linux_test.c). No device and no
// caller is known here; struct line_host says where echoes, signals and output go.
#pragma once

#include "servers/tty/line/termios.h"

NONNULL_BEGIN

constexpr u32 LINE_SIZE = 4096; // of the input buffer; a line has at most 4095 bytes and its end

// How a byte arrived.
enum line_fault : u8 { LINE_GOOD = 0, LINE_BREAK = 1, LINE_DAMAGED = 2, LINE_OVERRUN = 4 };

// Plain words, all state there is; indices count bytes modulo 2^32.
struct line {
	struct termios termios;
	u32 head;         // behind the last byte received
	u32 tail;         // the next to be read
	u32 canon_head;   // behind the last finished line
	u32 column;       // where the cursor is, as far as output can tell
	u32 canon_column; // where the line being typed began
	bool is_next_literal;
	bool is_erasing;            // within \.../ of ECHOPRT
	bool is_stopped;            // by STOP or TCOOFF
	bool is_stopped_by_control; // by TCOOFF only: no byte typed starts it
};

// Bytes received. Only those between tail and head count, marks likewise: they are written beyond
// head, so what was committed is never overwritten but after an erasure.
struct line_store {
	u8 byte[LINE_SIZE];
	u8 mark[LINE_SIZE]; // 1: a line ends with this byte
};

struct line_host {
	struct line *line;
	struct line_store *store;
	void *self;
	u32 (*room)(void *self);               // bytes that may be put now
	void (*put)(void *self, view_t bytes); // at most that many
	void (*signal)(void *self, u32 signal);
	void (*flush)(void *self); // drops output that has not gone out
	// Before a byte of a line not yet committed is overwritten.
	void (*_Nullable save)(void *self, void *bytes, usize size);
};

enum line_signal : u8 { LINE_INTERRUPT = 2, LINE_QUIT = 3, LINE_SUSPEND = 20 };

// One byte came in. Only if line_has_room.
void line_receive(const struct line_host *host, u8 byte, enum line_fault fault);
bool line_has_room(const struct line *line);

// A program's bytes, as many as there is room for; how many those were.
usize line_write(const struct line_host *host, view_t bytes);

// Bytes for a reader who has this much space: those of one line, or all there are.
usize line_read(struct line *line, const struct line_store *store, span_t out);
// Can a reader that waits for `wanted` bytes (VMIN, where lines do not count) go on?
bool line_is_readable(const struct line *line, u32 wanted);
u32 line_waiting(const struct line *line, const struct line_store *store); // FIONREAD

void line_set(const struct line_host *host, const struct termios *termios);
void line_drop_input(struct line *line);
void line_start(struct line *line); // also after TCOOFF

// The parts (line_*.c).
void line_put(const struct line_host *host, u8 byte); // into the input buffer
void line_erase(const struct line_host *host, u8 byte);
void line_finish_erasing(const struct line_host *host);
void line_echo(const struct line_host *host, u8 byte);     // with ^X and OPOST
void line_echo_raw(const struct line_host *host, u8 byte); // with OPOST
void line_erase_tab(const struct line_host *host, u32 characters, bool is_after_tab);

static inline bool line_is_control(u8 byte)
{
	return byte < 32 || byte == 127;
}

// Letters as Linux has them: Latin-1's too.
static inline bool line_is_upper(u8 byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 0xc0 && byte <= 0xde && byte != 0xd7);
}

static inline bool line_is_lower(u8 byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 0xdf && byte != 0xf7);
}

static inline bool line_is_continuation(const struct line *line, u8 byte)
{
	return line->termios.input & IUTF8 && (byte & 0xc0) == 0x80;
}

NONNULL_END
