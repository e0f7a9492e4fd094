// SPDX-License-Identifier: MIT
// cache.h - blocks in memory: read with their sums checked against the pointer, other copies tried
// and bad ones written again; dirty ones, and those being written.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

err_t cache_init(struct sinter *pool, u32 frames);
void cache_fini(struct sinter *pool);

// The block that the pointer leads to. It stays at least until the end of this step.
// ERR_WOULD_BLOCK: it is being read. ERR_CORRUPT, ERR_IO: no copy is good.
err_t cache_get(
	struct sinter *pool, const pointer_t *pointer, struct buffer *_Nonnull *_Nonnull out);
// Without reading: null when it is not here.
struct buffer *_Nullable cache_peek(struct sinter *pool, const pointer_t *pointer);

void cache_use(struct sinter *pool, struct buffer *buffer); // it stays for this step too

// A new dirty buffer, with any bytes. txg_admit promised that there is one.
struct buffer *cache_make(struct sinter *pool, u8 type, u8 level);
struct buffer *cache_make_record(struct sinter *pool, u32 filled); // zeros from there on
// The same block, to be changed: itself, or a copy when it is being written. It must be here. The
// caller frees the old block, if it had one.
struct buffer *cache_make_dirty(struct sinter *pool, const pointer_t *pointer);
void cache_drop(struct sinter *pool, struct buffer *buffer); // a dirty one that is needed no more

// Freeze gave it an address: pointer. It is in the hash from now on.
void cache_begin_write(struct sinter *pool, struct buffer *buffer, const pointer_t *pointer);
void cache_end_write(struct sinter *pool, struct buffer *buffer);
// From the stored bytes of a record in its frame to its contents.
err_t cache_unpack(struct sinter *pool, struct buffer *buffer);
void cache_discard(struct sinter *pool, struct buffer *buffer); // a clean one
void cache_end_healing(struct sinter *pool);

// A free frame for other use while a step lasts, or longer; null when there is none.
struct buffer *_Nullable cache_take(struct sinter *pool);
void cache_give(struct sinter *pool, struct buffer *buffer);

u32 cache_index(const struct sinter *pool, const struct buffer *buffer);
struct buffer *cache_buffer(struct sinter *pool, u32 index);
span_t cache_bytes(struct sinter *pool, const struct buffer *buffer);
// Bytes in use of a record, wherever it is; of a hole none.
u32 cache_logical(struct sinter *pool, const pointer_t *pointer);
struct node *cache_node(struct sinter *pool, const struct buffer *buffer);
pointer_t cache_pointer(const struct sinter *pool, const struct buffer *buffer); // to a dirty one

// Frames that could become dirty.
u32 cache_room(const struct sinter *pool);
u32 cache_dirty(const struct sinter *pool);

NONNULL_END
