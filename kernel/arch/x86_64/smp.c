// SPDX-License-Identifier: MIT
// smp.c - start of the machine: the first CPU's first C code, and the other CPUs one after the
// other through a page under 1 MiB (start_cpu.S). That page is mapped at its own address only in
// tables made for this. Manual: Intel SDM volume 3, section 8.4.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/tables_local.h"
#include "kernel/panic.h"
#include "kernel/start/main.h"
#include "lib/base/atomic.h"

constexpr u64 START_TIMEOUT_US = 100'000, INIT_WAIT_US = 10'000, START_WAIT_US = 200;
constexpr u64 BELOW_4G = 1ull << 32;

// Behind the code in the page, see start_cpu.S.
struct start_values {
	u64 cr4;
	u64 root;
	u64 stack;
	u64 id;
	u64 entry;
};

extern const u16 cpu_start_addresses[];
extern const struct start_values cpu_start_values;
void cpu_start64(void);

uintptr_t __stack_chk_guard = 0x5bd1e995c0ffee00; // random from machine_start on

// Written at boot by the first CPU only.
alignas(4096) static struct table start_root;
alignas(4096) static struct table start_third;
alignas(4096) static struct table start_second;
alignas(4096) static struct table start_lowest;

// Before any C code that would notice the stack guard change.
[[gnu::no_stack_protector]] void machine_start(struct boot_info *info)
{
	if (info->magic != BOOT_INFO_MAGIC || info->version != BOOT_INFO_VERSION ||
		info->size != sizeof(struct boot_info))
		arch_stop();
	descriptors_init(&AT(cpus, 0));
	cpu_init(0);
	serial_init();
	features_find();
	features_enable();
	entropy_init(info);
	__stack_chk_guard = arch_random() & ~0xffull; // a zero byte stops string overruns
}

void arch_init_early(const struct boot_info *info)
{
	tables_init(info);
	stack_guards_init();
	backtrace_init(info);
	screen_init(&info->framebuffer);
}

void arch_init(const struct boot_info *info)
{
	apic_init(info);
	apic_init_cpu();
	ioapic_init(info);
	clock_init(info);
	timer_init_cpu();
	cpu_self()->is_online = true;
	atomic_store_release(&cpu_count, 1u);
}

void cpu_started(u64 id)
{
	struct cpu *cpu = &AT(cpus, id);
	cpu->self = cpu;
	descriptors_init(cpu);
	features_enable();
	table_leave();
	apic_init_cpu();
	timer_init_cpu();
	atomic_store_release(&cpu->is_online, true); // pairs with start
	cpu_main((u16)id);
}

static u64 table_entry(const struct table *table)
{
	return kernel_image_paddr(table).raw | ENTRY_PRESENT | ENTRY_WRITE;
}

static void map_start_page(u64 paddr)
{
	start_root = *table_at(kernel_root.raw);
	AT(start_root.entry, 0) = table_entry(&start_third);
	AT(start_third.entry, 0) = table_entry(&start_second);
	AT(start_second.entry, 0) = table_entry(&start_lowest);
	AT(start_lowest.entry, table_index(paddr, 0)) = paddr | ENTRY_PRESENT; // not writable
}

static usize offset_in_page(const void *label)
{
	return (uintptr_t)label - (uintptr_t)cpu_start_begin;
}

static void *in_page(u64 paddr, usize offset)
{
	UNSAFE_BEGIN("offsets of labels in the copied code")
	return (u8 *)direct_map(paddr) + offset;
	UNSAFE_END
}

static void copy_start_code(u64 paddr)
{
	memory_copy(direct_map(paddr), cpu_start_begin, offset_in_page(cpu_start_end));
	UNSAFE_BEGIN("a list that ends with zero")
	for (const u16 *offset = cpu_start_addresses; *offset; offset++)
		*(u32 *)in_page(paddr, *offset) += (u32)paddr;
	UNSAFE_END
}

// Tells what the next CPU needs. All values but two are the same for all.
static void set_values(u64 paddr, u16 id)
{
	struct start_values *values = in_page(paddr, offset_in_page(&cpu_start_values));
	*values = (struct start_values){
		.cr4 = CR4_PAE | CR4_GLOBAL_PAGES,
		.root = kernel_image_paddr(&start_root).raw,
		.stack = descriptors_stack_top(id),
		.id = id,
		.entry = (u64)(uintptr_t)cpu_start64,
	};
}

static bool start(u64 paddr, u16 id, u32 apic)
{
	struct cpu *cpu = &AT(cpus, id);
	cpu_init(id);
	set_values(paddr, id);
	apic_send(apic, APIC_INIT);
	clock_wait_us(INIT_WAIT_US);
	for (u32 tries = 0; tries < 2; tries++) {
		apic_send(apic, APIC_START | (u32)(paddr >> PAGE_SHIFT));
		for (u64 us = 0; us < START_TIMEOUT_US; us += START_WAIT_US) {
			if (atomic_load_acquire(&cpu->is_online)) // pairs with cpu_started
				return true;
			clock_wait_us(START_WAIT_US);
		}
	}
	return false;
}

void arch_start_cpus(const struct boot_info *info)
{
	u64 paddr = info->cpu_start_paddr;
	if (!paddr || kernel_image_paddr(&start_root).raw >= BELOW_4G)
		return;
	map_start_page(paddr);
	copy_start_code(paddr);
	u16 id = 1;
	for (u32 i = 0; i < info->cpu_count && i < BOOT_CPUS_MAX && id < CPU_MAX; i++) {
		const struct boot_cpu *found = &AT(info->cpus, i);
		if (!found->enabled || found->apic_id == info->bsp_apic_id)
			continue;
		if (!start(paddr, id, found->apic_id)) {
			kprint("cpu with APIC id %u does not start\n", found->apic_id);
			return; // it might still come: its values stay, no other CPU gets them
		}
		atomic_store_release(&cpu_count, ++id + 0u);
	}
}
