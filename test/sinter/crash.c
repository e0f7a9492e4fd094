// SPDX-License-Identifier: MIT
// crash.c - see crash.h.
#include "test/sinter/crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static u32 file_number(struct workload *workload, u64 inode)
{
	for (u32 i = 0; i < workload->files; i++)
		if (workload->inodes[i] == inode)
			return i;
	if (workload->files == CRASH_FILES)
		abort();
	workload->inodes[workload->files] = inode;
	return workload->files++;
}

static bool is_file(const struct model_node *node)
{
	return node->inode && (node->mode & 0170000) == 0100000;
}

static void note_state(struct workload *workload)
{
	struct crash_state *state = &workload->states[workload->count];
	memset(state->files, 0, sizeof state->files);
	state->names = model_hash_names(&workload->model);
	for (u32 i = 0; i < MODEL_NODES; i++)
		if (is_file(&workload->model.nodes[i]))
			state->files[file_number(workload, workload->model.nodes[i].inode)] =
				model_hash_file(&workload->model.nodes[i]);
}

bool workload_start(
	struct workload *workload, u64 seed, struct world_shape shape, workload_prepare *prepare)
{
	struct world before = workload->world;
	memset(workload, 0, sizeof *workload);
	world_init_again(&workload->world, &before, seed);
	model_init(&workload->model);
	workload->disk = world_format_shape(&workload->world, shape);
	workload->opened = shape.opened;
	if (world_open(&workload->world, workload->disk, &workload->pool) != OK ||
		WAIT(workload->pool,
			sinter_dataset_open(workload->pool, DATASET_ROOT, &workload->dataset)) != OK)
		return false;
	if (prepare)
		prepare(workload);
	if (world_sync(workload->pool) != OK)
		return false;
	workload->base = disk_copy(workload->disk);
	disk_start_log(workload->disk);
	note_state(workload);
	return true;
}

bool workload_do(struct workload *workload, const struct op *op)
{
	bool is_full;
	u32 writes = workload->disk->writes;
	const struct model_name *target =
		op->kind == OP_RENAME ? model_name(&workload->model, op->directory2, op->name2) : nullptr;
	const struct model_name *source =
		op->kind == OP_RENAME ? model_name(&workload->model, op->directory, op->name) : nullptr;
	u64 moved = source ? source->inode : 0, over = target ? target->inode : 0;
	if (workload->count == CRASH_OPS)
		abort();
	workload->ops[workload->count++] = *op;
	if (!op_apply(op, workload->pool, workload->dataset, &workload->model, &is_full) || is_full)
		return false;
	workload->states[workload->count].writes = writes;
	note_state(workload);
	struct crash_answer answer = {
		.after = workload->count, .flushes = workload->disk->flushes, .inode = op->inode
	};
	if (op->kind == OP_SYNC)
		answer.inode = 0;
	if (op->kind == OP_SYNC || op->kind == OP_FSYNC)
		workload->answers[workload->answered++] = answer;
	answer.inode = moved;
	target =
		over && over != moved ? model_name(&workload->model, op->directory2, op->name2) : nullptr;
	if (target && target->inode == moved)
		workload->renames[workload->renamed++] = answer;
	return true;
}

bool workload_snapshot(struct workload *workload)
{
	char name[16];
	u64 ticket;
	struct sinter_snapshot snapshot = {};
	struct crash_answer *taken = &workload->snapshots[workload->snapshotted++];
	snprintf(name, sizeof name, "s%u", workload->snapshotted);
	if (WAIT(workload->pool,
			sinter_snapshot_begin(workload->dataset, view_cstring(name), &ticket)) != OK ||
		WAIT(workload->pool, sinter_sync_done(workload->pool, ticket)) != OK)
		return false;
	while (WAIT(workload->pool, sinter_snapshot_next(workload->dataset, snapshot.txg, &snapshot)) ==
		   OK)
		taken->inode = snapshot.txg;
	taken->after = workload->count;
	struct model **kept = &workload->kept[workload->snapshotted - 1];
	*kept = malloc(sizeof **kept);
	if (!*kept)
		abort();
	model_copy(*kept, &workload->model);
	taken->flushes = workload->disk->flushes;
	workload->answers[workload->answered++] =
		(struct crash_answer){ .after = workload->count, .flushes = taken->flushes };
	return true;
}

bool workload_destroy_snapshot(struct workload *workload)
{
	for (u32 i = 0; i < workload->snapshotted; i++) {
		struct crash_answer *taken = &workload->snapshots[i];
		if (!taken->inode)
			continue;
		err_t err = WAIT(workload->pool, sinter_snapshot_destroy(workload->dataset, taken->inode));
		if (err == OK)
			taken->inode = 0; // it may or may not be found
		return err == OK || err == ERR_BUSY;
	}
	return true;
}

bool workload_clone(struct workload *workload)
{
	struct crash_answer *clone = &workload->clones[workload->cloned];
	for (u32 i = 0; i < workload->snapshotted; i++) {
		const struct crash_answer *taken = &workload->snapshots[i];
		char name[16];
		u64 id;
		if (!taken->inode)
			continue;
		snprintf(name, sizeof name, "c%u", workload->cloned);
		struct sinter_dataset_name where = { workload->dataset, view_cstring(name) };
		if (WAIT(workload->pool, sinter_clone(workload->dataset, taken->inode, where, &id)) != OK ||
			world_sync(workload->pool) != OK)
			return false;
		*clone = *taken;
		clone->inode = id;
		clone->flushes = workload->disk->flushes;
		workload->cloned++;
		workload->answers[workload->answered++] =
			(struct crash_answer){ .after = workload->count, .flushes = clone->flushes };
		return true;
	}
	return true;
}

bool workload_roll_back(struct workload *workload)
{
	static const struct op op = { .kind = OP_ROLLBACK };
	u32 newest = CRASH_OPS, writes = workload->disk->writes;
	for (u32 i = 0; i < workload->snapshotted; i++)
		if (workload->snapshots[i].inode)
			newest = i;
	if (newest == CRASH_OPS)
		return true;
	err_t err =
		WAIT(workload->pool, sinter_rollback(workload->dataset, workload->snapshots[newest].inode));
	if (err != OK)
		return err == ERR_BUSY;
	model_fini(&workload->model);
	model_copy(&workload->model, workload->kept[newest]);
	workload->ops[workload->count++] = op;
	workload->states[workload->count].writes = writes;
	note_state(workload);
	workload->rolled_back[workload->rollbacks++] = workload->count;
	return true;
}

// Writes that came before the cut: those of honoured flushes all, of the others any.
static struct disk *random_crash(const struct workload *workload, struct random *random, u32 lies)
{
	const struct disk *logged = workload->disk;
	struct disk *crashed = disk_copy(workload->base);
	u32 flushes = (u32)random_below(random, logged->flushes + 1u);
	u32 first = flushes ? logged->flush_log[flushes - 1].writes : 0;
	u32 last = flushes < logged->flushes ? logged->flush_log[flushes].writes : logged->writes;
	u32 end = first + (u32)random_below(random, last - first + 1u);
	u32 honoured = flushes > lies ? flushes - lies : 0;
	for (u32 i = 0; i < end; i++)
		if (logged->log[i].flushes < honoured || random_below(random, 2))
			memcpy(disk_unit_at(crashed, logged->log[i].unit), logged->log[i].data, DISK_UNIT);
	return crashed;
}

bool workload_crash(struct workload *workload, struct random *random, u32 lies)
{
	workload_end_log(workload);
	struct disk *crashed = random_crash(workload, random, lies);
	bool was_lying = workload->was_lying || lies;
	workload_stop(workload);
	struct world before = workload->world;
	memset(workload, 0, sizeof *workload);
	workload->disk = crashed;
	workload->was_lying = was_lying;
	world_init_again(&workload->world, &before, random_u64(random));
	workload->base = disk_copy(crashed);
	disk_start_log(crashed);
	if (world_open(&workload->world, crashed, &workload->pool) != OK ||
		WAIT(workload->pool,
			sinter_dataset_open(workload->pool, DATASET_ROOT, &workload->dataset)) != OK ||
		!operate_scan(workload->pool, workload->dataset, &workload->model))
		return false;
	note_state(workload);
	return true;
}

void workload_end_log(struct workload *workload)
{
	if (workload->pool)
		sinter_abandon(workload->pool);
	workload->pool = nullptr;
}

void workload_stop(struct workload *workload)
{
	workload_end_log(workload);
	model_fini(&workload->model);
	for (u32 i = 0; i < workload->snapshotted; i++) {
		if (workload->kept[i])
			model_fini(workload->kept[i]);
		free(workload->kept[i]);
	}
	disk_destroy(workload->disk);
	disk_destroy(workload->base);
}

struct judgement {
	struct workload *workload;
	const struct crash *crash;
	struct model *found;
	const char *why;
};

// The earliest state whose contents of this file may be seen, when names are those of `state`.
static u32 file_must(const struct judgement *judgement, u64 inode, u32 state)
{
	const struct workload *workload = judgement->workload;
	u32 must = 0;
	for (u32 i = 0; i < workload->answered; i++) {
		const struct crash_answer *answer = &workload->answers[i];
		if (answer->flushes <= judgement->crash->flushes && answer->after > must &&
			(!answer->inode || answer->inode == inode))
			must = answer->after;
	}
	for (u32 i = 0; i < workload->renamed; i++) {
		const struct crash_answer *rename = &workload->renames[i];
		if (rename->inode == inode && rename->after <= state && rename->after > must)
			must = rename->after;
	}
	for (u32 i = 0; i < workload->rollbacks; i++)
		if (workload->rolled_back[i] <= state && workload->rolled_back[i] > must)
			must = workload->rolled_back[i];
	return must;
}

static bool is_file_right(const struct judgement *judgement, struct model_node *node, u32 state)
{
	struct workload *workload = judgement->workload;
	u32 number = file_number(workload, node->inode);
	if (node->is_unreadable)
		return workload->is_lying;
	u64 hash = model_hash_file(node);
	for (u32 at = file_must(judgement, node->inode, state); at <= state; at++)
		if (workload->states[at].files[number] == hash)
			return true;
	return false;
}

static bool is_state(struct judgement *judgement, u32 state)
{
	if (judgement->workload->states[state].names != model_hash_names(judgement->found))
		return false;
	for (u32 i = 0; i < MODEL_NODES; i++) {
		struct model_node *node = &judgement->found->nodes[i];
		if (is_file(node) && !is_file_right(judgement, node, state)) {
			judgement->why = "contents of a file are of no allowed moment";
			return false;
		}
	}
	return true;
}

static bool is_allowed(struct judgement *judgement)
{
	const struct workload *workload = judgement->workload;
	u32 must = 0;
	for (u32 i = 0; i < workload->answered; i++)
		if (workload->answers[i].flushes <= judgement->crash->flushes &&
			workload->answers[i].after > must)
			must = workload->answers[i].after;
	judgement->why = "names and attributes are of no allowed moment";
	for (u32 state = must; state <= workload->count; state++) {
		if (state > must && workload->states[state].writes >= judgement->crash->writes)
			break; // it had not begun
		if (is_state(judgement, state))
			return true;
	}
	return false;
}

// With a list the mode is the list's; without one nobody but the owner may do anything yet.
static bool gives_no_more(const struct workload *workload, const struct model *found)
{
	for (u32 i = 0; i < MODEL_NODES; i++) {
		const struct model_node *node = &found->nodes[i];
		const struct model_xattr *list = &node->xattrs[MODEL_LIST];
		if (!workload->lists_from || node->inode < workload->lists_from)
			continue;
		if (list->size ? (node->mode & 07777) != list->start : (node->mode & 077) != 0)
			return false;
	}
	return true;
}

// A snapshot, or a clone that nobody changed: exactly as the files were after so many operations.
static bool is_past_state(
	struct judgement *judgement, struct sinter *pool, struct dataset *past, u32 after)
{
	struct workload *workload = judgement->workload;
	const struct crash_state *state = &workload->states[after];
	struct model *found = calloc(1, sizeof *found);
	if (!found)
		abort();
	bool is_same = operate_scan(pool, past, found) && model_hash_names(found) == state->names;
	for (u32 n = 0; is_same && n < MODEL_NODES; n++) {
		struct model_node *node = &found->nodes[n];
		is_same = !is_file(node) || (node->is_unreadable && workload->is_lying) ||
		          state->files[file_number(workload, node->inode)] == model_hash_file(node);
	}
	model_fini(found);
	free(found);
	return is_same;
}

// Each snapshot that was answered is there (unless it was destroyed), and each clone.
static bool are_snapshots_right(
	struct judgement *judgement, struct sinter *pool, struct dataset *dataset)
{
	const struct workload *workload = judgement->workload;
	for (u32 i = 0; i < workload->snapshotted + workload->cloned; i++) {
		bool is_clone = i >= workload->snapshotted;
		const struct crash_answer *taken =
			is_clone ? &workload->clones[i - workload->snapshotted] : &workload->snapshots[i];
		struct dataset *past;
		if (!taken->inode || taken->flushes > judgement->crash->flushes)
			continue;
		err_t err = is_clone ? WAIT(pool, sinter_dataset_open(pool, taken->inode, &past))
		                     : WAIT(pool, sinter_snapshot_open(dataset, taken->inode, &past));
		if (err != OK)
			return false;
		bool is_same = is_past_state(judgement, pool, past, taken->after);
		sinter_dataset_close(past);
		if (!is_same)
			return false;
	}
	return true;
}

static bool judge_pool(struct judgement *judgement, struct sinter *pool)
{
	struct dataset *dataset;
	judgement->why = "the tree cannot be read";
	if (WAIT(pool, sinter_dataset_open(pool, DATASET_ROOT, &dataset)) != OK ||
		!operate_scan(pool, dataset, judgement->found))
		return false;
	if (!is_allowed(judgement))
		return false;
	judgement->why = "somebody may do more than the list gives";
	if (!gives_no_more(judgement->workload, judgement->found))
		return false;
	judgement->why = "a snapshot or clone is gone or differs";
	if (!are_snapshots_right(judgement, pool, dataset))
		return false;
	world_settle(pool);
	judgement->why = "check complains";
	return operate_check(pool, judgement->workload->is_lying);
}

static bool judge(void *context, struct disk *crashed, const struct crash *crash)
{
	struct workload *workload = context;
	static struct model found;
	struct judgement judgement = {
		.workload = workload, .crash = crash, .found = &found, .why = "does not open"
	};
	static struct world world; // memory is kept from one state to the next
	struct sinter *pool;
	struct world before = world;
	world_init_again(&world, &before, 99);
	memset(&found, 0, sizeof found);
	bool is_good = world_open_some(&world, crashed, workload->opened, &pool) == OK;
	if (is_good) {
		is_good = judge_pool(&judgement, pool);
		sinter_abandon(pool);
	}
	if (!is_good && !workload->is_quiet) {
		workload->is_quiet = true; // the first one is enough to read
		printf("after write %u, flushes %u: %s\n", crash->writes, crash->flushes, judgement.why);
		for (u32 i = 0; i < workload->count; i++)
			op_print(&workload->ops[i]);
	}
	model_fini(judgement.found);
	return is_good;
}

struct explore_result workload_explore(
	struct workload *workload, const struct explore_options *options)
{
	workload->is_lying = options->lies != 0 || workload->was_lying;
	return explore_crashes(workload->base, workload->disk, options, judge, workload);
}
