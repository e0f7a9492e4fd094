// SPDX-License-Identifier: MIT
// frame.c - the buddy allocator and the per-CPU caches of single frames in front of it. The array
// of struct frame covers RAM from physical 0 and is laid at boot into the first range it fits.
#include "kernel/memory/frame.h"

#include "boot/boot_info.h"
#include "kernel/debug/poison.h"
#include "kernel/memory/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/memory.h"
#include "lib/base/view.h"

constexpr u32 CACHE_SIZE = 64;
constexpr u32 CACHE_ORDER = 5; // refilled and drained by
constexpr u32 CACHE_BATCH = 1 << CACHE_ORDER;
constexpr u8 NOT_HEAD = 0xff; // order of a free frame that heads no block of the buddy

// Frames at hand on one CPU; only that CPU touches it, others read the count.
struct frame_cache {
	u32 count; // atomic for readers on other CPUs
	u64 frame[CACHE_SIZE];
};

static struct frame_cache caches[CPU_MAX], zeroed[CPU_MAX]; // each its CPU's

struct ram ram;

static struct {
	struct spinlock lock; // RANK_FRAMES
	struct list free[FRAME_ORDER_MAX + 1];
	u64 free_count;
} buddy;

void *frame_address(paddr_t frame)
{
	UNSAFE_BEGIN("the direct map holds every RAM address")
	return (void *)((uintptr_t)ram.direct_map + frame.raw);
	UNSAFE_END
}

paddr_t frame_of_address(const void *address)
{
	return (paddr_t){ (u64)((uintptr_t)address - (uintptr_t)ram.direct_map) & ~PAGE_MASK };
}

bool frame_exists(paddr_t frame)
{
	return frame.raw >> PAGE_SHIFT < ram.count;
}

// Use and order change together: a free under way on another CPU, which holds the buddy's lock,
// must not take a frame that only passes through here for the head of a free block.
static u16 state_of(enum frame_use use, u32 order)
{
	return (u16)(use | order << 8); // both CPUs we run on are little endian
}

static void set_state(struct frame *frame, enum frame_use use, u32 order)
{
	atomic_store_relaxed(&frame->state, state_of(use, order)); // pairs with buddy_give
}

static void free_list_add(u64 number, u32 order)
{
	struct frame *frame = frame_at(number);
	set_state(frame, FRAME_FREE, order);
	frame->references = 0;
	list_push_front(&AT(buddy.free, order), &frame->node);
}

// The frame no longer heads a free block, and as a part of a larger one must not be taken for a
// head.
static void free_list_remove(struct frame *frame)
{
	list_remove(&frame->node);
	set_state(frame, FRAME_FREE, NOT_HEAD);
}

static void buddy_give(u64 number, u32 order)
{
	atomic_store_relaxed(&buddy.free_count, buddy.free_count + (1ull << order)); // see frames_free
	for (; order < FRAME_ORDER_MAX; order++) {
		u64 other = number ^ 1ull << order;
		if (other >= ram.count)
			break;
		struct frame *frame = frame_at(other);
		if (atomic_load_relaxed(&frame->state) != state_of(FRAME_FREE, order))
			break;
		free_list_remove(frame);
		number &= ~(1ull << order);
	}
	free_list_add(number, order);
}

static bool buddy_take(u32 order, u64 *number)
{
	u32 found = order;
	while (found <= FRAME_ORDER_MAX && list_is_empty(&AT(buddy.free, found)))
		found++;
	if (found > FRAME_ORDER_MAX)
		return false;
	struct list_node *node = list_first(&AT(buddy.free, found));
	struct frame *frame = container_of(node, struct frame, node);
	free_list_remove(frame);
	*number = frame_number(frame);
	while (found > order) {
		found--;
		free_list_add(*number + (1ull << found), found);
	}
	atomic_store_relaxed(&buddy.free_count, buddy.free_count - (1ull << order));
	return true;
}

// An empty one.
static void cache_refill(struct frame_cache *cache)
{
	u32 count = 0;
	u64 block;
	lock_take(&buddy.lock);
	if (buddy_take(CACHE_ORDER, &block))
		for (; count < CACHE_BATCH; count++)
			AT(cache->frame, count) = block + CACHE_BATCH - 1 - count; // lowest taken first
	while (count < CACHE_BATCH && buddy_take(0, &AT(cache->frame, count)))
		count++;
	lock_give(&buddy.lock);
	atomic_store_relaxed(&cache->count, count);
}

static void cache_drain(struct frame_cache *cache, u32 keep)
{
	lock_take(&buddy.lock);
	u32 count = cache->count;
	while (count > keep)
		buddy_give(AT(cache->frame, --count), 0);
	lock_give(&buddy.lock);
	atomic_store_relaxed(&cache->count, count);
}

static bool cache_pop(struct frame_cache *cache, u64 *number)
{
	if (!cache->count)
		return false;
	u32 count = cache->count - 1;
	*number = AT(cache->frame, count);
	atomic_store_relaxed(&cache->count, count);
	return true;
}

static void cache_push(struct frame_cache *cache, u64 number)
{
	set_state(frame_at(number), FRAME_FREE, NOT_HEAD); // not in the buddy's lists
	AT(cache->frame, cache->count) = number;
	atomic_store_relaxed(&cache->count, cache->count + 1);
}

static bool cache_take(u64 *number)
{
	struct frame_cache *cache = &AT(caches, cpu_self()->id);
	if (!cache->count)
		cache_refill(cache);
	return cache_pop(cache, number) || cache_pop(&AT(zeroed, cpu_self()->id), number);
}

static bool block_take(u32 order, u64 *number)
{
	bool is_taken = false;
	for (u32 attempt = 0; attempt < 2 && !is_taken; attempt++) {
		if (attempt) { // what lies here may make the block whole
			cache_drain(&AT(caches, cpu_self()->id), 0);
			cache_drain(&AT(zeroed, cpu_self()->id), 0);
		}
		lock_take(&buddy.lock);
		is_taken = buddy_take(order, number);
		lock_give(&buddy.lock);
	}
	return is_taken;
}

static paddr_t frame_begin(u64 number, enum frame_use use, u32 order)
{
	struct frame *frame = frame_at(number);
	frame->counts = use == FRAME_MEMORY ? FRAME_SHARER : 1;
	frame->slab_used = 0;
	set_state(frame, use, order);
	return (paddr_t){ number << PAGE_SHIFT };
}

err_t frame_alloc(u32 order, enum frame_use use, paddr_t *out)
{
	u64 number;
	if (order > FRAME_ORDER_MAX || !(order ? block_take(order, &number) : cache_take(&number)))
		return ERR_NO_MEMORY;
	if (IS_DEBUG)
		debug_frames_taken(frame_address((paddr_t){ number << PAGE_SHIFT }), PAGE_SIZE << order);
	*out = frame_begin(number, use, order);
	return OK;
}

err_t frame_alloc_zeroed(enum frame_use use, paddr_t *out)
{
	u64 number;
	if (cache_pop(&AT(zeroed, cpu_self()->id), &number)) {
		*out = frame_begin(number, use, 0);
		return OK;
	}
	TRY(frame_alloc(0, use, out));
	page_zero(frame_address(*out));
	return OK;
}

void frame_free(paddr_t paddr, u32 order)
{
	struct frame *frame = frame_of(paddr);
	assert(frame->use != FRAME_FREE && frame->use != FRAME_RESERVED);
	u64 number = paddr.raw >> PAGE_SHIFT;
	if (IS_DEBUG)
		debug_frames_freed(frame_address(paddr), PAGE_SIZE << order);
	if (order) {
		lock_take(&buddy.lock);
		buddy_give(number, order);
		lock_give(&buddy.lock);
		return;
	}
	struct frame_cache *cache = &AT(caches, cpu_self()->id);
	if (cache->count == CACHE_SIZE)
		cache_drain(cache, CACHE_SIZE - CACHE_BATCH);
	cache_push(cache, number);
}

void frame_free_zeroed(paddr_t paddr)
{
	struct frame_cache *cache = &AT(zeroed, cpu_self()->id);
	debug_assert(!memory_compare(frame_address(paddr), frame_address(ram.zero_page), PAGE_SIZE));
	if (IS_DEBUG || cache->count == CACHE_SIZE) // the debug build fills what is free
		frame_free(paddr, 0);
	else
		cache_push(cache, paddr.raw >> PAGE_SHIFT);
}

void frame_split(paddr_t paddr, u32 order)
{
	enum frame_use use = frame_of(paddr)->use;
	u64 first = paddr.raw >> PAGE_SHIFT;
	for (u64 number = first; number < first + (1ull << order); number++)
		(void)frame_begin(number, use, 0);
}

void frame_put(paddr_t paddr)
{
	struct frame *frame = frame_of(paddr);
	// Release what was done to the page; acquire before it is reused: pairs with the other putters.
	if (atomic_sub_acq_rel(&frame->references, 1) == 1)
		frame_free(paddr, frame->order);
}

paddr_t frame_zero_page(void)
{
	return ram.zero_page;
}

u64 frames_total(void)
{
	return ram.total;
}

u64 frames_free(void)
{
	u64 count = atomic_load_relaxed(&buddy.free_count);
	for (u32 i = 0; i < CPU_MAX; i++)
		count +=
			atomic_load_relaxed(&AT(caches, i).count) + atomic_load_relaxed(&AT(zeroed, i).count);
	return count;
}

static u64 range_end(const struct boot_range *range)
{
	return range->base + range->size;
}

// Everything from RAM's start to its end gets a struct frame; device ranges beyond do not.
static u64 count_frames(const struct boot_info *info)
{
	u64 end = 0;
	for (u32 i = 0; i < info->range_count; i++) {
		const struct boot_range *range = &AT(info->ranges, i);
		if (range->kind != BOOT_RANGE_RESERVED)
			end = max_u64(end, range_end(range));
	}
	return end >> PAGE_SHIFT;
}

// Where the array goes: above the first MiB, which is scarce.
static u64 place_array(const struct boot_info *info, u64 size)
{
	constexpr u64 LOW_MEMORY = 0x100000;
	for (u32 i = 0; i < info->range_count; i++) {
		const struct boot_range *range = &AT(info->ranges, i);
		u64 base = max_u64(range->base, LOW_MEMORY);
		if (range->kind == BOOT_RANGE_USABLE && range_end(range) > base &&
			range_end(range) - base >= size)
			return base;
	}
	panic("no room for the array of frames: %u KiB", (u32)(size / 1024));
}

static void mark(u64 first, u64 end, enum frame_use use)
{
	for (u64 number = first; number < end; number++) {
		struct frame *frame = frame_at(number);
		set_state(frame, use, NOT_HEAD);
		frame->references = use != FRAME_FREE;
	}
}

// Gives the frames of [first, end) to the buddy in the largest aligned blocks.
static void add_free(u64 first, u64 end)
{
	ram.total += end > first ? end - first : 0;
	mark(first, end, FRAME_FREE);
	if (IS_DEBUG && end > first)
		debug_frames_unused(
			frame_address((paddr_t){ first << PAGE_SHIFT }), (end - first) << PAGE_SHIFT);
	while (first < end) {
		u32 order = first ? bits_lowest(first) : 0;
		if (order > FRAME_ORDER_MAX)
			order = FRAME_ORDER_MAX;
		while (first + (1ull << order) > end)
			order--;
		buddy_give(first, order);
		first += 1ull << order;
	}
}

static void add_range(const struct boot_range *range, u64 array_first, u64 array_end)
{
	u64 first = range->base >> PAGE_SHIFT;
	u64 end = range_end(range) >> PAGE_SHIFT;
	if (range->kind == BOOT_RANGE_BOOT_IMAGE) {
		mark(first, end, FRAME_BOOT);
	} else if (range->kind == BOOT_RANGE_KERNEL || range->kind == BOOT_RANGE_PAGE_TABLES ||
			   range->kind == BOOT_RANGE_BOOT_INFO || range->kind == BOOT_RANGE_CPU_START) {
		mark(first, end, FRAME_KERNEL);
	} else if (range->kind == BOOT_RANGE_USABLE || range->kind == BOOT_RANGE_LOADER) {
		first = max_u64(first, 1); // physical page 0 stays unused: its address looks like null
		add_free(first, min_u64(end, max_u64(array_first, first)));
		add_free(max_u64(first, array_end), end);
	}
}

void frames_init(const struct boot_info *info)
{
	lock_init(&buddy.lock, RANK_FRAMES);
	for (u32 order = 0; order <= FRAME_ORDER_MAX; order++)
		list_init(&AT(buddy.free, order));
	u64 count = count_frames(info);
	u64 array_size = align_up(count * sizeof(struct frame), PAGE_SIZE);
	u64 size = array_size;
	if (IS_DEBUG) // the shadow of all RAM lies behind the array
		size += align_up(debug_shadow_size(info, count << PAGE_SHIFT), PAGE_SIZE);
	u64 base = place_array(info, size);
	UNSAFE_BEGIN("the loader's word for where the direct map is")
	ram.direct_map = (u8 *)(uintptr_t)info->direct_map_vaddr;
	ram.array = (struct frame *)frame_address((paddr_t){ base });
	UNSAFE_END
	ram.count = count;
	memory_fill(ram.array, 0, array_size);
	if (IS_DEBUG)
		debug_shadow_init(info, frame_address((paddr_t){ base + array_size }), count << PAGE_SHIFT);
	u64 array_first = base >> PAGE_SHIFT;
	u64 array_end = (base + size) >> PAGE_SHIFT;
	mark(array_first, array_end, FRAME_KERNEL);
	for (u32 i = 0; i < info->range_count; i++)
		add_range(&AT(info->ranges, i), array_first, array_end);
	slabs_init();
	if (frame_alloc_zeroed(FRAME_KERNEL, &ram.zero_page) != OK)
		panic("no memory at all");
}
