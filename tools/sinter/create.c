// SPDX-License-Identifier: MIT
// create.c - sinter create: a new image, empty or with a directory's contents. With --guid and
// SOURCE_DATE_EPOCH the same contents make the same image, byte for byte.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/sinter/command.h"

static const char usage[] =
	"create IMAGE[,IMAGE...][+IMAGE...] --size SIZE [--name NAME] [--from DIRECTORY|ARCHIVE] "
	"[--copies 1|2|3] [--compress] [--checksum xxh3|blake3] [--guid NUMBER] [--force]";

struct create {
	const char *paths, *_Nullable from;
	u64 size;
	bool is_forced;
	struct sinter_format format;
};

// A file is made or made longer; what is a pool already is left alone unless forced.
static int make_image(const struct create *create, const char *path)
{
	struct stat status;
	bool is_new = stat(path, &status) != 0;
	if (!is_new && !create->is_forced)
		return complain(path, "exists already; --force replaces what it holds");
	if (!is_new && S_ISBLK(status.st_mode))
		return 0;
	if (!create->size)
		return complain(path, "--size is missing");
	return !make_file(path, create->size);
}

// How many legs each top-level device has: they are parted by +. 0: not all the same.
static u32 count_legs(const char *paths)
{
	view_t all = view_cstring(paths);
	u32 first = 0, legs = 1;
	for (usize at = 0; at <= all.size; at++) {
		u8 byte = at < all.size ? view_at(all, at) : '+';
		legs += byte == ',';
		if (byte != '+')
			continue;
		if (first && legs != first)
			return 0;
		first = legs;
		legs = 1;
	}
	return first;
}

static int make_files(const struct create *create)
{
	char *copy = strdup(create->paths), *rest = copy;
	int code = copy ? 0 : 1;
	while (rest && !code)
		code = make_image(create, strsep(&rest, ",+"));
	free(copy);
	return code;
}

static int format(const struct create *create)
{
	struct image image;
	struct port port = host_port();
	if (!image_take(&image, create->paths, false))
		return 1;
	err_t err = sinter_format(&port, image.devices, image.count, &create->format);
	image_give(&image);
	return err == OK ? 0 : complain(create->paths, explain(err));
}

static bool parse_checksum(const char *_Nullable name, enum check_kind *out)
{
	*out = name && !strcmp(name, "blake3") ? CHECK_BLAKE3 : CHECK_XXH3;
	return !name || *out == CHECK_BLAKE3 || !strcmp(name, "xxh3");
}

static bool parse(struct words *words, struct create *create)
{
	const char *size = words_option(words, "--size"), *copies = words_option(words, "--copies");
	const char *guid = words_option(words, "--guid"), *name = words_option(words, "--name");
	const char *checksum = words_option(words, "--checksum");
	create->from = words_option(words, "--from");
	create->is_forced = words_flag(words, "--force");
	create->format.compression = words_flag(words, "--compress") ? COMPRESS_LZ4 : COMPRESS_NONE;
	if (name)
		create->format.name = view_cstring(name);
	if (guid)
		create->format.guid = strtoull(guid, nullptr, 0);
	if (copies)
		create->format.copies = (u8)strtoul(copies, nullptr, 10);
	const char *paths = words_take(words);
	bool is_good = (!size || parse_size(size, &create->size)) &&
	               create->format.copies <= COPIES_MAX &&
	               parse_checksum(checksum, &create->format.check_kind);
	if (!words_end(words, usage, is_good ? paths : ""))
		return false;
	create->paths = paths;
	create->format.legs = count_legs(paths);
	if (!create->format.legs)
		fprintf(
			stderr, "sinter: all top-level devices begin with as many legs; add others later\n");
	return create->format.legs;
}

int command_create(struct words *words)
{
	struct create create = { .paths = "" };
	struct image image;
	if (!parse(words, &create))
		return 2;
	int code = make_files(&create);
	if (!code)
		code = format(&create);
	if (code || !create.from)
		return code;
	if (!image_open(&image, create.paths, false))
		return 1;
	struct stat status;
	bool is_folder = !stat(create.from, &status) && S_ISDIR(status.st_mode);
	bool is_copied = is_folder ? copy_tree(&image, create.from) : copy_archive(&image, create.from);
	code = image_close(&image);
	return is_copied ? code : 1;
}
