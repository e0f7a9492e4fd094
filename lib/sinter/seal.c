// SPDX-License-Identifier: MIT
// seal.c - blocks of encrypted datasets. Of a node only values that are no pointers are encrypted,
// gathered into one message; all of it is proved. FORMAT.md, section 12.
#include "lib/sinter/seal.h"

#include "lib/base/format.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/compress.h"
#include "lib/sinter/node.h"

constexpr u64 COUNT_MASK = ((u64)1 << 24) - 1;

err_t seal_check_key(const struct dataset *dataset)
{
	return dataset->record.cipher && !dataset->has_key ? ERR_RIGHTS : OK;
}

tree_key_t seal_key_item(u64 key_object)
{
	return key_make(key_object, ITEM_KEY, 0);
}

void seal_use_key(struct dataset *dataset, const struct seal_key *key)
{
	struct seal_key names = seal_hash(key, VIEW_TEXT("SINTERNM"));
	dataset->key = *key;
	dataset->has_key = true;
	err_t err = view_load(view_of(names), 0, span_of(dataset->name_key));
	assert(err == OK);
	dataset->tree.pool->has_sealed = true;
}

static struct seal_nonce make_nonce(const struct dataset *dataset, u64 birth, u64 stored)
{
	struct seal_nonce nonce;
	u64 words[3] = { birth, dataset->record.salt, stored };
	static_assert(sizeof words == sizeof nonce);
	memory_copy(nonce.bytes, words, sizeof words);
	return nonce;
}

static u64 next_nonce(struct sinter *pool, u64 txg)
{
	if (pool->seal_txg != txg)
		pool->seal_count = 0;
	pool->seal_txg = txg;
	if (!pool->seal_random)
		pool->seal_random = pool->port.random(pool->port.context) | (u64)1 << 63;
	assert(pool->seal_count < COUNT_MASK); // more blocks than memory has frames
	return (pool->seal_random & ~COUNT_MASK) | pool->seal_count++;
}

static bool is_secret(const struct node *node, u32 slot)
{
	return !node->level && key_kind(node_key(node, slot)) != ITEM_DATA;
}

// Removed items leave their bytes in a node: in an image nothing is left but what items use. The
// secret values are zeros already; rest is memory for the others meanwhile.
static void wipe(struct node *node, span_t rest)
{
	span_t all = span_from(node, NODE_SIZE);
	usize used = 0, slots = NODE_HEADER + node->count * sizeof(struct node_slot);
	for (u32 i = 0; i < node->count; i++) {
		err_t err =
			is_secret(node, i) ? OK : span_copy(span_from_offset(rest, used), node_value(node, i));
		assert(err == OK);
		used += is_secret(node, i) ? 0 : node_value(node, i).size;
	}
	span_fill(span_from_offset(all, slots), 0);
	used = 0;
	for (u32 i = 0; i < node->count; i++) {
		span_t value = node_value_span(node, i);
		if (is_secret(node, i))
			continue;
		span_put(value, view_clamp(span_view(rest), used, value.size));
		used += value.size;
	}
}

// The values of a node, one after the other, into message, and they become zeros; or back.
static usize carry(struct node *node, span_t message, bool is_back)
{
	usize used = 0;
	for (u32 i = 0; i < node->count; i++) {
		if (!is_secret(node, i))
			continue;
		span_t value = node_value_span(node, i), part = span_clamp(message, used, value.size);
		used += value.size;
		span_put(is_back ? value : part, span_view(is_back ? part : value));
		if (!is_back)
			span_fill(value, 0);
	}
	return used;
}

struct record_data {
	u64 info, inode, number, logical;
};

static struct record_data data_of_record(const pointer_t *pointer, tree_key_t where)
{
	return (struct record_data){ .info = pointer->info,
		.inode = where.object,
		.number = key_offset(where),
		.logical = pointer->logical };
}

static struct seal_mark close_node(
	struct sinter *pool, struct buffer *image, struct seal_parts *parts)
{
	struct node *node = cache_node(pool, image);
	usize size = carry(node, span_of(pool->scratch), false);
	wipe(node, span_from_offset(span_of(pool->scratch), size));
	parts->with = span_view(cache_bytes(pool, image));
	parts->message = span_clamp(span_of(pool->scratch), 0, size);
	struct seal_mark mark = seal_close(parts);
	carry(node, parts->message, true);
	return mark;
}

void seal_block(struct dataset *dataset, struct buffer *image, tree_key_t where, pointer_t *pointer)
{
	struct sinter *pool = dataset->tree.pool;
	u64 stored = next_nonce(pool, pointer_birth(pointer));
	struct seal_nonce nonce = make_nonce(dataset, pointer_birth(pointer), stored);
	struct seal_parts parts = { .key = &dataset->key, .nonce = &nonce };
	struct seal_mark mark;
	span_t bytes = span_clamp(cache_bytes(pool, image), 0, pointer->stored);
	struct record_data data = data_of_record(pointer, where);
	if (pointer_type(pointer) == BLOCK_RECORD) {
		parts.with = view_of(data);
		parts.message = bytes;
		mark = seal_close(&parts);
	} else {
		mark = close_node(pool, image, &parts);
	}
	memory_copy(&pointer->sum, mark.bytes, sizeof pointer->sum);
	AT(pointer->check_rest, 0) = stored;
	AT(pointer->check_rest, 1) = AT(checksum(span_view(bytes), pointer->info).word, 0);
}

static bool open_node(struct sinter *pool, struct buffer *buffer, struct seal_parts *parts,
	const struct seal_mark *mark)
{
	struct node *node = cache_node(pool, buffer);
	usize size = carry(node, span_of(pool->scratch), false);
	parts->with = span_view(cache_bytes(pool, buffer));
	parts->message = span_clamp(span_of(pool->scratch), 0, size);
	bool is_good = seal_open(parts, mark);
	carry(node, parts->message, true);
	return is_good;
}

static err_t open_record(struct sinter *pool, struct buffer *buffer, struct seal_parts *parts,
	const struct seal_mark *mark)
{
	parts->message = span_clamp(cache_bytes(pool, buffer), 0, buffer->pointer.stored);
	if (!seal_open(parts, mark))
		return ERR_CORRUPT;
	return cache_unpack(pool, buffer);
}

err_t seal_unseal(struct btree *tree, struct buffer *buffer, tree_key_t where)
{
	struct sinter *pool = tree->pool;
	const struct dataset *dataset = tree->dataset;
	const pointer_t *pointer = &buffer->pointer;
	struct seal_mark mark;
	bool is_plain = pointer_check_kind(pointer) == CHECK_XXH3;
	if (dataset && dataset->record.cipher && is_plain)
		return ERR_CORRUPT; // put there by somebody without the key
	if (!buffer->is_sealed)
		return OK;
	if (!dataset || !dataset->has_key)
		return ERR_RIGHTS;
	struct seal_nonce nonce =
		make_nonce(dataset, pointer_birth(pointer), AT(pointer->check_rest, 0));
	struct record_data data = data_of_record(pointer, where);
	struct seal_parts parts = { .key = &dataset->key, .nonce = &nonce, .with = view_of(data) };
	memory_copy(mark.bytes, &pointer->sum, sizeof mark);
	err_t err;
	if (pointer_type(pointer) == BLOCK_RECORD)
		err = open_record(pool, buffer, &parts, &mark);
	else
		err = open_node(pool, buffer, &parts, &mark) ? OK : ERR_CORRUPT;
	if (err == OK)
		buffer->is_sealed = false;
	else
		cache_discard(pool, buffer); // what is in the frame is no use any more
	return err;
}
