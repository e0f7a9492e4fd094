// SPDX-License-Identifier: MIT
// make.c - a new pool: empty labels, one ordinary commit with the root dataset in it, then the
// configuration. Zones need nothing: those without a record were never used.
#include "lib/sinter/make.h"
#include "lib/base/bits.h"
#include "lib/sinter/compress.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/inode.h"
#include "lib/sinter/label.h"
#include "lib/sinter/open.h"
#include "lib/sinter/space.h"
#include "lib/sinter/txg.h"
#include "lib/sinter/volume.h"

constexpr u64 LARGE_DEVICE_UNITS = (u64)64 << 30 >> 12;

static u64 new_guid(struct sinter *pool, u64 fixed, u32 number)
{
	return fixed ? fixed + 1 + number : pool->port.random(pool->port.context);
}

void make_vdev(struct sinter *pool, u32 number, u64 units)
{
	const struct config_block *config = &pool->config;
	struct vdev_entry *entry = &AT(pool->vdevs, number).entry;
	u64 log_units = number ? 0 : config->log_units;
	u64 end = align_down(units, LABEL_UNITS) - 2 * LABEL_UNITS;
	u64 most = (u64)(config->bitmap_units * UNIT_SIZE - BITMAP_HEADER) * 8;
	AT(pool->vdevs, number) = (struct vdev){};
	entry->units = units;
	entry->zone_unit = align_up(LOG_FIRST_UNIT + log_units, 64);
	entry->zone_units = (u32)min_u64(align_down((end - entry->zone_unit) / 4, 64), most);
}

// The devices in groups of so many legs: one top-level device each.
static err_t make_vdevs(struct sinter *pool, const struct sinter_format *format, u32 count)
{
	u32 legs = format->legs ? format->legs : count;
	struct leg given[LEGS_ALL];
	memory_copy(given, pool->legs, sizeof given);
	memory_fill(pool->legs, 0, sizeof pool->legs);
	pool->vdev_count = count / legs;
	for (u32 i = 0; i < pool->vdev_count; i++) {
		u64 units = UINT64_MAX;
		for (u32 n = 0; n < legs; n++)
			units = min_u64(units, AT(given, i * legs + n).device.units);
		if (units < DEVICE_UNITS_MIN || units > DEVICE_UNITS_MAX)
			return ERR_RANGE;
		if (!i) {
			pool->config.log_units = min_u64(max_u64(units / 256, 256), 65536);
			pool->config.bitmap_units = units < LARGE_DEVICE_UNITS ? 1 : 4;
		}
		make_vdev(pool, i, units);
		for (u32 n = 0; n < legs; n++) {
			u32 number = volume_leg_number(i, n);
			AT(AT(pool->vdevs, i).entry.leg_guids, n) = new_guid(pool, format->guid, number);
			*volume_leg(pool, number) = AT(given, i * legs + n);
			volume_leg(pool, number)->label_units = units;
		}
	}
	return OK;
}

static err_t make_config(struct sinter *pool, const struct sinter_format *format, u32 count)
{
	struct config_block *config = &pool->config;
	struct port *port = &pool->port;
	*config = (struct config_block){ .magic = MAGIC_CONFIG,
		.version = SINTER_VERSION,
		.unit_log2 = 12,
		.pool_guid = format->guid ? format->guid : port->random(port->context),
		.kind = 1,
		.log_unit = LOG_FIRST_UNIT,
		.created_s = (u64)port->now(port->context).s };
	view_t name = view_clamp(format->name, 0, sizeof config->name - 1);
	span_put(span_of(config->name), name);
	return make_vdevs(pool, format, count);
}

static void make_trees(struct sinter *pool, const struct sinter_format *format)
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
		.check_kind = format->check_kind ? format->check_kind : CHECK_XXH3,
		.copies = format->copies ? format->copies : 1 };
	for (u32 i = 0; i < 2; i++)
		AT(dataset->record.hash_key, i) =
			format->guid ? guid * (i + 3) : port->random(port->context);
	dataset->is_used = true;
	dataset->is_changed = true;
	dataset_plant(dataset, pool, &POINTER_HOLE);
	struct inode_record root =
		inode_new(pool, (format->mode ? format->mode & 07777 : 0755) | MODE_DIRECTORY);
	root.user = format->user;
	root.group = format->group;
	root.parent = INODE_ROOT;
	btree_insert(&dataset->tree, key_make(INODE_ROOT, ITEM_INODE, 0), view_of(root));
	btree_insert(&pool->tree, dataset_key(DATASET_ROOT), view_of(dataset->record));
	pool->txg.is_changed = true;
}

static err_t each_leg(struct sinter *pool, err_t (*act)(struct sinter *pool, u32 leg))
{
	for (u32 i = 0; i < LEGS_ALL; i++)
		if (volume_is_written(pool, i))
			TRY(act(pool, i));
	return OK;
}

static err_t write_all(struct sinter *pool, const struct sinter_format *format)
{
	TRY(each_leg(pool, label_clear)); // no root of an earlier pool may be found again
	pool->super = (struct superblock){
		.pool_guid = pool->config.pool_guid, .oldest = 2, .next_object = DATASET_ROOT + 1
	};
	AT(pool->super.features, FEATURES_INCOMPATIBLE) =
		compress_feature(format->compression) | (pool->vdev_count > 1 ? FEATURE_VDEVS : 0) |
		(format->check_kind == CHECK_BLAKE3 ? FEATURE_BLAKE3 : 0);
	pool->txg.durable = 1;
	pool->txg.open = 2;
	btree_init(&pool->tree, pool, &POINTER_HOLE, LINEAGE_POOL);
	TRY(open_zone_records(pool)); // there are none: all zones are empty
	make_trees(pool, format);
	bool may_mature;
	TRY(space_ready(pool, 64, &may_mature));
	TRY(txg_commit_now(pool, true));
	TRY(each_leg(pool, label_write_config));
	return volume_flush_now(pool);
}

err_t sinter_format(const struct port *port, const struct device *devices, u32 count,
	const struct sinter_format *format)
{
	u32 legs = format->legs ? format->legs : count;
	if (!count || legs > LEGS_MAX || count % legs || count / legs > VDEVS_MAX ||
		format->copies > COPIES_MAX || format->compression > COMPRESS_ZSTD ||
		format->check_kind > CHECK_BLAKE3)
		return ERR_INVALID;
	struct sinter *pool = open_allocate(port, devices, count);
	if (!pool)
		return ERR_NO_MEMORY;
	err_t err = make_config(pool, format, count);
	if (err == OK)
		err = open_memory(pool, 0);
	if (err == OK)
		err = open_space(pool, 0);
	if (err == OK)
		err = write_all(pool, format);
	sinter_abandon(pool);
	return err;
}
