// SPDX-License-Identifier: MIT
// fuzz.h - what a fuzzing child shares with the process that looks after it.
#pragma once

#include "lib/base/random.h"
#include "test/guest/harness/chaos.h"

NONNULL_BEGIN

constexpr u32 FUZZ_CHILDREN = 4;

struct fuzz_shared {
	u64 calls[FUZZ_CHILDREN]; // atomic: made so far, by all incarnations
	u64 good[FUZZ_CHILDREN];  // atomic: of these, answered OK
};

constexpr u32 FUZZ_POOL = 64;

struct fuzzer {
	struct random random;
	u64 arena, arena_size; // mapped memory that calls may do anything to
	u32 pool[FUZZ_POOL];   // handles; stale ones too
	u64 *calls, *good;     // in struct fuzz_shared
};

// Makes one call with arguments that fit more or less.
void fuzz_call(struct fuzzer *fuzzer);
void fuzz_pool_add(struct fuzzer *fuzzer, handle_t handle);

NONNULL_END
