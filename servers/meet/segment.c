// SPDX-License-Identifier: MIT
// segment.c - System V shared memory: a memory object, and a connection for each attachment, whose
// end is a detachment. One that was removed lives until its last attachment ends.
#include "abi/rights.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/meet/fifo.h"
#include "servers/meet/ipc.h"

err_t segment_make(struct ipc_object *object)
{
	object->status.reserved = object->status.first_pid; // its maker
	object->status.first_pid = 0;
	return memory_create(
		MEMORY_KIND_ANONYMOUS, object->status.size, HANDLE_NONE, 0, 0, &object->memory);
}

void segment_hangup(u64 badge)
{
	struct ipc_object *object = segment_at((u32)badge);
	if (!(badge & SEGMENT_BADGE) || !object->is_used || object->status.id != (u32)badge)
		return;
	object->status.count--;
	object->status.second_ns = clock_read();
	if (object->is_removed && !object->status.count)
		ipc_free(object);
}

// What goes out: the memory with as many rights as were asked for, and the attachment.
static err_t attach(
	const struct meet_segment_attach_call *call, handle_t *memory, handle_t *attachment)
{
	constexpr u32 READING = RIGHT_READ | RIGHT_EXEC | RIGHT_MAP | RIGHT_DUP | RIGHT_TRANSFER;
	struct ipc_object *object;
	const struct speaker *speaker;
	u32 access = IPC_READ | (call->is_writable ? IPC_WRITE : 0);
	TRY(ipc_find_for(MEET_IPC_KIND_SEGMENT, call->id, call->caller, access, &object));
	TRY(speaker_of(call->caller, &speaker));
	TRY(connection_create(fifo_port, SEGMENT_BADGE | call->id, attachment));
	err_t err =
		handle_duplicate(object->memory, READING | (call->is_writable ? RIGHT_WRITE : 0), memory);
	if (err != OK) {
		(void)handle_close(*attachment);
		return err;
	}
	object->status.count++;
	object->status.first_ns = clock_read();
	object->status.first_pid = speaker->who.pid;
	return OK;
}

void operation_segment_attach(void *_Nullable self, struct meet_segment_attach_call call)
{
	handle_t memory = HANDLE_NONE, attachment = HANDLE_NONE;
	(void)self;
	err_t err = attach(&call, &memory, &attachment);
	u64 size = err == OK ? segment_at(call.id)->status.size : 0;
	meet_segment_attach_done(call, err, size, memory, attachment);
	if (err != OK)
		return;
	(void)handle_close(memory); // from here on only the caller has them
	(void)handle_close(attachment);
}
