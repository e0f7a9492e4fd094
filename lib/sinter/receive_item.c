// SPDX-License-Identifier: MIT
// receive_item.c - one item of a stream: is it possible by itself, and into the tree with it.
// Whether all of them fit together is seen at the end.
#include "lib/sinter/receive.h"

#include "lib/sinter/cache.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/inode.h"
#include "lib/sinter/named.h"
#include "lib/sinter/txg.h"
#include "lib/sinter/xattr.h"

static err_t check_named(struct dataset *dataset, tree_key_t key, view_t bytes)
{
	enum named kind = key_kind(key);
	struct entry entry;
	struct xattr_value value;
	view_t name;
	TRY(named_name(kind, bytes, &name));
	u64 hash = siphash(name, dataset->name_key) >> 8;
	if ((hash ^ key_offset(key)) & ~(u64)255)
		return ERR_CORRUPT;
	if (kind == NAMED_ENTRY) {
		TRY(named_entry(bytes, &entry));
		return named_check(name) == OK && bytes.size == DIRENT_HEAD + name.size ? OK : ERR_CORRUPT;
	}
	TRY(xattr_value(bytes, &value));
	usize size = sizeof(struct xattr_head) + name.size + value.bytes.size;
	return bytes.size == size ? OK : ERR_CORRUPT;
}

static err_t check_inode(tree_key_t key, view_t bytes)
{
	struct inode_record record;
	if (key_offset(key) || bytes.size != sizeof record ||
		view_load(bytes, 0, span_of(record)) != OK)
		return ERR_CORRUPT;
	bool is_sane =
		record.size <= FILE_SIZE_MAX && (!record.record_log2 || record.record_log2 == RECORD_LOG2);
	return is_sane ? OK : ERR_CORRUPT;
}

static err_t check_value(struct dataset *dataset, tree_key_t key, view_t bytes)
{
	switch (key_kind(key)) {
	case ITEM_INODE: return check_inode(key, bytes);
	case ITEM_INLINE:
		return !key_offset(key) && bytes.size && bytes.size < VALUE_MAX ? OK : ERR_CORRUPT;
	case ITEM_XATTR:
	case ITEM_DIRENT: return check_named(dataset, key, bytes);
	default: return ERR_CORRUPT;
	}
}

static err_t check(struct dataset *dataset, const struct stream_item *item, view_t bytes)
{
	tree_key_t key = item->key;
	u8 kind = key_kind(key);
	if (key.object > INODE_MAX || kind < ITEM_INODE || kind > ITEM_PENDING ||
		(key.object != 0) != (kind != ITEM_PENDING))
		return ERR_CORRUPT;
	switch (item->action) {
	case STREAM_REMOVE: return bytes.size ? ERR_CORRUPT : OK;
	case STREAM_RECORD:
		return kind == ITEM_DATA && bytes.size && bytes.size <= RECORD_SIZE ? OK : ERR_CORRUPT;
	case STREAM_PUT:
		if (kind == ITEM_PENDING)
			return bytes.size ? ERR_CORRUPT : OK;
		return check_value(dataset, key, bytes);
	default: return ERR_CORRUPT;
	}
}

struct old {
	bool is_there;
	pointer_t pointer; // of a record
};

static err_t find_old(struct btree *tree, tree_key_t key, struct old *old)
{
	struct place place;
	*old = (struct old){};
	err_t err = btree_find(tree, key, &place);
	if (err == ERR_NOT_FOUND)
		return OK;
	TRY(err);
	old->is_there = true;
	if (key_kind(key) != ITEM_DATA)
		return OK;
	return view_load(btree_value(tree, &place), 0, span_of(old->pointer)) == OK ? OK : ERR_CORRUPT;
}

static err_t remove_item(struct btree *tree, tree_key_t key, const struct old *old)
{
	struct need need = { .is_freeing = true };
	if (!old->is_there)
		return OK; // removed before the stream broke off
	TRY(btree_prepare_remove(tree, key, &need));
	TRY(btree_prepare_free(tree, &old->pointer));
	TRY(txg_admit(tree->pool, &need));
	btree_remove(tree, key);
	btree_drop(tree, &old->pointer);
	return OK;
}

static err_t put_value(struct btree *tree, tree_key_t key, const struct old *old, view_t bytes)
{
	struct need need = {};
	if (old->is_there)
		TRY(btree_prepare_remove(tree, key, &need));
	TRY(btree_prepare_insert(tree, key, (u32)bytes.size, &need));
	TRY(txg_admit(tree->pool, &need));
	btree_put(tree, key, old->is_there, bytes);
	return OK;
}

static err_t put_record(struct btree *tree, tree_key_t key, const struct old *old, view_t bytes)
{
	struct sinter *pool = tree->pool;
	struct need need = { .records = 1 };
	if (old->is_there)
		TRY(btree_prepare_edit(tree, key, &need));
	else
		TRY(btree_prepare_insert(tree, key, sizeof(pointer_t), &need));
	TRY(btree_prepare_free(tree, &old->pointer));
	TRY(txg_admit(pool, &need));
	struct buffer *buffer = cache_make_record(pool, (u32)bytes.size);
	if (key_offset(key) >= XATTR_RECORDS)
		AT(pool->super.features, FEATURES_INCOMPATIBLE) |= FEATURE_XATTR_RECORDS;
	buffer->record = key_offset(key);
	buffer->logical = (u32)bytes.size;
	span_put(cache_bytes(pool, buffer), bytes);
	pointer_t pointer = cache_pointer(pool, buffer);
	btree_put(tree, key, old->is_there, view_of(pointer));
	btree_drop(tree, &old->pointer);
	return OK;
}

err_t receive_item(struct dataset *dataset, const struct stream_item *item, view_t bytes)
{
	struct btree *tree = &dataset->tree;
	struct old old;
	tree->pool->epoch++;
	TRY(check(dataset, item, bytes));
	TRY(find_old(tree, item->key, &old));
	switch (item->action) {
	case STREAM_REMOVE: return remove_item(tree, item->key, &old);
	case STREAM_RECORD: return put_record(tree, item->key, &old, bytes);
	default: return put_value(tree, item->key, &old, bytes);
	}
}
