// SPDX-License-Identifier: MIT
// memory_map.c - the system calls that change an address space, one's own or a process's that one
// manages: what the handle's rights allow a mapping to do; the work is in kernel/memory/mapping.c.
#include "kernel/memory/space.h"
#include "kernel/object/handle.h"
#include "kernel/object/process.h"
#include "kernel/syscall_table.h"
#include "lib/base/atomic.h"
#include "lib/base/err.h"

// Stays valid until the kernel is left: processes die after a grace period. It may be drained
// meanwhile, and then takes no new mappings.
static err_t space_of(
	struct thread *caller, struct process *_Nullable process, struct space *_Nullable *_Nonnull out)
{
	*out = atomic_load_acquire(&(process ? process : caller->process)->space);
	return *out ? OK : ERR_STATE;
}

static u32 allowed_by(u32 rights)
{
	u32 allowed = 0;
	allowed |= rights & RIGHT_READ ? MAP_FLAGS_READ : 0;
	allowed |= rights & RIGHT_WRITE ? MAP_FLAGS_WRITE : 0;
	allowed |= rights & RIGHT_EXEC ? MAP_FLAGS_EXEC : 0;
	return allowed;
}

// What to map; without memory: a reservation.
struct source {
	struct memory *_Nullable memory;
	u32 rights;
	u32 epoch;
};

static err_t source_find(
	struct thread *caller, struct memory *_Nullable memory, handle_t handle, struct source *out)
{
	*out = (struct source){ .memory = memory };
	if (!memory)
		return OK;
	struct handle_item item;
	TRY(handle_find(&caller->process->handles, handle, &memory->object, &item));
	out->rights = item.rights;
	out->epoch = item.epoch;
	return out->rights & RIGHT_MAP ? OK : ERR_RIGHTS;
}

// The handle may have been revoked while the mapping was made.
static err_t check_epoch(const struct source *source, struct space *space, u64 address, u64 size)
{
	const struct memory *memory = source->memory;
	if (!memory || atomic_load_acquire(&memory->object.epoch) == source->epoch)
		return OK;
	TRY(space_unmap(space, address, size));
	return ERR_REVOKED;
}

err_t sys_memory_map(struct thread *caller, struct process *_Nullable process,
	struct memory *_Nullable memory, handle_t memory_handle, u64 address, u64 size, u64 offset,
	enum map_flags flags, u64 *out_mapped)
{
	struct source source;
	struct space *space;
	TRY(source_find(caller, memory, memory_handle, &source));
	TRY(space_of(caller, process, &space));
	if (flags & MAP_FLAGS_MOVE) {
		*out_mapped = address;
		return memory || flags != MAP_FLAGS_MOVE ? ERR_INVALID
		                                         : space_move(space, offset, size, address);
	}
	TRY(space_map(
		space, memory, address, size, offset, flags, allowed_by(source.rights), out_mapped));
	return check_epoch(&source, space, *out_mapped, size);
}

err_t sys_memory_unmap(
	struct thread *caller, struct process *_Nullable process, u64 address, u64 size)
{
	struct space *space;
	TRY(space_of(caller, process, &space));
	return space_unmap(space, address, size);
}

err_t sys_memory_protect(struct thread *caller, struct process *_Nullable process, u64 address,
	u64 size, enum map_flags flags)
{
	struct space *space;
	TRY(space_of(caller, process, &space));
	if (flags == MAP_FLAGS_DISCARD)
		return space_discard(space, address, size);
	return space_protect(space, address, size, flags);
}
