// SPDX-License-Identifier: MIT
// show.c - sinter check, list, status: looking, read-only.
#include <inttypes.h>
#include <stdio.h>

#include "lib/sinter/check.h"
#include "tools/sinter/command.h"
#include "tools/sinter/progress.h"

static const char *const types = "?pc?d?b?-?l?s"; // by the upper four bits of the mode

static void print_complaint(void *context, view_t sentence)
{
	(void)context;
	progress_end();
	printf("%.*s\n", (int)sentence.size, (const char *)sentence.data);
}

static void quote_complaint(void *context, view_t sentence)
{
	const struct sinter_check *check = context;
	print_quoted(check->complaints > 1 ? ", " : "", sentence, "");
}

static void show_progress(void *context, u64 done, u64 all)
{
	(void)context;
	progress_show("check", done, all);
}

static void print_check(const struct sinter_check *check, bool is_json)
{
	printf(is_json ? "], \"complaints\": %" PRIu64 ", \"bad_copies\": %" PRIu64
					 ", \"directories\": %" PRIu64 ", \"files\": %" PRIu64 ", \"others\": %" PRIu64
					 ", \"names\": %" PRIu64 ", \"snapshots\": %" PRIu64 ", \"nodes\": %" PRIu64
					 ", \"records\": %" PRIu64 ", \"units_used\": %" PRIu64 "}\n"
				   : "%" PRIu64 " complaints, %" PRIu64 " bad copies; %" PRIu64
					 " directories, %" PRIu64 " files, %" PRIu64 " others, %" PRIu64
					 " names, %" PRIu64 " snapshots; %" PRIu64 " nodes, %" PRIu64
					 " records, %" PRIu64 " units in use\n",
		check->complaints, check->bad_copies, check->directories, check->files, check->others,
		check->names, check->snapshots, check->nodes, check->records, check->units_used);
}

int command_check(struct words *words)
{
	struct image image;
	bool is_json = words_flag(words, "--json");
	struct sinter_check check = { .complain = is_json ? quote_complaint : print_complaint,
		.progress = show_progress,
		.is_quick = words_flag(words, "--quick") };
	check.context = &check;
	int code = image_start(&image, words, "check IMAGE [--quick] [--json]", true);
	if (code)
		return code;
	printf(is_json ? "{\"texts\": [" : "");
	err_t err = sinter_check(image.pool, &check);
	progress_end();
	print_check(&check, is_json);
	code = image_close(&image);
	if (err != OK)
		return complain(image.paths, explain(err));
	return check.complaints ? 1 : code;
}

static void print_leg(const struct sinter_leg *leg, bool is_json)
{
	static const char *const states[] = { "none", "missing", "failed", "behind", "good" };
	const char *path = host_path(leg->device);
	printf(is_json ? "{\"device\": %u, \"leg\": %u, \"guid\": \"%016" PRIx64 "\", "
				   : "device %u leg %u, guid %016" PRIx64 ", ",
		leg->vdev, leg->leg, leg->guid);
	if (is_json)
		print_quoted("\"path\": ", view_cstring(path), ", ");
	else
		printf("%s: ", path);
	printf(is_json ? "\"state\": \"%s\", \"behind\": %" PRIu64
					 ", \"read_errors\": %u, \"bad\": %u, \"write_errors\": %u, \"healed\": %u}"
				   : "%s since txg %" PRIu64
					 "; %u read errors, %u bad blocks, %u write errors, %u blocks healed\n",
		AT(states, leg->state), leg->behind, leg->errors.read, leg->errors.bad, leg->errors.write,
		leg->errors.healed);
}

static void print_legs(const struct image *image, bool is_json)
{
	struct sinter_leg leg;
	bool is_first = true;
	printf(is_json ? "[" : "");
	for (u32 i = 0; i < LEGS_ALL; i++) {
		if (!sinter_leg(image->pool, i, &leg))
			continue;
		printf(is_json && !is_first ? ", " : "");
		is_first = false;
		print_leg(&leg, is_json);
	}
	printf(is_json ? "]" : "");
}

void print_scrub(const struct sinter_scrub *scrub, bool is_json)
{
	static const char *const states[] = { "none", "running", "paused", "done" };
	const struct scrub_record *record = &scrub->record;
	printf(is_json ? "{\"state\": \"%s\", \"blocks\": %" PRIu64 ", \"bad\": %" PRIu64
					 ", \"healed\": %" PRIu64 ", \"lost\": %" PRIu64 "}"
				   : "scrub %s: %" PRIu64 " blocks, %" PRIu64 " bad copies, %" PRIu64
					 " written again, %" PRIu64 " blocks without a good copy",
		AT(states, record->state % COUNT(states)), record->blocks, record->bad, record->healed,
		record->lost);
}

int command_status(struct words *words)
{
	struct image image;
	struct sinter_status status;
	struct sinter_scrub scrub;
	bool is_json = words_flag(words, "--json");
	int code = image_start(&image, words, "status IMAGE [--json]", true);
	if (code)
		return code;
	sinter_status(image.pool, &status);
	sinter_scrub_status(image.pool, &scrub);
	if (is_json)
		print_quoted("{\"name\": ", view_cstring(status.name), ", ");
	else
		printf("pool %s, ", status.name);
	printf(is_json ? "\"guid\": \"%016" PRIx64 "\", \"txg\": %" PRIu64 ", \"bytes\": %" PRIu64
					 ", \"bytes_free\": %" PRIu64 ", \"legs_count\": %u"
					 ", \"skipped_roots\": %u, \"checksum\": \"%s\", \"legs\": "
				   : "guid %016" PRIx64 ", txg %" PRIu64 "\n%" PRIu64 " bytes, %" PRIu64
					 " free, %u legs, %u roots skipped, sums by %s\n",
		status.guid, status.txg, status.units * UNIT_SIZE, status.units_free * UNIT_SIZE,
		status.legs, status.rewound, status.check_kind == CHECK_BLAKE3 ? "blake3" : "xxh3");
	print_legs(&image, is_json);
	printf(is_json ? ", \"scrub\": " : "");
	print_scrub(&scrub, is_json);
	printf(is_json ? "}\n" : "\n");
	return image_close(&image);
}

struct shown {
	const struct sinter_entry *entry;
	struct inode_record attributes;
	u8 target[VALUE_MAX]; // of a symbolic link
	usize target_size;
};

static void print_shown(const struct shown *shown)
{
	const struct inode_record *a = &shown->attributes;
	printf("%c%04o %3u %5u %5u %10" PRIu64 " %10" PRId64 ".%09u %.*s",
		view_at(view_cstring(types), a->mode >> 12 & 15), a->mode & 07777, a->links, a->user,
		a->group, a->size, a->mtime_s, a->mtime_ns, shown->entry->name_size,
		(const char *)shown->entry->name);
	if (shown->target_size)
		printf(" -> %.*s", (int)shown->target_size, (const char *)shown->target);
	printf("\n");
}

static void quote_shown(const struct shown *shown)
{
	const struct inode_record *a = &shown->attributes;
	print_quoted(
		"{\"name\": ", view_clamp(view_of(shown->entry->name), 0, shown->entry->name_size), ", ");
	if (shown->target_size)
		print_quoted(
			"\"target\": ", view_clamp(view_of(shown->target), 0, shown->target_size), ", ");
	printf("\"type\": \"%c\", \"mode\": %u, \"inode\": %" PRIu64 ", \"links\": %u, \"user\": %u"
		   ", \"group\": %u, \"size\": %" PRIu64 ", \"modified\": %" PRId64 ".%09u}",
		view_at(view_cstring(types), a->mode >> 12 & 15), a->mode & 07777, shown->entry->inode,
		a->links, a->user, a->group, a->size, a->mtime_s, a->mtime_ns);
}

static err_t list(struct image *image, const char *path, bool is_json)
{
	struct sinter_entry entry = {};
	static struct shown shown; // one thread
	u64 directory;
	bool is_first = true;
	TRY(image_find(image, path, &directory));
	while (true) {
		err_t err = HOST_WAIT(
			image->pool, sinter_read_directory(image->root, directory, entry.cookie, &entry));
		if (err != OK)
			return err == ERR_NOT_FOUND ? OK : err;
		shown = (struct shown){ .entry = &entry };
		TRY(HOST_WAIT(image->pool, sinter_attributes(image->root, entry.inode, &shown.attributes)));
		(void)HOST_WAIT(image->pool,
			sinter_read_link(image->root, entry.inode, span_of(shown.target), &shown.target_size));
		if (is_json)
			printf(is_first ? "" : ",\n ");
		is_first = false;
		(is_json ? quote_shown : print_shown)(&shown);
	}
}

int command_list(struct words *words)
{
	struct image image;
	bool is_json = words_flag(words, "--json");
	const char *snapshot = words_option(words, "--at");
	const char *dataset = words_option(words, "--dataset");
	const char *paths = words_take(words), *path = words_take(words);
	if (!words_end(words, "list IMAGE [PATH] [--dataset DATASET] [--at SNAPSHOT] [--json]", paths))
		return 2;
	if (!image_open_at(&image, paths, true, dataset, snapshot))
		return 1;
	printf(is_json ? "[" : "");
	err_t err = list(&image, *path ? path : "/", is_json);
	printf(is_json ? "]\n" : "");
	int code = image_close(&image);
	return err == OK ? code : complain(*path ? path : "/", err_name(err));
}
