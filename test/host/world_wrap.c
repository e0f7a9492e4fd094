// SPDX-License-Identifier: MIT
// world_wrap.c - linked with -Wl,--wrap for each function below. Only calls from another file go
// through here, which for these is nearly all of them.
#include "test/host/world_wrap.h"

#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/arch/host/host.h"
#include "kernel/memory/frame.h"
#include "kernel/object/quota.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

err_t __real_frame_alloc(u32 order, enum frame_use use, paddr_t *out);
err_t __real_frame_alloc_zeroed(enum frame_use use, paddr_t *out);
void __real_frame_free(paddr_t frame, u32 order);
void __real_frame_put(paddr_t frame);
err_t __real_slab_alloc(usize size, void **out);
void __real_slab_free(void *memory, usize size);
void *__real_memory_fill(void *to, int byte, usize size);
void __real_page_zero(void *page);
err_t __real_quota_charge_pages(struct quota *quota, u64 pages);
err_t __real_quota_charge_objects(struct quota *quota, u64 objects);
err_t __real_quota_charge_handles(struct quota *quota, u64 handles);
err_t __real_object_create(
	enum object_kind kind, usize size, struct quota *quota, struct object **out);
void __real_object_finish(struct object *object);
void __real_lock_take(struct spinlock *lock);
err_t __wrap_frame_alloc(u32 order, enum frame_use use, paddr_t *out);
err_t __wrap_frame_alloc_zeroed(enum frame_use use, paddr_t *out);
void __wrap_frame_free(paddr_t frame, u32 order);
void __wrap_frame_put(paddr_t frame);
err_t __wrap_slab_alloc(usize size, void **out);
void __wrap_slab_free(void *memory, usize size);
void *__wrap_memory_fill(void *to, int byte, usize size);
void __wrap_page_zero(void *page);
err_t __wrap_quota_charge_pages(struct quota *quota, u64 pages);
err_t __wrap_quota_charge_objects(struct quota *quota, u64 objects);
err_t __wrap_quota_charge_handles(struct quota *quota, u64 handles);
err_t __wrap_object_create(
	enum object_kind kind, usize size, struct quota *quota, struct object **out);
void __wrap_object_finish(struct object *object);
void __wrap_lock_take(struct spinlock *lock);

// TSan's, absent elsewhere: what lies between them orders nothing.
[[gnu::weak]] void tsan_ignore_begin(const char *file, int line) __asm__("AnnotateIgnoreSyncBegin");
[[gnu::weak]] void tsan_ignore_end(const char *file, int line) __asm__("AnnotateIgnoreSyncEnd");

static struct {
	u64 seen;
	u64 at; // 0: never
	bool is_lasting;
} fail; // of one host thread: not used with is_threaded

void wrap_fail_at(u64 n, bool is_lasting)
{
	fail.seen = 0;
	fail.at = n;
	fail.is_lasting = is_lasting;
}

u64 wrap_chances(void)
{
	return fail.seen;
}

static bool fails(void)
{
	if (host.is_threaded)
		return false;
	fail.seen++;
	return fail.at && (fail.seen == fail.at || (fail.is_lasting && fail.seen > fail.at));
}

static bool is_poisoning(void)
{
	return !host.is_threaded; // else a frame may have a new owner before it is poisoned
}

static void poison(void *memory, usize size)
{
	if (is_poisoning())
		ASAN_POISON_MEMORY_REGION(memory, size);
}

static void unpoison(void *memory, usize size)
{
	ASAN_UNPOISON_MEMORY_REGION(memory, size);
}

err_t __wrap_frame_alloc(u32 order, enum frame_use use, paddr_t *out)
{
	if (fails())
		return ERR_NO_MEMORY;
	TRY(__real_frame_alloc(order, use, out));
	unpoison(frame_address(*out), PAGE_SIZE << order);
	return OK;
}

err_t __wrap_frame_alloc_zeroed(enum frame_use use, paddr_t *out)
{
	return fails() ? ERR_NO_MEMORY : __real_frame_alloc_zeroed(use, out);
}

void __wrap_frame_free(paddr_t frame, u32 order)
{
	poison(frame_address(frame), PAGE_SIZE << order);
	__real_frame_free(frame, order);
}

void __wrap_frame_put(paddr_t frame)
{
	u32 order = frame_of(frame)->order;
	__real_frame_put(frame);
	if (is_poisoning() && frame_of(frame)->use == FRAME_FREE)
		poison(frame_address(frame), PAGE_SIZE << order);
}

err_t __wrap_slab_alloc(usize size, void **out)
{
	return fails() ? ERR_NO_MEMORY : __real_slab_alloc(size, out);
}

// The first word of a free object is the allocator's.
void __wrap_slab_free(void *memory, usize size)
{
	__real_slab_free(memory, size);
	if (size > sizeof(void *) && size <= 2048)
		poison((u8 *)memory + sizeof(void *), size - sizeof(void *));
}

void *__wrap_memory_fill(void *to, int byte, usize size)
{
	u8 *bytes = to;
	if (bytes >= host.arena && bytes < host.arena + host.ram)
		unpoison(to, size); // a fresh object is zeroed before its owner gets it
	return __real_memory_fill(to, byte, size);
}

void __wrap_page_zero(void *page)
{
	unpoison(page, PAGE_SIZE);
	__real_page_zero(page);
}

err_t __wrap_quota_charge_pages(struct quota *quota, u64 pages)
{
	return pages && fails() ? ERR_QUOTA : __real_quota_charge_pages(quota, pages);
}

err_t __wrap_quota_charge_objects(struct quota *quota, u64 objects)
{
	return fails() ? ERR_QUOTA : __real_quota_charge_objects(quota, objects);
}

err_t __wrap_quota_charge_handles(struct quota *quota, u64 handles)
{
	return fails() ? ERR_QUOTA : __real_quota_charge_handles(quota, handles);
}

// Where CPUs meet, one of them sometimes loses its turn: more orders of things are seen.
static void dawdle(void)
{
	static thread_local u32 turn = 1;
	turn = turn * 1'664'525 + 1'013'904'223;
	u32 roll = turn >> 22;
	if (roll < 8)
		syscall(SYS_sched_yield);
	for (u32 i = 0; roll >= 1000 && i < roll * 4; i++)
		compiler_barrier();
}

void __wrap_lock_take(struct spinlock *lock)
{
	if (host.is_threaded)
		dawdle();
	__real_lock_take(lock);
}

// All living objects: open addressing, deletions leave a mark.
constexpr usize TABLE_SIZE = 1 << 17;
static struct object *table[TABLE_SIZE]; // under table_mutex
static usize table_last;                 // highest slot ever used
static pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER;

// The table is the test's: it must not make CPUs look ordered that are not.
static void table_lock(void)
{
	if (tsan_ignore_begin)
		tsan_ignore_begin(__FILE__, __LINE__);
	pthread_mutex_lock(&table_mutex);
}

static void table_unlock(void)
{
	pthread_mutex_unlock(&table_mutex);
	if (tsan_ignore_end)
		tsan_ignore_end(__FILE__, __LINE__);
}

static usize slot_of(const struct object *object)
{
	return (usize)(object->id * 0x9e37'79b9'7f4a'7c15) % TABLE_SIZE;
}

[[clang::no_sanitize("thread")]] static void table_add(struct object *object)
{
	table_lock();
	usize slot = slot_of(object);
	while (table[slot])
		slot = (slot + 1) % TABLE_SIZE;
	table[slot] = object;
	if (slot > table_last)
		table_last = slot;
	table_unlock();
}

// Moves up what stands behind, so that searches need no marks.
[[clang::no_sanitize("thread")]] static void close_gap(usize gap)
{
	usize slot = gap;
	for (;;) {
		slot = (slot + 1) % TABLE_SIZE;
		if (!table[slot])
			return;
		usize home = slot_of(table[slot]);
		bool is_reachable = gap <= slot ? home > gap && home <= slot : home > gap || home <= slot;
		if (is_reachable)
			continue;
		table[gap] = table[slot];
		table[slot] = nullptr;
		gap = slot;
	}
}

[[clang::no_sanitize("thread")]] static void table_remove(struct object *object)
{
	table_lock();
	usize slot = slot_of(object);
	while (table[slot] != object)
		slot = (slot + 1) % TABLE_SIZE;
	table[slot] = nullptr;
	close_gap(slot);
	table_unlock();
}

err_t __wrap_object_create(
	enum object_kind kind, usize size, struct quota *quota, struct object **out)
{
	err_t err = __real_object_create(kind, size, quota, out);
	if (err == OK)
		table_add(*out);
	return err;
}

void __wrap_object_finish(struct object *object)
{
	table_remove(object);
	__real_object_finish(object);
}

// The visitor may not make or end objects.
[[clang::no_sanitize("thread")]] void wrap_each_object(
	void (*visit)(struct object *object, void *_Nullable context), void *_Nullable context)
{
	table_lock();
	for (usize slot = 0; slot <= table_last; slot++)
		if (table[slot])
			visit(table[slot], context);
	table_unlock();
}
