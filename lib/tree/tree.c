// SPDX-License-Identifier: MIT
// tree.c - see tree.h. Loops are bounded by the table's size: a damaged chain ends in "not found".
#include "lib/tree/tree.h"

#include "lib/base/checked.h"

static err_t part(view_t table, u64 at, u64 count, u64 size, view_t *out)
{
	u64 bytes;
	TRY(checked_mul(count, size, &bytes));
	if (at % 16 || view_sub(table, at, bytes, out) != OK)
		return ERR_CORRUPT;
	return OK;
}

err_t tree_attach(struct tree *out, view_t table)
{
	const struct tree_head *head = VIEW_AS(struct tree_head, table, 0);
	view_t inodes, entries, buckets, names;
	if (!head || head->magic != TREE_MAGIC)
		return ERR_CORRUPT;
	u32 inode_count = atomic_load_relaxed(&head->inodes);
	u32 entry_count = atomic_load_relaxed(&head->entries);
	u32 bucket_count = atomic_load_relaxed(&head->buckets);
	if (inode_count < 2 || entry_count < 2 || !bucket_count || bucket_count & (bucket_count - 1))
		return ERR_CORRUPT;
	TRY(part(table, head->inodes_at, inode_count, sizeof(struct tree_inode), &inodes));
	TRY(part(table, head->entries_at, entry_count, sizeof(struct tree_entry), &entries));
	TRY(part(table, head->buckets_at, bucket_count, sizeof(u32), &buckets));
	TRY(part(table, head->names_at, head->names, 1, &names));
	*out = (struct tree){ head, (const void *)inodes.data, (const void *)entries.data,
		(const void *)buckets.data, names, inode_count, entry_count, bucket_count - 1, head->seed };
	return OK;
}

view_t tree_text(const struct tree *tree, u32 unit, u32 size)
{
	view_t text = {};
	if (view_sub(tree->names, (usize)unit * TREE_NAME_UNIT, size, &text) != OK)
		return (view_t){};
	return text;
}

view_t tree_name_of(const struct tree *tree, const struct tree_entry *entry)
{
	u32 size = atomic_load_relaxed(&entry->size);
	if (size > TREE_NAME_MAX)
		return (view_t){};
	return tree_text(tree, atomic_load_relaxed(&entry->name), size);
}

view_t tree_link_text(const struct tree *tree, u32 inode)
{
	const struct tree_inode *link = tree_inode(tree, inode);
	u64 size = atomic_load_relaxed(&link->length);
	if (size >= TREE_PATH_MAX)
		return (view_t){};
	return tree_text(tree, atomic_load_relaxed(&link->first), (u32)size);
}

u32 tree_parent(const struct tree *tree, u32 directory)
{
	u32 entry = atomic_load_relaxed(&tree_inode(tree, directory)->entry);
	if (entry == TREE_NONE)
		return directory;
	return atomic_load_relaxed(&tree_entry(tree, entry)->directory);
}

u32 tree_hash(const struct tree *tree, u32 directory, view_t name)
{
	return memory_hash(name.data ? name.data : (const u8 *)"", name.size,
		tree->seed ^ directory * 0x9e37'79b9'0000'0001);
}

static u32 bucket(const struct tree *tree, u32 hash)
{
	UNSAFE_BEGIN("masked to the table's size")
	return atomic_load_relaxed(&tree->buckets[hash & tree->bucket_mask]);
	UNSAFE_END
}

u32 tree_find(const struct tree *tree, u32 directory, view_t name)
{
	u32 hash = tree_hash(tree, directory, name), left = tree->entry_count;
	for (u32 i = bucket(tree, hash); i != TREE_NONE && left; left--) {
		const struct tree_entry *entry = tree_entry(tree, i);
		if (entry->hash == hash && entry->directory == directory && entry->size == name.size &&
			view_equal(tree_name_of(tree, entry), name))
			return i < tree->entry_count ? i : TREE_NONE;
		i = atomic_load_relaxed(&entry->chain);
	}
	return TREE_NONE;
}

u32 tree_next_entry(const struct tree *tree, u32 directory, u64 cookie, u32 hint)
{
	const struct tree_entry *last = tree_entry(tree, hint);
	u32 i = atomic_load_relaxed(&tree_inode(tree, directory)->first), left = tree->entry_count;
	if (hint != TREE_NONE && last->directory == directory && last->cookie == cookie)
		i = atomic_load_relaxed(&last->next);
	while (i != TREE_NONE && i < tree->entry_count && left--) {
		const struct tree_entry *entry = tree_entry(tree, i);
		if (entry->directory != directory)
			return TREE_NONE; // the table moved while we looked, or is damaged
		if (entry->cookie > cookie)
			return i;
		i = atomic_load_relaxed(&entry->next);
	}
	return TREE_NONE;
}

u64 tree_modified(const struct tree_inode *inode, bool *is_real)
{
	u64 written = atomic_load_relaxed(&inode->written_ns);
	bool is_written = (inode->mode & MODE_TYPE) == MODE_REGULAR && written > inode->written_floor;
	*is_real = !is_written && inode->clocks & CLOCK_MODIFIED;
	return is_written ? written : (u64)inode->modified_ns;
}
