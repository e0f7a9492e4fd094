// SPDX-License-Identifier: MIT
// service.h - what an operation of a service works with: who called, the memory the caller lent, a
// call to be answered later. Generated dispatchers are built on it.
#pragma once

#include "abi/syscall_numbers.h"
#include "lib/os/loop.h"

NONNULL_BEGIN

struct caller {
	u64 badge;    // of the connection: what it stands for, to the service
	u64 identity; // of the process, stamped by the kernel
};

// Memory that the caller lent, until the call is answered.
typedef struct {
	handle_t reply; // of a call put aside; HANDLE_NONE: the call in hand
	u32 index;
	u64 size;
} lease_t;

static inline struct caller message_caller(const struct message *message)
{
	return (struct caller){ message->badge, message->identity };
}

static inline lease_t call_lease(u32 index, u64 size)
{
	return (lease_t){ HANDLE_NONE, index, size };
}

static inline lease_t later_lease(later_t later, u32 index, u64 size)
{
	return (lease_t){ later.reply, index, size };
}

// All bytes or an error: ERR_RANGE outside the lease, ERR_GONE when nobody waits any more.
err_t lease_get(lease_t lease, u64 offset, span_t to);
err_t lease_put(lease_t lease, u64 offset, view_t from);

void message_drop_handles(struct message *message);        // closes what came with it
void later_finish(later_t later, struct message *message); // answers; if nobody waits, forgets
// A service that servers/init started: it has `port`, which outlives it, and `watch`, through which
// it says that it is ready and answers heartbeats.
constexpr u32 WATCH_READY = 1u << 16; // set by the service
constexpr u32 WATCH_PING = 1u << 17;  // set by the supervisor, cleared by the service
constexpr u32 WATCH_AWAKE = 1u << 18; // set by the service: work came after its last answer
// The loop of such a service: its port, heartbeats answered.
err_t service_begin(struct loop *loop);
// From here on those are started who call this service.
void service_ready(void);
// For services without lib/os's loop: heartbeats come to the port with this key; then answer.
err_t service_watch(handle_t port, u64 key);
void service_answer(void);
// Work came to the port: said once after each answer, before the work is begun. Who has answered
// and said nothing since has nothing to do, so the supervisor lets it and the processor sleep.
void service_wake(void);

err_t handle_expect(handle_t handle, enum handle_kind kind, u32 rights); // or an error
// Closes what came with an answer.
void answer_drop(u64 tag);
// An answer has another shape than its protocol says: closes what came with it. ERR_CORRUPT.
static inline err_t answer_refuse(u64 tag)
{
	answer_drop(tag);
	return ERR_CORRUPT;
}

NONNULL_END
