// SPDX-License-Identifier: MIT
// snapshots.c - sinter snapshot, snapshots; and choosing what to look at (--dataset, --at).
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/sinter/passphrase.h"

static bool go_to(
	struct image *image, const char *_Nullable dataset, const char *_Nullable snapshot)
{
	struct target target;
	struct dataset *past;
	if (!dataset && !snapshot)
		return true;
	if (!target_open(&target, image, dataset ? dataset : "/"))
		return false;
	sinter_dataset_close(image->root);
	image->root = target.dataset;
	if (!passphrase_unlock(image, target.dataset, target.text))
		return false;
	if (!snapshot)
		return true;
	if (!target_find_snapshot(&target, view_cstring(snapshot), &target.snapshot))
		return refuse(snapshot, "there is no such snapshot");
	if (!target_open_past(&target, &target.snapshot, &past))
		return false;
	sinter_dataset_close(image->root);
	image->root = past;
	return true;
}

bool image_open_at(struct image *image, const char *paths, bool is_read_only, const char *dataset,
	const char *snapshot)
{
	if (!image_open(image, paths, is_read_only || snapshot))
		return false;
	bool is_there = go_to(image, dataset, snapshot);
	if (!is_there)
		image_close(image);
	return is_there;
}

static err_t take(struct target *target, view_t name)
{
	struct sinter *pool = target->image->pool;
	u64 ticket;
	TRY(HOST_WAIT(pool, sinter_snapshot_begin(target->dataset, name, &ticket)));
	return HOST_WAIT(pool, sinter_sync_done(pool, ticket));
}

int command_snapshot(struct words *words)
{
	struct image image;
	struct target target;
	const char *paths = words_take(words), *name = words_take(words);
	if (!words_end(words, "snapshot IMAGE [DATASET@]NAME", name))
		return 2;
	bool is_of_root = !strchr(name, '@');
	if (!target_begin(&target, &image, paths, is_of_root ? "/" : name, TARGET_DATASET))
		return 1;
	err_t err = take(&target, is_of_root ? view_cstring(name) : target.snapshot_name);
	return target_end(&target, err);
}

static void print_snapshot(const struct sinter_snapshot *snapshot, bool is_json, bool is_first)
{
	if (is_json) {
		printf("%s{\"txg\": %" PRIu64 ", \"created\": %" PRIu64 ", \"bytes\": %" PRIu64
			   ", \"is_dying\": %s",
			is_first ? "" : ",\n ", snapshot->txg, snapshot->created_s, snapshot->units * UNIT_SIZE,
			snapshot->is_dying ? "true" : "false");
		print_quoted(
			", \"name\": ", view_clamp(view_of(snapshot->name), 0, snapshot->name_size), "}");
	} else {
		printf("%10" PRIu64 " %10" PRIu64 " %.*s%s\n", snapshot->txg, snapshot->created_s,
			snapshot->name_size, (const char *)snapshot->name,
			snapshot->is_dying ? " (being destroyed)" : "");
	}
}

int command_snapshots(struct words *words)
{
	struct target target;
	struct sinter_snapshot snapshot = {};
	bool is_json = words_flag(words, "--json"), is_first = true;
	int code = target_start(&target, words, "snapshots IMAGE [DATASET] [--json]",
		TARGET_DATASET | TARGET_LOOK | TARGET_LESS);
	if (code)
		return code;
	printf(is_json ? "[" : "");
	while (HOST_WAIT(target.image->pool,
			   sinter_snapshot_next(target.dataset, snapshot.txg, &snapshot)) == OK) {
		print_snapshot(&snapshot, is_json, is_first);
		is_first = false;
	}
	printf(is_json ? "]\n" : "");
	return target_leave(&target);
}
