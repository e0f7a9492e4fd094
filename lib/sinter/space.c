// SPDX-License-Identifier: MIT
// space.c - allocation and freeing in loaded zones. zone.c loads and writes them.
#include "lib/sinter/space.h"

#include "lib/base/bits.h"
#include "lib/sinter/read.h"
#include "lib/sinter/zone.h"

static const struct vdev *vdev_of(const struct sinter *pool, u32 zone)
{
	return &AT(pool->vdevs, ITEM(pool->space.zones, pool->space.zone_count, zone).vdev);
}

u64 space_zone_address(const struct sinter *pool, u32 zone)
{
	const struct vdev *vdev = vdev_of(pool, zone);
	u64 unit = vdev->entry.zone_unit + (u64)(zone - vdev->first_zone) * vdev->entry.zone_units;
	return address_make(ITEM(pool->space.zones, pool->space.zone_count, zone).vdev, unit);
}

tree_key_t space_zone_key(const struct sinter *pool, u32 zone)
{
	u32 vdev = ITEM(pool->space.zones, pool->space.zone_count, zone).vdev;
	return key_make(vdev, ITEM_ZONE, zone - AT(pool->vdevs, vdev).first_zone);
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
	const struct vdev *vdev = &AT(pool->vdevs, address_vdev(address));
	u64 within = address_unit(address) - vdev->entry.zone_unit;
	return vdev->first_zone + (u32)(within / vdev->entry.zone_units);
}

u32 space_bit_of(const struct sinter *pool, u64 address)
{
	const struct vdev *vdev = &AT(pool->vdevs, address_vdev(address));
	return (u32)((address_unit(address) - vdev->entry.zone_unit) % vdev->entry.zone_units);
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

// The zone of a vdev that has most room and is not loaded, if it has much.
static u32 zone_to_spread(struct sinter *pool, const struct vdev *vdev)
{
	u32 best = NONE, most = vdev->entry.zone_units / CHUNK_UNITS / 8;
	for (u32 i = vdev->first_zone; i < vdev->first_zone + vdev->zones; i++) {
		const struct zone *zone = space_zone(pool, i);
		if (zone->loaded != NONE || zone->record.free_chunks <= most)
			continue;
		best = i;
		most = zone->record.free_chunks;
	}
	return best;
}

// Each vdev takes part, and copies find two zones on it. What cannot be loaded now does not hold up
// anybody.
static err_t spread(struct sinter *pool)
{
	for (u32 i = 0; i < pool->vdev_count; i++) {
		struct vdev *vdev = &AT(pool->vdevs, i);
		if (vdev->roomy > 1 || vdev->spread_txg == pool->txg.open)
			continue;
		u32 zone = zone_to_spread(pool, vdev);
		if (zone != NONE && !space_is_crowded(pool) && space_load(pool, zone) == ERR_WOULD_BLOCK)
			return ERR_WOULD_BLOCK;
		vdev->spread_txg = vdev->roomy > 1 ? 0 : pool->txg.open;
	}
	return OK;
}

err_t space_ready(struct sinter *pool, u64 chunks, bool *may_mature)
{
	struct space *space = &pool->space;
	u64 all = 0, freed = 0;
	*may_mature = false;
	TRY(spread(pool));
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

// Bits where a run of so many free units begins inside a chunk that is in use.
static u64 free_runs(u64 busy, u32 units)
{
	u64 run = ~busy, places = FIRST_OF_CHUNKS;
	for (u32 i = 1; i < units; i++)
		run &= ~busy >> i;
	for (u32 i = 1; i + units <= CHUNK_UNITS; i++)
		places |= FIRST_OF_CHUNKS << i;
	u64 unused = zone_chunks(busy);
	unused |= unused << 1;
	unused |= unused << 2;
	return run & places & ~unused;
}

static u64 take(struct sinter *pool, u32 zone_number, u32 bit, u32 units)
{
	struct zone *zone = space_zone(pool, zone_number);
	u64 *word = zone_word(pool, zone_number, bit / 64);
	if (zone_chunks(zone_busy(pool, zone_number, bit / 64)) & FIRST_OF_CHUNKS << (bit % 64 & ~3u)) {
		zone->available--;
		pool->space.available--;
		AT(pool->vdevs, zone->vdev).available--;
		AT(pool->vdevs, zone->vdev).roomy -= !zone->available;
	}
	*word |= bits_mask(units) << bit % 64;
	zone->is_changed = true;
	zone->record.last_allocation = pool->txg.open;
	return space_zone_address(pool, zone_number) + bit;
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
		u64 chunks = zone_chunks(zone_busy(pool, zone_number, word));
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

// How far from the other copies a zone must be.
enum apart : u8 { APART_NOT, APART_ZONE, APART_VDEV };

static bool is_apart(const struct sinter *pool, const pointer_t *others, u32 zone, enum apart apart)
{
	for (u32 i = 0; i < pointer_copies(others); i++) {
		u64 address = AT(others->address, i);
		if (apart == APART_ZONE && space_zone_of(pool, address) == zone)
			return false;
		if (apart == APART_VDEV && vdev_of(pool, zone) == &AT(pool->vdevs, address_vdev(address)))
			return false;
	}
	return true;
}

struct wish {
	enum space_class class;
	enum apart apart;
	u32 units;
	const pointer_t *others;
};

static bool allocate_in(struct sinter *pool, struct vdev *vdev, struct wish wish, u64 *out)
{
	u32 *preferred = &AT(AT(vdev->preferred, wish.class), pointer_copies(wish.others));
	for (u32 i = 0; vdev->available && i < vdev->zones; i++) {
		u32 within = (*preferred + i) % vdev->zones, zone = vdev->first_zone + within;
		if (space_zone(pool, zone)->loaded == NONE || !space_zone(pool, zone)->available ||
			!is_apart(pool, wish.others, zone, wish.apart) ||
			!take_run(pool, zone, wish.units, out))
			continue;
		*preferred = within;
		return true;
	}
	return false;
}

// Whose turn it is: a vdev gets as many units in a row as it has room, compared with the others.
static u32 turn_of(struct sinter *pool, enum space_class class, u32 units)
{
	struct space *space = &pool->space;
	if (pool->vdev_count < 2)
		return 0;
	i64 *left = &AT(space->turn_left, class);
	u32 *turn = &AT(space->turn, class);
	*left -= units;
	if (*left >= 0)
		return *turn;
	*turn = (*turn + 1) % pool->vdev_count;
	u64 all = space->available ? space->available : 1;
	*left = (i64)(1024 * AT(pool->vdevs, *turn).available / all);
	return *turn;
}

u64 space_allocate(struct sinter *pool, u32 units, enum space_class class, const pointer_t *others)
{
	u32 turn = turn_of(pool, class, units);
	struct wish wish = { .class = class, .units = units, .others = others };
	for (u32 apart = pool->vdev_count > 1 ? APART_VDEV : APART_ZONE;; apart--) {
		wish.apart = (enum apart)apart;
		for (u32 i = 0; i < pool->vdev_count; i++) {
			u64 address;
			if (allocate_in(pool, &AT(pool->vdevs, (turn + i) % pool->vdev_count), wish, &address))
				return address;
		}
		if (apart == APART_NOT) { // space_ready promised room: the bitmaps are not what was counted
			pool_is_damaged(pool);
			return 0;
		}
	}
}

void space_free(struct sinter *pool, const u64 addresses[COPIES_MAX], u32 units)
{
	for (u32 i = 0; i < COPIES_MAX; i++) {
		u64 address = ITEM(addresses, COPIES_MAX, i);
		if (!address)
			return;
		u32 number = space_zone_of(pool, address);
		u32 bit = space_bit_of(pool, address);
		u64 *word = zone_word(pool, number, bit / 64);
		u64 mask = bits_mask(units) << bit % 64;
		if (bit % 64 + units > 64 || (*word & mask) != mask) {
			pool_is_damaged(pool); // it was free already: two pointers lead here
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
