// SPDX-License-Identifier: MIT
// send_test.c - a dataset is changed at random, and each of its snapshots goes to another pool,
// whole or as what changed; streams break off, pools lose power, bytes are damaged. What arrives is
// compared with a model. SINTER_SEED, SINTER_OPS.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/operate.h"

struct end { // one pool with a dataset
	struct world world;
	struct disk *disk;
	struct sinter *pool;
	struct dataset *root, *set;
	u64 id;
};

struct run {
	struct end from, to;
	struct random random;
	struct model model;
	struct sinter_snapshot last, now; // of the sender
	u32 names;
};

static u8 frame[STREAM_FRAME_MAX];
static const struct sinter_new directory = { .mode = 0755 };

static bool open_end(struct end *end)
{
	if (!CHECK_OK(world_open(&end->world, end->disk, &end->pool)) ||
		!CHECK_OK(WAIT(end->pool, sinter_dataset_open(end->pool, DATASET_ROOT, &end->root))))
		return false;
	if (!end->id && !CHECK_OK(WAIT(end->pool,
						sinter_dataset_create(end->root, VIEW_TEXT("set"), &directory, &end->id))))
		return false;
	return CHECK_OK(world_sync(end->pool)) &&
	       CHECK_OK(WAIT(end->pool, sinter_dataset_open(end->pool, end->id, &end->set)));
}

static bool start_end(struct end *end, u64 seed)
{
	world_init(&end->world, seed);
	end->disk = world_format(&end->world, 4 * WORLD_UNITS);
	return open_end(end);
}

static void lose_power(struct end *end)
{
	sinter_abandon(end->pool);
	(void)open_end(end);
}

static bool change(struct run *run)
{
	struct ops_limits limits = { .file_max = 90000, .names = 20, .nodes = 40 };
	for (u64 i = random_below(&run->random, 60); i > 0; i--) {
		bool is_full;
		struct op op = op_random(&run->random, &run->model, &limits);
		if (!CHECK(op_apply(&op, run->from.pool, run->from.set, &run->model, &is_full)))
			return false;
	}
	return true;
}

static bool snapshot(struct run *run)
{
	char name[16];
	u64 ticket;
	snprintf(name, sizeof name, "s%u", run->names++);
	run->last = run->now;
	struct sinter *pool = run->from.pool;
	if (!CHECK_OK(WAIT(pool, sinter_snapshot_begin(run->from.set, view_cstring(name), &ticket))) ||
		!CHECK_OK(WAIT(pool, sinter_sync_done(pool, ticket))))
		return false;
	while (WAIT(pool, sinter_snapshot_next(run->from.set, run->now.txg, &run->now)) == OK)
		;
	return true;
}

static bool open_stream(struct run *run, struct sinter_send *send)
{
	struct sinter_resume resume;
	struct sinter *pool = run->from.pool;
	*send = (struct sinter_send){ .new_guid = run->now.guid,
		.created_s = run->now.created_s,
		.name = view_clamp(view_of(run->now.name), 0, run->now.name_size) };
	err_t err = WAIT(run->to.pool, sinter_receive_state(run->to.set, &resume));
	if (err == OK)
		memcpy(send->position, resume.position, sizeof send->position);
	else
		CHECK_EQ(err, ERR_NOT_FOUND);
	if (!CHECK_OK(WAIT(pool, sinter_snapshot_open(run->from.set, run->now.txg, &send->new))))
		return false;
	if (!run->last.txg)
		return true;
	send->old_guid = run->last.guid;
	return CHECK_OK(WAIT(pool, sinter_snapshot_open(run->from.set, run->last.txg, &send->old)));
}

static void close_stream(struct sinter_send *send)
{
	sinter_dataset_close(send->new);
	if (send->old)
		sinter_dataset_close(send->old);
}

// Frames until the end, or until as many as break_after went over. A wrong byte must be noticed.
static bool transfer(struct run *run, struct sinter_send *send, u64 break_after, bool *is_done)
{
	struct sinter_receive receive = { .dataset = run->to.set };
	for (u64 i = 0; i < break_after; i++) {
		usize size;
		if (!CHECK_OK(WAIT(run->from.pool, sinter_send_frame(send, span_of(frame), &size))))
			return false;
		u64 at = random_below(&run->random, size);
		if (random_below(&run->random, 8) == 0) {
			frame[at] ^= 1;
			CHECK_EQ(WAIT(run->to.pool, sinter_receive_frame(&receive, view_from(frame, size))),
				ERR_CORRUPT);
			frame[at] ^= 1;
		}
		err_t err = WAIT(run->to.pool, sinter_receive_frame(&receive, view_from(frame, size)));
		if (!CHECK_OK(err))
			return false;
		if (receive.is_done)
			break;
	}
	*is_done = receive.is_done;
	return true;
}

static bool compare(struct run *run)
{
	struct dataset *past;
	struct sinter_snapshot found = {};
	struct sinter *pool = run->to.pool;
	while (WAIT(pool, sinter_snapshot_next(run->to.set, found.txg, &found)) == OK)
		;
	CHECK_EQ(found.guid, run->now.guid);
	if (!CHECK_OK(WAIT(pool, sinter_snapshot_open(run->to.set, found.txg, &past))))
		return false;
	bool is_same =
		CHECK(operate_compare(pool, past, &run->model)) && CHECK(operate_check(pool, false));
	sinter_dataset_close(past);
	return is_same;
}

static bool send_once(struct run *run)
{
	bool is_done = false;
	for (u32 tries = 0; !is_done; tries++) {
		struct sinter_send send;
		u64 break_after = tries > 4 ? UINT64_MAX : 1 + random_below(&run->random, 8);
		if (!open_stream(run, &send))
			return false;
		bool is_good = transfer(run, &send, break_after, &is_done);
		close_stream(&send);
		if (!is_good)
			return false;
		if (random_below(&run->random, 2))
			lose_power(&run->to);
	}
	return compare(run);
}

// Snapshots that no stream will need.
static void drop_older(struct end *end, u64 guid)
{
	struct sinter_snapshot old = {};
	while (
		WAIT(end->pool, sinter_snapshot_next(end->set, old.txg, &old)) == OK && old.guid != guid) {
		err_t err = old.is_dying ? OK : WAIT(end->pool, sinter_snapshot_destroy(end->set, old.txg));
		CHECK(err == OK || err == ERR_BUSY);
	}
}

static bool random_run(struct run *run, u64 count)
{
	for (u64 i = 0; i < count; i++) {
		if (!change(run) || !snapshot(run) || !send_once(run))
			return false;
		drop_older(&run->from, run->now.guid);
		drop_older(&run->to, run->now.guid);
		if (random_below(&run->random, 3) == 0 && !CHECK_OK(world_sync(run->from.pool)))
			return false;
	}
	return true;
}

TEST(send_snapshots_to_another_pool)
{
	struct run *run = calloc(1, sizeof *run);
	u64 seed = world_setting("SINTER_SEED", 1);
	REQUIRE(run != nullptr);
	random_init(&run->random, seed);
	model_init(&run->model);
	if (start_end(&run->from, seed) && start_end(&run->to, seed + 1) &&
		random_run(run, world_setting("SINTER_OPS", 500) / 25)) {
		CHECK_OK(sinter_close(run->from.pool));
		CHECK_OK(sinter_close(run->to.pool));
	} else {
		printf("seed %llu\n", (unsigned long long)seed);
	}
	disk_destroy(run->from.disk);
	disk_destroy(run->to.disk);
	model_fini(&run->model);
	free(run);
}

// Half a stream is given up: the dataset is as before, and takes another one.
TEST(send_abort_leaves_the_snapshot_before)
{
	struct run *run = calloc(1, sizeof *run);
	struct model kept;
	struct sinter_send send;
	struct sinter_resume resume;
	bool is_done;
	REQUIRE(run != nullptr);
	random_init(&run->random, 5);
	model_init(&run->model);
	REQUIRE(start_end(&run->from, 5) && start_end(&run->to, 6));
	REQUIRE(change(run) && snapshot(run) && send_once(run));
	model_copy(&kept, &run->model);
	REQUIRE(change(run) && change(run) && snapshot(run) && open_stream(run, &send));
	CHECK(transfer(run, &send, 2, &is_done));
	CHECK(!is_done);
	close_stream(&send);
	CHECK_OK(WAIT(run->to.pool, sinter_receive_state(run->to.set, &resume)));
	CHECK_EQ(resume.new_guid, run->now.guid);
	CHECK_OK(WAIT(run->to.pool, sinter_receive_abort(run->to.set)));
	CHECK(operate_compare(run->to.pool, run->to.set, &kept));
	CHECK(operate_check(run->to.pool, false));
	CHECK(send_once(run));
	CHECK_OK(sinter_close(run->from.pool));
	CHECK_OK(sinter_close(run->to.pool));
	disk_destroy(run->from.disk);
	disk_destroy(run->to.disk);
	model_fini(&run->model);
	model_fini(&kept);
	free(run);
}
