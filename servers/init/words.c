// SPDX-License-Identifier: MIT
// words.c - what init has to say. It calls nobody, so its lines go into a stream that servers/log
// reads when it is there; what does not fit, and all before the stream, goes to the console.
#include "abi/thread.h"
#include "lib/base/format.h"
#include "lib/os/log.h"
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/init/init.h"

constexpr u64 IDENTITY_SELF = 2; // as servers/root has it

static bool put(u64 identity, u64 sequence, enum log_severity severity, view_t text)
{
	u8 bytes[sizeof(struct log_record) + LOG_LINE_MAX];
	struct log_record record = {
		.time_ns = clock_read(),
		.identity = identity,
		.sequence = sequence,
		.size = (u32)text.size,
		.severity = severity,
	};
	u64 whole = sizeof record + text.size, done = 0;
	if (!system->lines_out.raw || span_copy(span_of(bytes), view_of(record)) != OK ||
		span_copy(span_from_offset(span_of(bytes), sizeof record), text) != OK)
		return false;
	return stream_write(system->lines_out, view_clamp(view_of(bytes), 0, whole), 0, 0, &done) ==
	           OK &&
	       done == whole;
}

void say(enum log_severity severity, const char *format, ...)
{
	u8 line[256];
	va_list arguments;
	va_start(arguments, format);
	usize size = format_list(span_of(line), format, arguments);
	va_end(arguments);
	view_t text = view_clamp(view_of(line), 0, size);
	if (!put(IDENTITY_SELF, 0, severity, text) || severity == LOG_SEVERITY_FATAL)
		print("init: %v\n", &text);
}

void say_names(void)
{
	(void)put(IDENTITY_SELF, LOG_NAMING, LOG_SEVERITY_INFO, VIEW_TEXT("init"));
	for (u32 i = 0; i < system->services; i++)
		(void)put(
			IDENTITY_FIRST + i, LOG_NAMING, LOG_SEVERITY_INFO, view_cstring(manifest_at(i)->name));
}

const char *state_text(enum supervisor_state state)
{
	switch (state) {
	case SUPERVISOR_STATE_WAITING: return "waiting";
	case SUPERVISOR_STATE_STARTING: return "starting";
	case SUPERVISOR_STATE_RUNNING: return "running";
	case SUPERVISOR_STATE_BACKING_OFF: return "pausing";
	case SUPERVISOR_STATE_STOPPED: return "stopped";
	case SUPERVISOR_STATE_DEGRADED: return "degraded";
	case SUPERVISOR_STATE_ENDED: return "ended";
	}
	return "?";
}

static const char *fault_text(u64 cause)
{
	switch ((enum upcall_cause)cause) {
	case UPCALL_NOTIFICATION: return "notification";
	case UPCALL_PAGE_FAULT: return "page fault";
	case UPCALL_BUS_ERROR: return "bus error";
	case UPCALL_ILLEGAL: return "illegal instruction";
	case UPCALL_ARITHMETIC: return "division error";
	case UPCALL_FLOAT: return "floating point error";
	case UPCALL_BREAKPOINT: return "breakpoint";
	case UPCALL_PROTECTION: return "protection fault";
	}
	return "fault";
}

view_t end_text(const struct service *service, span_t room)
{
	const struct process_info *end = &service->end;
	switch ((enum exit_reason)end->exit_reason) {
	case EXIT_RUNNING: return (view_t){};
	case EXIT_RETURNED: return format_view(room, "ended with %lu", end->exit_code);
	case EXIT_KILLED:
		return format_view(room, "%s",
			service->is_hung       ? "was killed, since it did not answer"
			: service->is_stopping ? "was ended by order"
								   : "was killed");
	case EXIT_FAULT:
		return format_view(room, "%s at %lx, instruction %lx", fault_text(end->fault_cause),
			end->fault_address, end->fault_instruction);
	}
	return (view_t){};
}
