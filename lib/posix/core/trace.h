// SPDX-License-Identifier: MIT
// trace.h - every call of a process as one line of text on a stream, when core_state.trace names
// one: name, arguments, answer, time, calls of services, entrance. /bin/trace is at the other end.
#pragma once

#include "lib/posix/core/thread.h"

NONNULL_BEGIN

constexpr usize TRACE_LINE_SIZE = 720; // with the newline; a pipe takes it whole (PIPE_BUF)
constexpr u32 TRACE_NO_SPLIT = UINT32_MAX;

// A call under way, as text: what it was given is read before it runs, for it may change it.
struct trace_line {
	u64 started_ns, number;
	u32 services;                 // posix_thread.services when it began
	u32 size, split;              // split: where the bytes go that the call fills in, or NO_SPLIT
	u64 filled;                   // their address
	u8 text[TRACE_LINE_SIZE / 2]; // NAME(ARGUMENTS)
};

void trace_entered(struct posix_thread *self);
void trace_left(struct posix_thread *self);

// trace_text.c: NAME(ARGUMENTS) into line->text; bytes with quotes and escapes; an error's name.
void trace_describe(struct trace_line *line, const struct arguments *arguments);
usize trace_quote(span_t to, u64 address, u64 size); // how much was written
const char *_Nullable trace_error_name(i64 answer);  // trace_errors.c; null: not an error

NONNULL_END
