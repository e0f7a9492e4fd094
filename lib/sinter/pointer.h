// SPDX-License-Identifier: MIT
// pointer.h - the parts of a block pointer. Besides pointers to the disk there are, in memory only,
// pointers to a buffer that has no place yet (vdev 255): so a tree links its dirty nodes with no
// other structure. Such a pointer read from a disk is refused.
#pragma once

#include "lib/base/view.h"
#include "lib/sinter/format.h"

NONNULL_BEGIN

constexpr u64 ADDRESS_UNIT_MASK = ((u64)1 << 48) - 1;
constexpr u64 BIRTH_MASK = ((u64)1 << 48) - 1;
constexpr u64 ADDRESS_MEMORY = (u64)0xff << 56;
constexpr pointer_t POINTER_HOLE = {};

// Copies bytes of which the caller knows that there is room for them.
static inline void span_put(span_t to, view_t from)
{
	err_t err = span_copy(to, from);
	assert(err == OK);
}

static inline bool pointer_is_hole(const pointer_t *pointer)
{
	return !pointer->address[0];
}

static inline bool pointer_is_memory(const pointer_t *pointer)
{
	return (pointer->address[0] & ADDRESS_MEMORY) == ADDRESS_MEMORY;
}

static inline u32 pointer_memory_index(const pointer_t *pointer)
{
	return (u32)pointer->address[0];
}

static inline u64 address_unit(u64 address)
{
	return address & ADDRESS_UNIT_MASK;
}

static inline u32 address_vdev(u64 address)
{
	return (u32)(address >> 56);
}

static inline u64 address_make(u32 vdev, u64 unit)
{
	return (u64)vdev << 56 | unit;
}

// Could it be one of the disk? (Not: in which pool.)
static inline bool address_is_sound(u64 address)
{
	return address == address_make(address_vdev(address), address_unit(address)) &&
	       address_vdev(address) < VDEVS_MAX;
}

static inline u64 pointer_birth(const pointer_t *pointer)
{
	return pointer->info & BIRTH_MASK;
}

static inline u8 pointer_type(const pointer_t *pointer)
{
	return pointer->info >> 48 & 63;
}

static inline u8 pointer_level(const pointer_t *pointer)
{
	return pointer->info >> 54 & 15;
}

static inline u8 pointer_compression(const pointer_t *pointer)
{
	return pointer->info >> 58 & 7;
}

static inline u8 pointer_check_kind(const pointer_t *pointer)
{
	return (u8)(pointer->info >> 61);
}

static inline bool pointer_is_checked(const pointer_t *pointer)
{
	u8 kind = pointer_check_kind(pointer);
	return kind > CHECK_NONE && kind <= CHECK_SEALED;
}

static inline u64 info_make(u64 birth, u8 type, u8 level, u8 compression, u8 check_kind)
{
	return birth | (u64)type << 48 | (u64)level << 54 | (u64)compression << 58 |
	       (u64)check_kind << 61;
}

static inline pointer_t pointer_to_memory(u32 index, u8 type, u8 level)
{
	return (pointer_t){ .address = { ADDRESS_MEMORY | index },
		.logical = NODE_SIZE,
		.info = info_make(0, type, level, COMPRESS_NONE, CHECK_NONE) };
}

static inline u32 units_of_bytes(usize bytes)
{
	return (u32)((bytes + UNIT_SIZE - 1) / UNIT_SIZE);
}

static inline u32 pointer_units(const pointer_t *pointer)
{
	return units_of_bytes(pointer->stored);
}

// How many copies it has.
static inline u32 pointer_copies(const pointer_t *pointer)
{
	u32 copies = 0;
	while (copies < COPIES_MAX && AT(pointer->address, copies))
		copies++;
	return copies;
}

static inline u64 pointer_units_of_copies(const pointer_t *pointer)
{
	return (u64)pointer_copies(pointer) * pointer_units(pointer);
}

static inline bool pointer_equal(const pointer_t *a, const pointer_t *b)
{
	return !__builtin_memcmp(a, b, sizeof *a); // in place: the size is known here
}

// Without branches: which way a search goes cannot be foretold.
static inline bool key_is_less(tree_key_t a, tree_key_t b)
{
	u64 is_item_less = a.item < b.item;
	return (a.object < b.object) | ((a.object == b.object) & is_item_less);
}

static inline int key_compare(tree_key_t a, tree_key_t b)
{
	if (a.object != b.object)
		return a.object < b.object ? -1 : 1;
	return a.item == b.item ? 0 : a.item < b.item ? -1 : 1;
}

static inline tree_key_t key_make(u64 object, u8 kind, u64 offset)
{
	return (tree_key_t){ object, (u64)kind << 56 | (offset & KEY_OFFSET_MASK) };
}

static inline u8 key_kind(tree_key_t key)
{
	return (u8)(key.item >> 56);
}

static inline u64 key_offset(tree_key_t key)
{
	return key.item & KEY_OFFSET_MASK;
}

NONNULL_END
