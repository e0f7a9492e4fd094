// SPDX-License-Identifier: MIT
// trace.c - the ring of system call records in a memory object. A record that cannot be written
// (no memory, object shrunk) is lost; the call is not disturbed.
#include "kernel/object/trace.h"

#include "kernel/arch/arch.h"
#include "kernel/memory/memory.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

void trace_begin(const struct thread *thread, u64 number, struct trace_record *record)
{
	*record = (struct trace_record){
		.number = number,
		.time_ns = clock_now(),
		.thread_id = thread->id,
	};
	for (u32 i = 0; i < COUNT(record->arguments); i++)
		AT(record->arguments, i) = registers_argument(&thread->registers, i);
}

static u64 capacity_of(const struct memory *memory)
{
	u64 size =
		atomic_load_relaxed(&memory->size); // what shrank meanwhile is noticed when written to
	if (size < sizeof(struct trace_header))
		return 0;
	return (size - sizeof(struct trace_header)) / sizeof(struct trace_record);
}

static void write_record(struct memory *memory, u64 index, const struct trace_record *record)
{
	u64 capacity = capacity_of(memory);
	if (!capacity)
		return;
	u64 offset = sizeof(struct trace_header) + index % capacity * sizeof *record;
	u64 written = index + 1;
	if (memory_copy_in(memory, offset, record, sizeof *record) == OK)
		(void)memory_copy_in(
			memory, offsetof(struct trace_header, written), &written, sizeof written);
}

void trace_end(struct thread *thread, struct trace_record *record, err_t result)
{
	struct process *process = thread->process;
	record->result = (i64)result;
	lock_take(&process->lock);
	struct memory *memory = process->trace;
	if (memory)
		write_record(memory, process->trace_count++, record);
	lock_give(&process->lock);
}

void trace_set(struct process *process, struct memory *_Nullable memory)
{
	if (memory)
		object_get(&memory->object);
	lock_take(&process->lock);
	struct memory *old = memory;
	if (!process->is_dying) { // or nobody would give it back
		old = process->trace;
		atomic_store_relaxed(&process->trace, memory);
		process->trace_count = 0;
	}
	lock_give(&process->lock);
	process_request(process, REQUEST_NOTIFY);
	if (old)
		object_put(&old->object);
}
