// SPDX-License-Identifier: MIT
// sweep_test.c - every unit that a pool of 64 MiB uses is damaged in every way, one after the
// other: nothing wrong is ever read, all that has a second copy is there and is healed by reading
// or by a scrub. The pool holds all kinds of contents, snapshots, an encrypted dataset, and a log
// that is to be replayed. SINTER_EVERY: every how many-th case (1: all); SINTER_SEED: another pool;
// SINTER_ROUNDS: so many pools; SINTER_CASE: only this one.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "lib/sinter/label.h"
#include "test/sinter/damage.h"
#include "test/sinter/operate.h"

enum { GROUPS = 3, OTHERS = 4, FAILURES_MAX = 10 };

// What one dataset or snapshot holds.
struct content {
	u64 dataset, snapshot; // snapshot 0: the dataset as it is now
	struct model model;
	u64 names; // hash of the model's
};

struct setting {
	const char *name;
	u8 copies; // of data
	u32 legs;
};

struct tally {
	u64 cases;
	u64 read, scrubbed; // something was healed by reading, by a scrub
	u64 lost;           // an error was read
	u64 cut;            // the log ends earlier
};

struct sweep {
	struct setting setting;
	u64 seed;
	struct world world;
	struct disk *disk;
	struct damage damage;
	struct targets targets;
	struct sinter *pool;
	struct dataset *root, *set;
	u64 set_id;
	struct model root_model, set_model;
	struct random random;
	struct content states[GROUPS + 1]; // of the root dataset, with so many groups of the log
	struct content others[OTHERS];
	u32 others_count;
	u64 group_units[GROUPS][2]; // first of each group, and behind its last
	u64 number;                 // of the case
	u32 failures;
	u32 leg;                          // the one that is damaged
	struct tally tally[DAMAGE_KINDS]; // of this leg
};

static const view_t passphrase = VIEW_TEXT("open sesame");

static bool open_pool(struct sweep *sweep, u32 legs)
{
	return CHECK_OK(world_open_some(&sweep->world, sweep->disk, legs, &sweep->pool)) &&
	       CHECK_OK(
			   WAIT(sweep->pool, sinter_dataset_open(sweep->pool, DATASET_ROOT, &sweep->root))) &&
	       (!sweep->set_id ||
			   (CHECK_OK(WAIT(
					sweep->pool, sinter_dataset_open(sweep->pool, sweep->set_id, &sweep->set))) &&
				   CHECK_OK(WAIT(sweep->pool, sinter_key_load(sweep->set, passphrase)))));
}

static bool fill(struct sweep *sweep, struct dataset *dataset, struct model *model, u32 operations)
{
	struct ops_limits limits = { .file_max = 40000, .names = 40, .nodes = 36 };
	for (u32 i = 0; i < operations; i++) {
		bool is_full;
		struct op op = op_random(&sweep->random, model, &limits);
		if (!CHECK(op_apply(&op, sweep->pool, dataset, model, &is_full)))
			return false;
		if (random_below(&sweep->random, 3) == 0 && !CHECK_OK(world_sync(sweep->pool)))
			return false;
	}
	return true;
}

static void content_set(
	struct content *content, u64 dataset, u64 snapshot, const struct model *model)
{
	*content = (struct content){ .dataset = dataset, .snapshot = snapshot };
	model_copy(&content->model, model);
	content->names = model_hash_names(model);
}

static bool take_snapshot(
	struct sweep *sweep, struct dataset *dataset, u64 id, const struct model *model)
{
	char name[16];
	u64 ticket;
	struct sinter_snapshot snapshot = {};
	snprintf(name, sizeof name, "s%u", sweep->others_count);
	if (!CHECK_OK(WAIT(sweep->pool, sinter_snapshot_begin(dataset, view_cstring(name), &ticket))) ||
		!CHECK_OK(WAIT(sweep->pool, sinter_sync_done(sweep->pool, ticket))))
		return false;
	while (WAIT(sweep->pool, sinter_snapshot_next(dataset, snapshot.txg, &snapshot)) == OK)
		;
	content_set(&sweep->others[sweep->others_count++], id, snapshot.txg, model);
	return true;
}

// Two datasets, one of them encrypted; data with the copies of the setting, compressed where it can
// be.
static bool make_datasets(struct sweep *sweep)
{
	const struct sinter_new directory = { .mode = 0755 };
	struct sinter_secret secret = { .passphrase = passphrase, .memory_kib = 64, .passes = 1 };
	struct dataset_record values = { .copies = sweep->setting.copies, .compression = COMPRESS_LZ4 };
	return CHECK_OK(WAIT(sweep->pool, sinter_set_properties(sweep->root, &values,
										  PROPERTY_COPIES | PROPERTY_COMPRESSION))) &&
	       CHECK_OK(WAIT(sweep->pool,
			   sinter_dataset_create(sweep->root, VIEW_TEXT("set"), &directory, &sweep->set_id))) &&
	       CHECK_OK(
			   WAIT(sweep->pool, sinter_dataset_open(sweep->pool, sweep->set_id, &sweep->set))) &&
	       CHECK_OK(WAIT(sweep->pool, sinter_key_protect(sweep->set, &secret)));
}

// The log has come around: behind its end stand older groups.
static bool wear_log(struct sweep *sweep)
{
	struct op op = { .kind = OP_CREATE, .directory = INODE_ROOT, .name = "worn", .size = 12000 };
	bool is_full, is_good = op_apply(&op, sweep->pool, sweep->root, &sweep->root_model, &is_full);
	const struct model_name *made = model_name(&sweep->root_model, INODE_ROOT, op.name);
	op.inode = made ? made->inode : 0;
	for (u32 i = 0; is_good && i < 200; i++) {
		op.kind = OP_WRITE;
		op.value = 3 * i + 1;
		is_good = op_apply(&op, sweep->pool, sweep->root, &sweep->root_model, &is_full) &&
		          world_fsync(sweep->pool, sweep->root, op.inode) == OK &&
		          (i % 20 || world_sync(sweep->pool) == OK);
	}
	return CHECK(is_good) && CHECK_OK(world_sync(sweep->pool));
}

static bool fill_all(struct sweep *sweep)
{
	struct model *root = &sweep->root_model, *set = &sweep->set_model;
	return fill(sweep, sweep->root, root, 1000) &&
	       take_snapshot(sweep, sweep->root, DATASET_ROOT, root) &&
	       fill(sweep, sweep->set, set, 300) &&
	       take_snapshot(sweep, sweep->set, sweep->set_id, set) &&
	       fill(sweep, sweep->root, root, 300) &&
	       take_snapshot(sweep, sweep->root, DATASET_ROOT, root) &&
	       fill(sweep, sweep->root, root, 200) && fill(sweep, sweep->set, set, 100) &&
	       wear_log(sweep);
}

// What only the log has: a new file, its contents and an attribute.
static bool add_group(struct sweep *sweep, u32 group)
{
	struct op ops[] = { { .kind = OP_CREATE, .directory = INODE_ROOT },
		{ .kind = OP_WRITE, .size = 3000 + 9000 * group, .value = 3 * group + 1 },
		{ .kind = OP_XATTR, .value = 7 * group + 70 }, { .kind = OP_FSYNC } };
	const struct model_name *made = nullptr;
	bool is_full;
	u32 before = sweep->disk->writes;
	snprintf(ops[0].name, sizeof ops[0].name, "logged%u", group);
	for (u32 i = 0; i < 4; i++) {
		ops[i].inode = made ? made->inode : 0;
		if (!CHECK(op_apply(&ops[i], sweep->pool, sweep->root, &sweep->root_model, &is_full)))
			return false;
		made = model_name(&sweep->root_model, INODE_ROOT, ops[0].name);
	}
	u64 *units = sweep->group_units[group];
	units[0] = sweep->disk->log[before].unit;
	units[1] = units[0];
	for (; before < sweep->disk->writes && sweep->disk->log[before].unit == units[1]; before++)
		units[1]++;
	targets_add_log(&sweep->targets, units[0], (u32)(units[1] - units[0]));
	content_set(&sweep->states[group + 1], DATASET_ROOT, 0, &sweep->root_model);
	return CHECK(units[1] > units[0]);
}

// As after growing: both places for the configuration are in use.
static bool write_configs(struct sweep *sweep)
{
	for (u32 leg = 0; leg < sweep->setting.legs; leg++)
		if (!CHECK_OK(label_write_config(sweep->pool, leg)))
			return false;
	return true;
}

static bool make(struct sweep *sweep)
{
	world_init(&sweep->world, sweep->seed);
	random_init(&sweep->random, sweep->seed);
	model_init(&sweep->root_model);
	model_init(&sweep->set_model);
	sweep->disk = world_format_shape(&sweep->world,
		(struct world_shape){
			.units = 4 * WORLD_UNITS, .disks = sweep->setting.legs, .legs = sweep->setting.legs });
	disk_start_log(sweep->disk);
	if (!open_pool(sweep, 0) || !write_configs(sweep) || !make_datasets(sweep) || !fill_all(sweep))
		return false;
	content_set(&sweep->others[sweep->others_count++], sweep->set_id, 0, &sweep->set_model);
	content_set(&sweep->states[0], DATASET_ROOT, 0, &sweep->root_model);
	bool is_good = CHECK_OK(targets_find(&sweep->targets, sweep->pool, sweep->disk));
	for (u32 i = 0; is_good && i < GROUPS; i++)
		is_good = add_group(sweep, i);
	sinter_abandon(sweep->pool);
	targets_sort(&sweep->targets);
	return is_good;
}

static void unmake(struct sweep *sweep)
{
	damage_fini(&sweep->damage);
	targets_fini(&sweep->targets);
	disk_destroy(sweep->disk);
	model_fini(&sweep->root_model);
	model_fini(&sweep->set_model);
	for (u32 i = 0; i <= GROUPS; i++)
		model_fini(&sweep->states[i].model);
	for (u32 i = 0; i < OTHERS; i++)
		model_fini(&sweep->others[i].model);
	world_fini(&sweep->world);
}

// So many blocks of data may be lost with this damage.
static u32 lost_most(const struct sweep *sweep, const struct damage_case *what)
{
	bool is_only = sweep->setting.copies * sweep->setting.legs == 1;
	if (!is_only || what->target->class != TARGET_RECORD)
		return 0;
	return what->kind == DAMAGE_SWAP ? 2 : 1;
}

// The log of a single disk has one copy: what is damaged there ends it. So many groups are left at
// least; damage is all that was written so far.
static u32 groups_least(const struct sweep *sweep)
{
	u32 least = GROUPS;
	for (u32 i = 0; i < sweep->damage.written_count && sweep->setting.legs == 1; i++)
		for (u32 group = 0; group < least; group++)
			if (sweep->damage.written[i] >= sweep->group_units[group][0] &&
				sweep->damage.written[i] < sweep->group_units[group][1])
				least = group;
	return least;
}

// Record by record: right, or an error, which is counted.
static bool is_right_in_parts(
	struct sweep *sweep, struct dataset *dataset, const struct model_node *node, u32 *lost)
{
	static u8 bytes[NODE_SIZE];
	for (u64 at = 0; at < node->size; at += sizeof bytes) {
		usize got, left = node->size - at < sizeof bytes ? node->size - at : sizeof bytes;
		err_t err = world_read(sweep->pool, (struct world_file){ dataset, node->inode }, at,
			span_from(bytes, left), &got);
		*lost += err == ERR_CORRUPT;
		if (err != ERR_CORRUPT &&
			(err != OK || got != left || memcmp(bytes, node->data + at, left) != 0))
			return false;
	}
	return true;
}

static bool is_file_right(struct sweep *sweep, struct dataset *dataset,
	const struct model_node *node, const struct model_node *_Nullable should, u32 *lost)
{
	if ((node->mode & 0170000) != 0100000)
		return true;
	if (!should || node->size != should->size)
		return false;
	if (node->is_unreadable)
		return is_right_in_parts(sweep, dataset, should, lost);
	return !node->size || !memcmp(node->data, should->data, node->size);
}

// As one of these (of which the names are right). lost: blocks that are an error.
static bool is_as_one_of(
	struct sweep *sweep, struct dataset *dataset, struct content *contents, u32 count, u32 *lost)
{
	static struct model found;
	u32 at = 0;
	bool is_right = operate_scan(sweep->pool, dataset, &found);
	u64 names = model_hash_names(&found);
	while (at < count && contents[at].names != names)
		at++;
	is_right = is_right && at < count;
	for (u32 i = 0; is_right && i < MODEL_NODES; i++)
		is_right = !found.nodes[i].inode ||
		           is_file_right(sweep, dataset, &found.nodes[i],
					   model_node(&contents[at].model, found.nodes[i].inode), lost);
	model_fini(&found);
	return is_right;
}

static bool is_other_right(struct sweep *sweep, struct content *content, u32 *lost)
{
	struct dataset *dataset = content->dataset == DATASET_ROOT ? sweep->root : sweep->set;
	if (!content->snapshot)
		return is_as_one_of(sweep, dataset, content, 1, lost);
	struct dataset *past;
	if (WAIT(sweep->pool, sinter_snapshot_open(dataset, content->snapshot, &past)) != OK)
		return false;
	bool is_right = is_as_one_of(sweep, past, content, 1, lost);
	sinter_dataset_close(past);
	return is_right;
}

// All that can be read: no tree has more errors than blocks may be lost.
static bool is_all_right(struct sweep *sweep, u32 groups, u32 may_lose, u32 *all_lost)
{
	u32 lost = 0;
	bool is_right =
		is_as_one_of(sweep, sweep->root, sweep->states + groups, GROUPS + 1 - groups, &lost);
	*all_lost = lost;
	for (u32 i = 0; is_right && lost <= may_lose && i < OTHERS; i++) {
		lost = 0;
		is_right = is_other_right(sweep, &sweep->others[i], &lost);
		*all_lost += lost;
	}
	return is_right && lost <= may_lose;
}

static bool scrub(struct sweep *sweep, u32 may_lose, struct scrub_record *out)
{
	struct sinter_scrub scrub;
	if (!CHECK_OK(sinter_scrub_begin(sweep->pool)))
		return false;
	world_settle(sweep->pool);
	sinter_scrub_status(sweep->pool, &scrub);
	*out = scrub.record;
	return CHECK_EQ(out->state, SCRUB_DONE) && CHECK(out->lost <= may_lose);
}

// Opened as it was left by the power cut: what is read, and what a scrub does then. It may lose a
// block that nobody reads: of a file without a name in a snapshot.
static bool first_look(struct sweep *sweep, u32 groups, u32 may_lose, struct tally *tally)
{
	struct sinter_status status;
	struct scrub_record record = {};
	u32 lost;
	if (!open_pool(sweep, 0) || !CHECK(is_all_right(sweep, groups, may_lose, &lost)))
		return false;
	world_settle(sweep->pool);
	sinter_status(sweep->pool, &status);
	tally->read += status.healed != 0;
	tally->lost += lost != 0;
	tally->cut += groups < GROUPS;
	bool is_good = scrub(sweep, may_lose, &record) && CHECK_EQ(status.rewound, 0) &&
	               CHECK_EQ(status.legs_failed, 0) &&
	               CHECK(lost || status.healed == status.bad_blocks);
	tally->scrubbed += record.healed != 0;
	return CHECK_OK(sinter_close(sweep->pool)) && is_good;
}

// Opened again, of a mirror with the leg alone that was damaged: nothing is bad any more but what
// is lost.
static bool second_look(struct sweep *sweep, u32 may_lose)
{
	struct scrub_record record;
	if (!CHECK(damage_labels_are_whole(&sweep->damage, sweep->leg)) ||
		!open_pool(sweep, sweep->setting.legs > 1 ? 1u << sweep->leg : 0))
		return false;
	bool is_good = CHECK(operate_check(sweep->pool, may_lose)) && scrub(sweep, may_lose, &record) &&
	               CHECK_EQ(record.bad, record.lost);
	sinter_abandon(sweep->pool);
	return is_good;
}

static void complain(struct sweep *sweep, const struct damage_case *what)
{
	printf("%s, seed %llu, case %llu: %s of %u units at %llu (%s)\n", sweep->setting.name,
		(unsigned long long)sweep->seed, (unsigned long long)sweep->number,
		damage_names[what->kind], what->target->units, (unsigned long long)what->target->unit,
		target_names[what->target->class]);
	sweep->failures++;
}

static void one_case(struct sweep *sweep, struct damage_case what)
{
	struct tally *tally = &sweep->tally[what.kind];
	damage_undo(&sweep->damage);
	if (!damage_do(&sweep->damage, &sweep->targets, what))
		return;
	u32 groups = groups_least(sweep), may_lose = lost_most(sweep, &what);
	world_init_again(&sweep->world, &sweep->world, 9);
	tally->cases++;
	if (!first_look(sweep, groups, may_lose, tally) || !second_look(sweep, may_lose))
		complain(sweep, &what);
}

static void all_cases(struct sweep *sweep)
{
	u64 every = world_setting("SINTER_EVERY", 211), only = world_setting("SINTER_CASE", 0);
	for (u32 i = 0; i < sweep->targets.count; i++)
		for (u32 kind = 0; kind < DAMAGE_KINDS && sweep->failures < FAILURES_MAX; kind++) {
			struct damage_case what = { .target = &sweep->targets.items[i],
				.kind = (enum damage_kind)kind,
				.leg = sweep->leg,
				.seed = sweep->seed + sweep->number };
			if (only ? sweep->number == only : sweep->number % every == 0)
				one_case(sweep, what);
			sweep->number++;
		}
}

static void print_tally(const struct sweep *sweep)
{
	for (u32 i = 0; i < DAMAGE_KINDS; i++) {
		const struct tally *tally = &sweep->tally[i];
		printf("%s, leg %u, seed %llu, %s: %llu cases; %llu healed by reading, %llu by a scrub; "
			   "%llu errors, %llu shorter logs\n",
			sweep->setting.name, sweep->leg, (unsigned long long)sweep->seed, damage_names[i],
			(unsigned long long)tally->cases, (unsigned long long)tally->read,
			(unsigned long long)tally->scrubbed, (unsigned long long)tally->lost,
			(unsigned long long)tally->cut);
	}
}

// Of both legs one after the other.
static void one_pool(struct sweep *sweep)
{
	REQUIRE(make(sweep));
	damage_init(&sweep->damage, sweep->disk);
	for (sweep->leg = 0; sweep->leg < sweep->setting.legs; sweep->leg++) {
		memset(sweep->tally, 0, sizeof sweep->tally);
		all_cases(sweep);
		print_tally(sweep);
	}
	unmake(sweep);
}

static void one_sweep(struct setting setting)
{
	static struct sweep sweep;
	u64 first = world_setting("SINTER_SEED", 1), rounds = world_setting("SINTER_ROUNDS", 1);
	for (u64 seed = first; seed < first + rounds; seed++) {
		sweep = (struct sweep){ .setting = setting, .seed = seed };
		one_pool(&sweep);
	}
}

TEST(sweep_two_copies)
{
	one_sweep((struct setting){ .name = "two copies", .copies = 2, .legs = 1 });
}

TEST(sweep_one_copy)
{
	one_sweep((struct setting){ .name = "one copy", .copies = 1, .legs = 1 });
}

TEST(sweep_mirror)
{
	one_sweep((struct setting){ .name = "mirror", .copies = 1, .legs = 2 });
}
