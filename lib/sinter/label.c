// SPDX-License-Identifier: MIT
// label.c - see label.h and FORMAT.md, section 1. Reading waits: it is done when a pool is opened.
#include "lib/sinter/label.h"

#include "lib/base/bits.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/volume.h"

u64 label_unit(u64 units, u32 label)
{
	u64 end = align_down(units, LABEL_UNITS);
	if (label < 2)
		return LABEL_FIRST_UNIT + (u64)label * LABEL_UNITS;
	return end - (u64)(LABELS - label) * LABEL_UNITS;
}

static sum_t block_sum(const void *block, u64 seed)
{
	return checksum(view_from(block, UNIT_SIZE - sizeof(sum_t)), seed);
}

static bool is_config_sane(const struct config_block *config, u64 units)
{
	return config->unit_log2 == 12 && !config->vdev && config->vdevs == 1 && config->kind == 1 &&
	       config->legs >= 1 && config->legs <= LEGS_MAX && config->leg < config->legs &&
	       config->units >= DEVICE_UNITS_MIN && config->units <= units &&
	       config->log_unit == LOG_FIRST_UNIT && config->log_units >= 16 &&
	       config->log_units < config->units && config->zone_unit % 64 == 0 &&
	       config->zone_unit >= config->log_unit + config->log_units &&
	       config->zone_unit + ZONE_UNITS_MIN + 2 * LABEL_UNITS <= config->units - 64 &&
	       (config->bitmap_units == 1 || config->bitmap_units == 4) &&
	       config->zone_units >= ZONE_UNITS_MIN && config->zone_units % 64 == 0 &&
	       config->zone_units <= (config->bitmap_units * UNIT_SIZE - BITMAP_HEADER) * 8;
}

err_t label_read_config(struct sinter *pool, u32 leg, struct config_block *out)
{
	struct config_block *block = (struct config_block *)(void *)&pool->block;
	u64 units = AT(pool->legs, leg).device.units;
	err_t answer = ERR_NOT_FOUND;
	for (u32 i = 0; i < LABELS * 2; i++) {
		u64 unit = label_unit(units, i / 2) + i % 2;
		if (volume_read_now(pool, leg, unit, span_of(*block)) != OK || block->magic != MAGIC_CONFIG)
			continue;
		if (block->version > SINTER_VERSION)
			return ERR_UNSUPPORTED;
		if (!sum_equal(block->sum, block_sum(block, block->pool_guid)) ||
			!is_config_sane(block, units))
			continue;
		if (answer == OK && block->sequence <= out->sequence)
			continue;
		*out = *block;
		answer = OK;
	}
	return answer;
}

err_t label_write_config(struct sinter *pool, u32 leg, struct config_block *config)
{
	config->sum = block_sum(config, config->pool_guid);
	for (u32 label = 0; label < LABELS; label++) {
		u64 unit = label_unit(config->units, label) + config->sequence % 2;
		TRY(volume_write_now(pool, leg, unit, span_of(*config)));
	}
	return OK;
}

static bool is_super_valid(const struct sinter *pool, const struct superblock *super, u32 place)
{
	return super->magic == MAGIC_SUPERBLOCK && super->pool_guid == pool->config.pool_guid &&
	       super->txg % RING_PLACES == place && super->txg <= BIRTH_MASK &&
	       sum_equal(super->sum, block_sum(super, super->pool_guid ^ place));
}

err_t label_clear(struct sinter *pool, u32 leg)
{
	pool->block = (struct superblock){};
	for (u32 i = 0; i < LABELS * LABEL_UNITS; i++) {
		u64 unit = label_unit(pool->config.units, i / LABEL_UNITS) + i % LABEL_UNITS;
		TRY(volume_write_now(pool, leg, unit, span_of(pool->block)));
	}
	return OK;
}

// Calls visit for each place of the rings of all legs with what is there in pool->block.
typedef err_t place_visitor(struct sinter *pool, u32 leg, u64 unit, void *context);

static err_t each_place(struct sinter *pool, place_visitor *visit, void *context)
{
	for (u32 leg = 0; leg < pool->leg_count; leg++) {
		for (u32 i = 0; i < LABELS * RING_PLACES; i++) {
			u32 place = i % RING_PLACES;
			u64 unit = label_unit(pool->config.units, i / RING_PLACES) + LABEL_RING_UNIT + place;
			if (AT(pool->legs, leg).is_failed ||
				volume_read_now(pool, leg, unit, span_of(pool->block)) != OK ||
				!is_super_valid(pool, &pool->block, place))
				continue;
			TRY(visit(pool, leg, unit, context));
		}
	}
	return OK;
}

struct search {
	u64 below;
	struct superblock *best;
	bool is_found;
};

static err_t keep_newest(struct sinter *pool, u32 leg, u64 unit, void *context)
{
	struct search *search = context;
	(void)leg;
	(void)unit;
	if (pool->block.txg >= search->below ||
		(search->is_found && pool->block.txg <= search->best->txg))
		return OK;
	*search->best = pool->block;
	search->is_found = true;
	return OK;
}

err_t label_find_super(struct sinter *pool, u64 below, struct superblock *out)
{
	struct search search = { .below = below, .best = out };
	TRY(each_place(pool, keep_newest, &search));
	return search.is_found ? OK : ERR_NOT_FOUND;
}

static err_t erase_newer(struct sinter *pool, u32 leg, u64 unit, void *context)
{
	const u64 *txg = context;
	if (pool->block.txg <= *txg)
		return OK;
	pool->block = (struct superblock){};
	return volume_write_now(pool, leg, unit, span_of(pool->block));
}

err_t label_erase_above(struct sinter *pool, u64 txg)
{
	struct work work = {};
	TRY(each_place(pool, erase_newer, &txg));
	while (!volume_flush(pool, &work))
		volume_wait(pool);
	volume_wait_for(pool, &work);
	return work.error;
}

bool label_write_super(struct sinter *pool, struct work *work, u32 *next)
{
	struct superblock *super = &pool->txg.super;
	u32 place = super->txg % RING_PLACES;
	super->sum = block_sum(super, super->pool_guid ^ place);
	for (; *next < 2; ++*next) {
		u32 label = (u32)(super->txg % 2) + 2 * *next;
		u64 unit = label_unit(pool->config.units, label) + LABEL_RING_UNIT + place;
		if (!volume_write(pool, work, unit, span_of(*super)))
			return false;
	}
	return true;
}
