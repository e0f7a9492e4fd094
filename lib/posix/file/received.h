// SPDX-License-Identifier: MIT
// received.h - an open file that another process handed over by a socket (SCM_RIGHTS).
#pragma once

#include "lib/posix/file/descriptor.h"

NONNULL_BEGIN

// Of a received directory, in detail[0]: nobody vouches that the sender could open it.
constexpr u64 RECEIVED = 1u << 31;

// Makes of what the sender says what can be believed. -EBADF: nothing.
i64 received_check(struct opening *opening);

NONNULL_END
