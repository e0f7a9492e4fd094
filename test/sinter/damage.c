// SPDX-License-Identifier: MIT
// damage.c - see damage.h.
#include "test/sinter/damage.h"

#include <stdlib.h>
#include <string.h>

#include "lib/sinter/checksum.h"
#include "lib/sinter/label.h"
#include "lib/sinter/scrub.h"
#include "lib/sinter/space.h"
#include "test/sinter/world.h"

const char *const damage_names[DAMAGE_KINDS] = { "flip", "zero", "stale", "misdirect", "swap" };
const char *const target_names[TARGET_CLASSES] = { "config", "superblock", "log", "bitmap", "node",
	"record" };

static const struct disk_unit zeros;

static void *must(void *_Nullable memory)
{
	if (!memory)
		abort();
	return memory;
}

static void add(struct targets *targets, u64 unit, u32 units, enum target_class class)
{
	if (targets->count == targets->size) {
		targets->size = targets->size ? 2 * targets->size : 1024;
		targets->items = must(realloc(targets->items, targets->size * sizeof *targets->items));
	}
	targets->items[targets->count++] =
		(struct target){ .unit = unit, .units = units, .block = targets->blocks, .class = class };
}

// Each unit of a block, and the block as a whole.
static void add_block(struct targets *targets, u64 unit, u32 units, enum target_class class)
{
	for (u32 i = 0; i < units; i++)
		add(targets, unit + i, 1, class);
	if (units > 1)
		add(targets, unit, units, class);
}

static void add_used(
	struct targets *targets, const struct disk *disk, u64 unit, u64 units, enum target_class class)
{
	for (u64 i = unit; i < unit + units; i++)
		if (disk->now[i] && memcmp(disk->now[i], &zeros, DISK_UNIT) != 0)
			add(targets, i, 1, class);
}

static void add_labels(struct targets *targets, const struct disk *disk, u64 units)
{
	for (u32 label = 0; label < LABELS; label++) {
		u64 unit = label_unit(units, label);
		add_used(targets, disk, unit, 2, TARGET_CONFIG);
		add_used(targets, disk, unit + LABEL_RING_UNIT, RING_PLACES, TARGET_SUPERBLOCK);
	}
}

static err_t add_blocks(struct targets *targets, struct sinter *pool)
{
	static const enum target_class classes[BLOCK_TYPES] = {
		[BLOCK_POOL_NODE] = TARGET_NODE, [BLOCK_NODE] = TARGET_NODE, [BLOCK_RECORD] = TARGET_RECORD
	};
	struct scrub_walk walk = { .level = LEVEL_MAX + 1 };
	pointer_t pointer;
	err_t err;
	while ((err = WAIT(pool, scrub_walk_next(pool, &walk, &pointer))) == OK) {
		targets->blocks++;
		for (u32 i = 0; i < pointer_copies(&pointer); i++)
			add_block(targets, address_unit(pointer.address[i]), pointer_units(&pointer),
				classes[pointer_type(&pointer)]);
	}
	return err == ERR_NOT_FOUND ? OK : err;
}

err_t targets_find(struct targets *targets, struct sinter *pool, const struct disk *disk)
{
	*targets = (struct targets){};
	add_labels(targets, disk, disk->device.units);
	for (u32 zone = 0; zone < pool->space.zone_count; zone++)
		add_used(targets, disk, address_unit(space_zone_address(pool, zone)),
			space_header_units(pool), TARGET_BITMAP);
	return add_blocks(targets, pool);
}

void targets_add_log(struct targets *targets, u64 unit, u32 units)
{
	targets->blocks++;
	add_block(targets, unit, units, TARGET_LOG);
}

static int compare(const void *a, const void *b)
{
	const struct target *left = a, *right = b;
	if (left->class != right->class)
		return left->class < right->class ? -1 : 1;
	if (left->unit != right->unit)
		return left->unit < right->unit ? -1 : 1;
	return (int)left->units - (int)right->units;
}

void targets_sort(struct targets *targets)
{
	u32 class = 0;
	assert(targets->items);
	qsort(targets->items, targets->count, sizeof *targets->items, compare);
	for (u32 i = 0; i < targets->count; i++)
		while (class <= targets->items[i].class)
			targets->first[class ++] = i;
	while (class <= TARGET_CLASSES)
		targets->first[class ++] = targets->count;
}

void targets_fini(struct targets *targets)
{
	free(targets->items);
}

static const struct disk_unit *view_read(void *view, u64 unit)
{
	const struct damage *damage = view;
	return damage->changed[unit] ? damage->changed[unit] : damage->disk->now[unit];
}

static void view_write(void *view, u64 unit, const struct disk_unit *data)
{
	struct damage *damage = view;
	if (!damage->changed[unit]) {
		damage->changed[unit] = must(malloc(sizeof *data));
		damage->written[damage->written_count++] = unit;
	}
	memcpy(damage->changed[unit], data, sizeof *data);
}

static const struct disk_unit *unit_now(const struct damage *damage, u64 unit)
{
	return damage->disk->now[unit] ? damage->disk->now[unit] : &zeros;
}

void damage_init(struct damage *damage, struct disk *disk)
{
	*damage = (struct damage){ .disk = disk,
		.changed = must(calloc(disk->units, sizeof *damage->changed)),
		.earlier = must(calloc(disk->units, sizeof *damage->earlier)),
		.written = must(calloc(disk->units, sizeof *damage->written)) };
	for (u32 i = 0; i < disk->writes; i++) {
		u64 unit = disk->log[i].unit;
		if (memcmp(disk->log[i].data, unit_now(damage, unit), DISK_UNIT) != 0)
			damage->earlier[unit] = disk->log[i].data;
	}
	disk->view = damage;
	disk->view_read = view_read;
	disk->view_write = view_write;
}

void damage_undo(struct damage *damage)
{
	for (u32 i = 0; i < damage->written_count; i++) {
		free(damage->changed[damage->written[i]]);
		damage->changed[damage->written[i]] = nullptr;
	}
	damage->written_count = 0;
}

static bool is_config(const struct config_block *config)
{
	view_t bytes = view_clamp(view_of(*config), 0, sizeof *config - sizeof config->sum);
	return config->magic == MAGIC_CONFIG &&
	       sum_equal(config->sum, checksum(bytes, config->pool_guid));
}

bool damage_labels_are_whole(const struct damage *damage, u32 leg)
{
	u64 units = damage->disk->device.units, newest = 0;
	u32 labels = 0; // bit each
	for (u32 i = 0; i < 2 * LABELS; i++) {
		struct config_block config;
		u64 unit = leg * units + label_unit(units, i / 2) + i % 2;
		const struct disk_unit *changed = damage->changed[unit];
		memcpy(&config, changed ? changed : unit_now(damage, unit), sizeof config);
		if (!is_config(&config) || config.sequence < newest)
			continue;
		labels = (config.sequence > newest ? 0 : labels) | 1u << i / 2;
		newest = config.sequence;
	}
	return labels == (1u << LABELS) - 1;
}

void damage_fini(struct damage *damage)
{
	damage_undo(damage);
	damage->disk->view = nullptr;
	free(damage->changed);
	free(damage->earlier);
	free(damage->written);
}

static bool is_same(const struct damage *damage, u64 a, u64 b, u32 units)
{
	for (u32 i = 0; i < units; i++)
		if (memcmp(unit_now(damage, a + i), unit_now(damage, b + i), DISK_UNIT) != 0)
			return false;
	return true;
}

// Another place of the same class and size that holds something else, and not of the same block:
// both copies of one would be damaged.
static const struct target *_Nullable other_place(const struct damage *damage,
	const struct targets *targets, const struct damage_case *what, struct random *random)
{
	u32 first = targets->first[what->target->class];
	u32 count = targets->first[what->target->class + 1] - first;
	u64 leg = what->leg * damage->disk->device.units;
	for (u32 tries = 0; tries < 64; tries++) {
		const struct target *other = &targets->items[first + random_below(random, count)];
		bool is_apart = other->block != what->target->block || !other->block;
		if (is_apart && other->units == what->target->units &&
			!is_same(damage, leg + other->unit, leg + what->target->unit, other->units))
			return other;
	}
	return nullptr;
}

static bool flip(struct damage *damage, u64 unit, u32 units, struct random *random)
{
	u64 bit = random_below(random, DISK_UNIT * 8);
	struct disk_unit changed = *unit_now(damage, unit);
	if (units > 1) // its units are targets themselves
		return false;
	changed.bytes[bit / 8] ^= (u8)(1 << bit % 8);
	view_write(damage, unit, &changed);
	return true;
}

static bool put_zeros(struct damage *damage, u64 unit, u32 units)
{
	bool is_any = false;
	for (u32 i = 0; i < units; i++) {
		is_any |= memcmp(unit_now(damage, unit + i), &zeros, DISK_UNIT) != 0;
		view_write(damage, unit + i, &zeros);
	}
	return is_any;
}

static bool put_earlier(struct damage *damage, u64 unit, u32 units)
{
	for (u32 i = 0; i < units; i++)
		if (!damage->earlier[unit + i])
			return false;
	for (u32 i = 0; i < units; i++)
		view_write(damage, unit + i, damage->earlier[unit + i]);
	return true;
}

static void put(struct damage *damage, u64 to, u64 from, u32 units)
{
	for (u32 i = 0; i < units; i++)
		view_write(damage, to + i, unit_now(damage, from + i));
}

bool damage_do(struct damage *damage, const struct targets *targets, struct damage_case what)
{
	struct random random;
	u64 leg = what.leg * damage->disk->device.units, unit = leg + what.target->unit;
	u32 units = what.target->units;
	const struct target *other = nullptr;
	random_init(&random, what.seed);
	if (what.kind >= DAMAGE_MISDIRECT)
		other = other_place(damage, targets, &what, &random);
	switch (what.kind) {
	case DAMAGE_FLIP: return flip(damage, unit, units, &random);
	case DAMAGE_ZERO: return put_zeros(damage, unit, units);
	case DAMAGE_STALE: return put_earlier(damage, unit, units);
	case DAMAGE_SWAP:
		if (other)
			put(damage, leg + other->unit, unit, units);
		[[fallthrough]];
	case DAMAGE_MISDIRECT:
		if (other)
			put(damage, unit, leg + other->unit, units);
		return other;
	case DAMAGE_KINDS: break;
	}
	return false;
}
