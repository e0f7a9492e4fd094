// SPDX-License-Identifier: MIT
// send.c - a stream's frames: what differs between two snapshots, as many items as fit into each.
#include "lib/sinter/cache.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/difference.h"
#include "lib/sinter/seal.h"
#include "lib/sinter/stream.h"

constexpr u32 ITEMS_OF_FRAME = 512; // a frame is one step

enum phase : u8 { SEND_BEGIN, SEND_ITEMS, SEND_END, SEND_DONE };

struct frame {
	span_t to; // the payload
	usize used;
};

static bool put(struct frame *frame, view_t bytes)
{
	if (span_copy(span_from_offset(frame->to, frame->used), bytes) != OK)
		return false;
	frame->used += bytes.size;
	return true;
}

static bool put_item(struct frame *frame, const struct stream_item *item, view_t bytes)
{
	static const u8 zeros[8];
	usize before = frame->used;
	if (put(frame, view_of(*item)) && put(frame, bytes) &&
		put(frame, view_clamp(view_of(zeros), 0, -bytes.size & 7)))
		return true;
	frame->used = before;
	return false;
}

static err_t begin(struct sinter_send *send, struct frame *frame)
{
	const struct dataset_record *record = &send->new->record;
	struct stream_begin body = { .version = STREAM_VERSION,
		.record_log2 = RECORD_LOG2,
		.old_guid = send->old ? send->old_guid : 0,
		.new_guid = send->new_guid,
		.created_s = send->created_s,
		.next_inode = record->next_inode,
		.hash_key = { AT(send->new->name_key, 0), AT(send->new->name_key, 1) },
		.position = { AT(send->position, 0), AT(send->position, 1) },
		.name_size = (u16)send->name.size };
	bool is_put = put(frame, view_of(body)) && put(frame, send->name);
	return is_put ? OK : ERR_TOO_BIG;
}

// The contents of a record; they stay until the step ends.
static err_t record_bytes(
	struct sinter_send *send, const struct difference *difference, view_t *out)
{
	struct sinter *pool = send->new->tree.pool;
	struct buffer *buffer;
	pointer_t pointer;
	TRY(view_load(difference->after, 0, span_of(pointer)) == OK ? OK : ERR_CORRUPT);
	TRY(cache_get(pool, &pointer, &buffer));
	TRY(seal_unseal(&send->new->tree, buffer, difference->key));
	*out = view_clamp(span_view(cache_bytes(pool, buffer)), 0, pointer.logical);
	return OK;
}

static err_t make_item(struct sinter_send *send, const struct difference *difference,
	struct stream_item *item, view_t *bytes)
{
	*item = (struct stream_item){ .key = difference->key, .action = STREAM_PUT };
	*bytes = difference->after;
	if (!difference->is_there) {
		item->action = STREAM_REMOVE;
	} else if (key_kind(difference->key) == ITEM_DATA) {
		item->action = STREAM_RECORD;
		TRY(record_bytes(send, difference, bytes));
	}
	item->size = (u32)bytes->size;
	return OK;
}

// Adds items until the frame is full. Something must be read, or there are no more: what there is
// goes first.
static err_t fill(struct sinter_send *send, struct frame *frame)
{
	struct btree nothing, *old = &nothing;
	btree_init(&nothing, send->new->tree.pool, &POINTER_HOLE, send->new->tree.lineage);
	if (send->old)
		old = &send->old->tree;
	for (u32 i = 0; i < ITEMS_OF_FRAME; i++) {
		struct difference difference;
		struct stream_item item;
		view_t bytes;
		tree_key_t position = { AT(send->position, 0), AT(send->position, 1) };
		err_t err = difference_find(old, &send->new->tree, position, &difference);
		if (err == OK)
			err = make_item(send, &difference, &item, &bytes);
		if ((err == ERR_WOULD_BLOCK || err == ERR_NOT_FOUND) && frame->used)
			return OK;
		TRY(err);
		if (!put_item(frame, &item, bytes))
			return OK;
		position = difference_behind(difference.key);
		AT(send->position, 0) = position.object;
		AT(send->position, 1) = position.item;
		send->items++;
	}
	return OK;
}

static err_t make(struct sinter_send *send, struct frame *frame, enum phase *next)
{
	*next = SEND_ITEMS;
	switch ((enum phase)send->phase) {
	case SEND_BEGIN: return begin(send, frame);
	case SEND_ITEMS: return fill(send, frame);
	case SEND_END: *next = SEND_DONE; return put(frame, view_of(send->items)) ? OK : ERR_TOO_BIG;
	case SEND_DONE: break;
	}
	return ERR_NOT_FOUND;
}

err_t sinter_send_frame(struct sinter_send *send, span_t to, usize *size)
{
	struct frame_header header = { .magic = MAGIC_FRAME, .number = send->number };
	struct frame frame = { .to = span_from_offset(to, sizeof header) };
	enum phase next;
	if (to.size < STREAM_FRAME_MAX || send->name.size > NAME_SIZE_MAX || !send->new->snapshot ||
		(send->old && send->old->tree.lineage != send->new->tree.lineage))
		return ERR_INVALID;
	TRY(seal_check_key(send->new));
	frame.to = span_clamp(frame.to, 0, FRAME_PAYLOAD_MAX);
	err_t err = make(send, &frame, &next);
	if (err == ERR_NOT_FOUND && send->phase == SEND_ITEMS) {
		send->phase = SEND_END;
		err = make(send, &frame, &next);
	}
	TRY(err);
	header.kind = (u16)(send->phase + 1);
	header.size = (u32)frame.used;
	header.sum = frame_sum(&header, view_clamp(span_view(frame.to), 0, frame.used), send->sum);
	send->sum = AT(header.sum.word, 0);
	send->number++;
	send->phase = next;
	*size = sizeof header + frame.used;
	return span_copy(to, view_of(header));
}
