// SPDX-License-Identifier: MIT
// walk.c - see walk.h. One step a component; a link puts its text before the rest, in scratch,
// whose end the rest always shares. No recursion.
#include "lib/tree/walk.h"

struct step {
	view_t rest; // what is still to be walked
	view_t name; // the component in hand
	u32 links;
	bool is_last, has_slash;
};

static const struct tree *tree_of(const struct walk *walk, u32 mount)
{
	return names_tree(walk->names, mount);
}

static bool is_at(struct position a, struct position b)
{
	return a.mount == b.mount && a.inode == b.inode;
}

static void skip_slashes(view_t *rest)
{
	usize n = 0;
	while (n < rest->size && view_at(*rest, n) == '/')
		n++;
	*rest = view_from_offset(*rest, n);
}

// Takes the next component.
static void take_name(struct step *step)
{
	usize n = view_find(step->rest, '/');
	step->name = view_clamp(step->rest, 0, n);
	step->rest = view_from_offset(step->rest, n);
	step->has_slash = step->rest.size != 0;
	skip_slashes(&step->rest);
	step->is_last = !step->rest.size;
}

static bool covers(const struct names *names, const struct mount *mount, struct position at)
{
	return mount->point == at.inode && mount->is_used && mount->above == at.mount &&
	       tree_inode(names_tree(names, at.mount), at.inode)->generation == mount->generation &&
	       (!mount->root_generation ||
			   tree_inode(names_tree_at(names, mount->tree), mount->root)->generation ==
				   mount->root_generation);
}

// Into what is mounted on a directory, if anything is.
static err_t cross(struct walk *walk, struct position *at)
{
	for (u32 i = 1; i < walk->names->mount_count; i++) {
		const struct mount *mount = names_mount(walk->names, i);
		if (!covers(walk->names, mount, *at))
			continue;
		if (walk->flags & WALK_NO_MOUNTS)
			return ERR_CROSS_DEVICE;
		*at = (struct position){ i, mount->is_remote ? 0 : mount->root };
		i = 0; // something may be mounted on that again
	}
	return OK;
}

// Out of mounts whose root this is.
static struct position leave(const struct walk *walk, struct position at)
{
	for (u32 left = MOUNTS_MAX; left && at.mount; left--) {
		const struct mount *mount = names_mount(walk->names, at.mount);
		if (at.inode != (mount->is_remote ? 0 : mount->root))
			break;
		at = (struct position){ mount->above, mount->point };
	}
	return at;
}

static err_t go_up(struct walk *walk, struct position *at)
{
	struct position root = walk->flags & (WALK_IN_ROOT | WALK_BENEATH) ? walk->start : walk->root;
	if (is_at(*at, root))
		return walk->flags & WALK_BENEATH ? ERR_CROSS_DEVICE : OK;
	struct position below = leave(walk, *at);
	at->mount = below.mount;
	at->inode = tree_parent(tree_of(walk, below.mount), below.inode);
	return cross(walk, at);
}

// The text of a link goes before the rest.
static err_t unroll(struct walk *walk, struct step *step, struct position *at, u32 link)
{
	view_t text = tree_link_text(tree_of(walk, at->mount), link);
	bool has_more = step->has_slash || step->rest.size;
	usize rest = step->rest.size, size = text.size + has_more + rest;
	span_t room;
	if (++step->links > WALK_LINKS_MAX || walk->flags & WALK_NO_LINKS)
		return ERR_LOOP;
	if (!text.size)
		return ERR_NOT_FOUND;
	if (size > walk->scratch.size)
		return ERR_TOO_BIG;
	TRY(span_sub(walk->scratch, walk->scratch.size - size, size, &room));
	// The rest goes to the end first: it may lie in scratch, never before where it goes.
	TRY(span_copy(span_from_offset(room, size - rest), step->rest));
	TRY(span_copy(room, text));
	if (has_more)
		*span_at(room, text.size) = '/';
	step->rest = span_view(room);
	if (view_at(step->rest, 0) != '/')
		return OK;
	if (walk->flags & WALK_BENEATH)
		return ERR_CROSS_DEVICE;
	*at = walk->flags & WALK_IN_ROOT ? walk->start : walk->root;
	return OK;
}

static void end(struct walk *walk, const struct step *step, enum walk_last last)
{
	walk->last = last;
	walk->name = step->name;
	walk->has_slash = step->has_slash;
}

// "." and "..". False: it is another name.
static bool is_dots(view_t name, bool *is_parent)
{
	*is_parent = name.size == 2;
	return name.size && name.size <= 2 && view_at(name, 0) == '.' &&
	       view_at(name, name.size - 1) == '.';
}

// The name in hand, looked up in the directory at. is_done: it was the last one.
static err_t look_up(struct walk *walk, struct step *step, struct position *at, bool *is_done)
{
	const struct tree *tree = tree_of(walk, at->mount);
	u32 entry = tree_find(tree, at->inode, step->name);
	u32 inode = atomic_load_relaxed(&tree_entry(tree, entry)->inode);
	walk->directory = *at;
	*is_done = step->is_last;
	if (entry == TREE_NONE || inode == TREE_NONE) {
		end(walk, step, LAST_NAME);
		walk->at = (struct position){ at->mount, TREE_NONE };
		walk->entry = TREE_NONE;
		return step->is_last ? OK : ERR_NOT_FOUND;
	}
	u32 type = tree_type(tree, inode);
	if (type == MODE_LINK &&
		(!step->is_last || step->has_slash || !(walk->flags & WALK_NO_FOLLOW))) {
		*is_done = false;
		return unroll(walk, step, at, inode);
	}
	if ((!step->is_last || step->has_slash) && type != MODE_DIRECTORY)
		return ERR_NOT_DIRECTORY;
	at->inode = inode;
	TRY(cross(walk, at));
	end(walk, step, LAST_NAME);
	walk->at = *at;
	walk->entry =
		at->mount == walk->directory.mount ? entry : names_mount(walk->names, at->mount)->entry;
	*is_done = step->is_last && !names_mount(walk->names, at->mount)->is_remote;
	return OK;
}

// Below a mount without a table: its server gets the rest, unless that climbs out of it again.
static err_t enter_remote(struct walk *walk, struct step *step, struct position *at, bool *is_done)
{
	struct step ahead = *step;
	i32 depth = 0;
	bool is_parent;
	*is_done = true;
	walk->is_remote = true;
	walk->at = *at;
	walk->rest = step->rest;
	while (ahead.rest.size && *is_done) {
		take_name(&ahead);
		bool are_dots = is_dots(ahead.name, &is_parent);
		depth += are_dots ? -(i32)is_parent : 1;
		if (depth < 0) {
			step->rest = ahead.rest;
			*is_done = false;
		}
	}
	if (*is_done)
		return OK;
	walk->is_remote = false;
	return go_up(walk, at);
}

static err_t step_on(struct walk *walk, struct step *step, struct position *at, bool *is_done)
{
	const struct tree *tree = tree_of(walk, at->mount);
	const struct tree_inode *directory = tree_inode(tree, at->inode);
	bool is_parent;
	if (names_mount(walk->names, at->mount)->is_remote)
		return enter_remote(walk, step, at, is_done);
	if (!step->rest.size) { // nothing left: this directory itself
		*is_done = true;
		walk->at = *at;
		return OK;
	}
	if ((atomic_load_relaxed(&directory->mode) & MODE_TYPE) != MODE_DIRECTORY)
		return directory->mode ? ERR_NOT_DIRECTORY : ERR_NOT_FOUND;
	if (!tree_may(directory, walk->who, ACCESS_EXECUTE))
		return ERR_RIGHTS;
	take_name(step);
	if (step->name.size > TREE_NAME_MAX)
		return ERR_TOO_BIG;
	if (!is_dots(step->name, &is_parent))
		return look_up(walk, step, at, is_done);
	if (is_parent)
		TRY(go_up(walk, at));
	end(walk, step, is_parent ? LAST_PARENT : LAST_DOT);
	walk->directory = walk->at = *at;
	walk->entry = TREE_NONE;
	return OK;
}

static err_t walk_once(struct walk *walk, view_t path)
{
	struct step step = { .rest = path };
	struct position at = walk->start;
	bool is_done = false;
	err_t err = OK;
	if (path.size && view_at(path, 0) == '/' && !(walk->flags & WALK_IN_ROOT))
		at = walk->root;
	if (path.size && view_at(path, 0) == '/' && walk->flags & WALK_BENEATH)
		return ERR_CROSS_DEVICE;
	walk->at = walk->directory = at;
	walk->entry = TREE_NONE;
	walk->last = LAST_ROOT;
	walk->has_slash = walk->is_remote = false;
	while (err == OK && !is_done) {
		skip_slashes(&step.rest);
		err = step_on(walk, &step, &at, &is_done);
	}
	return err;
}

err_t tree_walk(struct walk *walk, view_t path)
{
	u32 sequences[MOUNTS_MAX] __attribute__((uninitialized));
	u32 count = walk->names->tree_count < MOUNTS_MAX ? walk->names->tree_count : MOUNTS_MAX;
	for (u32 n = 0; n < WALK_TRIES; n++) {
		bool is_same = true;
		for (u32 i = 0; i < count; i++) {
			UNSAFE_BEGIN("compared with the count")
			AT(sequences, i) = tree_begin(&walk->names->trees[i]);
			UNSAFE_END
		}
		err_t err = walk_once(walk, path);
		for (u32 i = 0; i < count; i++) {
			UNSAFE_BEGIN("compared with the count")
			is_same &= tree_is_same(&walk->names->trees[i], AT(sequences, i));
			UNSAFE_END
		}
		if (is_same)
			return err;
	}
	return ERR_BUSY;
}

static err_t prepend(span_t out, usize *start, view_t text)
{
	span_t room;
	if (text.size > *start)
		return ERR_RANGE;
	*start -= text.size;
	TRY(span_sub(out, *start, text.size, &room));
	return span_copy(room, text);
}

err_t tree_path(const struct walk *walk, struct position directory, span_t out, view_t *path)
{
	usize start = out.size;
	for (u32 left = TREE_PATH_MAX; !is_at(directory, walk->root); left--) {
		directory = leave(walk, directory);
		const struct tree *tree = tree_of(walk, directory.mount);
		u32 number = atomic_load_relaxed(&tree_inode(tree, directory.inode)->entry);
		const struct tree_entry *entry = tree_entry(tree, number);
		if (number == TREE_NONE || !left || entry->inode != directory.inode)
			return ERR_NOT_FOUND;
		TRY(prepend(out, &start, tree_name_of(tree, entry)));
		TRY(prepend(out, &start, VIEW_TEXT("/")));
		directory.inode = atomic_load_relaxed(&entry->directory);
		// A mounted root is left on the next way round; what covers this one is where we came from.
		for (u32 i = 1; i < walk->names->mount_count; i++) {
			const struct mount *mount = names_mount(walk->names, i);
			if (covers(walk->names, mount, directory))
				directory = (struct position){ i, mount->is_remote ? 0 : mount->root };
		}
	}
	if (start == out.size)
		TRY(prepend(out, &start, VIEW_TEXT("/")));
	*path = view_from_offset(span_view(out), start);
	return OK;
}
