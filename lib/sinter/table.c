// SPDX-License-Identifier: MIT
// table.c - see table.h and FORMAT.md, section 8. A root says who belongs to the pool; a leg's own
// newest superblock says how far it came, and whether it was written apart from the others.
#include "lib/sinter/table.h"

#include "lib/base/bits.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/open.h"
#include "lib/sinter/volume.h"

// One given device. The configuration of the pool is the newest of a leg of vdev 0.
static err_t read_given(struct sinter *pool, struct table_open *open, u32 i, bool *is_first)
{
	struct config_block config = {};
	struct leg *leg = volume_leg(pool, i);
	err_t err = label_read_config(pool, i, &config);
	if (err == ERR_NOT_FOUND) {
		leg->state = LEG_NONE;
		return OK;
	}
	TRY(err);
	if (!*is_first && config.pool_guid != pool->config.pool_guid)
		return ERR_INVALID;
	if (*is_first ||
		(!config.vdev && (pool->config.vdev || config.sequence > pool->config.sequence)))
		pool->config = config;
	*is_first = false;
	leg->label_units = config.units;
	leg->config_sequence = config.sequence;
	AT(open->guids, i) = config.leg_guid;
	for (u32 n = 0; n < i; n++)
		if (AT(open->guids, n) == config.leg_guid)
			return ERR_INVALID; // the same leg twice: one is a copy
	return OK;
}

err_t table_read(struct sinter *pool, struct table_open *open)
{
	bool is_first = true;
	for (u32 i = 0; i < open->count; i++)
		TRY(read_given(pool, open, i, &is_first));
	if (is_first)
		return ERR_NOT_FOUND;
	if (pool->config.vdev)
		return ERR_INVALID; // the first top-level device is not among them
	label_find_supers(pool, &open->found);
	memory_copy(open->given, pool->legs, sizeof open->given);
	return open->found.count ? OK : ERR_NOT_FOUND;
}

static bool is_sane(const struct sinter *pool, u32 vdev)
{
	const struct vdev_entry *entry = &AT(pool->vdevs, vdev).entry;
	const struct config_block *config = &pool->config;
	u64 first = config->log_unit + (vdev ? 0 : config->log_units);
	return entry->units >= DEVICE_UNITS_MIN && entry->units <= DEVICE_UNITS_MAX &&
	       entry->zone_unit % 64 == 0 && entry->zone_unit >= first &&
	       entry->zone_unit <= entry->units &&
	       entry->zone_unit + ZONE_UNITS_MIN + 2 * LABEL_UNITS <= entry->units - 64 &&
	       entry->zone_units >= ZONE_UNITS_MIN && entry->zone_units % 64 == 0 &&
	       entry->zone_units <= (config->bitmap_units * UNIT_SIZE - BITMAP_HEADER) * 8;
}

static u32 find_given(const struct table_open *open, u64 guid)
{
	for (u32 i = 0; i < open->count; i++)
		if (AT(open->guids, i) == guid)
			return i;
	return NONE;
}

// Was it written by a pool of which the others know nothing?
static bool is_apart(const struct label_found *found, const struct label_newest *newest, u64 behind)
{
	if (behind)
		return newest->txg > behind + 1;
	for (u32 i = 0; i < found->count; i++)
		if (AT(found->supers, i).txg == newest->txg)
			return !sum_equal(AT(found->supers, i).root.sum, newest->root);
	return false;
}

static void map_leg(struct sinter *pool, const struct table_open *open, u32 number)
{
	struct vdev_entry *entry = &AT(pool->vdevs, number / LEGS_MAX).entry;
	u64 guid = AT(entry->leg_guids, number % LEGS_MAX);
	u64 *behind = volume_behind(pool, number);
	u32 given = guid ? find_given(open, guid) : NONE;
	struct leg *leg = volume_leg(pool, number);
	*leg = (struct leg){ .state = guid ? LEG_MISSING : LEG_NONE };
	if (given == NONE)
		return;
	const struct label_newest *newest = &AT(open->found.newest, given);
	u64 newest_of_all = AT(open->found.supers, 0).txg;
	if (AT(open->given, given).device.units < entry->units ||
		is_apart(&open->found, newest, *behind))
		return;
	*leg = AT(open->given, given);
	if (!*behind && newest->txg + 1 < newest_of_all)
		*behind = max_u64(newest->txg, 1);
	leg->state = *behind ? LEG_BEHIND : LEG_GOOD;
}

err_t table_map(struct sinter *pool, struct table_open *open, const struct superblock *super)
{
	memory_fill(pool->legs, 0, sizeof pool->legs);
	pool->vdev_count = super->vdevs;
	for (u32 i = 0; i < pool->vdev_count; i++) {
		AT(pool->vdevs, i) = (struct vdev){ .entry = AT(super->vdev, i) };
		if (!is_sane(pool, i))
			return ERR_CORRUPT;
		for (u32 n = 0; n < LEGS_MAX; n++)
			map_leg(pool, open, volume_leg_number(i, n));
		if (!volume_good_legs(pool, i))
			return ERR_INVALID;
	}
	return OK;
}

static void report_given(struct sinter *pool, const struct table_open *open)
{
	for (u32 i = 0; i < open->count; i++) {
		bool is_used = false;
		for (u32 n = 0; n < LEGS_ALL; n++)
			is_used |= volume_leg(pool, n)->device.ops && AT(open->guids, i) &&
			           AT(AT(pool->vdevs, n / LEGS_MAX).entry.leg_guids, n % LEGS_MAX) ==
			               AT(open->guids, i);
		if (!is_used)
			open_report(pool,
				"a given device is not used: no leg of this pool, too short, or "
				"written apart from the others (its number)",
				i + 1);
	}
}

err_t table_begin(struct sinter *pool, const struct table_open *open, bool is_read_only)
{
	report_given(pool, open);
	for (u32 i = 0; i < LEGS_ALL; i++) {
		struct leg *leg = volume_leg(pool, i);
		u64 *behind = volume_behind(pool, i);
		if (leg->state == LEG_MISSING) {
			open_report(pool, "a leg is missing; the pool works without it (its number)", i);
			*behind = *behind ? *behind : pool->super.txg;
		}
		if (leg->state != LEG_BEHIND)
			continue;
		open_report(pool, "a leg misses what was written since a transaction group", *behind);
		if (!is_read_only && label_erase_above(pool, i, *behind) != OK)
			leg->state = LEG_FAILED;
	}
	for (u32 i = 0; i < pool->vdev_count; i++)
		pool->is_table_changed |= !view_equal(view_of(AT(pool->vdevs, i).entry.legs_behind),
			view_of(AT(pool->super.vdev, i).legs_behind));
	return is_read_only ? OK : volume_flush_now(pool);
}

void table_store(const struct sinter *pool, struct superblock *super)
{
	super->vdevs = pool->vdev_count;
	for (u32 i = 0; i < VDEVS_MAX; i++)
		AT(super->vdev, i) =
			i < pool->vdev_count ? AT(pool->vdevs, i).entry : (struct vdev_entry){};
}
