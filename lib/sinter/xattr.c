// SPDX-License-Identifier: MIT
// xattr.c - extended attributes, found by the hash of their names as directory entries are. A value
// that does not fit beside its name is in records: xattr.h.
#include "lib/sinter/xattr.h"

#include "lib/sinter/cache.h"
#include "lib/sinter/file.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/named.h"
#include "lib/sinter/txg.h"

// Of 256 keys with one hash the first eight may have records: four each.
constexpr u64 NUMBER_MASK = 255, NUMBERS_MAX = 8;
constexpr u32 VALUE_RECORDS = XATTR_VALUE_MAX / RECORD_SIZE;

err_t xattr_value(view_t item, struct xattr_value *out)
{
	struct xattr_head head;
	TRY(view_load(item, 0, span_of(head)) == OK ? OK : ERR_CORRUPT);
	if (head.flags & ~XATTR_IN_RECORDS)
		return ERR_UNSUPPORTED;
	bool is_in_records = head.flags & XATTR_IN_RECORDS;
	if (is_in_records != (head.records_size != 0) || head.records_size > XATTR_VALUE_MAX ||
		(is_in_records && head.value_size))
		return ERR_CORRUPT;
	out->records_size = head.records_size;
	err_t err = view_sub(item, sizeof head + head.name_size, head.value_size, &out->bytes);
	return err == OK ? OK : ERR_CORRUPT;
}

u64 xattr_record(tree_key_t key)
{
	u64 hash = key_offset(key) >> 8, number = key_offset(key) % NUMBERS_MAX;
	return XATTR_RECORDS | (hash * NUMBERS_MAX + number) * VALUE_RECORDS;
}

static err_t check_name(view_t name)
{
	if (!name.size)
		return ERR_INVALID;
	return name.size <= NAME_SIZE_MAX ? OK : ERR_TOO_BIG;
}

static err_t read_records(struct file *file, u64 first, span_t to)
{
	struct sinter *pool = file->dataset->tree.pool;
	for (u32 done = 0; done < to.size; done += RECORD_SIZE) {
		span_t part = span_clamp(to, done, RECORD_SIZE);
		struct record record;
		struct buffer *buffer;
		TRY(record_find(file, first + done / RECORD_SIZE, &record));
		if (cache_logical(pool, &record.pointer) != part.size)
			return ERR_CORRUPT;
		TRY(record_get(file, &record, &buffer));
		span_put(part, view_clamp(span_view(cache_bytes(pool, buffer)), 0, part.size));
	}
	return OK;
}

err_t sinter_xattr_get(struct dataset *dataset, u64 inode, view_t name, span_t to, usize *out)
{
	struct file file = { .dataset = dataset, .number = inode };
	struct found found;
	struct xattr_value value;
	TRY(check_name(name));
	TRY(sinter_attributes(dataset, inode, &file.inode));
	TRY(named_find(dataset, inode, NAMED_XATTR, name, &found));
	TRY(xattr_value(found.value, &value));
	*out = value.bytes.size + value.records_size;
	if (!to.size || !value.records_size)
		return to.size ? span_copy(to, value.bytes) : OK;
	TRY(span_sub(to, 0, value.records_size, &to));
	return read_records(&file, xattr_record(found.key), to);
}

struct item {
	u8 bytes[VALUE_MAX];
	usize size;
	view_t in_records; // the value, if it does not fit
};

static void make_item(struct item *item, view_t name, view_t value)
{
	struct xattr_head head = { .name_size = (u8)name.size };
	span_t to = span_of(item->bytes);
	bool fits = sizeof head + name.size + value.size <= to.size;
	item->in_records = fits ? (view_t){} : value;
	value = fits ? value : (view_t){};
	head.flags = fits ? 0 : XATTR_IN_RECORDS;
	head.value_size = (u16)value.size;
	head.records_size = (u32)item->in_records.size;
	item->size = sizeof head + name.size + value.size;
	span_put(to, view_of(head));
	span_put(span_from_offset(to, sizeof head), name);
	span_put(span_from_offset(to, sizeof head + name.size), value);
}

// The records of a value: those that are there, and what will be in them.
struct records {
	struct file file;
	u32 count; // that there are or will be
	struct record each[VALUE_RECORDS];
	view_t value;
};

static view_t value_part(const struct records *records, u32 i)
{
	return view_clamp(records->value, (usize)i * RECORD_SIZE, RECORD_SIZE);
}

// A hostile image may give one block to two of them.
static bool is_block_of_another(const struct records *records, u32 i)
{
	const pointer_t *pointer = &AT(records->each, i).pointer;
	for (u32 j = 0; j < i; j++)
		if (pointer_equal(&AT(records->each, j).pointer, pointer))
			return !pointer_is_hole(pointer);
	return false;
}

static err_t prepare_records(struct records *records, u64 first, struct need *need)
{
	struct file *file = &records->file;
	struct btree *tree = &file->dataset->tree;
	for (u32 i = 0; i < records->count; i++) {
		struct record *record = &AT(records->each, i);
		TRY(record_find(file, first + i, record));
		if (is_block_of_another(records, i))
			return ERR_CORRUPT;
		record->whole = (u32)value_part(records, i).size;
		if (record->whole)
			TRY(record_prepare(file, record, need));
		else if (!pointer_is_hole(&record->pointer)) {
			TRY(btree_prepare_remove(tree, record_key(file->number, record->number), need));
			TRY(btree_prepare_free(tree, &record->pointer));
		}
	}
	return OK;
}

static void change_records(struct records *records)
{
	struct file *file = &records->file;
	struct btree *tree = &file->dataset->tree;
	for (u32 i = 0; i < records->count; i++) {
		struct record *record = &AT(records->each, i);
		view_t part = value_part(records, i);
		if (part.size) {
			struct buffer *buffer = record_change(file, record, (u32)part.size);
			span_t to = cache_bytes(tree->pool, buffer);
			span_put(to, part);
			span_fill(span_from_offset(to, part.size), 0);
		} else if (!pointer_is_hole(&record->pointer)) {
			file->inode.units -= units_of_bytes(cache_logical(tree->pool, &record->pointer));
			btree_remove(tree, record_key(file->number, record->number));
			btree_drop(tree, &record->pointer);
		}
	}
	if (records->value.size)
		AT(tree->pool->super.features, FEATURES_INCOMPATIBLE) |= FEATURE_XATTR_RECORDS;
}

static void note(struct dataset *dataset, u64 inode, const struct sinter_xattr *change, u32 mode)
{
	bool is_gone = change->how == XATTRS_REMOVE;
	view_t value = is_gone ? (view_t){} : change->value;
	struct sinter_time now = ilog_time(dataset->tree.pool);
	struct log_xattr body = { .inode = inode,
		.time_s = now.s,
		.time_ns = now.ns,
		.name_size = (u16)change->name.size,
		.value_size = (u32)value.size,
		.how = is_gone ? XATTRS_REMOVE : XATTRS_SET,
		.mode = change->sets_mode ? mode : 0 };
	ilog_note(dataset,
		(struct note){
			.kind = LOG_XATTR, .body = view_of(body), .first = change->name, .second = value });
}

static err_t check_how(enum xattr_mode how, bool is_there)
{
	if (how == XATTRS_CREATE && is_there)
		return ERR_EXISTS;
	return (how == XATTRS_REPLACE || how == XATTRS_REMOVE) && !is_there ? ERR_NOT_FOUND : OK;
}

static err_t check_change(const struct sinter_xattr *change)
{
	TRY(check_name(change->name));
	return change->value.size <= XATTR_VALUE_MAX ? OK : ERR_TOO_BIG;
}

// Which records the change is about: those of the value that is there, and of the new one.
static err_t count_records(struct records *records, const struct found *found, bool is_there)
{
	struct xattr_value old = {};
	if (is_there)
		TRY(xattr_value(found->value, &old));
	if (records->value.size && (key_offset(found->key) & NUMBER_MASK) >= NUMBERS_MAX)
		return ERR_NO_SPACE;
	usize size = records->value.size > old.records_size ? records->value.size : old.records_size;
	records->count = (u32)((size + RECORD_SIZE - 1) / RECORD_SIZE);
	return OK;
}

err_t sinter_xattr_change(struct dataset *dataset, u64 inode, const struct sinter_xattr *change)
{
	struct btree *tree = &dataset->tree;
	struct records records = { .file = { .dataset = dataset, .number = inode } };
	struct inode_record *record = &records.file.inode;
	struct found found;
	struct item item;
	bool is_gone = change->how == XATTRS_REMOVE;
	struct need need = { .is_freeing = is_gone };
	TRY(inode_begin(dataset, true));
	TRY(check_change(change));
	TRY(inode_load(dataset, inode, record));
	err_t err = named_find(dataset, inode, NAMED_XATTR, change->name, &found);
	if (err != OK && err != ERR_NOT_FOUND)
		return err;
	TRY(check_how(change->how, err == OK));
	make_item(&item, change->name, is_gone ? (view_t){} : change->value);
	records.value = item.in_records;
	TRY(count_records(&records, &found, err == OK));
	TRY(inode_prepare(dataset, inode, &need));
	TRY(prepare_records(&records, xattr_record(found.key), &need));
	if (err == OK)
		TRY(btree_prepare_remove(tree, found.key, &need));
	if (!is_gone)
		TRY(btree_prepare_insert(tree, found.key, (u32)item.size, &need));
	TRY(txg_admit(tree->pool, &need));
	change_records(&records);
	if (is_gone)
		btree_remove(tree, found.key);
	else
		btree_put(tree, found.key, err == OK, view_clamp(view_of(item.bytes), 0, item.size));
	if (change->sets_mode)
		record->mode = (record->mode & MODE_TYPE) | (change->mode & 07777);
	inode_set_changed(record, ilog_time(tree->pool));
	inode_store(dataset, inode, record);
	note(dataset, inode, change, record->mode);
	return OK;
}

err_t sinter_xattr_set(
	struct dataset *dataset, u64 inode, view_t name, view_t value, enum xattr_mode mode)
{
	return sinter_xattr_change(
		dataset, inode, &(struct sinter_xattr){ .name = name, .value = value, .how = mode });
}

err_t sinter_xattr_list(struct dataset *dataset, u64 inode, u64 cookie, struct sinter_entry *out)
{
	struct inode_record record;
	TRY(sinter_attributes(dataset, inode, &record));
	return named_next(dataset, inode, NAMED_XATTR, cookie, out);
}
