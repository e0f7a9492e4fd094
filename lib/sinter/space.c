// SPDX-License-Identifier: MIT
// space.c - allocation and freeing in loaded zones. zone.c loads and writes them.
#include "lib/sinter/space.h"

#include "lib/base/bits.h"
#include "lib/sinter/read.h"
#include "lib/sinter/zone.h"

constexpr u64 FIRST_OF_CHUNKS = 0x1111111111111111; // bit 0 of each four

u64 space_zone_unit(const struct sinter *pool, u32 zone)
{
	return pool->config.zone_unit + (u64)zone * pool->config.zone_units;
}

u32 space_header_units(const struct sinter *pool)
{
	return 2 * BITMAP_PLACES * pool->config.bitmap_units;
}

struct zone *space_zone(struct sinter *pool, u32 zone)
{
	return &ITEM(pool->space.zones, pool->space.zone_count, zone);
}

u32 space_zone_of(const struct sinter *pool, u64 address)
{
	return (u32)((address_unit(address) - pool->config.zone_unit) / pool->config.zone_units);
}

err_t space_load_for(struct sinter *pool, const pointer_t *pointer)
{
	for (u32 i = 0; i < pointer_copies(pointer); i++) {
		if (!read_is_address(pool, AT(pointer->address, i), pointer_units(pointer)))
			return ERR_CORRUPT;
		TRY(space_load(pool, space_zone_of(pool, AT(pointer->address, i))));
	}
	return OK;
}

err_t space_ready(struct sinter *pool, u64 chunks, bool *may_mature)
{
	struct space *space = &pool->space;
	u64 all = 0, freed = 0;
	*may_mature = false;
	if (space->available >= chunks)
		return OK;
	for (u32 i = 0; i < space->zone_count; i++) {
		struct zone *zone = space_zone(pool, i);
		if (zone->loaded == NONE && zone->record.free_chunks) {
			err_t err = space_load(pool, i);
			if (err == ERR_WOULD_BLOCK)
				return err;
			if (err == OK && space->available >= chunks)
				return OK;
		}
		freed += zone->loaded == NONE ? 0 : zone_free_chunks(pool, i);
		all += zone->available;
	}
	*may_mature = freed > all;
	return ERR_NO_SPACE;
}

// A bit for the first unit of each chunk of the word that is wholly free.
static u64 free_chunks(u64 busy)
{
	u64 any = busy | busy >> 1;
	any |= any >> 2;
	return ~any & FIRST_OF_CHUNKS;
}

// Bits where a run of so many free units begins inside a chunk that is in use.
static u64 free_runs(u64 busy, u32 units)
{
	u64 run = ~busy, places = FIRST_OF_CHUNKS;
	for (u32 i = 1; i < units; i++)
		run &= ~busy >> i;
	for (u32 i = 1; i + units <= CHUNK_UNITS; i++)
		places |= FIRST_OF_CHUNKS << i;
	u64 unused = free_chunks(busy);
	unused |= unused << 1;
	unused |= unused << 2;
	return run & places & ~unused;
}

static u64 take(struct sinter *pool, u32 zone_number, u32 bit, u32 units)
{
	struct zone *zone = space_zone(pool, zone_number);
	u64 *word = zone_word(pool, zone_number, bit / 64);
	if (free_chunks(zone_busy(pool, zone_number, bit / 64)) & FIRST_OF_CHUNKS << (bit % 64 & ~3u)) {
		zone->available--;
		pool->space.available--;
	}
	*word |= bits_mask(units) << bit % 64;
	zone->is_changed = true;
	zone->record.last_allocation = pool->txg.open;
	return space_zone_unit(pool, zone_number) + bit;
}

static bool take_run(struct sinter *pool, u32 zone_number, u32 units, u64 *out)
{
	struct zone *zone = space_zone(pool, zone_number);
	u32 words = zone->units / 64;
	for (u32 i = 0; i < 8 && units < CHUNK_UNITS; i++) { // not far: a chunk costs little
		u32 word = (zone->small_cursor + i) % words;
		u64 runs = free_runs(zone_busy(pool, zone_number, word), units);
		if (!runs)
			continue;
		zone->small_cursor = word;
		*out = take(pool, zone_number, word * 64 + bits_lowest(runs), units);
		return true;
	}
	for (u32 i = 0; i < words; i++) {
		u32 word = (zone->cursor + i) % words;
		u64 chunks = free_chunks(zone_busy(pool, zone_number, word));
		if (!chunks)
			continue;
		zone->cursor = word;
		if (units < CHUNK_UNITS)
			zone->small_cursor = word;
		*out = take(pool, zone_number, word * 64 + bits_lowest(chunks), units);
		return true;
	}
	return false;
}

static bool has_copy_in(const struct sinter *pool, const pointer_t *others, u32 zone)
{
	for (u32 i = 0; i < pointer_copies(others); i++)
		if (space_zone_of(pool, AT(others->address, i)) == zone)
			return true;
	return false;
}

u64 space_allocate(struct sinter *pool, u32 units, enum space_class class, const pointer_t *others)
{
	struct space *space = &pool->space;
	u32 *preferred = &AT(AT(space->preferred, class), pointer_copies(others));
	for (u32 apart = 1; apart <= 1; apart--) { // first apart from the other copies, then anywhere
		for (u32 i = 0; i < space->zone_count; i++) {
			u32 zone = (*preferred + i) % space->zone_count;
			u64 unit;
			if (space_zone(pool, zone)->loaded == NONE || !space_zone(pool, zone)->available ||
				(apart && has_copy_in(pool, others, zone)) || !take_run(pool, zone, units, &unit))
				continue;
			*preferred = zone;
			return unit;
		}
	}
	assert(false); // space_ready promised room
	never_reached();
}

void space_free(struct sinter *pool, const u64 addresses[COPIES_MAX], u32 units)
{
	for (u32 i = 0; i < COPIES_MAX; i++) {
		u64 address = ITEM(addresses, COPIES_MAX, i);
		if (!address)
			return;
		u32 number = space_zone_of(pool, address);
		u32 bit = (u32)(address_unit(address) - space_zone_unit(pool, number));
		u64 *word = zone_word(pool, number, bit / 64);
		u64 mask = bits_mask(units) << bit % 64;
		if (bit % 64 + units > 64 || (*word & mask) != mask) {
			pool->failure = ERR_CORRUPT; // it was free already: two pointers lead here
			pool->is_read_only = true;
			return;
		}
		*word &= ~mask;
		space_zone(pool, number)->is_changed = true;
	}
}

u64 space_units_free(struct sinter *pool)
{
	u64 sum = 0;
	for (u32 i = 0; i < pool->space.zone_count; i++)
		sum += space_zone(pool, i)->record.free_units;
	return sum;
}
