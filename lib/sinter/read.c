// SPDX-License-Identifier: MIT
// read.c - one block from whichever copy on whichever leg is good; bad ones are written again.
#include "lib/sinter/read.h"

#include "lib/sinter/cache.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/compress.h"
#include "lib/sinter/node.h"
#include "lib/sinter/space.h"

bool read_is_address(const struct sinter *pool, u64 address, u32 units)
{
	u32 number = address_vdev(address);
	u64 unit = address_unit(address);
	if (number >= pool->vdev_count || address != address_make(number, unit) || !units ||
		units > CHUNK_UNITS)
		return false;
	const struct vdev *vdev = &AT(pool->vdevs, number);
	if (unit < vdev->entry.zone_unit)
		return false;
	u64 zone = (unit - vdev->entry.zone_unit) / vdev->entry.zone_units;
	u64 within = (unit - vdev->entry.zone_unit) % vdev->entry.zone_units;
	return zone < vdev->zones && within >= space_header_units(pool) &&
	       within + units <=
	           ITEM(pool->space.zones, pool->space.zone_count, vdev->first_zone + zone).units;
}

bool read_is_possible(const struct sinter *pool, const pointer_t *pointer)
{
	u32 copies = pointer_copies(pointer);
	if (!copies || !pointer->stored || pointer->stored > pointer->logical ||
		pointer->logical > NODE_SIZE || !pointer_is_checked(pointer))
		return false;
	for (u32 i = 0; i < copies; i++)
		if (!read_is_address(pool, AT(pointer->address, i), pointer_units(pointer)))
			return false;
	return true;
}

bool read_is_good(const pointer_t *pointer, view_t stored)
{
	if (pointer_check_kind(pointer) == CHECK_SEALED)
		return AT(checksum(stored, pointer->info).word, 0) == AT(pointer->check_rest, 1);
	pointer_t should = *pointer;
	checksum_block(&should, stored);
	return pointer_equal(&should, pointer);
}

u32 read_attempts(const pointer_t *pointer)
{
	return pointer_copies(pointer) * LEGS_MAX;
}

u64 read_address(const pointer_t *pointer, u32 attempt)
{
	return AT(pointer->address, attempt % pointer_copies(pointer));
}

u32 read_leg(const pointer_t *pointer, u32 attempt)
{
	return volume_leg_number(
		address_vdev(read_address(pointer, attempt)), attempt / pointer_copies(pointer) % LEGS_MAX);
}

// LEGS_MAX rounds of good legs, then as many of those that are behind.
static bool is_possible(const struct sinter *pool, const struct buffer *buffer, u32 attempt)
{
	enum leg_state state = AT(pool->legs, read_leg(&buffer->pointer, attempt)).state;
	return state == (attempt < read_attempts(&buffer->pointer) ? LEG_GOOD : LEG_BEHIND);
}

// The first possible attempt from here on.
static u8 next_attempt(const struct sinter *pool, const struct buffer *buffer, u32 attempt)
{
	while (attempt < 2 * read_attempts(&buffer->pointer) && !is_possible(pool, buffer, attempt))
		attempt++;
	return (u8)attempt;
}

static struct device_io attempt_io(
	struct sinter *pool, const struct buffer *buffer, u32 attempt, enum device_request request)
{
	usize size = (usize)pointer_units(&buffer->pointer) * UNIT_SIZE;
	return (struct device_io){ .request = request,
		.unit = address_unit(read_address(&buffer->pointer, attempt)),
		.bytes = span_clamp(cache_bytes(pool, buffer), 0, size) };
}

static void submit_attempt(struct sinter *pool, struct buffer *buffer)
{
	buffer->work.error = OK;
	while (!volume_has_room(pool, 1)) // only when blocking; else the caller looked
		volume_wait(pool);
	u32 leg = read_leg(&buffer->pointer, buffer->attempt);
	if (volume_is_written(pool, leg))
		volume_submit(
			pool, &buffer->work, leg, attempt_io(pool, buffer, buffer->attempt, DEVICE_READ));
	else
		buffer->work.error = ERR_IO; // it failed while we waited
}

void read_start(struct sinter *pool, struct buffer *buffer)
{
	buffer->attempt = next_attempt(pool, buffer, 0);
	if (buffer->attempt < 2 * read_attempts(&buffer->pointer))
		submit_attempt(pool, buffer);
	else
		buffer->work.error = ERR_IO;
}

err_t read_try_next(struct sinter *pool, struct buffer *buffer)
{
	err_t err = buffer->work.error != OK ? ERR_IO : ERR_CORRUPT;
	u32 all = read_attempts(&buffer->pointer),
		next = next_attempt(pool, buffer, buffer->attempt + 1u);
	if (!volume_has_room(pool, 1) && !pool->is_blocking)
		return ERR_WOULD_BLOCK;
	if (buffer->attempt < all) { // of a leg that is behind nobody expects much
		if (err == ERR_CORRUPT)
			volume_errors(pool, read_leg(&buffer->pointer, buffer->attempt))->bad++;
		buffer->bad |= 1u << buffer->attempt;
	}
	if (next >= 2 * all)
		return err;
	buffer->attempt = (u8)next;
	submit_attempt(pool, buffer);
	return OK;
}

// Writes the stored bytes over the copies that were bad. Contents of a block never change, so this
// is safe at any time while the block is in use.
static void heal(struct sinter *pool, struct buffer *buffer)
{
	if (pool->is_read_only || !volume_has_room(pool, read_attempts(&buffer->pointer)))
		return;
	struct buffer *image = cache_take(pool);
	if (!image)
		return;
	image->state = BUFFER_HEALING;
	pool->cache.has_healing = true;
	span_t bytes = cache_bytes(pool, image);
	span_put(bytes, span_view(cache_bytes(pool, buffer)));
	for (u32 attempt = 0; attempt < read_attempts(&buffer->pointer); attempt++) {
		u32 leg = read_leg(&buffer->pointer, attempt);
		if (!(buffer->bad >> attempt & 1) || !volume_is_written(pool, leg))
			continue;
		struct device_io io = attempt_io(pool, buffer, attempt, DEVICE_WRITE);
		io.bytes = span_clamp(bytes, 0, io.bytes.size);
		volume_errors(pool, leg)->healed++;
		volume_submit(pool, &pool->healing, leg, io);
	}
}

err_t cache_unpack(struct sinter *pool, struct buffer *buffer)
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
	return OK;
}

// A sealed record stays as it is; a sealed node has its structure in clear.
static err_t unpack(struct sinter *pool, struct buffer *buffer)
{
	const pointer_t *pointer = &buffer->pointer;
	bool is_record = pointer_type(pointer) == BLOCK_RECORD;
	buffer->is_sealed = pointer_check_kind(pointer) == CHECK_SEALED;
	if (!is_record || !buffer->is_sealed)
		TRY(cache_unpack(pool, buffer));
	buffer->logical = pointer->logical;
	if (is_record)
		return OK;
	return node_check(cache_node(pool, buffer), pointer_level(pointer), pointer_birth(pointer));
}

err_t read_verify(struct sinter *pool, struct buffer *buffer)
{
	if (buffer->work.error != OK)
		return buffer->work.error;
	const pointer_t *pointer = &buffer->pointer;
	view_t stored = view_clamp(span_view(cache_bytes(pool, buffer)), 0, pointer->stored);
	if (!read_is_good(pointer, stored))
		return ERR_CORRUPT;
	if (buffer->bad)
		heal(pool, buffer);
	return unpack(pool, buffer);
}
