// SPDX-License-Identifier: MIT
// command.h - what the commands share: their words, opening an image, complaining.
#pragma once

#include "tools/sinter/host.h"

NONNULL_BEGIN

// The words behind the name of the command: options may stand anywhere.
struct words {
	char *_Nullable *_Nonnull at;
	u32 count;
	u32 next;
};

// The next word that is no option; empty: none is left.
const char *words_take(struct words *words);
// Is there --name? The word is used up. With a value: the word behind it.
bool words_flag(struct words *words, const char *name);
const char *_Nullable words_option(struct words *words, const char *name);
// Everything must be used up, and the last word that must be there not be empty; else complains and
// answers false.
bool words_end(struct words *words, const char *usage, const char *last);

// "64M", "2G", "4096": bytes.
bool parse_size(const char *text, u64 *out);

struct image {
	const char *paths; // as given
	struct host_file files[LEGS_ALL];
	struct device devices[LEGS_ALL];
	u32 count;
	struct sinter *pool;
	struct dataset *root;
};
// These files (several are separated by , or +, in any order), no pool opened on them. False: it
// complained.
bool image_take(struct image *image, const char *paths, bool is_read_only);
void image_give(struct image *image);
// Ends what can end without waiting. True: a flush is still under way.
bool image_look(struct image *image);
// Opens the pool on these files. False: it complained.
bool image_open(struct image *image, const char *paths, bool is_read_only);
int image_close(struct image *image); // exit status
// What a command without a dataset begins with: its one word is the image. 0, or the exit status.
int image_start(struct image *image, struct words *words, const char *usage, bool is_read_only);

int complain(const char *subject, const char *what); // prints "sinter: SUBJECT: WHAT", answers 1
const char *explain(err_t err);                      // for people

// A JSON string between two texts. A byte that is no UTF-8 becomes \udcXX, as Python tells it.
void print_quoted(const char *before, view_t text, const char *after);

void print_scrub(const struct sinter_scrub *scrub, bool is_json); // without a line's end

// Mode, owner, and the time of the last change for both times: reading changes the other one.
struct stat;
err_t image_set_attributes(struct image *image, u64 inode, const struct stat *from);

// A file of zeros of this size. False: it complained.
bool make_file(const char *path, u64 size);

// All of it, in as many steps as it takes.
err_t image_write(struct image *image, u64 inode, u64 offset, view_t bytes);

// Finds the inode of a path from the root of the pool.
err_t image_find(struct image *image, const char *path, u64 *out);

// Opens it with this dataset as its root, or snapshot of it to read only. False: it complained.
bool image_open_at(struct image *image, const char *paths, bool is_read_only,
	const char *_Nullable dataset, const char *_Nullable snapshot);

typedef int command_t(struct words *words); // answers the exit status
command_t command_snapshot, command_snapshots, command_dataset, command_datasets, command_destroy,
	command_rename, command_clone, command_promote, command_rollback, command_diff, command_send,
	command_key, command_receive, command_property, command_scrub, command_add, command_attach,
	command_replace, command_remove, command_grow, command_trim, command_create, command_check,
	command_list, command_dump, command_status, command_mount;

// Copies a directory of the host into the pool. False: it complained.
bool copy_tree(struct image *image, const char *from);
// The same with an archive (archive.c); "-" is the standard input.
bool copy_archive(struct image *image, const char *from);

NONNULL_END
