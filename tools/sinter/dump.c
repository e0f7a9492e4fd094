// SPDX-License-Identifier: MIT
// dump.c - sinter dump: what the labels of an image say, valid or not, without opening the pool.
// For looking at one that does not open.
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/sinter/checksum.h"
#include "lib/sinter/label.h"
#include "tools/sinter/command.h"

static bool read_unit(const struct host_file *file, u64 unit, span_t to)
{
	return pread(file->descriptor, to.data, to.size, (off_t)(unit * UNIT_SIZE)) == (ssize_t)to.size;
}

static bool is_sum_good(view_t block, u64 seed)
{
	sum_t sum;
	usize at = UNIT_SIZE - sizeof sum;
	return view_load(block, at, span_of(sum)) == OK &&
	       sum_equal(sum, checksum(view_clamp(block, 0, at), seed));
}

static void dump_config(const struct config_block *config, u32 label)
{
	if (config->magic != MAGIC_CONFIG)
		return;
	printf("label %u: configuration %" PRIu64 " of \"%.63s\", guid %016" PRIx64
		   ", device %u leg %u of %u, %" PRIu64 " units, zones of %u from %" PRIu64
		   ", log of %" PRIu64 " from %" PRIu64 ", features %" PRIx64 ", sum %s\n",
		label, config->sequence, config->name, config->pool_guid, config->vdev, config->leg,
		config->legs, config->units, config->zone_units, config->zone_unit, config->log_units,
		config->log_unit, AT(config->features, FEATURES_INCOMPATIBLE),
		is_sum_good(view_of(*config), config->pool_guid) ? "good" : "BAD");
}

static void dump_super(const struct superblock *super, u32 label, u32 place)
{
	if (super->magic != MAGIC_SUPERBLOCK)
		return;
	printf("label %u place %2u: txg %" PRIu64 "%s, root level %u born %" PRIu64 " at %" PRIu64
		   ",%" PRIu64 ", log %" PRIu64 " sequence %" PRIu64 " base %" PRIu64 ", oldest %" PRIu64
		   ", %" PRIu64 " of %" PRIu64 " units, sum %s\n",
		label, place, super->txg, super->flags & SUPERBLOCK_CLEAN ? " clean" : "",
		pointer_level(&super->root), pointer_birth(&super->root), AT(super->root.address, 0),
		AT(super->root.address, 1), super->log_position, super->log_sequence, super->log_base,
		super->oldest, super->units_allocated, super->units_total,
		is_sum_good(view_of(*super), super->pool_guid ^ place) ? "good" : "BAD");
}

static void dump_label(const struct host_file *file, u32 label)
{
	u64 unit = label_unit(file->device.units, label);
	struct config_block config;
	struct superblock super;
	for (u32 i = 0; i < 2; i++)
		if (read_unit(file, unit + i, span_of(config)))
			dump_config(&config, label);
	for (u32 place = 0; place < RING_PLACES; place++)
		if (read_unit(file, unit + LABEL_RING_UNIT + place, span_of(super)))
			dump_super(&super, label, place);
}

int command_dump(struct words *words)
{
	struct host_file file;
	const char *path = words_take(words);
	if (!words_end(words, "dump IMAGE", path))
		return 2;
	if (!host_open(&file, path, true))
		return 1;
	for (u32 label = 0; label < LABELS && file.device.units >= DEVICE_UNITS_MIN; label++)
		dump_label(&file, label);
	host_close(&file);
	return 0;
}
