// SPDX-License-Identifier: MIT
// ioapic.c - the controllers that device lines end in. A line's number is global: the controller's
// first number plus its pin. Lines below 16 mean ISA numbers and may be rerouted by the firmware's
// overrides. Manual: Intel 82093AA.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/panic.h"
#include "lib/base/view.h"

enum ioapic_register : u32 { IOAPIC_VERSION = 1, IOAPIC_ROUTES = 0x10 };

constexpr u32 ROUTE_LOW = 1 << 13, ROUTE_LEVEL = 1 << 15, ROUTE_MASKED = 1 << 16;
constexpr u32 ISA_LINES = 16;
constexpr u32 LINE_LEVEL = 1; // enum interrupt_flags
constexpr u32 LINE_ACTIVE_LOW = 2;

struct ioapic {
	void *base;
	u32 first; // line number of pin 0
	u32 count;
	struct spinlock lock; // RANK_LEAF: select, then access
};

static struct ioapic ioapics[BOOT_IOAPICS_MAX];            // set at boot, then constant
static u32 ioapic_count;                                   // the same
static struct boot_override overrides[BOOT_OVERRIDES_MAX]; // the same
static u32 override_count;                                 // the same

static u32 read(struct ioapic *ioapic, u32 index)
{
	mmio_write(ioapic->base, 0, index);
	return mmio_read(ioapic->base, 0x10);
}

static void write(struct ioapic *ioapic, u32 index, u32 value)
{
	mmio_write(ioapic->base, 0, index);
	mmio_write(ioapic->base, 0x10, value);
}

static void set_up(struct ioapic *ioapic, const struct boot_ioapic *found)
{
	void *mapped = kernel_map_device((paddr_t){ found->paddr }, PAGE_SIZE);
	if (!mapped)
		panic("no room to map an I/O APIC");
	ioapic->base = mapped;
	ioapic->first = found->gsi_base;
	ioapic->count = (read(ioapic, IOAPIC_VERSION) >> 16 & 0xff) + 1;
	lock_init(&ioapic->lock, RANK_LEAF);
	for (u32 pin = 0; pin < ioapic->count; pin++)
		write(ioapic, IOAPIC_ROUTES + 2 * pin, ROUTE_MASKED);
}

// Masked for good; remapped first, because their spurious interrupts cannot be masked.
static void silence_legacy_pics(void)
{
	out8(0x20, 0x11);
	out8(0xa0, 0x11);
	out8(0x21, VECTOR_LEGACY);
	out8(0xa1, VECTOR_LEGACY + 8);
	out8(0x21, 4);
	out8(0xa1, 2);
	out8(0x21, 1);
	out8(0xa1, 1);
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
}

void ioapic_init(const struct boot_info *info)
{
	if (info->has_legacy_pics)
		silence_legacy_pics();
	for (u32 i = 0; i < info->ioapic_count && i < BOOT_IOAPICS_MAX; i++)
		set_up(&AT(ioapics, i), &AT(info->ioapics, i));
	ioapic_count = info->ioapic_count;
	for (u32 i = 0; i < info->override_count && i < BOOT_OVERRIDES_MAX; i++)
		AT(overrides, i) = AT(info->overrides, i);
	override_count = info->override_count;
}

u32 line_count(void)
{
	u32 count = 0;
	for (u32 i = 0; i < ioapic_count; i++) {
		struct ioapic *ioapic = &AT(ioapics, i);
		if (ioapic->first + ioapic->count > count)
			count = ioapic->first + ioapic->count;
	}
	return count;
}

struct line line_resolve(u32 number, u32 flags)
{
	struct line line = { number, flags & LINE_LEVEL, flags & LINE_ACTIVE_LOW };
	if (number >= ISA_LINES)
		return line;
	for (u32 i = 0; i < override_count; i++) {
		struct boot_override *override = &AT(overrides, i);
		if (override->isa_irq == number)
			return (struct line){ override->gsi, override->level_triggered, override->active_low };
	}
	return line;
}

static struct ioapic *_Nullable find(u32 number)
{
	for (u32 i = 0; i < ioapic_count; i++) {
		struct ioapic *ioapic = &AT(ioapics, i);
		if (number >= ioapic->first && number - ioapic->first < ioapic->count)
			return ioapic;
	}
	return nullptr;
}

void line_route(struct line line, u8 vector, u32 apic)
{
	struct ioapic *ioapic = find(line.number);
	if (!ioapic)
		return;
	u32 index = IOAPIC_ROUTES + 2 * (line.number - ioapic->first);
	u32 shape = (line.is_level ? ROUTE_LEVEL : 0) | (line.is_low ? ROUTE_LOW : 0);
	lock_take(&ioapic->lock);
	write(ioapic, index, ROUTE_MASKED);
	write(ioapic, index + 1, apic << 24);
	write(ioapic, index, vector | shape | ROUTE_MASKED);
	lock_give(&ioapic->lock);
}

void line_mask(u32 number, bool is_masked)
{
	struct ioapic *ioapic = find(number);
	if (!ioapic)
		return;
	u32 index = IOAPIC_ROUTES + 2 * (number - ioapic->first);
	lock_take(&ioapic->lock);
	u32 route = read(ioapic, index) & ~ROUTE_MASKED;
	write(ioapic, index, route | (is_masked ? ROUTE_MASKED : 0));
	lock_give(&ioapic->lock);
}
