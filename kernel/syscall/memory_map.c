// SPDX-License-Identifier: MIT
// memory_map.c - the system calls that change an address space, one's own or a process's that one
// manages: what the handle's rights allow a mapping to do; the work is in kernel/memory/mapping.c.
#include "kernel/memory/space.h"
#include "kernel/object/handle.h"
#include "kernel/object/process.h"
#include "kernel/syscall_table.h"
#include "lib/base/atomic.h"
#include "lib/base/err.h"

static u32 allowed_by(u32 rights)
{
	u32 allowed = 0;
	allowed |= rights & RIGHT_READ ? MAP_FLAGS_READ : 0;
	allowed |= rights & RIGHT_WRITE ? MAP_FLAGS_WRITE : 0;
	allowed |= rights & RIGHT_EXEC ? MAP_FLAGS_EXEC : 0;
	return allowed;
}

// A handle that is revoked while the mapping is made leaves its epoch, and so a dead mapping.
static err_t source_find(struct thread *caller, handle_t handle, struct map_request *request)
{
	struct handle_item item;
	TRY(handle_find(&caller->process->handles, handle, &request->memory->object, &item));
	request->allowed = allowed_by(item.rights);
	request->epoch = item.epoch;
	return item.rights & RIGHT_MAP ? OK : ERR_RIGHTS;
}

err_t sys_memory_map(struct thread *caller, struct process *_Nullable process,
	struct memory *_Nullable memory, handle_t memory_handle, u64 address, u64 size, u64 offset,
	enum map_flags flags, u64 *out_mapped)
{
	struct space *space;
	struct long_call *call = &caller->long_call;
	struct map_request request = { memory, address, size, offset, flags, 0, 0 };
	if (memory)
		TRY(source_find(caller, memory_handle, &request));
	TRY(process_space(process ? process : caller->process, &space));
	err_t error = ERR_INVALID;
	*out_mapped = address;
	if (memory) // its pages are no mapping's alone while another one is made, whoever closes it
		TRY(object_get_handle(&memory->object));
	if (!(flags & MAP_FLAGS_MOVE))
		error = space_map(space, &request, call, out_mapped);
	else if (!memory && flags == MAP_FLAGS_MOVE)
		error = space_move(space, offset, size, address, call);
	if (memory)
		object_put_handle(&memory->object);
	return error;
}

err_t sys_memory_unmap(
	struct thread *caller, struct process *_Nullable process, u64 address, u64 size)
{
	struct space *space;
	TRY(process_space(process ? process : caller->process, &space));
	return space_unmap(space, address, size, &caller->long_call);
}

err_t sys_memory_protect(struct thread *caller, struct process *_Nullable process, u64 address,
	u64 size, enum map_flags flags)
{
	struct space *space;
	struct long_call *call = &caller->long_call;
	TRY(process_space(process ? process : caller->process, &space));
	if (flags == MAP_FLAGS_DISCARD)
		return space_discard(space, address, size, call);
	return space_protect(space, address, size, flags, call);
}
