// SPDX-License-Identifier: MIT
// crash_test.c - every crash state of small workloads: each single operation followed by fsync or
// sync, and random sequences. From the environment: SINTER_CRASHES, how many random ones;
// SINTER_SEED, of the first; SINTER_STATES, at most so many of one crash point (0: all).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/crash.h"

static u64 from_environment(const char *name, u64 otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, nullptr, 0) : otherwise;
}

static struct workload workload;

static void add(struct explore_result *sum, struct explore_result result)
{
	sum->points += result.points;
	sum->executions += result.executions;
	sum->distinct += result.distinct;
	sum->violations += result.violations;
	sum->cuts += result.cuts;
	sum->raw_states += result.raw_states;
}

static void print(const char *what, struct explore_result sum)
{
	printf("%s: %llu crash points, %llu states (%llu distinct), 2^%.0f raw, %llu cut short, "
		   "%llu violations\n",
		what, (unsigned long long)sum.points, (unsigned long long)sum.executions,
		(unsigned long long)sum.distinct, log2(sum.raw_states), (unsigned long long)sum.cuts,
		(unsigned long long)sum.violations);
}

// Some files of each kind, in place before the log begins.
// op.value of the attribute "user.a" with 40,050 and 54,050 bytes: three and four records.
constexpr u32 LARGE = 16128000, LARGER = 22400000;

static void prepare_some(struct workload *w)
{
	static const struct op ops[] = {
		{ .kind = OP_MKDIR, .directory = 1, .name = "d" },
		{ .kind = OP_CREATE, .directory = 1, .name = "small" },
		{ .kind = OP_CREATE, .directory = 1, .name = "large" },
		{ .kind = OP_CREATE, .directory = 2, .name = "other" },
		{ .kind = OP_WRITE, .inode = 3, .offset = 0, .size = 500, .value = 1 },
		{ .kind = OP_WRITE, .inode = 4, .offset = 0, .size = 36000, .value = 2 },
		{ .kind = OP_WRITE, .inode = 5, .offset = 0, .size = 9000, .value = 4 },
		{ .kind = OP_XATTR, .inode = 5, .value = LARGE },
	};
	for (u32 i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		bool is_full;
		if (!op_apply(&ops[i], w->pool, w->dataset, &w->model, &is_full))
			abort();
	}
}

static const struct op singles[] = {
	{ .kind = OP_CREATE, .directory = 1, .name = "new" },
	{ .kind = OP_MKDIR, .directory = 2, .name = "new" },
	{ .kind = OP_SYMLINK, .directory = 1, .name = "new" },
	{ .kind = OP_LINK, .inode = 3, .directory = 2, .name = "again" },
	{ .kind = OP_UNLINK, .directory = 1, .name = "small" },
	{ .kind = OP_UNLINK, .directory = 1, .name = "large" },
	{ .kind = OP_RENAME, .directory = 1, .name = "small", .directory2 = 2, .name2 = "moved" },
	{ .kind = OP_RENAME, .directory = 1, .name = "small", .directory2 = 1, .name2 = "large" },
	{ .kind = OP_RENAME, .directory = 2, .name = "other", .directory2 = 1, .name2 = "small" },
	{ .kind = OP_EXCHANGE, .directory = 1, .name = "d", .directory2 = 1, .name2 = "large" },
	{ .kind = OP_WRITE, .inode = 3, .offset = 100, .size = 300, .value = 5 },
	{ .kind = OP_WRITE, .inode = 3, .offset = 400, .size = 3000, .value = 5 },
	{ .kind = OP_WRITE, .inode = 4, .offset = 15000, .size = 4000, .value = 6 },
	{ .kind = OP_WRITE, .inode = 4, .offset = 60000, .size = 100, .value = 7 },
	{ .kind = OP_TRUNCATE, .inode = 4, .offset = 20000 },
	{ .kind = OP_TRUNCATE, .inode = 4, .offset = 0 },
	{ .kind = OP_TRUNCATE, .inode = 3, .offset = 10 },
	{ .kind = OP_TRUNCATE, .inode = 3, .offset = 50000 },
	{ .kind = OP_PUNCH, .inode = 4, .offset = 1000, .size = 33000 },
	{ .kind = OP_CHMOD, .inode = 5, .value = 0600 },
	{ .kind = OP_XATTR, .inode = 5, .value = 100 },
	{ .kind = OP_XATTR, .inode = 5, .value = LARGER },
	{ .kind = OP_RMXATTR, .inode = 5, .value = 100 },
	{ .kind = OP_UNLINK, .directory = 2, .name = "other" },
	{ .kind = OP_XATTR, .inode = 3, .value = LARGE },
};

// One operation, with or without a second write in between, then each way to make it durable.
static struct explore_result explore_single(
	const struct op *op, u32 variant, struct explore_options options)
{
	static const struct op write = {
		.kind = OP_WRITE, .inode = 3, .offset = 0, .size = 40, .value = 9
	};
	struct op sync = { .kind = variant & 1 ? OP_SYNC : OP_FSYNC, .inode = variant & 4 ? 3 : 4 };
	struct explore_result result = { .violations = 1 };
	if (workload_start(&workload, variant, CRASH_ONE_DISK, prepare_some) &&
		(!(variant & 2) || workload_do(&workload, &write)) && workload_do(&workload, op) &&
		workload_do(&workload, &sync)) {
		workload_end_log(&workload);
		result = workload_explore(&workload, &options);
	}
	workload_stop(&workload);
	return result;
}

static struct explore_result explore_singles(struct explore_options options, u32 variants)
{
	struct explore_result sum = {};
	options.executions_max = from_environment("SINTER_STATES", options.executions_max);
	for (u32 i = 0; i < sizeof singles / sizeof singles[0]; i++) {
		for (u32 variant = 0; variant < variants; variant++) {
			struct explore_result result = explore_single(&singles[i], variant, options);
			if (result.violations) {
				printf("violated by variant %u of:\n", variant);
				op_print(&singles[i]);
			}
			add(&sum, result);
		}
	}
	return sum;
}

// Two operations, with or without a snapshot between them, then fsync of what the second one
// touched, or sync.
static struct explore_result explore_pair(
	const struct op *first, const struct op *second, u32 variant, struct explore_options options)
{
	struct op sync = { .kind = variant & 1 ? OP_SYNC : OP_FSYNC,
		.inode = second->inode ? second->inode : 4 };
	struct explore_result result = { .violations = 1 };
	bool is_good = workload_start(&workload, variant, CRASH_ONE_DISK, prepare_some) &&
	               workload_do(&workload, first) &&
	               (!(variant & 2) || workload_snapshot(&workload));
	if (is_good && second->inode && !model_node(&workload.model, second->inode))
		result = (struct explore_result){}; // the first one removed it
	else if (is_good && workload_do(&workload, second) && workload_do(&workload, &sync)) {
		workload_end_log(&workload);
		result = workload_explore(&workload, &options);
	}
	if (result.violations) {
		printf("violated by variant %u of the pair:\n", variant);
		op_print(first);
		op_print(second);
	}
	workload_stop(&workload);
	return result;
}

static bool snapshot_work(struct random *random)
{
	switch (random_below(random, 6)) {
	case 0: return workload_destroy_snapshot(&workload);
	case 1: return workload_clone(&workload);
	case 2: return workload_roll_back(&workload);
	default: return workload_snapshot(&workload);
	}
}

// What random sequences run on.
struct course {
	struct world_shape shape;
	struct explore_options options;
	bool with_snapshots;
	bool fails;        // the second device, at some write
	u32 crashes, lies; // before the sequence, each with a sequence of its own
};

static void fail_second(struct disk *disk, struct random *random)
{
	disk->fault = FAULT_ERROR;
	disk->fault_request = DEVICE_WRITE;
	disk->fault_slices = 2;
	disk->fault_at = 1 + random_below(random, 200);
	disk->is_fault_sticky = true;
}

// As the mount makes a file or directory where one hands on a list.
static bool make_with_list(struct random *random, u64 directory, const char *name)
{
	bool is_directory = random_below(random, 2);
	struct op make = { .kind = is_directory ? OP_OWN_DIRECTORY : OP_OWN_FILE,
		.directory = directory };
	static const u32 given[] = { 0600, 0640, 0664, 0755, 02770 };
	u32 mode = given[random_below(random, sizeof given / sizeof *given)];
	snprintf(make.name, sizeof make.name, "%s", name);
	if (model_name(&workload.model, directory, name))
		return true;
	if (!workload_do(&workload, &make))
		return false;
	const struct model_name *made = model_name(&workload.model, directory, name);
	if (!made)
		return true; // the directory is gone
	struct op hand_on = { .kind = OP_HAND_ON, .inode = made->inode, .value = mode };
	struct op list = { .kind = OP_LIST, .inode = made->inode, .value = mode };
	struct op sync = { .kind = OP_FSYNC, .inode = random_below(random, 2) ? made->inode : 3 };
	return (!is_directory || workload_do(&workload, &hand_on)) &&
	       (random_below(random, 3) || workload_do(&workload, &sync)) &&
	       workload_do(&workload, &list);
}

static bool do_random(struct random *random, u32 length, bool with_snapshots)
{
	struct ops_limits limits = { .file_max = 40000, .names = 6, .nodes = 14 };
	for (u32 i = 0; i < length; i++) {
		struct op op = op_random(random, &workload.model, &limits);
		if (random_below(random, 4) == 0)
			op.kind = random_below(random, 3) ? OP_FSYNC : OP_SYNC;
		if (op.size > 6000)
			op.size = 6000; // what one fsync writes is tried in all combinations
		if (!workload_do(&workload, &op))
			return false;
		if (random_below(random, 8) == 0 && !make_with_list(random, op.directory, "listed"))
			return false;
		if (with_snapshots && random_below(random, 3) == 0 && !snapshot_work(random))
			return false;
	}
	return true;
}

// Where a device that ignored flushes has lost contents, the model does not know what comes.
static bool is_all_readable(void)
{
	for (u32 i = 0; i < MODEL_NODES; i++)
		if (workload.model.nodes[i].is_unreadable)
			return false;
	return true;
}

static struct explore_result explore_random(u64 seed, u32 length, const struct course *course)
{
	struct explore_result result = { .violations = 1 };
	struct random random;
	random_init(&random, seed);
	bool is_good = workload_start(&workload, seed, course->shape, prepare_some);
	bool is_known = true;
	if (is_good && course->fails)
		fail_second(workload.disk, &random);
	for (u32 i = 0; is_good && is_known && i < course->crashes; i++) {
		u32 lies = course->lies ? (u32)random_below(&random, course->lies + 1) : 0;
		is_good = do_random(&random, length, course->with_snapshots && !i) &&
		          workload_crash(&workload, &random, lies);
		is_known = is_all_readable();
	}
	bool with_snapshots = course->with_snapshots && !course->crashes; // the names are taken now
	is_good = is_good && (!is_known || do_random(&random, length, with_snapshots));
	workload_end_log(&workload);
	if (is_good)
		result =
			is_known ? workload_explore(&workload, &course->options) : (struct explore_result){};
	if (result.violations)
		printf("violated by seed %llu\n", (unsigned long long)seed);
	workload_stop(&workload);
	return result;
}

static void explore_randoms(const char *what, struct course course, u64 count)
{
	struct explore_result sum = {};
	u64 seed = from_environment("SINTER_SEED", 1000);
	course.options.executions_max =
		from_environment("SINTER_STATES", course.options.executions_max);
	for (u64 i = 0; i < from_environment("SINTER_CRASHES", count) && !sum.violations; i++)
		add(&sum, explore_random(seed + i, 12, &course));
	print(what, sum);
	CHECK_EQ(sum.violations, 0);
}

TEST(crash_single_operations)
{
	struct explore_result sum =
		explore_singles((struct explore_options){ .executions_max = 40 }, 4);
	print("single operations", sum);
	CHECK_EQ(sum.violations, 0);
}

TEST(crash_single_operations_torn)
{
	struct explore_result sum =
		explore_singles((struct explore_options){ .is_torn = true, .executions_max = 20 }, 1);
	print("single operations, torn writes", sum);
	CHECK_EQ(sum.violations, 0);
}

// Every SINTER_PAIRS-th of all pairs in all variants; 1: all 1,764.
TEST(crash_pairs_of_operations)
{
	constexpr u64 count = sizeof singles / sizeof singles[0];
	struct explore_result sum = {};
	struct explore_options options = { .is_torn = true };
	options.executions_max = from_environment("SINTER_STATES", 12);
	u64 every = from_environment("SINTER_PAIRS", 97);
	for (u64 i = 0; i < count * count * 4 && !sum.violations; i += every)
		add(&sum, explore_pair(&singles[i / count % count], &singles[i % count],
					  (u32)(i / count / count), options));
	print("pairs of operations, torn writes", sum);
	CHECK_EQ(sum.violations, 0);
}

// What is cut off must not come back when the file grows again.
TEST(crash_truncate_and_write_further_out)
{
	struct op cut = { .kind = OP_TRUNCATE, .inode = 4, .offset = 20000 };
	struct op far = { .kind = OP_WRITE, .inode = 4, .offset = 60000, .size = 100, .value = 7 };
	for (u32 variant = 0; variant < 4; variant++) {
		struct explore_result result =
			explore_pair(&cut, &far, variant, (struct explore_options){ .is_torn = true });
		CHECK_EQ(result.violations, 0);
	}
}

// A file that is emptied, written anew and renamed over another: what the other name shows then is
// complete, though only a third file was synced.
TEST(crash_rewrite_and_rename_over)
{
	const struct op ops[] = {
		{ .kind = OP_TRUNCATE, .inode = 4, .offset = 0 },
		{ .kind = OP_WRITE, .inode = 4, .offset = 0, .size = 8317, .value = 7 },
		{ .kind = OP_RENAME, .directory = 1, .name = "large", .directory2 = 1, .name2 = "small" },
		{ .kind = OP_WRITE, .inode = 5, .offset = 0, .size = 10, .value = 8 },
		{ .kind = OP_FSYNC, .inode = 5 },
	};
	REQUIRE(workload_start(&workload, 1, CRASH_ONE_DISK, prepare_some));
	for (u32 i = 0; i < sizeof ops / sizeof ops[0]; i++)
		REQUIRE(workload_do(&workload, &ops[i]));
	workload_end_log(&workload);
	struct explore_options options = { .executions_max = 100 };
	CHECK_EQ(workload_explore(&workload, &options).violations, 0);
	workload_stop(&workload);
}

// Makes three with lists in a row, in what was made before where that is a directory.
static bool do_lists(struct random *random)
{
	u64 directory = 2;
	for (u32 i = 0; i < 3; i++) {
		char name[MODEL_NAME];
		struct op last = { .kind = random_below(random, 3) ? OP_FSYNC : OP_SYNC, .inode = 3 };
		snprintf(name, sizeof name, "listed%u", i);
		if (!make_with_list(random, directory, name))
			return false;
		const struct model_name *made = model_name(&workload.model, directory, name);
		const struct model_node *node = made ? model_node(&workload.model, made->inode) : nullptr;
		if (!node)
			return false;
		if ((node->mode & 0170000) == 040000)
			directory = node->inode;
		if (random_below(random, 2) && !workload_do(&workload, &last))
			return false;
	}
	return true;
}

static struct explore_result explore_lists(u64 seed, const struct op *first)
{
	struct explore_result result = { .violations = 1 };
	struct explore_options options = { .is_torn = true, .executions_max = 40 };
	struct random random;
	random_init(&random, seed);
	options.executions_max = from_environment("SINTER_STATES", options.executions_max);
	bool is_good = workload_start(&workload, seed, CRASH_ONE_DISK, prepare_some);
	workload.lists_from = 6;
	workload.is_quiet = first != nullptr;
	is_good = is_good && (!first || workload_do(&workload, first)) && do_lists(&random);
	workload_end_log(&workload);
	if (is_good)
		result = workload_explore(&workload, &options);
	workload_stop(&workload);
	return result;
}

// Whenever the power goes, nobody has more rights than the list that is inherited gives.
TEST(crash_inherited_lists)
{
	struct explore_result sum = {};
	u64 seed = from_environment("SINTER_SEED", 1);
	for (u64 i = 0; i < from_environment("SINTER_CRASHES", 12) && !sum.violations; i++)
		add(&sum, explore_lists(seed + i, nullptr));
	print("inherited lists, torn writes", sum);
	CHECK_EQ(sum.violations, 0);
}

// The other way round, others' rights first, is found.
TEST(crash_lists_too_late_are_found)
{
	static const struct op too_early = { .kind = OP_CREATE, .directory = 2, .name = "early" };
	CHECK(explore_lists(1, &too_early).violations != 0);
}

constexpr struct explore_options TORN = { .is_torn = true, .executions_max = 12 };

TEST(crash_random_sequences)
{
	explore_randoms("random sequences, torn writes",
		(struct course){ .shape = CRASH_ONE_DISK, .options = TORN }, 3);
}

TEST(crash_device_that_lies_once)
{
	explore_randoms("a device that ignores a flush",
		(struct course){ .shape = CRASH_ONE_DISK, .options = { .lies = 1, .executions_max = 12 } },
		2);
}

TEST(crash_device_that_lies_twice)
{
	explore_randoms("a device that ignores two flushes",
		(struct course){ .shape = CRASH_ONE_DISK, .options = { .lies = 2, .executions_max = 12 } },
		2);
}

TEST(crash_with_snapshots)
{
	explore_randoms("random sequences with snapshots, torn writes",
		(struct course){ .shape = CRASH_ONE_DISK, .options = TORN, .with_snapshots = true }, 3);
}

TEST(crash_after_crashes)
{
	explore_randoms("random sequences after two power cuts, torn writes",
		(struct course){ .shape = CRASH_ONE_DISK, .options = TORN, .crashes = 2 }, 3);
}

TEST(crash_after_crashes_with_snapshots)
{
	explore_randoms("random sequences after two power cuts of one with snapshots, torn writes",
		(struct course){
			.shape = CRASH_ONE_DISK, .options = TORN, .crashes = 2, .with_snapshots = true },
		3);
}

TEST(crash_after_lies)
{
	explore_randoms("random sequences after two power cuts of a device that ignored flushes",
		(struct course){ .shape = CRASH_ONE_DISK, .options = TORN, .crashes = 2, .lies = 2 }, 10);
}

TEST(crash_two_devices)
{
	explore_randoms("two top-level devices, torn writes",
		(struct course){ .shape = { WORLD_UNITS, 2, 1, 0 }, .options = TORN }, 2);
}

TEST(crash_mirror)
{
	explore_randoms("a mirror, torn writes",
		(struct course){ .shape = { WORLD_UNITS, 2, 2, 0 }, .options = TORN }, 2);
}

TEST(crash_mirror_that_loses_its_first_leg)
{
	explore_randoms("a mirror that loses its first leg with the power, torn writes",
		(struct course){ .shape = { WORLD_UNITS, 2, 2, 2 }, .options = TORN }, 2);
}

TEST(crash_mirror_whose_second_leg_failed_before)
{
	explore_randoms("a mirror whose second leg fails before, torn writes",
		(struct course){ .shape = { WORLD_UNITS, 2, 2, 0 }, .options = TORN, .fails = true }, 3);
}
