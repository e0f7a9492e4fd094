// SPDX-License-Identifier: MIT
// stream.c - system calls on streams.
#include "kernel/object/stream.h"

#include "kernel/object/process.h"
#include "kernel/sched/thread.h"
#include "kernel/syscall_table.h"

constexpr u32 STREAM_RIGHTS = RIGHT_WAIT | RIGHT_SIGNAL | RIGHT_MANAGE | RIGHT_DUP | RIGHT_TRANSFER;

err_t sys_stream_create(struct thread *caller, u64 capacity, enum stream_flags flags,
	handle_t *out_first, handle_t *out_second)
{
	bool is_two_way = flags & STREAM_FLAGS_TWO_WAY;
	u32 first_rights = STREAM_RIGHTS | RIGHT_READ | (is_two_way ? RIGHT_WRITE : 0);
	u32 second_rights = STREAM_RIGHTS | RIGHT_WRITE | (is_two_way ? RIGHT_READ : 0);
	struct handle_table *table = &caller->process->handles;
	struct stream *first, *second;
	TRY(stream_create(caller->process->quota, capacity, is_two_way, &first, &second));
	handle_t handle;
	err_t err = handle_install_take(table, &first->object, first_rights, &handle);
	if (err != OK) {
		object_put(&second->object);
		return err;
	}
	err = handle_install_take(table, &second->object, second_rights, out_second);
	if (err == OK)
		*out_first = handle;
	else
		(void)handle_close(table, handle);
	return err;
}

err_t sys_stream_read(struct thread *caller, struct stream *stream, struct user_span data,
	u64 deadline, u64 *out_done, u32 *out_handles)
{
	struct stream_request request = { .data = data, .deadline = deadline };
	TRY(stream_read(stream, caller, &request));
	*out_done = request.done;
	*out_handles = request.handles;
	return OK;
}

err_t sys_stream_write(struct thread *caller, struct stream *stream, struct user_span data,
	u64 deadline, u32 handles, u64 *out_done)
{
	struct stream_request request = { .data = data, .deadline = deadline, .handles = handles };
	TRY(stream_write(stream, caller, &request));
	*out_done = request.done;
	return OK;
}
