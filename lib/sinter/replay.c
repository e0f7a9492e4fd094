// SPDX-License-Identifier: MIT
// replay.c - does again what the log tells, through the same functions as the first time. A commit
// in between keeps how far it came (log base and log skip of the superblock), so it may stop
// anywhere.
#include "lib/base/bits.h"
#include "lib/base/reader.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/inode.h"
#include "lib/sinter/kept.h"
#include "lib/sinter/txg.h"
#include "lib/sinter/volume.h"

struct replay {
	struct sinter *pool;
	struct dataset *dataset;
	reader_t body;
	enum log_kind kind;
};

static void set_time(struct replay *replay, i64 s, u32 ns)
{
	replay->pool->log.replay_time = (struct sinter_time){ s, ns };
}

static err_t do_create(struct replay *replay)
{
	struct log_create body;
	view_t name, target;
	u64 inode;
	TRY(reader_take_object(&replay->body, span_of(body)));
	TRY(reader_take(&replay->body, body.name_size, &name));
	TRY(reader_take(&replay->body, body.target_size, &target));
	set_time(replay, body.time_s, body.time_ns);
	replay->pool->log.replay_inode = body.inode;
	if (!body.inode || body.inode > INODE_MAX || (body.parent != 0) != (name.size != 0))
		return ERR_CORRUPT;
	struct sinter_new what = { .mode = body.mode,
		.user = body.user,
		.group = body.group,
		.device = body.device,
		.target = target };
	return sinter_create(replay->dataset, body.parent, name, &what, &inode);
}

static err_t do_link(struct replay *replay)
{
	struct log_link body;
	view_t name;
	TRY(reader_take_object(&replay->body, span_of(body)));
	TRY(reader_take(&replay->body, body.name_size, &name));
	set_time(replay, body.time_s, body.time_ns);
	return sinter_link(replay->dataset, body.inode, body.parent, name);
}

static err_t do_unlink(struct replay *replay)
{
	struct log_unlink body;
	view_t name;
	TRY(reader_take_object(&replay->body, span_of(body)));
	TRY(reader_take(&replay->body, body.name_size, &name));
	set_time(replay, body.time_s, body.time_ns);
	return sinter_unlink(replay->dataset, body.parent, name, body.is_directory);
}

static err_t do_rename(struct replay *replay)
{
	struct log_rename body;
	struct sinter_name from, to;
	TRY(reader_take_object(&replay->body, span_of(body)));
	TRY(reader_take(&replay->body, body.from_size, &from.name));
	TRY(reader_take(&replay->body, body.to_size, &to.name));
	from.directory = body.from;
	to.directory = body.to;
	set_time(replay, body.time_s, body.time_ns);
	return sinter_rename(replay->dataset, from, to, body.flags);
}

static err_t do_attributes(struct replay *replay)
{
	struct log_attributes body;
	TRY(reader_take_object(&replay->body, span_of(body)));
	struct inode_record values = { .mode = body.mode,
		.user = body.user,
		.group = body.group,
		.atime_s = body.atime_s,
		.mtime_s = body.mtime_s,
		.ctime_s = body.ctime_s,
		.atime_ns = body.atime_ns,
		.mtime_ns = body.mtime_ns,
		.ctime_ns = body.ctime_ns };
	return sinter_set_attributes(replay->dataset, body.inode, &values, body.mask);
}

static err_t do_xattr(struct replay *replay)
{
	struct log_xattr body;
	struct sinter_xattr change = {};
	TRY(reader_take_object(&replay->body, span_of(body)));
	TRY(reader_take(&replay->body, body.name_size, &change.name));
	TRY(reader_take(&replay->body, body.value_size, &change.value));
	set_time(replay, body.time_s, body.time_ns);
	if (body.how > XATTRS_REMOVE)
		return ERR_CORRUPT;
	change.how = (enum xattr_mode)body.how;
	change.sets_mode = body.mode != 0;
	change.mode = body.mode;
	return sinter_xattr_change(replay->dataset, body.inode, &change);
}

static err_t write_all(struct replay *replay, u64 inode, u64 offset, view_t bytes)
{
	while (bytes.size) {
		usize written;
		TRY(sinter_write(replay->dataset, inode, offset, bytes, &written));
		offset += written;
		bytes = view_from_offset(bytes, written);
	}
	return OK;
}

// The state of one file. Its parts may be done twice if a step has to wait: they come to the same.
static err_t do_file(struct replay *replay)
{
	struct log_file body;
	struct inode_record inode;
	TRY(reader_take_object(&replay->body, span_of(body)));
	set_time(replay, body.mtime_s, body.mtime_ns);
	err_t err = inode_load(replay->dataset, body.inode, &inode);
	if (err == ERR_NOT_FOUND)
		return OK; // it lost its last name
	TRY(err);
	if (body.size_min < inode.size)
		TRY(sinter_truncate(replay->dataset, body.inode, body.size_min));
	for (u32 i = 0; i < body.extents; i++) {
		struct log_extent extent;
		view_t bytes;
		TRY(reader_take_object(&replay->body, span_of(extent)));
		if (extent.size > LOG_GROUP_MAX)
			return ERR_CORRUPT;
		TRY(reader_take(&replay->body, (usize)extent.size, &bytes));
		TRY(reader_skip(&replay->body, (usize)(-extent.size & 7)));
		TRY(write_all(replay, body.inode, extent.offset, bytes));
	}
	TRY(inode_load(replay->dataset, body.inode, &inode));
	if (inode.size != body.size)
		TRY(sinter_truncate(replay->dataset, body.inode, body.size));
	inode.mtime_s = body.mtime_s;
	inode.mtime_ns = body.mtime_ns;
	inode.ctime_s = body.ctime_s;
	inode.ctime_ns = body.ctime_ns;
	return sinter_set_attributes(
		replay->dataset, body.inode, &inode, ATTRIBUTE_MODIFIED | ATTRIBUTE_CHANGED);
}

static err_t do_record(struct replay *replay)
{
	switch (replay->kind) {
	case LOG_CREATE: return do_create(replay);
	case LOG_LINK: return do_link(replay);
	case LOG_UNLINK: return do_unlink(replay);
	case LOG_RENAME: return do_rename(replay);
	case LOG_ATTRIBUTES: return do_attributes(replay);
	case LOG_XATTR: return do_xattr(replay);
	case LOG_FILE: return do_file(replay);
	}
	return ERR_CORRUPT;
}

// Until it is done. Opened to read only, nothing can be written to make room: the rest is not seen.
static err_t finish_record(struct replay *replay)
{
	struct sinter *pool = replay->pool;
	struct replay begin = *replay;
	while (true) {
		err_t err = do_record(replay);
		if (err != ERR_WOULD_BLOCK)
			return err;
		if (pool->is_never_written && !volume_is_busy(pool))
			return ERR_NO_MEMORY;
		*replay = begin;
		sinter_wait(pool);
		if (pool->failure != OK)
			return ERR_IO;
	}
}

static err_t replay_record(struct sinter *pool, reader_t *reader)
{
	struct replay replay = { .pool = pool };
	struct log_record record;
	view_t body;
	TRY(reader_take_object(reader, span_of(record)));
	if (record.size < sizeof record || record.size % 8)
		return ERR_CORRUPT;
	TRY(reader_take(reader, record.size - sizeof record, &body));
	replay.body = reader_of_view(body);
	replay.kind = record.kind;
	pool->log.replay_names += record.kind != LOG_FILE;
	TRY(sinter_dataset_open(pool, record.dataset, &replay.dataset));
	err_t err = finish_record(&replay);
	sinter_dataset_close(replay.dataset);
	if (replay.kind != LOG_FILE || (err != ERR_CORRUPT && err != ERR_IO))
		return err;
	// Older contents of this file cannot be read: that is an error for who reads it, and no reason
	// to refuse all the others.
	pool->port.report(
		pool->port.context, VIEW_TEXT("contents of a file could not be replayed: it is damaged"));
	return OK;
}

// Reads the block at a position into group. ERR_NOT_FOUND: it is not the next one.
static err_t read_block(struct sinter *pool, u64 position, u32 leg, struct log_header *out)
{
	struct ilog *log = &pool->log;
	span_t group = span_from(log->group, LOG_GROUP_MAX);
	u64 unit = pool->config.log_unit + position;
	TRY(volume_read_now(pool, leg, unit, span_clamp(group, 0, UNIT_SIZE)));
	TRY(view_load(span_view(group), 0, span_of(*out)));
	if (out->magic != MAGIC_LOG || out->pool_guid != pool->config.pool_guid ||
		out->sequence != log->sequence || out->base_txg != log->replay_base ||
		out->previous != log->previous || out->payload > LOG_GROUP_MAX - sizeof *out)
		return ERR_NOT_FOUND;
	u64 units = units_of_bytes(sizeof *out + out->payload);
	if (units > pool->config.log_units - position)
		return ERR_NOT_FOUND;
	TRY(volume_read_now(pool, leg, unit, span_clamp(group, 0, (usize)units * UNIT_SIZE)));
	sum_t sum = ilog_sum(out, view_clamp(span_view(group), sizeof *out, out->payload));
	return sum_equal(sum, out->sum) ? OK : ERR_NOT_FOUND;
}

static err_t find_block(struct sinter *pool, u64 *position, struct log_header *out)
{
	for (u32 i = 0; i < 2 * LEGS_MAX; i++) {
		u64 at = i % 2 ? 0 : pool->log.position;
		if (volume_is_written(pool, i / 2) && read_block(pool, at, i / 2, out) == OK) {
			*position = at;
			return OK;
		}
	}
	return ERR_NOT_FOUND;
}

static err_t replay_block(struct sinter *pool, const struct log_header *header)
{
	struct ilog *log = &pool->log;
	view_t group = view_from(log->group, LOG_GROUP_MAX);
	reader_t reader = reader_of_view(view_clamp(group, sizeof *header, header->payload));
	u64 skip = log->replay_skip;
	for (u32 i = 0; i < header->records; i++) {
		if (i < skip) {
			struct log_record record;
			TRY(reader_take_object(&reader, span_of(record)));
			TRY(reader_skip(
				&reader, record.size < sizeof record ? SIZE_MAX : record.size - sizeof record));
			continue;
		}
		TRY(replay_record(pool, &reader));
		log->replay_skip = i + 1u;
	}
	return OK;
}

static err_t replay_all(struct sinter *pool)
{
	struct ilog *log = &pool->log;
	struct log_header header;
	u64 at;
	while (find_block(pool, &at, &header) == OK) {
		u64 units = units_of_bytes(sizeof header + header.payload);
		TRY(replay_block(pool, &header));
		log->position = (at + units) % pool->config.log_units;
		log->sequence++;
		log->previous = AT(header.sum.word, 0);
		log->replay_skip = 0;
	}
	return OK;
}

// Contents from the start: the last ones win. Of names the log has done some already.
static err_t take_part(struct sinter *pool, view_t part, u64 names_done)
{
	reader_t reader = reader_of_view(part);
	while (reader_left(&reader)) {
		struct log_record record;
		reader_t ahead = reader;
		TRY(reader_take_object(&ahead, span_of(record)));
		if (record.kind == LOG_FILE || !names_done) {
			TRY(replay_record(pool, &reader));
			continue;
		}
		names_done--;
		if (!record.size || reader_skip(&reader, record.size) != OK)
			return ERR_CORRUPT;
	}
	return OK;
}

// What an earlier process had not made durable. A commit in between ends it for whoever comes next:
// then no group of the log and no part follows the root.
static err_t take_over(struct sinter *pool, u64 root, u64 chain)
{
	struct ilog *log = &pool->log;
	bool is_whole;
	view_t part = kept_part(pool, root, chain, &is_whole);
	log->replay_base = UINT64_MAX;
	TRY(take_part(pool, part, log->replay_names));
	if (!is_whole)
		return OK;
	return take_part(pool, kept_part(pool, root + 1, 0, &is_whole), 0);
}

err_t ilog_replay(struct sinter *pool)
{
	struct ilog *log = &pool->log;
	const struct superblock *super = &pool->super;
	log->position = super->log_position;
	log->sequence = super->log_sequence;
	log->previous = super->log_previous;
	log->replay_base = super->log_base;
	log->replay_skip = super->log_skip;
	if (!(super->flags & SUPERBLOCK_CLEAN)) // what create makes is the same each time
		log->salt = pool->port.random(pool->port.context);
	log->is_replaying = true;
	u64 root = super->txg, chain = super->log_previous;
	bool is_first = super->log_base == root;
	err_t err = replay_all(pool);
	if (err == OK && is_first && pool->txg.durable == root && !pool->is_never_written)
		err = take_over(pool, root, chain);
	log->is_replaying = false;
	if (err != OK)
		pool->port.report(pool->port.context,
			VIEW_TEXT("a record of the intent log cannot be replayed: it is damaged"));
	return err == ERR_NO_MEMORY && pool->is_never_written ? OK : err;
}
