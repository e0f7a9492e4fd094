// SPDX-License-Identifier: MIT
// entropy.c - unpredictable numbers: ChaCha20 blocks under a key that each block replaces, so that
// what was given out cannot be found from what is in memory later. The key starts from what the
// loader gathered; the time-stamp counter and RDRAND go into every block. RFC 8439.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "lib/base/bits.h"
#include "lib/base/view.h"

constexpr u32 STATE_WORDS = 16, KEY_WORDS = 8, OUTPUTS = 4, ROUNDS = 10;

struct block {
	u32 word[STATE_WORDS];
};

static struct spinlock lock = { .rank = RANK_LEAF };
static u32 key[KEY_WORDS]; // under lock, as the two below
static u64 outputs[OUTPUTS];
static u32 outputs_left;

static u64 hardware_random(void)
{
	u64 value = 0;
	if (features.has_rdrand)
		__asm__ volatile("rdrand %0" : "=r"(value)::"cc"); // 0 when it fails: it is only mixed in
	return value;
}

static u32 rotate(u32 value, u32 by)
{
	return value << by | value >> (32 - by);
}

static void quarter(struct block *block, u32 a, u32 b, u32 c, u32 d)
{
	u32 *x = &AT(block->word, a), *y = &AT(block->word, b);
	u32 *z = &AT(block->word, c), *w = &AT(block->word, d);
	*x += *y;
	*w = rotate(*w ^ *x, 16);
	*z += *w;
	*y = rotate(*y ^ *z, 12);
	*x += *y;
	*w = rotate(*w ^ *x, 8);
	*z += *w;
	*y = rotate(*y ^ *z, 7);
}

static void double_round(struct block *block)
{
	for (u32 i = 0; i < 4; i++)
		quarter(block, i, 4 + i, 8 + i, 12 + i);
	for (u32 i = 0; i < 4; i++)
		quarter(block, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
}

static struct block block_make(void)
{
	u64 now = tsc_read();
	u64 extra = hardware_random();
	struct block start = { { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 } };
	for (u32 i = 0; i < KEY_WORDS; i++)
		AT(start.word, 4 + i) = AT(key, i);
	AT(start.word, 12) = (u32)now;
	AT(start.word, 13) = (u32)(now >> 32);
	AT(start.word, 14) = (u32)extra;
	AT(start.word, 15) = (u32)(extra >> 32);
	struct block block = start;
	for (u32 i = 0; i < ROUNDS; i++)
		double_round(&block);
	for (u32 i = 0; i < STATE_WORDS; i++)
		AT(block.word, i) += AT(start.word, i);
	return block;
}

static void refill(void)
{
	struct block block = block_make();
	for (u32 i = 0; i < KEY_WORDS; i++)
		AT(key, i) = AT(block.word, i);
	for (u32 i = 0; i < OUTPUTS; i++)
		AT(outputs, i) = (u64)AT(block.word, 8 + 2 * i) << 32 | AT(block.word, 9 + 2 * i);
	outputs_left = OUTPUTS;
}

void entropy_init(const struct boot_info *info)
{
	for (u32 i = 0; i < BOOT_ENTROPY_WORDS; i++) {
		u64 word = AT(info->entropy, i) ^ hardware_random();
		AT(key, i) = (u32)word ^ (u32)(word >> 32);
	}
	AT(key, 0) ^= (u32)info->tsc_at_entry;
	refill();
	outputs_left = 0;
}

u64 arch_random(void)
{
	lock_take(&lock);
	if (!outputs_left)
		refill();
	u64 *output = &AT(outputs, --outputs_left);
	u64 value = *output;
	*output = 0;
	lock_give(&lock);
	return value;
}
