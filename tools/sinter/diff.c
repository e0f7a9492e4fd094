// SPDX-License-Identifier: MIT
// diff.c - sinter diff: what changed between two snapshots, or a snapshot and the present. First
// all changes are gathered, then names that went and came are matched by inode: those were renamed.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sinter/passphrase.h"

struct name {
	u64 directory, inode;
	bool is_used; // one half of a rename
	char text[NAME_SIZE_MAX + 1];
};

struct names {
	struct name *at; // owned
	usize count, room;
};

struct diff {
	struct image *image;
	struct dataset *old, *new;
	struct names gone, come, changed; // changed: inode only
	bool is_json, is_any;
};

static struct name *name_at(const struct names *names, usize i)
{
	return view_element(names->at, sizeof *names->at, names->count, i);
}

static bool add(struct names *names, const struct name *name)
{
	if (names->count == names->room) {
		usize room = names->room ? names->room * 2 : 64;
		struct name *more = realloc(names->at, room * sizeof *more);
		if (!more)
			return false;
		names->at = more;
		names->room = room;
	}
	names->count++;
	*name_at(names, names->count - 1) = *name;
	return true;
}

static bool note(struct diff *diff, const struct sinter_change *change)
{
	struct name name = { .directory = change->inode };
	memory_copy(name.text, change->name, change->name_size);
	if (change->kind != CHANGE_NAME) {
		name.inode = change->inode;
		bool is_same = diff->changed.count &&
		               name_at(&diff->changed, diff->changed.count - 1)->inode == name.inode;
		return is_same || add(&diff->changed, &name);
	}
	name.inode = change->before;
	if (change->was_there && change->before != change->after && !add(&diff->gone, &name))
		return false;
	name.inode = change->after;
	return !change->is_there || change->before == change->after || add(&diff->come, &name);
}

static err_t gather(struct diff *diff)
{
	struct sinter_change change = {};
	while (true) {
		err_t err = HOST_WAIT(diff->image->pool, sinter_difference(diff->old, diff->new, &change));
		if (err != OK)
			return err == ERR_NOT_FOUND ? OK : err;
		if (!note(diff, &change))
			return ERR_NO_MEMORY;
	}
}

// The name that an inode has in a directory.
static bool find_name(struct diff *diff, struct dataset *dataset, struct name *name)
{
	struct sinter_entry entry = {};
	struct sinter *pool = diff->image->pool;
	while (HOST_WAIT(pool, sinter_read_directory(dataset, name->directory, entry.cookie, &entry)) ==
		   OK) {
		if (entry.inode != name->inode)
			continue;
		memory_copy(name->text, entry.name, entry.name_size);
		AT(name->text, entry.name_size) = 0;
		return true;
	}
	return false;
}

// Puts "/name" before what stands at the end of path; answers where it begins now.
static usize prepend(span_t path, usize at, const char *text)
{
	usize size = strlen(text);
	if (at < size + 1 || span_copy(span_clamp(path, at - size, size), view_cstring(text)) != OK)
		return 0;
	*span_at(path, at - size - 1) = '/';
	return at - size - 1;
}

// The path of a directory, before what stands at path's end from `at` on.
static usize directory_path(
	struct diff *diff, struct dataset *dataset, u64 directory, span_t path, usize at)
{
	while (directory != INODE_ROOT && at) {
		struct name name = { .inode = directory };
		err_t err =
			HOST_WAIT(diff->image->pool, sinter_parent(dataset, directory, &name.directory));
		if (err != OK || !find_name(diff, dataset, &name))
			return prepend(path, at, "?");
		at = prepend(path, at, name.text);
		directory = name.directory;
	}
	return at;
}

// Of old or new; until the next one of the same.
static const char *make_path(struct diff *diff, struct dataset *dataset, const struct name *name)
{
	static char paths[2][8192]; // one thread
	span_t all = span_of(AT(paths, dataset == diff->new));
	usize at = all.size - 1;
	*span_at(all, at) = 0;
	at = prepend(all, at, name->text);
	at = directory_path(diff, dataset, name->directory, all, at);
	return (const char *)span_at(all, at);
}

static void print(struct diff *diff, char what, const char *path, const char *to)
{
	if (diff->is_json) {
		printf("%s{\"change\": \"%c\"", diff->is_any ? ",\n " : "[", what);
		print_quoted(", \"path\": ", view_cstring(path), to ? ", \"to\": " : "}");
		if (to)
			print_quoted("", view_cstring(to), "}");
	} else {
		printf("%c %s%s%s\n", what, path, to ? " -> " : "", to ? to : "");
	}
	diff->is_any = true;
}

// Names that came: new ones, or where something was renamed to.
static void print_come(struct diff *diff)
{
	for (usize i = 0; i < diff->come.count; i++) {
		const struct name *name = name_at(&diff->come, i);
		struct name *old = nullptr;
		for (usize n = 0; n < diff->gone.count && !old; n++)
			if (name_at(&diff->gone, n)->inode == name->inode && !name_at(&diff->gone, n)->is_used)
				old = name_at(&diff->gone, n);
		const char *path = make_path(diff, diff->new, name);
		if (!old) {
			print(diff, '+', path, nullptr);
			continue;
		}
		old->is_used = true;
		print(diff, 'R', make_path(diff, diff->old, old), path);
	}
}

static void print_gone(struct diff *diff)
{
	for (usize i = 0; i < diff->gone.count; i++) {
		const struct name *name = name_at(&diff->gone, i);
		if (!name->is_used)
			print(diff, '-', make_path(diff, diff->old, name), nullptr);
	}
}

// Inodes that were there before and are now.
static void print_changed(struct diff *diff)
{
	struct sinter *pool = diff->image->pool;
	for (usize i = 0; i < diff->changed.count; i++) {
		struct name *name = name_at(&diff->changed, i);
		struct inode_record before, after;
		if (HOST_WAIT(pool, sinter_attributes(diff->old, name->inode, &before)) != OK ||
			HOST_WAIT(pool, sinter_attributes(diff->new, name->inode, &after)) != OK ||
			!after.links)
			continue;
		name->directory = after.parent;
		if (name->inode == INODE_ROOT) {
			print(diff, 'M', "/", nullptr);
			continue;
		}
		if (!find_name(diff, diff->new, name))
			snprintf(name->text, sizeof name->text, "? (inode %" PRIu64 ")", name->inode);
		print(diff, 'M', make_path(diff, diff->new, name), nullptr);
	}
}

static int run(struct diff *diff, const char *subject)
{
	err_t err = gather(diff);
	if (err == OK) {
		print_changed(diff);
		print_come(diff);
		print_gone(diff); // what of it was not renamed
	}
	if (diff->is_json)
		printf(diff->is_any ? "]\n" : "[]\n");
	free(diff->gone.at);
	free(diff->come.at);
	free(diff->changed.at);
	return err == OK ? 0 : complain(subject, explain(err));
}

static int compare(struct target *target, const char *newer, bool is_json)
{
	struct image *image = target->image;
	struct diff diff = { .image = image, .new = target->dataset, .is_json = is_json };
	struct sinter_snapshot snapshot;
	view_t name = target_name_only(newer ? newer : "");
	if (!passphrase_unlock(image, target->dataset, target->text))
		return 1;
	if (newer && !target_find_snapshot(target, name, &snapshot))
		return complain(newer, "there is no such snapshot");
	if (!target_open_past(target, &target->snapshot, &diff.old))
		return 1;
	bool is_open = !newer || target_open_past(target, &snapshot, &diff.new);
	int code = is_open ? run(&diff, target->text) : 1;
	if (newer && is_open)
		sinter_dataset_close(diff.new);
	sinter_dataset_close(diff.old);
	return code;
}

int command_diff(struct words *words)
{
	struct target target;
	bool is_json = words_flag(words, "--json");
	int code = target_start(&target, words, "diff IMAGE [DATASET]@SNAPSHOT [@NEWER] [--json]",
		TARGET_SNAPSHOT | TARGET_LOOK | TARGET_TWO | TARGET_LESS);
	if (code)
		return code;
	code = compare(&target, *target.other ? target.other : nullptr, is_json);
	return target_leave(&target) | code;
}
