// SPDX-License-Identifier: MIT
// named.c - see named.h.
#include "lib/sinter/named.h"

#include "lib/sinter/checksum.h"

constexpr u64 COLLISION_MASK = 255;

err_t named_check(view_t name)
{
	if (name.size > NAME_SIZE_MAX)
		return ERR_TOO_BIG;
	if (!name.size || view_equal(name, VIEW_TEXT(".")) || view_equal(name, VIEW_TEXT("..")))
		return ERR_INVALID;
	for (usize i = 0; i < name.size; i++)
		if (!view_at(name, i) || view_at(name, i) == '/')
			return ERR_INVALID;
	return OK;
}

err_t named_name(enum named kind, view_t value, view_t *out)
{
	usize size_at = kind == NAMED_XATTR ? 0 : 9;
	usize name_at = kind == NAMED_XATTR ? sizeof(struct xattr_head) : DIRENT_HEAD;
	if (value.size <= name_at)
		return ERR_CORRUPT;
	return view_sub(value, name_at, view_at(value, size_at), out) == OK ? OK : ERR_CORRUPT;
}

err_t named_entry(view_t value, struct entry *out)
{
	if (value.size <= DIRENT_HEAD)
		return ERR_CORRUPT;
	TRY(view_load(value, 0, span_of(out->inode)));
	out->type = view_at(value, 8);
	return out->inode && out->inode <= INODE_MAX ? OK : ERR_CORRUPT;
}

static struct btree *tree_of(struct dataset *dataset, enum named kind)
{
	return kind == NAMED_CHILD ? &dataset->tree.pool->tree : &dataset->tree;
}

err_t named_find(
	struct dataset *dataset, u64 object, enum named kind, view_t name, struct found *out)
{
	const u64 *name_key = kind == NAMED_CHILD ? dataset->record.hash_key : dataset->name_key;
	u64 hash = siphash(name, name_key) >> 8 & ~COLLISION_MASK;
	struct btree *tree = tree_of(dataset, kind);
	u64 number = 0; // of the names met so far, all in a row from 0
	tree_key_t key = key_make(object, kind, hash);
	out->key = (tree_key_t){};
	while (number <= COLLISION_MASK) {
		struct place place;
		view_t other;
		err_t err = btree_seek(tree, key, &place);
		if (err != OK && err != ERR_NOT_FOUND)
			return err;
		tree_key_t at = err == OK ? btree_key(tree, &place) : KEY_LAST;
		bool is_same = at.object == object && key_kind(at) == kind &&
		               (key_offset(at) & ~COLLISION_MASK) == hash;
		if (!out->key.object && (!is_same || key_offset(at) != hash + number))
			out->key = key_make(object, kind, hash + number); // the first gap
		if (!is_same)
			return ERR_NOT_FOUND;
		out->value = btree_value(tree, &place);
		TRY(named_name(kind, out->value, &other));
		if (view_equal(name, other)) {
			out->key = at;
			return OK;
		}
		number = (key_offset(at) & COLLISION_MASK) + 1;
		key = key_make(object, kind, hash + number);
	}
	return out->key.object ? ERR_NOT_FOUND : ERR_NO_SPACE;
}

err_t named_next(
	struct dataset *dataset, u64 object, enum named kind, u64 cookie, struct sinter_entry *out)
{
	struct btree *tree = tree_of(dataset, kind);
	struct place place;
	struct entry entry = { .inode = object };
	view_t name;
	if (cookie > KEY_OFFSET_MASK)
		return ERR_NOT_FOUND;
	TRY(btree_seek_in(tree, key_make(object, kind, cookie), &place));
	view_t value = btree_value(tree, &place);
	if (kind != NAMED_XATTR)
		TRY(named_entry(value, &entry));
	TRY(named_name(kind, value, &name));
	*out = (struct sinter_entry){ .inode = entry.inode,
		.cookie = key_offset(btree_key(tree, &place)) + 1,
		.type = entry.type,
		.name_size = (u8)name.size };
	return span_copy(span_of(out->name), name);
}
