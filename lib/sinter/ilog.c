// SPDX-License-Identifier: MIT
// ilog.c - noting, building a group, writing it. Whatever does not fit makes fsync commit instead:
// slower, never wrong. Groups and commits do not overlap.
#include "lib/sinter/ilog.h"

#include "lib/base/bits.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/inode.h"
#include "lib/sinter/kept.h"
#include "lib/sinter/txg.h"
#include "lib/sinter/volume.h"

err_t ilog_init(struct sinter *pool)
{
	struct ilog *log = &pool->log;
	struct port *port = &pool->port;
	log->records = port->allocate_blocks(port->context, LOG_BUFFER);
	log->group = port->allocate_blocks(port->context, LOG_GROUP_MAX);
	log->streams = port->allocate(port->context, STREAMS * sizeof(struct stream));
	log->sequence = 1;
	for (u32 i = 0; log->streams && i < STREAMS; i++)
		list_init(&ITEM(log->streams, STREAMS, i).records);
	return log->records && log->group && log->streams ? OK : ERR_NO_MEMORY;
}

void ilog_fini(struct sinter *pool)
{
	struct ilog *log = &pool->log;
	struct port *port = &pool->port;
	port_release(port, log->records, LOG_BUFFER);
	port_release(port, log->group, LOG_GROUP_MAX);
	port_release(port, log->streams, STREAMS * sizeof(struct stream));
}

struct sinter_time ilog_time(struct sinter *pool)
{
	return pool->log.is_replaying ? pool->log.replay_time : pool->port.now(pool->port.context);
}

sum_t ilog_sum(struct log_header *header, view_t payload)
{
	sum_t kept = header->sum;
	header->sum = (sum_t){};
	sum_t of_payload = checksum(payload, header->sequence);
	header->sum = of_payload;
	sum_t sum = checksum(view_of(*header), header->sequence);
	header->sum = kept;
	return sum;
}

// The rest of the open group is not in the log: fsync commits.
static void overflow(struct sinter *pool)
{
	pool->log.is_overflown = !pool->log.is_replaying;
}

void ilog_cannot(struct sinter *pool)
{
	overflow(pool);
	kept_end(pool);
}

static void append(span_t to, u32 *at, view_t bytes)
{
	span_put(span_from_offset(to, *at), bytes);
	*at += (u32)bytes.size;
}

static u32 padded(usize size)
{
	return (u32)((size + 7) & ~(usize)7);
}

static void pad(span_t to, u32 *at)
{
	span_fill(span_clamp(to, *at, padded(*at) - *at), 0);
	*at = padded(*at);
}

void ilog_note(struct dataset *dataset, struct note note)
{
	struct sinter *pool = dataset->tree.pool;
	struct ilog *log = &pool->log;
	struct log_record record = { .kind = note.kind, .dataset = dataset->record.id };
	record.size = padded(sizeof record + note.body.size + note.first.size + note.second.size);
	if (dataset->record.cipher) { // nothing of it may stand in the log
		ilog_cannot(pool);
		return;
	}
	kept_note(pool, &record, note);
	if (log->is_replaying || log->is_overflown)
		return;
	if (log->used + record.size > LOG_BUFFER) {
		overflow(pool);
		return;
	}
	span_t to = span_from(log->records, LOG_BUFFER);
	append(to, &log->used, view_of(record));
	append(to, &log->used, note.body);
	append(to, &log->used, note.first);
	append(to, &log->used, note.second);
	pad(to, &log->used);
	log->count++;
}

static struct stream *_Nullable find_stream(struct dataset *dataset, u64 inode, bool is_wanted)
{
	struct ilog *log = &dataset->tree.pool->log;
	for (u32 i = 0; i < STREAMS; i++) { // from its own place on
		struct stream *stream = &ITEM(log->streams, STREAMS, (inode + i) % STREAMS);
		if (stream->dataset == dataset && stream->inode == inode)
			return stream;
		if (stream->dataset)
			continue;
		if (!is_wanted)
			return nullptr;
		stream->dataset = dataset;
		stream->inode = inode;
		stream->size_min = UINT64_MAX;
		return stream;
	}
	return nullptr;
}

void ilog_changed(struct dataset *dataset, u64 inode, struct buffer *buffer, u32 low, u32 high)
{
	struct sinter *pool = dataset->tree.pool;
	if (pool->log.is_replaying || pool->log.is_overflown)
		return;
	struct stream *stream = dataset->record.cipher ? nullptr : find_stream(dataset, inode, true);
	if (!stream) {
		dataset->record.cipher ? ilog_cannot(pool) : overflow(pool);
		return;
	}
	stream->is_changed = true;
	if (!buffer)
		return;
	if (buffer->stream == NONE) {
		buffer->stream = (u32)(stream - pool->log.streams);
		buffer->unlogged_low = low;
		buffer->unlogged_high = high;
		list_push_back(&stream->records, &buffer->order);
	}
	buffer->unlogged_low = (u32)min_u64(buffer->unlogged_low, low);
	buffer->unlogged_high = (u32)max_u64(buffer->unlogged_high, high);
}

void ilog_truncated(struct dataset *dataset, u64 inode, u64 size)
{
	ilog_changed(dataset, inode, nullptr, 0, 0);
	struct stream *stream = find_stream(dataset, inode, false);
	if (stream)
		stream->size_min = min_u64(stream->size_min, size);
}

void ilog_queue(struct dataset *dataset, u64 inode)
{
	struct ilog *log = &dataset->tree.pool->log;
	if (log->is_replaying)
		return;
	for (u32 i = 0; i < log->queued; i++)
		if (AT(log->queue, i).dataset == dataset && AT(log->queue, i).inode == inode)
			return;
	if (log->queued == QUEUE_MAX)
		overflow(dataset->tree.pool);
	else
		AT(log->queue, log->queued++) = (struct file_name){ dataset, inode };
}

// A group under construction: everything is checked against its end.
struct group {
	struct sinter *pool;
	span_t to;
	u32 at, records;
	bool is_full;
};

static void put(struct group *group, view_t bytes)
{
	if (bytes.size > group->to.size - group->at) {
		group->is_full = true;
		return;
	}
	append(group->to, &group->at, bytes);
}

static void put_extent(struct group *group, u64 offset, view_t bytes)
{
	struct log_extent extent = { .offset = offset, .size = bytes.size };
	put(group, view_of(extent));
	put(group, bytes);
	if (!group->is_full)
		pad(group->to, &group->at);
}

static u32 put_inline(struct group *group, const struct file_name *name)
{
	struct place place;
	struct btree *tree = &name->dataset->tree;
	// The file is dirty, so its leaf is here: nothing is read.
	if (btree_find(tree, key_make(name->inode, ITEM_INLINE, 0), &place) != OK)
		return 0;
	put_extent(group, 0, btree_value(tree, &place));
	return 1;
}

static u32 put_records(struct group *group, struct stream *stream, u64 file_size)
{
	u32 extents = 0;
	LIST_EACH(node, &stream->records) {
		struct buffer *buffer = container_of(node, struct buffer, order);
		u64 start = buffer->record * RECORD_SIZE;
		u64 high = min_u64(buffer->unlogged_high, file_size > start ? file_size - start : 0);
		if (high <= buffer->unlogged_low)
			continue;
		view_t bytes = span_view(cache_bytes(group->pool, buffer));
		put_extent(group, start + buffer->unlogged_low,
			view_clamp(bytes, buffer->unlogged_low, high - buffer->unlogged_low));
		extents++;
	}
	return extents;
}

struct log_file ilog_file(u64 number, const struct inode_record *inode, u64 size_min)
{
	return (struct log_file){ .inode = number,
		.size = inode->size,
		.size_min = size_min,
		.mtime_s = inode->mtime_s,
		.ctime_s = inode->ctime_s,
		.mtime_ns = inode->mtime_ns,
		.ctime_ns = inode->ctime_ns };
}

static void put_file(struct group *group, const struct file_name *name)
{
	struct stream *stream = find_stream(name->dataset, name->inode, false);
	struct inode_record inode;
	if (!stream || !stream->is_changed || inode_load(name->dataset, name->inode, &inode) != OK)
		return;
	u32 start = group->at;
	struct log_record record = { .kind = LOG_FILE, .dataset = name->dataset->record.id };
	struct log_file file = ilog_file(name->inode, &inode, stream->size_min);
	put(group, view_of(record));
	put(group, view_of(file));
	file.extents =
		inode.record_log2 ? put_records(group, stream, inode.size) : put_inline(group, name);
	if (group->is_full)
		return;
	record.size = group->at - start;
	append(group->to, &start, view_of(record));
	append(group->to, &start, view_of(file));
	group->records++;
}

// What the group holds needs no logging any more.
static void files_logged(struct sinter *pool)
{
	struct ilog *log = &pool->log;
	for (u32 i = 0; i < log->queued; i++) {
		struct file_name *name = &AT(log->queue, i);
		struct stream *stream = find_stream(name->dataset, name->inode, false);
		if (!stream)
			continue;
		stream->is_changed = false;
		stream->size_min = UINT64_MAX;
		LIST_EACH(node, &stream->records) {
			container_of(node, struct buffer, order)->stream = NONE;
			list_remove(node);
		}
	}
	log->queued = 0;
}

// A place for the block; false when the log is full until the next commit.
static bool find_position(struct sinter *pool, u64 units)
{
	struct ilog *log = &pool->log;
	u64 all = pool->config.log_units, waste = 0, at = log->position;
	if (at + units > all) {
		waste = all - at;
		at = 0;
	}
	if (log->units_used + waste + units > all)
		return false;
	log->units_used += waste + units;
	log->group_position = at;
	log->position = (at + units) % all;
	return true;
}

static bool build(struct sinter *pool)
{
	struct ilog *log = &pool->log;
	struct group group = { .pool = pool, .to = span_from(log->group, LOG_GROUP_MAX) };
	struct log_header header = { .magic = MAGIC_LOG,
		.pool_guid = pool->config.pool_guid,
		.sequence = log->sequence,
		.base_txg = pool->txg.durable,
		.previous = log->previous };
	put(&group, view_of(header));
	put(&group, view_from(log->records, log->used));
	group.records = log->count;
	for (u32 i = 0; i < log->queued; i++)
		put_file(&group, &AT(log->queue, i));
	u32 size = (group.at + UNIT_SIZE - 1) & ~(UNIT_SIZE - 1);
	if (group.is_full || !find_position(pool, size / UNIT_SIZE))
		return false;
	span_fill(span_clamp(group.to, group.at, size - group.at), 0);
	header.payload = group.at - (u32)sizeof header;
	header.records = group.records;
	header.sum = ilog_sum(&header, view_clamp(span_view(group.to), sizeof header, header.payload));
	u32 start = 0;
	append(group.to, &start, view_of(header));
	log->group_size = size;
	log->sequence++;
	log->previous = AT(header.sum.word, 0);
	log->used = log->count = 0;
	files_logged(pool);
	return true;
}

static void begin(struct sinter *pool)
{
	struct ilog *log = &pool->log;
	if (pool->is_read_only || pool->txg.phase != COMMIT_IDLE || !volume_has_room(pool, LEGS_MAX))
		return;
	pool->epoch++;
	if (log->is_overflown || !build(pool)) {
		log->is_overflown = true;
		txg_want(pool, pool->txg.open);
		return;
	}
	log->ticket++;
	log->is_asked = false;
	log->work = (struct work){};
	log->phase = LOG_WRITING;
	(void)volume_write(pool, &log->work, pool->config.log_unit + log->group_position,
		span_from(log->group, log->group_size));
}

void ilog_work(struct sinter *pool)
{
	struct ilog *log = &pool->log;
	if (log->phase == LOG_IDLE && log->is_asked && !pool->txg.is_wanted)
		begin(pool);
	if (log->phase == LOG_WRITING && !log->work.under_way) {
		if (log->work.error != OK)
			txg_fail(pool, log->work.error);
		else if (volume_flush(pool, &log->work))
			log->phase = LOG_FLUSHING;
	}
	if (log->phase == LOG_FLUSHING && !log->work.under_way) {
		log->phase = LOG_IDLE;
		if (log->work.error != OK) {
			txg_fail(pool, log->work.error);
		} else if (pool->is_table_changed) { // a leg failed: only a root that says so answers
			log->is_overflown = true;
			txg_want(pool, pool->txg.open);
		} else {
			log->done_ticket = log->ticket;
		}
	}
}

// All that was noted is in the group that has just been frozen.
void ilog_freeze(struct sinter *pool)
{
	struct ilog *log = &pool->log;
	log->used = log->count = 0;
	log->queued = 0;
	log->is_asked = false;
	log->is_overflown = false;
	log->frozen_ticket = ++log->ticket;
	for (u32 i = 0; i < STREAMS; i++) {
		struct stream *stream = &ITEM(log->streams, STREAMS, i);
		assert(list_is_empty(&stream->records)); // their buffers are being written
		stream->dataset = nullptr;
		stream->is_changed = false;
	}
}

void ilog_committed(struct sinter *pool)
{
	pool->log.units_used = 0;
	pool->log.done_ticket = pool->log.frozen_ticket;
}

err_t sinter_fsync_begin(struct dataset *dataset, u64 inode, u64 *out)
{
	struct sinter *pool = dataset->tree.pool;
	struct ilog *log = &pool->log;
	sinter_work(pool);
	if (pool->failure != OK)
		return ERR_IO;
	if (pool->is_read_only) {
		*out = log->done_ticket;
		return OK;
	}
	struct stream *stream = find_stream(dataset, inode, false);
	bool is_file_changed = stream && stream->is_changed;
	if (!is_file_changed && !log->used && !log->is_overflown) {
		*out = log->ticket; // all of it is in what was written last, or in flight
		return OK;
	}
	if (is_file_changed)
		ilog_queue(dataset, inode);
	*out = log->ticket + 1;
	log->is_asked = true;
	sinter_work(pool);
	return OK;
}

err_t sinter_fsync_done(struct sinter *pool, u64 ticket)
{
	sinter_work(pool);
	if (pool->log.done_ticket >= ticket)
		return OK;
	return pool->failure != OK ? ERR_IO : ERR_WOULD_BLOCK;
}
