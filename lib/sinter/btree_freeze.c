// SPDX-License-Identifier: MIT
// btree_freeze.c - the open group's dirty blocks get addresses and sums, children before parents.
// No recursion: the depth of a tree is bounded by its levels.
#include "lib/sinter/btree_local.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/compress.h"
#include "lib/sinter/node.h"
#include "lib/sinter/seal.h"
#include "lib/sinter/space.h"

struct visit {
	struct buffer *buffer;
	u32 slot; // the next one to look at
};

struct freeze {
	struct btree *tree;
	u64 txg;
	bool is_assigning; // addresses of nodes only
	bool is_sealing;
	tree_key_t where; // of the record that is written
	struct visit stack[LEVEL_MAX + 1];
	u32 depth; // visits on the stack
};

// Values of attributes have two copies at least, as nodes have.
static void assign(
	const struct freeze *freeze, struct buffer *buffer, pointer_t *pointer, u32 units)
{
	bool is_record = pointer_type(&buffer->pointer) == BLOCK_RECORD;
	bool is_value = is_record && key_offset(freeze->where) >= XATTR_RECORDS;
	enum space_class class = is_record ? SPACE_DATA : SPACE_METADATA;
	const struct dataset *dataset = freeze->tree->dataset;
	u32 copies = is_record && dataset ? dataset->record.copies : 2; // only datasets have records
	copies += is_value && copies == 1;
	for (u32 i = pointer_copies(pointer); i < copies; i++)
		AT(pointer->address, i) = space_allocate(freeze->tree->pool, units, class, pointer);
}

// Compressed bytes into another frame, if that saves at least a unit. 0: as they are.
static u32 pack(struct btree *tree, struct buffer *buffer)
{
	struct sinter *pool = tree->pool;
	u32 units = units_of_bytes(buffer->logical);
	debug_assert(tree->dataset); // only files have records
	u8 method = tree->dataset->record.compression;
	if (method == COMPRESS_NONE || units < 2 || cache_room(pool) <= pool->frames_reserved)
		return 0;
	struct buffer *image = cache_take(pool);
	if (!image)
		return 0;
	image->state = BUFFER_IMAGE; // given back when the write ended
	span_t room = span_clamp(cache_bytes(pool, image), 0, (usize)(units - 1) * UNIT_SIZE);
	view_t plain = view_clamp(span_view(cache_bytes(pool, buffer)), 0, buffer->logical);
	usize size = compress_pack(method, plain, room);
	if (!size) {
		cache_give(pool, image);
		return 0;
	}
	span_fill(span_from_offset(cache_bytes(pool, image), size), 0);
	buffer->stored_frame = cache_index(pool, image);
	return (u32)size;
}

// A copy of a block of which nothing was compressed: it is sealed, what is read stays clear.
static struct buffer *make_image(struct sinter *pool, struct buffer *buffer)
{
	if (buffer->stored_frame != NONE)
		return cache_buffer(pool, buffer->stored_frame);
	struct buffer *image = cache_take(pool);
	assert(image); // txg_admit counted it
	image->state = BUFFER_IMAGE;
	span_put(cache_bytes(pool, image), span_view(cache_bytes(pool, buffer)));
	buffer->stored_frame = cache_index(pool, image);
	return image;
}

// Sums, or seals: of what stands in the frame, or in its image.
static void prove(const struct freeze *freeze, struct buffer *buffer, pointer_t *pointer)
{
	struct sinter *pool = freeze->tree->pool;
	if (freeze->is_sealing) {
		seal_block(freeze->tree->dataset, make_image(pool, buffer), freeze->where, pointer);
		return;
	}
	const struct buffer *image =
		buffer->stored_frame == NONE ? buffer : cache_buffer(pool, buffer->stored_frame);
	view_t stored = view_clamp(span_view(cache_bytes(pool, image)), 0, pointer->stored);
	checksum_block(pointer, stored);
}

static pointer_t write_out(const struct freeze *freeze, struct buffer *buffer)
{
	struct sinter *pool = freeze->tree->pool;
	u8 type = pointer_type(&buffer->pointer), method = COMPRESS_NONE;
	pointer_t pointer = { .logical = NODE_SIZE, .stored = NODE_SIZE };
	memory_copy(pointer.address, buffer->pointer.address, sizeof pointer.address);
	if (type == BLOCK_RECORD) {
		u32 packed = pack(freeze->tree, buffer);
		pointer.logical = buffer->logical;
		pointer.stored = packed ? packed : buffer->logical;
		method = packed ? freeze->tree->dataset->record.compression : COMPRESS_NONE;
	} else {
		cache_node(pool, buffer)->birth = freeze->txg;
	}
	assign(freeze, buffer, &pointer, pointer_units(&pointer));
	pointer.info = info_make(freeze->txg, type, pointer_level(&buffer->pointer), method,
		freeze->is_sealing ? CHECK_SEALED : pool_check_kind(pool));
	prove(freeze, buffer, &pointer);
	if (freeze->tree->dataset)
		freeze->tree->dataset->record.units += pointer_units_of_copies(&pointer);
	cache_begin_write(pool, buffer, &pointer);
	return pointer;
}

// The next dirty child at or after the visit's slot.
static struct buffer *_Nullable next_dirty(const struct freeze *freeze, struct visit *visit)
{
	struct sinter *pool = freeze->tree->pool;
	const struct node *node = cache_node(pool, visit->buffer);
	for (; visit->slot < node->count; visit->slot++) {
		if (!node->level && (!freeze->tree->dataset || freeze->is_assigning ||
								key_kind(node_key(node, visit->slot)) != ITEM_DATA))
			continue;
		pointer_t pointer = node_pointer(node, visit->slot);
		if (pointer_is_memory(&pointer))
			return cache_buffer(pool, pointer_memory_index(&pointer));
	}
	return nullptr;
}

// All below this visit is done: the block itself.
static void leave(struct freeze *freeze, struct buffer *buffer)
{
	struct btree *tree = freeze->tree;
	struct visit *above = freeze->depth ? &AT(freeze->stack, freeze->depth - 1) : nullptr;
	if (freeze->is_assigning) {
		assign(freeze, buffer, &buffer->pointer, CHUNK_UNITS);
	} else {
		if (above)
			freeze->where = node_key(cache_node(tree->pool, above->buffer), above->slot);
		pointer_t pointer = write_out(freeze, buffer);
		if (above)
			node_set_pointer(cache_node(tree->pool, above->buffer), above->slot, &pointer);
		else
			tree->root = pointer;
	}
	if (above)
		above->slot++;
}

static void walk(struct freeze *freeze)
{
	struct btree *tree = freeze->tree;
	if (!pointer_is_memory(&tree->root))
		return;
	struct buffer *root = cache_buffer(tree->pool, pointer_memory_index(&tree->root));
	AT(freeze->stack, freeze->depth++) = (struct visit){ .buffer = root };
	while (freeze->depth) {
		struct visit *visit = &AT(freeze->stack, freeze->depth - 1);
		struct buffer *child = next_dirty(freeze, visit);
		if (!child) {
			freeze->depth--;
			leave(freeze, visit->buffer);
		} else if (pointer_type(&child->pointer) == BLOCK_RECORD) {
			leave(freeze, child);
		} else {
			AT(freeze->stack, freeze->depth++) = (struct visit){ .buffer = child };
		}
	}
}

void btree_assign(struct btree *tree)
{
	struct freeze freeze = { .tree = tree, .is_assigning = true };
	walk(&freeze);
}

void btree_freeze(struct btree *tree, u64 txg)
{
	struct freeze freeze = { .tree = tree, .txg = txg };
	freeze.is_sealing = tree->dataset && tree->dataset->record.cipher;
	walk(&freeze);
}
