// SPDX-License-Identifier: MIT
// change.h - Linux's rules of who may become whom, on plain values.
#pragma once

#include "ifc/proc.h"

NONNULL_BEGIN

// What came lent with the change: group ids or capabilities.
struct change_list {
	u32 size;
	u8 bytes[PROC_GROUPS_MAX * sizeof(u32)];
};

struct change {
	enum proc_change what;
	u32 id[3];
	const struct change_list *list;
	bool is_vouched; // of a program: its file's server says what it lends
};

constexpr u32 ID_STAYS = UINT32_MAX;

// Changes credentials, or says why not and leaves them.
err_t credentials_change(struct proc_credentials *credentials, const struct change *change);

NONNULL_END
