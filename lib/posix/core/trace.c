// SPDX-License-Identifier: MIT
// trace.c - see trace.h. One line a call, when it ends; of those that do not come back, when they
// begin.
#include "lib/posix/core/trace.h"

#include "lib/base/atomic.h"
#include "lib/base/format.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/log.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/table.h"
#include "os/syscalls.h"

constexpr u64 READER_PATIENCE_NS = 10'000'000'000; // then who reads is taken for stuck

enum call_of_interest : u64 {
	CALL_EXECVE = 59,
	CALL_EXIT = 60,
	CALL_EXIT_GROUP = 231,
	CALL_EXECVEAT = 322
};

// A reader that is gone, or does not read, ends the tracing, not the program.
static void emit(view_t text)
{
	struct core_state *core = &posix_self()->core;
	handle_t stream = { atomic_load_relaxed(&core->trace.raw) };
	u64 deadline = posix_clock() + READER_PATIENCE_NS;
	while (text.size > 0) {
		u64 done = 0;
		if (stream_write(stream, text, deadline, 0, &done) != OK) {
			atomic_store_relaxed(&core->trace.raw, HANDLE_NONE.raw);
			return;
		}
		text = view_from_offset(text, (usize)done);
	}
}

static view_t begin_of(const struct trace_line *line)
{
	return view_clamp(view_of(line->text), 0, line->split < line->size ? line->split : line->size);
}

static view_t rest_of(const struct trace_line *line)
{
	usize from = line->split < line->size ? line->split : line->size;
	return view_clamp(view_of(line->text), from, line->size - from);
}

static void emit_whole(const struct trace_line *line, view_t filled, view_t answer)
{
	u8 text[TRACE_LINE_SIZE];
	const view_t begin = begin_of(line), rest = rest_of(line);
	view_t written = format_view(
		span_of(text), "[%d] %v%v%v%v", thread_self()->id, &begin, &filled, &rest, &answer);
	*span_at(span_of(text), written.size < sizeof text ? written.size : sizeof text - 1) = '\n';
	emit(view_clamp(view_of(text), 0, written.size < sizeof text ? written.size + 1 : sizeof text));
}

static bool comes_back(u64 number)
{
	return number != CALL_EXIT && number != CALL_EXIT_GROUP && number != CALL_EXECVE &&
	       number != CALL_EXECVEAT;
}

void trace_entered(struct posix_thread *self)
{
	if (!self->traced)
		self->traced = heap_take(sizeof *self->traced);
	struct trace_line *line = self->traced;
	if (!line)
		return;
	line->number = self->number;
	line->services = self->services;
	trace_describe(line, &self->registers.arguments);
	if (!comes_back(self->number))
		emit_whole(line, (view_t){}, view_cstring(" = ?"));
	line->started_ns = posix_clock();
}

static view_t format_answer(
	span_t to, const struct trace_line *line, const struct posix_thread *self)
{
	i64 answer = (i64)self->registers.rax;
	const char *error = trace_error_name(answer);
	u64 took = posix_clock() - line->started_ns;
	u32 switches = 2 * (self->services - line->services);
	const char *entrance =
		self->block.foreign_return == self->registers.rcx ? "reflected" : "called";
	if (error)
		return format_view(
			to, " = -1 %s <%lu ns, %u switches, %s>", error, took, switches, entrance);
	const char *form = answer > UINT32_MAX ? " = 0x%lx <%lu ns, %u switches, %s>"
	                                       : " = %ld <%lu ns, %u switches, %s>";
	return format_view(to, form, answer, took, switches, entrance);
}

void trace_left(struct posix_thread *self)
{
	struct trace_line *line = self->traced;
	if (!line || !line->started_ns)
		return;
	u8 answer[160], filled[80];
	view_t end = format_answer(span_of(answer), line, self);
	i64 count = (i64)self->registers.rax;
	usize size = line->split == TRACE_NO_SPLIT || count < 0
	                 ? 0
	                 : trace_quote(span_of(filled), line->filled, (u64)count);
	line->started_ns = 0;
	emit_whole(line, view_clamp(view_of(filled), 0, size), end);
}
