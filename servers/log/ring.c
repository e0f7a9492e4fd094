// SPDX-License-Identifier: MIT
// ring.c - see ring.h. A record never goes over the ring's end: what is left there is filled with a
// record of sequence FILLER.
#include "servers/log/ring.h"

constexpr u64 FILLER = UINT64_MAX;
constexpr usize HEAD_SIZE = sizeof(struct log_record);

static void order(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static u64 padded(u64 size)
{
	return (size + 7) & ~7ull;
}

static span_t bytes_of(struct ring *ring)
{
	return span_of(ring->bytes);
}

// All that is read was written by us or a former life, but is not believed further than it can be.
static bool read_record(const struct ring *ring, u64 at, struct log_record *out)
{
	u64 place = at % RING_SIZE;
	return view_load(view_of(ring->bytes), place, span_of(*out)) == OK && out->size <= RING_SIZE &&
	       HEAD_SIZE + padded(out->size) <= ring->tail - at;
}

static void drop_oldest(struct ring *ring)
{
	struct log_record record;
	u64 step = ring->tail - ring->head;
	if (read_record(ring, ring->head, &record))
		step = HEAD_SIZE + padded(record.size);
	ring->head += step;
	order();
}

static void put(struct ring *ring, const struct log_record *record, view_t text)
{
	u64 place = ring->tail % RING_SIZE;
	u64 whole = HEAD_SIZE + padded(text.size);
	while (ring->tail - ring->head + whole > RING_SIZE)
		drop_oldest(ring);
	if (span_copy(span_from_offset(bytes_of(ring), place), view_of(*record)) != OK ||
		span_copy(span_from_offset(bytes_of(ring), place + HEAD_SIZE), text) != OK)
		__builtin_trap();
	order();
	ring->tail += whole;
	order();
}

static void fill_end(struct ring *ring, u64 needed)
{
	u64 left = RING_SIZE - ring->tail % RING_SIZE;
	if (left >= needed)
		return;
	while (ring->tail - ring->head + left > RING_SIZE)
		drop_oldest(ring);
	struct log_record filler = { .sequence = FILLER, .size = (u32)(left - HEAD_SIZE) };
	if (left >= HEAD_SIZE &&
		span_copy(span_from_offset(bytes_of(ring), ring->tail % RING_SIZE), view_of(filler)) != OK)
		__builtin_trap();
	order();
	ring->tail += left;
	order();
}

void ring_append(struct ring *ring, const struct log_record *record, view_t text)
{
	struct log_record kept = *record;
	text = view_clamp(text, 0, LOG_LINE_MAX);
	kept.size = (u32)text.size;
	kept.sequence = ring->next++;
	// A next record's head always fits behind this one, too.
	fill_end(ring, 2 * HEAD_SIZE + padded(text.size));
	put(ring, &kept, text);
}

bool ring_next(const struct ring *ring, u64 *at, struct ring_line *out)
{
	while (*at < ring->tail) {
		if (!read_record(ring, *at, &out->record))
			return false;
		u64 place = *at % RING_SIZE;
		*at += HEAD_SIZE + padded(out->record.size);
		out->text = view_clamp(view_of(ring->bytes), place + HEAD_SIZE, out->record.size);
		if (out->record.sequence != FILLER)
			return true;
	}
	return false;
}

void ring_name(struct ring *ring, u64 identity, view_t name)
{
	for (u32 i = 0; i < NAMES_MAX; i++) {
		typeof(ring->names[0]) *entry = &AT(ring->names, i);
		if (entry->identity && entry->identity != identity)
			continue;
		span_fill(span_of(entry->name), 0);
		(void)span_copy(span_of(entry->name), view_clamp(name, 0, NAME_SIZE - 1));
		entry->identity = identity;
		return;
	}
}

view_t ring_name_of(const struct ring *ring, u64 identity)
{
	for (u32 i = 0; i < NAMES_MAX; i++) {
		const typeof(ring->names[0]) *entry = &AT(ring->names, i);
		view_t name = view_of(entry->name);
		if (entry->identity == identity)
			return view_clamp(name, 0, view_find(name, 0));
	}
	return (view_t){};
}
