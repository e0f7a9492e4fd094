// SPDX-License-Identifier: MIT
// iommu.c - Intel VT-d, the unit that stands for all PCI devices of segment 0. From the ACPI table
// DMAR to registers, root and context tables; a domain's own tables: iommu_table.c. Invalidation
// goes by registers. Once on, a device without a domain reaches nothing.
// Numbers of chapters: Intel Virtualization Technology for Directed I/O, revision 3.
#include "boot/boot_info.h"
#include "kernel/arch/arch.h"
#include "kernel/arch/x86_64/iommu_local.h"
#include "kernel/panic.h"
#include "lib/base/bits.h"

struct iommu_unit iommu_unit; // registers set at boot; the rest under its lock

// 10.4: registers
enum unit_register : u32 {
	REGISTER_CAPABILITY = 0x08,
	REGISTER_EXTENDED = 0x10,
	REGISTER_COMMAND = 0x18,
	REGISTER_STATUS = 0x1c,
	REGISTER_ROOT = 0x20,
	REGISTER_CONTEXT = 0x28,
	REGISTER_FAULTS = 0x34,
};
constexpr u32 COMMAND_ON = 1u << 31, COMMAND_ROOT = 1u << 30, COMMAND_FLUSH_BUFFER = 1u << 27;
constexpr u32 STATUS_KEPT = 0x96ff'ffff; // what a new command must repeat: 10.4.4
constexpr u64 INVALIDATE = 1ull << 63, CONTEXT_ALL = 1ull << 61, IOTLB_ALL = 1ull << 60;
constexpr u64 IOTLB_DOMAIN = 2ull << 60, IOTLB_DRAIN = 3ull << 48;
constexpr u32 REGISTERS_SIZE = 4096;
constexpr u32 POLLS_MAX = 10'000'000; // the hardware answers within microseconds

static volatile void *at(u32 offset)
{
	assert(offset <= REGISTERS_SIZE - sizeof(u64));
	UNSAFE_BEGIN("within the page of registers")
	return (volatile u8 *)iommu_unit.registers + offset;
	UNSAFE_END
}

static u32 read32(u32 offset)
{
	return *(volatile u32 *)at(offset);
}

static void write32(u32 offset, u32 value)
{
	*(volatile u32 *)at(offset) = value;
}

static u64 read64(u32 offset)
{
	return *(volatile u64 *)at(offset);
}

static void write64(u32 offset, u64 value)
{
	*(volatile u64 *)at(offset) = value;
}

static void command(u32 bit, bool stays_set)
{
	write32(REGISTER_COMMAND, (read32(REGISTER_STATUS) & STATUS_KEPT) | bit);
	for (u32 i = 0; i < POLLS_MAX; i++) {
		if (!(read32(REGISTER_STATUS) & bit) != stays_set)
			return;
		arch_relax();
	}
	panic("IOMMU: command %x is not carried out", bit);
}

static void invalidate(u32 offset, u64 what)
{
	write64(offset, INVALIDATE | what);
	for (u32 i = 0; i < POLLS_MAX; i++) {
		if (!(read64(offset) & INVALIDATE))
			return;
		arch_relax();
	}
	panic("IOMMU: invalidation does not end");
}

static void flush_buffer(void)
{
	if (iommu_unit.needs_buffer_flush)
		command(COMMAND_FLUSH_BUFFER, false);
}

void iommu_flush_contexts(void)
{
	flush_buffer();
	invalidate(REGISTER_CONTEXT, CONTEXT_ALL);
	invalidate(iommu_unit.iotlb, IOTLB_ALL | IOTLB_DRAIN);
}

void iommu_flush_domain(u16 id)
{
	flush_buffer();
	invalidate(iommu_unit.iotlb, IOTLB_DOMAIN | IOTLB_DRAIN | (u64)id << 32);
}

// 10.4.14: what devices tried that they may not. Said when a domain changes, not at each one.
void iommu_report_faults(void)
{
	for (u32 i = 0; i < iommu_unit.fault_count; i++) {
		u32 offset = iommu_unit.faults + 16 * i;
		u64 high = read64(offset + 8);
		if (!(high & 1ull << 63))
			continue;
		kprint("IOMMU: device %x was kept from %s %lx (reason %u)\n", (u32)(high & 0xffff),
			high & 1ull << 62 ? "reading" : "writing", read64(offset) & ~PAGE_MASK,
			(u32)(high >> 32 & 0xff));
		write32(offset + 12, 1u << 31);
	}
	write32(REGISTER_FAULTS, 1); // overflow
}

// 8.1: header of 48 bytes, then structures {type u16, length u16, ...}. Type 0: a unit: flags u8
// (1: all devices that no other unit names), size u8, segment u16, base u64.
// One unit may instead name all devices that there are, as QEMU's does. 0: none is for all.
static u64 find_base(view_t table)
{
	u64 only = 0;
	u32 count = 0;
	struct [[gnu::packed]] {
		u16 type, length;
		u8 flags, size;
		u16 segment;
		u64 base;
	} unit;
	for (usize offset = 48; view_load(table, offset, span_clamp(span_of(unit), 0, 4)) == OK;) {
		if (unit.length < 4)
			return 0;
		bool is_unit = !unit.type && view_load(table, offset, span_of(unit)) == OK;
		if (is_unit && unit.flags & 1 && !unit.segment)
			return unit.base;
		if (is_unit && !count++)
			only = unit.base;
		offset += unit.length;
	}
	return count == 1 ? only : 0;
}

static view_t dmar_table(const struct boot_info *info)
{
	if (!info->dmar_paddr)
		return (view_t){};
	const void *table = frame_address((paddr_t){ info->dmar_paddr });
	u32 size = 0;
	if (view_load(view_from(table, 8), 4, span_of(size)) != OK || size > PAGE_SIZE)
		return (view_t){};
	return view_from(table, size);
}

// 10.4.2, 10.4.3. False: a kind of unit that this driver cannot use.
static bool read_capabilities(struct iommu_unit *unit)
{
	u64 capability = read64(REGISTER_CAPABILITY);
	u64 extended = read64(REGISTER_EXTENDED);
	u32 widths = capability >> 8 & 31;
	unit->levels = widths & 2 ? 3 : 4;
	unit->needs_buffer_flush = capability >> 4 & 1;
	unit->caches_absent = capability >> 7 & 1;
	unit->is_coherent = extended & 1;
	unit->faults = (u32)(capability >> 24 & 0x3ff) * 16;
	unit->fault_count = (u32)(capability >> 40 & 0xff) + 1;
	unit->iotlb = (u32)(extended >> 8 & 0x3ff) * 16 + 8;
	u32 domains = 1u << (4 + 2 * (capability & 7));
	unit->id_count = domains < IOMMU_IDS ? domains : IOMMU_IDS;
	bool is_inside = unit->iotlb <= REGISTERS_SIZE - 8 &&
	                 unit->faults + 16 * unit->fault_count <= REGISTERS_SIZE;
	return widths & 6 && is_inside;
}

void iommu_init(const struct boot_info *info)
{
	struct iommu_unit *unit = &iommu_unit;
	lock_init(&unit->lock, RANK_LEAF);
	u64 base = find_base(dmar_table(info));
	if (!base || base & PAGE_MASK)
		return;
	unit->registers = kernel_map_device((paddr_t){ base }, REGISTERS_SIZE);
	if (!unit->registers)
		return;
	if (!read_capabilities(unit) || frame_alloc_zeroed(FRAME_TABLE, &unit->root) != OK) {
		kprint("IOMMU: not used, unknown kind\n");
		return;
	}
	iommu_flush_table(frame_address(unit->root), PAGE_SIZE);
	write64(REGISTER_ROOT, unit->root.raw);
	command(COMMAND_ROOT, true);
	iommu_flush_contexts();
	command(COMMAND_ON, true);
	unit->is_on = true;
	kprint("IOMMU: on, %u levels\n", unit->levels);
}

bool iommu_is_present(void)
{
	return iommu_unit.is_on;
}
