// SPDX-License-Identifier: MIT
// ring.h - the lines, in the ledger: records one after the other in a ring of bytes; the oldest go
// first. An append is complete when `tail` is stored, so a death in the middle loses one line.
#pragma once

#include "ifc/log.h"

NONNULL_BEGIN

constexpr usize RING_SIZE = 480 * 1024;
constexpr u32 NAMES_MAX = 128;
constexpr usize NAME_SIZE = 16;

struct ring {
	u64 head, tail; // bytes ever dropped, ever written; place: modulo RING_SIZE
	u64 next;       // sequence number of the next line
	struct {
		u64 identity;
		char name[NAME_SIZE];
	} names[NAMES_MAX];
	u64 bytes[RING_SIZE / sizeof(u64)];
};

// A line as it stands in the ring.
struct ring_line {
	struct log_record record;
	view_t text;
};

void ring_append(struct ring *ring, const struct log_record *record, view_t text);
// Steps through lines: at is an offset, first ring->head. False: no more.
bool ring_next(const struct ring *ring, u64 *at, struct ring_line *out);
void ring_name(struct ring *ring, u64 identity, view_t name);
// What an identity is called; empty: it has no name.
view_t ring_name_of(const struct ring *ring, u64 identity);

NONNULL_END
