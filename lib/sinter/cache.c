// SPDX-License-Identifier: MIT
// cache.c - the life of a buffer: free, reading, clean; or dirty, writing, clean. Frames never move
// and are never more than at the start.
#include "lib/sinter/cache.h"

#include "lib/base/bits.h"
#include "lib/base/hash.h"
#include "lib/sinter/read.h"

err_t cache_init(struct sinter *pool, u32 frames)
{
	struct cache *cache = &pool->cache;
	struct port *port = &pool->port;
	cache->hash_size = (u32)1 << log2_ceil((u64)frames * 2);
	cache->buffers = port->allocate(port->context, frames * sizeof(struct buffer));
	cache->frames = port->allocate_blocks(port->context, (usize)frames * NODE_SIZE);
	cache->hash = port->allocate(port->context, cache->hash_size * sizeof(u32));
	cache->hints = port->allocate(port->context, cache->hash_size * HINTS * sizeof(u32));
	cache->count = frames;
	if (!cache->buffers || !cache->frames || !cache->hash || !cache->hints)
		return ERR_NO_MEMORY;
	list_init(&cache->free);
	list_init(&cache->recent);
	for (u32 i = 0; i < cache->hash_size; i++)
		ITEM(cache->hash, cache->hash_size, i) = NONE;
	for (u32 i = 0; i < frames; i++) {
		ITEM(cache->buffers, frames, i).stream = NONE;
		list_push_back(&cache->free, &ITEM(cache->buffers, frames, i).order);
	}
	cache->free_count = frames;
	return OK;
}

void cache_fini(struct sinter *pool)
{
	struct cache *cache = &pool->cache;
	struct port *port = &pool->port;
	port_release(port, cache->buffers, cache->count * sizeof(struct buffer));
	port_release(port, cache->frames, (usize)cache->count * NODE_SIZE);
	port_release(port, cache->hash, cache->hash_size * sizeof(u32));
	port_release(port, cache->hints, cache->hash_size * HINTS * sizeof(u32));
}

struct buffer *cache_buffer(struct sinter *pool, u32 index)
{
	return &ITEM(pool->cache.buffers, pool->cache.count, index);
}

u32 cache_index(const struct sinter *pool, const struct buffer *buffer)
{
	return (u32)(buffer - pool->cache.buffers);
}

span_t cache_bytes(struct sinter *pool, const struct buffer *buffer)
{
	span_t all = span_from(pool->cache.frames, (usize)pool->cache.count * NODE_SIZE);
	return span_clamp(all, (usize)cache_index(pool, buffer) * NODE_SIZE, NODE_SIZE);
}

u32 cache_logical(struct sinter *pool, const pointer_t *pointer)
{
	return pointer_is_memory(pointer) ? cache_buffer(pool, pointer_memory_index(pointer))->logical
	                                  : pointer->logical;
}

struct node *cache_node(struct sinter *pool, const struct buffer *buffer)
{
	span_t bytes = cache_bytes(pool, buffer);
	debug_assert(bytes.data);
	return (struct node *)(void *)bytes.data; // page-aligned by the port
}

pointer_t cache_pointer(const struct sinter *pool, const struct buffer *buffer)
{
	return pointer_to_memory(
		cache_index(pool, buffer), pointer_type(&buffer->pointer), pointer_level(&buffer->pointer));
}

static u32 *hash_head(struct sinter *pool, const pointer_t *pointer)
{
	struct cache *cache = &pool->cache;
	u64 hash = hash_mix(AT(pointer->address, 0) + (pointer->info << 20));
	return &ITEM(cache->hash, cache->hash_size, hash & (cache->hash_size - 1));
}

static void hash_insert(struct sinter *pool, struct buffer *buffer)
{
	u32 *head = hash_head(pool, &buffer->pointer);
	buffer->hash_next = *head;
	*head = cache_index(pool, buffer);
}

static void hash_remove(struct sinter *pool, struct buffer *buffer)
{
	u32 index = cache_index(pool, buffer);
	u32 *link = hash_head(pool, &buffer->pointer);
	while (*link != index) {
		assert(*link != NONE);
		link = &cache_buffer(pool, *link)->hash_next;
	}
	*link = buffer->hash_next;
}

struct buffer *cache_peek(struct sinter *pool, const pointer_t *pointer)
{
	if (pointer_is_memory(pointer))
		return cache_buffer(pool, pointer_memory_index(pointer));
	u32 index = *hash_head(pool, pointer);
	while (index != NONE) {
		struct buffer *buffer = cache_buffer(pool, index);
		if (pointer_equal(&buffer->pointer, pointer))
			return buffer;
		index = buffer->hash_next;
	}
	return nullptr;
}

void cache_give(struct sinter *pool, struct buffer *buffer)
{
	buffer->state = BUFFER_FREE;
	buffer->version = 0;
	buffer->stream = NONE;
	list_push_front(&pool->cache.free, &buffer->order);
	pool->cache.free_count++;
}

static struct buffer *_Nullable evict(struct sinter *pool)
{
	for (u32 i = 0; i < 2 * pool->cache.clean_count; i++) {
		struct list_node *node = list_pop_front(&pool->cache.recent);
		struct buffer *buffer = container_of(node, struct buffer, order);
		if (!buffer->is_touched && buffer->epoch != pool->epoch) {
			hash_remove(pool, buffer);
			pool->cache.clean_count--;
			return buffer;
		}
		buffer->is_touched = false; // a second round: it was used since it was last looked at
		list_push_back(&pool->cache.recent, node);
	}
	return nullptr;
}

// A block that arrived, but whoever asked for it came not back.
static struct buffer *_Nullable evict_arrived(struct sinter *pool)
{
	for (u32 i = 0; i < pool->cache.count; i++) {
		struct buffer *buffer = cache_buffer(pool, i);
		if (buffer->state != BUFFER_READING || buffer->work.under_way ||
			buffer->epoch == pool->epoch)
			continue;
		hash_remove(pool, buffer);
		return buffer;
	}
	return nullptr;
}

struct buffer *cache_take(struct sinter *pool)
{
	struct list_node *node = list_pop_front(&pool->cache.free);
	struct buffer *buffer = nullptr;
	if (node) {
		buffer = container_of(node, struct buffer, order);
		pool->cache.free_count--;
	} else {
		buffer = evict(pool);
		if (!buffer)
			buffer = evict_arrived(pool);
	}
	if (buffer)
		*buffer = (struct buffer){ .stream = NONE, .stored_frame = NONE, .epoch = pool->epoch };
	return buffer;
}

u32 cache_room(const struct sinter *pool)
{
	return pool->cache.free_count + pool->cache.clean_count;
}

u32 cache_dirty(const struct sinter *pool)
{
	return pool->cache.dirty_nodes + pool->cache.dirty_records;
}

// Frames come back when writes end; else a commit makes some clean.
static err_t wait_for_frames(struct sinter *pool)
{
	if (!pool->cache.writing_count && !volume_is_busy(pool)) {
		if (!cache_dirty(pool) || pool->is_read_only)
			return ERR_NO_MEMORY;
		pool->txg.is_wanted = true;
	}
	return ERR_WOULD_BLOCK;
}

static void make_clean(struct sinter *pool, struct buffer *buffer)
{
	buffer->state = BUFFER_CLEAN;
	list_push_back(&pool->cache.recent, &buffer->order);
	pool->cache.clean_count++;
}

// After the last request of a reading buffer ended: good, or on to the next copy.
static err_t settle(struct sinter *pool, struct buffer *buffer)
{
	err_t err;
	do {
		while (buffer->work.under_way && pool->is_blocking)
			volume_wait(pool);
		if (buffer->work.under_way)
			return ERR_WOULD_BLOCK;
		if (read_verify(pool, buffer) == OK) {
			make_clean(pool, buffer);
			return OK;
		}
		err = read_try_next(pool, buffer);
	} while (err == OK);
	if (err != ERR_WOULD_BLOCK) {
		hash_remove(pool, buffer);
		cache_give(pool, buffer);
	}
	return err;
}

void cache_use(struct sinter *pool, struct buffer *buffer)
{
	pool->cache.hits++;
	buffer->epoch = pool->epoch;
	buffer->is_touched = true;
}

err_t cache_get(struct sinter *pool, const pointer_t *pointer, struct buffer **out)
{
	struct buffer *buffer = cache_peek(pool, pointer);
	if (buffer && buffer->state != BUFFER_READING) {
		cache_use(pool, buffer);
		*out = buffer;
		return OK;
	}
	if (!buffer) {
		if (!read_is_possible(pool, pointer))
			return ERR_CORRUPT;
		if (!volume_has_room(pool, 1) && !pool->is_blocking)
			return ERR_WOULD_BLOCK;
		buffer = cache_take(pool);
		if (!buffer)
			return wait_for_frames(pool);
		pool->cache.misses++;
		buffer->pointer = *pointer;
		buffer->state = BUFFER_READING;
		hash_insert(pool, buffer);
		read_start(pool, buffer);
	}
	buffer->epoch = pool->epoch;
	TRY(settle(pool, buffer));
	*out = buffer;
	return OK;
}

void cache_discard(struct sinter *pool, struct buffer *buffer)
{
	assert(buffer->state == BUFFER_CLEAN);
	hash_remove(pool, buffer);
	list_remove(&buffer->order);
	pool->cache.clean_count--;
	cache_give(pool, buffer);
}

static u32 *dirty_counter(struct sinter *pool, const struct buffer *buffer)
{
	bool is_record = pointer_type(&buffer->pointer) == BLOCK_RECORD;
	return is_record ? &pool->cache.dirty_records : &pool->cache.dirty_nodes;
}

struct buffer *cache_make(struct sinter *pool, u8 type, u8 level)
{
	struct buffer *buffer = cache_take(pool);
	assert(buffer);
	buffer->state = BUFFER_DIRTY;
	buffer->pointer.info = info_make(0, type, level, COMPRESS_NONE, CHECK_NONE);
	++*dirty_counter(pool, buffer);
	return buffer;
}

struct buffer *cache_make_record(struct sinter *pool, u32 filled)
{
	struct buffer *buffer = cache_make(pool, BLOCK_RECORD, 0);
	span_fill(span_from_offset(cache_bytes(pool, buffer), filled), 0);
	return buffer;
}

struct buffer *cache_make_dirty(struct sinter *pool, const pointer_t *pointer)
{
	struct buffer *buffer = cache_peek(pool, pointer);
	assert(buffer && buffer->state != BUFFER_READING);
	if (buffer->state == BUFFER_DIRTY)
		return buffer;
	buffer->version = 0; // a snapshot's tree may have met it last
	u8 type = pointer_type(pointer), level = pointer_level(pointer);
	if (buffer->state == BUFFER_WRITING) {
		struct buffer *copy = cache_make(pool, type, level);
		copy->logical = buffer->logical;
		span_put(cache_bytes(pool, copy), span_view(cache_bytes(pool, buffer)));
		return copy;
	}
	hash_remove(pool, buffer);
	list_remove(&buffer->order);
	pool->cache.clean_count--;
	++*dirty_counter(pool, buffer);
	buffer->state = BUFFER_DIRTY;
	buffer->pointer = (pointer_t){ .info = info_make(0, type, level, COMPRESS_NONE, CHECK_NONE) };
	return buffer;
}

void cache_drop(struct sinter *pool, struct buffer *buffer)
{
	assert(buffer->state == BUFFER_DIRTY);
	if (list_node_is_linked(&buffer->order))
		list_remove(&buffer->order);
	--*dirty_counter(pool, buffer);
	cache_give(pool, buffer);
}

void cache_begin_write(struct sinter *pool, struct buffer *buffer, const pointer_t *pointer)
{
	assert(buffer->state == BUFFER_DIRTY);
	if (list_node_is_linked(&buffer->order))
		list_remove(&buffer->order);
	buffer->stream = NONE;
	buffer->pointer = *pointer;
	buffer->state = BUFFER_WRITING;
	--*dirty_counter(pool, buffer);
	pool->cache.writing_count++;
	hash_insert(pool, buffer);
}

void cache_end_write(struct sinter *pool, struct buffer *buffer)
{
	assert(buffer->state == BUFFER_WRITING);
	pool->cache.writing_count--;
	make_clean(pool, buffer);
	if (buffer->stored_frame != NONE)
		cache_give(pool, cache_buffer(pool, buffer->stored_frame));
	buffer->stored_frame = NONE;
}

void cache_end_healing(struct sinter *pool)
{
	if (!pool->cache.has_healing || pool->healing.under_way)
		return;
	pool->cache.has_healing = false;
	for (u32 i = 0; i < pool->cache.count; i++)
		if (cache_buffer(pool, i)->state == BUFFER_HEALING)
			cache_give(pool, cache_buffer(pool, i));
}
