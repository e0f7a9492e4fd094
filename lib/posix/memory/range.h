// SPDX-License-Identifier: MIT
// range.h - ranges of the program's half, as calls of Linux name them.
#pragma once

#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/posix/linux/mman.h"
#include "os/syscalls.h"

NONNULL_BEGIN

// What the kernel lets a program map; below and above nothing is ever mapped.
constexpr u64 RANGE_LOW = 0x10000;
constexpr u64 RANGE_HIGH = 0x0000'7fff'ffff'f000;

// Whole pages [address, address + size); false: not aligned, or it leaves the program's half.
static inline bool range_is_good(u64 address, u64 size)
{
	u64 end;
	return is_aligned(address | size, PAGE_SIZE) && checked_add(address, size, &end) == OK &&
	       end <= RANGE_HIGH;
}

// Up to whole pages; false: more than there is.
static inline bool size_to_pages(u64 *size)
{
	return checked_align_up(*size, PAGE_SIZE, size) == OK && *size <= RANGE_HIGH;
}

// x86 has no page that can be written or executed but not read.
static inline u32 access_of(u32 protection)
{
	u32 flags = protection & (PROT_READ | PROT_WRITE | PROT_EXEC) ? MAP_FLAGS_READ : 0;
	flags |= protection & PROT_WRITE ? MAP_FLAGS_WRITE : 0;
	return flags | (protection & PROT_EXEC ? MAP_FLAGS_EXEC : 0);
}

NONNULL_END
