// SPDX-License-Identifier: MIT
// answer.h - calls that change something are answered once: when the kernel makes one again,
// because the service died between commit and answer, the answer comes from the ledger.
#pragma once

#include "lib/os/call.h"
#include "servers/proc/store.h"

NONNULL_BEGIN

struct request {
	u64 badge, tag;
	u64 word[MESSAGE_WORDS];
};

// True: it was answered before, and message holds that answer. Else request holds what was asked.
bool answer_again(struct message *message, struct request *request);
// The answer that goes out next. Only of those calls whose repetition would do another thing.
void answer_remember(const struct request *request, const struct message *answer);
// One that goes out later.
void answer_keep(const struct message *request, u64 tag, view_t words);
// Who had this badge is gone, and the next with the same pid asks for itself.
void answer_forget(u64 badge);
// A parent tells of a child with this pid once more: another child.
void answer_forget_birth(u32 pid);
// This handle goes out with the answer to the call in hand, and is not ours any more then.
void answer_hand_out(handle_t handle);
// The last one is out: the handle that went with it is the client's alone.
void answer_close(void);

NONNULL_END
