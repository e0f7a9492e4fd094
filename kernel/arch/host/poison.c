// SPDX-License-Identifier: MIT
// poison.c - the hooks of debug builds on the host: arena and slabs are one block of memory to the
// compiler's address sanitizer, and stay so. Patterns and quarantine are the guest's
// (kernel/debug).
#include "kernel/debug/poison.h"

usize debug_shadow_size(const struct boot_info *info, u64 ram_size)
{
	(void)info, (void)ram_size;
	return 0;
}

void debug_shadow_init(const struct boot_info *info, void *shadow, u64 ram_size)
{
	(void)info, (void)shadow, (void)ram_size;
}

void debug_frames_unused(void *memory, usize size)
{
	(void)memory, (void)size;
}

void debug_frames_freed(void *memory, usize size)
{
	(void)memory, (void)size;
}

void debug_frames_taken(void *memory, usize size)
{
	(void)memory, (void)size;
}

void debug_frames_used_part(void *memory, usize used, usize size)
{
	(void)memory, (void)used, (void)size;
}

void debug_slab_made(void *page)
{
	(void)page;
}

void debug_object_taken(void *object, usize size, usize room)
{
	(void)object, (void)size, (void)room;
}

void debug_object_freed(void *object, usize room)
{
	(void)object, (void)room;
}

struct debug_object debug_quarantine(struct debug_object freed)
{
	return freed;
}

void debug_selftest(const struct boot_info *info)
{
	(void)info;
}
