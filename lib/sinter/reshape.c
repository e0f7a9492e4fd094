// SPDX-License-Identifier: MIT
// reshape.c - changing what a pool consists of, while it is in use. Each of these waits: a commit,
// so that nothing is under way; the labels of new devices; a root whose table says it. Until that
// is durable the pool is what it was.
#include "lib/base/bits.h"
#include "lib/sinter/label.h"
#include "lib/sinter/make.h"
#include "lib/sinter/open.h"
#include "lib/sinter/space.h"
#include "lib/sinter/txg.h"
#include "lib/sinter/volume.h"

static err_t settle(struct sinter *pool)
{
	if (pool->is_read_only)
		return ERR_READ_ONLY;
	TRY(txg_commit_now(pool, false));
	while (volume_is_busy(pool))
		volume_wait(pool);
	return OK;
}

static err_t commit_table(struct sinter *pool)
{
	pool->is_table_changed = pool->txg.is_changed = true;
	return txg_commit_now(pool, false);
}

// Zones as the table is now. When memory is short, as they were.
static err_t rebuild_space(struct sinter *pool)
{
	struct space old = pool->space;
	err_t err = open_space(pool, old.loaded_wanted);
	struct space fresh = pool->space;
	pool->space = err == OK ? old : fresh;
	space_fini(pool);
	pool->space = err == OK ? fresh : old;
	return err;
}

static err_t reload_space(struct sinter *pool)
{
	err_t err = open_zone_records(pool);
	if (err != OK) { // the tree could be read a moment ago
		pool->failure = err;
		pool->is_read_only = true;
	}
	return err;
}

static err_t write_labels(struct sinter *pool, u32 leg)
{
	TRY(label_clear(pool, leg));
	return label_write_config(pool, leg);
}

static u64 smallest(const struct device *devices, u32 count)
{
	u64 units = UINT64_MAX;
	for (u32 i = 0; i < count; i++)
		units = min_u64(units, ITEM(devices, count, i).units);
	return units;
}

static err_t add(struct sinter *pool, const struct device *devices, u32 count)
{
	u32 number = pool->vdev_count;
	u64 units = smallest(devices, count);
	TRY(settle(pool));
	make_vdev(pool, number, units);
	pool->vdev_count++;
	err_t err = OK;
	for (u32 i = 0; i < count; i++) {
		u32 leg = volume_leg_number(number, i);
		AT(AT(pool->vdevs, number).entry.leg_guids, i) = pool->port.random(pool->port.context);
		*volume_leg(pool, leg) = (struct leg){
			.device = ITEM(devices, count, i), .state = LEG_GOOD, .label_units = units
		};
	}
	for (u32 i = 0; i < count && err == OK; i++)
		err = write_labels(pool, volume_leg_number(number, i));
	if (err == OK)
		err = volume_flush_now(pool);
	if (err == OK)
		err = rebuild_space(pool);
	if (err != OK) {
		for (u32 i = 0; i < LEGS_MAX; i++)
			*volume_leg(pool, volume_leg_number(number, i)) = (struct leg){};
		pool->vdev_count = number;
		space_recount(pool);
		return err;
	}
	TRY(reload_space(pool));
	AT(pool->super.features, FEATURES_INCOMPATIBLE) |= FEATURE_VDEVS;
	return commit_table(pool);
}

err_t sinter_add(struct sinter *pool, const struct device *devices, u32 count)
{
	if (!count || count > LEGS_MAX)
		return ERR_INVALID;
	u64 units = smallest(devices, count);
	if (units < DEVICE_UNITS_MIN || units > DEVICE_UNITS_MAX)
		return ERR_RANGE;
	if (pool->vdev_count == VDEVS_MAX)
		return ERR_TOO_BIG;
	return VOLUME_WAITING(pool, add(pool, devices, count));
}

static u32 find_leg(const struct sinter *pool, u64 guid)
{
	for (u32 i = 0; i < pool->vdev_count * LEGS_MAX; i++)
		if (guid && AT(AT(pool->vdevs, i / LEGS_MAX).entry.leg_guids, i % LEGS_MAX) == guid)
			return i;
	return NONE;
}

// A place for one more leg: that of the old one if this is not worth keeping meanwhile.
static u32 find_place(const struct sinter *pool, u32 old, bool is_replacing)
{
	if (is_replacing && AT(pool->legs, old).state != LEG_GOOD)
		return old;
	for (u32 i = 0; i < LEGS_MAX; i++) {
		u32 leg = volume_leg_number(old / LEGS_MAX, i);
		if (AT(pool->legs, leg).state == LEG_NONE)
			return leg;
	}
	return NONE;
}

static err_t attach(struct sinter *pool, u32 old, const struct device *device, bool is_replacing)
{
	struct vdev_entry *entry = &AT(pool->vdevs, old / LEGS_MAX).entry;
	TRY(settle(pool));
	u32 place = find_place(pool, old, is_replacing), n = place % LEGS_MAX;
	if (place == NONE)
		return ERR_BUSY;
	struct vdev_entry before = *entry;
	struct leg leg_before = *volume_leg(pool, place);
	*volume_leg(pool, place) =
		(struct leg){ .device = *device, .state = LEG_BEHIND, .label_units = entry->units };
	AT(entry->leg_guids, n) = pool->port.random(pool->port.context);
	AT(entry->legs_behind, n) = 1; // it has nothing yet
	AT(entry->errors, n) = (struct leg_errors){};
	entry->leaving |= is_replacing && place != old ? 1u << old % LEGS_MAX : 0;
	err_t err = write_labels(pool, place);
	if (err == OK)
		return commit_table(pool);
	*entry = before;
	*volume_leg(pool, place) = leg_before;
	return err;
}

err_t sinter_attach(struct sinter *pool, u64 guid, const struct device *device, bool is_replacing)
{
	u32 old = find_leg(pool, guid);
	if (old == NONE)
		return ERR_NOT_FOUND;
	if (device->units < AT(pool->vdevs, old / LEGS_MAX).entry.units)
		return ERR_RANGE;
	return VOLUME_WAITING(pool, attach(pool, old, device, is_replacing));
}

static err_t remove_leg(struct sinter *pool, u32 number)
{
	TRY(settle(pool));
	struct leg leg = *volume_leg(pool, number);
	volume_forget_leg(pool, number);
	TRY(commit_table(pool));
	if (leg.state < LEG_BEHIND)
		return OK;
	*volume_leg(pool, number) = leg; // once more, for its labels: nobody shall find a pool here
	volume_leg(pool, number)->state = LEG_BEHIND;
	err_t err = label_clear(pool, number);
	if (err == OK)
		err = volume_flush_now(pool);
	volume_forget_leg(pool, number);
	return err;
}

err_t sinter_remove(struct sinter *pool, u64 guid)
{
	u32 number = find_leg(pool, guid);
	if (number == NONE)
		return ERR_NOT_FOUND;
	u32 others = volume_good_legs(pool, number / LEGS_MAX);
	others -= volume_leg(pool, number)->state == LEG_GOOD;
	if (!others)
		return ERR_BUSY;
	return VOLUME_WAITING(pool, remove_leg(pool, number));
}

// How large all legs of a vdev are now; 0: not all are here.
static u64 present_size(struct sinter *pool, u32 vdev)
{
	u64 units = UINT64_MAX;
	for (u32 i = 0; i < LEGS_MAX; i++) {
		const struct leg *leg = volume_leg(pool, volume_leg_number(vdev, i));
		if (leg->state == LEG_NONE)
			continue;
		if (leg->state < LEG_BEHIND)
			return 0;
		const struct device *device = &leg->device;
		units = min_u64(
			units, device->ops->units ? device->ops->units(device->context) : device->units);
	}
	return min_u64(units, DEVICE_UNITS_MAX);
}

// The labels at the end move; those in front, and the roots in them, stay.
static err_t move_labels(struct sinter *pool, u32 number, u64 units)
{
	struct leg *leg = volume_leg(pool, number);
	pool->block = (struct superblock){};
	for (u32 i = 0; i < 2 * LABEL_UNITS; i++)
		TRY(volume_write_now(pool, number, label_unit(units, 2) + i, span_of(pool->block)));
	leg->device.units = units;
	leg->label_units = units;
	return label_write_config(pool, number);
}

static err_t grow_vdev(struct sinter *pool, u32 number, u64 units)
{
	for (u32 i = 0; i < LEGS_MAX; i++)
		if (volume_is_written(pool, volume_leg_number(number, i)))
			TRY(move_labels(pool, volume_leg_number(number, i), units));
	TRY(volume_flush_now(pool));
	struct vdev *vdev = &AT(pool->vdevs, number);
	u64 before = vdev->entry.units;
	u32 last = vdev->zones - 1, units_before = space_zone(pool, vdev->first_zone + last)->units;
	vdev->entry.units = units;
	err_t err = rebuild_space(pool);
	if (err != OK) {
		vdev->entry.units = before;
		space_recount(pool);
		return err;
	}
	TRY(reload_space(pool));
	u32 zone = vdev->first_zone + last;
	if (space_zone(pool, zone)->units != units_before && space_zone(pool, zone)->has_record) {
		TRY(space_load(pool, zone));
		space_zone(pool, zone)->is_changed = true; // its record counts more units
	}
	return commit_table(pool);
}

static err_t grow(struct sinter *pool)
{
	TRY(settle(pool));
	for (u32 i = 0; i < pool->vdev_count; i++) {
		u64 units = present_size(pool, i);
		if (units && align_down(units, LABEL_UNITS) >
						 align_down(AT(pool->vdevs, i).entry.units, LABEL_UNITS))
			TRY(grow_vdev(pool, i, units));
	}
	return OK;
}

err_t sinter_grow(struct sinter *pool)
{
	return VOLUME_WAITING(pool, grow(pool));
}
