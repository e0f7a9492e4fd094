// SPDX-License-Identifier: MIT
// scrub_zones.c - see scrub_zones.h.
#include "lib/sinter/scrub_zones.h"

#include "lib/sinter/label.h"
#include "lib/sinter/open.h"
#include "lib/sinter/volume.h"
#include "lib/sinter/zone.h"

// Compares what is at this place with what should be, and writes it again.
static void verify(struct sinter *pool, u32 leg, u64 unit, span_t should)
{
	span_t is = span_clamp(span_of(pool->scratch), 0, should.size);
	if (volume_read_now(pool, leg, unit, is) == OK && view_equal(span_view(is), span_view(should)))
		return;
	volume_errors(pool, leg)->bad++;
	volume_errors(pool, leg)->healed++;
	pool->scrub.record.bad++;
	pool->scrub.record.healed++;
	(void)volume_write_now(pool, leg, unit, should);
}

static void visit_leg(struct sinter *pool, u32 zone, u32 leg)
{
	bool has_missed = volume_leg(pool, leg)->state == LEG_BEHIND;
	u32 versions = has_missed ? VERSIONS : 1; // a leg that comes back gets those of all kept roots
	for (u32 version = 0; version < versions; version++) {
		span_t bitmap;
		u32 place;
		if (!zone_version(pool, zone, version, &bitmap, &place))
			continue;
		u64 own = address_unit(zone_place(pool, zone, place));
		u64 copy = address_unit(zone_copy_place(pool, zone, place));
		if (has_missed) {
			(void)volume_write_now(pool, leg, own, bitmap);
			(void)volume_write_now(pool, leg, copy, bitmap);
		} else {
			verify(pool, leg, own, bitmap);
			verify(pool, leg, copy, bitmap);
		}
	}
}

// Legs that this zone is to be looked at on: those that are behind, or in a scrub the good ones.
static bool is_wanted(const struct sinter *pool, const struct zone *zone, u32 leg)
{
	enum leg_state state = AT(pool->legs, leg).state;
	u64 behind = AT(AT(pool->vdevs, zone->vdev).entry.legs_behind, leg % LEGS_MAX);
	return pool->scrub.legs ? state == LEG_BEHIND && zone->record.txg > behind : state == LEG_GOOD;
}

bool scrub_zone(struct sinter *pool, u32 number)
{
	struct zone *zone = space_zone(pool, number);
	bool is_any = false;
	for (u32 i = 0; i < LEGS_MAX; i++)
		is_any |= is_wanted(pool, zone, volume_leg_number(zone->vdev, i));
	if (!zone->has_record || !is_any)
		return true;
	pool->epoch++;
	err_t err = space_load(pool, number);
	if (err == ERR_WOULD_BLOCK)
		return false;
	if (err != OK) {
		open_report(pool, "a zone's bitmap has no good copy any more", number);
		pool->scrub.record.lost++;
		return true;
	}
	for (u32 i = 0; i < LEGS_MAX; i++)
		if (is_wanted(pool, zone, volume_leg_number(zone->vdev, i)))
			visit_leg(pool, number, volume_leg_number(zone->vdev, i));
	return true;
}

void scrub_labels(struct sinter *pool)
{
	for (u32 i = 0; i < LEGS_ALL; i++) {
		if (!volume_is_written(pool, i) || label_is_whole(pool, i))
			continue;
		volume_errors(pool, i)->healed++;
		(void)label_write_config(pool, i);
	}
}

void scrub_drop_leaving(struct sinter *pool)
{
	for (u32 i = 0; i < LEGS_ALL; i++) {
		u32 leaving = AT(pool->vdevs, i / LEGS_MAX).entry.leaving;
		if (leaving >> i % LEGS_MAX & 1 && !volume_leg(pool, i)->under_way)
			volume_forget_leg(pool, i);
	}
}
