// SPDX-License-Identifier: MIT
// kasan.c - the address sanitizer: the compiler calls __asan_loadN and __asan_storeN before each
// access of the kernel, and here the shadow is asked. RAM in the direct map and the kernel image
// have a shadow, in RAM behind the frame array; other addresses (devices) are never checked.
#include "kernel/debug/kasan.h"

#include "boot/boot_info.h"
#include "kernel/debug/poison.h"
#include "kernel/panic.h"
#include "lib/base/bits.h"
#include "lib/base/unsafe.h"

struct region {
	u64 base; // virtual
	u64 size; // 0: no shadow yet
	u8 *shadow;
};

// Written once at boot, on one CPU. Shadow bytes are written by whoever owns their memory.
static struct region ram, image;

static const struct region *_Nullable region_of(u64 address)
{
	if (address - ram.base < ram.size)
		return &ram;
	return address - image.base < image.size ? &image : nullptr;
}

static u8 *shadow_of(const struct region *region, u64 address)
{
	UNSAFE_BEGIN("the address is inside the region, the shadow has a byte for each granule")
	return region->shadow + (address - region->base) / GRANULE;
	UNSAFE_END
}

static u64 address_of(const void *memory)
{
	return (u64)(uintptr_t)memory;
}

// Sets the shadow of whole granules.
static void shadow_fill(u64 address, usize size, u8 value)
{
	const struct region *region = region_of(address);
	if (!region)
		return;
	usize left = min_u64(size, region->base + region->size - address) / GRANULE;
	u8 *shadow = shadow_of(region, address);
	__builtin_memset(shadow, value, left);
}

void kasan_poison(const void *memory, usize size, enum poison kind)
{
	shadow_fill(address_of(memory), align_up(size, GRANULE), kind);
}

void kasan_unpoison(const void *memory, usize size)
{
	u64 address = address_of(memory);
	usize whole = align_down(size, GRANULE);
	shadow_fill(address, whole, 0);
	if (size > whole)
		shadow_fill(address + whole, GRANULE, (u8)(size - whole));
}

static u8 shadow_at(u64 address)
{
	const struct region *region = region_of(address);
	return region ? *shadow_of(region, address) : 0;
}

u8 kasan_shadow_at(const void *memory)
{
	return shadow_at(address_of(memory));
}

static bool is_poisoned(u64 address)
{
	u8 shadow = shadow_at(address);
	return shadow && (shadow >= GRANULE || address % GRANULE >= shadow);
}

static const char *poison_text(u8 shadow)
{
	switch (shadow) {
	case POISON_UNUSED_FRAME: return "of a frame that was never allocated";
	case POISON_FREED_FRAME: return "use after free: a freed frame";
	case POISON_FREED_OBJECT: return "use after free: a freed slab object";
	case POISON_SLAB_EDGE: return "out of bounds: between slab objects";
	case POISON_FRAME_EDGE: return "out of bounds: behind a large object";
	default: return "out of bounds: the end of an object";
	}
}

static void print_shadow(u64 address)
{
	constexpr u64 AROUND = 8 * GRANULE;
	u64 from = align_down(address, GRANULE) - AROUND;
	kprint("\nshadow from %p:", from);
	for (u64 at = from; at <= from + 2 * AROUND; at += GRANULE)
		kprint(at == from + AROUND ? " [%02x]" : " %02x", shadow_at(at));
}

void kasan_report(uintptr_t address, const char *what, usize size)
{
	if (panic_is_on())
		return; // the panic's own words matter more
	print_shadow(address);
	panic("KASan: %s of %zu bytes at %p: %s", what, size, address, poison_text(shadow_at(address)));
}

// The slow way: which byte?
static void complain(u64 address, usize size, bool is_write)
{
	for (usize i = 0; i < size; i++)
		if (is_poisoned(address + i)) {
			kasan_report(address + i, is_write ? "write" : "read", size);
			return;
		}
}

void kasan_check(uintptr_t address, usize size, bool is_write)
{
	if (!size || !region_of(address))
		return;
	u64 last = address + size - 1;
	bool is_bad = is_poisoned(last);
	for (u64 at = address; at / GRANULE < last / GRANULE; at += GRANULE)
		is_bad |= shadow_at(at) != 0;
	if (UNLIKELY(is_bad))
		complain(address, size, is_write);
}

void debug_access(const void *memory, usize size, bool is_write)
{
	kasan_check(address_of(memory), size, is_write);
}

usize debug_shadow_size(const struct boot_info *info, u64 ram_size)
{
	return align_up(ram_size / GRANULE, PAGE_SIZE) + info->kernel_size / GRANULE;
}

void debug_shadow_init(const struct boot_info *info, void *shadow, u64 ram_size)
{
	__builtin_memset(shadow, 0, debug_shadow_size(info, ram_size));
	UNSAFE_BEGIN("the caller reserved debug_shadow_size for both")
	image = (struct region){ info->kernel_vaddr, info->kernel_size,
		(u8 *)shadow + align_up(ram_size / GRANULE, PAGE_SIZE) };
	UNSAFE_END
	ram = (struct region){ info->direct_map_vaddr, ram_size, shadow };
}

// What the compiler calls.
#define DOOR(name, ...)                                                                            \
	void name(__VA_ARGS__);                                                                        \
	void name(__VA_ARGS__)

#define ACCESS_DOORS(bytes)                                                                        \
	DOOR(__asan_load##bytes##_noabort, uintptr_t address)                                          \
	{                                                                                              \
		kasan_check(address, bytes, false);                                                        \
	}                                                                                              \
	DOOR(__asan_store##bytes##_noabort, uintptr_t address)                                         \
	{                                                                                              \
		kasan_check(address, bytes, true);                                                         \
	}

ACCESS_DOORS(1)
ACCESS_DOORS(2)
ACCESS_DOORS(4)
ACCESS_DOORS(8)
ACCESS_DOORS(16)

DOOR(__asan_loadN_noabort, uintptr_t address, usize size)
{
	kasan_check(address, size, false);
}

DOOR(__asan_storeN_noabort, uintptr_t address, usize size)
{
	kasan_check(address, size, true);
}

DOOR(__asan_handle_no_return, void)
{
	// Stacks have no edges of their own.
}
