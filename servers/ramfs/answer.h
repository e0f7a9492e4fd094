// SPDX-License-Identifier: MIT
// answer.h - calls that change something are done once: when the kernel makes one again, because
// the service died between commit and answer, the answer comes from the ledger.
#pragma once

#include "servers/ramfs/request.h"

NONNULL_BEGIN

// The same call was answered before, with this.
const struct replay *_Nullable answer_find(struct caller caller, u64 tag, u64 serial);
// Is part of the change: the answer that goes out when it is committed.
void answer_remember(struct caller caller, u64 tag, u64 serial, const struct replay *answer);
// It went out.
void answer_forget(void);
// The rights with which the handle in the answer goes out.
extern u32 answer_rights;

NONNULL_END
