// SPDX-License-Identifier: MIT
// service.h - what generated dispatchers need of lib/os, as README.md states it. Stands in for the
// library's header when the compiler is tested alone.
#pragma once

#include "abi/syscall_numbers.h"
#include "lib/os/loop.h"

NONNULL_BEGIN

struct caller {
	u64 badge;
	u64 identity;
};

typedef struct {
	handle_t reply;
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

void message_drop_handles(struct message *message);
void later_finish(later_t later, struct message *message);
err_t handle_expect(handle_t handle, enum handle_kind kind, u32 rights);
err_t answer_refuse(u64 tag);

NONNULL_END
