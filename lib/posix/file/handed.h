// SPDX-License-Identifier: MIT
// handed.h - open files of a process whose place a fresh one takes (exec/handed.h).
#pragma once

#include "lib/base/view.h"
#include "lib/posix/core/call.h"

NONNULL_BEGIN

// Writes those that exec leaves open into a stream, without waiting. -EAGAIN: they do not fit.
i64 files_hand_over(struct posix_thread *self, handle_t stream);
// What nobody read of it, so that nothing stays open for the sake of a handle to the stream.
void files_take_back(struct posix_thread *self, handle_t stream);
// In the fresh process, which has no files yet, but connections to their servers: its namespace,
// then what comes out of the stream, as far as it is what it says. Without waiting.
i64 files_take_over(struct posix_thread *self, handle_t stream);
// The working directory; the root if there is no such one.
void files_start_in(struct posix_thread *self, view_t path);
// Its path; -ENOENT: it has none any more. -EPERM: the root was changed.
i64 files_started_in(struct posix_thread *self, span_t room, view_t *out);

NONNULL_END
