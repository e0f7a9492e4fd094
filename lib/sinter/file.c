// SPDX-License-Identifier: MIT
// file.c - reading and writing. A step of a write changes one record, or the inline contents.
#include "lib/sinter/file.h"

#include "lib/base/bits.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/kept.h"
#include "lib/sinter/txg.h"
#include "lib/sinter/volume.h"

// Reads that a read will soon need are started before it waits for the first.
constexpr u32 READ_AHEAD = 16;

static err_t read_inline(struct dataset *dataset, u64 inode, u64 offset, span_t to)
{
	struct place place;
	span_fill(to, 0);
	err_t err = btree_find(&dataset->tree, file_inline_key(inode), &place);
	if (err != OK)
		return err == ERR_NOT_FOUND ? OK : err;
	view_t bytes = view_from_offset(btree_value(&dataset->tree, &place), (usize)offset);
	return span_copy(to, view_clamp(bytes, 0, to.size));
}

static err_t get_record(struct file *file, u64 number, struct buffer *_Nullable *_Nonnull out)
{
	struct record record;
	struct buffer *buffer = nullptr;
	TRY(record_find(file, number, &record));
	if (!pointer_is_hole(&record.pointer))
		TRY(record_get(file, &record, &buffer));
	*out = buffer;
	return OK;
}

static void read_ahead(struct file *file, u64 number, u64 end)
{
	for (u64 i = number; i < end && i < number + READ_AHEAD; i++) {
		struct buffer *buffer;
		if (volume_is_crowded(file->dataset->tree.pool))
			return;
		(void)get_record(file, i, &buffer);
	}
}

static err_t read_records(struct file *file, u64 offset, span_t to)
{
	struct sinter *pool = file->dataset->tree.pool;
	u64 end = (offset + to.size + RECORD_SIZE - 1) / RECORD_SIZE;
	for (usize done = 0; done < to.size;) {
		u64 number = (offset + done) / RECORD_SIZE;
		usize within = (offset + done) % RECORD_SIZE;
		span_t part = span_clamp(to, done, RECORD_SIZE - within);
		struct buffer *buffer;
		pool->epoch++; // bytes are copied out: earlier records need not stay
		err_t err = get_record(file, number, &buffer);
		if (err == ERR_WOULD_BLOCK)
			read_ahead(file, number + 1, end);
		TRY(err);
		if (buffer)
			TRY(span_copy(
				part, view_clamp(span_view(cache_bytes(pool, buffer)), within, part.size)));
		else
			span_fill(part, 0);
		done += part.size;
	}
	return OK;
}

err_t sinter_read(struct dataset *dataset, u64 inode, u64 offset, span_t to, usize *out)
{
	struct file file = { .dataset = dataset, .number = inode };
	TRY(inode_begin(dataset, false));
	TRY(inode_load_file(dataset, inode, &file.inode));
	*out = 0;
	if (offset >= file.inode.size)
		return OK;
	to = span_clamp(to, 0, (usize)min_u64(to.size, file.inode.size - offset));
	if (file.inode.record_log2)
		TRY(read_records(&file, offset, to));
	else
		TRY(read_inline(dataset, inode, offset, to));
	*out = to.size;
	return OK;
}

err_t sinter_read_link(struct dataset *dataset, u64 inode, span_t to, usize *out)
{
	struct inode_record record;
	struct place place;
	TRY(sinter_attributes(dataset, inode, &record));
	if (inode_type(&record) != MODE_LINK)
		return ERR_INVALID;
	err_t err = btree_find(&dataset->tree, file_inline_key(inode), &place);
	if (err != OK)
		return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
	view_t target = btree_value(&dataset->tree, &place);
	*out = target.size < to.size ? target.size : to.size;
	return span_copy(to, view_clamp(target, 0, *out));
}

// New inline contents: the old, with from at offset (or cut at size when from is empty).
struct inline_change {
	u64 size; // of the file afterwards
	u64 offset;
	view_t from;
};

static err_t change_inline(struct file *file, const struct inline_change *change)
{
	struct btree *tree = &file->dataset->tree;
	tree_key_t key = file_inline_key(file->number);
	struct place place;
	struct need need = { .is_freeing = !change->from.size };
	u8 bytes[INLINE_MAX] = {};
	span_t all = span_clamp(span_of(bytes), 0, (usize)change->size);
	err_t err = btree_find(tree, key, &place);
	bool was_there = err == OK;
	if (was_there)
		TRY(span_copy(all, view_clamp(btree_value(tree, &place), 0, all.size)));
	else if (err != ERR_NOT_FOUND)
		return err;
	TRY(span_copy(span_from_offset(all, (usize)change->offset), change->from));
	TRY(inode_prepare(file->dataset, file->number, &need));
	if (was_there)
		TRY(btree_prepare_remove(tree, key, &need));
	TRY(btree_prepare_insert(tree, key, (u32)all.size, &need));
	TRY(txg_admit(tree->pool, &need));
	if (all.size)
		btree_put(tree, key, was_there, span_view(all));
	else if (was_there)
		btree_remove(tree, key);
	file->inode.size = change->size;
	file_changed(file, nullptr, 0, 0);
	return OK;
}

static err_t write_record(struct file *file, u64 offset, view_t from)
{
	struct sinter *pool = file->dataset->tree.pool;
	struct need need = {};
	struct record record;
	u32 within = (u32)(offset % RECORD_SIZE), end = within + (u32)from.size;
	TRY(record_find(file, offset / RECORD_SIZE, &record));
	u32 before = cache_logical(pool, &record.pointer);
	record.whole = !within && end >= before ? end : 0;
	TRY(record_prepare(file, &record, &need));
	TRY(txg_admit(pool, &need));
	struct buffer *buffer = record_change(file, &record, before > end ? before : end);
	span_put(span_from_offset(cache_bytes(pool, buffer), within), from);
	file->inode.size = max_u64(file->inode.size, offset + from.size);
	file_changed(file, buffer, within, end);
	return OK;
}

err_t sinter_write(struct dataset *dataset, u64 inode, u64 offset, view_t from, usize *out)
{
	struct file file;
	*out = 0;
	if (offset > FILE_SIZE_MAX || from.size > FILE_SIZE_MAX - offset)
		return ERR_TOO_BIG;
	TRY(file_begin_change(dataset, inode, &file));
	if (!from.size)
		return OK;
	if (!file.inode.record_log2 && offset + from.size > INLINE_MAX)
		TRY(file_convert(&file));
	if (file.inode.record_log2) {
		from = view_clamp(from, 0, RECORD_SIZE - offset % RECORD_SIZE);
		TRY(write_record(&file, offset, from));
	} else {
		struct inline_change change = {
			.size = max_u64(file.inode.size, offset + from.size), .offset = offset, .from = from
		};
		TRY(change_inline(&file, &change));
	}
	kept_file(&file, offset, from, UINT64_MAX);
	*out = from.size;
	return OK;
}

err_t file_cut_inline(struct file *file, u64 size)
{
	return change_inline(file, &(struct inline_change){ .size = size, .offset = size });
}

err_t file_write_inline(struct file *file, u64 offset, view_t from)
{
	return change_inline(
		file, &(struct inline_change){ .size = file->inode.size, .offset = offset, .from = from });
}
