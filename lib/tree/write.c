// SPDX-License-Identifier: MIT
// write.c - see write.h. Names come from 256 lists of one size each, then from the fresh end of the
// heap; inodes and entries from a list of the free, then from the fresh end of their tables.
#include "lib/tree/write.h"

#include "lib/base/checked.h"

static struct tree_head *head_of(const struct tree_writer *writer)
{
	UNSAFE_BEGIN("the writer's own table, which it mapped to write")
	return (struct tree_head *)writer->tree.head;
	UNSAFE_END
}

static u32 *bucket_of(const struct tree_writer *writer, u32 hash)
{
	UNSAFE_BEGIN("masked to the table's size; the writer's own")
	return (u32 *)&writer->tree.buckets[hash & writer->tree.bucket_mask];
	UNSAFE_END
}

static span_t text_of(const struct tree_writer *writer, u32 unit, usize size)
{
	view_t text = tree_text(&writer->tree, unit, (u32)size);
	UNSAFE_BEGIN("the writer's own heap")
	return span_from((u8 *)text.data, text.size);
	UNSAFE_END
}

static void lay_out(struct tree_head *head, const struct tree_sizes *sizes)
{
	u64 at = PAGE_SIZE;
	static_assert(sizeof(struct tree_head) <= PAGE_SIZE);
	head->inodes = sizes->inodes;
	head->entries = sizes->entries;
	head->buckets = sizes->buckets;
	head->names = sizes->names & ~PAGE_MASK;
	head->inodes_at = at;
	at += (u64)sizes->inodes * sizeof(struct tree_inode);
	head->entries_at = at = (at + PAGE_MASK) & ~PAGE_MASK;
	at += (u64)sizes->entries * sizeof(struct tree_entry);
	head->buckets_at = at = (at + PAGE_MASK) & ~PAGE_MASK;
	at += (u64)sizes->buckets * sizeof(u32);
	head->names_at = at = (at + PAGE_MASK) & ~PAGE_MASK;
	head->size = at + head->names;
}

u64 tree_size(const struct tree_sizes *sizes)
{
	struct tree_head head = {};
	lay_out(&head, sizes);
	return head.size;
}

static void save_nothing(void *place, usize size)
{
	(void)place;
	(void)size;
}

err_t tree_format(span_t table, const struct tree_sizes *sizes, u32 seed, u32 mode)
{
	struct tree_writer writer = { .save = save_nothing };
	u32 root;
	UNSAFE_BEGIN("compared with the table's size before use")
	struct tree_head *head = (struct tree_head *)table.data;
	UNSAFE_END
	if (tree_size(sizes) > table.size)
		return ERR_RANGE;
	lay_out(head, sizes);
	head->seed = seed;
	head->fresh_inode = head->fresh_entry = 1; // 0 is none
	head->fresh_name = 1;
	head->magic = TREE_MAGIC;
	TRY(tree_attach(&writer.tree, span_view(table)));
	TRY(tree_inode_make(&writer, MODE_DIRECTORY | mode, &root));
	tree_inode_of(&writer, root)->links = 2;
	return OK;
}

void tree_change_begin(const struct tree_writer *writer)
{
	struct tree_head *head = head_of(writer);
	atomic_store_relaxed(&head->sequence, head->sequence | 1); // pairs with tree_is_same
	atomic_fence_seq_cst();
}

void tree_change_end(const struct tree_writer *writer)
{
	struct tree_head *head = head_of(writer);
	atomic_store_release(&head->sequence, head->sequence + 1); // pairs with tree_begin
}

void tree_change_settle(const struct tree_writer *writer)
{
	if (head_of(writer)->sequence & 1)
		tree_change_end(writer);
}

// What is free and what was never used, in one piece: a change needs most of it.
static void counts_save(const struct tree_writer *writer)
{
	struct tree_head *head = head_of(writer);
	usize first = offsetof(struct tree_head, free_inode);
	writer->save(&head->free_inode, offsetof(struct tree_head, free_names) - first);
}

err_t tree_inode_make(const struct tree_writer *writer, u32 mode, u32 *out)
{
	struct tree_head *head = head_of(writer);
	u32 number = head->free_inode ? head->free_inode : head->fresh_inode;
	if (number >= writer->tree.inode_count)
		return ERR_NO_SPACE;
	struct tree_inode *inode = tree_inode_of(writer, number);
	writer->save(inode, sizeof *inode);
	counts_save(writer);
	if (head->free_inode)
		head->free_inode = inode->entry;
	else
		head->fresh_inode++;
	head->used_inodes++;
	*inode = (struct tree_inode){ .mode = mode, .generation = inode->generation + 1 };
	*out = number;
	return OK;
}

static u32 units(usize size)
{
	return (u32)((size + TREE_NAME_UNIT - 1) / TREE_NAME_UNIT);
}

// size: 1 to 4096.
static err_t text_make(const struct tree_writer *writer, view_t text, u32 *out)
{
	struct tree_head *head = head_of(writer);
	u32 count = units(text.size);
	u32 *list = &AT(head->free_names, count - 1);
	u32 unit = *list;
	if (unit) {
		writer->save(list, sizeof *list);
		writer->save(text_of(writer, unit, sizeof(u32)).data, sizeof(u32));
		(void)view_load(tree_text(&writer->tree, unit, sizeof(u32)), 0, span_of(*list));
	} else {
		unit = head->fresh_name;
		if ((u64)(unit + count) * TREE_NAME_UNIT > writer->tree.names.size)
			return ERR_NO_SPACE;
		TREE_SET(writer, head->fresh_name, unit + count);
	}
	(void)span_copy(text_of(writer, unit, text.size), text); // free space: needs no notes
	*out = unit;
	return OK;
}

static void text_free(const struct tree_writer *writer, u32 unit, usize size)
{
	u32 *list = &AT(head_of(writer)->free_names, units(size) - 1);
	span_t word = text_of(writer, unit, sizeof(u32));
	writer->save(word.data, word.size);
	(void)span_copy(word, view_of(*list));
	TREE_SET(writer, *list, unit);
}

void tree_inode_free(const struct tree_writer *writer, u32 number)
{
	struct tree_head *head = head_of(writer);
	struct tree_inode *inode = tree_inode_of(writer, number);
	if ((inode->mode & MODE_TYPE) == MODE_LINK && inode->first)
		text_free(writer, inode->first, inode->length);
	writer->save(inode, sizeof *inode);
	counts_save(writer);
	*inode = (struct tree_inode){ .entry = head->free_inode, .generation = inode->generation + 1 };
	head->free_inode = number;
	head->used_inodes--;
}

err_t tree_link_set(const struct tree_writer *writer, u32 number, view_t text)
{
	struct tree_inode *inode = tree_inode_of(writer, number);
	u32 unit;
	TRY(text_make(writer, text, &unit));
	TREE_SET(writer, inode->first, unit);
	TREE_SET(writer, inode->length, text.size);
	return OK;
}

// At the end of the directory's list, at the front of the bucket's.
static void entry_link(const struct tree_writer *writer, u32 number)
{
	struct tree_entry *entry = tree_entry_of(writer, number);
	struct tree_inode *directory = tree_inode_of(writer, entry->directory);
	u32 *bucket = bucket_of(writer, entry->hash);
	writer->save(directory, sizeof *directory);
	entry->cookie = ++directory->cookie;
	entry->previous = directory->last;
	if (directory->last)
		TREE_SET(writer, tree_entry_of(writer, directory->last)->next, number);
	else
		directory->first = number;
	directory->last = number;
	directory->count++;
	entry->chain = *bucket;
	TREE_SET(writer, *bucket, number);
}

err_t tree_entry_add(const struct tree_writer *writer, u32 directory, view_t name, u32 inode)
{
	struct tree_head *head = head_of(writer);
	u32 number = head->free_entry ? head->free_entry : head->fresh_entry, unit;
	if (number >= writer->tree.entry_count)
		return ERR_NO_SPACE;
	TRY(text_make(writer, name, &unit));
	struct tree_entry *entry = tree_entry_of(writer, number);
	writer->save(entry, sizeof *entry);
	counts_save(writer);
	if (head->free_entry)
		head->free_entry = entry->chain;
	else
		head->fresh_entry++;
	head->used_entries++;
	*entry = (struct tree_entry){ .directory = directory, .name = unit, .size = (u16)name.size };
	entry->hash = tree_hash(&writer->tree, directory, name);
	tree_entry_point(writer, number, inode);
	entry_link(writer, number);
	return OK;
}

static void unchain(const struct tree_writer *writer, u32 number)
{
	const struct tree_entry *entry = tree_entry_of(writer, number);
	u32 *link = bucket_of(writer, entry->hash);
	for (u32 left = writer->tree.entry_count; left && *link && *link != number; left--)
		link = &tree_entry_of(writer, *link)->chain;
	if (*link == number)
		TREE_SET(writer, *link, entry->chain);
}

void tree_entry_remove(const struct tree_writer *writer, u32 number)
{
	struct tree_head *head = head_of(writer);
	struct tree_entry *entry = tree_entry_of(writer, number);
	struct tree_inode *directory = tree_inode_of(writer, entry->directory);
	unchain(writer, number);
	writer->save(directory, sizeof *directory);
	writer->save(entry, sizeof *entry);
	counts_save(writer);
	if (entry->previous)
		TREE_SET(writer, tree_entry_of(writer, entry->previous)->next, entry->next);
	else
		directory->first = entry->next;
	if (entry->next)
		TREE_SET(writer, tree_entry_of(writer, entry->next)->previous, entry->previous);
	else
		directory->last = entry->previous;
	directory->count--;
	text_free(writer, entry->name, entry->size);
	*entry = (struct tree_entry){ .chain = head->free_entry };
	head->free_entry = number;
	head->used_entries--;
}

void tree_entry_point(const struct tree_writer *writer, u32 number, u32 inode)
{
	struct tree_entry *entry = tree_entry_of(writer, number);
	u32 mode = tree_mode(&writer->tree, inode);
	TREE_SET(writer, entry->inode, inode);
	TREE_SET(writer, entry->type, (u16)((mode & MODE_TYPE) >> 12));
	if ((mode & MODE_TYPE) == MODE_DIRECTORY)
		TREE_SET(writer, tree_inode_of(writer, inode)->entry, number);
}
