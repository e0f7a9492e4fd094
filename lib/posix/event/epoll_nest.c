// SPDX-License-Identifier: MIT
// epoll_nest.c - sets within sets: never in a ring, and not too deep, since who asks whether one is
// ready asks those in it. All under event_state.lock, which holds off whoever ties sets together.
#include "lib/posix/event/epoll.h"
#include "lib/posix/linux/errno.h"

static struct epoll_set *_Nullable inner_at(const struct epoll_set *set, u32 index)
{
	const struct epoll_item *item = epoll_item_at(set, index);
	return item && item->file.description->kind == FILE_EPOLL ? epoll_set_of(&item->file) : nullptr;
}

// How many sets lie within one another from this one on. Too many: among them is `outer`.
static u32 depth_within(struct epoll_set *set, const struct epoll_set *outer, u32 depth)
{
	u32 deepest = set == outer ? EPOLL_NESTS_MAX : depth;
	posix_lock_take(&set->lock);
	for (u32 i = 0; i < set->size && deepest < EPOLL_NESTS_MAX; i++) {
		struct epoll_set *inner = inner_at(set, i);
		u32 below = inner ? depth_within(inner, outer, depth + 1) : 0;
		deepest = below > deepest ? below : deepest;
	}
	posix_lock_give(&set->lock);
	return deepest;
}

static bool holds(struct epoll_set *set, const struct epoll_set *wanted)
{
	bool is_in = false;
	posix_lock_take(&set->lock);
	for (u32 i = 0; i < set->size && !is_in; i++)
		is_in = inner_at(set, i) == wanted;
	posix_lock_give(&set->lock);
	return is_in;
}

// How many sets lie around this one. None deeper than EPOLL_NESTS_MAX was ever tied.
static u32 depth_around(const struct list *sets, const struct epoll_set *set)
{
	u32 deepest = 0;
	LIST_EACH(node, sets) {
		struct epoll_set *outer = container_of(node, struct epoll_set, node);
		bool is_around = !outer->is_kept && holds(outer, set);
		u32 above = is_around ? 1 + depth_around(sets, outer) : 0;
		deepest = above > deepest ? above : deepest;
	}
	return deepest;
}

i64 epoll_nest_check(
	const struct list *sets, const struct epoll_set *outer, struct epoll_set *inner)
{
	u32 within = depth_within(inner, outer, 1);
	return within + 1 + depth_around(sets, outer) > EPOLL_NESTS_MAX ? -ELOOP : 0;
}
