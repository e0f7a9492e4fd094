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

static bool is_log_sane(const struct config_block *config)
{
	u64 least = config->vdev ? 0 : 16, most = config->vdev ? 0 : config->units;
	return config->log_unit == LOG_FIRST_UNIT && config->log_units >= least &&
	       config->log_units <= most;
}

static bool is_config_sane(const struct config_block *config, u64 units)
{
	return config->unit_log2 == 12 && config->vdev < VDEVS_MAX && config->kind == 1 &&
	       config->leg < LEGS_MAX && config->leg_guid && config->units >= DEVICE_UNITS_MIN &&
	       config->units <= units && is_log_sane(config) && config->zone_unit % 64 == 0 &&
	       config->zone_unit >= config->log_unit + config->log_units &&
	       config->zone_unit + ZONE_UNITS_MIN + 2 * LABEL_UNITS <= config->units - 64 &&
	       (config->bitmap_units == 1 || config->bitmap_units == 4) &&
	       config->zone_units >= ZONE_UNITS_MIN && config->zone_units % 64 == 0 &&
	       config->zone_units <= (config->bitmap_units * UNIT_SIZE - BITMAP_HEADER) * 8;
}

err_t label_read_config(struct sinter *pool, u32 leg, struct config_block *out)
{
	struct config_block pair[2];
	u64 units = volume_leg(pool, leg)->device.units;
	err_t answer = ERR_NOT_FOUND;
	for (u32 i = 0; i < LABELS * 2; i++) {
		const struct config_block *block = &AT(pair, i % 2);
		if (i % 2 == 0 && volume_read_now(pool, leg, label_unit(units, i / 2), span_of(pair)) != OK)
			span_fill(span_of(pair), 0);
		if (block->magic != MAGIC_CONFIG)
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

// The configuration of this leg, as the table is now.
static struct config_block *make_config(struct sinter *pool, u32 number)
{
	struct config_block *config = (struct config_block *)(void *)&pool->block;
	struct vdev *vdev = &AT(pool->vdevs, number / LEGS_MAX);
	*config = pool->config;
	config->vdev = number / LEGS_MAX;
	config->vdevs = pool->vdev_count;
	config->leg = number % LEGS_MAX;
	config->legs = 0;
	for (u32 i = 0; i < LEGS_MAX; i++)
		config->legs += AT(vdev->entry.leg_guids, i) != 0;
	config->leg_guid = AT(vdev->entry.leg_guids, config->leg);
	memory_copy(config->leg_guids, vdev->entry.leg_guids, sizeof config->leg_guids);
	config->sequence = ++volume_leg(pool, number)->config_sequence;
	config->units = volume_leg(pool, number)->label_units;
	config->log_units = config->vdev ? 0 : config->log_units;
	config->zone_unit = vdev->entry.zone_unit;
	config->zone_units = vdev->entry.zone_units;
	memory_copy(config->features, pool->super.features, sizeof config->features);
	config->sum = block_sum(config, config->pool_guid);
	return config;
}

err_t label_write_config(struct sinter *pool, u32 leg)
{
	struct config_block *config = make_config(pool, leg);
	for (u32 label = 0; label < LABELS; label++) {
		u64 unit = label_unit(config->units, label) + config->sequence % 2;
		TRY(volume_write_now(pool, leg, unit, span_of(*config)));
	}
	return OK;
}

bool label_is_whole(struct sinter *pool, u32 leg)
{
	u64 guid = AT(AT(pool->vdevs, leg / LEGS_MAX).entry.leg_guids, leg % LEGS_MAX);
	u32 good = 0;
	for (u32 label = 0; label < LABELS; label++) {
		struct config_block pair[2] = {};
		u64 units = volume_leg(pool, leg)->label_units, unit = label_unit(units, label);
		if (volume_read_now(pool, leg, unit, span_of(pair)) != OK)
			continue;
		bool is_good = false;
		for (u32 i = 0; i < 2; i++)
			is_good |= AT(pair, i).magic == MAGIC_CONFIG && AT(pair, i).leg_guid == guid &&
			           AT(pair, i).sequence == volume_leg(pool, leg)->config_sequence &&
			           sum_equal(AT(pair, i).sum, block_sum(&AT(pair, i), pool->config.pool_guid));
		good += is_good;
	}
	return good == LABELS;
}

static bool is_super_valid(const struct sinter *pool, const struct superblock *super, u32 place)
{
	return super->magic == MAGIC_SUPERBLOCK && super->pool_guid == pool->config.pool_guid &&
	       super->txg % RING_PLACES == place && super->txg <= BIRTH_MASK && super->vdevs &&
	       super->vdevs <= VDEVS_MAX &&
	       sum_equal(super->sum, block_sum(super, super->pool_guid ^ place));
}

err_t label_clear(struct sinter *pool, u32 leg)
{
	pool->block = (struct superblock){};
	for (u32 i = 0; i < LABELS * LABEL_UNITS; i++) {
		u64 unit =
			label_unit(volume_leg(pool, leg)->label_units, i / LABEL_UNITS) + i % LABEL_UNITS;
		TRY(volume_write_now(pool, leg, unit, span_of(pool->block)));
	}
	return OK;
}

static u32 count_behind(const struct superblock *super)
{
	u32 count = 0;
	for (u32 i = 0; i < super->vdevs * LEGS_MAX; i++)
		count += AT(AT(super->vdev, i / LEGS_MAX).legs_behind, i % LEGS_MAX) != 0;
	return count;
}

// Of two with the same txg the one that knows of more legs that failed was written last.
static void keep_super(struct label_found *found, const struct superblock *super)
{
	u32 at = 0;
	while (at < found->count && AT(found->supers, at).txg > super->txg)
		at++;
	if (at == COUNT(found->supers))
		return;
	struct superblock *place = &AT(found->supers, at);
	if (at < found->count && place->txg == super->txg) {
		if (count_behind(super) > count_behind(place))
			*place = *super;
		return;
	}
	if (found->count < COUNT(found->supers))
		found->count++;
	for (u32 i = found->count - 1; i > at; i--)
		AT(found->supers, i) = AT(found->supers, i - 1);
	*place = *super;
}

static void look_at_ring(struct sinter *pool, struct label_found *found, u32 leg)
{
	struct label_newest *newest = &AT(found->newest, leg);
	for (u32 place = 0; place < RING_PLACES; place++) {
		span_t unit = span_clamp(span_of(found->ring), (usize)place * UNIT_SIZE, UNIT_SIZE);
		const struct superblock *super = (const struct superblock *)(void *)unit.data;
		if (!is_super_valid(pool, super, place))
			continue;
		if (super->txg > newest->txg)
			*newest = (struct label_newest){ super->txg, super->root.sum };
		keep_super(found, super);
	}
}

void label_find_supers(struct sinter *pool, struct label_found *found)
{
	for (u32 i = 0; i < LEGS_ALL * LABELS; i++) {
		u32 leg = i / LABELS;
		u64 unit = label_unit(volume_leg(pool, leg)->label_units, i % LABELS) + LABEL_RING_UNIT;
		if (volume_is_written(pool, leg) && volume_leg(pool, leg)->label_units &&
			volume_read_now(pool, leg, unit, span_of(found->ring)) == OK)
			look_at_ring(pool, found, leg);
	}
}

err_t label_erase_above(struct sinter *pool, u32 leg, u64 txg)
{
	for (u32 i = 0; i < LABELS * RING_PLACES; i++) {
		u32 place = i % RING_PLACES;
		u64 unit = label_unit(volume_leg(pool, leg)->label_units, i / RING_PLACES) +
		           LABEL_RING_UNIT + place;
		if (volume_read_now(pool, leg, unit, span_of(pool->block)) != OK ||
			!is_super_valid(pool, &pool->block, place) || pool->block.txg <= txg)
			continue;
		pool->block = (struct superblock){};
		TRY(volume_write_now(pool, leg, unit, span_of(pool->block)));
	}
	return OK;
}

bool label_write_super(struct sinter *pool, struct work *work, u32 *next)
{
	struct superblock *super = &pool->txg.super;
	u32 place = super->txg % RING_PLACES;
	super->sum = block_sum(super, super->pool_guid ^ place);
	for (; *next < 2 * LEGS_ALL; ++*next) {
		u32 leg = *next / 2, label = (u32)(super->txg % 2) + 2 * (*next % 2);
		if (volume_leg(pool, leg)->state != LEG_GOOD)
			continue; // one that is behind has no root of its own: FORMAT.md, section 8
		if (!volume_has_room(pool, 1))
			return false;
		u64 unit = label_unit(volume_leg(pool, leg)->label_units, label) + LABEL_RING_UNIT + place;
		volume_submit(pool, work, leg,
			(struct device_io){ .request = DEVICE_WRITE, .unit = unit, .bytes = span_of(*super) });
	}
	return true;
}
