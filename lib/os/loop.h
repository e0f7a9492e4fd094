// SPDX-License-Identifier: MIT
// loop.h - a service's one loop: the only place that waits. A call goes to the generated dispatch
// of a protocol, an event to its handler, a hang-up or a cancellation to the hooks.
#pragma once

#include "lib/os/call.h"

NONNULL_BEGIN

constexpr u32 LOOP_EVENTS_MAX = 32;

// Generated: checks the message, runs the operation, leaves the answer in the message. Returns
// false when the operation keeps the call (later): nothing is answered now.
typedef bool loop_dispatch(const void *ops, void *_Nullable self, struct message *message);
typedef void loop_handler(void *_Nullable self, u32 bits);

struct loop_event {
	loop_handler *_Nullable handler;
	void *_Nullable self;
	handle_t source;
};

struct loop {
	handle_t port; // owned, unless adopted
	loop_dispatch *_Nullable dispatch;
	const void *_Nullable ops;
	void *_Nullable self;
	void (*_Nullable on_hangup)(void *_Nullable self, u64 badge);
	void (*_Nullable on_cancel)(void *_Nullable self, handle_t reply, bool is_abandoned);
	// An event that the service bound to the port itself, with a key from LOOP_EVENTS_MAX on.
	void (*_Nullable on_event)(void *_Nullable self, u64 key);
	struct loop_event events[LOOP_EVENTS_MAX];
	bool is_stopped;
};

err_t loop_init(struct loop *loop);                // with a new port
void loop_adopt(struct loop *loop, handle_t port); // with one that the supervisor keeps
void loop_serve(struct loop *loop, loop_dispatch *dispatch, const void *ops, void *_Nullable self);
// Calls handler when one of the bits of source is set, for as long as it is set.
err_t loop_watch(
	struct loop *loop, handle_t source, u32 bits, loop_handler *handler, void *_Nullable self);
err_t loop_unwatch(struct loop *loop, handle_t source);
// A client's end with this badge, to be passed on.
err_t loop_connection(struct loop *loop, u64 badge, handle_t *out);
// Runs until loop_stop or the port is closed.
err_t loop_run(struct loop *loop);
static inline void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
}

// A call to be answered later. Owed: exactly one answer.
typedef struct {
	handle_t reply;
} later_t;
err_t later_take(later_t *out); // of the call in hand

NONNULL_END
