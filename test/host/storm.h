// SPDX-License-Identifier: MIT
// storm.h - random programs: each step one CPU's running thread makes a system call with likely and
// hostile arguments (fuzz/syscall_shapes.h), touches memory, faults, or time goes on. The dice are
// a seed's or a fuzzer's bytes.
#pragma once

#include "abi/syscall_numbers.h"
#include "kernel/sched/thread.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

struct dice {
	u64 state;                 // of the generator, when there are no bytes
	const u8 *_Nullable bytes; // borrowed: a fuzzer's input
	usize size, next;
};
u64 dice_word(struct dice *dice);
static inline u64 dice_roll(struct dice *dice, u64 sides)
{
	return dice_word(dice) % sides;
}
static inline bool dice_chance(struct dice *dice, u64 one_in)
{
	return !dice_roll(dice, one_in);
}
bool dice_is_empty(const struct dice *dice); // a fuzzer's bytes are used up

void storm_begin(u32 cpus, u32 crowd);   // pairs of processes, in a quota of their own
void storm_step(struct dice *dice);      // on any CPU
void storm_step_here(struct dice *dice); // on this host thread's CPU, which runs a thread
bool storm_end(void);                    // world_end
extern thread_local u64 storm_calls;     // made by this host thread
constexpr u32 STORM_RESULTS = 32;
extern thread_local u64 storm_results[SYSCALL_COUNT][STORM_RESULTS]; // [call][-error] at return

// The registers of a call, from its shape.
u64 storm_call(struct dice *dice, struct thread *thread); // its number

NONNULL_END
