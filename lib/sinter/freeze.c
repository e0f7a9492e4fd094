// SPDX-License-Identifier: MIT
// freeze.c - datasets first, then what the pool tree says of them, then the zones. Writing zone
// records changes nodes of the pool tree, which takes and frees space in zones: so nodes get their
// addresses first, and zones are looked at again until no new one has changed. Their number only
// grows, so this ends.
#include "lib/sinter/freeze.h"

#include "lib/sinter/dataset.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/kept.h"
#include "lib/sinter/scrub.h"
#include "lib/sinter/space.h"

static u32 loaded_zone_at(const struct sinter *pool, u32 i)
{
	return ITEM(pool->space.loaded, pool->space.loaded_count, i).zone;
}

static u32 count_loaded(const struct sinter *pool)
{
	u32 count = 0;
	for (u32 i = 0; i < pool->space.loaded_count; i++)
		count += loaded_zone_at(pool, i) != NONE;
	return count;
}

static err_t prepare_record(struct sinter *pool, u32 zone, struct need *need)
{
	tree_key_t key = space_zone_key(pool, zone);
	if (space_zone(pool, zone)->has_record)
		return btree_prepare_edit(&pool->tree, key, need);
	return btree_prepare_insert(&pool->tree, key, sizeof(struct zone_record), need);
}

err_t freeze_prepare(struct sinter *pool)
{
	u32 before;
	struct need need;
	do { // reading nodes may load zones, whose records are then needed too
		before = count_loaded(pool);
		need = (struct need){};
		TRY(dataset_prepare_freeze(pool, &need));
		TRY(scrub_prepare_freeze(pool, &need));
		for (u32 i = 0; i < pool->space.loaded_count; i++)
			if (loaded_zone_at(pool, i) != NONE)
				TRY(prepare_record(pool, loaded_zone_at(pool, i), &need));
	} while (count_loaded(pool) != before);
	return OK;
}

static bool mark_zones(struct sinter *pool)
{
	bool is_any = false;
	for (u32 i = 0; i < pool->space.loaded_count; i++) {
		u32 number = loaded_zone_at(pool, i);
		if (number == NONE)
			continue;
		struct zone *zone = space_zone(pool, number);
		if (!zone->is_changed || zone->is_marked)
			continue;
		if (zone->has_record) {
			(void)btree_edit(&pool->tree, space_zone_key(pool, number));
		} else {
			space_make_record(pool, number);
			btree_insert(&pool->tree, space_zone_key(pool, number), view_of(zone->record));
		}
		zone->is_marked = true;
		is_any = true;
	}
	return is_any;
}

static void write_zone_records(struct sinter *pool)
{
	for (u32 i = 0; i < pool->space.loaded_count; i++) {
		u32 number = loaded_zone_at(pool, i);
		if (number == NONE || !space_zone(pool, number)->is_marked)
			continue;
		struct zone *zone = space_zone(pool, number);
		zone->is_marked = false;
		btree_store(&pool->tree, space_zone_key(pool, number), view_of(zone->record));
	}
}

static void make_super(struct sinter *pool)
{
	struct superblock *super = &pool->txg.super;
	struct sinter_time now = pool->port.now(pool->port.context);
	u64 txg = pool->txg.open;
	*super = pool->super;
	super->magic = MAGIC_SUPERBLOCK;
	super->version = SINTER_VERSION;
	super->flags = pool->txg.is_closing ? SUPERBLOCK_CLEAN : 0;
	super->txg = txg;
	super->time_s = (u64)now.s;
	super->time_ns = now.ns;
	super->root = pool->tree.root;
	super->log_position = pool->log.position;
	super->log_sequence = pool->log.sequence;
	super->log_previous = pool->log.previous;
	super->log_base = pool->log.is_replaying ? pool->log.replay_base : txg;
	super->log_skip = pool->log.is_replaying ? pool->log.replay_skip : 0;
	if (txg > super->oldest + KEEP_ROOTS)
		super->oldest = txg - KEEP_ROOTS;
	super->units_total = pool->space.units_total;
	super->units_allocated = pool->space.units_total - space_units_free(pool);
}

err_t freeze_all(struct sinter *pool)
{
	u64 txg = pool->txg.open;
	dataset_freeze(pool, txg);
	scrub_freeze(pool);
	do
		btree_assign(&pool->tree);
	while (mark_zones(pool));
	space_freeze(pool, txg);
	write_zone_records(pool);
	btree_freeze(&pool->tree, txg);
	// A chain of groups begins with its root: where a device lost a root, another one takes its
	// number, and nothing that was logged behind the lost one may follow it. It may even hold the
	// same, when all it did was to replay the log.
	if (!pool->log.is_replaying)
		pool->log.previous = AT(pool->tree.root.sum.word, 0) ^ pool->log.salt;
	make_super(pool);
	ilog_freeze(pool);
	kept_freeze(pool);
	pool->txg.open++;
	pool->txg.is_changed = false;
	return pool->failure;
}
