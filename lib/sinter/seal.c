// SPDX-License-Identifier: MIT
// seal.c - blocks of encrypted datasets. Of a node only values that are no pointers are encrypted,
// gathered into one message; all of it is proved. FORMAT.md, section 12.
#include "lib/sinter/seal.h"

#include "lib/sinter/cache.h"
#include "lib/sinter/checksum.h"
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

// The values of a node that are secret (or the others), one after the other, into message, and they
// become zeros; or back.
static usize carry(struct node *node, span_t message, bool of_secret, bool is_back)
{
	usize used = 0;
	for (u32 i = 0; i < node->count; i++) {
		if (is_secret(node, i) != of_secret)
			continue;
		span_t value = node_value_span(node, i), part = span_clamp(message, used, value.size);
		used += value.size;
		span_put(is_back ? value : part, span_view(is_back ? part : value));
		if (!is_back)
			span_fill(value, 0);
	}
	return used;
}

// Removed items leave their bytes in a node: in an image nothing is left but what items use. The
// secret values are zeros already; rest is memory for the others meanwhile.
static void wipe(struct node *node, span_t rest)
{
	usize slots = NODE_HEADER + node->count * sizeof(struct node_slot);
	(void)carry(node, rest, false, false);
	span_fill(span_from_offset(span_from(node, NODE_SIZE), slots), 0);
	(void)carry(node, rest, false, true);
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

// Opens a node in its frame, or seals its image and gives the mark. False: the mark is another.
static bool turn_node(struct sinter *pool, struct buffer *buffer, struct seal_parts *parts,
	struct seal_mark *mark, bool is_opening)
{
	struct node *node = cache_node(pool, buffer);
	bool is_good = true;
	usize size = carry(node, span_of(pool->scratch), true, false);
	if (!is_opening)
		wipe(node, span_from_offset(span_of(pool->scratch), size));
	parts->with = span_view(cache_bytes(pool, buffer));
	parts->message = span_clamp(span_of(pool->scratch), 0, size);
	if (is_opening)
		is_good = seal_open(parts, mark);
	else
		*mark = seal_close(parts);
	(void)carry(node, parts->message, true, true);
	return is_good;
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
		(void)turn_node(pool, image, &parts, &mark, false);
	}
	memory_copy(&pointer->sum, mark.bytes, sizeof pointer->sum);
	AT(pointer->check_rest, 0) = stored;
	AT(pointer->check_rest, 1) = AT(checksum(span_view(bytes), pointer->info).word, 0);
}

err_t seal_unseal(struct btree *tree, struct buffer *buffer, tree_key_t where)
{
	struct sinter *pool = tree->pool;
	const struct dataset *dataset = tree->dataset;
	const pointer_t *pointer = &buffer->pointer;
	struct seal_mark mark;
	bool is_plain = pointer_is_checked(pointer) && pointer_check_kind(pointer) != CHECK_SEALED;
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
	parts.message = span_clamp(cache_bytes(pool, buffer), 0, pointer->stored);
	bool is_record = pointer_type(pointer) == BLOCK_RECORD;
	bool is_good =
		is_record ? seal_open(&parts, &mark) : turn_node(pool, buffer, &parts, &mark, true);
	err_t err = is_good ? OK : ERR_CORRUPT;
	if (is_good && is_record)
		err = cache_unpack(pool, buffer);
	if (err == OK)
		buffer->is_sealed = false;
	else
		cache_discard(pool, buffer); // what is in the frame is no use any more
	return err;
}
