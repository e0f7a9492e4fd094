// SPDX-License-Identifier: MIT
// inode.c - see inode.h; attributes; holds.
#include "lib/sinter/inode.h"

#include "lib/sinter/ilog.h"
#include "lib/sinter/pending.h"
#include "lib/sinter/seal.h"
#include "lib/sinter/txg.h"

constexpr i64 DAY_S = 86400;

tree_key_t inode_key(u64 inode)
{
	return key_make(inode, ITEM_INODE, 0);
}

void inode_set_changed(struct inode_record *inode, struct sinter_time now)
{
	inode->ctime_s = now.s;
	inode->ctime_ns = now.ns;
}

void inode_set_modified(struct inode_record *inode, struct sinter_time now)
{
	inode->mtime_s = now.s;
	inode->mtime_ns = now.ns;
	inode_set_changed(inode, now);
}

struct inode_record inode_new(struct sinter *pool, u32 mode)
{
	struct sinter_time now = ilog_time(pool);
	struct inode_record inode = {
		.mode = mode, .atime_s = now.s, .atime_ns = now.ns, .btime_s = now.s, .btime_ns = now.ns
	};
	inode.links = inode_is_directory(&inode) ? 2 : 0;
	inode_set_modified(&inode, now);
	return inode;
}

err_t inode_begin(struct dataset *dataset, bool is_change)
{
	struct sinter *pool = dataset->tree.pool;
	pool->epoch++;
	TRY(seal_check_key(dataset));
	if (!is_change)
		return OK;
	bool is_closed = dataset->record.flags & (DATASET_READ_ONLY | DATASET_RECEIVING);
	return dataset->snapshot || is_closed || pool->is_read_only ? ERR_READ_ONLY : OK;
}

err_t inode_load(struct dataset *dataset, u64 inode, struct inode_record *out)
{
	if (!inode || inode > INODE_MAX)
		return ERR_NOT_FOUND;
	return btree_load(&dataset->tree, inode_key(inode), span_of(*out));
}

err_t inode_load_directory(struct dataset *dataset, u64 inode, struct inode_record *out)
{
	TRY(inode_load(dataset, inode, out));
	return inode_is_directory(out) ? OK : ERR_NOT_DIRECTORY;
}

err_t inode_load_file(struct dataset *dataset, u64 inode, struct inode_record *out)
{
	TRY(inode_load(dataset, inode, out));
	if (inode_is_directory(out))
		return ERR_IS_DIRECTORY;
	if (inode_type(out) != MODE_FILE)
		return ERR_INVALID;
	if (out->record_log2 && out->record_log2 != RECORD_LOG2)
		return ERR_UNSUPPORTED;
	return out->size <= FILE_SIZE_MAX ? OK : ERR_CORRUPT;
}

err_t inode_prepare(struct dataset *dataset, u64 inode, struct need *need)
{
	return btree_prepare_edit(&dataset->tree, inode_key(inode), need);
}

void inode_store(struct dataset *dataset, u64 inode, const struct inode_record *record)
{
	btree_store(&dataset->tree, inode_key(inode), view_of(*record));
}

err_t sinter_attributes(struct dataset *dataset, u64 inode, struct inode_record *out)
{
	TRY(inode_begin(dataset, false));
	return inode_load(dataset, inode, out);
}

static void note_attributes(struct dataset *dataset, u64 inode, const struct inode_record *record)
{
	struct log_attributes body = { .inode = inode,
		.mask = ATTRIBUTE_MODE | ATTRIBUTE_USER | ATTRIBUTE_GROUP | ATTRIBUTE_ACCESSED |
		        ATTRIBUTE_MODIFIED | ATTRIBUTE_CHANGED,
		.mode = record->mode,
		.user = record->user,
		.group = record->group,
		.atime_s = record->atime_s,
		.mtime_s = record->mtime_s,
		.ctime_s = record->ctime_s,
		.atime_ns = record->atime_ns,
		.mtime_ns = record->mtime_ns,
		.ctime_ns = record->ctime_ns };
	ilog_note(dataset, (struct note){ .kind = LOG_ATTRIBUTES, .body = view_of(body) });
}

err_t sinter_set_attributes(
	struct dataset *dataset, u64 inode, const struct inode_record *values, u32 mask)
{
	struct inode_record record;
	struct need need = { .is_freeing = true }; // it takes no space for long
	TRY(inode_begin(dataset, true));
	TRY(inode_load(dataset, inode, &record));
	TRY(inode_prepare(dataset, inode, &need));
	TRY(txg_admit(dataset->tree.pool, &need));
	inode_set_changed(&record, ilog_time(dataset->tree.pool));
	if (mask & ATTRIBUTE_MODE)
		record.mode = (record.mode & MODE_TYPE) | (values->mode & 07777);
	if (mask & ATTRIBUTE_USER)
		record.user = values->user;
	if (mask & ATTRIBUTE_GROUP)
		record.group = values->group;
	if (mask & ATTRIBUTE_ACCESSED) {
		record.atime_s = values->atime_s;
		record.atime_ns = values->atime_ns;
	}
	if (mask & ATTRIBUTE_MODIFIED) {
		record.mtime_s = values->mtime_s;
		record.mtime_ns = values->mtime_ns;
	}
	if (mask & ATTRIBUTE_CHANGED)
		inode_set_changed(&record, (struct sinter_time){ values->ctime_s, values->ctime_ns });
	inode_store(dataset, inode, &record);
	note_attributes(dataset, inode, &record);
	return OK;
}

static bool is_read_after(const struct inode_record *inode, i64 s, u32 ns)
{
	return inode->atime_s > s || (inode->atime_s == s && inode->atime_ns > ns);
}

void sinter_accessed(struct dataset *dataset, u64 inode)
{
	struct sinter *pool = dataset->tree.pool;
	struct sinter_time now = pool->port.now(pool->port.context);
	struct inode_record record;
	struct need need = { .is_freeing = true };
	bool was_changed = pool->txg.is_changed;
	if (dataset->record.flags & DATASET_NO_ATIME || inode_begin(dataset, true) != OK ||
		inode_load(dataset, inode, &record) != OK)
		return;
	bool is_known = is_read_after(&record, record.mtime_s, record.mtime_ns) &&
	                is_read_after(&record, record.ctime_s, record.ctime_ns) &&
	                now.s - record.atime_s < DAY_S;
	if (is_known || inode_prepare(dataset, inode, &need) != OK || txg_admit(pool, &need) != OK)
		return;
	pool->txg.is_changed = was_changed; // that alone is worth no commit
	record.atime_s = now.s;
	record.atime_ns = now.ns;
	inode_store(dataset, inode, &record);
}

static struct held *_Nullable find_held(const struct dataset *dataset, u64 inode, bool is_wanted)
{
	struct sinter *pool = dataset->tree.pool;
	struct held *free = nullptr;
	for (u32 i = 0; i < HELD_MAX; i++) {
		struct held *held = &AT(pool->held, (inode + i) % HELD_MAX);
		if (held->count && held->dataset == dataset && held->inode == inode)
			return held;
		if (!held->count && !free)
			free = held;
		if (!held->dataset)
			break; // never used: nothing of this inode is behind it
	}
	return is_wanted ? free : nullptr;
}

bool inode_is_held(const struct dataset *dataset, u64 inode)
{
	return find_held(dataset, inode, false) != nullptr;
}

err_t sinter_hold(struct dataset *dataset, u64 inode)
{
	struct held *held = find_held(dataset, inode, true);
	if (!held)
		return ERR_BUSY;
	held->dataset = dataset;
	held->inode = inode;
	held->count++;
	return OK;
}

void sinter_release(struct dataset *dataset, u64 inode)
{
	struct sinter *pool = dataset->tree.pool;
	struct held *held = find_held(dataset, inode, false);
	assert(held);
	if (--held->count)
		return;
	u32 place = (u32)(held - &AT(pool->held, 0));
	while (held->dataset && !held->count && !AT(pool->held, (place + 1) % HELD_MAX).dataset) {
		held->dataset = nullptr; // nothing is behind it: as if it had never been used
		place = (place + HELD_MAX - 1) % HELD_MAX;
		held = &AT(pool->held, place);
	}
	pending_look_again(dataset); // it may have been without a name
}
