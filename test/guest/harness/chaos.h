// SPDX-License-Identifier: MIT
// chaos.h - what the chaos programs share: arguments `PROGRAM FILTER NUMBER...`, a level that must
// come back, memory shared with forked processes, programs in a quota of their own.
#pragma once

#include "test/guest/harness/guest.h"

NONNULL_BEGIN

// Argument `index` as a number; `usual` when it is not there or not a number.
u64 chaos_number(u32 index, u64 usual);
// Runs it, and is true when afterwards everything is exactly as it was before. Caches that grew
// once (one spare page for each size of small objects) get a second and a third chance; what is
// lost at every run is found. run says false when it failed itself.
bool chaos_is_steady(bool (*run)(void));
// In one process: objects and handles are as they were, after at most ten seconds.
bool chaos_is_level(const struct guest_level *before);
// Zeroed memory that stays shared with processes forked later. Borrowed, never unmapped.
void *_Nullable chaos_shared(u64 size);
// Lets others run; a little while at the most.
void chaos_pause(void);
// Waits until *word >= wanted; false after ten seconds.
bool chaos_reached(const u32 *word, u32 wanted);
// Kills a process, waits for its end and closes its handle.
err_t chaos_kill(handle_t process);
err_t chaos_waited(handle_t process, u64 *code); // its end, as spawn_wait has it; closes it

// Starts a program of the boot image with the console and the time page, and handles of our own.
struct chaos_program {
	const char *path, *arguments; // "test/NAME"
	handle_t quota;               // HANDLE_NONE: ours
	handle_t gift;                // given under the name "gift", if it is one
};
err_t chaos_start(const struct chaos_program *program, handle_t *process);
// A quota that holds what one troublemaker may use.
err_t chaos_quota(u64 pages, u64 objects, u64 handles, handle_t *out);

NONNULL_END
