// SPDX-License-Identifier: MIT
// handle.c - system calls on handles themselves.
#include "kernel/object/handle.h"

#include "kernel/object/process.h"
#include "kernel/sched/thread.h"
#include "kernel/syscall_table.h"

err_t sys_handle_close(struct thread *caller, struct object *target, handle_t target_handle)
{
	(void)target;
	return handle_close(&caller->process->handles, target_handle);
}

err_t sys_handle_duplicate(struct thread *caller, struct object *source, handle_t source_handle,
	u32 rights, handle_t *out_duplicate)
{
	(void)source;
	return handle_duplicate(&caller->process->handles, source_handle, rights, out_duplicate);
}
