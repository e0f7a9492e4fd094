// SPDX-License-Identifier: MIT
// snapshots.c - sinter snapshot, snapshots, destroy; and choosing one to look at (--at NAME).
#include <inttypes.h>
#include <stdio.h>

#include "tools/sinter/command.h"

static bool find_snapshot(struct image *image, const char *name, struct sinter_snapshot *out)
{
	*out = (struct sinter_snapshot){};
	while (HOST_WAIT(image->pool, sinter_snapshot_next(image->root, out->txg, out)) == OK)
		if (!out->is_dying &&
			view_equal(view_cstring(name), view_clamp(view_of(out->name), 0, out->name_size)))
			return true;
	complain(name, "there is no such snapshot");
	return false;
}

bool image_go_back(struct image *image, const char *name)
{
	struct sinter_snapshot snapshot;
	struct dataset *dataset;
	if (!find_snapshot(image, name, &snapshot))
		return false;
	err_t err = HOST_WAIT(image->pool, sinter_snapshot_open(image->root, snapshot.txg, &dataset));
	if (err != OK)
		return complain(name, explain(err)), false;
	sinter_dataset_close(image->root);
	image->root = dataset;
	return true;
}

int command_snapshot(struct words *words)
{
	struct image image;
	u64 ticket;
	const char *paths = words_take(words), *name = words_take(words);
	if (!words_end(words, "snapshot IMAGE NAME") || !paths || !name)
		return 2;
	if (!image_open(&image, paths, false))
		return 1;
	err_t err =
		HOST_WAIT(image.pool, sinter_snapshot_begin(image.root, view_cstring(name), &ticket));
	if (err == OK)
		err = HOST_WAIT(image.pool, sinter_sync_done(image.pool, ticket));
	int code = image_close(&image);
	if (err == ERR_EXISTS)
		return complain(name, "there is a snapshot of this name already");
	return err == OK ? code : complain(name, explain(err));
}

int command_snapshots(struct words *words)
{
	struct image image;
	struct sinter_snapshot snapshot = {};
	const char *paths = words_take(words);
	if (!words_end(words, "snapshots IMAGE") || !paths)
		return 2;
	if (!image_open(&image, paths, true))
		return 1;
	while (HOST_WAIT(image.pool, sinter_snapshot_next(image.root, snapshot.txg, &snapshot)) == OK)
		printf("%10" PRIu64 " %10" PRIu64 " %.*s%s\n", snapshot.txg, snapshot.created_s,
			snapshot.name_size, (const char *)snapshot.name,
			snapshot.is_dying ? " (being destroyed)" : "");
	return image_close(&image);
}

int command_destroy(struct words *words)
{
	struct image image;
	struct sinter_snapshot snapshot, left;
	err_t err = ERR_NOT_FOUND;
	const char *paths = words_take(words), *name = words_take(words);
	if (!words_end(words, "destroy IMAGE NAME") || !paths || !name)
		return 2;
	if (!image_open(&image, paths, false))
		return 1;
	bool is_found = find_snapshot(&image, name, &snapshot);
	if (is_found)
		err = HOST_WAIT(image.pool, sinter_snapshot_destroy(image.root, snapshot.txg));
	// It goes on by itself; here we wait for the space.
	while (err == OK &&
		   HOST_WAIT(image.pool, sinter_snapshot_next(image.root, snapshot.txg - 1, &left)) == OK &&
		   left.txg == snapshot.txg && left.is_dying)
		err = HOST_WAIT(image.pool, sinter_sync_done(image.pool, sinter_sync_begin(image.pool)));
	int code = image_close(&image);
	if (!is_found)
		return 1;
	return err == OK ? code : complain(name, explain(err));
}
