// SPDX-License-Identifier: MIT
// rig.c - see rig.h.
#include "test/sinter/rig.h"

#include <stdio.h>
#include <stdlib.h>

u64 rig_from_environment(const char *name, u64 otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, nullptr, 0) : otherwise;
}

void rig_format(struct rig *rig, u32 disks, u32 legs, u8 copies)
{
	struct device devices[RIG_DISKS];
	struct sinter_format format = { .guid = 77, .copies = copies, .legs = legs };
	*rig = (struct rig){ .count = disks };
	world_init(&rig->world, 5);
	model_init(&rig->model);
	for (u32 i = 0; i < disks; i++) {
		rig->disks[i] = disk_create(WORLD_UNITS);
		devices[i] = rig->disks[i]->device;
	}
	if (sinter_format(&rig->world.port, devices, disks, &format) != OK)
		abort();
}

err_t rig_open(struct rig *rig, u32 disks)
{
	struct device devices[RIG_DISKS];
	struct sinter_options options = { .frames = 192, .loaded_zones = 48 };
	u32 count = 0;
	for (u32 i = rig->count; i-- > 0;)
		if (disks >> i & 1)
			devices[count++] = rig->disks[i]->device;
	TRY(sinter_open(&rig->world.port, devices, count, &options, &rig->pool));
	err_t err = WAIT(rig->pool, sinter_dataset_open(rig->pool, DATASET_ROOT, &rig->dataset));
	if (err != OK)
		sinter_abandon(rig->pool);
	return err;
}

bool rig_fill(struct rig *rig, u32 operations)
{
	struct ops_limits limits = { .file_max = 30000, .names = 40, .nodes = 60 };
	struct random random;
	random_init(&random, 3 + rig->round++);
	for (u32 i = 0; i < operations; i++) {
		bool is_full;
		struct op op = op_random(&random, &rig->model, &limits);
		if (!op_apply(&op, rig->pool, rig->dataset, &rig->model, &is_full))
			return false;
	}
	return world_sync(rig->pool) == OK;
}

bool rig_load(struct rig *rig)
{
	for (u32 i = 0; i < 20; i++) {
		bool is_full;
		struct op op = { .kind = OP_CREATE, .directory = INODE_ROOT, .value = i };
		snprintf(op.name, sizeof op.name, "large%u", i);
		if (!op_apply(&op, rig->pool, rig->dataset, &rig->model, &is_full))
			return false;
		op = (struct op){ .kind = OP_WRITE, .size = 100000, .value = 3 * i + 1 };
		char name[MODEL_NAME];
		snprintf(name, sizeof name, "large%u", i);
		const struct model_name *made = model_name(&rig->model, INODE_ROOT, name);
		assert(made);
		op.inode = made->inode;
		if (!op_apply(&op, rig->pool, rig->dataset, &rig->model, &is_full))
			return false;
	}
	return world_sync(rig->pool) == OK;
}

bool rig_is_right(struct rig *rig)
{
	return operate_compare(rig->pool, rig->dataset, &rig->model) && operate_check(rig->pool, false);
}

void rig_stop(struct rig *rig)
{
	for (u32 i = 0; i < rig->count; i++)
		disk_destroy(rig->disks[i]);
	model_fini(&rig->model);
	if (rig->world.memory) {
		printf("%lld bytes were not given back\n", (long long)rig->world.memory);
		abort();
	}
}

void rig_noise(struct disk *disk, u64 unit)
{
	struct random random;
	random_init(&random, unit + 1);
	random_fill(&random, span_of(*disk_unit_at(disk, unit)));
}
