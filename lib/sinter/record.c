// SPDX-License-Identifier: MIT
// record.c - records of files, one at a time, and the step from inline contents to records.
#include "lib/sinter/cache.h"
#include "lib/sinter/file.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/pending.h"
#include "lib/sinter/seal.h"
#include "lib/sinter/txg.h"

tree_key_t record_key(u64 inode, u64 number)
{
	return key_make(inode, ITEM_DATA, number);
}

tree_key_t file_inline_key(u64 inode)
{
	return key_make(inode, ITEM_INLINE, 0);
}

err_t file_begin_change(struct dataset *dataset, u64 inode, struct file *out)
{
	*out = (struct file){ .dataset = dataset, .number = inode };
	TRY(inode_begin(dataset, true));
	TRY(inode_load_file(dataset, inode, &out->inode));
	if (!out->inode.tail)
		return OK;
	TRY(pending_trim(dataset, inode));
	TRY(inode_begin(dataset, true));
	return inode_load_file(dataset, inode, &out->inode);
}

err_t record_find(struct file *file, u64 number, struct record *out)
{
	struct place place;
	struct btree *tree = &file->dataset->tree;
	*out = (struct record){ .number = number };
	err_t err = btree_find(tree, record_key(file->number, number), &place);
	if (err == ERR_NOT_FOUND)
		return OK;
	TRY(err);
	return view_load(btree_value(tree, &place), 0, span_of(out->pointer)) == OK ? OK : ERR_CORRUPT;
}

err_t record_get(struct file *file, const struct record *record, struct buffer **out)
{
	struct btree *tree = &file->dataset->tree;
	TRY(cache_get(tree->pool, &record->pointer, out));
	return seal_unseal(tree, *out, record_key(file->number, record->number));
}

err_t record_prepare(struct file *file, struct record *record, struct need *need)
{
	struct btree *tree = &file->dataset->tree;
	struct sinter *pool = tree->pool;
	tree_key_t key = record_key(file->number, record->number);
	need->records++;
	TRY(inode_prepare(file->dataset, file->number, need));
	if (pointer_is_hole(&record->pointer))
		return btree_prepare_insert(tree, key, sizeof(pointer_t), need);
	TRY(btree_prepare_edit(tree, key, need));
	TRY(btree_prepare_free(tree, &record->pointer));
	struct buffer *buffer = cache_peek(pool, &record->pointer);
	if (!buffer && record->whole)
		return OK;
	record->whole = 0; // it is here, or on its way: change that
	return record_get(file, record, &buffer);
}

static struct buffer *dirty_buffer(struct file *file, const struct record *record)
{
	struct btree *tree = &file->dataset->tree;
	const pointer_t *pointer = &record->pointer;
	if (pointer_is_memory(pointer))
		return cache_buffer(tree->pool, pointer_memory_index(pointer));
	bool is_hole = pointer_is_hole(pointer);
	struct buffer *buffer = is_hole || record->whole ? cache_make_record(tree->pool, record->whole)
	                                                 : cache_make_dirty(tree->pool, pointer);
	if (!is_hole)
		btree_free(tree, pointer);
	return buffer;
}

struct buffer *record_change(struct file *file, struct record *record, u32 logical)
{
	struct btree *tree = &file->dataset->tree;
	tree_key_t key = record_key(file->number, record->number);
	u32 before = cache_logical(tree->pool, &record->pointer);
	struct buffer *buffer = dirty_buffer(file, record);
	pointer_t pointer = cache_pointer(tree->pool, buffer);
	btree_put(tree, key, !pointer_is_hole(&record->pointer), view_of(pointer));
	buffer->record = record->number;
	buffer->logical = logical;
	file->inode.units += units_of_bytes(logical);
	file->inode.units -= units_of_bytes(before);
	return buffer;
}

void file_changed(struct file *file, struct buffer *buffer, u32 low, u32 high)
{
	inode_set_modified(&file->inode, ilog_time(file->dataset->tree.pool));
	inode_store(file->dataset, file->number, &file->inode);
	ilog_changed(file->dataset, file->number, buffer, low, high);
}

err_t file_convert(struct file *file)
{
	struct btree *tree = &file->dataset->tree;
	struct sinter *pool = tree->pool;
	struct place place;
	struct need need = {};
	struct record record = {};
	u8 bytes[INLINE_MAX];
	usize size = 0;
	err_t err = btree_find(tree, file_inline_key(file->number), &place);
	if (err != OK && err != ERR_NOT_FOUND)
		return err;
	if (err == OK) {
		view_t value = btree_value(tree, &place);
		size = value.size;
		TRY(span_copy(span_of(bytes), value) == OK ? OK : ERR_CORRUPT);
		TRY(btree_prepare_remove(tree, file_inline_key(file->number), &need));
	}
	TRY(inode_prepare(file->dataset, file->number, &need));
	if (size)
		TRY(record_prepare(file, &record, &need));
	TRY(txg_admit(pool, &need));
	if (err == OK)
		btree_remove(tree, file_inline_key(file->number));
	file->inode.record_log2 = RECORD_LOG2;
	if (size) {
		struct buffer *buffer = record_change(file, &record, (u32)size);
		span_put(cache_bytes(pool, buffer), view_from(bytes, size));
		ilog_changed(file->dataset, file->number, buffer, 0, (u32)size);
	}
	inode_store(file->dataset, file->number, &file->inode);
	return inode_begin(file->dataset, true);
}
