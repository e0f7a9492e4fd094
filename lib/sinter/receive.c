// SPDX-License-Identifier: MIT
// receive.c - frames checked, their items put into the dataset's tree one step after the other. How
// far it came stands in the RECEIVE item of the same groups, so a broken stream goes on from there;
// items that come twice come to the same. receive_item.c judges and puts single items.
#include "lib/sinter/receive.h"
#include "lib/base/reader.h"
#include "lib/sinter/check_local.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/pending.h"
#include "lib/sinter/sets.h"
#include "lib/sinter/snapshot.h"
#include "lib/sinter/stream.h"
#include "lib/sinter/txg.h"
#include "lib/sinter/volume.h"

static tree_key_t receive_key(const struct dataset *dataset)
{
	return key_make(dataset->record.id, ITEM_RECEIVE, 0);
}

static err_t load_state(struct dataset *dataset, struct receive_record *out)
{
	return btree_load(&dataset->tree.pool->tree, receive_key(dataset), span_of(*out));
}

err_t sinter_receive_state(struct dataset *dataset, struct sinter_resume *out)
{
	struct receive_record record;
	dataset->tree.pool->epoch++;
	TRY(load_state(dataset, &record));
	*out = (struct sinter_resume){ .old_guid = record.old_guid,
		.new_guid = record.new_guid,
		.position = { record.position.object, record.position.item } };
	return OK;
}

// The header and the chain of sums. Nothing is changed by a frame that is refused.
static err_t open_frame(const struct sinter_receive *receive, view_t frame,
	struct frame_header *header, view_t *payload)
{
	if (view_load(frame, 0, span_of(*header)) != OK || header->magic != MAGIC_FRAME ||
		header->size != frame.size - sizeof *header || header->size > FRAME_PAYLOAD_MAX ||
		header->number != receive->number || header->reserved || header->reserved_size)
		return ERR_CORRUPT;
	*payload = view_from_offset(frame, sizeof *header);
	struct frame_header copy = *header;
	return sum_equal(frame_sum(&copy, *payload, receive->sum), header->sum) ? OK : ERR_CORRUPT;
}

static err_t newest_guid(struct dataset *dataset, u64 *out, bool *is_unchanged)
{
	struct snapshot_record record;
	*out = 0;
	*is_unchanged = true;
	if (!dataset->record.newest_snapshot ||
		dataset->record.newest_snapshot == dataset->record.origin_txg)
		return OK;
	TRY(snapshot_load(dataset, dataset->record.newest_snapshot, &record));
	*out = record.guid;
	*is_unchanged = pointer_equal(&record.root, &dataset->tree.root);
	return OK;
}

// A new dataset has nothing but its root directory, which goes: the stream brings one.
static bool is_new(const struct dataset *dataset)
{
	return dataset->record.next_inode == INODE_ROOT + 1 && !dataset->record.origin;
}

// Does this stream fit what is here: from the start, or going on with what was received?
static err_t check_fits(struct dataset *dataset, const struct stream_begin *begin, bool *goes_on)
{
	struct receive_record state;
	u64 guid;
	bool is_unchanged;
	err_t err = load_state(dataset, &state);
	*goes_on = err == OK;
	if (*goes_on) {
		bool is_same = state.old_guid == begin->old_guid && state.new_guid == begin->new_guid &&
		               key_compare(begin->position, state.position) <= 0;
		return is_same ? OK : ERR_STATE;
	}
	if (err != ERR_NOT_FOUND)
		return err;
	TRY(newest_guid(dataset, &guid, &is_unchanged));
	if (guid != begin->old_guid || !is_unchanged || (!guid && !is_new(dataset)) ||
		key_compare(begin->position, KEY_FIRST))
		return ERR_STATE;
	bool is_same_key = AT(dataset->name_key, 0) == AT(begin->hash_key, 0) &&
	                   AT(dataset->name_key, 1) == AT(begin->hash_key, 1);
	return guid && !is_same_key ? ERR_STATE : OK;
}

static err_t start(struct sinter_receive *receive, const struct stream_begin *begin, view_t name)
{
	struct dataset *dataset = receive->dataset;
	struct sinter *pool = dataset->tree.pool;
	struct need need = {};
	struct receive_record state = { begin->old_guid, begin->new_guid, begin->position };
	bool goes_on;
	TRY(check_fits(dataset, begin, &goes_on));
	if (!goes_on)
		TRY(btree_prepare_insert(&pool->tree, receive_key(dataset), sizeof state, &need));
	TRY(txg_admit(pool, &need));
	if (!goes_on)
		btree_insert(&pool->tree, receive_key(dataset), view_of(state));
	for (u32 i = 0; i < 2 && !begin->old_guid; i++)
		AT(dataset->record.hash_key, i) = AT(dataset->name_key, i) = AT(begin->hash_key, i);
	dataset->record.flags |= DATASET_RECEIVING;
	dataset->is_changed = true;
	ilog_cannot(pool);
	receive->old_guid = begin->old_guid;
	receive->new_guid = begin->new_guid;
	receive->next_inode = begin->next_inode;
	AT(receive->position, 0) = begin->position.object;
	AT(receive->position, 1) = begin->position.item;
	receive->name_size = (u8)name.size;
	return span_copy(span_of(receive->name), name);
}

static err_t do_begin(struct sinter_receive *receive, view_t payload)
{
	struct dataset *dataset = receive->dataset;
	struct sinter *pool = dataset->tree.pool;
	struct stream_begin begin;
	view_t name;
	if (dataset->snapshot || dataset->record.flags & DATASET_READ_ONLY || pool->is_read_only)
		return ERR_READ_ONLY;
	if (dataset->record.cipher)
		return ERR_UNSUPPORTED; // names would have another key
	if (view_load(payload, 0, span_of(begin)) != OK ||
		view_sub(payload, sizeof begin, begin.name_size, &name) != OK || named_check(name) != OK ||
		begin.next_inode > INODE_MAX || !begin.new_guid)
		return ERR_CORRUPT;
	if (begin.version != STREAM_VERSION || begin.record_log2 != RECORD_LOG2)
		return ERR_UNSUPPORTED;
	pool->epoch++;
	return start(receive, &begin, name);
}

static err_t save_position(struct sinter_receive *receive)
{
	struct dataset *dataset = receive->dataset;
	struct btree *tree = &dataset->tree.pool->tree;
	struct receive_record state = { receive->old_guid, receive->new_guid,
		{ AT(receive->position, 0), AT(receive->position, 1) } };
	struct need need = { .is_freeing = true };
	tree->pool->epoch++;
	TRY(btree_prepare_edit(tree, receive_key(dataset), &need));
	TRY(txg_admit(tree->pool, &need));
	return span_copy(btree_edit(tree, receive_key(dataset)), view_of(state));
}

// Items that are done already, before a step had to wait, are passed over.
static err_t do_items(struct sinter_receive *receive, view_t payload)
{
	reader_t reader = reader_of_view(payload);
	tree_key_t last = {};
	u64 count = 0;
	while (reader_left(&reader)) {
		struct stream_item item;
		view_t bytes;
		if (reader_take_object(&reader, span_of(item)) != OK ||
			reader_take(&reader, item.size, &bytes) != OK ||
			reader_skip(&reader, -item.size & 7) != OK)
			return ERR_CORRUPT;
		if (count++ && key_compare(item.key, last) <= 0)
			return ERR_CORRUPT;
		last = item.key;
		tree_key_t position = { AT(receive->position, 0), AT(receive->position, 1) };
		if (key_compare(item.key, position) < 0)
			continue;
		TRY(receive_item(receive->dataset, &item, bytes));
		AT(receive->position, 0) = item.key.object;
		AT(receive->position, 1) = item.key.item + 1;
	}
	TRY(save_position(receive));
	receive->items += count;
	return OK;
}

static void count_complaint(void *context, view_t sentence)
{
	struct dataset *dataset = context;
	struct port *port = &dataset->tree.pool->port;
	port->report(port->context, sentence);
}

// The whole tree, as the verifier sees it.
static err_t verify(struct dataset *dataset)
{
	struct sinter *pool = dataset->tree.pool;
	struct sinter_check check = { .complain = count_complaint, .context = dataset };
	err_t err = VOLUME_WAITING(pool, check_names(&dataset->tree, &check));
	if (err == OK && (check.complaints || !check.directories))
		err = ERR_CORRUPT;
	return err;
}

static err_t finish(struct sinter_receive *receive, view_t name)
{
	struct dataset *dataset = receive->dataset;
	struct sinter *pool = dataset->tree.pool;
	struct need need = {};
	TRY(snapshot_prepare(dataset, name, &need));
	pool->epoch++;
	TRY(btree_prepare_remove(&pool->tree, receive_key(dataset), &need));
	TRY(txg_admit(pool, &need));
	btree_remove(&pool->tree, receive_key(dataset));
	dataset->record.flags &= ~(u32)DATASET_RECEIVING;
	receive->done_txg = snapshot_add(dataset, name, receive->new_guid);
	return OK;
}

static err_t do_end(struct sinter_receive *receive, view_t payload)
{
	struct dataset *dataset = receive->dataset;
	u64 items;
	if (!receive->done_txg) {
		if (payload.size != sizeof items || view_load(payload, 0, span_of(items)) != OK ||
			items != receive->items)
			return ERR_CORRUPT;
		if (receive->next_inode > dataset->record.next_inode)
			dataset->record.next_inode = receive->next_inode;
		if (!receive->is_verified)
			TRY(verify(dataset));
		receive->is_verified = true;
		TRY(finish(receive, view_clamp(view_of(receive->name), 0, receive->name_size)));
	}
	TRY(txg_durable(dataset->tree.pool, receive->done_txg));
	pending_look_again(dataset); // not before: the snapshot is as it was sent
	receive->is_done = true;
	return OK;
}

err_t sinter_receive_frame(struct sinter_receive *receive, view_t frame)
{
	struct frame_header header;
	view_t payload;
	if (receive->is_done)
		return ERR_CORRUPT; // nothing comes behind the end
	TRY(open_frame(receive, frame, &header, &payload));
	bool is_first = !receive->number;
	if (is_first != (header.kind == FRAME_BEGIN))
		return ERR_CORRUPT;
	err_t err = ERR_CORRUPT;
	if (header.kind == FRAME_BEGIN)
		err = do_begin(receive, payload);
	else if (header.kind == FRAME_ITEMS)
		err = do_items(receive, payload);
	else if (header.kind == FRAME_END)
		err = do_end(receive, payload);
	TRY(err);
	receive->number++;
	receive->sum = AT(header.sum.word, 0);
	return OK;
}

err_t sinter_receive_abort(struct dataset *dataset)
{
	struct sinter *pool = dataset->tree.pool;
	struct need need = { .is_freeing = true };
	struct receive_record state;
	u64 newest = dataset->record.newest_snapshot;
	pool->epoch++;
	TRY(load_state(dataset, &state));
	if (newest && newest != dataset->record.origin_txg)
		TRY(sinter_rollback(dataset, newest));
	pool->epoch++;
	TRY(btree_prepare_remove(&pool->tree, receive_key(dataset), &need));
	TRY(txg_admit(pool, &need));
	btree_remove(&pool->tree, receive_key(dataset));
	dataset->record.flags &= ~(u32)DATASET_RECEIVING;
	dataset->is_changed = true;
	return OK;
}
