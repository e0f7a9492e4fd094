// SPDX-License-Identifier: MIT
// memory.c - copies in machine words, eight at a time while they last. What is left, and all that
// is small, goes in one step: the words at its front and those at its end, which may share bytes.
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

ALWAYS_INLINE u64 word_at(const u8 *from)
{
	return *(const word_t *)(const void *)from;
}

ALWAYS_INLINE void word_put(u8 *to, u64 word)
{
	*(word_t *)(void *)to = word;
}

ALWAYS_INLINE u32 half_at(const u8 *from)
{
	return *(const half_t *)(const void *)from;
}

ALWAYS_INLINE void half_put(u8 *to, u32 half)
{
	*(half_t *)(void *)to = half;
}

// 32 to 64 bytes.
[[WHOLE]] ALWAYS_INLINE void many_move(u8 *to, const u8 *from, usize size)
{
	u64 a = word_at(from), b = word_at(from + 8), c = word_at(from + 16), d = word_at(from + 24);
	u64 e = word_at(from + size - 32), f = word_at(from + size - 24);
	u64 g = word_at(from + size - 16), h = word_at(from + size - 8);
	word_put(to, a);
	word_put(to + 8, b);
	word_put(to + 16, c);
	word_put(to + 24, d);
	word_put(to + size - 32, e);
	word_put(to + size - 24, f);
	word_put(to + size - 16, g);
	word_put(to + size - 8, h);
}

// Up to 7 bytes.
[[WHOLE]] ALWAYS_INLINE void bytes_move(u8 *to, const u8 *from, usize size)
{
	if (size >= sizeof(half_t)) {
		u32 a = half_at(from), b = half_at(from + size - 4);
		half_put(to, a);
		half_put(to + size - 4, b);
	} else if (size) {
		u8 a = from[0], b = from[size / 2], c = from[size - 1];
		to[0] = a;
		to[size / 2] = b;
		to[size - 1] = c;
	}
}

// Up to 31 bytes, all loads before all stores.
[[WHOLE]] ALWAYS_INLINE void few_move(u8 *to, const u8 *from, usize size)
{
	if (size >= 16) {
		u64 a = word_at(from), b = word_at(from + 8);
		u64 c = word_at(from + size - 16), d = word_at(from + size - 8);
		word_put(to, a);
		word_put(to + 8, b);
		word_put(to + size - 16, c);
		word_put(to + size - 8, d);
	} else if (size >= 8) {
		u64 a = word_at(from), b = word_at(from + size - 8);
		word_put(to, a);
		word_put(to + size - 8, b);
	} else {
		bytes_move(to, from, size);
	}
}

[[clang::no_builtin]] NO_INLINE static void move_up(u8 *to, const u8 *from, usize size)
{
	for (; size > sizeof(struct block); size -= sizeof(struct block)) {
		block_move(to, from);
		to += sizeof(struct block);
		from += sizeof(struct block);
	}
	if (size >= sizeof(struct block) / 2)
		many_move(to, from, size);
	else
		few_move(to, from, size);
}

[[clang::no_builtin]] NO_INLINE static void move_down(u8 *to, const u8 *from, usize size)
{
	for (; size > sizeof(struct block); size -= sizeof(struct block))
		block_move(to + size - sizeof(struct block), from + size - sizeof(struct block));
	if (size >= sizeof(struct block) / 2)
		many_move(to, from, size);
	else
		few_move(to, from, size);
}

[[clang::no_builtin]] void *memory_copy(void *to, const void *from, usize size)
{
	if (size < sizeof(struct block) / 2)
		few_move(to, from, size);
	else
		move_up(to, from, size);
	return to;
}

[[clang::no_builtin]] void *memory_move(void *to, const void *from, usize size)
{
	// As unsigned numbers the last is "to does not lie inside [from, from + size)".
	if (size < sizeof(struct block) / 2)
		few_move(to, from, size);
	else if (size <= sizeof(struct block) || (uintptr_t)to - (uintptr_t)from >= size)
		move_up(to, from, size);
	else
		move_down(to, from, size);
	return to;
}

// Up to 15 bytes.
[[WHOLE]] ALWAYS_INLINE void few_fill(u8 *to, u64 word, usize size)
{
	if (size >= 8) {
		word_put(to, word);
		word_put(to + size - 8, word);
	} else if (size >= 4) {
		half_put(to, (u32)word);
		half_put(to + size - 4, (u32)word);
	} else if (size) {
		to[0] = to[size / 2] = to[size - 1] = (u8)word;
	}
}

[[clang::no_builtin]] void *memory_fill(void *to, int byte, usize size)
{
	u64 word = (u8)byte * 0x0101010101010101u;
	u8 *out = to;
	for (; size >= sizeof(struct block); size -= sizeof(struct block)) {
		block_fill(out, word);
		out += sizeof(struct block);
	}
	for (; size >= 2 * sizeof(word_t); size -= 2 * sizeof(word_t)) {
		word_put(out, word);
		word_put(out + 8, word);
		out += 2 * sizeof(word_t);
	}
	few_fill(out, word, size);
	return to;
}

// The first difference decides: the lowest address is the highest byte.
ALWAYS_INLINE int words_order(u64 left, u64 right)
{
	if (left == right)
		return 0;
	return __builtin_bswap64(left) < __builtin_bswap64(right) ? -1 : 1;
}

// Up to 7 bytes as the low ones of a word, the others zero.
[[WHOLE]] ALWAYS_INLINE u64 bytes_at(const u8 *from, usize size)
{
	if (size >= 4)
		return half_at(from) | (u64)half_at(from + size - 4) << 8 * (size - 4);
	if (!size)
		return 0;
	usize middle = size / 2, last = size - 1;
	return from[0] | (u64)from[middle] << 8 * middle | (u64)from[last] << 8 * last;
}

[[WHOLE]] int memory_compare(const void *a, const void *b, usize size)
{
	const u8 *left = a, *right = b;
	if (size < sizeof(word_t))
		return words_order(bytes_at(left, size), bytes_at(right, size));
	for (; size > sizeof(word_t); size -= sizeof(word_t)) {
		u64 in_left = word_at(left), in_right = word_at(right);
		if (in_left != in_right)
			return words_order(in_left, in_right);
		left += sizeof(word_t);
		right += sizeof(word_t);
	}
	// The last word begins in what was equal.
	return words_order(word_at(left + size - 8), word_at(right + size - 8));
}

// The lowest byte of a word that is zero, 8: none.
ALWAYS_INLINE usize zero_in(u64 word)
{
	u64 zeros = (word - 0x0101010101010101u) & ~word & 0x8080808080808080u; // above it: perhaps not
	return zeros ? (usize)__builtin_ctzll(zeros) / 8 : sizeof(word_t);
}

[[WHOLE]] usize memory_find(const void *bytes, u8 byte, usize size)
{
	const u8 *from = bytes;
	u64 wanted = byte * 0x0101010101010101u;
	usize at = 0;
	for (; size - at >= sizeof(word_t); at += sizeof(word_t)) {
		usize place = zero_in(word_at(from + at) ^ wanted);
		if (place < sizeof(word_t))
			return at + place;
	}
	usize place = zero_in(bytes_at(from + at, size - at) ^ wanted);
	return place < size - at ? at + place : size;
}

[[WHOLE]] u32 memory_hash(const void *bytes, usize size, u64 seed)
{
	constexpr u64 FACTOR = 0x9e37'79b9'7f4a'7c15;
	const u8 *from = bytes;
	u64 hash = seed ^ size;
	usize left = size;
	for (; left >= sizeof(word_t); left -= sizeof(word_t)) {
		hash = (hash ^ word_at(from)) * FACTOR;
		hash ^= hash >> 32;
		from += sizeof(word_t);
	}
	hash = (hash ^ bytes_at(from, left)) * FACTOR;
	return (u32)(hash >> 32);
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
