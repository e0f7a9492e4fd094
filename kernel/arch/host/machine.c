// SPDX-License-Identifier: MIT
// machine.c - the arena, the hand-over a loader would have made of it, and the parts of a machine
// that need no more than a line each.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "boot/boot_info.h"
#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/panic.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/view.h"

struct host_machine host;
thread_local struct cpu *host_cpu;

constexpr u64 LOW_END = 0x9f000;
constexpr u64 HIGH_START = 0x100000;

static void add_range(struct boot_info *info, u64 base, u64 end, enum boot_range_kind kind)
{
	AT(info->ranges, info->range_count++) =
		(struct boot_range){ .base = base, .size = end - base, .kind = kind };
}

static void describe(struct boot_info *info, u64 ram, u32 processors)
{
	*info = (struct boot_info){
		.magic = BOOT_INFO_MAGIC,
		.version = BOOT_INFO_VERSION,
		.size = sizeof *info,
		.direct_map_vaddr = (u64)(uintptr_t)host.arena,
		.direct_map_size = ram,
		.boot_image_paddr = ram - HOST_IMAGE_SIZE,
		.boot_image_size = HOST_IMAGE_SIZE,
		.cpu_count = processors,
	};
	add_range(info, PAGE_SIZE, LOW_END, BOOT_RANGE_USABLE);
	add_range(info, LOW_END, HIGH_START, BOOT_RANGE_RESERVED);
	add_range(info, HIGH_START, ram - HOST_IMAGE_SIZE, BOOT_RANGE_USABLE);
	add_range(info, ram - HOST_IMAGE_SIZE, ram, BOOT_RANGE_BOOT_IMAGE);
}

void host_start(u64 ram, u32 processors, struct boot_info *out)
{
	constexpr u64 ALIGNMENT = 4 * 1024 * 1024;
	u64 size = ram + HOST_DEVICE_SIZE + ALIGNMENT;
	void *area = mmap(
		nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		abort();
	UNSAFE_BEGIN("the mapping is longer than RAM by the alignment")
	host.arena = (u8 *)align_up((u64)(uintptr_t)area, ALIGNMENT);
	UNSAFE_END
	host.ram = ram;
	host.now_ns = 1'000'000;
	host.random = 0x9e37'79b9'7f4a'7c15;
	describe(out, ram, processors);
}

void host_select_cpu(u16 id)
{
	host_cpu = &AT(cpus, id);
}

void arch_init_early(const struct boot_info *info)
{
	(void)info;
}

void arch_init(const struct boot_info *info)
{
	(void)info;
}

void arch_start_cpus(const struct boot_info *info)
{
	(void)info;
}

void arch_resume(void)
{
	panic("arch_resume: the harness leaves the kernel itself");
}

void arch_stop(void)
{
	abort();
}

void arch_stop_others(void)
{
}

void arch_backtrace(void)
{
}

void arch_poweroff(u32 code)
{
	exit((int)code);
}

void console_put(view_t text)
{
	if (!host.is_quiet)
		fwrite(text.data, 1, text.size, stderr);
}

// xorshift: tests want the same numbers each time.
u64 arch_random(void)
{
	u64 x = atomic_load_relaxed(&host.random);
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	atomic_store_relaxed(&host.random, x);
	return x;
}

void *_Nullable kernel_map_device(paddr_t base, usize size)
{
	(void)base, (void)size;
	return nullptr;
}

// A device whose registers read back what they are: number and width.
err_t port_access(u16 port, u32 operation, u32 value, u32 *result)
{
	(void)value;
	*result = port ^ operation;
	return OK;
}
