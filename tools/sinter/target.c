// SPDX-License-Identifier: MIT
// target.c - "a/b@monday": which dataset of an image, and which snapshot of it. "" and "/" are the
// root dataset.
#include "tools/sinter/target.h"

#include <string.h>

static err_t open_dataset(struct image *image, view_t path, struct dataset **out)
{
	struct sinter *pool = image->pool;
	err_t err = HOST_WAIT(pool, sinter_dataset_open(pool, DATASET_ROOT, out));
	while (err == OK && path.size) {
		u64 id;
		usize end = view_find(path, '/');
		view_t name = view_clamp(path, 0, end);
		path = view_from_offset(path, end + 1);
		if (!name.size)
			continue;
		err = HOST_WAIT(pool, sinter_dataset_find(*out, name, &id));
		sinter_dataset_close(*out);
		if (err == OK)
			err = HOST_WAIT(pool, sinter_dataset_open(pool, id, out));
	}
	return err;
}

bool target_find_snapshot(struct target *target, view_t name, struct sinter_snapshot *out)
{
	struct sinter *pool = target->image->pool;
	*out = (struct sinter_snapshot){};
	while (HOST_WAIT(pool, sinter_snapshot_next(target->dataset, out->txg, out)) == OK)
		if (!out->is_dying && view_equal(name, view_clamp(view_of(out->name), 0, out->name_size)))
			return true;
	return false;
}

bool target_open_past(
	struct target *target, const struct sinter_snapshot *snapshot, struct dataset **out)
{
	struct sinter *pool = target->image->pool;
	err_t err = HOST_WAIT(pool, sinter_snapshot_open(target->dataset, snapshot->txg, out));
	return err == OK || refuse(target->text, explain(err));
}

view_t target_name_only(const char *text)
{
	view_t name = view_cstring(text);
	return view_starts_with(name, VIEW_TEXT("@")) ? view_from_offset(name, 1) : name;
}

bool target_open(struct target *target, struct image *image, const char *text)
{
	view_t all = view_cstring(text);
	usize at = view_find(all, '@');
	*target = (struct target){ .image = image, .text = text };
	err_t err = open_dataset(image, view_clamp(all, 0, at), &target->dataset);
	if (err != OK)
		return refuse(text, err == ERR_NOT_FOUND ? "there is no such dataset" : explain(err));
	if (at == all.size)
		return true;
	target->snapshot_name = view_from_offset(all, at + 1);
	target->has_snapshot = target_find_snapshot(target, target->snapshot_name, &target->snapshot);
	return true;
}

static bool open_snapshot(struct target *target, struct image *image, const char *text)
{
	if (!target_open(target, image, text))
		return false;
	if (target->has_snapshot)
		return true;
	target_close(target);
	return refuse(text, target->snapshot_name.size ? "there is no such snapshot"
												   : "a snapshot is needed: DATASET@SNAPSHOT");
}

void target_close(struct target *target)
{
	sinter_dataset_close(target->dataset);
}

bool target_open_place(struct target *target, struct image *image, const char *text)
{
	view_t all = view_cstring(text);
	usize slash = all.size;
	while (slash && view_at(all, slash - 1) != '/')
		slash--;
	*target = (struct target){ .image = image, .text = text };
	target->place.name = view_from_offset(all, slash);
	err_t err = open_dataset(image, view_clamp(all, 0, slash), &target->dataset);
	if (err != OK)
		return refuse(text, err == ERR_NOT_FOUND ? "there is no such dataset above" : explain(err));
	target->place.parent = target->dataset;
	return true;
}

err_t target_commit(struct image *image)
{
	return HOST_WAIT(image->pool, sinter_sync_done(image->pool, sinter_sync_begin(image->pool)));
}

static const char *explain_change(err_t err)
{
	switch ((i32)err) {
	case ERR_EXISTS: return "there is one of this name already";
	case ERR_NOT_FOUND: return "there is no such dataset or snapshot";
	case ERR_NOT_EMPTY: return "it has snapshots or datasets below it; destroy these first";
	case ERR_BUSY: return "it is in use: it has clones, or is being changed";
	case ERR_INVALID: return "this name cannot be used here";
	case ERR_DEPTH: return "datasets are nested too deeply";
	case ERR_STATE: return "it is no clone";
	case ERR_NO_SPACE: return "not so much space is free";
	case ERR_READ_ONLY: return "the pool or dataset is read-only";
	case ERR_RIGHTS: return "its passphrase is needed";
	default: return explain(err);
	}
}

bool target_begin(
	struct target *target, struct image *image, const char *paths, const char *name, u32 kind)
{
	if (!image_open(image, paths, kind & TARGET_LOOK))
		return false;
	kind &= ~TARGET_LOOK;
	if (kind == TARGET_EITHER)
		kind = strchr(name, '@') ? TARGET_SNAPSHOT : TARGET_PLACE;
	bool is_open = kind == TARGET_PLACE      ? target_open_place(target, image, name)
	               : kind == TARGET_SNAPSHOT ? open_snapshot(target, image, name)
	                                         : target_open(target, image, name);
	if (!is_open)
		image_close(image);
	return is_open;
}

int target_start(struct target *target, struct words *words, const char *usage, u32 kind)
{
	static struct image image; // one command
	const char *paths = words_take(words), *name = words_take(words);
	const char *other = kind & TARGET_TWO ? words_take(words) : name;
	const char *last = !(kind & TARGET_LESS) ? other : kind & TARGET_TWO ? name : paths;
	if (!words_end(words, usage, last))
		return 2;
	if (!target_begin(target, &image, paths, name, kind & ~(TARGET_TWO | TARGET_LESS)))
		return 1;
	target->other = other;
	return 0;
}

int target_leave(struct target *target)
{
	target_close(target);
	return image_close(target->image);
}

int target_end(struct target *target, err_t err)
{
	if (err == OK)
		err = target_commit(target->image);
	int code = target_leave(target);
	return err == OK ? code : complain(target->text, explain_change(err));
}
