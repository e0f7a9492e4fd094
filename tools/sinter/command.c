// SPDX-License-Identifier: MIT
// command.c - words of the command line, images, messages.
#include "tools/sinter/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int complain(const char *subject, const char *what)
{
	return !refuse(subject, what);
}

// The bytes of the character that a text begins with; 0: that is no UTF-8.
static usize character_size(view_t text)
{
	u8 first = view_at(text, 0), second = text.size > 1 ? view_at(text, 1) : 0;
	usize size = 1u + (first >= 0xc2) + (first >= 0xe0) + (first >= 0xf0);
	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || (first == 0xe0 && second < 0xa0) ||
		(first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
		(first == 0xf4 && second > 0x8f))
		return 0;
	for (usize i = 1; i < size; i++)
		if (i >= text.size || (view_at(text, i) & 0xc0) != 0x80)
			return 0;
	return size;
}

void print_quoted(const char *before, view_t text, const char *after)
{
	printf("%s\"", before);
	while (text.size) {
		usize size = character_size(text);
		u8 byte = view_at(text, 0);
		if (!size)
			printf("\\udc%02x", byte);
		else if (byte < ' ' || byte == '"' || byte == '\\')
			printf("\\u%04x", byte);
		else
			printf("%.*s", (int)size, (const char *)text.data);
		text = view_from_offset(text, size ? size : 1);
	}
	printf("\"%s", after);
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
	return "";
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

bool words_end(struct words *words, const char *usage, const char *last)
{
	for (u32 i = 0; i < words->count; i++) {
		if (!*word(words, i))
			continue;
		(void)refuse(*word(words, i), "what is this?");
		last = "";
	}
	if (!*last)
		fprintf(stderr, "usage: sinter %s\n", usage);
	return *last;
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

bool image_take(struct image *image, const char *paths, bool is_read_only)
{
	char *copy = strdup(paths), *rest = copy;
	*image = (struct image){ .paths = paths };
	bool is_good = copy != nullptr;
	while (is_good && rest) {
		const char *path = strsep(&rest, ",+");
		if (image->count == LEGS_ALL)
			is_good = refuse(path, "too many devices");
		else
			is_good = host_open(&AT(image->files, image->count), path, is_read_only);
		if (is_good)
			AT(image->devices, image->count) = AT(image->files, image->count).device;
		image->count += is_good;
	}
	free(copy);
	if (!is_good)
		image_give(image);
	return is_good;
}

void image_give(struct image *image)
{
	for (u32 i = 0; i < image->count; i++)
		host_close(&AT(image->files, i));
	image->count = 0;
}

bool image_look(struct image *image)
{
	bool is_flushing = false;
	for (u32 i = 0; i < image->count; i++)
		is_flushing |= host_look(&AT(image->files, i));
	return is_flushing;
}

bool image_open(struct image *image, const char *paths, bool is_read_only)
{
	struct port port = host_port();
	struct sinter_options options = { .frames = 4096, .is_read_only = is_read_only };
	if (!image_take(image, paths, is_read_only))
		return false;
	err_t err = sinter_open(&port, image->devices, image->count, &options, &image->pool);
	if (err == OK) {
		err = HOST_WAIT(image->pool, sinter_dataset_open(image->pool, DATASET_ROOT, &image->root));
		if (err == OK)
			return true;
		sinter_abandon(image->pool);
	}
	image_give(image);
	return refuse(paths, explain(err));
}

int image_close(struct image *image)
{
	sinter_dataset_close(image->root);
	err_t err = sinter_close(image->pool);
	image_give(image);
	return err == OK ? 0 : complain("closing", explain(err));
}

int image_start(struct image *image, struct words *words, const char *usage, bool is_read_only)
{
	const char *paths = words_take(words);
	if (!words_end(words, usage, paths))
		return 2;
	return image_open(image, paths, is_read_only) ? 0 : 1;
}

err_t image_set_attributes(struct image *image, u64 inode, const struct stat *from)
{
	struct inode_record values = { .mode = from->st_mode,
		.user = from->st_uid,
		.group = from->st_gid,
		.atime_s = from->st_mtim.tv_sec,
		.mtime_s = from->st_mtim.tv_sec };
	values.atime_ns = values.mtime_ns = (u32)from->st_mtim.tv_nsec;
	return HOST_WAIT(image->pool, sinter_set_attributes(image->root, inode, &values,
									  ATTRIBUTE_MODE | ATTRIBUTE_USER | ATTRIBUTE_GROUP |
										  ATTRIBUTE_ACCESSED | ATTRIBUTE_MODIFIED));
}

bool make_file(const char *path, u64 size)
{
	int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	bool is_good = descriptor >= 0 && !ftruncate(descriptor, (off_t)size);
	if (!is_good)
		(void)refuse(path, strerror(errno));
	if (descriptor >= 0)
		close(descriptor);
	return is_good;
}

err_t image_write(struct image *image, u64 inode, u64 offset, view_t bytes)
{
	while (bytes.size) {
		usize written;
		TRY(HOST_WAIT(image->pool, sinter_write(image->root, inode, offset, bytes, &written)));
		offset += written;
		bytes = view_from_offset(bytes, written);
	}
	return OK;
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
