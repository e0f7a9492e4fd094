// SPDX-License-Identifier: MIT
// world_answers.h - which form the answer of another service has.
#pragma once

#include "ifc/meet.h"
#include "ifc/tree.h"
#include "ifc/tty.h"

NONNULL_BEGIN

// 0: it is none that is known.
static inline u64 world_answer_to(u64 tag)
{
	static const u64 known[][2] = {
		{ MEET_SPEAK_TAG, MEET_SPEAK_ANSWER },
		{ MEET_VOUCH_TAG, MEET_VOUCH_ANSWER },
		{ TREE_DEVICE_TAG, TREE_DEVICE_ANSWER },
		{ TREE_DEVICE_OWN_TAG, TREE_DEVICE_OWN_ANSWER },
		{ TREE_MEETING_TAG, TREE_MEETING_ANSWER },
		{ TREE_PROGRAM_TAG, TREE_PROGRAM_ANSWER },
		{ TREE_SPEAK_TAG, TREE_SPEAK_ANSWER },
		{ TTY_HANG_UP_TAG, TTY_HANG_UP_ANSWER },
		{ TTY_IDENTIFY_TAG, TTY_IDENTIFY_ANSWER },
		{ TTY_OPEN_TAG, TTY_OPEN_ANSWER },
		{ TTY_SET_GROUP_TAG, TTY_SET_GROUP_ANSWER },
		{ TTY_SET_SESSION_TAG, TTY_SET_SESSION_ANSWER },
		{ TTY_STEER_TAG, TTY_STEER_ANSWER },
		{ TTY_TAKE_TAG, TTY_TAKE_ANSWER },
	};
	constexpr u64 KNOWN = 1ull << 63; // an answer may be all zeros
	for (u32 i = 0; i < COUNT(known); i++)
		if (known[i][0] == (tag & ~TAG_DEADLINE))
			return known[i][1] | KNOWN;
	return 0;
}

NONNULL_END
