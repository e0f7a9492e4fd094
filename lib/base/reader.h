// SPDX-License-Identifier: MIT
// reader.h - a cursor over bytes from outside. Each step checks; one that would pass the end
// answers ERR_CORRUPT, changes nothing and writes nothing. Numbers are little endian.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

typedef struct {
	view_t view;
	usize offset; // of the next byte; at most view.size
} reader_t;

static inline reader_t reader_of_view(view_t view)
{
	return (reader_t){ view, 0 };
}

static inline usize reader_left(const reader_t *reader)
{
	return reader->view.size - reader->offset;
}

static inline err_t reader_take(reader_t *reader, usize size, view_t *out)
{
	if (size > reader_left(reader))
		return ERR_CORRUPT;
	*out = view_clamp(reader->view, reader->offset, size);
	debug_assert(out->size == size);
	reader->offset += size;
	return OK;
}

static inline err_t reader_skip(reader_t *reader, usize size)
{
	view_t skipped;
	return reader_take(reader, size, &skipped);
}

// On to the next multiple of a power of two, counted from the start of the view.
static inline err_t reader_align(reader_t *reader, usize alignment)
{
	return reader_skip(reader, -reader->offset & (alignment - 1));
}

// Fills an object: reader_take_object(&reader, span_of(header)).
static inline err_t reader_take_object(reader_t *reader, span_t object)
{
	view_t part;
	TRY(reader_take(reader, object.size, &part));
	return span_copy(object, part);
}

static inline err_t reader_take_number(reader_t *reader, usize size, u64 *out)
{
	view_t part;
	TRY(reader_take(reader, size, &part));
	u64 value = 0;
	for (usize i = 0; i < size; i++)
		value |= (u64)view_at(part, i) << (8 * i);
	*out = value;
	return OK;
}

static inline err_t reader_take_u8(reader_t *reader, u8 *out)
{
	u64 value;
	TRY(reader_take_number(reader, sizeof *out, &value));
	*out = (u8)value;
	return OK;
}

static inline err_t reader_take_u16(reader_t *reader, u16 *out)
{
	u64 value;
	TRY(reader_take_number(reader, sizeof *out, &value));
	*out = (u16)value;
	return OK;
}

static inline err_t reader_take_u32(reader_t *reader, u32 *out)
{
	u64 value;
	TRY(reader_take_number(reader, sizeof *out, &value));
	*out = (u32)value;
	return OK;
}

static inline err_t reader_take_u64(reader_t *reader, u64 *out)
{
	return reader_take_number(reader, sizeof *out, out);
}

NONNULL_END
