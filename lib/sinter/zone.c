// SPDX-License-Identifier: MIT
// zone.c - loading and writing bitmaps. The newest is verified against the zone record; older ones,
// which only say what must not be used again yet, against their own sums.
#include "lib/sinter/zone.h"

#include "lib/base/bits.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/volume.h"

// Zones of a device: those in front are full, the last one may be shorter. False: it has none.
static bool count_zones(struct vdev *vdev)
{
	u64 end = align_down(vdev->entry.units, LABEL_UNITS) - 2 * LABEL_UNITS;
	u64 units = end - vdev->entry.zone_unit;
	u64 count = units / vdev->entry.zone_units;
	count += align_down(units % vdev->entry.zone_units, 64) >= ZONE_UNITS_MIN;
	vdev->zones = (u32)count;
	vdev->available = vdev->roomy = 0;
	return count && count <= UINT32_MAX / VDEVS_MAX;
}

static void init_zones(struct sinter *pool, u32 number)
{
	struct vdev *vdev = &AT(pool->vdevs, number);
	u64 end = align_down(vdev->entry.units, LABEL_UNITS) - 2 * LABEL_UNITS;
	for (u32 i = 0; i < vdev->zones; i++) {
		struct zone *zone = space_zone(pool, vdev->first_zone + i);
		u64 first = vdev->entry.zone_unit + (u64)i * vdev->entry.zone_units;
		zone->vdev = (u8)number;
		zone->loaded = NONE;
		zone->units = (u32)align_down(min_u64(end - first, vdev->entry.zone_units), 64);
		pool->space.units_total += zone->units;
	}
	debug_assert(vdev->zones);             // see count_zones
	for (u32 i = 0; i < COPIES_MAX; i++) { // apart from each other
		u32 half = vdev->zones * i / 2;
		AT(AT(vdev->preferred, SPACE_METADATA), i) = half % vdev->zones;
		AT(AT(vdev->preferred, SPACE_DATA), i) = (vdev->zones / 4 + half) % vdev->zones;
	}
}

static void init_loaded(struct space *space, span_t memory)
{
	for (u32 i = 0; i < space->loaded_count; i++) {
		struct loaded_zone *loaded = &ITEM(space->loaded, space->loaded_count, i);
		loaded->zone = NONE;
		for (u32 v = 0; v <= VERSIONS; v++) {
			usize at = ((usize)i * (VERSIONS + 1) + v) * space->bitmap_size;
			void *bitmap = span_clamp(memory, at, space->bitmap_size).data;
			*(v == VERSIONS ? &loaded->now : &AT(loaded->versions, v % VERSIONS)) = bitmap;
		}
	}
}

err_t space_init(struct sinter *pool, u32 loaded_zones)
{
	struct space *space = &pool->space;
	struct port *port = &pool->port;
	u64 count = 0;
	*space = (struct space){ .bitmap_size = (usize)pool->config.bitmap_units * UNIT_SIZE };
	space->loaded_wanted = loaded_zones;
	for (u32 i = 0; i < pool->vdev_count; i++) {
		struct vdev *vdev = &AT(pool->vdevs, i);
		if (!count_zones(vdev))
			return ERR_CORRUPT;
		vdev->first_zone = (u32)count;
		count += vdev->zones;
		space->words = (u32)max_u64(space->words, vdev->entry.zone_units / 64);
	}
	space->zone_count = (u32)count;
	space->loaded_count = loaded_zones < count ? loaded_zones : (u32)count;
	usize bitmaps = (usize)space->loaded_count * (VERSIONS + 1) * space->bitmap_size;
	space->zones = port->allocate(port->context, count * sizeof(struct zone));
	space->loaded = port->allocate(port->context, space->loaded_count * sizeof(struct loaded_zone));
	space->bitmaps = port->allocate_blocks(port->context, bitmaps);
	if (!space->zones || !space->loaded || !space->bitmaps)
		return ERR_NO_MEMORY;
	init_loaded(space, span_from(space->bitmaps, bitmaps));
	for (u32 i = 0; i < pool->vdev_count; i++)
		init_zones(pool, i);
	return OK;
}

void space_fini(struct sinter *pool)
{
	struct space *space = &pool->space;
	struct port *port = &pool->port;
	usize bitmaps = (usize)space->loaded_count * (VERSIONS + 1) * space->bitmap_size;
	port_release(port, space->zones, space->zone_count * sizeof(struct zone));
	port_release(port, space->loaded, space->loaded_count * sizeof(struct loaded_zone));
	port_release(port, space->bitmaps, bitmaps);
	*space = (struct space){};
}

static struct loaded_zone *loaded_of(struct sinter *pool, u32 zone)
{
	u32 index = space_zone(pool, zone)->loaded;
	return &ITEM(pool->space.loaded, pool->space.loaded_count, index);
}

u64 *zone_word(struct sinter *pool, u32 zone, u32 word)
{
	return &ITEM(loaded_of(pool, zone)->now->words, pool->space.words, word);
}

u64 zone_busy(struct sinter *pool, u32 zone, u32 word)
{
	struct loaded_zone *loaded = loaded_of(pool, zone);
	u64 busy = ITEM(loaded->now->words, pool->space.words, word);
	for (u32 v = 0; v < VERSIONS; v++)
		if (AT(loaded->version_txg, v))
			busy |= ITEM(AT(loaded->versions, v)->words, pool->space.words, word);
	return busy;
}

u32 zone_free_chunks(struct sinter *pool, u32 zone)
{
	u32 sum = 0;
	for (u32 i = 0; i < space_zone(pool, zone)->units / 64; i++)
		sum += bits_count(zone_chunks(*zone_word(pool, zone, i)));
	return sum;
}

static void set_available(struct sinter *pool, u32 number, u32 chunks)
{
	struct zone *zone = space_zone(pool, number);
	struct vdev *vdev = &AT(pool->vdevs, zone->vdev);
	pool->space.available += chunks;
	pool->space.available -= zone->available;
	vdev->available += chunks;
	vdev->available -= zone->available;
	vdev->roomy += chunks != 0;
	vdev->roomy -= zone->available != 0;
	zone->available = chunks;
}

void zone_count(struct sinter *pool, u32 zone)
{
	u32 sum = 0;
	for (u32 i = 0; i < space_zone(pool, zone)->units / 64; i++)
		sum += bits_count(zone_chunks(zone_busy(pool, zone, i)));
	set_available(pool, zone, sum);
}

u64 zone_place(const struct sinter *pool, u32 zone, u32 place)
{
	return space_zone_address(pool, zone) + (u64)place * pool->config.bitmap_units;
}

u64 zone_copy_place(struct sinter *pool, u32 number, u32 place)
{
	const struct zone *zone = space_zone(pool, number);
	u32 copy = AT(pool->vdevs, zone->vdev).first_zone + zone->record.copy_zone;
	return zone_place(pool, copy, BITMAP_PLACES + place);
}

void space_recount(struct sinter *pool)
{
	u32 first = 0;
	for (u32 i = 0; i < pool->vdev_count; i++) {
		struct vdev *vdev = &AT(pool->vdevs, i);
		(void)count_zones(vdev);
		vdev->first_zone = first;
		first += vdev->zones;
	}
	for (u32 i = 0; i < pool->space.zone_count; i++) {
		const struct zone *zone = space_zone(pool, i);
		AT(pool->vdevs, zone->vdev).available += zone->available;
		AT(pool->vdevs, zone->vdev).roomy += zone->available != 0;
	}
}

static u32 number_in_vdev(const struct sinter *pool, u32 number)
{
	return (u32)key_offset(space_zone_key(pool, number));
}

static sum_t bitmap_sum(const struct sinter *pool, struct bitmap *bitmap)
{
	sum_t kept = bitmap->header.sum;
	bitmap->header.sum = (sum_t){};
	sum_t sum = checksum(view_from(bitmap, pool->space.bitmap_size), bitmap->header.zone);
	bitmap->header.sum = kept;
	return sum;
}

bool zone_verify(const struct sinter *pool, u32 number, struct bitmap *bitmap)
{
	const struct zone *zone = &ITEM(pool->space.zones, pool->space.zone_count, number);
	const struct bitmap_header *header = &bitmap->header;
	return header->magic == MAGIC_BITMAP && header->vdev == zone->vdev &&
	       header->zone == number_in_vdev(pool, number) && header->units <= zone->units &&
	       header->pool_guid == pool->config.pool_guid &&
	       sum_equal(header->sum, bitmap_sum(pool, bitmap));
}

static span_t bitmap_span(const struct sinter *pool, struct bitmap *bitmap)
{
	return span_from(bitmap, pool->space.bitmap_size);
}

// The place of the version being read: each version is one place before the newer one.
static u32 place_of_version(const struct zone *zone, u32 version)
{
	return (zone->record.place + BITMAP_PLACES - version) % BITMAP_PLACES;
}

// Attempt a: the bitmap or its copy (a odd), on leg a / 2; good legs first, then those behind.
static bool is_attempt_possible(struct sinter *pool, const struct loaded_zone *loaded, u32 attempt)
{
	u32 leg = volume_leg_number(space_zone(pool, loaded->zone)->vdev, attempt / 2 % LEGS_MAX);
	return volume_leg(pool, leg)->state == (attempt < 2 * LEGS_MAX ? LEG_GOOD : LEG_BEHIND);
}

// The first possible attempt from this one on. False: there is none.
static bool load_next(struct sinter *pool, struct loaded_zone *loaded)
{
	struct zone *zone = space_zone(pool, loaded->zone);
	u32 place = place_of_version(zone, loaded->version);
	while (loaded->attempt < 4 * LEGS_MAX && !is_attempt_possible(pool, loaded, loaded->attempt))
		loaded->attempt++;
	if (loaded->attempt >= 4 * LEGS_MAX)
		return false;
	u64 address = loaded->attempt % 2 ? zone_copy_place(pool, loaded->zone, place)
	                                  : zone_place(pool, loaded->zone, place);
	loaded->work.error = OK;
	volume_submit(pool, &loaded->work,
		volume_leg_number(zone->vdev, loaded->attempt / 2 % LEGS_MAX),
		(struct device_io){ .request = DEVICE_READ,
			.unit = address_unit(address),
			.bytes = bitmap_span(pool, AT(loaded->versions, loaded->version)) });
	return true;
}

static bool is_version_good(struct sinter *pool, struct loaded_zone *loaded)
{
	struct bitmap *bitmap = AT(loaded->versions, loaded->version);
	struct zone *zone = space_zone(pool, loaded->zone);
	if (loaded->work.error != OK || !zone_verify(pool, loaded->zone, bitmap))
		return false;
	return loaded->version ? bitmap->header.txg < AT(loaded->version_txg, loaded->version - 1)
	                       : sum_equal(bitmap->header.sum, zone->record.sum) &&
	                             bitmap->header.txg == zone->record.txg;
}

// Are older bitmaps than this needed? The oldest root that must stay intact is K before the durable
// one.
static bool is_oldest_needed(const struct sinter *pool, u64 version_txg)
{
	return version_txg + KEEP_ROOTS <= pool->txg.durable;
}

static void load_ended(struct sinter *pool, struct loaded_zone *loaded)
{
	span_put(bitmap_span(pool, loaded->now), span_view(bitmap_span(pool, AT(loaded->versions, 0))));
	loaded->version = VERSIONS;
	space_zone(pool, loaded->zone)->available = 0;
	zone_count(pool, loaded->zone);
}

static void unload(struct sinter *pool, struct loaded_zone *loaded)
{
	if (loaded->zone == NONE)
		return;
	set_available(pool, loaded->zone, 0);
	space_zone(pool, loaded->zone)->loaded = NONE;
	loaded->zone = NONE;
}

// What arrived is judged; then the next version, or the next place to find this one. False: there
// is no more to read.
static bool load_on(struct sinter *pool, struct loaded_zone *loaded)
{
	if (is_version_good(pool, loaded)) {
		u64 txg = AT(loaded->versions, loaded->version)->header.txg;
		AT(loaded->version_txg, loaded->version++) = txg;
		loaded->attempt = 0;
		return loaded->version < VERSIONS && !is_oldest_needed(pool, txg) &&
		       load_next(pool, loaded);
	}
	loaded->attempt++;
	return load_next(pool, loaded);
}

static err_t load_step(struct sinter *pool, struct loaded_zone *loaded)
{
	while (loaded->version < VERSIONS) {
		while (loaded->work.under_way && pool->is_blocking)
			volume_wait(pool);
		if (loaded->work.under_way || !volume_has_room(pool, 1))
			return ERR_WOULD_BLOCK;
		if (load_on(pool, loaded))
			continue;
		if (loaded->version) { // older ones were never written, are not needed or cannot be read
			load_ended(pool, loaded);
			continue;
		}
		err_t err = loaded->work.error != OK ? ERR_IO : ERR_CORRUPT;
		unload(pool, loaded);
		return err;
	}
	return OK;
}

// A zone that was never used has no bitmap yet.
static void load_empty(struct sinter *pool, struct loaded_zone *loaded)
{
	span_fill(bitmap_span(pool, loaded->now), 0);
	loaded->version = VERSIONS;
	for (u32 unit = 0; unit < space_header_units(pool); unit++)
		*zone_word(pool, loaded->zone, unit / 64) |= (u64)1 << unit % 64;
	zone_count(pool, loaded->zone);
}

// A free place, or that of the zone longest not used. Null: all are in use until a commit ends.
static struct loaded_zone *_Nullable find_place(struct sinter *pool)
{
	struct space *space = &pool->space;
	struct loaded_zone *best = nullptr;
	for (u32 i = 0; i < space->loaded_count; i++) {
		struct loaded_zone *loaded = &ITEM(space->loaded, space->loaded_count, i);
		if (loaded->zone == NONE)
			return loaded;
		struct zone *zone = space_zone(pool, loaded->zone);
		if (zone->is_changed || zone->is_written || loaded->work.under_way ||
			loaded->epoch == pool->epoch)
			continue;
		if (!best || loaded->epoch < best->epoch)
			best = loaded;
	}
	return best;
}

// Some places stay for the zones that the commit itself must load.
bool space_is_crowded(struct sinter *pool)
{
	u32 changed = 0;
	for (u32 i = 0; i < pool->space.zone_count && !pool->txg.is_preparing; i++)
		changed += space_zone(pool, i)->is_changed;
	return pool->space.zone_count > pool->space.loaded_count &&
	       changed + ZONES_OF_COMMIT > pool->space.loaded_count;
}

err_t space_load(struct sinter *pool, u32 number)
{
	struct zone *zone = space_zone(pool, number);
	if (zone->loaded == NONE) {
		struct loaded_zone *loaded = find_place(pool);
		if (!loaded || space_is_crowded(pool)) {
			pool->txg.is_wanted = true;
			return ERR_WOULD_BLOCK;
		}
		if (!volume_has_room(pool, 1) && !pool->is_blocking)
			return ERR_WOULD_BLOCK;
		unload(pool, loaded);
		loaded->zone = number;
		loaded->version = loaded->attempt = 0;
		memory_fill(loaded->version_txg, 0, sizeof loaded->version_txg);
		zone->loaded = (u32)(loaded - pool->space.loaded);
		while (!volume_has_room(pool, 1))
			volume_wait(pool);
		if (!zone->has_record)
			load_empty(pool, loaded);
		else if (!load_next(pool, loaded))
			loaded->work.error = ERR_IO; // load_step says so
	}
	struct loaded_zone *loaded = loaded_of(pool, number);
	loaded->epoch = pool->epoch;
	return load_step(pool, loaded);
}

bool zone_version(struct sinter *pool, u32 number, u32 version, span_t *bitmap, u32 *place)
{
	struct loaded_zone *loaded = loaded_of(pool, number);
	if (!AT(loaded->version_txg, version))
		return false;
	*bitmap = bitmap_span(pool, AT(loaded->versions, version));
	*place = place_of_version(space_zone(pool, number), version);
	return true;
}

void space_forget(struct sinter *pool)
{
	for (u32 i = 0; i < pool->space.loaded_count; i++)
		unload(pool, &ITEM(pool->space.loaded, pool->space.loaded_count, i));
}

void space_make_record(struct sinter *pool, u32 number)
{
	struct zone *zone = space_zone(pool, number);
	const struct vdev *vdev = &AT(pool->vdevs, zone->vdev);
	u32 own = number - vdev->first_zone, other = own ^ 1;
	zone->record.copy_zone = own;
	if (other < vdev->zones) {
		const struct zone *partner = space_zone(pool, vdev->first_zone + other);
		if (!partner->has_record || partner->record.copy_zone == own)
			zone->record.copy_zone = other;
	}
	zone->has_record = true;
}

static void count_record(struct sinter *pool, u32 number)
{
	struct zone_record *record = &space_zone(pool, number)->record;
	record->free_units = 0;
	for (u32 i = 0; i < space_zone(pool, number)->units / 64; i++)
		record->free_units += 64 - bits_count(*zone_word(pool, number, i));
	record->free_chunks = zone_free_chunks(pool, number);
}

static void freeze_zone(struct sinter *pool, struct loaded_zone *loaded, u64 txg)
{
	struct zone *zone = space_zone(pool, loaded->zone);
	struct bitmap *oldest = AT(loaded->versions, VERSIONS - 1);
	for (u32 v = VERSIONS - 1; v > 0; v--) {
		AT(loaded->versions, v) = AT(loaded->versions, v - 1);
		AT(loaded->version_txg, v) = AT(loaded->version_txg, v - 1);
	}
	AT(loaded->versions, 0) = oldest;
	AT(loaded->version_txg, 0) = txg;
	loaded->now->header = (struct bitmap_header){ .magic = MAGIC_BITMAP,
		.vdev = zone->vdev,
		.zone = number_in_vdev(pool, loaded->zone),
		.units = zone->units,
		.txg = txg,
		.pool_guid = pool->config.pool_guid };
	loaded->now->header.sum = bitmap_sum(pool, loaded->now);
	span_put(bitmap_span(pool, oldest), span_view(bitmap_span(pool, loaded->now)));
	zone->record.txg = txg;
	zone->record.place = (zone->record.place + 1) % BITMAP_PLACES;
	zone->record.sum = loaded->now->header.sum;
	zone->is_changed = false;
	zone->is_written = true;
}

void space_freeze(struct sinter *pool, u64 txg)
{
	for (u32 i = 0; i < pool->space.loaded_count; i++) {
		struct loaded_zone *loaded = &ITEM(pool->space.loaded, pool->space.loaded_count, i);
		if (loaded->zone == NONE || !space_zone(pool, loaded->zone)->is_changed)
			continue;
		count_record(pool, loaded->zone);
		freeze_zone(pool, loaded, txg);
	}
}

bool space_write(struct sinter *pool, struct work *work, u32 *next)
{
	for (; *next < pool->space.loaded_count; ++*next) {
		struct loaded_zone *loaded = &ITEM(pool->space.loaded, pool->space.loaded_count, *next);
		if (loaded->zone == NONE || !space_zone(pool, loaded->zone)->is_written)
			continue;
		if (!volume_has_room(pool, 2 * LEGS_MAX))
			return false;
		const struct zone_record *record = &space_zone(pool, loaded->zone)->record;
		span_t bytes = bitmap_span(pool, AT(loaded->versions, 0));
		u64 own = zone_place(pool, loaded->zone, record->place);
		u64 copy = zone_copy_place(pool, loaded->zone, record->place);
		if (!volume_write(pool, work, own, bytes) || !volume_write(pool, work, copy, bytes))
			never_reached();
	}
	return true;
}

void space_settle(struct sinter *pool)
{
	for (u32 i = 0; i < pool->space.loaded_count; i++) {
		struct loaded_zone *loaded = &ITEM(pool->space.loaded, pool->space.loaded_count, i);
		if (loaded->zone == NONE || loaded->version < VERSIONS)
			continue;
		space_zone(pool, loaded->zone)->is_written = false;
		for (u32 v = 1; v < VERSIONS; v++)
			if (!AT(loaded->version_txg, v - 1) ||
				is_oldest_needed(pool, AT(loaded->version_txg, v - 1)))
				AT(loaded->version_txg, v) = 0;
		zone_count(pool, loaded->zone);
	}
}
