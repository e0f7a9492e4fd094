// SPDX-License-Identifier: MIT
// told.c - see told.h.
#include "servers/proc/told.h"

#include "lib/base/time.h"
#include "lib/base/view.h"
#include "lib/os/process.h"

constexpr u32 TOLD_MAX = 4;
constexpr u64 FRESH_NS = 200 * NS_PER_MS;

static struct told told[TOLD_MAX];
static u32 oldest;

struct told *_Nullable told_find(u64 badge, u64 offset)
{
	for (u32 i = 0; i < TOLD_MAX; i++)
		if (AT(told, i).badge == badge &&
			(AT(told, i).next == offset || clock_read() - AT(told, i).made_ns < FRESH_NS))
			return &AT(told, i);
	return nullptr;
}

struct told *told_make(u64 badge)
{
	u32 i = 0;
	while (i < TOLD_MAX && AT(told, i).badge != badge)
		i++;
	struct told *fresh = &AT(told, (i < TOLD_MAX ? i : oldest++) % TOLD_MAX);
	fresh->badge = badge;
	fresh->next = 0;
	fresh->made_ns = clock_read();
	return fresh;
}
