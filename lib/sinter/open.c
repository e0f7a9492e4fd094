// SPDX-License-Identifier: MIT
// open.c - from devices to an open pool: configuration, the newest root whose recent nodes verify,
// zone records, the intent log. FORMAT.md, section 8. And the way back.
#include "lib/sinter/open.h"
#include "lib/base/format.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/label.h"
#include "lib/sinter/pending.h"
#include "lib/sinter/space.h"
#include "lib/sinter/txg.h"
#include "lib/sinter/verify.h"
#include "lib/sinter/volume.h"

static void report(struct sinter *pool, const char *sentence, u64 number)
{
	u8 text[160];
	view_t view = format_view(span_of(text), "%s (%lu)", sentence, number);
	pool->port.report(pool->port.context, view);
}

struct sinter *_Nullable open_allocate(
	const struct port *port, const struct device *devices, u32 count)
{
	struct sinter *pool = port->allocate(port->context, sizeof *pool);
	if (!pool)
		return nullptr;
	pool->port = *port;
	pool->is_blocking = true;
	pool->epoch = 1;
	volume_init(pool, devices, count);
	return pool;
}

void sinter_abandon(struct sinter *pool)
{
	struct port port = pool->port;
	while (volume_is_busy(pool)) // the device writes into our memory until then
		volume_wait(pool);
	ilog_fini(pool);
	space_fini(pool);
	cache_fini(pool);
	port.release(port.context, pool, sizeof *pool);
}

err_t open_memory(struct sinter *pool, u32 frames, u32 loaded_zones)
{
	frames = frames ? frames : 1024;
	loaded_zones = loaded_zones ? loaded_zones : 64;
	if (frames < FRAMES_MIN || loaded_zones < LOADED_ZONES_MIN)
		return ERR_INVALID;
	TRY(space_init(pool, loaded_zones));
	TRY(cache_init(pool, frames));
	TRY(ilog_init(pool));
	u32 leaves = pool->space.zone_count / 80 + 2;
	u32 zones = pool->space.loaded_count < leaves ? pool->space.loaded_count : leaves;
	pool->frames_reserved = 24 + zones;
	return frames >= pool->frames_reserved + 2 * FRAMES_OF_STEP ? OK : ERR_NO_MEMORY;
}

// All legs of one mirror, each once; then they stand in the order of their numbers.
static err_t find_legs(struct sinter *pool)
{
	struct leg legs[LEGS_MAX] = {};
	u32 seen = 0;
	for (u32 i = 0; i < pool->leg_count; i++) {
		struct config_block config = {};
		TRY(label_read_config(pool, i, &config));
		if (i && config.pool_guid != pool->config.pool_guid)
			return ERR_INVALID;
		if (config.legs != pool->leg_count || seen >> config.leg & 1)
			return ERR_INVALID;
		if (!i || config.sequence > pool->config.sequence)
			pool->config = config;
		seen |= 1u << config.leg;
		AT(legs, config.leg) = AT(pool->legs, i);
	}
	memory_copy(pool->legs, legs, sizeof legs);
	return OK;
}

static err_t check_features(const struct sinter *pool, bool is_read_only)
{
	const struct superblock *super = &pool->super;
	if (super->version != SINTER_VERSION ||
		AT(super->features, FEATURES_INCOMPATIBLE) & ~(u64)FEATURES_KNOWN)
		return ERR_UNSUPPORTED;
	return AT(super->features, FEATURES_READ_ONLY) && !is_read_only ? ERR_UNSUPPORTED : OK;
}

static void use_root(struct sinter *pool)
{
	struct superblock *super = &pool->super;
	pool->txg.durable = super->txg;
	pool->txg.open = super->txg + 1;
	btree_init(&pool->tree, pool, &super->root, LINEAGE_POOL);
}

static err_t load_zone_record(struct sinter *pool, u32 number)
{
	struct zone *zone = space_zone(pool, number);
	TRY(btree_load(&pool->tree, key_make(0, ITEM_ZONE, number), span_of(zone->record)));
	const struct zone_record *record = &zone->record;
	bool is_sane = record->place < BITMAP_PLACES && record->copy_zone < pool->space.zone_count &&
	               record->free_units <= zone->units &&
	               record->free_chunks <= zone->units / CHUNK_UNITS &&
	               record->txg <= pool->super.txg;
	return is_sane ? OK : ERR_CORRUPT;
}

// All zone records; and the bitmaps of the last groups are there, as the nodes are.
static err_t load_zone_records(struct sinter *pool)
{
	space_forget(pool);
	for (u32 i = 0; i < pool->space.zone_count; i++) {
		pool->epoch++;
		err_t err = load_zone_record(pool, i);
		if (err != OK)
			return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
		if (space_zone(pool, i)->record.txg + KEEP_ROOTS >= pool->super.txg)
			TRY(space_load(pool, i));
	}
	return OK;
}

static bool is_log_place_sane(const struct sinter *pool)
{
	return pool->super.log_position < pool->config.log_units;
}

// The newest root whose nodes of the last groups are all there.
static err_t choose_root(struct sinter *pool, bool is_read_only)
{
	u64 below = UINT64_MAX, oldest = 0;
	for (u32 skipped = 0; skipped <= KEEP_ROOTS; skipped++) {
		err_t err = label_find_super(pool, below, &pool->super);
		if (err != OK || pool->super.txg < oldest)
			return skipped ? ERR_CORRUPT : err;
		TRY(check_features(pool, is_read_only));
		use_root(pool);
		if (!skipped)
			oldest = pool->super.oldest;
		err = is_log_place_sane(pool) ? verify_recent(pool) : ERR_CORRUPT;
		if (err == OK)
			err = load_zone_records(pool);
		pool->rewound = skipped;
		if (err == OK || err == ERR_NO_MEMORY)
			return err;
		below = pool->super.txg;
	}
	return ERR_CORRUPT;
}

// After the root is chosen: zones, abandoned roots, the log.
static err_t open_root(struct sinter *pool, bool is_read_only)
{
	if (pool->rewound) {
		report(pool, "a device ignored a flush: roots skipped", pool->rewound);
		if (!is_read_only)
			TRY(label_erase_above(pool, pool->super.txg));
	}
	pool->is_never_written = is_read_only;
	TRY(ilog_replay(pool));
	if (!is_read_only && (pool->txg.is_changed || pool->rewound))
		TRY(txg_commit_now(pool, false));
	pool->is_read_only = is_read_only;
	return OK;
}

err_t sinter_open(const struct port *port, const struct device *devices, u32 count,
	const struct sinter_options *options, struct sinter **out)
{
	if (!count || count > LEGS_MAX)
		return ERR_INVALID;
	for (u32 i = 0; i < count; i++)
		if (ITEM(devices, count, i).units < DEVICE_UNITS_MIN)
			return ERR_NOT_FOUND;
	struct sinter *pool = open_allocate(port, devices, count);
	if (!pool)
		return ERR_NO_MEMORY;
	err_t err = find_legs(pool);
	if (err == OK)
		err = open_memory(pool, options->frames, options->loaded_zones);
	// Healing is safe even for a root that is not chosen then: its own blocks lie where no kept
	// root has any.
	pool->is_read_only = options->is_read_only;
	if (err == OK)
		err = choose_root(pool, options->is_read_only);
	pool->is_read_only = false;
	if (err == OK)
		err = open_root(pool, options->is_read_only);
	if (err != OK) {
		sinter_abandon(pool);
		return err;
	}
	pool->is_blocking = false;
	*out = pool;
	return OK;
}

err_t sinter_close(struct sinter *pool)
{
	err_t err = pool->failure;
	pool->is_blocking = true;
	if (!pool->is_read_only)
		err = txg_commit_now(pool, true);
	sinter_abandon(pool);
	return err;
}

void sinter_work(struct sinter *pool)
{
	cache_end_healing(pool);
	ilog_work(pool);
	txg_work(pool);
	pending_work(pool);
}

void sinter_wait(struct sinter *pool)
{
	sinter_work(pool);
	if (volume_is_busy(pool))
		volume_wait(pool);
	sinter_work(pool);
}

bool sinter_is_busy(const struct sinter *pool)
{
	return volume_is_busy(pool) || pool->txg.phase != COMMIT_IDLE || pool->txg.is_wanted ||
	       pool->log.phase != LOG_IDLE;
}

void sinter_status(const struct sinter *pool, struct sinter_status *out)
{
	*out = (struct sinter_status){ .guid = pool->config.pool_guid,
		.txg = pool->txg.durable,
		.units = pool->super.units_total,
		.units_free = pool->super.units_total - pool->super.units_allocated,
		.cache_hits = pool->cache.hits,
		.cache_misses = pool->cache.misses,
		.rewound = pool->rewound,
		.legs = pool->leg_count,
		.legs_failed = pool->leg_count - volume_legs(pool),
		.is_read_only = pool->is_read_only,
		.failure = pool->failure };
	memory_copy(out->name, pool->config.name, sizeof out->name);
	for (u32 i = 0; i < pool->leg_count; i++) {
		out->read_errors += AT(pool->legs, i).read_errors;
		out->bad_blocks += AT(pool->legs, i).bad_blocks;
		out->healed += AT(pool->legs, i).healed;
	}
}

u64 sinter_sync_begin(struct sinter *pool)
{
	u64 ticket = pool->txg.is_changed ? pool->txg.open : pool->txg.open - 1;
	if (ticket == pool->txg.open) // else it is in flight or durable
		txg_want(pool, ticket);
	sinter_work(pool);
	return ticket;
}

err_t sinter_sync_done(struct sinter *pool, u64 ticket)
{
	sinter_work(pool);
	return txg_durable(pool, ticket);
}
