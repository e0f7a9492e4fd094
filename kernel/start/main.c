// SPDX-License-Identifier: MIT
// main.c - the order of birth. kernel_entry (arch) -> kernel_main on the boot CPU, cpu_main on each
// other one; both end in the scheduler's way out of the kernel, and never come back.
#include "kernel/start/main.h"

#include "boot/boot_info.h"
#include "kernel/arch/arch.h"
#include "kernel/debug/poison.h"
#include "kernel/memory/frame.h"
#include "kernel/object/iommu_domain.h"
#include "kernel/object/quota.h"
#include "kernel/panic.h"
#include "kernel/sched/futex.h"
#include "kernel/sched/sched.h"
#include "kernel/start/root.h"

// Limits of the root quota. A page of memory can hold no more kernel objects or handles than
// these, so that pages run out first.
constexpr u64 OBJECTS_PER_PAGE = 2, HANDLES_PER_PAGE = 128;

static void check_boot_info(const struct boot_info *info)
{
	if (info->magic != BOOT_INFO_MAGIC || info->version != BOOT_INFO_VERSION ||
		info->size != sizeof *info)
		panic("loader and kernel are of different builds");
}

void kernel_main(const struct boot_info *info)
{
	arch_init_early(info);
	check_boot_info(info);
	frames_init(info);
	futexes_init();
	u64 pages = frames_free();
	quota_init_root(pages, pages * OBJECTS_PER_PAGE, pages * HANDLES_PER_PAGE);
	arch_init(info);
	iommu_init(info);
	if (IS_DEBUG)
		debug_selftest(info);
	kprint("Carbide: %lu MiB of memory, %u CPUs\n", frames_total() >> (20 - PAGE_SHIFT),
		info->cpu_count);
	root_start(info);
	arch_start_cpus(info);
	sched_leave();
	arch_resume();
}

void cpu_main([[maybe_unused]] u16 id)
{
	sched_leave();
	arch_resume();
}
