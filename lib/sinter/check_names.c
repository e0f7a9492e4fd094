// SPDX-License-Identifier: MIT
// check_names.c - one pass over all items of a dataset in the order of keys: each inode's own items
// are compared as they come, names are counted in a table by inode; a second pass compares the
// counts.
#include "lib/base/bits.h"
#include "lib/base/hash.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/check_local.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/names.h"
#include "lib/sinter/xattr.h"

struct count {
	u64 inode; // 0: free
	u64 parent;
	u32 names, subdirectories;
	u8 type;
	bool is_pending;
};

struct table {
	struct count *counts; // owned
	u32 size, used;
};

struct names {
	struct btree *tree;
	struct sinter_check *check;
	struct port *port;
	struct table table;
	u64 inode; // the one whose items come now; 0: none
	struct inode_record record;
	u64 units, entries;
	u64 values; // marks of the records that attributes say they have, less those that are there
	bool has_inline;
};

static struct count *find_slot(struct table *table, u64 inode)
{
	u32 at = (u32)hash_mix(inode) & (table->size - 1);
	while (true) {
		struct count *count = &ITEM(table->counts, table->size, at);
		if (!count->inode || count->inode == inode)
			return count;
		at = (at + 1) & (table->size - 1);
	}
}

static err_t grow(struct names *names, u32 size)
{
	struct table new = { .size = size, .used = names->table.used };
	struct port *port = names->port;
	struct count *counts = port->allocate(port->context, size * sizeof(struct count));
	if (!counts)
		return ERR_NO_MEMORY;
	new.counts = counts;
	for (u32 i = 0; i < names->table.size; i++) {
		struct count *count = &ITEM(names->table.counts, names->table.size, i);
		if (count->inode)
			*find_slot(&new, count->inode) = *count;
	}
	port_release(port, names->table.counts, names->table.size * sizeof(struct count));
	names->table = new;
	return OK;
}

static err_t count_of(struct names *names, u64 inode, struct count *_Nonnull *_Nonnull out)
{
	if (names->table.used * 2 >= names->table.size)
		TRY(grow(names, names->table.size ? names->table.size * 2 : 256));
	*out = find_slot(&names->table, inode);
	if (!(*out)->inode) {
		(*out)->inode = inode;
		names->table.used++;
	}
	return OK;
}

static void complain(struct names *names, const char *what, u64 inode)
{
	check_complain(names->check, what, inode, 0);
}

// The items of one inode are all seen.
static void end_inode(struct names *names)
{
	const struct inode_record *record = &names->record;
	if (!names->inode)
		return;
	if (record->units != names->units)
		check_complain(
			names->check, "an inode's units are not its records'", names->inode, names->units);
	if (inode_is_directory(record) && record->size != names->entries)
		complain(names, "a directory's size is not the number of its entries", names->inode);
	if (inode_type(record) == MODE_LINK && record->links && !names->has_inline) // else it is going
		complain(names, "a symbolic link has no target", names->inode);
	if (record->links && names->values)
		complain(names, "the records of attributes are not those of their values", names->inode);
}

static err_t see_inode(struct names *names, u64 inode, view_t value)
{
	end_inode(names);
	names->inode = inode;
	names->units = names->entries = names->values = 0;
	names->has_inline = false;
	names->record = (struct inode_record){};
	if (value.size != sizeof names->record) {
		complain(names, "an inode has another size", inode);
		return OK;
	}
	u32 type = ((const struct inode_record *_Nonnull)(const void *)value.data)->mode & MODE_TYPE;
	u64 *counter = type == MODE_DIRECTORY ? &names->check->directories
	               : type == MODE_FILE    ? &names->check->files
	                                      : &names->check->others;
	++*counter;
	return view_load(value, 0, span_of(names->record));
}

static void see_inline(struct names *names, view_t value)
{
	u32 type = inode_type(&names->record);
	names->has_inline = true;
	if (type == MODE_LINK ? value.size != names->record.size
						  : type != MODE_FILE || names->record.record_log2 ||
								value.size > INLINE_MAX || value.size > names->record.size)
		complain(names, "inline contents where none may be", names->inode);
}

static u64 value_mark(u64 number, u64 size)
{
	return hash_mix(number) * size;
}

static void see_xattr(struct names *names, tree_key_t key, view_t item)
{
	struct xattr_value value = {};
	if (xattr_value(item, &value) != OK)
		complain(names, "an attribute is damaged", names->inode);
	u64 first = xattr_record(key);
	for (u64 done = 0; done < value.records_size; done += RECORD_SIZE)
		names->values +=
			value_mark(first + done / RECORD_SIZE, min_u64(RECORD_SIZE, value.records_size - done));
}

static err_t see_named(struct names *names, tree_key_t key, view_t value)
{
	enum named kind = key_kind(key);
	view_t name;
	const u64 *hash_key = names->tree->dataset->name_key;
	if (named_name(kind, value, &name) != OK) {
		complain(names, "a name is damaged", names->inode);
		return OK;
	}
	if ((siphash(name, hash_key) >> 8 ^ key_offset(key)) & ~(u64)255)
		complain(names, "a name has the wrong hash", names->inode);
	if (kind == NAMED_XATTR) {
		see_xattr(names, key, value);
		return OK;
	}
	struct entry entry;
	struct count *count;
	if (!inode_is_directory(&names->record) || named_entry(value, &entry) != OK ||
		named_check(name) != OK) {
		complain(names, "a directory entry is damaged", names->inode);
		return OK;
	}
	names->entries++;
	names->check->names++;
	TRY(count_of(names, entry.inode, &count));
	if (count->names && count->type != entry.type)
		complain(names, "two names say different types", entry.inode);
	count->names++;
	count->type = entry.type;
	count->parent = names->inode;
	if (entry.type != names_type(MODE_DIRECTORY))
		return OK;
	TRY(count_of(names, names->inode, &count));
	count->subdirectories++;
	return OK;
}

static void see_data(struct names *names, tree_key_t key, view_t value)
{
	const struct inode_record *record = &names->record;
	u64 end = record->size / RECORD_SIZE + (record->size % RECORD_SIZE != 0);
	pointer_t pointer = {};
	bool is_value = key_offset(key) >= XATTR_RECORDS;
	bool is_possible =
		is_value || (inode_type(record) == MODE_FILE && record->record_log2 == RECORD_LOG2);
	if (!is_possible || view_load(value, 0, span_of(pointer)) != OK) {
		complain(names, "a record where none may be", names->inode);
		return;
	}
	u32 logical = cache_logical(names->tree->pool, &pointer);
	if (is_value)
		names->values -= value_mark(key_offset(key), logical);
	else if (key_offset(key) >= end && key_offset(key) >= record->tail)
		complain(names, "a record behind the end of the file", names->inode);
	names->units += units_of_bytes(logical);
}

static err_t see_item(struct names *names, tree_key_t key, view_t value)
{
	struct count *count;
	u8 kind = key_kind(key);
	if (!key.object && kind == ITEM_PENDING) {
		TRY(count_of(names, key_offset(key), &count));
		count->is_pending = true;
		return OK;
	}
	if (kind == ITEM_INODE && key.object)
		return see_inode(names, key.object, value);
	if (key.object != names->inode || !key.object) {
		complain(names, "an item of no inode", key.object);
		return OK;
	}
	switch (kind) {
	case ITEM_INLINE: see_inline(names, value); break;
	case ITEM_XATTR:
	case ITEM_DIRENT: return see_named(names, key, value);
	case ITEM_DATA: see_data(names, key, value); break;
	default: complain(names, "an item of unknown kind", key.object);
	}
	return OK;
}

static err_t compare_inode(struct names *names, u64 inode, const struct inode_record *record)
{
	struct count *count;
	TRY(count_of(names, inode, &count));
	bool is_directory = inode_is_directory(record), is_root = inode == INODE_ROOT;
	u32 links =
		is_directory ? (count->names || is_root ? 2 + count->subdirectories : 0) : count->names;
	if (record->links != links)
		check_complain(names->check, "a link count is wrong (inode, should be)", inode, links);
	if (is_directory && count->names > 1)
		complain(names, "a directory has two names", inode);
	if (is_directory && links && record->parent != (is_root ? INODE_ROOT : count->parent))
		complain(names, "a directory's parent is another", inode);
	if (count->names && count->type != names_type(record->mode))
		complain(names, "a name says another type than the inode", inode);
	if ((!links || record->tail) != count->is_pending)
		complain(names, "unfinished work without, or with, its item", inode);
	if (inode >= names->tree->dataset->record.next_inode)
		complain(names, "an inode number that is still to be given", inode);
	count->inode = inode;
	count->names = 0;
	count->is_pending = false; // compared: what is left over has no inode
	return OK;
}

static err_t each_item(struct names *names, bool is_second)
{
	struct btree *tree = names->tree;
	tree_key_t key = KEY_FIRST;
	while (true) {
		struct place place;
		struct inode_record record;
		tree->pool->epoch++;
		err_t err = btree_seek(tree, key, &place);
		if (err == ERR_NOT_FOUND)
			return OK;
		TRY(err);
		key = btree_key(tree, &place);
		view_t value = btree_value(tree, &place);
		if (!is_second)
			TRY(see_item(names, key, value));
		else if (key.object && key_kind(key) == ITEM_INODE &&
				 view_load(value, 0, span_of(record)) == OK)
			TRY(compare_inode(names, key.object, &record));
		if (++key.item == 0)
			key.object++;
	}
}

err_t check_names(struct btree *tree, struct sinter_check *check)
{
	struct names names = { .tree = tree, .check = check, .port = &tree->pool->port };
	err_t err = each_item(&names, false);
	end_inode(&names);
	if (err == OK)
		err = each_item(&names, true);
	for (u32 i = 0; err == OK && i < names.table.size; i++) {
		const struct count *count = &ITEM(names.table.counts, names.table.size, i);
		if (count->inode && (count->names || count->is_pending))
			complain(&names, "a name or unfinished work of no inode", count->inode);
	}
	port_release(names.port, names.table.counts, names.table.size * sizeof(struct count));
	return err;
}
