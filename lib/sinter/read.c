// SPDX-License-Identifier: MIT
// read.c - attempt number a reads copy a mod copies on leg a / copies.
#include "lib/sinter/read.h"

#include "lib/sinter/cache.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/compress.h"
#include "lib/sinter/node.h"

bool read_is_address(const struct sinter *pool, u64 address, u32 units)
{
	const struct config_block *config = &pool->config;
	u64 unit = address_unit(address);
	if (address != unit || unit < config->zone_unit || !units || units > CHUNK_UNITS)
		return false;
	u64 zone = (unit - config->zone_unit) / config->zone_units;
	u64 within = (unit - config->zone_unit) % config->zone_units;
	return zone < pool->space.zone_count && within >= 2 * BITMAP_PLACES * config->bitmap_units &&
	       within + units <= ITEM(pool->space.zones, pool->space.zone_count, zone).units;
}

bool read_is_possible(const struct sinter *pool, const pointer_t *pointer)
{
	u32 copies = pointer_copies(pointer);
	if (!copies || !pointer->stored || pointer->stored > pointer->logical ||
		pointer->logical > NODE_SIZE || pointer_check_kind(pointer) != CHECK_XXH3)
		return false;
	for (u32 i = 0; i < copies; i++)
		if (!read_is_address(pool, AT(pointer->address, i), pointer_units(pointer)))
			return false;
	return true;
}

static u32 attempts_of(const struct sinter *pool, const struct buffer *buffer)
{
	return pointer_copies(&buffer->pointer) * pool->leg_count;
}

static struct device_io attempt_io(struct sinter *pool, const struct buffer *buffer, u32 attempt)
{
	u64 address = AT(buffer->pointer.address, attempt % pointer_copies(&buffer->pointer));
	usize size = (usize)pointer_units(&buffer->pointer) * UNIT_SIZE;
	return (struct device_io){ .unit = address_unit(address),
		.bytes = span_clamp(cache_bytes(pool, buffer), 0, size) };
}

void read_start(struct sinter *pool, struct buffer *buffer)
{
	u32 leg = buffer->attempt / pointer_copies(&buffer->pointer);
	buffer->work.error = OK;
	if (AT(pool->legs, leg).is_failed) {
		buffer->work.error = ERR_IO;
		return;
	}
	while (!volume_has_room(pool, 1)) // only when blocking; else the caller looked
		volume_wait(pool);
	struct device_io io = attempt_io(pool, buffer, buffer->attempt);
	io.request = DEVICE_READ;
	volume_submit(pool, &buffer->work, leg, io);
}

err_t read_try_next(struct sinter *pool, struct buffer *buffer)
{
	err_t err = buffer->work.error != OK ? ERR_IO : ERR_CORRUPT;
	u32 copies = pointer_copies(&buffer->pointer);
	if (err == ERR_CORRUPT)
		AT(pool->legs, buffer->attempt / copies).bad_blocks++;
	if (!AT(pool->legs, buffer->attempt / copies).is_failed)
		buffer->bad |= 1u << buffer->attempt;
	if (buffer->attempt + 1u == attempts_of(pool, buffer))
		return err;
	if (!volume_has_room(pool, 1) && !pool->is_blocking)
		return ERR_WOULD_BLOCK;
	buffer->attempt++;
	read_start(pool, buffer);
	return OK;
}

// Writes the stored bytes over the copies that were bad. Contents of a block never change, so this
// is safe at any time while the block is in use.
static void heal(struct sinter *pool, struct buffer *buffer)
{
	if (pool->is_read_only || !volume_has_room(pool, attempts_of(pool, buffer)))
		return;
	struct buffer *image = cache_take(pool);
	if (!image)
		return;
	image->state = BUFFER_HEALING;
	span_t bytes = cache_bytes(pool, image);
	err_t err = span_copy(bytes, span_view(cache_bytes(pool, buffer)));
	assert(err == OK);
	u32 copies = pointer_copies(&buffer->pointer);
	for (u32 attempt = 0; attempt < attempts_of(pool, buffer); attempt++) {
		u32 leg = attempt / copies;
		if (!(buffer->bad >> attempt & 1) || AT(pool->legs, leg).is_failed)
			continue;
		struct device_io io = attempt_io(pool, buffer, attempt);
		io.request = DEVICE_WRITE;
		io.bytes = span_clamp(bytes, 0, io.bytes.size);
		AT(pool->legs, leg).healed++;
		volume_submit(pool, &pool->healing, leg, io);
	}
}

// From the stored bytes to the contents, in place.
static err_t unpack(struct sinter *pool, struct buffer *buffer)
{
	const pointer_t *pointer = &buffer->pointer;
	span_t frame = cache_bytes(pool, buffer);
	buffer->logical = pointer->logical;
	if (pointer_compression(pointer) != COMPRESS_NONE) {
		span_t packed = span_clamp(span_of(pool->scratch), 0, pointer->stored);
		TRY(span_copy(packed, view_clamp(span_view(frame), 0, pointer->stored)));
		TRY(compress_unpack(pointer_compression(pointer), span_view(packed),
			span_clamp(frame, 0, pointer->logical)));
	} else if (pointer->stored != pointer->logical) {
		return ERR_CORRUPT;
	}
	span_fill(span_from_offset(frame, pointer->logical), 0);
	if (pointer_type(pointer) == BLOCK_RECORD)
		return OK;
	return node_check(cache_node(pool, buffer), pointer_level(pointer), pointer_birth(pointer));
}

err_t read_verify(struct sinter *pool, struct buffer *buffer)
{
	if (buffer->work.error != OK)
		return buffer->work.error;
	const pointer_t *pointer = &buffer->pointer;
	view_t stored = view_clamp(span_view(cache_bytes(pool, buffer)), 0, pointer->stored);
	if (!sum_equal(checksum(stored, pointer->info), pointer->sum))
		return ERR_CORRUPT;
	if (buffer->bad)
		heal(pool, buffer);
	return unpack(pool, buffer);
}
