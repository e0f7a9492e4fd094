// SPDX-License-Identifier: MIT
// command.c - words of the command line, images, messages.
#include "tools/sinter/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int complain(const char *subject, const char *what)
{
	fprintf(stderr, "sinter: %s: %s\n", subject, what);
	return 1;
}

const char *explain(err_t err)
{
	switch ((i32)err) {
	case ERR_NOT_FOUND: return "there is no Sinter pool here";
	case ERR_UNSUPPORTED:
		return "the pool has a newer format than this program knows; nothing was changed";
	case ERR_CORRUPT: return "no root of the pool can be read whole; nothing was changed";
	case ERR_INVALID: return "these are not of one pool, or a top-level device is missing";
	case ERR_IO: return "the device fails";
	case ERR_NO_SPACE: return "the pool is full";
	case ERR_NO_MEMORY: return "out of memory";
	case ERR_RANGE: return "too small: a pool has at least 16 MiB";
	default: return err_name(err);
	}
}

static char **word(struct words *words, u32 i)
{
	return view_element(words->at, sizeof *words->at, words->count, i);
}

const char *words_take(struct words *words)
{
	for (; words->next < words->count; words->next++) {
		const char *text = *word(words, words->next);
		if (text && strncmp(text, "--", 2) != 0) {
			*word(words, words->next++) = nullptr;
			return text;
		}
	}
	return nullptr;
}

bool words_flag(struct words *words, const char *name)
{
	for (u32 i = 0; i < words->count; i++) {
		const char *text = *word(words, i);
		if (!text || strcmp(text, name) != 0)
			continue;
		*word(words, i) = nullptr;
		return true;
	}
	return false;
}

const char *words_option(struct words *words, const char *name)
{
	for (u32 i = 0; i + 1 < words->count; i++) {
		const char *text = *word(words, i), *value = *word(words, i + 1);
		if (!text || !value || strcmp(text, name) != 0)
			continue;
		*word(words, i) = *word(words, i + 1) = nullptr;
		return value;
	}
	return nullptr;
}

bool words_end(struct words *words, const char *usage)
{
	for (u32 i = 0; i < words->count; i++) {
		if (!*word(words, i))
			continue;
		fprintf(stderr, "sinter: %s: what is this?\nusage: sinter %s\n", *word(words, i), usage);
		return false;
	}
	return true;
}

bool parse_size(const char *text, u64 *out)
{
	char *end;
	u64 shift = 0;
	*out = strtoull(text, &end, 0);
	switch (*end) {
	case 'K': shift = 10; break;
	case 'M': shift = 20; break;
	case 'G': shift = 30; break;
	case 'T': shift = 40; break;
	default: return end != text && !*end;
	}
	*out <<= shift;
	return strlen(end) == 1 && *out >> shift;
}

static bool open_files(struct image *image, const char *paths, bool is_read_only)
{
	char *copy = strdup(paths), *rest = copy;
	bool is_good = copy != nullptr;
	while (is_good && rest) {
		char *path = strsep(&rest, ",+");
		view_t error;
		if (image->count == LEGS_ALL) {
			complain(path, "too many devices");
			is_good = false;
		} else if (!host_open(&AT(image->files, image->count), path, is_read_only, &error)) {
			fprintf(stderr, "sinter: %s: %.*s\n", path, (int)error.size, (const char *)error.data);
			is_good = false;
		} else {
			image->count++;
		}
	}
	free(copy);
	return is_good;
}

static void close_files(struct image *image)
{
	for (u32 i = 0; i < image->count; i++)
		host_close(&AT(image->files, i));
}

bool image_open(struct image *image, const char *paths, bool is_read_only)
{
	struct port port = host_port();
	struct device devices[LEGS_ALL] = {};
	struct sinter_options options = { .frames = 4096, .is_read_only = is_read_only };
	*image = (struct image){};
	err_t err = ERR_IO;
	bool is_open = open_files(image, paths, is_read_only);
	for (u32 i = 0; i < image->count; i++)
		AT(devices, i) = AT(image->files, i).device;
	if (is_open) {
		err = sinter_open(&port, devices, image->count, &options, &image->pool);
		if (err != OK)
			complain(paths, explain(err));
	}
	if (err == OK) {
		err = HOST_WAIT(image->pool, sinter_dataset_open(image->pool, DATASET_ROOT, &image->root));
		if (err == OK)
			return true;
		complain(paths, explain(err));
		sinter_abandon(image->pool);
	}
	close_files(image);
	return false;
}

int image_close(struct image *image)
{
	sinter_dataset_close(image->root);
	err_t err = sinter_close(image->pool);
	close_files(image);
	return err == OK ? 0 : complain("closing", explain(err));
}

err_t image_find(struct image *image, const char *path, u64 *out)
{
	view_t rest = view_cstring(path);
	*out = INODE_ROOT;
	while (rest.size) {
		usize end = view_find(rest, '/');
		view_t name = view_clamp(rest, 0, end);
		rest = view_from_offset(rest, end + 1);
		if (name.size)
			TRY(HOST_WAIT(image->pool, sinter_lookup(image->root, *out, name, out)));
	}
	return OK;
}
