// SPDX-License-Identifier: MIT
// trim.c - which units of a zone no root needs: the device may forget them. It is done between two
// commits, and the next one waits for it, so that it cannot hit what is written then.
#include "lib/sinter/volume.h"
#include "lib/sinter/zone.h"

constexpr u32 RUN_MIN = 64; // units: shorter ones are not worth a request

static void trim_run(struct sinter *pool, u64 address, u64 units)
{
	for (u32 i = 0; i < LEGS_MAX; i++) {
		u32 leg = volume_leg_number(address_vdev(address), i);
		if (!volume_is_written(pool, leg))
			continue;
		while (!volume_has_room(pool, 1))
			volume_wait(pool);
		volume_submit(pool, &pool->healing, leg,
			(struct device_io){
				.request = DEVICE_TRIM, .unit = address_unit(address), .units = units });
	}
}

// Runs of whole words of the bitmap that are free in all kept roots.
static void trim_zone(struct sinter *pool, u32 number, u64 *units)
{
	u32 words = space_zone(pool, number)->units / 64, start = 0;
	for (u32 i = 0; i <= words; i++) {
		if (i < words && !zone_busy(pool, number, i))
			continue;
		u64 run = (u64)(i - start) * 64;
		if (run >= RUN_MIN)
			trim_run(pool, space_zone_address(pool, number) + (u64)start * 64, run);
		*units += run;
		start = i + 1;
	}
}

err_t sinter_trim(struct sinter *pool, u32 *zone, u64 *units)
{
	if (pool->is_read_only)
		return ERR_READ_ONLY;
	if (*zone >= pool->space.zone_count)
		return ERR_NOT_FOUND;
	if (pool->txg.phase != COMMIT_IDLE || pool->txg.is_wanted)
		return ERR_WOULD_BLOCK;
	pool->epoch++;
	TRY(space_load(pool, *zone));
	trim_zone(pool, *zone, units);
	++*zone;
	return OK;
}
