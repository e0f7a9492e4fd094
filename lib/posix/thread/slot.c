// SPDX-License-Identifier: MIT
// slot.c - see slot.h. Memory of a slot stays mapped for the next thread.
#include "lib/posix/thread/slot.h"

#include "lib/base/atomic.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

static i64 map(u32 slot)
{
	handle_t memory;
	u64 mapped, size = THREAD_SLOT_SIZE - PAGE_SIZE;
	u64 start = thread_slot_start(slot) + PAGE_SIZE; // behind the guard
	TRY_ERR(memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, &memory));
	// Replace: what a vfork child mapped there is forgotten, and nobody's.
	err_t err = memory_map(HANDLE_NONE, memory, start, size, 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped);
	(void)handle_close(memory);
	return posix_error(err);
}

static i64 map_once(struct thread_slots *slots, u32 slot)
{
	u64 *word = &AT(slots->mapped, slot / 64), bit = (u64)1 << slot % 64;
	if (atomic_load_relaxed(word) & bit)
		return 0;
	TRY_POSIX(map(slot));
	(void)atomic_or_relaxed(word, bit);
	return 0;
}

i64 slot_take(struct posix_thread *_Nullable *_Nonnull out, u32 *slot)
{
	struct thread_slots *slots = &posix_self()->slots;
	for (u32 i = 0; i < THREAD_SLOTS; i++) {
		u32 seen = 0;
		if (!atomic_swap_if_acquire(
				&AT(slots->used, i), &seen, 1u)) // pairs with the kernel's store
			continue;
		i64 error = map_once(slots, i);
		if (error) {
			slot_give(i);
			return -EAGAIN;
		}
		UNSAFE_BEGIN("mapped above, nobody else's")
		struct posix_thread *thread = (struct posix_thread *)thread_address(i);
		UNSAFE_END
		*thread = (struct posix_thread){};
		*out = thread;
		*slot = i;
		return 0;
	}
	return -EAGAIN;
}

void slot_give(u32 slot)
{
	atomic_store_release(&AT(posix_self()->slots.used, slot), 0u);
}
