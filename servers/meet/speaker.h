// SPDX-License-Identifier: MIT
// speaker.h - on whose behalf a call comes: servers/proc has a connection made for a process and
// its credentials, and the connection's badge says which. Nothing a caller says of itself counts.
#pragma once

#include "ifc/meet.h"
#include "lib/tree/access.h"

NONNULL_BEGIN

constexpr u64 SPEAKER_BADGE = 1ull << 60; // beside a serial and a slot
constexpr u64 VOUCHER_BADGE = 2;          // servers/proc's

enum speaker_capability : u64 {
	CAPABILITY_IPC_OWNER = 1u << 15,
	CAPABILITY_SYS_RESOURCE = 1u << 24
};

struct speaker {
	u64 serial;       // of its badge
	u64 id;           // of the connection, as the kernel has it
	handle_t process; // owned
	struct meet_identity who;
};

// ERR_STATE: it speaks for nobody, or for nobody any more.
err_t speaker_of(struct caller caller, const struct speaker *_Nullable *_Nonnull out);
// By a speaker's connection that came with a call.
err_t speaker_named(handle_t connection, const struct speaker *_Nullable *_Nonnull out);
// As files have it: owner, group, others.
struct tree_credentials speaker_credentials(const struct speaker *speaker);
void speaker_hangup(u64 badge);

// The kernel's number of what this handle is of, unique since boot; 0: it cannot be told.
u64 object_id(handle_t handle);
// A connection to us under this badge, and its number.
err_t connection_make(u64 badge, u64 *id, handle_t *out);

void operation_speak(void *_Nullable self, struct meet_speak_call call);

NONNULL_END
