// SPDX-License-Identifier: MIT
// grant.h - who may open which FIFO or named socket: servers/proc has a connection made for an
// inode that its file's server let a process open, and the connection's badge says which and how.
// It is found again by the kernel's number of the object, so who is handed one learns from us who
// had it made: a listener who connected, and by cards, which open nothing, a reader who sends.
#pragma once

#include "ifc/meet.h"

NONNULL_BEGIN

constexpr u64 GRANT_BADGE = 1ull << 59; // beside a serial and a number

struct peer {
	u32 pid, user, group;
};

struct grant {
	u64 serial; // of its badge; 0: free
	u64 key;    // of an inode or an abstract name; of a card: the user that it is for
	u64 id;     // of the connection, as the kernel has it
	u64 line;   // of what the listener reads from, once it was used to connect; 0: it was not
	u32 ways;   // 0: a card
	u32 holder; // pid
	struct peer who;
};

// What this connection stands for, if it is good for all of `ways`. ERR_RIGHTS: for less;
// ERR_STATE: it is no grant, or none of this life.
err_t grant_find(struct caller caller, u32 ways, struct grant *_Nullable *_Nonnull out);
err_t operation_vouch(void *_Nullable self, struct caller caller, u64 key, enum meet_way ways,
	u32 holder, u32 pid, u32 user, u32 group, handle_t *out_grant);
err_t operation_connected(void *_Nullable self, struct caller caller, handle_t connection,
	handle_t line, u64 *out_key, u32 *out_pid, u32 *out_user, u32 *out_group);
err_t operation_introduced(void *_Nullable self, struct caller caller, handle_t card, u32 *out_pid,
	u32 *out_user, u32 *out_group);
void grant_hangup(u64 badge);
// Somebody else listens at this key from now on: those that its former listener was handed are
// nobody's, lest it passes itself off as its clients.
void grants_part(u64 key);

NONNULL_END
