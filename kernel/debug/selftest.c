// SPDX-License-Identifier: MIT
// selftest.c - deliberate mistakes, one a boot, named by selftest=NAME on the command line; each
// must end in a panic that tells it. The only file here that is compiled with the sanitizers.
#include "boot/boot_info.h"
#include "kernel/debug/poison.h"
#include "kernel/memory/frame.h"
#include "kernel/memory/slab.h"
#include "kernel/memory/user.h"
#include "kernel/panic.h"
#include "kernel/sched/lock.h"
#include "lib/base/view.h"

struct selftest {
	view_t name;
	void (*run)(void);
};

static volatile i32 number = INT32_MAX;
static volatile u32 count = 40;
static u8 numbers[40];

static volatile u8 *new_object(usize size)
{
	void *memory;
	if (slab_alloc(size, &memory) != OK)
		panic("selftest: no memory");
	return memory;
}

static paddr_t new_frame(void)
{
	paddr_t frame;
	if (frame_alloc(0, FRAME_KERNEL, &frame) != OK)
		panic("selftest: no memory");
	return frame;
}

UNSAFE_BEGIN("mistakes on purpose")

static void use_object_after_free(void)
{
	volatile u8 *object = new_object(48);
	slab_free((void *)object, 48);
	number = object[8];
}

static void use_object_out_of_bounds(void)
{
	volatile u8 *object = new_object(37);
	object[36] = 1;
	object[37] = 1;
}

static void use_large_object_out_of_bounds(void)
{
	volatile u8 *object = new_object(5000);
	number = object[5000];
}

static void free_object_twice(void)
{
	volatile u8 *object = new_object(100);
	slab_free((void *)object, 100);
	slab_free((void *)object, 100);
}

static void use_frame_after_free(void)
{
	paddr_t frame = new_frame();
	volatile u8 *bytes = frame_address(frame);
	frame_free(frame, 0);
	bytes[100] = 1;
}

UNPOISONED static void store_unchecked(volatile u8 *byte)
{
	*byte = 1;
}

static void write_freed_frame_unseen(void)
{
	paddr_t frame = new_frame();
	frame_free(frame, 0);
	store_unchecked(frame_address(frame));
	new_frame();
}

UNSAFE_END

static void overflow(void)
{
	number = number + 1;
}

static void shift(void)
{
	number = 1 << count;
}

static void index_out_of_bounds(void)
{
	UNSAFE_BEGIN("a mistake on purpose")
	numbers[count] = 1;
	UNSAFE_END
}

static void take_locks_falling(void) NO_THREAD_SAFETY_ANALYSIS
{
	struct spinlock high, low;
	lock_init(&high, RANK_FRAMES);
	lock_init(&low, RANK_HANDLES);
	lock_take(&high);
	lock_take(&low);
}

static void copy_under_lock(void) NO_THREAD_SAFETY_ANALYSIS
{
	struct spinlock lock;
	lock_init(&lock, RANK_PORT);
	lock_take(&lock);
	u64 word;
	(void)!user_copy_in(&word, PAGE_SIZE, sizeof word);
}

static const struct selftest selftests[] = {
	{ VIEW_TEXT("object-after-free"), use_object_after_free },
	{ VIEW_TEXT("object-bounds"), use_object_out_of_bounds },
	{ VIEW_TEXT("large-object-bounds"), use_large_object_out_of_bounds },
	{ VIEW_TEXT("object-free-twice"), free_object_twice },
	{ VIEW_TEXT("frame-after-free"), use_frame_after_free },
	{ VIEW_TEXT("frame-write-unseen"), write_freed_frame_unseen },
	{ VIEW_TEXT("overflow"), overflow },
	{ VIEW_TEXT("shift"), shift },
	{ VIEW_TEXT("index"), index_out_of_bounds },
	{ VIEW_TEXT("lock-order"), take_locks_falling },
	{ VIEW_TEXT("lock-copy"), copy_under_lock },
};

// The word behind selftest= in the command line.
static view_t wanted(view_t line)
{
	const view_t key = VIEW_TEXT("selftest=");
	for (usize i = 0; i < line.size; i++)
		if (view_equal(view_clamp(line, i, key.size), key)) {
			view_t word = view_from_offset(line, i + key.size);
			return view_clamp(word, 0, view_find(word, ' '));
		}
	return (view_t){};
}

void debug_selftest(const struct boot_info *info)
{
	view_t line = view_of(info->command_line);
	view_t name = wanted(view_clamp(line, 0, view_find(line, 0)));
	if (!name.size)
		return;
	for (u32 i = 0; i < COUNT(selftests); i++)
		if (view_equal(AT(selftests, i).name, name))
			AT(selftests, i).run();
	panic("selftest %v: nobody noticed", &name);
}
