// SPDX-License-Identifier: MIT
// trace.c - see trace.h. One line a call, when it ends; of those that do not come back none.
#include "lib/posix/core/trace.h"

#include "lib/posix/core/clock.h"
#include "lib/posix/core/log.h"
#include "lib/posix/core/table.h"

void trace_entered(struct posix_thread *self)
{
	self->call_started_ns = posix_clock();
	self->call_arguments = self->registers.arguments;
	self->call_number = self->number;
}

void trace_left(struct posix_thread *self)
{
	u64 number = self->call_number;
	if (!self->call_started_ns)
		return;
	u64 took = posix_clock() - self->call_started_ns;
	const u64 *raw = self->call_arguments.raw;
	const char *name = table_name(number);
	const char *entrance =
		self->block.foreign_return == self->registers.rcx ? "reflected" : "native";
	self->call_started_ns = 0;
	UNSAFE_BEGIN("six words")
	posix_log("%s(%lx, %lx, %lx, %lx, %lx, %lx) = %ld, %lu ns, %s", name ? name : "?", raw[0],
		raw[1], raw[2], raw[3], raw[4], raw[5], (i64)self->registers.rax, took, entrance);
	UNSAFE_END
}
