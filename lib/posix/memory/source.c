// SPDX-License-Identifier: MIT
// source.c - handles to memory that is mapped and may be wanted again (area.h). There are few: one
// for each library of a program. The kernel's number of a memory is asked for when somebody looks
// for it by that; places whose memory is no longer mapped are taken anew when all are full.
#include "abi/info.h"
#include "abi/rights.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/mappings.h"
#include "os/syscalls.h"

constexpr u32 SOURCES_START = 16, SOURCES_MAX = 4096;
constexpr u32 RIGHTS_READING = RIGHT_READ | RIGHT_EXEC | RIGHT_MAP | RIGHT_DUP | RIGHT_TRANSFER;

static struct area_source *source_at(struct area_state *areas, u32 i)
{
	UNSAFE_BEGIN("i is below the count in all callers' loops")
	return &areas->sources[i];
	UNSAFE_END
}

static u64 number_of(struct area_source *source)
{
	struct object_info info = {};
	u64 size;
	if (!source->memory_id &&
		handle_info(source->memory, INFO_TOPIC_OBJECT, span_of(info), &size) == OK)
		source->memory_id = info.id;
	return source->memory_id;
}

static bool is_same(const struct area_source *source, const struct area_source *wanted)
{
	const struct area_file *file = &source->file, *other = &wanted->file;
	return source->memory.raw && other->inode && file->inode == other->inode &&
	       file->generation == other->generation && file->tree == other->tree &&
	       source->is_writable == wanted->is_writable;
}

static void close_source(struct area_source *source)
{
	(void)handle_close(source->memory);
	*source = (struct area_source){};
}

// Those that nothing shows any more.
static void forget_unmapped(struct area_state *areas)
{
	struct mappings mappings;
	if (!mappings_read(&mappings))
		return;
	for (u32 i = 0; i < areas->source_count; i++) {
		struct area_source *source = source_at(areas, i);
		if (source->memory.raw && !mappings_have(&mappings, number_of(source)))
			close_source(source);
	}
	mappings_free(&mappings);
}

static bool grow(struct area_state *areas)
{
	u32 count = areas->source_count ? areas->source_count * 2 : SOURCES_START;
	void *memory = count <= SOURCES_MAX ? heap_take(count * sizeof(struct area_source)) : nullptr;
	if (!memory)
		return false;
	usize old = areas->source_count * sizeof(struct area_source);
	(void)span_copy(span_from(memory, old), view_from(areas->sources, old));
	heap_give(areas->sources, old);
	areas->sources = memory;
	areas->source_count = count;
	return true;
}

static struct area_source *_Nullable free_place(struct area_state *areas)
{
	for (u32 i = 0; i < areas->source_count; i++)
		if (!source_at(areas, i)->memory.raw)
			return source_at(areas, i);
	return nullptr;
}

static struct area_source *_Nullable place(struct area_state *areas)
{
	struct area_source *source = free_place(areas);
	if (source)
		return source;
	forget_unmapped(areas);
	source = free_place(areas);
	return source || !grow(areas) ? source : free_place(areas);
}

static handle_t keep(struct area_state *areas, const struct area_source *wanted, u32 rights)
{
	for (u32 i = 0; i < areas->source_count; i++)
		if (is_same(source_at(areas, i), wanted))
			return source_at(areas, i)->memory;
	struct area_source *source = place(areas);
	handle_t memory;
	if (!source || handle_duplicate(wanted->memory, rights, &memory) != OK)
		return HANDLE_NONE;
	*source = *wanted;
	source->memory = memory;
	source->memory_id = 0;
	return memory;
}

handle_t source_for_reading(struct area_state *areas, const struct area_source *wanted)
{
	struct area_source source = *wanted;
	source.is_writable = false;
	return keep(areas, &source, RIGHTS_READING);
}

void source_keep(struct area_state *areas, const struct area_source *wanted)
{
	(void)keep(areas, wanted, RIGHTS_READING | (wanted->is_writable ? RIGHT_WRITE : 0));
}

const struct area_source *_Nullable source_find(struct area_state *areas, u64 memory_id)
{
	for (u32 i = 0; i < areas->source_count; i++) {
		struct area_source *source = source_at(areas, i);
		if (source->memory.raw && number_of(source) == memory_id)
			return source;
	}
	return nullptr;
}

void sources_close(struct area_state *areas)
{
	for (u32 i = 0; i < areas->source_count; i++)
		if (source_at(areas, i)->memory.raw)
			close_source(source_at(areas, i));
	heap_give(areas->sources, areas->source_count * sizeof(struct area_source));
	areas->sources = nullptr;
	areas->source_count = 0;
}
