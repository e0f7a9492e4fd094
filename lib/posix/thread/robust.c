// SPDX-License-Identifier: MIT
// robust.c - the list of locks that a thread holds, in the program's memory: at its end each of
// them says that its owner died, and a waiter is woken. Nothing in the list is believed.
#include "lib/base/bits.h"
#include "lib/posix/core/user.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

constexpr u32 LOCKS_MAX = 2048; // as Linux
constexpr u32 FUTEX_WAITERS = 0x8000'0000, FUTEX_OWNER_DIED = 0x4000'0000;
constexpr u32 FUTEX_TID_MASK = 0x3fff'ffff;

struct robust_head {
	u64 first;   // low bit: a lock with priority inheritance
	i64 offset;  // from a list entry to its lock word
	u64 pending; // being taken or given
};

static void owner_died(const struct posix_thread *self, u64 address)
{
	u32 value, woken;
	if (!is_aligned(address, sizeof(u32)) || user_load_u32(address, &value) < 0)
		return;
	while ((value & FUTEX_TID_MASK) == (u32)self->id) {
		i64 answer = user_swap_u32(address, &value, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
		if (answer < 0)
			return;
		if (!answer)
			continue;
		if (value & FUTEX_WAITERS)
			(void)futex_wake(address, 1, 0, 0, &woken);
		return;
	}
}

void thread_release_robust(struct posix_thread *self)
{
	u64 address = self->robust_list;
	struct robust_head head;
	self->robust_list = 0;
	if (!address || user_get(head, address) < 0)
		return;
	u64 entry = head.first & ~1ull, pending = head.pending & ~1ull;
	for (u32 i = 0; i < LOCKS_MAX && entry != address; i++) {
		u64 next;
		bool has_next = user_get(next, entry) == 0;
		if (entry != pending)
			owner_died(self, entry + (u64)head.offset);
		if (!has_next)
			break;
		entry = next & ~1ull;
	}
	if (pending)
		owner_died(self, pending + (u64)head.offset);
}
