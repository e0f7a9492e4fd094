// SPDX-License-Identifier: MIT
// memory.h - copy, fill and compare bytes, and whole pages. Callers normally hold a view or a span
// and use view.h. memory_symbols.c gives the same functions under the names that the compiler
// calls (memcpy, memmove, memset, memcmp); hosted programs leave that file out.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

void *memory_copy(void *to, const void *from, usize size); // the two must not overlap
void *memory_move(void *to, const void *from, usize size);
void *memory_fill(void *to, int byte, usize size);
int memory_compare(const void *a, const void *b, usize size);
usize memory_find(const void *bytes, u8 byte, usize size); // the first such byte, size: none
// Of the bytes and their number, to find them in a table: not the same on other processors.
u32 memory_hash(const void *bytes, usize size, u64 seed);

// In memory that programs may be writing to at once: relaxed atomic pieces, words where both sides
// are aligned for them. What is read may be torn between pieces; the two must not overlap.
void memory_copy_shared(void *to, const void *from, usize size);
void memory_clear_shared(void *to, usize size);

// Whole pages, by relaxed atomic words: they too may be seen by programs. Page-aligned.
void page_copy(void *to, const void *from);
void page_zero(void *page);

NONNULL_END
