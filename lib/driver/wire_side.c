// SPDX-License-Identifier: MIT
// wire_side.c - see wire_side.h.
#include "lib/driver/wire_side.h"

#include "lib/os/heap.h"
#include "lib/os/ledger.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

constexpr u64 BADGE = 1; // of the connection for events; nobody calls through it

static u64 rings_size(void)
{
	return (sizeof(struct rings) + PAGE_MASK) & ~PAGE_MASK;
}

static err_t kept_find(struct wire_side *side)
{
	usize size = sizeof *side->kept + side->extra_size;
	handle_t ledger = start_handle("ledger");
	void *_Nullable contents;
	if (ledger.raw)
		TRY(ledger_open(ledger, size, (void **)&contents));
	else // one life
		TRY(heap_alloc(size, &contents));
	side->kept = contents;
	span_t all = span_from(contents, size);
	side->extra = span_from_offset(all, sizeof *side->kept).data;
	return OK;
}

static err_t map(struct wire_side *side)
{
	u64 address;
	TRY(memory_map(HANDLE_NONE, side->kept->memory, 0, rings_size(), 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED, &address));
	UNSAFE_BEGIN("just mapped")
	side->rings = (struct rings *)address;
	UNSAFE_END
	return OK;
}

static err_t make(struct wire_side *side, handle_t port)
{
	struct wire_kept kept = { .magic = WIRE_KEPT_MAGIC };
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, rings_size(), HANDLE_NONE, 0, 0, &kept.memory));
	TRY(connection_create(port, BADGE, &kept.events));
	side->kept->memory = kept.memory;
	TRY(map(side));
	rings_init(side->rings);
	*side->kept = kept;
	return OK;
}

err_t wire_side_begin(struct wire_side *side, struct loop *loop, loop_handler *on_kick, void *self)
{
	TRY(kept_find(side));
	bool is_again = side->kept->magic == WIRE_KEPT_MAGIC && map(side) == OK;
	if (!is_again)
		TRY(make(side, loop->port));
	TRY(loop_watch(loop, side->kept->events, WIRE_EVENT_KICK, on_kick, self));
	if (is_again) // the former life may have taken a kick and not acted
		(void)object_signal(
			side->kept->events, WIRE_EVENT_KICK, WIRE_EVENT_FRESH | WIRE_EVENT_INPUT);
	return OK;
}

void wire_side_wake(const struct wire_side *side)
{
	u32 bits = rings_user_must_wake(side->rings) ? WIRE_EVENT_INPUT : 0;
	if (rings_wish_is_due(side->rings))
		bits |= WIRE_EVENT_ROOM;
	if (bits)
		(void)object_signal(side->kept->events, 0, bits);
}

void wire_side_heard(const struct wire_side *side)
{
	(void)object_signal(side->kept->events, WIRE_EVENT_KICK, 0);
}
