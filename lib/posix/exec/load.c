// SPDX-License-Identifier: MIT
// load.c - see load.h. Nothing is read here: pages come when the program touches them. A writable
// segment is one copy-on-write clone of the file's pages, made longer for what is zero at its end.
#include "lib/posix/exec/load.h"

#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/base/memory.h"
#include "os/syscalls.h"

err_t pieces_add(struct pieces *pieces, const struct piece *piece)
{
	if (pieces->count == PIECES_MAX) {
		if (piece->is_owned)
			(void)handle_close(piece->memory);
		return ERR_TOO_BIG;
	}
	AT(pieces->piece, pieces->count++) = *piece;
	return OK;
}

err_t pieces_map(struct pieces *pieces, handle_t process)
{
	for (; pieces->mapped < pieces->count; pieces->mapped++) {
		const struct piece *piece = &AT(pieces->piece, pieces->mapped);
		u64 mapped;
		TRY(memory_map(process, piece->memory, piece->address, piece->size, piece->offset,
			piece->flags, &mapped));
	}
	return OK;
}

void pieces_fini(struct pieces *pieces)
{
	for (u32 i = 0; i < pieces->count; i++)
		if (AT(pieces->piece, i).is_owned)
			(void)handle_close(AT(pieces->piece, i).memory);
	pieces->count = pieces->mapped = 0;
}

static u32 map_flags_of(u32 access)
{
	u32 flags = access & PROGRAM_WRITE ? MAP_FLAGS_WRITE | MAP_FLAGS_READ : 0;
	flags |= access & PROGRAM_READ ? MAP_FLAGS_READ : 0;
	flags |= access & PROGRAM_EXECUTE ? MAP_FLAGS_EXEC | MAP_FLAGS_READ : 0;
	return flags | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE;
}

// Whole pages of a segment: what the file fills (the last of them in part), and the rest.
struct pages {
	u64 address, offset;
	u64 file_size, size;
	u64 zero_at, zero_size; // what must be cleared in the last page of the file, from offset on
};

static struct pages pages_of(const struct program_segment *segment, u64 base)
{
	u64 head = segment->address & PAGE_MASK;
	struct pages pages = {
		.address = base + segment->address - head,
		.offset = segment->offset - head,
		.size = align_up(head + segment->memory_size, PAGE_SIZE),
	};
	if (!segment->file_size)
		return pages;
	pages.file_size = align_up(head + segment->file_size, PAGE_SIZE);
	pages.zero_at = head + segment->file_size;
	if (segment->memory_size > segment->file_size)
		pages.zero_size = pages.file_size - pages.zero_at;
	return pages;
}

static err_t add_zeros(struct pieces *pieces, u64 address, u64 size, u32 flags)
{
	struct piece piece = { .is_owned = true, .flags = flags, .address = address, .size = size };
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, &piece.memory));
	return pieces_add(pieces, &piece);
}

static err_t clear(handle_t memory, u64 offset, u64 size)
{
	static const u8 zeros[PAGE_SIZE];
	u64 done;
	TRY(size ? memory_write(memory, offset, view_clamp(view_of(zeros), 0, size), &done) : OK);
	return OK;
}

static err_t fill_private(handle_t clone, const struct pages *pages)
{
	u64 unused;
	if (pages->size > pages->file_size)
		TRY(memory_control(clone, MEMORY_OPERATION_RESIZE, pages->size, 0, &unused));
	return clear(clone, pages->zero_at, pages->zero_size);
}

static err_t add_private(struct pieces *pieces, handle_t file, const struct pages *pages, u32 flags)
{
	struct piece piece = {
		.is_owned = true, .flags = flags, .address = pages->address, .size = pages->size
	};
	TRY(memory_clone(file, pages->offset, pages->file_size, &piece.memory));
	TRY(pieces_add(pieces, &piece));
	return fill_private(piece.memory, pages);
}

static err_t add_shared(struct pieces *pieces, handle_t file, const struct pages *pages, u32 flags)
{
	TRY(pieces_add(pieces,
		&(struct piece){ file, false, flags, pages->address, pages->file_size, pages->offset }));
	if (pages->size == pages->file_size)
		return OK;
	return add_zeros(
		pieces, pages->address + pages->file_size, pages->size - pages->file_size, flags);
}

static err_t load_segment(
	struct pieces *pieces, handle_t file, const struct program_segment *segment, u64 base)
{
	struct pages pages = pages_of(segment, base);
	u32 flags = map_flags_of(segment->flags);
	if (!pages.file_size)
		return add_zeros(pieces, pages.address, pages.size, flags);
	if (segment->flags & PROGRAM_WRITE)
		return add_private(pieces, file, &pages, flags);
	return add_shared(pieces, file, &pages, flags);
}

static err_t check_place(const struct program *program, u64 base)
{
	u64 low, high;
	TRY(checked_add(program->low, base, &low));
	TRY(checked_add(program->high, base, &high));
	return low >= LOWER_HALF_START && high <= LOWER_HALF_END ? OK : ERR_RANGE;
}

err_t load_program(struct pieces *pieces, handle_t file, const struct program *program, u64 base,
	struct loaded *out)
{
	const struct program_segment none = {}, *data = &none;
	TRY(check_place(program, base));
	for (u32 i = 0; i < program->segments; i++) {
		const struct program_segment *segment = &AT(program->segment, i);
		TRY(load_segment(pieces, file, segment, base));
		data = segment->flags & PROGRAM_WRITE ? segment : data;
	}
	*out = (struct loaded){
		.base = base,
		.entry = base + program->entry,
		.headers = program->headers_address ? base + program->headers_address : 0,
		.low = base + program->low,
		.end = base + program->high,
		.data = data == &none ? 0 : base + align_down(data->address, PAGE_SIZE),
		.data_offset = align_down(data->offset, PAGE_SIZE),
	};
	return OK;
}
