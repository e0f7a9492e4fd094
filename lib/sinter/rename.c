// SPDX-License-Identifier: MIT
// rename.c - one change: the name moves, what stood there loses a name, or the two change places.
#include "lib/sinter/ilog.h"
#include "lib/sinter/names.h"
#include "lib/sinter/txg.h"

constexpr u32 DEPTH_MAX = 65536; // of directories; a damaged tree may have circles

struct side {
	struct sinter_name name;
	struct inode_record directory;
	struct found found;
	struct entry entry;
	struct inode_record inode;
	bool is_there;
};

struct rename {
	struct dataset *dataset;
	struct side from, to;
	bool is_same_directory, is_exchange;
};

static err_t load_side(struct dataset *dataset, struct side *side)
{
	TRY(named_check(side->name.name));
	TRY(inode_load_directory(dataset, side->name.directory, &side->directory));
	err_t err =
		names_find(dataset, side->name.directory, side->name.name, &side->found, &side->entry);
	side->is_there = err == OK;
	if (err == ERR_NOT_FOUND)
		return OK;
	TRY(err);
	return inode_load(dataset, side->entry.inode, &side->inode);
}

// Is the directory the inode itself or somewhere below it?
static err_t check_not_below(struct dataset *dataset, u64 inode, u64 directory)
{
	for (u32 i = 0; i < DEPTH_MAX; i++) {
		struct inode_record record;
		if (directory == inode)
			return ERR_INVALID;
		if (directory == INODE_ROOT)
			return OK;
		dataset->tree.pool->epoch++; // a long way up needs no more frames than one step
		TRY(inode_load_directory(dataset, directory, &record));
		directory = record.parent;
	}
	return ERR_LOOP;
}

static err_t check(struct rename *rename, u32 flags)
{
	struct side *from = &rename->from, *to = &rename->to;
	if (!from->is_there || !to->directory.links)
		return ERR_NOT_FOUND;
	if (flags & RENAMES_NO_REPLACE && to->is_there)
		return ERR_EXISTS;
	if (rename->is_exchange && !to->is_there)
		return ERR_NOT_FOUND;
	bool is_directory = inode_is_directory(&from->inode);
	if (to->is_there && !rename->is_exchange) {
		if (inode_is_directory(&to->inode) && !is_directory)
			return ERR_IS_DIRECTORY;
		if (!inode_is_directory(&to->inode) && is_directory)
			return ERR_NOT_DIRECTORY;
	}
	if (is_directory)
		TRY(check_not_below(rename->dataset, from->entry.inode, to->name.directory));
	if (rename->is_exchange && inode_is_directory(&to->inode))
		TRY(check_not_below(rename->dataset, to->entry.inode, from->name.directory));
	return OK;
}

static err_t prepare(struct rename *rename, struct need *need)
{
	struct dataset *dataset = rename->dataset;
	struct side *from = &rename->from, *to = &rename->to;
	struct btree *tree = &dataset->tree;
	TRY(inode_prepare(dataset, from->name.directory, need));
	TRY(inode_prepare(dataset, to->name.directory, need));
	TRY(inode_prepare(dataset, from->entry.inode, need));
	if (to->is_there)
		TRY(inode_prepare(dataset, to->entry.inode, need));
	if (rename->is_exchange) {
		TRY(btree_prepare_edit(tree, from->found.key, need));
		return btree_prepare_edit(tree, to->found.key, need);
	}
	TRY(btree_prepare_remove(tree, from->found.key, need));
	if (!to->is_there)
		return btree_prepare_insert(tree, to->found.key, names_size(to->name.name), need);
	TRY(btree_prepare_edit(tree, to->found.key, need));
	return names_prepare_drop(dataset, to->entry.inode, &to->inode, need);
}

// The name at this side leads to another inode from now on.
static void set_entry(struct rename *rename, struct side *side, struct entry entry)
{
	span_t value = btree_edit(&rename->dataset->tree, side->found.key);
	memory_copy(value.data, &entry.inode, sizeof entry.inode);
	*span_at(value, 8) = entry.type;
}

// An inode came from one directory into another (or stayed), and knows that.
static void moved(struct rename *rename, struct side *side, u64 directory)
{
	inode_set_changed(&side->inode, ilog_time(rename->dataset->tree.pool));
	side->inode.parent = directory;
	inode_store(rename->dataset, side->entry.inode, &side->inode);
}

static void count(struct rename *rename, struct side *side, int by, int directories)
{
	struct inode_record record;
	err_t err = inode_load(rename->dataset, side->name.directory, &record);
	assert(err == OK); // its leaf is dirty or was prepared
	names_count(rename->dataset, side->name.directory, &record, by, directories);
}

static void exchange(struct rename *rename)
{
	struct side *from = &rename->from, *to = &rename->to;
	int more = (int)inode_is_directory(&to->inode) - (int)inode_is_directory(&from->inode);
	set_entry(rename, from, to->entry);
	set_entry(rename, to, from->entry);
	moved(rename, from, to->name.directory);
	moved(rename, to, from->name.directory);
	count(rename, from, 0, more);
	count(rename, to, 0, -more);
}

static void move(struct rename *rename)
{
	struct side *from = &rename->from, *to = &rename->to;
	struct dataset *dataset = rename->dataset;
	bool is_directory = inode_is_directory(&from->inode);
	if (to->is_there) {
		set_entry(rename, to, from->entry);
		names_drop(dataset, to->entry.inode, &to->inode);
		ilog_queue(dataset, from->entry.inode); // never a half-written file over a whole one
	} else {
		names_insert(dataset, to->found.key, to->name.name, from->entry);
	}
	btree_remove(&dataset->tree, from->found.key);
	moved(rename, from, to->name.directory);
	count(rename, from, -1, -(int)is_directory);
	count(rename, to, !to->is_there, is_directory && !to->is_there);
}

static void note(struct rename *rename, u32 flags)
{
	struct sinter_time now = ilog_time(rename->dataset->tree.pool);
	struct log_rename body = { .from = rename->from.name.directory,
		.to = rename->to.name.directory,
		.time_s = now.s,
		.time_ns = now.ns,
		.from_size = (u16)rename->from.name.name.size,
		.to_size = (u16)rename->to.name.name.size,
		.flags = flags };
	ilog_note(rename->dataset, (struct note){ .kind = LOG_RENAME,
								   .body = view_of(body),
								   .first = rename->from.name.name,
								   .second = rename->to.name.name });
}

err_t sinter_rename(
	struct dataset *dataset, struct sinter_name from, struct sinter_name to, u32 flags)
{
	struct rename rename = { .dataset = dataset,
		.from = { .name = from },
		.to = { .name = to },
		.is_exchange = flags & RENAMES_EXCHANGE };
	struct need need = {};
	if (flags & ~(u32)(RENAMES_NO_REPLACE | RENAMES_EXCHANGE) ||
		flags == (RENAMES_NO_REPLACE | RENAMES_EXCHANGE))
		return ERR_INVALID;
	TRY(inode_begin(dataset, true));
	TRY(load_side(dataset, &rename.from));
	TRY(load_side(dataset, &rename.to));
	TRY(check(&rename, flags));
	if (rename.to.is_there && rename.to.entry.inode == rename.from.entry.inode)
		return OK; // two names of one inode: POSIX says do nothing
	TRY(prepare(&rename, &need));
	TRY(txg_admit(dataset->tree.pool, &need));
	if (rename.is_exchange)
		exchange(&rename);
	else
		move(&rename);
	note(&rename, flags);
	return OK;
}
