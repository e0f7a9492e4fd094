// SPDX-License-Identifier: MIT
// show.c - sinter check, list, status: looking, read-only.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sinter/check.h"
#include "tools/sinter/command.h"

static const char *const types = "?pc?d?b?-?l?s"; // by the upper four bits of the mode

static void print_complaint(void *context, view_t sentence)
{
	(void)context;
	printf("%.*s\n", (int)sentence.size, (const char *)sentence.data);
}

static void print_check(const struct sinter_check *check, bool is_json)
{
	printf(is_json ? "{\"complaints\": %" PRIu64 ", \"bad_copies\": %" PRIu64
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
	struct sinter_check check = { .complain = print_complaint,
		.is_quick = words_flag(words, "--quick") };
	const char *paths = words_take(words);
	if (!words_end(words, "check IMAGE [--quick] [--json]") || !paths)
		return 2;
	if (!image_open(&image, paths, true))
		return 1;
	err_t err = sinter_check(image.pool, &check);
	print_check(&check, is_json);
	int code = image_close(&image);
	if (err != OK)
		return complain(paths, explain(err));
	return check.complaints ? 1 : code;
}

static void print_leg(const struct image *image, const struct sinter_leg *leg, bool is_json)
{
	static const char *const states[] = { "none", "missing", "failed", "behind", "good" };
	const char *path = "";
	for (u32 i = 0; i < image->count; i++)
		if (leg->device == &AT(image->files, i))
			path = AT(image->files, i).path;
	printf(is_json ? "{\"device\": %u, \"leg\": %u, \"guid\": \"%016" PRIx64
					 "\", \"path\": \"%s\", \"state\": \"%s\", \"behind\": %" PRIu64
					 ", \"read_errors\": %u, \"bad\": %u, \"write_errors\": %u, \"healed\": %u}"
				   : "device %u leg %u, guid %016" PRIx64 ", %s: %s since txg %" PRIu64
					 "; %u read errors, %u bad blocks, %u write errors, %u blocks healed\n",
		leg->vdev, leg->leg, leg->guid, path, AT(states, leg->state), leg->behind, leg->errors.read,
		leg->errors.bad, leg->errors.write, leg->errors.healed);
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
		print_leg(image, &leg, is_json);
	}
	printf(is_json ? "]" : "");
}

static void print_scrub(const struct image *image, bool is_json)
{
	struct sinter_scrub scrub;
	sinter_scrub_status(image->pool, &scrub);
	const struct scrub_record *record = &scrub.record;
	printf(is_json ? ", \"scrub\": {\"state\": %u, \"blocks\": %" PRIu64 ", \"bad\": %" PRIu64
					 ", \"healed\": %" PRIu64 ", \"lost\": %" PRIu64 "}}\n"
				   : "scrub state %u: %" PRIu64 " blocks, %" PRIu64 " bad copies, %" PRIu64
					 " written again, %" PRIu64 " blocks without a good copy\n",
		record->state, record->blocks, record->bad, record->healed, record->lost);
}

int command_status(struct words *words)
{
	struct image image;
	struct sinter_status status;
	bool is_json = words_flag(words, "--json");
	const char *paths = words_take(words);
	if (!words_end(words, "status IMAGE [--json]") || !paths)
		return 2;
	if (!image_open(&image, paths, true))
		return 1;
	sinter_status(image.pool, &status);
	printf(is_json ? "{\"name\": \"%s\", \"guid\": \"%016" PRIx64 "\", \"txg\": %" PRIu64
					 ", \"bytes\": %" PRIu64 ", \"bytes_free\": %" PRIu64 ", \"legs_count\": %u"
					 ", \"skipped_roots\": %u, \"legs\": "
				   : "pool %s, guid %016" PRIx64 ", txg %" PRIu64 "\n%" PRIu64 " bytes, %" PRIu64
					 " free, %u legs, %u roots skipped\n",
		status.name, status.guid, status.txg, status.units * UNIT_SIZE,
		status.units_free * UNIT_SIZE, status.legs, status.rewound);
	print_legs(&image, is_json);
	print_scrub(&image, is_json);
	return image_close(&image);
}

static void print_entry(struct image *image, const struct sinter_entry *entry)
{
	struct sinter_attributes a;
	u8 target[4096];
	usize size = 0;
	if (HOST_WAIT(image->pool, sinter_attributes(image->root, entry->inode, &a)) != OK) {
		printf("? %.*s\n", entry->name_size, (const char *)entry->name);
		return;
	}
	u8 type = view_at(view_cstring(types), a.mode >> 12 & 15);
	printf("%c%04o %3u %5u %5u %10" PRIu64 " %10" PRId64 ".%09u %.*s", type, a.mode & 07777,
		a.links, a.user, a.group, a.size, a.modified.s, a.modified.ns, entry->name_size,
		(const char *)entry->name);
	if (type == 'l' && HOST_WAIT(image->pool, sinter_read_link(image->root, entry->inode,
												  span_of(target), &size)) == OK)
		printf(" -> %.*s", (int)size, (const char *)target);
	printf("\n");
}

int command_list(struct words *words)
{
	struct image image;
	const char *snapshot = words_option(words, "--at");
	const char *dataset = words_option(words, "--dataset");
	const char *paths = words_take(words), *path = words_take(words);
	struct sinter_entry entry = {};
	u64 directory;
	if (!words_end(words, "list IMAGE [PATH] [--dataset DATASET] [--at SNAPSHOT]") || !paths)
		return 2;
	if (!image_open(&image, paths, true))
		return 1;
	if (!image_go_to(&image, dataset, snapshot))
		return image_close(&image), 1;
	err_t err = image_find(&image, path ? path : "/", &directory);
	while (err == OK) {
		err = HOST_WAIT(
			image.pool, sinter_read_directory(image.root, directory, entry.cookie, &entry));
		if (err == OK)
			print_entry(&image, &entry);
		else if (err == ERR_NOT_FOUND)
			break;
	}
	if (err != ERR_NOT_FOUND || !entry.cookie)
		err = err == ERR_NOT_FOUND ? OK : err;
	else
		err = OK;
	int code = image_close(&image);
	return err == OK ? code : complain(path ? path : "/", err_name(err));
}
