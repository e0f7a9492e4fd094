// SPDX-License-Identifier: MIT
// extent.c - which parts of a file exist: truncation, holes, seeking data and holes.
#include "lib/base/bits.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/file.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/kept.h"
#include "lib/sinter/pending.h"
#include "lib/sinter/txg.h"

// Sets the size; what is behind it in its last record becomes zero, and records beyond are left to
// pending_trim.
static err_t set_size(struct file *file, u64 size)
{
	struct btree *tree = &file->dataset->tree;
	struct sinter *pool = tree->pool;
	struct need need = { .is_freeing = size <= file->inode.size };
	struct record record = {};
	struct place place;
	u32 within = (u32)(size % RECORD_SIZE);
	bool is_shrinking = size < file->inode.size, is_cut = false, has_more = false;
	if (is_shrinking && within) {
		TRY(record_find(file, size / RECORD_SIZE, &record));
		is_cut = cache_logical(pool, &record.pointer) > within;
	}
	if (is_shrinking) {
		u64 first = size / RECORD_SIZE + (within != 0);
		err_t err = btree_seek_in(tree, record_key(file->number, first), &place);
		if (err != OK && err != ERR_NOT_FOUND)
			return err;
		has_more = err == OK && key_offset(btree_key(tree, &place)) < XATTR_RECORDS;
	}
	TRY(inode_prepare(file->dataset, file->number, &need));
	if (is_cut)
		TRY(record_prepare(file, &record, &need));
	if (has_more)
		TRY(btree_prepare_insert(tree, pending_key(file->number), 0, &need));
	TRY(txg_admit(pool, &need));
	if (is_cut) {
		struct buffer *buffer = record_change(file, &record, within);
		span_fill(span_from_offset(cache_bytes(pool, buffer), within), 0);
		ilog_changed(file->dataset, file->number, buffer, within, within);
	}
	if (has_more) {
		file->inode.tail = file->inode.size / RECORD_SIZE + 1;
		if (file->inode.links)
			btree_insert(tree, pending_key(file->number), (view_t){});
		pending_look_again(file->dataset);
	}
	file->inode.size = size;
	inode_set_modified(&file->inode, ilog_time(pool));
	inode_store(file->dataset, file->number, &file->inode);
	return OK;
}

err_t sinter_truncate(struct dataset *dataset, u64 inode, u64 size)
{
	struct file file;
	if (size > FILE_SIZE_MAX)
		return ERR_TOO_BIG;
	TRY(file_begin_change(dataset, inode, &file));
	if (!file.inode.record_log2 && size > INLINE_MAX)
		TRY(file_convert(&file));
	u64 before = file.inode.size;
	if (file.inode.record_log2)
		TRY(set_size(&file, size));
	else
		TRY(file_cut_inline(&file, size));
	if (size < before)
		ilog_truncated(dataset, inode, size);
	else
		ilog_changed(dataset, inode, nullptr, 0, 0);
	kept_file(&file, 0, (view_t){}, size < before ? size : UINT64_MAX);
	return OK;
}

// Zeros in one record.
static err_t punch_part(struct file *file, u64 offset, u32 size)
{
	struct sinter *pool = file->dataset->tree.pool;
	struct record record;
	struct need need = { .is_freeing = true };
	TRY(record_find(file, offset / RECORD_SIZE, &record));
	if (pointer_is_hole(&record.pointer))
		return OK;
	TRY(record_prepare(file, &record, &need));
	TRY(txg_admit(pool, &need));
	u32 within = (u32)(offset % RECORD_SIZE), logical = cache_logical(pool, &record.pointer);
	struct buffer *buffer = record_change(file, &record, logical);
	span_fill(span_clamp(cache_bytes(pool, buffer), within, size), 0);
	file_changed(file, buffer, within, within + size);
	return OK;
}

// Whole records first to end (exclusive): some of them. *out: the record where to go on.
static err_t punch_records(struct file *file, u64 first, u64 end, u64 *out)
{
	u32 removed;
	TRY(pending_remove(file->dataset, record_key(file->number, first),
		record_key(file->number, end), file->number, &removed));
	if (removed)
		ilog_cannot(file->dataset->tree.pool);
	*out = removed < PENDING_STEP ? end : first;
	return OK;
}

// One step of a punch from offset to end, within the file. *out: where to go on.
static err_t punch_step(struct file *file, u64 offset, u64 end, u64 *out)
{
	u64 next = align_down(offset, RECORD_SIZE) + RECORD_SIZE;
	bool is_last = end == file->inode.size; // then its last record goes as a whole
	if (offset % RECORD_SIZE || (end < next && !is_last)) {
		*out = min_u64(end, next);
		return punch_part(file, offset, (u32)(*out - offset));
	}
	u64 last = is_last ? (end + RECORD_SIZE - 1) / RECORD_SIZE : end / RECORD_SIZE;
	TRY(punch_records(file, offset / RECORD_SIZE, last, &next));
	*out = min_u64(end, next * RECORD_SIZE);
	return OK;
}

err_t sinter_punch(struct dataset *dataset, u64 inode, u64 offset, u64 size, u64 *out)
{
	struct file file;
	if (offset > FILE_SIZE_MAX || size > FILE_SIZE_MAX - offset)
		return ERR_TOO_BIG;
	TRY(file_begin_change(dataset, inode, &file));
	u64 end = min_u64(offset + size, file.inode.size), next = end;
	if (offset < end && file.inode.record_log2) {
		TRY(punch_step(&file, offset, end, &next));
	} else if (offset < end) {
		static const u8 zeros[INLINE_MAX];
		if (end > INLINE_MAX)
			return ERR_CORRUPT;
		TRY(file_write_inline(&file, offset, view_clamp(view_of(zeros), 0, end - offset)));
	}
	kept_end(dataset->tree.pool);
	*out = next >= end ? offset + size : next;
	return OK;
}

static err_t seek_records(struct file *file, u64 offset, bool is_hole, u64 *out)
{
	struct btree *tree = &file->dataset->tree;
	u64 number = offset / RECORD_SIZE, end = (file->inode.size - 1) / RECORD_SIZE + 1;
	while (true) {
		struct place place;
		file->dataset->tree.pool->epoch++;
		err_t err = btree_seek(tree, record_key(file->number, number), &place);
		if (err != OK && err != ERR_NOT_FOUND)
			return err;
		tree_key_t key = err == OK ? btree_key(tree, &place) : KEY_LAST;
		bool is_data =
			key.object == file->number && key_kind(key) == ITEM_DATA && key_offset(key) < end;
		if (!is_hole) {
			*out = max_u64(offset, key_offset(key) * RECORD_SIZE);
			return is_data ? OK : ERR_NOT_FOUND;
		}
		if (!is_data || key_offset(key) != number) {
			*out = min_u64(max_u64(offset, number * RECORD_SIZE), file->inode.size);
			return OK;
		}
		number++;
	}
}

err_t sinter_seek(struct dataset *dataset, u64 inode, u64 offset, bool is_hole, u64 *out)
{
	struct file file = { .dataset = dataset, .number = inode };
	TRY(inode_begin(dataset, false));
	TRY(inode_load_file(dataset, inode, &file.inode));
	if (offset >= file.inode.size)
		return ERR_NOT_FOUND;
	if (file.inode.record_log2)
		return seek_records(&file, offset, is_hole, out);
	*out = is_hole ? file.inode.size : offset;
	return OK;
}
