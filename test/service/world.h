// SPDX-License-Identifier: MIT
// world.h - what a service on the host believes to be the kernel and other services.
#pragma once

#include "abi/info.h"
#include "lib/os/service.h"

NONNULL_BEGIN

// Ends the run: what must hold does not.
static inline void need(bool is_true)
{
	if (!is_true)
		__builtin_trap();
}

// A fresh world, and the service's variables as at its start; everything is decided by these bytes.
void world_begin(view_t input);
// The next bytes as a number; behind the input's end dice that depend on it, until it is over.
u64 world_take(u32 bytes);
bool world_is_over(void);

struct world_object {
	u32 kind; // enum handle_kind; 0: a free place
	u32 handles, signals;
	bool has_ended; // a process
	u64 id, badge;
};
handle_t world_make(
	u32 kind, u64 badge); // one handle to a new object; HANDLE_NONE: the world is full
struct world_object *_Nullable world_object(handle_t handle); // null: it is closed
u32 world_handles(void);                                      // open ones
// The i-th connection's badge, of those that were ever made; 0: there are not so many.
u64 world_badge(u32 index);
u32 world_badges(void);

// Calls that were put aside and are not answered. take: -1 if there are none.
u32 world_replies(void);
handle_t world_reply(u32 index);
// A message as a client sends it: words, and handles of these kinds (0: any), but for some.
void world_call(struct message *message, u64 tag, u64 badge, const u8 *_Nullable kinds);
// What memory says that is read as a whole, of this size; it is not the input's to say.
extern view_t world_image;
extern bool world_was_put_aside; // by the call in hand
// A service that keeps answers for calls that are made again closes what went with one again.
extern bool world_may_close_twice;
// What was lent last, as far as it goes.
extern u8 world_lent[512];

NONNULL_END
