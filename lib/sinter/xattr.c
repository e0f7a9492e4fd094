// SPDX-License-Identifier: MIT
// xattr.c - extended attributes, found by the hash of their names as directory entries are.
#include "lib/sinter/ilog.h"
#include "lib/sinter/inode.h"
#include "lib/sinter/named.h"
#include "lib/sinter/txg.h"

static err_t value_of(view_t item, view_t *out)
{
	struct xattr_head head;
	TRY(view_load(item, 0, span_of(head)));
	if (head.flags)
		return ERR_UNSUPPORTED;
	return view_sub(item, sizeof head + head.name_size, head.value_size, out) == OK ? OK
	                                                                                : ERR_CORRUPT;
}

static err_t check_name(view_t name)
{
	if (!name.size)
		return ERR_INVALID;
	return name.size <= NAME_SIZE_MAX ? OK : ERR_TOO_BIG;
}

err_t sinter_xattr_get(struct dataset *dataset, u64 inode, view_t name, span_t to, usize *out)
{
	struct inode_record record;
	struct found found;
	view_t value;
	TRY(check_name(name));
	TRY(sinter_attributes(dataset, inode, &record));
	TRY(named_find(dataset, inode, NAMED_XATTR, name, &found));
	TRY(value_of(found.value, &value));
	*out = value.size;
	return to.size ? span_copy(to, value) : OK;
}

struct item {
	u8 bytes[VALUE_MAX];
	usize size;
};

static void make_item(struct item *item, view_t name, view_t value)
{
	struct xattr_head head = { .name_size = (u8)name.size, .value_size = (u16)value.size };
	span_t to = span_of(item->bytes);
	item->size = sizeof head + name.size + value.size;
	span_put(to, view_of(head));
	span_put(span_from_offset(to, sizeof head), name);
	span_put(span_from_offset(to, sizeof head + name.size), value);
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
		.value_size = (u16)value.size,
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

err_t sinter_xattr_change(struct dataset *dataset, u64 inode, const struct sinter_xattr *change)
{
	struct btree *tree = &dataset->tree;
	struct inode_record record;
	struct found found;
	struct item item;
	view_t name = change->name, value = change->value;
	bool is_gone = change->how == XATTRS_REMOVE;
	struct need need = { .is_freeing = is_gone };
	TRY(inode_begin(dataset, true));
	TRY(check_name(name));
	if (sizeof(struct xattr_head) + name.size + value.size > VALUE_MAX)
		return ERR_TOO_BIG;
	TRY(inode_load(dataset, inode, &record));
	err_t err = named_find(dataset, inode, NAMED_XATTR, name, &found);
	if (err != OK && err != ERR_NOT_FOUND)
		return err;
	TRY(check_how(change->how, err == OK));
	make_item(&item, name, value);
	TRY(inode_prepare(dataset, inode, &need));
	if (err == OK)
		TRY(btree_prepare_remove(tree, found.key, &need));
	if (!is_gone)
		TRY(btree_prepare_insert(tree, found.key, (u32)item.size, &need));
	TRY(txg_admit(tree->pool, &need));
	view_t bytes = view_clamp(view_of(item.bytes), 0, item.size);
	if (is_gone)
		btree_remove(tree, found.key);
	else
		btree_put(tree, found.key, err == OK, bytes);
	if (change->sets_mode)
		record.mode = (record.mode & MODE_TYPE) | (change->mode & 07777);
	inode_set_changed(&record, ilog_time(tree->pool));
	inode_store(dataset, inode, &record);
	note(dataset, inode, change, record.mode);
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
