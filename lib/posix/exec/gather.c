// SPDX-License-Identifier: MIT
// gather.c - argument and environment texts, one after the other in a buffer that grows. What the
// program changes meanwhile is its own affair: each text is read once.
#include "lib/posix/exec/plan.h"

#include "lib/base/bits.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

span_t scratch_take(usize size)
{
	u64 pages = align_up(size, PAGE_SIZE), address;
	handle_t memory;
	if (memory_create(MEMORY_KIND_ANONYMOUS, pages, HANDLE_NONE, 0, 0, &memory) != OK)
		return (span_t){};
	err_t err = memory_map(HANDLE_NONE, memory, 0, pages, 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_HIGH, &address);
	(void)handle_close(memory);
	if (err != OK)
		return (span_t){};
	UNSAFE_BEGIN("the kernel mapped it there")
	return span_from((void *)address, size);
	UNSAFE_END
}

void scratch_give(span_t scratch)
{
	if (scratch.size)
		(void)memory_unmap(
			HANDLE_NONE, (u64)(uintptr_t)scratch.data, align_up(scratch.size, PAGE_SIZE));
}

void gathered_init(struct gathered *gathered)
{
	gathered->room = span_of(gathered->few);
	gathered->used = 0;
	gathered->count = 0;
}

static bool is_few(const struct gathered *gathered)
{
	return gathered->room.data == gathered->few;
}

void gathered_free(struct gathered *gathered)
{
	if (!is_few(gathered))
		scratch_give(gathered->room);
	gathered_init(gathered);
}

void gathered_move(struct gathered *to, struct gathered *from)
{
	gathered_free(to);
	if (is_few(from))
		(void)span_copy(to->room, view_clamp(span_view(from->room), 0, from->used));
	else
		to->room = from->room;
	to->used = from->used;
	to->count = from->count;
	gathered_init(from);
}

static i64 gathered_grow(struct gathered *gathered, usize size)
{
	usize wanted = gathered->room.size;
	while (wanted < size)
		wanted *= 2;
	span_t room = scratch_take(wanted);
	if (!room.size)
		return -ENOMEM;
	(void)span_copy(room, view_clamp(span_view(gathered->room), 0, gathered->used));
	if (!is_few(gathered))
		scratch_give(gathered->room);
	gathered->room = room;
	return 0;
}

i64 gather(struct gathered *gathered, view_t text, u64 limit)
{
	usize end = gathered->used + text.size + 1;
	if (end + (gathered->count + 1) * sizeof(u64) > limit)
		return -E2BIG;
	i64 error = end > gathered->room.size ? gathered_grow(gathered, end) : 0;
	if (error)
		return error;
	(void)span_copy(span_from_offset(gathered->room, gathered->used), text);
	*span_at(gathered->room, end - 1) = 0;
	gathered->used = end;
	gathered->count++;
	return 0;
}

// Room for a text of unknown size: at least this much more, and no more than the longest.
static i64 make_room(struct gathered *gathered, usize more, span_t *out)
{
	usize end = gathered->used + more;
	if (end > gathered->room.size)
		TRY_POSIX(gathered_grow(gathered, end));
	*out = span_clamp(gathered->room, gathered->used, EXEC_STRING_MAX);
	return 0;
}

static i64 gather_string(struct gathered *gathered, u64 address, u64 limit)
{
	i64 size = -ENAMETOOLONG;
	for (usize more = 1; size == -ENAMETOOLONG; more *= 2) {
		span_t room;
		TRY_POSIX(make_room(gathered, more, &room));
		size = user_copy_string(room, address);
		if (size == -ENAMETOOLONG && room.size >= EXEC_STRING_MAX)
			return -E2BIG;
		more = max_u64(more, room.size);
	}
	if (size < 0)
		return size;
	gathered->used += (usize)size + 1;
	gathered->count++;
	return gathered->used + gathered->count * sizeof(u64) > limit ? -E2BIG : 0;
}

i64 gather_user(struct gathered *gathered, u64 list, u64 limit)
{
	u64 address = 0;
	for (; list; list += sizeof address) {
		TRY_POSIX(user_get(address, list));
		if (!address)
			break;
		TRY_POSIX(gather_string(gathered, address, limit));
	}
	return 0;
}
