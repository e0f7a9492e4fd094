// SPDX-License-Identifier: MIT
// sets.c - sinter dataset, datasets, destroy, rename, clone, promote, rollback.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/sinter/passphrase.h"

enum { DEPTH = 17 };

// A dataset that cannot be encrypted does not stay.
static err_t encrypt(struct target *target, u64 id)
{
	struct sinter *pool = target->image->pool;
	struct dataset *dataset;
	TRY(HOST_WAIT(pool, sinter_dataset_open(pool, id, &dataset)));
	err_t err = passphrase_set(target->image, dataset, sinter_key_protect);
	sinter_dataset_close(dataset);
	if (err != OK)
		(void)HOST_WAIT(pool, sinter_dataset_destroy(target->place.parent, target->place.name));
	return err;
}

int command_dataset(struct words *words)
{
	struct target target;
	const struct sinter_new root = { .mode = 0755 };
	u64 id;
	bool is_encrypted = words_flag(words, "--encrypt");
	int code = target_start(
		&target, words, "dataset IMAGE NAME [--encrypt] [--passphrase-file FILE]", TARGET_PLACE);
	if (code)
		return code;
	err_t err = HOST_WAIT(target.image->pool,
		sinter_dataset_create(target.place.parent, target.place.name, &root, &id));
	if (err == OK && is_encrypted)
		err = encrypt(&target, id);
	return target_end(&target, err);
}

// Datasets on the way down, each with its name and how far its children were listed.
struct level {
	struct dataset *dataset;
	struct sinter_entry child;
	usize path_size;
};

struct listing {
	struct image *image;
	struct level levels[DEPTH];
	u32 depth;
	char path[4096];
	bool is_json, is_any;
};

static void print_dataset(struct listing *listing)
{
	const struct level *level = &AT(listing->levels, listing->depth - 1);
	const struct dataset_record *p = sinter_properties(level->dataset);
	const char *path = level->path_size ? listing->path : "/";
	if (listing->is_json) {
		print_quoted(
			listing->is_any ? ",\n {\"name\": " : "[{\"name\": ", view_cstring(path), ", ");
		printf("\"id\": %" PRIu64 ", \"created\": %" PRIu64 ", \"bytes\": %" PRIu64
			   ", \"quota\": %" PRIu64 ", \"reservation\": %" PRIu64 ", \"origin\": %" PRIu64
			   ", \"read_only\": %s}",
			p->id, p->created_s, p->units * UNIT_SIZE, p->quota * UNIT_SIZE,
			p->reservation * UNIT_SIZE, p->origin, p->flags & DATASET_READ_ONLY ? "true" : "false");
	} else {
		printf("%12" PRIu64 " %s%s%s\n", p->units * UNIT_SIZE, path, p->origin ? " (clone)" : "",
			p->flags & DATASET_RECEIVING ? " (received in part)" : "");
	}
	listing->is_any = true;
}

static err_t enter(struct listing *listing, u64 id)
{
	struct level *level = &AT(listing->levels, listing->depth);
	*level = (struct level){ .path_size = strlen(listing->path) };
	TRY(HOST_WAIT(
		listing->image->pool, sinter_dataset_open(listing->image->pool, id, &level->dataset)));
	listing->depth++;
	print_dataset(listing);
	return OK;
}

static err_t list_step(struct listing *listing)
{
	struct level *level = &AT(listing->levels, listing->depth - 1);
	struct sinter_entry *child = &level->child;
	*span_at(span_of(listing->path), level->path_size) = 0;
	err_t err =
		HOST_WAIT(listing->image->pool, sinter_dataset_next(level->dataset, child->cookie, child));
	if (err == OK && listing->depth == DEPTH)
		err = ERR_DEPTH;
	if (err == OK && level->path_size + child->name_size + 2u < sizeof listing->path) {
		span_t rest = span_from_offset(span_of(listing->path), level->path_size);
		snprintf((char *)rest.data, rest.size, "%s%.*s", level->path_size ? "/" : "",
			child->name_size, (const char *)child->name);
		return enter(listing, child->inode);
	}
	sinter_dataset_close(level->dataset);
	listing->depth--;
	return err == ERR_NOT_FOUND ? OK : err;
}

int command_datasets(struct words *words)
{
	struct image image;
	static struct listing listing; // large; one thread
	listing = (struct listing){ .image = &image, .is_json = words_flag(words, "--json") };
	int code = image_start(&image, words, "datasets IMAGE [--json]", true);
	if (code)
		return code;
	err_t err = enter(&listing, DATASET_ROOT);
	while (listing.depth) {
		err_t step = list_step(&listing);
		err = err == OK ? step : err;
	}
	if (listing.is_json)
		printf("]\n");
	code = image_close(&image);
	return err == OK ? code : complain(image.paths, explain(err));
}

// It goes on by itself, also later; here we wait for the space.
static err_t wait_for_snapshot(struct target *target)
{
	struct image *image = target->image;
	struct sinter_snapshot left;
	u64 txg = target->snapshot.txg;
	while (HOST_WAIT(image->pool, sinter_snapshot_next(target->dataset, txg - 1, &left)) == OK &&
		   left.txg == txg && left.is_dying)
		TRY(target_commit(image));
	return OK;
}

static err_t wait_for_garbage(struct image *image)
{
	struct sinter_status status;
	do {
		TRY(target_commit(image));
		sinter_wait(image->pool);
		sinter_status(image->pool, &status);
	} while (status.is_destroying);
	return OK;
}

static err_t destroy(struct target *target)
{
	struct sinter *pool = target->image->pool;
	if (target->has_snapshot) {
		TRY(HOST_WAIT(pool, sinter_snapshot_destroy(target->dataset, target->snapshot.txg)));
		return wait_for_snapshot(target);
	}
	TRY(HOST_WAIT(pool, sinter_dataset_destroy(target->place.parent, target->place.name)));
	return wait_for_garbage(target->image);
}

int command_destroy(struct words *words)
{
	struct target target;
	int code = target_start(
		&target, words, "destroy IMAGE DATASET | IMAGE [DATASET]@SNAPSHOT", TARGET_EITHER);
	return code ? code : target_end(&target, destroy(&target));
}

int command_rename(struct words *words)
{
	struct target from, to;
	int code = target_start(&from, words, "rename IMAGE DATASET NEW", TARGET_PLACE | TARGET_TWO);
	if (code)
		return code;
	if (!target_open_place(&to, from.image, from.other))
		return target_leave(&from) | 1;
	err_t err = HOST_WAIT(from.image->pool, sinter_dataset_rename(from.place, to.place));
	target_close(&to);
	return target_end(&from, err);
}

int command_clone(struct words *words)
{
	struct target from, to;
	u64 id;
	int code = target_start(
		&from, words, "clone IMAGE [DATASET]@SNAPSHOT NAME", TARGET_SNAPSHOT | TARGET_TWO);
	if (code)
		return code;
	if (!target_open_place(&to, from.image, from.other))
		return target_leave(&from) | 1;
	err_t err =
		HOST_WAIT(from.image->pool, sinter_clone(from.dataset, from.snapshot.txg, to.place, &id));
	target_close(&to);
	return target_end(&from, err);
}

int command_promote(struct words *words)
{
	struct target target;
	int code = target_start(&target, words, "promote IMAGE CLONE", TARGET_DATASET);
	if (code)
		return code;
	return target_end(&target, HOST_WAIT(target.image->pool, sinter_promote(target.dataset)));
}

// The image's own opening of the root dataset would keep a rollback of it from being alone.
static err_t roll_back(struct image *image, struct target *target, bool is_forced)
{
	struct sinter_snapshot newer;
	sinter_dataset_close(image->root);
	err_t err = OK;
	while (is_forced && err == OK &&
		   HOST_WAIT(image->pool,
			   sinter_snapshot_next(target->dataset, target->snapshot.txg, &newer)) == OK) {
		struct target doomed = *target;
		doomed.snapshot = newer;
		if (!newer.is_dying)
			err = HOST_WAIT(image->pool, sinter_snapshot_destroy(target->dataset, newer.txg));
		if (err == OK)
			err = wait_for_snapshot(&doomed);
	}
	if (err == OK)
		err = HOST_WAIT(image->pool, sinter_rollback(target->dataset, target->snapshot.txg));
	if (err == OK)
		err = wait_for_garbage(image);
	err_t again =
		HOST_WAIT(image->pool, sinter_dataset_open(image->pool, DATASET_ROOT, &image->root));
	return err == OK ? again : err;
}

int command_rollback(struct words *words)
{
	struct target target;
	bool is_forced = words_flag(words, "--force");
	int code = target_start(
		&target, words, "rollback IMAGE [DATASET]@SNAPSHOT [--force]", TARGET_SNAPSHOT);
	if (code)
		return code;
	err_t err = roll_back(target.image, &target, is_forced);
	if (err == ERR_NOT_EMPTY)
		return target_leave(&target),
		       complain(target.text, "there are newer snapshots; --force destroys them");
	return target_end(&target, err);
}
