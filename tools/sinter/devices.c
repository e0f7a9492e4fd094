// SPDX-License-Identifier: MIT
// devices.c - sinter add, attach, replace, remove, grow, trim, scrub: what a pool consists of, and
// looking after it.
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/sinter/command.h"
#include "tools/sinter/progress.h"

static const char *explain_change(err_t err)
{
	switch ((i32)err) {
	case ERR_RANGE: return "too small for that";
	case ERR_BUSY: return "not possible: the last good leg stays, and a mirror has four at most";
	case ERR_TOO_BIG: return "the pool has as many top-level devices as it can have";
	default: return explain(err);
	}
}

// is_good: what came before the change was, else it is told of already. The exit status.
static int finish(struct image *image, const char *subject, bool is_good, err_t err)
{
	int code = image_close(image);
	if (err != OK)
		return complain(subject, explain_change(err));
	return is_good ? code : 1;
}

// Is there a pool already? Then it is only taken when forced.
static bool holds_pool(const struct host_file *file)
{
	u64 magic = 0;
	for (u64 unit = 16; unit < 18; unit++)
		if (pread(file->descriptor, &magic, sizeof magic, (off_t)(unit * UNIT_SIZE)) ==
				sizeof magic &&
			magic == MAGIC_CONFIG)
			return true;
	return false;
}

// A file that does not exist is made, of this size.
static bool make_missing(const char *path, u64 size)
{
	struct stat status;
	if (!stat(path, &status))
		return true;
	if (!size)
		return refuse(path, "does not exist; with --size it is made");
	return make_file(path, size);
}

// The legs of one device to be. False: it complained, and none is taken.
static bool take_new(struct image *taken, const char *paths, u64 size, bool is_forced)
{
	char *copy = strdup(paths), *rest = copy;
	bool is_good = copy != nullptr;
	while (is_good && rest)
		is_good = make_missing(strsep(&rest, ","), size);
	free(copy);
	if (!is_good || !image_take(taken, paths, false))
		return false;
	if (taken->count > LEGS_MAX)
		is_good = refuse(paths, "more than four legs");
	for (u32 i = 0; is_good && i < taken->count; i++)
		if (!is_forced && holds_pool(&AT(taken->files, i)))
			is_good = refuse(paths, "holds a pool already; --force replaces it");
	if (!is_good)
		image_give(taken);
	return is_good;
}

// By its path in the list, or by its guid. False: it complained.
static bool find_leg(const struct image *image, const char *word, struct sinter_leg *out)
{
	u64 guid = strtoull(word, nullptr, 16);
	for (u32 i = 0; i < LEGS_ALL; i++)
		if (sinter_leg(image->pool, i, out) &&
			(out->guid == guid || (*word && !strcmp(host_path(out->device), word))))
			return true;
	return refuse(word, "no leg of the pool: give a path of the list, or a guid of status");
}

// Until no leg is behind. The error is that of a commit.
static err_t wait_for_legs(struct image *image)
{
	while (true) {
		struct sinter_scrub scrub;
		struct sinter_status status;
		sinter_scrub_status(image->pool, &scrub);
		sinter_status(image->pool, &status);
		if (!scrub.is_resilvering || status.failure != OK)
			break;
		progress_show("resilver", scrub.resilvered * 4, status.units - status.units_free);
		sinter_wait(image->pool);
	}
	progress_end();
	return HOST_WAIT(image->pool, sinter_sync_done(image->pool, sinter_sync_begin(image->pool)));
}

int command_add(struct words *words)
{
	struct image image, taken = {};
	u64 size = 0;
	bool is_forced = words_flag(words, "--force");
	const char *text = words_option(words, "--size");
	const char *paths = words_take(words), *new_paths = words_take(words);
	bool is_good = !text || parse_size(text, &size);
	if (!words_end(
			words, "add IMAGE NEW[,NEW...] [--size SIZE] [--force]", is_good ? new_paths : ""))
		return 2;
	if (!image_open(&image, paths, false))
		return 1;
	bool is_taken = take_new(&taken, new_paths, size, is_forced);
	err_t err = is_taken ? sinter_add(image.pool, taken.devices, taken.count) : OK;
	int code = finish(&image, new_paths, is_taken, err);
	image_give(&taken);
	return code;
}

static int attach(struct words *words, const char *usage, bool is_replacing)
{
	struct image image, taken = {};
	struct sinter_leg leg;
	bool is_forced = words_flag(words, "--force");
	const char *paths = words_take(words), *old = words_take(words), *path = words_take(words);
	if (!words_end(words, usage, path))
		return 2;
	if (!image_open(&image, paths, false))
		return 1;
	bool is_taken = find_leg(&image, old, &leg) &&
	                take_new(&taken, path, leg.units * UNIT_SIZE, is_forced) &&
	                (taken.count == 1 || refuse(path, "one leg at a time"));
	err_t err =
		is_taken ? sinter_attach(image.pool, leg.guid, &AT(taken.devices, 0), is_replacing) : OK;
	if (is_taken && err == OK)
		err = wait_for_legs(&image);
	int code = finish(&image, path, is_taken, err);
	image_give(&taken);
	return code;
}

int command_attach(struct words *words)
{
	return attach(words, "attach IMAGE LEG NEW [--force]", false);
}

int command_replace(struct words *words)
{
	return attach(words, "replace IMAGE LEG NEW [--force]", true);
}

int command_remove(struct words *words)
{
	struct image image;
	struct sinter_leg leg;
	const char *paths = words_take(words), *word = words_take(words);
	if (!words_end(words, "remove IMAGE LEG", word))
		return 2;
	if (!image_open(&image, paths, false))
		return 1;
	bool is_found = find_leg(&image, word, &leg);
	err_t err = is_found ? sinter_remove(image.pool, leg.guid) : OK;
	return finish(&image, word, is_found, err);
}

static bool grow_files(struct image *image, u64 size)
{
	for (u32 i = 0; i < image->count; i++) {
		int descriptor = AT(image->files, i).descriptor;
		struct stat status;
		if (fstat(descriptor, &status) || !S_ISREG(status.st_mode) || (u64)status.st_size >= size)
			continue;
		if (ftruncate(descriptor, (off_t)size))
			return refuse("growing", strerror(errno));
	}
	return true;
}

int command_grow(struct words *words)
{
	struct image image;
	u64 size = 0;
	const char *text = words_option(words, "--size");
	if (text && !parse_size(text, &size))
		return complain(text, "this is no size");
	int code = image_start(&image, words, "grow IMAGE [--size SIZE]", false);
	if (code)
		return code;
	bool is_grown = grow_files(&image, size);
	err_t err = is_grown ? sinter_grow(image.pool) : OK;
	return finish(&image, image.paths, is_grown, err);
}

int command_trim(struct words *words)
{
	struct image image;
	u32 zone = 0;
	u64 units = 0;
	err_t err = OK;
	int code = image_start(&image, words, "trim IMAGE", false);
	if (code)
		return code;
	while (err == OK)
		err = HOST_WAIT(image.pool, sinter_trim(image.pool, &zone, &units));
	printf("%" PRIu64 " bytes hold nothing\n", units * UNIT_SIZE);
	code = image_close(&image);
	return err == ERR_NOT_FOUND ? code : complain(image.paths, explain(err));
}

static volatile sig_atomic_t is_interrupted; // by the handler; read between blocks

static void interrupt(int signal_number)
{
	(void)signal_number;
	is_interrupted = 1;
}

static err_t run_scrub(struct image *image, struct sinter_scrub *scrub)
{
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	TRY(sinter_scrub_begin(image->pool));
	while (true) {
		struct sinter_status status;
		sinter_wait(image->pool);
		sinter_scrub_status(image->pool, scrub);
		sinter_status(image->pool, &status);
		progress_show("scrub", scrub->record.units, scrub->record.units_all);
		if (scrub->record.state != SCRUB_RUNNING || status.failure != OK)
			return status.failure;
		if (is_interrupted)
			(void)sinter_scrub_pause(image->pool);
	}
}

int command_scrub(struct words *words)
{
	struct image image;
	struct sinter_scrub scrub = {};
	bool is_json = words_flag(words, "--json");
	int code = image_start(&image, words, "scrub IMAGE [--json]", false);
	if (code)
		return code;
	err_t err = run_scrub(&image, &scrub);
	progress_end();
	sinter_scrub_status(image.pool, &scrub);
	print_scrub(&scrub, is_json);
	putchar('\n');
	code = image_close(&image);
	if (err != OK)
		return complain(image.paths, explain(err));
	return scrub.record.lost || scrub.record.bad > scrub.record.healed ? 1 : code;
}
