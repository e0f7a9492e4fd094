// SPDX-License-Identifier: MIT
// kept.c - see kept.h. A record counts once `used` tells of it: a kill between two stores loses no
// more than the step in which it came.
#include "lib/sinter/kept.h"

#include "lib/base/atomic.h"
#include "lib/sinter/txg.h"

constexpr u64 MAGIC_KEPT = 0x5450454b5245544e;

struct kept_header {
	u64 magic, pool_guid;
	u32 turn; // the part that is written to
	struct {
		u64 base;  // the root that it follows
		u64 chain; // and its log previous: another root may have the same number
		u64 used;  // bytes
		u32 is_whole, reserved;
	} parts[2];
};

static struct kept_header *header_of(const struct sinter *pool)
{
	return (struct kept_header *)(void *)pool->kept.data;
}

static span_t part_of(const struct sinter *pool, u32 part)
{
	usize size = (pool->kept.size - UNIT_SIZE) / 2;
	return span_clamp(pool->kept, UNIT_SIZE + part * size, size);
}

// It has no number while it is being emptied: a kill may come between two stores.
static void begin_part(struct sinter *pool, u32 part, const struct superblock *root)
{
	struct kept_header *header = header_of(pool);
	atomic_store_release(&AT(header->parts, part).base, 0);
	atomic_store_release(&AT(header->parts, part).used, 0);
	AT(header->parts, part).is_whole = true;
	AT(header->parts, part).chain = root->log_previous;
	atomic_store_release(&AT(header->parts, part).base, root->txg);
	header->turn = part;
	pool->is_kept = true;
}

void kept_begin(struct sinter *pool)
{
	struct kept_header *header = header_of(pool);
	if (!pool->kept.size)
		return;
	atomic_store_release(&header->magic, 0);
	header->pool_guid = pool->config.pool_guid;
	AT(header->parts, 1).base = 0;
	begin_part(pool, 0, &pool->super);
	atomic_store_release(&header->magic, MAGIC_KEPT);
	pool->is_keeping = true;
}

void kept_freeze(struct sinter *pool)
{
	if (pool->is_keeping) // not while opening: what was taken over is still needed
		begin_part(pool, header_of(pool)->turn ? 0 : 1, &pool->txg.super);
}

void kept_end(struct sinter *pool)
{
	if (!pool->is_kept)
		return;
	struct kept_header *header = header_of(pool);
	pool->is_kept = false;
	AT(header->parts, header->turn).is_whole = false;
	txg_want(pool, pool->txg.open);
}

bool kept_is_full(const struct sinter *pool)
{
	const struct kept_header *header = header_of(pool);
	return pool->is_kept &&
	       part_of(pool, 0).size - AT(header->parts, header->turn).used < KEPT_ROOM;
}

void kept_note(struct sinter *pool, const struct log_record *record, struct note note)
{
	struct kept_header *header = header_of(pool);
	if (!pool->is_kept || pool->log.is_replaying)
		return;
	u64 *used = &AT(header->parts, header->turn).used;
	span_t to = span_clamp(part_of(pool, header->turn), (usize)*used, record->size);
	assert(to.size == record->size); // txg_admit saw to it
	span_fill(to, 0);
	view_t pieces[] = { view_of(*record), note.body, note.first, note.second };
	for (u32 i = 0; i < COUNT(pieces); i++) {
		span_put(to, AT(pieces, i));
		to = span_from_offset(to, AT(pieces, i).size);
	}
	atomic_store_release(used, *used + record->size);
}

void kept_file(const struct file *file, u64 offset, view_t bytes, u64 size_min)
{
	struct log_extent extent = { .offset = offset, .size = bytes.size };
	struct log_file body = ilog_file(file->number, &file->inode, size_min);
	body.extents = bytes.size != 0;
	struct log_record record = { .kind = LOG_FILE, .dataset = file->dataset->record.id };
	struct note note = { .kind = LOG_FILE, .body = view_of(body), .second = bytes };
	note.first = bytes.size ? view_of(extent) : (view_t){};
	record.size = (u32)((sizeof record + sizeof body + note.first.size + bytes.size + 7) & ~7ul);
	kept_note(file->dataset->tree.pool, &record, note);
}

view_t kept_part(const struct sinter *pool, u64 root, u64 chain, bool *is_whole)
{
	const struct kept_header *header = header_of(pool);
	*is_whole = false;
	for (u32 i = 0; pool->kept.size && i < 2; i++) {
		if (header->magic != MAGIC_KEPT || header->pool_guid != pool->config.pool_guid ||
			AT(header->parts, i).base != root || (chain && AT(header->parts, i).chain != chain))
			continue;
		*is_whole = AT(header->parts, i).is_whole;
		return view_clamp(span_view(part_of(pool, i)), 0, (usize)AT(header->parts, i).used);
	}
	return (view_t){};
}
