// SPDX-License-Identifier: MIT
// boot_info.h - all that the loader hands to the kernel. The 32-bit loader writes it, the 64-bit
// kernel reads it: only fixed-width members, each struct a multiple of 8 bytes, no implicit holes.
// The kernel gets the direct-map address of it in rdi and checks magic, version and size first.
#pragma once

#include "abi/types.h"

constexpr u64 BOOT_INFO_MAGIC = 0x6f666e4964697243; // "CridInfo", little endian
constexpr u32 BOOT_INFO_VERSION = 1;

constexpr u32 BOOT_RANGES_MAX = 128;
constexpr u32 BOOT_CPUS_MAX = 64;
constexpr u32 BOOT_IOAPICS_MAX = 8;
constexpr u32 BOOT_OVERRIDES_MAX = 16;
constexpr u32 BOOT_COMMAND_LINE_MAX = 1024; // with the closing zero
constexpr u32 BOOT_ENTROPY_WORDS = 8;
constexpr u32 BOOT_RSDP_BYTES = 40;

// Ranges are page-aligned, sorted by base and never overlap. What no range names is not RAM.
enum boot_range_kind : u32 {
	BOOT_RANGE_RESERVED = 0,    // firmware or device: never RAM for us; not in the direct map
	BOOT_RANGE_USABLE = 1,      // free RAM
	BOOT_RANGE_ACPI = 2,        // ACPI tables: mapped read-only. Not RAM for us
	BOOT_RANGE_LOADER = 3,      // the loader itself: free as soon as the kernel runs
	BOOT_RANGE_KERNEL = 4,      // the kernel image
	BOOT_RANGE_PAGE_TABLES = 5, // tables of the first address space
	BOOT_RANGE_BOOT_INFO = 6,   // this struct
	BOOT_RANGE_BOOT_IMAGE = 7,  // the cpio archive (may be freed after the root task read it)
	BOOT_RANGE_SYMBOLS = 8,     // sorted kernel symbols: mapped read-only
	BOOT_RANGE_CPU_START = 9,   // the one page under 1 MiB kept for starting other CPUs
};

struct boot_range {
	u64 base;
	u64 size;
	u32 kind; // enum boot_range_kind
	u32 zero;
};

enum boot_framebuffer_kind : u32 {
	BOOT_FRAMEBUFFER_NONE = 0,
	BOOT_FRAMEBUFFER_TEXT = 1, // 16-bit cells at paddr, width x height in characters
	BOOT_FRAMEBUFFER_RGB = 2,
};

struct boot_framebuffer {
	u64 paddr;
	u32 pitch; // bytes from one line to the next
	u32 width;
	u32 height;
	u32 bits_per_pixel; // 0: text
	u32 kind;           // enum boot_framebuffer_kind
	u8 red_shift;
	u8 red_bits;
	u8 green_shift;
	u8 green_bits;
	u8 blue_shift;
	u8 blue_bits;
	u8 zero[6];
};

struct boot_cpu {
	u32 apic_id;
	u32 enabled; // 1: may be started now; 0: only after hot-plug
};

struct boot_ioapic {
	u64 paddr;
	u32 gsi_base;
	u32 id;
};

// An ISA interrupt that does not arrive as GSI = IRQ, active high, edge triggered.
struct boot_override {
	u32 isa_irq;
	u32 gsi;
	u32 active_low;
	u32 level_triggered;
};

struct boot_info {
	u64 magic;
	u32 version;
	u32 size; // sizeof(struct boot_info)

	u64 kernel_paddr;
	u64 kernel_size;      // bytes from kernel_image_start to kernel_image_end, whole pages
	u64 kernel_vaddr;     // where kernel_image_start is now
	u64 kernel_slide;     // kernel_vaddr minus the address the kernel was linked at
	u64 direct_map_vaddr; // virtual address of physical address 0
	u64 direct_map_size;  // every RAM address is below this

	u64 page_table_root_paddr; // what CR3 holds at entry
	u64 identity_page_paddr;   // the only page mapped at its own address: unmap it
	u64 cpu_start_paddr; // one free page under 1 MiB for the start code of other CPUs; 0: none

	u64 boot_image_paddr; // 0 with size 0: none was given
	u64 boot_image_size;
	u64 symbols_paddr; // see boot/mksymbols for the format; 0 with size 0: none
	u64 symbols_size;

	u64 rsdp_paddr; // of a checked copy (in this struct); 0: the machine has no ACPI
	u64 acpi_root_paddr;
	u32 acpi_root_is_xsdt;
	u32 acpi_revision;
	u8 rsdp[BOOT_RSDP_BYTES];

	u64 local_apic_paddr; // 0: the machine has no APIC
	u64 hpet_paddr;       // 0: none
	u64 dmar_paddr;       // of the ACPI table for Intel IOMMUs; 0: none
	u64 mcfg_paddr;       // of the ACPI table for PCI Express configuration space; 0: none
	u32 pm_timer_port;    // 0: none
	u32 pm_timer_is_32bit;
	u32 reset_port; // FADT reset register in I/O space; 0: none
	u32 reset_value;

	u64 tsc_at_entry;
	u64 entropy[BOOT_ENTROPY_WORDS]; // wipe after use
	u32 entropy_has_rdrand;
	u32 has_legacy_pics; // the 8259 pair exists and must be masked

	u32 bsp_apic_id;
	u32 cpu_count;
	u32 ioapic_count;
	u32 override_count;
	u32 range_count;
	u32 zero;

	struct boot_framebuffer framebuffer;
	struct boot_cpu cpus[BOOT_CPUS_MAX];
	struct boot_ioapic ioapics[BOOT_IOAPICS_MAX];
	struct boot_override overrides[BOOT_OVERRIDES_MAX];
	struct boot_range ranges[BOOT_RANGES_MAX];
	char command_line[BOOT_COMMAND_LINE_MAX];
};

static_assert(sizeof(struct boot_range) == 24);
static_assert(sizeof(struct boot_framebuffer) == 40);
static_assert(sizeof(struct boot_cpu) == 8);
static_assert(sizeof(struct boot_ioapic) == 16);
static_assert(sizeof(struct boot_override) == 16);
static_assert(offsetof(struct boot_info, kernel_paddr) == 16);
static_assert(offsetof(struct boot_info, rsdp_paddr) == 120);
static_assert(offsetof(struct boot_info, local_apic_paddr) == 184);
static_assert(offsetof(struct boot_info, tsc_at_entry) == 232);
static_assert(offsetof(struct boot_info, bsp_apic_id) == 312);
static_assert(offsetof(struct boot_info, framebuffer) == 336);
static_assert(offsetof(struct boot_info, cpus) == 376);
static_assert(offsetof(struct boot_info, ranges) == 1272);
static_assert(offsetof(struct boot_info, command_line) == 4344);
static_assert(sizeof(struct boot_info) == 5368);
