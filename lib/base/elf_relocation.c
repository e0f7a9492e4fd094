// SPDX-License-Identifier: MIT
// elf_relocation.c - the relative relocations of a static PIE: first the table of explicit ones
// (RELA), then the packed one (RELR). RELR is a list of words: an even one is the address of a word
// to relocate, an odd one a bitmap about the 63 words that follow. RELR's addends are in place.
#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/base/elf.h"
#include "lib/base/elf_format.h"

struct table {
	u64 address, size, entry_size;
};

// The file bytes for [address, address + size) of memory.
static bool bytes_at(const struct elf *elf, u64 address, u64 size, view_t *out)
{
	for (u32 i = 0; i < elf->segments; i++) {
		const struct elf_segment *segment = &AT(elf->segment, i);
		if (address < segment->address)
			continue;
		u64 offset = address - segment->address;
		if (checked_range(offset, size, segment->file_size) == OK)
			return view_sub(elf_segment_bytes(elf, segment), (usize)offset, (usize)size, out) == OK;
	}
	return false;
}

static bool is_changeable(const struct elf *elf, u64 address)
{
	for (u32 i = 0; i < elf->segments; i++) {
		const struct elf_segment *segment = &AT(elf->segment, i);
		if (address >= segment->address &&
			checked_range(address - segment->address, sizeof(u64), segment->memory_size) == OK)
			return !(segment->flags & ELF_EXECUTE);
	}
	return false;
}

// Bytes beyond those in the file are zero.
static u64 word_at(const struct elf *elf, u64 address)
{
	view_t bytes;
	u64 word = 0;
	if (bytes_at(elf, address, sizeof word, &bytes) && view_load(bytes, 0, span_of(word)) == OK)
		return word;
	return 0;
}

// False: a relocation that only a dynamic linker understands.
static bool dynamic_read(view_t dynamic, struct table *rela, struct table *relr)
{
	struct elf_dynamic entry;
	for (usize at = 0; view_load(dynamic, at, span_of(entry)) == OK; at += sizeof entry) {
		switch ((enum elf_dynamic_tag)entry.tag) {
		case DYNAMIC_END: return true;
		case DYNAMIC_RELA: rela->address = entry.value; break;
		case DYNAMIC_RELA_SIZE: rela->size = entry.value; break;
		case DYNAMIC_RELA_ENTRY_SIZE: rela->entry_size = entry.value; break;
		case DYNAMIC_RELR: relr->address = entry.value; break;
		case DYNAMIC_RELR_SIZE: relr->size = entry.value; break;
		case DYNAMIC_RELR_ENTRY_SIZE: relr->entry_size = entry.value; break;
		case DYNAMIC_REL:
		case DYNAMIC_PLT_RELOCATIONS: return false;
		}
	}
	return true;
}

static bool table_find(const struct elf *elf, struct table table, usize entry_size, view_t *out)
{
	if (table.size == 0)
		return true;
	return table.entry_size == entry_size && table.size % entry_size == 0 &&
	       bytes_at(elf, table.address, table.size, out);
}

enum elf_problem elf_relocations_init(struct elf_relocations *list, const struct elf *elf)
{
	struct table rela = {};
	struct table relr = {};
	view_t dynamic;
	*list = (struct elf_relocations){ .elf = elf };
	if (elf->dynamic.memory_size == 0)
		return ELF_GOOD;
	if (!bytes_at(elf, elf->dynamic.address, elf->dynamic.memory_size, &dynamic))
		return ELF_DYNAMIC_BAD;
	if (!dynamic_read(dynamic, &rela, &relr))
		return ELF_RELOCATION_UNSUPPORTED;
	if (!table_find(elf, rela, sizeof(struct elf_rela), &list->rela) ||
		!table_find(elf, relr, sizeof(u64), &list->relr))
		return ELF_RELOCATIONS_BAD;
	return ELF_GOOD;
}

// False at the end of the table.
static bool rela_next(struct elf_relocations *list, struct elf_relocation *out)
{
	struct elf_rela rela;
	while (view_load(list->rela, 0, span_of(rela)) == OK) {
		list->rela = view_from_offset(list->rela, sizeof rela);
		if (rela.info == ELF_RELOCATION_NONE)
			continue;
		if (rela.info != ELF_RELOCATION_RELATIVE)
			list->problem = ELF_RELOCATION_UNSUPPORTED;
		*out = (struct elf_relocation){ rela.address, rela.addend };
		return true;
	}
	return false;
}

// False at the end of the table.
static bool relr_next(struct elf_relocations *list, struct elf_relocation *out)
{
	u64 word;
	while (list->relr_bitmap == 0) {
		if (view_load(list->relr, 0, span_of(word)) != OK)
			return false;
		list->relr = view_from_offset(list->relr, sizeof word);
		if (word & 1) {
			list->relr_bitmap = word >> 1;
			list->relr_bitmap_at = list->relr_address;
			list->relr_address += 63 * sizeof(u64); // wraps at worst: each address is checked
		} else {
			list->relr_bitmap = 1;
			list->relr_bitmap_at = word;
			list->relr_address = word + sizeof(u64);
		}
	}
	u64 address = list->relr_bitmap_at + bits_lowest(list->relr_bitmap) * sizeof(u64);
	list->relr_bitmap &= list->relr_bitmap - 1;
	*out = (struct elf_relocation){ address, word_at(list->elf, address) };
	return true;
}

bool elf_relocation_next(struct elf_relocations *list, struct elf_relocation *out)
{
	struct elf_relocation relocation;
	if (list->problem != ELF_GOOD)
		return false;
	if (!rela_next(list, &relocation) && !relr_next(list, &relocation))
		return false;
	if (list->problem == ELF_GOOD && !is_changeable(list->elf, relocation.address))
		list->problem = ELF_RELOCATION_OUTSIDE;
	if (list->problem != ELF_GOOD)
		return false;
	*out = relocation;
	return true;
}
