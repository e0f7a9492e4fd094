// SPDX-License-Identifier: MIT
// scrub.c - see scrub.h. Blocks are taken from the walk by lanes, some at a time. A lane is never
// busy while a commit begins, so no block is looked at or written that has been used again since.
#include "lib/sinter/scrub.h"

#include "lib/base/bits.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/open.h"
#include "lib/sinter/read.h"
#include "lib/sinter/scrub_zones.h"
#include "lib/sinter/space.h"
#include "lib/sinter/txg.h"

constexpr u32 BLOCKS_OF_CALL = 16;
constexpr u32 BLOCKS_BETWEEN_COMMITS = 4096; // how much is looked at again after a crash
constexpr tree_key_t SCRUB_KEY = { 0, (u64)ITEM_SCRUB << 56 };

static bool is_resilvering(const struct sinter *pool)
{
	return pool->scrub.legs;
}

static bool has_missed(const struct sinter *pool, u32 leg, const pointer_t *pointer)
{
	u64 behind = AT(AT(pool->vdevs, leg / LEGS_MAX).entry.legs_behind, leg % LEGS_MAX);
	return AT(pool->legs, leg).state == LEG_BEHIND && pointer_birth(pointer) > behind;
}

static void submit(struct sinter *pool, struct scrub_lane *lane, u32 attempt, bool is_write)
{
	usize size = (usize)pointer_units(&lane->pointer) * UNIT_SIZE;
	u32 leg = read_leg(&lane->pointer, attempt);
	if (!volume_is_written(pool, leg)) {
		lane->work.error = is_write ? OK : ERR_IO;
		return;
	}
	volume_submit(pool, &lane->work, leg,
		(struct device_io){ .request = is_write ? DEVICE_WRITE : DEVICE_READ,
			.unit = address_unit(read_address(&lane->pointer, attempt)),
			.bytes = span_clamp(cache_bytes(pool, lane->frame), 0, size) });
}

// False: nothing is left to do.
static bool lane_end(struct sinter *pool, struct scrub_lane *lane)
{
	pool->scrub.busy--;
	cache_give(pool, lane->frame);
	*lane = (struct scrub_lane){};
	return false;
}

static void judge(struct sinter *pool, struct scrub_lane *lane)
{
	view_t bytes = view_clamp(span_view(cache_bytes(pool, lane->frame)), 0, lane->pointer.stored);
	u32 bit = 1u << lane->attempt;
	lane->is_reading = false;
	lane->is_frame_good = lane->work.error == OK && read_is_good(&lane->pointer, bytes);
	if (lane->is_frame_good) {
		lane->has_good = true;
		lane->good = lane->attempt;
		lane->reads = is_resilvering(pool) ? 0 : lane->reads;
		return;
	}
	lane->has_good &= lane->good != lane->attempt;
	if (lane->bad & bit)
		return;
	lane->bad |= bit;
	pool->scrub.record.bad++;
	if (lane->work.error == OK)
		volume_errors(pool, read_leg(&lane->pointer, lane->attempt))->bad++;
}

static void read_attempt(struct sinter *pool, struct scrub_lane *lane, u32 attempt)
{
	lane->reads &= ~(1u << attempt);
	lane->attempt = attempt;
	lane->work = (struct work){};
	lane->is_reading = true;
	submit(pool, lane, attempt, false);
}

static void write_targets(struct sinter *pool, struct scrub_lane *lane)
{
	lane->work = (struct work){};
	lane->is_writing = true;
	for (u32 i = 0; i < read_attempts(&lane->pointer); i++) {
		if (!((lane->bad | lane->targets) >> i & 1))
			continue;
		if (lane->bad >> i & 1) {
			pool->scrub.record.healed++;
			volume_errors(pool, read_leg(&lane->pointer, i))->healed++;
		}
		submit(pool, lane, i, true);
	}
}

// One thing on. False: it waits.
static bool lane_step(struct sinter *pool, struct scrub_lane *lane)
{
	if (lane->work.under_way || !volume_has_room(pool, COPIES_MAX * LEGS_MAX))
		return false;
	if (lane->is_reading)
		judge(pool, lane);
	if (lane->is_writing)
		return lane_end(pool, lane);
	if (lane->reads) {
		read_attempt(pool, lane, bits_lowest(lane->reads));
		return true;
	}
	if (!(lane->bad | lane->targets))
		return lane_end(pool, lane);
	if (!lane->has_good) {
		if (pool->scrub.record.lost++ < 10)
			open_report(
				pool, "a block has no good copy any more (address)", AT(lane->pointer.address, 0));
		return lane_end(pool, lane);
	}
	if (lane->is_frame_good)
		write_targets(pool, lane);
	else
		read_attempt(pool, lane, lane->good); // it was written over by a bad one
	return true;
}

// What is to be done with this block. False: nothing.
static bool lane_plan(struct sinter *pool, struct scrub_lane *lane, const pointer_t *pointer)
{
	lane->pointer = *pointer;
	lane->reads = lane->targets = 0;
	for (u32 i = 0; i < read_attempts(pointer); i++) {
		u32 leg = read_leg(pointer, i);
		if (has_missed(pool, leg, pointer))
			lane->targets |= 1u << i;
		else if (volume_leg(pool, leg)->state == LEG_GOOD)
			lane->reads |= 1u << i;
	}
	return is_resilvering(pool) ? lane->targets : lane->reads;
}

static void count(struct sinter *pool, const pointer_t *pointer)
{
	struct scrub *scrub = &pool->scrub;
	if (is_resilvering(pool)) {
		scrub->resilvered++;
		return;
	}
	scrub->record.blocks++;
	scrub->record.units += pointer_units_of_copies(pointer);
	scrub->is_changed = true;
	if (scrub->record.blocks % BLOCKS_BETWEEN_COMMITS == 0)
		pool->txg.is_changed = true;
}

// Gives a free lane the next block. False: there is none now.
static bool lane_begin(struct sinter *pool, struct scrub_lane *lane)
{
	struct scrub *scrub = &pool->scrub;
	pointer_t pointer;
	struct scrub_walk *walk = is_resilvering(pool) ? &scrub->resilver : &scrub->walk;
	if (cache_room(pool) <= pool->frames_reserved + FRAMES_OF_STEP)
		return false;
	err_t err = scrub_walk_next(pool, walk, &pointer);
	if (err == ERR_WOULD_BLOCK)
		return false;
	if (err != OK) {
		if (err != ERR_NOT_FOUND && scrub->record.lost++ < 10)
			open_report(pool, "a tree cannot be walked to its end", walk->root.object);
		scrub->are_blocks_done = true;
		return false;
	}
	if (!read_is_possible(pool, &pointer)) {
		scrub->record.lost++;
		return true;
	}
	count(pool, &pointer);
	if (!lane_plan(pool, lane, &pointer))
		return true;
	lane->frame = cache_take(pool);
	if (!lane->frame)
		return false;
	lane->frame->state = BUFFER_IMAGE;
	scrub->busy++;
	return true;
}

static void work_lanes(struct sinter *pool)
{
	for (u32 i = 0; i < SCRUB_LANES; i++) {
		struct scrub_lane *lane = &AT(pool->scrub.lanes, i);
		while (lane->frame && lane_step(pool, lane))
			;
	}
}

static u64 legs_behind(const struct sinter *pool)
{
	u64 legs = 0;
	for (u32 i = 0; i < LEGS_ALL; i++)
		if (AT(pool->legs, i).state == LEG_BEHIND)
			legs |= (u64)1 << i;
	return legs;
}

static void begin_resilver(struct sinter *pool, u64 legs)
{
	struct scrub *scrub = &pool->scrub;
	u64 least = UINT64_MAX;
	for (u32 i = 0; i < LEGS_ALL; i++)
		if (legs >> i & 1)
			least = min_u64(least, *volume_behind(pool, i));
	scrub->legs = legs;
	scrub->resilver = (struct scrub_walk){ .level = LEVEL_MAX + 1, .min_birth = least + 1 };
	scrub->are_blocks_done = false;
	scrub->zone = 0;
	scrub->resilvered = 0;
}

// All blocks and bitmaps are on the legs: the next root says so.
static void end_resilver(struct sinter *pool)
{
	for (u32 i = 0; i < LEGS_ALL; i++) {
		if (volume_leg(pool, i)->state != LEG_BEHIND)
			continue;
		*volume_behind(pool, i) = 0;
		volume_leg(pool, i)->state = LEG_GOOD;
		open_report(pool, "a leg is up to date again; blocks written", pool->scrub.resilvered);
	}
	pool->scrub.legs = 0;
	pool->scrub.are_blocks_done = false;
	pool->scrub.zone = 0;
	scrub_drop_leaving(pool);
	pool->is_table_changed = true;
	txg_want(pool, pool->txg.open);
}

static void end_scrub(struct sinter *pool)
{
	struct scrub *scrub = &pool->scrub;
	scrub->record.state = SCRUB_DONE;
	scrub->record.ended_s = (u64)pool->port.now(pool->port.context).s;
	scrub->are_blocks_done = false;
	scrub->zone = 0;
	scrub->is_changed = true;
	pool->txg.is_changed = true;
	txg_want(pool, pool->txg.open);
}

bool scrub_is_active(const struct sinter *pool)
{
	return !pool->is_read_only &&
	       (pool->scrub.busy || legs_behind(pool) || pool->scrub.record.state == SCRUB_RUNNING);
}

static bool may_begin(const struct sinter *pool)
{
	return !pool->is_read_only && pool->txg.phase == COMMIT_IDLE && !pool->txg.is_wanted &&
	       !pool->is_blocking && !volume_is_crowded(pool);
}

// Blocks are done: bitmaps, one zone a call.
static void work_zones(struct sinter *pool)
{
	struct scrub *scrub = &pool->scrub;
	if (scrub->busy || pool->healing.under_way)
		return;
	if (scrub->zone < pool->space.zone_count) {
		scrub->zone += scrub_zone(pool, scrub->zone);
		return;
	}
	scrub_labels(pool);
	if (is_resilvering(pool))
		end_resilver(pool);
	else
		end_scrub(pool);
}

void scrub_work(struct sinter *pool)
{
	struct scrub *scrub = &pool->scrub;
	work_lanes(pool);
	for (u32 blocks = 0; blocks < BLOCKS_OF_CALL && may_begin(pool); blocks++) {
		u64 legs = legs_behind(pool);
		if (legs != scrub->legs && !scrub->busy)
			begin_resilver(pool, legs);
		if (legs != scrub->legs || (!legs && scrub->record.state != SCRUB_RUNNING))
			return;
		if (scrub->are_blocks_done) {
			work_zones(pool);
			return;
		}
		struct scrub_lane *lane = &AT(scrub->lanes, blocks % SCRUB_LANES);
		if (!lane->frame && !lane_begin(pool, lane) && !scrub->are_blocks_done)
			return;
		work_lanes(pool);
	}
}

err_t scrub_prepare_freeze(struct sinter *pool, struct need *need)
{
	if (!pool->scrub.is_changed)
		return OK;
	if (pool->scrub.is_stored)
		return btree_prepare_edit(&pool->tree, SCRUB_KEY, need);
	return btree_prepare_insert(&pool->tree, SCRUB_KEY, sizeof pool->scrub.record, need);
}

void scrub_freeze(struct sinter *pool)
{
	struct scrub *scrub = &pool->scrub;
	if (!scrub->is_changed)
		return;
	scrub->record.root = scrub->walk.root;
	scrub->record.key = scrub->walk.key;
	btree_put(&pool->tree, SCRUB_KEY, scrub->is_stored, view_of(scrub->record));
	scrub->is_stored = true;
	scrub->is_changed = false;
}

void scrub_load(struct sinter *pool)
{
	struct scrub *scrub = &pool->scrub;
	pool->epoch++;
	scrub->is_stored = btree_load(&pool->tree, SCRUB_KEY, span_of(scrub->record)) == OK;
	if (!scrub->is_stored)
		scrub->record = (struct scrub_record){};
	scrub->walk = (struct scrub_walk){
		.root = scrub->record.root, .key = scrub->record.key, .level = LEVEL_MAX + 1
	};
}

err_t sinter_scrub_begin(struct sinter *pool)
{
	struct scrub *scrub = &pool->scrub;
	if (pool->is_read_only)
		return ERR_READ_ONLY;
	if (scrub->record.state == SCRUB_NONE || scrub->record.state == SCRUB_DONE) {
		scrub->record =
			(struct scrub_record){ .started_s = (u64)pool->port.now(pool->port.context).s,
				.units_all = pool->super.units_allocated -
			                 (u64)pool->space.zone_count * space_header_units(pool) };
		scrub->walk = (struct scrub_walk){ .level = LEVEL_MAX + 1 };
	}
	scrub->record.state = SCRUB_RUNNING;
	scrub->is_changed = pool->txg.is_changed = true;
	return OK;
}

err_t sinter_scrub_pause(struct sinter *pool)
{
	if (pool->is_read_only)
		return ERR_READ_ONLY;
	if (pool->scrub.record.state != SCRUB_RUNNING)
		return ERR_NOT_FOUND;
	pool->scrub.record.state = SCRUB_PAUSED;
	pool->scrub.is_changed = pool->txg.is_changed = true;
	return OK;
}

void sinter_scrub_status(const struct sinter *pool, struct sinter_scrub *out)
{
	*out = (struct sinter_scrub){ .record = pool->scrub.record,
		.is_resilvering = is_resilvering(pool) || legs_behind(pool),
		.resilvered = pool->scrub.resilvered };
}
