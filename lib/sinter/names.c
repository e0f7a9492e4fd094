// SPDX-License-Identifier: MIT
// names.c - looking up, making, linking and unlinking. Each: check and prepare, be admitted,
// change, note for the log. rename.c renames.
#include "lib/sinter/names.h"

#include "lib/sinter/ilog.h"
#include "lib/sinter/pending.h"
#include "lib/sinter/txg.h"

u8 names_type(u32 mode)
{
	return (u8)((mode & MODE_TYPE) >> 12);
}

struct entry_value names_value(u64 inode, u8 type, view_t name)
{
	struct entry_value value = { .size = DIRENT_HEAD + name.size };
	memory_copy(value.bytes, &inode, sizeof inode);
	AT(value.bytes, 8) = type;
	AT(value.bytes, 9) = (u8)name.size;
	span_put(span_from_offset(span_of(value.bytes), DIRENT_HEAD), name);
	return value;
}

void names_insert(struct dataset *dataset, tree_key_t key, view_t name, struct entry entry)
{
	struct entry_value value = names_value(entry.inode, entry.type, name);
	btree_insert(&dataset->tree, key, view_clamp(view_of(value.bytes), 0, value.size));
}

u32 names_size(view_t name)
{
	return DIRENT_HEAD + (u32)name.size;
}

err_t names_find(
	struct dataset *dataset, u64 directory, view_t name, struct found *found, struct entry *out)
{
	TRY(named_find(dataset, directory, NAMED_ENTRY, name, found));
	return named_entry(found->value, out);
}

err_t sinter_lookup(struct dataset *dataset, u64 directory, view_t name, u64 *out)
{
	struct inode_record record;
	struct found found;
	struct entry entry;
	TRY(inode_begin(dataset, false));
	if (name.size > NAME_SIZE_MAX)
		return ERR_TOO_BIG;
	err_t err = names_find(dataset, directory, name, &found, &entry);
	if (err == OK)
		*out = entry.inode;
	else if (err == ERR_NOT_FOUND)
		TRY(inode_load_directory(dataset, directory, &record)); // is it one?
	return err;
}

err_t sinter_parent(struct dataset *dataset, u64 directory, u64 *out)
{
	struct inode_record record;
	TRY(inode_begin(dataset, false));
	TRY(inode_load_directory(dataset, directory, &record));
	*out = record.parent;
	return OK;
}

// A directory that can take a new name, and the name's place.
err_t names_prepare_new(struct dataset *dataset, struct sinter_name name,
	struct inode_record *directory, tree_key_t *key, struct need *need)
{
	struct found found;
	TRY(named_check(name.name));
	TRY(inode_load_directory(dataset, name.directory, directory));
	if (!directory->links)
		return ERR_NOT_FOUND; // it was removed
	err_t err = named_find(dataset, name.directory, NAMED_ENTRY, name.name, &found);
	if (err != ERR_NOT_FOUND)
		return err == OK ? ERR_EXISTS : err;
	*key = found.key;
	TRY(inode_prepare(dataset, name.directory, need));
	return btree_prepare_insert(&dataset->tree, found.key, names_size(name.name), need);
}

static u64 next_inode(struct dataset *dataset)
{
	struct ilog *log = &dataset->tree.pool->log;
	u64 inode = log->is_replaying ? log->replay_inode : dataset->record.next_inode;
	if (inode >= dataset->record.next_inode)
		dataset->record.next_inode = inode + 1;
	dataset->is_changed = true;
	return inode;
}

static err_t check_new(const struct sinter_new *what)
{
	switch (what->mode & MODE_TYPE) {
	case MODE_LINK: return what->target.size && what->target.size < VALUE_MAX ? OK : ERR_TOO_BIG;
	case MODE_FILE:
	case MODE_DIRECTORY:
	case MODE_CHARACTER:
	case MODE_BLOCK:
	case MODE_FIFO:
	case MODE_SOCKET: return OK;
	default: return ERR_INVALID;
	}
}

static err_t prepare_inode(
	struct dataset *dataset, const struct sinter_new *what, bool has_name, struct need *need)
{
	struct btree *tree = &dataset->tree;
	u64 inode = dataset->tree.pool->log.is_replaying ? dataset->tree.pool->log.replay_inode
	                                                 : dataset->record.next_inode;
	struct place place;
	if (inode > INODE_MAX)
		return ERR_NO_SPACE;
	err_t err = btree_find(tree, inode_key(inode), &place);
	if (err != ERR_NOT_FOUND)
		return err == OK ? ERR_CORRUPT : err;
	TRY(btree_prepare_insert(tree, inode_key(inode), sizeof(struct inode_record), need));
	if ((what->mode & MODE_TYPE) == MODE_LINK)
		TRY(btree_prepare_insert(
			tree, key_make(inode, ITEM_INLINE, 0), (u32)what->target.size, need));
	return has_name ? OK : btree_prepare_insert(tree, pending_key(inode), 0, need);
}

static void note_create(struct dataset *dataset, u64 inode, struct sinter_name name,
	const struct sinter_new *what, struct sinter_time now)
{
	struct log_create body = { .inode = inode,
		.parent = name.name.size ? name.directory : 0,
		.time_s = now.s,
		.time_ns = now.ns,
		.mode = what->mode,
		.user = what->user,
		.group = what->group,
		.device = what->device,
		.name_size = (u16)name.name.size,
		.target_size = (u16)what->target.size };
	ilog_note(dataset, (struct note){ .kind = LOG_CREATE,
						   .body = view_of(body),
						   .first = name.name,
						   .second = what->target });
}

static u64 make_inode(struct dataset *dataset, u64 directory, const struct sinter_new *what)
{
	u64 inode = next_inode(dataset);
	struct inode_record record = inode_new(dataset->tree.pool, what->mode);
	record.user = what->user;
	record.group = what->group;
	record.device = what->device;
	record.size = what->target.size;
	record.parent = directory;
	if (!inode_is_directory(&record) && directory)
		record.links = 1;
	btree_insert(&dataset->tree, inode_key(inode), view_of(record));
	if (what->target.size)
		btree_insert(&dataset->tree, key_make(inode, ITEM_INLINE, 0), what->target);
	return inode;
}

// by: names more in the directory; subdirectories likewise.
void names_count(
	struct dataset *dataset, u64 inode, struct inode_record *directory, int by, int directories)
{
	directory->size += (u64)by;
	directory->links += (u32)directories;
	inode_set_modified(directory, ilog_time(dataset->tree.pool));
	inode_store(dataset, inode, directory);
}

err_t sinter_create(
	struct dataset *dataset, u64 directory, view_t name, const struct sinter_new *what, u64 *out)
{
	struct inode_record parent;
	tree_key_t key;
	struct need need = {};
	bool has_name = name.size != 0;
	bool is_directory = (what->mode & MODE_TYPE) == MODE_DIRECTORY;
	struct sinter_name where = { directory, name };
	TRY(inode_begin(dataset, true));
	TRY(check_new(what));
	if (has_name)
		TRY(names_prepare_new(dataset, where, &parent, &key, &need));
	else if ((what->mode & MODE_TYPE) != MODE_FILE)
		return ERR_INVALID;
	TRY(prepare_inode(dataset, what, has_name, &need));
	TRY(txg_admit(dataset->tree.pool, &need));
	u64 inode = make_inode(dataset, has_name ? directory : 0, what);
	if (has_name) {
		struct entry entry = { inode, names_type(what->mode) };
		names_insert(dataset, key, name, entry);
		names_count(dataset, directory, &parent, 1, is_directory);
	} else {
		btree_insert(&dataset->tree, pending_key(inode), (view_t){});
		pending_look_again(dataset);
	}
	note_create(dataset, inode, where, what, ilog_time(dataset->tree.pool));
	*out = inode;
	return OK;
}

err_t sinter_link(struct dataset *dataset, u64 inode, u64 directory, view_t name)
{
	struct inode_record parent, record;
	tree_key_t key;
	struct need need = {};
	TRY(inode_begin(dataset, true));
	TRY(inode_load(dataset, inode, &record));
	if (inode_is_directory(&record))
		return ERR_IS_DIRECTORY;
	if (record.links == UINT32_MAX)
		return ERR_TOO_BIG;
	TRY(names_prepare_new(dataset, (struct sinter_name){ directory, name }, &parent, &key, &need));
	TRY(inode_prepare(dataset, inode, &need));
	bool was_dead = !record.links;
	if (was_dead && !record.tail)
		TRY(btree_prepare_remove(&dataset->tree, pending_key(inode), &need));
	TRY(txg_admit(dataset->tree.pool, &need));
	struct sinter_time now = ilog_time(dataset->tree.pool);
	record.links++;
	inode_set_changed(&record, now);
	inode_store(dataset, inode, &record);
	if (was_dead && !record.tail)
		btree_remove(&dataset->tree, pending_key(inode));
	names_insert(dataset, key, name, (struct entry){ inode, names_type(record.mode) });
	names_count(dataset, directory, &parent, 1, 0);
	struct log_link body = { .inode = inode,
		.parent = directory,
		.time_s = now.s,
		.time_ns = now.ns,
		.name_size = (u16)name.size };
	ilog_note(dataset, (struct note){ .kind = LOG_LINK, .body = view_of(body), .first = name });
	return OK;
}

err_t names_prepare_drop(
	struct dataset *dataset, u64 inode, struct inode_record *record, struct need *need)
{
	TRY(inode_load(dataset, inode, record));
	TRY(inode_prepare(dataset, inode, need));
	if (inode_is_directory(record) ? record->size : !record->links)
		return inode_is_directory(record) ? ERR_NOT_EMPTY : ERR_CORRUPT;
	return record->links <= 1 || inode_is_directory(record)
	           ? btree_prepare_insert(&dataset->tree, pending_key(inode), 0, need)
	           : OK;
}

// One name less. The last one: the rest is done later, or when it is held no more.
void names_drop(struct dataset *dataset, u64 inode, struct inode_record *record)
{
	record->links = inode_is_directory(record) ? 0 : record->links - 1;
	inode_set_changed(record, ilog_time(dataset->tree.pool));
	inode_store(dataset, inode, record);
	if (record->links)
		return;
	if (!record->tail) // else it has the item already
		btree_insert(&dataset->tree, pending_key(inode), (view_t){});
	pending_look_again(dataset);
}

err_t sinter_unlink(struct dataset *dataset, u64 directory, view_t name, bool is_directory)
{
	struct inode_record parent, record;
	struct found found;
	struct entry entry;
	struct need need = { .is_freeing = true };
	TRY(inode_begin(dataset, true));
	TRY(named_check(name));
	TRY(inode_load_directory(dataset, directory, &parent));
	TRY(names_find(dataset, directory, name, &found, &entry));
	TRY(inode_load(dataset, entry.inode, &record));
	if (inode_is_directory(&record) != is_directory)
		return is_directory ? ERR_NOT_DIRECTORY : ERR_IS_DIRECTORY;
	TRY(names_prepare_drop(dataset, entry.inode, &record, &need));
	TRY(inode_prepare(dataset, directory, &need));
	TRY(btree_prepare_remove(&dataset->tree, found.key, &need));
	TRY(txg_admit(dataset->tree.pool, &need));
	struct sinter_time now = ilog_time(dataset->tree.pool);
	btree_remove(&dataset->tree, found.key);
	names_count(dataset, directory, &parent, -1, -(int)is_directory);
	names_drop(dataset, entry.inode, &record);
	struct log_unlink body = { .parent = directory,
		.time_s = now.s,
		.time_ns = now.ns,
		.name_size = (u16)name.size,
		.is_directory = is_directory };
	ilog_note(dataset, (struct note){ .kind = LOG_UNLINK, .body = view_of(body), .first = name });
	return OK;
}

err_t sinter_read_directory(
	struct dataset *dataset, u64 directory, u64 cookie, struct sinter_entry *out)
{
	struct inode_record record;
	TRY(inode_begin(dataset, false));
	TRY(inode_load_directory(dataset, directory, &record));
	return named_next(dataset, directory, NAMED_ENTRY, cookie, out);
}
