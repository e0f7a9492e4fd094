// SPDX-License-Identifier: MIT
// mappings.c - see mappings.h.
#include "lib/posix/memory/mappings.h"

#include "lib/posix/core/heap.h"
#include "lib/posix/memory/range.h"

constexpr usize ROOM_START = 64;
constexpr u32 TRIES = 16;

// Bytes of the whole answer; other threads may map more until the next try.
static u64 ask(const struct mappings *mappings)
{
	u64 size = 0;
	span_t room = span_from(mappings->list, mappings->room * sizeof(struct mapping_info));
	return handle_info(HANDLE_NONE, INFO_TOPIC_MAPPINGS, room, &size) == OK ? size : UINT64_MAX;
}

static usize count_lower(const struct mappings *mappings, u64 size)
{
	usize count = size / sizeof(struct mapping_info), i = 0;
	while (i < count && mappings_at(mappings, i)->address < RANGE_HIGH)
		i++;
	return i;
}

bool mappings_read(struct mappings *mappings)
{
	usize room = ROOM_START;
	*mappings = (struct mappings){};
	for (u32 i = 0; i < TRIES; i++) {
		mappings_free(mappings);
		mappings->list = heap_take(room * sizeof(struct mapping_info));
		if (!mappings->list)
			return false;
		mappings->room = room;
		mappings->count = room;
		u64 size = ask(mappings);
		if (size == UINT64_MAX)
			break;
		if (size <= room * sizeof(struct mapping_info)) {
			mappings->count = count_lower(mappings, size);
			return true;
		}
		room = size / sizeof(struct mapping_info) + ROOM_START;
	}
	mappings_free(mappings);
	return false;
}

void mappings_free(struct mappings *mappings)
{
	heap_give(mappings->list, mappings->room * sizeof(struct mapping_info));
	*mappings = (struct mappings){};
}

const struct mapping_info *mappings_at(const struct mappings *mappings, usize i)
{
	if (i >= mappings->count)
		__builtin_trap();
	debug_assert(mappings->list); // what is counted is in it
	UNSAFE_BEGIN("i was compared with the count")
	return &mappings->list[i];
	UNSAFE_END
}

bool mappings_have(const struct mappings *mappings, u64 memory_id)
{
	for (usize i = 0; i < mappings->count; i++)
		if (mappings_at(mappings, i)->memory_id == memory_id)
			return true;
	return false;
}

const struct mapping_info *_Nullable mappings_find(const struct mappings *mappings, u64 address)
{
	for (usize i = 0; i < mappings->count; i++) {
		const struct mapping_info *mapping = mappings_at(mappings, i);
		if (address - mapping->address < mapping->size)
			return mapping;
	}
	return nullptr;
}

bool mappings_cover(const struct mappings *mappings, u64 address, u64 size)
{
	u64 end = address + size;
	for (usize i = 0; i < mappings->count && address < end; i++) {
		const struct mapping_info *mapping = mappings_at(mappings, i);
		if (address - mapping->address < mapping->size)
			address = mapping->address + mapping->size;
	}
	return address >= end;
}
