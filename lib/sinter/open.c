// SPDX-License-Identifier: MIT
// open.c - from devices to an open pool: configuration, the newest root whose recent nodes verify,
// zone records, the intent log. FORMAT.md, section 8. And the way back.
#include "lib/sinter/open.h"
#include "lib/base/format.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/kept.h"
#include "lib/sinter/label.h"
#include "lib/sinter/pending.h"
#include "lib/sinter/scrub.h"
#include "lib/sinter/space.h"
#include "lib/sinter/table.h"
#include "lib/sinter/txg.h"
#include "lib/sinter/verify.h"
#include "lib/sinter/volume.h"

void open_report(struct sinter *pool, const char *sentence, u64 number)
{
	u8 text[160];
	view_t view = format_view(span_of(text), "%s (%lu)", sentence, number);
	pool->port.report(pool->port.context, view);
}

// All but the dead lists of datasets that are not in use: half a megabyte.
static void clear(struct sinter *pool)
{
	span_t all = span_of(*pool);
	span_fill(span_clamp(all, 0, offsetof(struct sinter, datasets)), 0);
	span_fill(span_from_offset(all, offsetof(struct sinter, snapshots)), 0);
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		span_t dataset = span_of(AT(pool->datasets, i));
		span_fill(span_clamp(dataset, 0, offsetof(struct dataset, dead.entries)), 0);
	}
}

struct sinter *_Nullable open_allocate(
	const struct port *port, const struct device *devices, u32 count)
{
	struct sinter *pool = port->allocate_blocks(port->context, sizeof *pool);
	if (!pool)
		return nullptr;
	clear(pool);
	pool->port = *port;
	pool->is_blocking = true;
	pool->epoch = 1;
	for (u32 i = 0; i < count; i++) {
		struct device device = ITEM(devices, count, i);
		*volume_leg(pool, i) =
			(struct leg){ .device = device, .state = LEG_GOOD, .label_units = device.units };
	}
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

err_t open_memory(struct sinter *pool, u32 frames)
{
	frames = frames ? frames : 1024;
	if (frames < FRAMES_MIN)
		return ERR_INVALID;
	TRY(cache_init(pool, frames));
	return ilog_init(pool);
}

err_t open_space(struct sinter *pool, u32 loaded_zones)
{
	loaded_zones = loaded_zones ? loaded_zones : 64;
	if (loaded_zones < LOADED_ZONES_MIN)
		return ERR_INVALID;
	TRY(space_init(pool, loaded_zones));
	u32 leaves = pool->space.zone_count / 80 + 2;
	u32 zones = pool->space.loaded_count < leaves ? pool->space.loaded_count : leaves;
	pool->frames_reserved = 24 + zones;
	return pool->cache.count >= pool->frames_reserved + 2 * FRAMES_OF_STEP ? OK : ERR_NO_MEMORY;
}

static err_t check_features(const struct sinter *pool, bool is_read_only)
{
	const struct superblock *super = &pool->super;
	if (super->version != SINTER_VERSION ||
		AT(super->features, FEATURES_INCOMPATIBLE) & ~(u64)FEATURES_KNOWN)
		return ERR_UNSUPPORTED;
	return AT(super->features, FEATURES_READ_ONLY) && !is_read_only ? ERR_UNSUPPORTED : OK;
}

static err_t load_zone_record(struct sinter *pool, u32 number)
{
	struct zone *zone = space_zone(pool, number);
	struct zone_record *record = &zone->record;
	err_t err = btree_load(&pool->tree, space_zone_key(pool, number), span_of(*record));
	zone->has_record = err == OK;
	if (err == ERR_NOT_FOUND) {
		u32 units = zone->units - space_header_units(pool);
		*record = (struct zone_record){ .free_units = units, .free_chunks = units / CHUNK_UNITS };
		return OK;
	}
	TRY(err);
	bool is_sane =
		record->place < BITMAP_PLACES && record->copy_zone < AT(pool->vdevs, zone->vdev).zones &&
		record->free_units <= zone->units && record->free_chunks <= zone->units / CHUNK_UNITS &&
		record->txg <= pool->super.txg;
	return is_sane ? OK : ERR_CORRUPT;
}

// And the bitmaps of the last groups are there, as the nodes are.
err_t open_zone_records(struct sinter *pool)
{
	space_forget(pool);
	for (u32 i = 0; i < pool->space.zone_count; i++) {
		const struct zone *zone = space_zone(pool, i);
		pool->epoch++;
		TRY(load_zone_record(pool, i));
		if (zone->has_record && zone->record.txg + KEEP_ROOTS >= pool->super.txg)
			TRY(space_load(pool, i));
	}
	return OK;
}

// Takes this root, if its nodes of the last groups are all there.
static err_t try_root(
	struct sinter *pool, struct table_open *open, const struct sinter_options *options)
{
	TRY(check_features(pool, options->is_read_only));
	TRY(table_map(pool, open, &pool->super));
	space_fini(pool);
	TRY(open_space(pool, options->loaded_zones));
	pool->txg.durable = pool->super.txg;
	pool->txg.open = pool->super.txg + 1;
	btree_init(&pool->tree, pool, &pool->super.root, LINEAGE_POOL);
	if (pool->super.log_position >= pool->config.log_units)
		return ERR_CORRUPT;
	TRY(verify_recent(pool));
	return open_zone_records(pool);
}

// The newest root that can be taken, at most K back.
static err_t choose_root(
	struct sinter *pool, struct table_open *open, const struct sinter_options *options)
{
	err_t first = ERR_CORRUPT;
	for (u32 i = 0; i < open->found.count; i++) {
		pool->super = AT(open->found.supers, i);
		if (pool->super.txg < AT(open->found.supers, 0).oldest)
			break;
		pool->rewound = i;
		err_t err = try_root(pool, open, options);
		if (err == OK || err == ERR_NO_MEMORY || err == ERR_UNSUPPORTED || err == ERR_INVALID)
			return err;
		first = i ? first : err;
	}
	return first == ERR_IO ? ERR_IO : ERR_CORRUPT;
}

// After the root is chosen: abandoned roots, legs, the log.
static err_t open_root(struct sinter *pool, const struct table_open *open, bool is_read_only)
{
	if (pool->rewound)
		open_report(pool, "a device ignored a flush: roots skipped", pool->rewound);
	for (u32 i = 0; i < LEGS_ALL && pool->rewound && !is_read_only; i++)
		if (volume_is_written(pool, i))
			TRY(label_erase_above(pool, i, pool->super.txg));
	TRY(table_begin(pool, open, is_read_only));
	scrub_load(pool);
	pool->is_never_written = is_read_only;
	pool->has_garbage = true;
	TRY(dataset_count_all(pool));
	TRY(ilog_replay(pool));
	bool is_within_log = pool->super.log_base != pool->super.txg; // a new group would not follow it
	if (!is_read_only &&
		(pool->txg.is_changed || pool->rewound || pool->is_table_changed || is_within_log))
		TRY(txg_commit_now(pool, false));
	pool->is_read_only = is_read_only;
	if (!is_read_only)
		kept_begin(pool);
	return OK;
}

static err_t open_all(
	struct sinter *pool, struct table_open *open, const struct sinter_options *options)
{
	TRY(table_read(pool, open));
	TRY(open_memory(pool, options->frames));
	// Healing is safe even for a root that is not chosen then: its own blocks lie where no kept
	// root has any.
	pool->is_read_only = options->is_read_only;
	pool->kept = options->kept;
	if (pool->kept.size && pool->kept.size < KEPT_MIN)
		return ERR_INVALID;
	TRY(choose_root(pool, open, options));
	pool->is_read_only = false;
	return open_root(pool, open, options->is_read_only);
}

err_t sinter_open(const struct port *port, const struct device *devices, u32 count,
	const struct sinter_options *options, struct sinter **out)
{
	if (!count || count > LEGS_ALL)
		return ERR_INVALID;
	for (u32 i = 0; i < count; i++)
		if (ITEM(devices, count, i).units < DEVICE_UNITS_MIN)
			return ERR_NOT_FOUND;
	struct table_open *open = port->allocate(port->context, sizeof *open);
	struct sinter *pool = open ? open_allocate(port, devices, count) : nullptr;
	err_t err = ERR_NO_MEMORY;
	if (pool) {
		open->count = count;
		err = open_all(pool, open, options);
	}
	port_release(port, open, sizeof *open);
	if (pool && err != OK)
		sinter_abandon(pool);
	TRY(err);
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
	scrub_work(pool);
	ilog_work(pool);
	txg_work(pool);
	pending_work(pool);
}

void sinter_wait(struct sinter *pool)
{
	sinter_work(pool);
	if (!volume_is_busy(pool))
		return;
	volume_wait(pool);
	sinter_work(pool);
}

bool sinter_is_busy(const struct sinter *pool)
{
	return volume_is_busy(pool) || pool->txg.phase != COMMIT_IDLE || pool->txg.is_wanted ||
	       pool->log.phase != LOG_IDLE || scrub_is_active(pool) || pool->is_tidying;
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
		.vdevs = pool->vdev_count,
		.check_kind = pool_check_kind(pool),
		.is_read_only = pool->is_read_only,
		.is_destroying = pool->has_garbage,
		.failure = pool->failure };
	memory_copy(out->name, pool->config.name, sizeof out->name);
	for (u32 i = 0; i < LEGS_ALL; i++) {
		struct sinter_leg leg;
		if (!sinter_leg(pool, i, &leg))
			continue;
		out->legs++;
		out->legs_failed += leg.state != LEG_GOOD;
		out->read_errors += leg.errors.read;
		out->bad_blocks += leg.errors.bad;
		out->healed += leg.errors.healed;
	}
}

bool sinter_leg(const struct sinter *pool, u32 number, struct sinter_leg *out)
{
	if (number >= LEGS_ALL || AT(pool->legs, number).state == LEG_NONE)
		return false;
	const struct vdev_entry *entry = &AT(pool->vdevs, number / LEGS_MAX).entry;
	u32 leg = number % LEGS_MAX;
	*out = (struct sinter_leg){ .vdev = number / LEGS_MAX,
		.leg = leg,
		.guid = AT(entry->leg_guids, leg),
		.units = entry->units,
		.behind = AT(entry->legs_behind, leg),
		.is_leaving = entry->leaving >> leg & 1,
		.state = AT(pool->legs, number).state,
		.device = AT(pool->legs, number).device.context,
		.errors = AT(entry->errors, leg) };
	return true;
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
