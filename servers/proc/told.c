// SPDX-License-Identifier: MIT
// told.c - see told.h.
#include "servers/proc/told.h"

#include "lib/base/view.h"

constexpr u32 TOLD_MAX = 4;

static struct told told[TOLD_MAX];
static u32 oldest;

struct told *_Nullable told_find(u64 badge, u64 offset)
{
	for (u32 i = 0; i < TOLD_MAX; i++)
		if (AT(told, i).badge == badge && AT(told, i).next == offset)
			return &AT(told, i);
	return nullptr;
}

struct told *told_make(u64 badge)
{
	struct told *fresh = &AT(told, oldest++ % TOLD_MAX);
	fresh->badge = badge;
	fresh->next = 0;
	return fresh;
}
