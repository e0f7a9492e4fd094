// SPDX-License-Identifier: MIT
// view.h - how bytes travel: view_t to read, span_t to write; a pointer that knows its size.
// All access checks. What the caller must have right (AT, view_at) traps; what comes from outside
// (view_sub, view_load, span_copy) answers ERR_RANGE.
#pragma once

#include "lib/base/assert.h"
#include "lib/base/container.h"
#include "lib/base/err.h"
#include "lib/base/memory.h"
#include "lib/base/unsafe.h"

NONNULL_BEGIN

typedef struct {
	const u8 *_Nullable data; // null only when size is 0
	usize size;
} view_t;

typedef struct {
	u8 *_Nullable data; // null only when size is 0
	usize size;
} span_t;

// The bytes of one object (a variable, a struct, an array).
#define view_of(object) ((view_t){ (const u8 *)&(object), sizeof(object) })
#define span_of(object) ((span_t){ (u8 *)&(object), sizeof(object) })

// The characters of a string literal, without its final zero. May initialise a static.
#define VIEW_TEXT(literal) ((view_t){ (const u8 *)("" literal), sizeof(literal) - 1 })

// Element i of an array, as an lvalue. Traps when i is outside.
#define AT(array, i)                                                                               \
	(*(typeof((array)[0]) *)view_element((array), sizeof((array)[0]), COUNT(array), (i)))

ALWAYS_INLINE void *view_element(const volatile void *first, usize size, usize count, usize i)
{
	if (UNLIKELY(i >= count))
		__builtin_trap();
	UNSAFE_BEGIN("i was compared with the count")
	return (u8 *)first + i * size;
	UNSAFE_END
}

// The caller vouches that size bytes are there: only for memory that just came from an allocator,
// the linker or the loader.
static inline view_t view_from(const void *_Nullable data, usize size)
{
	return (view_t){ data, size };
}

static inline span_t span_from(void *_Nullable data, usize size)
{
	return (span_t){ data, size };
}

static inline view_t span_view(span_t span)
{
	return (view_t){ span.data, span.size };
}

// The characters before the final zero, which the caller vouches for.
static inline view_t view_cstring(const char *text)
{
	usize size = 0;
	UNSAFE_BEGIN("a C string ends with a zero")
	while (text[size])
		size++;
	UNSAFE_END
	return (view_t){ (const u8 *)text, size };
}

static inline u8 view_at(view_t view, usize i)
{
	if (UNLIKELY(i >= view.size))
		__builtin_trap();
	UNSAFE_BEGIN("i was compared with the size")
	return view.data[i];
	UNSAFE_END
}

static inline u8 *span_at(span_t span, usize i)
{
	if (UNLIKELY(i >= span.size))
		__builtin_trap();
	UNSAFE_BEGIN("i was compared with the size")
	return &span.data[i];
	UNSAFE_END
}

// For below: the part lies inside.
ALWAYS_INLINE view_t view_part(view_t view, usize offset, usize size)
{
	UNSAFE_BEGIN("offset and size were compared with the view's")
	return (view_t){ view.data + offset, size };
	UNSAFE_END
}

ALWAYS_INLINE span_t span_part(span_t span, usize offset, usize size)
{
	UNSAFE_BEGIN("offset and size were compared with the span's")
	return (span_t){ span.data + offset, size };
	UNSAFE_END
}

// As much of [offset, offset + size) as there is. Never fails, may be empty.
static inline view_t view_clamp(view_t view, usize offset, usize size)
{
	if (offset >= view.size)
		return (view_t){};
	usize left = view.size - offset;
	return view_part(view, offset, size < left ? size : left);
}

static inline span_t span_clamp(span_t span, usize offset, usize size)
{
	if (offset >= span.size)
		return (span_t){};
	usize left = span.size - offset;
	return span_part(span, offset, size < left ? size : left);
}

// Everything from offset on.
static inline view_t view_from_offset(view_t view, usize offset)
{
	return view_clamp(view, offset, view.size);
}

static inline span_t span_from_offset(span_t span, usize offset)
{
	return span_clamp(span, offset, span.size);
}

// Exactly [offset, offset + size), or ERR_RANGE. An empty part is allowed up to the very end.
static inline err_t view_sub(view_t view, usize offset, usize size, view_t *out)
{
	if (offset > view.size || size > view.size - offset)
		return ERR_RANGE;
	*out = size ? view_part(view, offset, size) : (view_t){};
	return OK;
}

static inline err_t span_sub(span_t span, usize offset, usize size, span_t *out)
{
	if (offset > span.size || size > span.size - offset)
		return ERR_RANGE;
	*out = size ? span_part(span, offset, size) : (span_t){};
	return OK;
}

static inline bool view_equal(view_t a, view_t b)
{
	return a.size == b.size && (!a.size || !memory_compare(a.data, b.data, a.size));
}

static inline bool view_starts_with(view_t view, view_t start)
{
	return view_equal(view_clamp(view, 0, start.size), start);
}

// The index of the first such byte, or view.size when there is none.
static inline usize view_find(view_t view, u8 byte)
{
	return view.size ? memory_find(view.data, byte, view.size) : 0;
}

// Copies all of from to the start of to, or nothing and ERR_RANGE. They may overlap.
static inline err_t span_copy(span_t to, view_t from)
{
	if (from.size > to.size)
		return ERR_RANGE;
	if (__builtin_constant_p(from.size) && from.size <= 64)
		__builtin_memmove(to.data, from.data, from.size); // in place: the size is known here
	else if (from.size)
		memory_move(NOT_NULL(to.data), NOT_NULL(from.data), from.size);
	return OK;
}

static inline void span_fill(span_t span, u8 byte)
{
	if (span.size)
		memory_fill(span.data, byte, span.size);
}

// Fills an object from the bytes at offset: view_load(file, 0, span_of(header)).
static inline err_t view_load(view_t view, usize offset, span_t object)
{
	view_t part;
	TRY(view_sub(view, offset, object.size, &part));
	return span_copy(object, part);
}

// A typed pointer into the bytes, or null when it would leave them or be misaligned.
#define VIEW_AS(type, view, offset)                                                                \
	((const type *_Nullable)view_object((view), (offset), sizeof(type), alignof(type)))

static inline const void *_Nullable view_object(
	view_t view, usize offset, usize size, usize alignment)
{
	view_t part;
	if (view_sub(view, offset, size, &part) != OK || (uintptr_t)part.data % alignment)
		return nullptr;
	return part.data;
}

NONNULL_END
