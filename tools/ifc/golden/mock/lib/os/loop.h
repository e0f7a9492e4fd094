// SPDX-License-Identifier: MIT
// loop.h - what generated dispatchers need of lib/os, as README.md states it. Stands in for the
// library's header when the compiler is tested alone.
#pragma once

#include "lib/os/call.h"

NONNULL_BEGIN

struct loop;
typedef bool loop_dispatch(const void *ops, void *_Nullable self, struct message *message);

typedef struct {
	handle_t reply;
} later_t;

void loop_serve(struct loop *loop, loop_dispatch *dispatch, const void *ops, void *_Nullable self);
err_t later_take(later_t *out);

NONNULL_END
