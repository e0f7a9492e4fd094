// SPDX-License-Identifier: MIT
// clock.c - see clock.h.
#include "lib/posix/core/clock.h"

#include "abi/info.h"
#include "lib/base/atomic.h"
#include "lib/base/unsafe.h"
#include "lib/os/clock_page.h"
#include "lib/posix/exec/vdso/vdso.h"

u64 posix_clock(void)
{
	UNSAFE_BEGIN("mapped there for every POSIX process")
	const struct time_page *page = (const struct time_page *)CLOCK_AREA;
	UNSAFE_END
	u32 sequence;
	u64 now;
	do {
		sequence = atomic_load_acquire(&page->sequence); // pairs with the kernel's writer
		u64 ticks = __builtin_ia32_rdtsc() - page->tsc_base;
		now = (u64)((unsigned __int128)ticks * page->scale >> page->shift) + page->ns_base;
		atomic_fence_acquire();
	} while (sequence & 1 || atomic_load_relaxed(&page->sequence) != sequence);
	return now;
}

u32 posix_real_offset_at(i64 *out)
{
	UNSAFE_BEGIN("mapped there for every POSIX process")
	const struct clock_page *page = (const struct clock_page *)(CLOCK_AREA + CLOCK_PAGE_OFFSET);
	UNSAFE_END
	u32 sequence;
	i64 offset;
	do {
		sequence = atomic_load_acquire(&page->sequence); // pairs with servers/clock
		offset = page->real_offset_ns;
		atomic_fence_acquire();
	} while (sequence & 1 || atomic_load_relaxed(&page->sequence) != sequence);
	*out = offset;
	return sequence;
}

i64 posix_real_offset(void)
{
	i64 offset;
	(void)posix_real_offset_at(&offset);
	return offset;
}

u64 posix_real(void)
{
	return posix_clock() + (u64)posix_real_offset();
}
