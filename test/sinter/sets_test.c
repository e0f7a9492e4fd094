// SPDX-License-Identifier: MIT
// sets_test.c - several datasets, each beside a model of its own: made, renamed, destroyed, cloned,
// promoted, rolled back, with power cuts in between; in the end all space is back. SINTER_SEED,
// SINTER_OPS.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/operate.h"

enum { SETS = 5, KEPT = 4 };

struct kept { // a snapshot
	u64 txg;  // 0: free
	struct model model;
};

struct set {
	u64 id; // 0: free
	char name[16];
	u32 parent;
	u32 origin; // number plus 1; 0: no clone
	u64 origin_txg;
	struct dataset *dataset;
	struct model model;
	struct kept kept[KEPT];
};

struct run {
	struct world world;
	struct disk *disk;
	struct sinter *pool;
	struct random random;
	struct set sets[SETS]; // 0: the root dataset
	u32 names;
};

static const struct sinter_new root = { .mode = 0755 };

static bool open_pool(struct run *run)
{
	if (!CHECK_OK(world_open(&run->world, run->disk, &run->pool)))
		return false;
	for (u32 i = 0; i < SETS; i++) {
		struct set *set = &run->sets[i];
		if (set->id &&
			!CHECK_OK(WAIT(run->pool, sinter_dataset_open(run->pool, set->id, &set->dataset))))
			return false;
	}
	return true;
}

static bool reopen(struct run *run)
{
	return CHECK_OK(world_leave(run->pool, false)) && open_pool(run);
}

static struct set *pick(struct run *run, bool is_used)
{
	u32 at = (u32)random_below(&run->random, SETS);
	for (u32 i = 0; i < SETS; i++)
		if ((run->sets[(at + i) % SETS].id != 0) == is_used)
			return &run->sets[(at + i) % SETS];
	return nullptr;
}

static struct kept *pick_kept(struct run *run, struct set *set, bool is_used)
{
	u32 at = (u32)random_below(&run->random, KEPT);
	for (u32 i = 0; i < KEPT; i++)
		if ((set->kept[(at + i) % KEPT].txg != 0) == is_used)
			return &set->kept[(at + i) % KEPT];
	return nullptr;
}

static u32 number_of(const struct run *run, const struct set *set)
{
	return (u32)(set - run->sets);
}

static bool begin_set(struct run *run, struct set *set, struct set *parent, u64 id)
{
	struct sinter_name name = { 0, view_cstring(set->name) };
	u64 found;
	set->id = id;
	set->parent = number_of(run, parent);
	CHECK_OK(WAIT(run->pool, sinter_dataset_find(parent->dataset, name.name, &found)));
	CHECK_EQ(found, id);
	return CHECK_OK(WAIT(run->pool, sinter_dataset_open(run->pool, id, &set->dataset)));
}

static bool create(struct run *run)
{
	struct set *set = pick(run, false), *parent = pick(run, true);
	u64 id;
	if (!set)
		return true;
	memset(set, 0, sizeof *set);
	snprintf(set->name, sizeof set->name, "d%u", run->names++);
	view_t name = view_cstring(set->name);
	if (!CHECK_OK(WAIT(run->pool, sinter_dataset_create(parent->dataset, name, &root, &id))))
		return false;
	CHECK_EQ(WAIT(run->pool, sinter_dataset_create(parent->dataset, name, &root, &id)), ERR_EXISTS);
	model_init(&set->model);
	return begin_set(run, set, parent, id);
}

static bool clone(struct run *run)
{
	struct set *set = pick(run, false), *parent = pick(run, true), *origin = pick(run, true);
	struct kept *kept = pick_kept(run, origin, true);
	u64 id;
	if (!set || !kept)
		return true;
	memset(set, 0, sizeof *set);
	snprintf(set->name, sizeof set->name, "c%u", run->names++);
	struct sinter_dataset_name name = { parent->dataset, view_cstring(set->name) };
	if (!CHECK_OK(WAIT(run->pool, sinter_clone(origin->dataset, kept->txg, name, &id))))
		return false;
	set->origin = number_of(run, origin) + 1;
	set->origin_txg = kept->txg;
	model_copy(&set->model, &kept->model);
	return begin_set(run, set, parent, id);
}

static bool is_needed(const struct run *run, const struct set *set, u64 txg)
{
	for (u32 i = 0; i < SETS; i++)
		if (run->sets[i].id && run->sets[i].origin == number_of(run, set) + 1 &&
			(!txg || run->sets[i].origin_txg == txg))
			return true;
	return false;
}

static bool has_children(const struct run *run, const struct set *set)
{
	for (u32 i = 1; i < SETS; i++)
		if (run->sets[i].id && run->sets[i].parent == number_of(run, set))
			return true;
	return false;
}

static bool destroy(struct run *run, struct set *set)
{
	struct sinter_snapshot left;
	if (set == &run->sets[0])
		return true;
	struct dataset *parent = run->sets[set->parent].dataset;
	view_t name = view_cstring(set->name);
	CHECK_EQ(WAIT(run->pool, sinter_dataset_destroy(parent, name)), ERR_BUSY);
	bool is_empty = !has_children(run, set) &&
	                WAIT(run->pool, sinter_snapshot_next(set->dataset, 0, &left)) == ERR_NOT_FOUND;
	sinter_dataset_close(set->dataset);
	err_t err = WAIT(run->pool, sinter_dataset_destroy(parent, name));
	if (!CHECK_EQ(err, is_empty ? OK : ERR_NOT_EMPTY))
		return false;
	if (err != OK)
		return CHECK_OK(WAIT(run->pool, sinter_dataset_open(run->pool, set->id, &set->dataset)));
	model_fini(&set->model);
	memset(set, 0, sizeof *set);
	return true;
}

static bool rename_set(struct run *run, struct set *set, struct set *to)
{
	bool is_below = false;
	if (set == &run->sets[0])
		return true;
	for (u32 up = number_of(run, to); up; up = run->sets[up].parent)
		is_below |= up == number_of(run, set);
	char name[16];
	snprintf(name, sizeof name, "r%u", run->names++);
	err_t err = WAIT(run->pool,
		sinter_dataset_rename(
			(struct sinter_dataset_name){ run->sets[set->parent].dataset, view_cstring(set->name) },
			(struct sinter_dataset_name){ to->dataset, view_cstring(name) }));
	if (!CHECK_EQ(err, is_below ? ERR_INVALID : OK) || err != OK)
		return err == ERR_INVALID;
	set->parent = number_of(run, to);
	memcpy(set->name, name, sizeof name);
	return true;
}

static bool snapshot(struct run *run, struct set *set)
{
	struct kept *kept = pick_kept(run, set, false);
	struct sinter_snapshot found = {};
	char name[16];
	u64 ticket;
	if (!kept)
		return true;
	snprintf(name, sizeof name, "s%u", run->names++);
	if (!CHECK_OK(
			WAIT(run->pool, sinter_snapshot_begin(set->dataset, view_cstring(name), &ticket))) ||
		!CHECK_OK(WAIT(run->pool, sinter_sync_done(run->pool, ticket))))
		return false;
	while (WAIT(run->pool, sinter_snapshot_next(set->dataset, found.txg, &found)) == OK)
		kept->txg = found.txg;
	model_copy(&kept->model, &set->model);
	return true;
}

static bool drop_snapshot(struct run *run, struct set *set)
{
	struct kept *kept = pick_kept(run, set, true);
	if (!kept)
		return true;
	err_t err = WAIT(run->pool, sinter_snapshot_destroy(set->dataset, kept->txg));
	if (is_needed(run, set, kept->txg))
		return CHECK_EQ(err, ERR_BUSY);
	if (err == ERR_BUSY)
		return true; // another one is being destroyed
	model_fini(&kept->model);
	*kept = (struct kept){};
	return CHECK_OK(err);
}

static bool roll_back(struct run *run, struct set *set)
{
	struct kept *kept = pick_kept(run, set, true);
	u64 newest = 0;
	if (!kept)
		return true;
	for (u32 i = 0; i < KEPT; i++)
		newest = set->kept[i].txg > newest ? set->kept[i].txg : newest;
	err_t err = WAIT(run->pool, sinter_rollback(set->dataset, kept->txg));
	if (err == ERR_BUSY)
		return true; // a snapshot is being destroyed
	if (kept->txg != newest)
		return CHECK_EQ(err, ERR_NOT_EMPTY);
	model_fini(&set->model);
	model_copy(&set->model, &kept->model);
	return CHECK_OK(err);
}

// Snapshots up to the origin's go over.
static void move_snapshots(struct run *run, struct set *from, struct set *to)
{
	for (u32 i = 0; i < KEPT; i++) {
		struct kept *kept = &from->kept[i];
		if (!kept->txg || kept->txg > to->origin_txg)
			continue;
		struct kept *place = pick_kept(run, to, false);
		if (!place)
			abort(); // looked at before
		*place = *kept;
		*kept = (struct kept){};
	}
	for (u32 i = 0; i < SETS; i++) {
		struct set *other = &run->sets[i];
		if (other->id && other != to && other->origin == number_of(run, from) + 1 &&
			other->origin_txg <= to->origin_txg)
			other->origin = number_of(run, to) + 1;
	}
}

static bool promote(struct run *run, struct set *set)
{
	if (!set->origin)
		return CHECK_EQ(WAIT(run->pool, sinter_promote(set->dataset)), ERR_STATE);
	struct set *from = &run->sets[set->origin - 1];
	u32 moving = 0, room = 0;
	for (u32 i = 0; i < KEPT; i++) {
		moving += from->kept[i].txg && from->kept[i].txg <= set->origin_txg;
		room += !set->kept[i].txg;
	}
	if (moving > room)
		return true;
	err_t err = WAIT(run->pool, sinter_promote(set->dataset));
	if (err == ERR_BUSY || err == ERR_NO_MEMORY)
		return true;
	if (!CHECK_OK(err))
		return false;
	move_snapshots(run, from, set);
	u32 origin = from->origin;
	u64 txg = from->origin_txg;
	from->origin = number_of(run, set) + 1;
	from->origin_txg = set->origin_txg;
	set->origin = origin;
	set->origin_txg = txg;
	return true;
}

static bool some_set_work(struct run *run)
{
	struct set *set = pick(run, true);
	switch (random_below(&run->random, 10)) {
	case 0: return create(run);
	case 1: return destroy(run, set);
	case 2: return rename_set(run, set, pick(run, true));
	case 3:
	case 4: return snapshot(run, set);
	case 5: return drop_snapshot(run, set);
	case 6:
	case 7: return clone(run);
	case 8: return promote(run, set);
	default: return roll_back(run, set);
	}
}

static bool verify_set(struct run *run, struct set *set)
{
	if (!CHECK(operate_compare(run->pool, set->dataset, &set->model)))
		return false;
	for (u32 i = 0; i < KEPT; i++) {
		struct dataset *past;
		if (!set->kept[i].txg)
			continue;
		if (!CHECK_OK(WAIT(run->pool, sinter_snapshot_open(set->dataset, set->kept[i].txg, &past))))
			return false;
		bool is_same = CHECK(operate_compare(run->pool, past, &set->kept[i].model));
		sinter_dataset_close(past);
		if (!is_same)
			return false;
	}
	return true;
}

static bool verify(struct run *run)
{
	for (u32 i = 0; i < SETS; i++)
		if (run->sets[i].id && !verify_set(run, &run->sets[i]))
			return false;
	return CHECK(operate_check(run->pool, false));
}

static bool random_run(struct run *run, u64 count)
{
	struct ops_limits limits = { .file_max = 60000, .names = 14, .nodes = 24 };
	for (u64 i = 0; i < count; i++) {
		bool is_full;
		struct set *set = pick(run, true);
		struct op op = op_random(&run->random, &set->model, &limits);
		if (!CHECK(op_apply(&op, run->pool, set->dataset, &set->model, &is_full)))
			return false;
		if (random_below(&run->random, 8) == 0 && !some_set_work(run))
			return false;
		if (random_below(&run->random, 100) == 0 && !reopen(run))
			return false;
		if (i % 200 == 199 && !verify(run))
			return false;
	}
	return verify(run);
}

static bool is_destroying(struct run *run)
{
	struct sinter_status status;
	struct sinter_snapshot snapshot = {};
	sinter_status(run->pool, &status);
	bool is_any = status.is_destroying;
	for (u32 i = 0; i < SETS; i++)
		for (snapshot.txg = 0;
			run->sets[i].id && WAIT(run->pool, sinter_snapshot_next(run->sets[i].dataset,
												   snapshot.txg, &snapshot)) == OK;)
			is_any |= snapshot.is_dying;
	return is_any;
}

static void settle(struct run *run)
{
	do {
		CHECK_OK(world_sync(run->pool));
		world_settle(run->pool);
	} while (is_destroying(run));
}

// Everything is destroyed, as it becomes possible: what is left is an empty root dataset.
static bool destroy_all(struct run *run)
{
	for (u32 round = 0; round < 20; round++) {
		if (run->sets[0].origin && !promote(run, &run->sets[0]))
			return false;
		for (u32 i = SETS; i-- > 0;) {
			struct set *set = &run->sets[i];
			if (set->id && set->parent && !rename_set(run, set, &run->sets[0]))
				return false;
			for (u32 n = 0; set->id && n < KEPT; n++)
				if (!drop_snapshot(run, set))
					return false;
			settle(run);
			if (set->id && i && !is_needed(run, set, 0) && !destroy(run, set))
				return false;
		}
		settle(run);
	}
	for (u32 i = 1; i < SETS; i++)
		if (!CHECK_EQ(run->sets[i].id, 0))
			return false;
	return CHECK(operate_check(run->pool, false));
}

static void whole_run(u64 seed, u64 count)
{
	struct run *run = calloc(1, sizeof *run);
	struct sinter_status status;
	REQUIRE(run != nullptr);
	world_init(&run->world, seed);
	random_init(&run->random, seed);
	model_init(&run->sets[0].model);
	run->sets[0].id = DATASET_ROOT;
	run->disk = world_format(&run->world, 4 * WORLD_UNITS);
	if (open_pool(run) && random_run(run, count) && destroy_all(run)) {
		u64 units = sinter_properties(run->sets[0].dataset)->units;
		sinter_status(run->pool, &status);
		CHECK(status.units - status.units_free < units + 140); // headers, a few nodes
		CHECK_OK(sinter_close(run->pool));
	} else {
		printf("seed %llu\n", (unsigned long long)seed);
	}
	for (u32 i = 0; i < SETS; i++) {
		model_fini(&run->sets[i].model);
		for (u32 n = 0; n < KEPT; n++)
			model_fini(&run->sets[i].kept[n].model);
	}
	disk_destroy(run->disk);
	free(run);
}

TEST(sets_random_operations)
{
	whole_run(world_setting("SINTER_SEED", 1), world_setting("SINTER_OPS", 1000));
}

struct two {
	struct world world;
	struct disk *disk;
	struct sinter *pool;
	struct dataset *root, *set;
};

static bool start_two(struct two *two)
{
	u64 id;
	world_init(&two->world, 3);
	two->disk = world_format(&two->world, 2 * WORLD_UNITS);
	return CHECK_OK(world_open(&two->world, two->disk, &two->pool)) &&
	       CHECK_OK(WAIT(two->pool, sinter_dataset_open(two->pool, DATASET_ROOT, &two->root))) &&
	       CHECK_OK(
			   WAIT(two->pool, sinter_dataset_create(two->root, VIEW_TEXT("set"), &root, &id))) &&
	       CHECK_OK(WAIT(two->pool, sinter_dataset_open(two->pool, id, &two->set)));
}

static void stop_two(struct two *two)
{
	CHECK(operate_check(two->pool, false));
	CHECK_OK(sinter_close(two->pool));
	disk_destroy(two->disk);
}

// New files of 100 KB until it fails; how many fitted.
static err_t fill(struct two *two, struct dataset *dataset, const char *prefix, u32 *count)
{
	static u8 bytes[100000];
	const struct sinter_new what = { .mode = 0100644 };
	random_fill(&two->world.random, span_of(bytes));
	for (*count = 0;; ++*count) {
		char name[24];
		u64 inode;
		snprintf(name, sizeof name, "%s%u", prefix, *count);
		TRY(WAIT(two->pool, sinter_create(dataset, INODE_ROOT, view_cstring(name), &what, &inode)));
		TRY(world_write(two->pool, (struct world_file){ dataset, inode }, 0, view_of(bytes)));
	}
}

TEST(sets_quota_ends_writing_not_deleting)
{
	struct two two;
	struct dataset_record p = { .quota = 1000 };
	u32 first, again;
	REQUIRE(start_two(&two));
	CHECK_OK(WAIT(two.pool, sinter_set_properties(two.set, &p, PROPERTY_QUOTA)));
	CHECK_EQ(fill(&two, two.set, "a", &first), ERR_QUOTA);
	CHECK_OK(world_sync(two.pool));
	u64 units = sinter_properties(two.set)->units;
	CHECK(units <= 1000 && units > 800);
	for (u32 i = 0; i < first; i++) {
		char name[24];
		snprintf(name, sizeof name, "a%u", i);
		CHECK_OK(WAIT(two.pool, sinter_unlink(two.set, INODE_ROOT, view_cstring(name), false)));
	}
	CHECK_OK(world_sync(two.pool));
	for (u32 i = 0; i < 200; i++)
		world_settle(two.pool);
	CHECK_EQ(fill(&two, two.set, "b", &again), ERR_QUOTA);
	CHECK(again + 2 >= first); // a file cut short is left of the first time
	stop_two(&two);
}

TEST(sets_reservation_keeps_space_for_it)
{
	struct two two;
	struct dataset_record p = { .reservation = 2000 };
	u32 others, own;
	REQUIRE(start_two(&two));
	CHECK_OK(WAIT(two.pool, sinter_set_properties(two.set, &p, PROPERTY_RESERVATION)));
	CHECK_EQ(fill(&two, two.root, "a", &others), ERR_NO_SPACE);
	CHECK_EQ(fill(&two, two.set, "b", &own), ERR_NO_SPACE);
	CHECK(own >= 1800 / 25); // 25 units a file
	p.reservation = 100000;
	CHECK_EQ(
		WAIT(two.pool, sinter_set_properties(two.set, &p, PROPERTY_RESERVATION)), ERR_NO_SPACE);
	stop_two(&two);
}

TEST(sets_read_only_refuses_changes)
{
	struct two two;
	struct dataset_record p = { .flags = DATASET_READ_ONLY };
	u64 inode;
	const struct sinter_new what = { .mode = 0100644 };
	REQUIRE(start_two(&two));
	CHECK_OK(WAIT(two.pool, sinter_set_properties(two.set, &p, PROPERTY_READ_ONLY)));
	CHECK_EQ(sinter_create(two.set, INODE_ROOT, VIEW_TEXT("x"), &what, &inode), ERR_READ_ONLY);
	CHECK_EQ(
		WAIT(two.pool, sinter_create(two.root, INODE_ROOT, VIEW_TEXT("x"), &what, &inode)), OK);
	stop_two(&two);
}
