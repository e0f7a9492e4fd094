// SPDX-License-Identifier: MIT
// make.c - a new pool: labels, empty zones, then one ordinary commit with the root dataset in it.
#include "lib/base/bits.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/inode.h"
#include "lib/sinter/label.h"
#include "lib/sinter/open.h"
#include "lib/sinter/space.h"
#include "lib/sinter/txg.h"
#include "lib/sinter/volume.h"
#include "lib/sinter/zone.h"

constexpr u64 LARGE_DEVICE_UNITS = (u64)64 << 30 >> 12;

static void choose_zones(struct config_block *config)
{
	u64 end = align_down(config->units, 64) - 2 * LABEL_UNITS;
	u64 quarter = align_down((end - config->zone_unit) / 4, 64);
	config->bitmap_units = config->units < LARGE_DEVICE_UNITS ? 1 : 4;
	u64 most = (u64)(config->bitmap_units * UNIT_SIZE - BITMAP_HEADER) * 8;
	config->zone_units = (u32)min_u64(quarter, most);
}

static void make_config(struct sinter *pool, const struct sinter_format *format, u64 units)
{
	struct config_block *config = &pool->config;
	struct port *port = &pool->port;
	u64 guid = format->guid ? format->guid : port->random(port->context);
	*config = (struct config_block){ .magic = MAGIC_CONFIG,
		.version = SINTER_VERSION,
		.unit_log2 = 12,
		.pool_guid = guid,
		.sequence = 1,
		.vdevs = 1,
		.legs = pool->leg_count,
		.kind = 1,
		.units = units,
		.log_unit = LOG_FIRST_UNIT,
		.log_units = min_u64(max_u64(units / 256, 256), 65536),
		.created_s = (u64)port->now(port->context).s };
	config->zone_unit = align_up(config->log_unit + config->log_units, 64);
	AT(config->features, FEATURES_INCOMPATIBLE) =
		format->compression == COMPRESS_LZ4 ? FEATURE_LZ4 : 0;
	for (u32 i = 0; i < pool->leg_count; i++)
		AT(config->leg_guids, i) =
			format->guid ? format->guid + 1 + i : port->random(port->context);
	view_t name = view_clamp(format->name, 0, sizeof config->name - 1);
	err_t err = span_copy(span_of(config->name), name);
	assert(err == OK);
	choose_zones(config);
}

// One zone after the other, through one loaded place: a large device has more than fit in memory.
static err_t write_zones(struct sinter *pool)
{
	u32 count = pool->space.zone_count;
	for (u32 i = 0; i < count; i++) {
		u32 next = 0;
		struct work work = {};
		space_make_zone(pool, i, (i + count / 2) % count);
		space_freeze(pool, 1);
		while (!space_write(pool, &work, &next))
			volume_wait(pool);
		volume_wait_for(pool, &work);
		TRY(work.error);
		pool->epoch++;
		space_settle(pool);
	}
	return OK;
}

static err_t make_trees(struct sinter *pool, const struct sinter_format *format)
{
	struct port *port = &pool->port;
	u64 guid = pool->config.pool_guid;
	struct dataset *dataset = &AT(pool->datasets, 0);
	dataset->record = (struct dataset_record){ .id = DATASET_ROOT,
		.lineage = DATASET_ROOT,
		.guid = guid,
		.created_s = pool->config.created_s,
		.next_inode = INODE_ROOT + 1,
		.record_log2 = RECORD_LOG2,
		.compression = format->compression,
		.check_kind = CHECK_XXH3,
		.copies = format->copies ? format->copies : 1 };
	for (u32 i = 0; i < 2; i++)
		AT(dataset->record.hash_key, i) =
			format->guid ? guid * (i + 3) : port->random(port->context);
	dataset->is_used = true;
	dataset->is_changed = true;
	btree_init(&dataset->tree, pool, &POINTER_HOLE, DATASET_ROOT);
	dataset->tree.dataset = dataset;
	struct inode_record root =
		inode_new(pool, (format->mode ? format->mode & 07777 : 0755) | MODE_DIRECTORY);
	root.user = format->user;
	root.group = format->group;
	root.parent = INODE_ROOT;
	btree_insert(&dataset->tree, key_make(INODE_ROOT, ITEM_INODE, 0), view_of(root));
	for (u32 i = 0; i < pool->space.zone_count; i++) {
		if (cache_room(pool) <= pool->frames_reserved)
			return ERR_NO_MEMORY;
		btree_insert(&pool->tree, key_make(0, ITEM_ZONE, i), view_of(space_zone(pool, i)->record));
	}
	btree_insert(&pool->tree, dataset_key(DATASET_ROOT), view_of(dataset->record));
	pool->txg.is_changed = true;
	return OK;
}

static err_t write_all(struct sinter *pool, const struct sinter_format *format)
{
	for (u32 i = 0; i < pool->leg_count; i++) // no root of an earlier pool may be found again
		TRY(label_clear(pool, i));
	TRY(write_zones(pool));
	pool->super = (struct superblock){ .pool_guid = pool->config.pool_guid,
		.oldest = 2,
		.next_object = DATASET_ROOT + 1,
		.config_sequence = 1 };
	memory_copy(pool->super.features, pool->config.features, sizeof pool->super.features);
	pool->txg.durable = 1;
	pool->txg.open = 2;
	btree_init(&pool->tree, pool, &POINTER_HOLE, LINEAGE_POOL);
	TRY(make_trees(pool, format));
	bool may_mature;
	TRY(space_ready(pool, 64 + pool->space.zone_count / 32, &may_mature));
	TRY(txg_commit_now(pool, true));
	for (u32 i = 0; i < pool->leg_count; i++) {
		pool->config.leg = i;
		pool->config.leg_guid = AT(pool->config.leg_guids, i);
		TRY(label_write_config(pool, i, &pool->config));
	}
	struct work work = {};
	while (!volume_flush(pool, &work))
		volume_wait(pool);
	volume_wait_for(pool, &work);
	return work.error;
}

err_t sinter_format(const struct port *port, const struct device *devices, u32 count,
	const struct sinter_format *format)
{
	if (!count || count > LEGS_MAX || format->copies > COPIES_MAX ||
		format->compression > COMPRESS_LZ4)
		return ERR_INVALID;
	u64 units = UINT64_MAX;
	for (u32 i = 0; i < count; i++)
		units = min_u64(units, ITEM(devices, count, i).units);
	if (units < DEVICE_UNITS_MIN || units > DEVICE_UNITS_MAX)
		return ERR_RANGE;
	struct sinter *pool = open_allocate(port, devices, count);
	if (!pool)
		return ERR_NO_MEMORY;
	make_config(pool, format, units);
	err_t err = open_memory(pool, 0, 0);
	if (err == OK)
		err = write_all(pool, format);
	sinter_abandon(pool);
	return err;
}
