// SPDX-License-Identifier: MIT
// changes.c - differences of items, told as changes of files and names.
#include "lib/sinter/difference.h"
#include "lib/sinter/inode.h"
#include "lib/sinter/named.h"
#include "lib/sinter/seal.h"

static err_t tell_name(const struct difference *difference, struct sinter_change *out)
{
	struct entry entry;
	view_t name;
	TRY(named_name(
		NAMED_ENTRY, difference->is_there ? difference->after : difference->before, &name));
	out->name_size = (u8)name.size;
	TRY(span_copy(span_of(out->name), name) == OK ? OK : ERR_CORRUPT);
	if (difference->was_there) {
		TRY(named_entry(difference->before, &entry));
		out->before = entry.inode;
	}
	if (difference->is_there) {
		TRY(named_entry(difference->after, &entry));
		out->after = entry.inode;
	}
	return OK;
}

static enum sinter_change_kind kind_of(tree_key_t key)
{
	switch (key_kind(key)) {
	case ITEM_INODE: return CHANGE_ATTRIBUTES;
	case ITEM_XATTR: return CHANGE_XATTR;
	case ITEM_DIRENT: return CHANGE_NAME;
	default: return key_offset(key) < XATTR_RECORDS ? CHANGE_CONTENTS : CHANGE_XATTR;
	}
}

err_t sinter_difference(struct dataset *old, struct dataset *new, struct sinter_change *at)
{
	tree_key_t position = { AT(at->position, 0), AT(at->position, 1) };
	struct difference difference;
	TRY(seal_check_key(old));
	TRY(seal_check_key(new));
	do { // what is pending belongs to nobody
		TRY(difference_find(&old->tree, &new->tree, position, &difference));
		position = difference_behind(difference.key);
	} while (!difference.key.object);
	struct sinter_change change = { .position = { position.object, position.item },
		.inode = difference.key.object,
		.kind = kind_of(difference.key),
		.was_there = difference.was_there,
		.is_there = difference.is_there };
	if (change.kind == CHANGE_NAME)
		TRY(tell_name(&difference, &change));
	*at = change;
	return OK;
}
