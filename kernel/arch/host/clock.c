// SPDX-License-Identifier: MIT
// clock.c - a clock that only the harness moves, and each CPU's one-shot timer on it.
#include "abi/info.h"
#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"

u64 clock_now(void)
{
	return atomic_load_relaxed(&host.now_ns);
}

void host_advance(u64 ns)
{
	atomic_add_relaxed(&host.now_ns, ns);
}

void arch_timer_arm(u64 deadline_ns)
{
	atomic_store_relaxed(&cpu_self()->arch.timer_ns, deadline_ns);
}

void arch_fill_time_page(struct time_page *page)
{
	*page = (struct time_page){ .scale = 1, .tsc_hz = 1'000'000'000 };
}
