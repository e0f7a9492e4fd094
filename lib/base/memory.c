// SPDX-License-Identifier: MIT
// memory.c - copies in machine words, eight at a time while they last, then words, then bytes.
// Words may lie at any address: x86 does not mind, and aligning first costs more than it gives.
// No "rep movs" but for pages: its start-up is dear for small sizes.
#include "lib/base/memory.h"

#include "lib/base/atomic.h"
#include "lib/base/unsafe.h"

// [[clang::no_builtin]] below: else the compiler finds that a loop is a memcpy and calls us again.
// WHOLE: offsets inside a block cannot wrap, and a check for each word would double the work.
#define WHOLE clang::no_builtin, clang::no_sanitize("pointer-overflow")
[[gnu::may_alias, gnu::aligned(1)]] typedef u64 word_t;
[[gnu::may_alias, gnu::aligned(1)]] typedef u32 half_t;

struct block {
	word_t word[8];
};

UNSAFE_BEGIN("sizes come with the pointers; each loop counts its size down")

// All loads before all stores, so that a block may overlap itself in memory_move.
[[WHOLE]] ALWAYS_INLINE void block_move(u8 *to, const u8 *from)
{
	const word_t *in = (const word_t *)(const void *)from;
	word_t *out = (word_t *)(void *)to;
	u64 a = in[0], b = in[1], c = in[2], d = in[3];
	u64 e = in[4], f = in[5], g = in[6], h = in[7];
	out[0] = a;
	out[1] = b;
	out[2] = c;
	out[3] = d;
	out[4] = e;
	out[5] = f;
	out[6] = g;
	out[7] = h;
}

[[WHOLE]] ALWAYS_INLINE void block_fill(u8 *to, u64 word)
{
	word_t *out = (word_t *)(void *)to;
	out[0] = word;
	out[1] = word;
	out[2] = word;
	out[3] = word;
	out[4] = word;
	out[5] = word;
	out[6] = word;
	out[7] = word;
}

ALWAYS_INLINE void word_move(u8 *to, const u8 *from)
{
	*(word_t *)(void *)to = *(const word_t *)(const void *)from;
}

[[clang::no_builtin]] static void move_up(u8 *to, const u8 *from, usize size)
{
	for (; size >= sizeof(struct block); size -= sizeof(struct block)) {
		block_move(to, from);
		to += sizeof(struct block);
		from += sizeof(struct block);
	}
	for (; size >= sizeof(word_t); size -= sizeof(word_t)) {
		word_move(to, from);
		to += sizeof(word_t);
		from += sizeof(word_t);
	}
	if (size >= sizeof(half_t)) {
		*(half_t *)(void *)to = *(const half_t *)(const void *)from;
		to += sizeof(half_t);
		from += sizeof(half_t);
		size -= sizeof(half_t);
	}
	for (; size; size--)
		*to++ = *from++;
}

[[clang::no_builtin]] static void move_down(u8 *to, const u8 *from, usize size)
{
	for (; size >= sizeof(struct block); size -= sizeof(struct block))
		block_move(to + size - sizeof(struct block), from + size - sizeof(struct block));
	for (; size >= sizeof(word_t); size -= sizeof(word_t))
		word_move(to + size - sizeof(word_t), from + size - sizeof(word_t));
	for (; size; size--)
		to[size - 1] = from[size - 1];
}

[[clang::no_builtin]] void *memory_copy(void *to, const void *from, usize size)
{
	move_up(to, from, size);
	return to;
}

[[clang::no_builtin]] void *memory_move(void *to, const void *from, usize size)
{
	// As unsigned numbers this is "to does not lie inside [from, from + size)".
	if ((uintptr_t)to - (uintptr_t)from >= size)
		move_up(to, from, size);
	else
		move_down(to, from, size);
	return to;
}

[[clang::no_builtin]] void *memory_fill(void *to, int byte, usize size)
{
	u64 word = (u8)byte * 0x0101010101010101u;
	u8 *out = to;
	for (; size >= sizeof(struct block); size -= sizeof(struct block)) {
		block_fill(out, word);
		out += sizeof(struct block);
	}
	for (; size >= sizeof(word_t); size -= sizeof(word_t)) {
		*(word_t *)(void *)out = word;
		out += sizeof(word_t);
	}
	for (; size; size--)
		*out++ = (u8)byte;
	return to;
}

[[clang::no_builtin]] int memory_compare(const void *a, const void *b, usize size)
{
	const u8 *left = a;
	const u8 *right = b;
	for (; size >= sizeof(word_t); size -= sizeof(word_t)) {
		if (*(const word_t *)(const void *)left != *(const word_t *)(const void *)right)
			break;
		left += sizeof(word_t);
		right += sizeof(word_t);
	}
	for (; size; size--, left++, right++) {
		if (*left != *right)
			return *left < *right ? -1 : 1;
	}
	return 0;
}

// Relaxed accesses of aligned words are plain moves of the CPU: atomics only tell the compiler, and
// TSan, that a program's stores may come in between.
[[WHOLE]] ALWAYS_INLINE void shared_move(usize *to, const usize *from)
{
	atomic_store_relaxed(to, atomic_load_relaxed(from));
}

[[clang::no_builtin]] void memory_copy_shared(void *to, const void *from, usize size)
{
	u8 *out = to;
	const u8 *in = from;
	bool has_words = !(((uintptr_t)to | (uintptr_t)from) % sizeof(usize));
	for (; has_words && size >= sizeof(usize); size -= sizeof(usize)) {
		shared_move((usize *)(void *)out, (const usize *)(const void *)in);
		out += sizeof(usize);
		in += sizeof(usize);
	}
	for (; size; size--)
		atomic_store_relaxed(out++, atomic_load_relaxed(in++));
}

[[clang::no_builtin]] void memory_clear_shared(void *to, usize size)
{
	u8 *out = to;
	for (; size && (uintptr_t)out % sizeof(usize); size--)
		atomic_store_relaxed(out++, (u8)0);
	for (; size >= sizeof(usize); size -= sizeof(usize)) {
		atomic_store_relaxed((usize *)(void *)out, (usize)0);
		out += sizeof(usize);
	}
	for (; size; size--)
		atomic_store_relaxed(out++, (u8)0);
}

// A whole page is where string instructions pay: one of them, and no loop. What programs store
// meanwhile is theirs to order: words are moved whole. The boot code has 32 bits.
constexpr bool IS_WIDE = sizeof(usize) == sizeof(u64);

void page_copy(void *to, const void *from)
{
	usize words = PAGE_SIZE / sizeof(usize);
	if (IS_WIDE)
		__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
	else
		__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words)::"memory");
}

void page_zero(void *page)
{
	usize words = PAGE_SIZE / sizeof(usize), zero = 0;
	if (IS_WIDE)
		__asm__ volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(zero) : "memory");
	else
		__asm__ volatile("rep stosl" : "+D"(page), "+c"(words) : "a"(zero) : "memory");
}

UNSAFE_END
