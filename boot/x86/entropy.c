// SPDX-License-Identifier: MIT
// entropy.c - one word of state, stirred by a multiply-xorshift finaliser. Enough for KASLR; the
// kernel's seed words each get the processor's generator on top and do not show our state.
#include "boot/x86/entropy.h"

#include "boot/x86/machine.h"
#include "lib/base/view.h"

constexpr u64 STEP = 0x9e3779b97f4a7c15; // the golden ratio: odd, no pattern
constexpr u32 JITTER_ROUNDS = 256;

static u64 stir(u64 word)
{
	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
	word = (word ^ word >> 27) * 0x94d049bb133111eb;
	return word ^ word >> 31;
}

void entropy_absorb(struct entropy *entropy, u64 word)
{
	entropy->state = stir((entropy->state ^ word) + STEP);
}

u64 entropy_next(struct entropy *entropy)
{
	entropy->state += STEP;
	return stir(entropy->state ^ entropy->state >> 32);
}

void entropy_init(struct entropy *entropy, struct boot_info *info)
{
	entropy->state = info->tsc_at_entry;
	for (u32 i = 0; i < JITTER_ROUNDS; i++) {
		u8 count = machine_in8(MACHINE_PIT_COUNTER);
		entropy_absorb(entropy, machine_tsc() ^ (u64)count << 56);
	}
	info->entropy_has_rdrand = machine_has_rdrand();
	for (u32 i = 0; i < BOOT_ENTROPY_WORDS; i++) {
		entropy_absorb(entropy, machine_rdrand());
		AT(info->entropy, i) = entropy_next(entropy) ^ machine_rdrand();
	}
}
