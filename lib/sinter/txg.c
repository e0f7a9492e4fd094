// SPDX-License-Identifier: MIT
// txg.c - admission and the phases of a commit: blocks, bitmaps, flush, two labels, flush. freeze.c
// does what happens before the first write.
#include "lib/sinter/txg.h"

#include "lib/base/bits.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/freeze.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/kept.h"
#include "lib/sinter/label.h"
#include "lib/sinter/scrub.h"
#include "lib/sinter/space.h"
#include "lib/sinter/table.h"
#include "lib/sinter/volume.h"

void txg_want(struct sinter *pool, u64 txg)
{
	pool->txg.wanted = max_u64(pool->txg.wanted, txg);
	pool->txg.is_wanted = true;
}

err_t txg_wait(struct sinter *pool)
{
	txg_want(pool, pool->txg.open);
	return ERR_WOULD_BLOCK;
}

// Chunks that stay for what frees space: unlink must work on a full pool.
static u64 kept_back(const struct sinter *pool)
{
	u64 chunks = pool->space.units_total / CHUNK_UNITS;
	u64 small = min_u64(512, max_u64(chunks / 8, 192));
	return max_u64(chunks / 64, small);
}

// All that is dirty may be this dataset's; when that decides, a commit counts it.
static err_t admit_quota(struct sinter *pool, const struct need *need)
{
	const struct dataset *dataset = need->dataset;
	if (!dataset || !dataset->record.quota || need->is_freeing)
		return OK;
	u64 blocks = cache_dirty(pool) + need->nodes + need->records;
	u64 units = dataset->record.units + blocks * CHUNK_UNITS * max_u64(2, dataset->record.copies);
	if (units <= dataset->record.quota)
		return OK;
	if (!cache_dirty(pool))
		return ERR_QUOTA;
	return txg_wait(pool);
}

// Chunks that the open group takes at most, with what its commit adds.
static u64 chunks_wanted(const struct sinter *pool, const struct need *need)
{
	u64 nodes = pool->cache.dirty_nodes + need->nodes + pool->frames_reserved / 2;
	u64 records = pool->cache.dirty_records + need->records;
	return 2 * nodes + records * COPIES_MAX; // no data has more copies
}

static err_t admit_space(struct sinter *pool, const struct need *need)
{
	bool may_mature;
	u64 chunks = chunks_wanted(pool, need);
	u64 of_others = pool->unfilled - (need->dataset ? need->dataset->unfilled : 0); // reserved
	if (!need->is_freeing)
		chunks += kept_back(pool) + of_others / CHUNK_UNITS;
	err_t err = space_ready(pool, chunks, &may_mature);
	if (err == OK) {
		pool->txg.idle_commits = 0;
		return OK;
	}
	if (err != ERR_NO_SPACE || (!may_mature && !cache_dirty(pool)) ||
		pool->txg.idle_commits > KEEP_ROOTS + 2)
		return err;
	return txg_wait(pool);
}

err_t txg_admit(struct sinter *pool, const struct need *need)
{
	if (pool->is_read_only)
		return ERR_READ_ONLY;
	u32 frames = need->nodes + need->records;
	if (pool->has_sealed) // each needs an image when it is written
		frames = 2 * frames + cache_dirty(pool);
	if (cache_room(pool) < frames + pool->frames_reserved + FRAMES_OF_STEP) {
		if (cache_dirty(pool) || pool->cache.writing_count) {
			if (pool->txg.phase == COMMIT_IDLE)
				txg_want(pool, pool->txg.open);
			return ERR_WOULD_BLOCK;
		}
		return volume_is_busy(pool) ? ERR_WOULD_BLOCK : ERR_NO_MEMORY;
	}
	if (kept_is_full(pool))
		return txg_wait(pool);
	TRY(admit_quota(pool, need));
	TRY(admit_space(pool, need));
	if (cache_dirty(pool) + frames > pool->cache.count / 3 && pool->txg.phase == COMMIT_IDLE)
		txg_want(pool, pool->txg.open); // early, so that nobody has to wait
	pool->txg.is_changed = true;
	return OK;
}

err_t txg_durable(const struct sinter *pool, u64 txg)
{
	if (pool->txg.durable >= txg)
		return OK;
	return pool->failure != OK ? ERR_IO : ERR_WOULD_BLOCK;
}

void txg_fail(struct sinter *pool, err_t err)
{
	pool->failure = err;
	pool->is_read_only = true;
	pool->txg.phase = COMMIT_IDLE;
	pool->log.phase = LOG_IDLE;
	pool->port.report(pool->port.context,
		VIEW_TEXT("the pool could not be written: it is read-only from now on"));
}

static bool begin(struct sinter *pool)
{
	struct txg *txg = &pool->txg;
	if (pool->is_read_only || !txg->is_wanted || pool->log.phase != LOG_IDLE ||
		pool->healing.under_way || pool->scrub.busy)
		return false;
	txg->is_preparing = true;
	pool->epoch++;
	err_t err = freeze_prepare(pool);
	txg->is_preparing = false;
	if (err == ERR_WOULD_BLOCK)
		return false;
	if (err == OK)
		err = freeze_all(pool);
	if (err != OK) {
		txg_fail(pool, err);
		return false;
	}
	txg->idle_commits++;
	txg->is_wanted = txg->wanted > txg->super.txg;
	txg->phase = COMMIT_BLOCKS;
	txg->work = (struct work){};
	txg->next = 0;
	return true;
}

static bool write_block(struct sinter *pool, struct buffer *buffer)
{
	u32 copies = pointer_copies(&buffer->pointer);
	if (!volume_has_room(pool, copies * LEGS_MAX))
		return false;
	const struct buffer *image =
		buffer->stored_frame == NONE ? buffer : cache_buffer(pool, buffer->stored_frame);
	usize size = (usize)pointer_units(&buffer->pointer) * UNIT_SIZE;
	span_t bytes = span_clamp(cache_bytes(pool, image), 0, size);
	for (u32 i = 0; i < copies; i++)
		if (!volume_write(pool, &pool->txg.work, AT(buffer->pointer.address, i), bytes))
			never_reached();
	return true;
}

static bool write_blocks(struct sinter *pool)
{
	for (u32 *next = &pool->txg.next; *next < pool->cache.count; ++*next) {
		struct buffer *buffer = cache_buffer(pool, *next);
		if (buffer->state == BUFFER_WRITING && !write_block(pool, buffer))
			return false;
	}
	pool->txg.next = 0;
	return true;
}

static void end(struct sinter *pool)
{
	struct txg *txg = &pool->txg;
	txg->durable = txg->super.txg;
	u64 next_object = pool->super.next_object,
		features = AT(pool->super.features, FEATURES_INCOMPATIBLE);
	pool->super = txg->super;
	pool->super.next_object =
		max_u64(next_object, pool->super.next_object); // the open one took some
	AT(pool->super.features, FEATURES_INCOMPATIBLE) |= features;
	for (u32 i = 0; i < pool->cache.count; i++)
		if (cache_buffer(pool, i)->state == BUFFER_WRITING)
			cache_end_write(pool, cache_buffer(pool, i));
	space_settle(pool);
	ilog_committed(pool);
	txg->phase = COMMIT_IDLE;
}

// The table as it is now, then the labels.
static bool write_super(struct sinter *pool)
{
	struct txg *txg = &pool->txg;
	if (!txg->next && txg->work.under_way)
		return false;
	if (!txg->next) {
		table_store(pool, &txg->super);
		pool->is_table_changed = false;
	}
	return label_write_super(pool, &txg->work, &txg->next);
}

// What is left of the phase. False: something must end first.
static bool finish_phase(struct sinter *pool)
{
	struct txg *txg = &pool->txg;
	struct work *work = &txg->work;
	switch (txg->phase) {
	case COMMIT_BLOCKS: return write_blocks(pool);
	case COMMIT_BITMAPS: return space_write(pool, work, &txg->next) && !work->under_way;
	case COMMIT_BARRIER:
		if (!volume_flush(pool, work))
			return false;
		txg->next = 0;
		return true;
	case COMMIT_SUPERBLOCK: return write_super(pool);
	case COMMIT_FLUSH: return !work->under_way && volume_flush(pool, work);
	case COMMIT_IDLE:
	case COMMIT_END: break;
	}
	return !work->under_way;
}

// One phase on. False: something must end first.
static bool advance(struct sinter *pool)
{
	struct txg *txg = &pool->txg;
	if (txg->work.error != OK && !txg->work.under_way) {
		txg_fail(pool, txg->work.error);
		return false;
	}
	if (txg->phase == COMMIT_IDLE)
		return begin(pool);
	if (!finish_phase(pool))
		return false;
	if (txg->phase != COMMIT_END) {
		txg->phase++;
	} else if (pool->is_table_changed) { // a leg failed meanwhile: the same root, which says so
		txg->next = 0;
		txg->phase = COMMIT_SUPERBLOCK;
	} else {
		end(pool);
	}
	return true;
}

void txg_work(struct sinter *pool)
{
	while (advance(pool))
		;
}

err_t txg_commit_now(struct sinter *pool, bool is_closing)
{
	u64 ticket = pool->txg.open;
	pool->txg.is_closing = is_closing;
	txg_want(pool, ticket);
	while (txg_durable(pool, ticket) == ERR_WOULD_BLOCK) {
		scrub_work(pool); // lanes that are busy end
		ilog_work(pool);
		txg_work(pool);
		if (txg_durable(pool, ticket) == ERR_WOULD_BLOCK)
			volume_wait(pool);
	}
	return txg_durable(pool, ticket);
}
