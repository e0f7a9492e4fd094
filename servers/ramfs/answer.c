// SPDX-License-Identifier: MIT
// answer.c - see answer.h.
#include "servers/ramfs/answer.h"

u32 answer_rights;

const struct replay *_Nullable answer_find(struct caller caller, u64 tag, u64 serial)
{
	for (u32 i = 0; serial && i < REPLAYS_MAX; i++) {
		const struct replay *replay = &AT(store->replays, i);
		if (replay->serial == serial && replay->badge == caller.badge &&
			replay->operation == (u32)tag)
			return replay;
	}
	return nullptr;
}

void answer_remember(struct caller caller, u64 tag, u64 serial, const struct replay *answer)
{
	struct replay *last = &store->last; // without its serial it counts for nothing
	*last = *answer;
	last->badge = caller.badge;
	last->operation = (u32)tag;
	last->serial = 0;
	SET(last->serial, serial);
}

void answer_forget(void)
{
	store->last.serial = 0; // after the commit: nothing to be undone
}
