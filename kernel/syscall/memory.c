// SPDX-License-Identifier: MIT
// memory.c - the system calls on memory objects: who may, and in what range; the work is done in
// kernel/memory/. Mappings: memory_map.c.
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "kernel/object/handle.h"
#include "kernel/object/process.h"
#include "kernel/object/resource.h"
#include "kernel/object/thread_control.h"
#include "kernel/syscall_table.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/checked.h"

constexpr u32 MEMORY_RIGHTS = RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC | RIGHT_MAP | RIGHT_DUP |
                              RIGHT_TRANSFER | RIGHT_SIGNAL | RIGHT_WAIT | RIGHT_MANAGE |
                              RIGHT_PIN | RIGHT_RESIZE;

constexpr usize PORTS_MAX = 64;

static err_t check_rights(
	struct thread *caller, handle_t handle, const struct object *object, u32 rights)
{
	struct handle_item item;
	TRY(handle_find(&caller->process->handles, handle, object, &item));
	return (item.rights & rights) == rights ? OK : ERR_RIGHTS;
}

struct create {
	enum memory_kind kind;
	u64 size;
	u64 base; // of physical memory, key of a pager's
	u32 flags;
};

static err_t create_physical(struct quota *quota, const struct resource *resource,
	const struct create *create, struct memory *_Nullable *_Nonnull out)
{
	u64 start = create->base;
	if (resource->kind != RESOURCE_KIND_ROOT)
		TRY(checked_add(resource->base, create->base, &start));
	TRY(resource_covers(resource, RESOURCE_KIND_PHYSICAL, start, create->size));
	return memory_create_physical(quota, (paddr_t){ start }, create->size, create->flags, out);
}

static err_t create_from(struct quota *quota, const struct create *create, struct object *source,
	struct memory *_Nullable *_Nonnull out)
{
	if (create->kind == MEMORY_KIND_PHYSICAL && source->kind == OBJECT_RESOURCE)
		return create_physical(quota, resource_of(source), create, out);
	if (create->kind == MEMORY_KIND_PAGER && source->kind == OBJECT_PORT && !create->flags)
		return memory_create_pager(quota, create->size, port_of(source), create->base, out);
	return ERR_INVALID;
}

static err_t create_plain(
	struct quota *quota, const struct create *create, struct memory *_Nullable *_Nonnull out)
{
	if (create->kind == MEMORY_KIND_CONTIGUOUS)
		return memory_create_contiguous(quota, create->size, create->flags, out);
	if (create->kind != MEMORY_KIND_ANONYMOUS || create->flags & ~(u32)MEMORY_FLAGS_LARGE)
		return ERR_INVALID;
	TRY(memory_create_anonymous(quota, create->size, out));
	(*out)->flags = (u8)create->flags;
	return OK;
}

err_t sys_memory_create(struct thread *caller, enum memory_kind kind, u64 size,
	struct object *_Nullable source, handle_t source_handle, u64 base, enum memory_flags flags,
	handle_t *out_memory)
{
	struct quota *quota = caller->process->quota;
	struct create create = { kind, size, base, flags };
	struct memory *memory;
	if (source)
		TRY(check_rights(caller, source_handle, source,
			kind == MEMORY_KIND_PAGER ? RIGHT_SERVE : RIGHT_READ | RIGHT_WRITE));
	TRY(source ? create_from(quota, &create, source, &memory)
			   : create_plain(quota, &create, &memory));
	return handle_install_take(
		&caller->process->handles, &memory->object, MEMORY_RIGHTS, out_memory);
}

// The copy is the long call's until it is whole.
err_t sys_memory_clone(
	struct thread *caller, struct memory *memory, u64 offset, u64 size, handle_t *out_clone)
{
	struct long_call *call = &caller->long_call;
	struct clone_work work = { .source = memory, .offset = offset, .done = call->done };
	u64 budget = PART_PAGES;
	if (!size)
		return ERR_RANGE;
	if (call->made)
		work.clone = memory_of(call->made);
	err_t error = memory_clone_part(&work, size, caller->process->quota, &budget);
	*call = (struct long_call){ .done = error == OK ? 0 : work.done };
	if (error == OK)
		return handle_install_take(
			&caller->process->handles, &work.clone->object, MEMORY_RIGHTS, out_clone);
	if (work.clone)
		call->made = &work.clone->object;
	if (error != SYSCALL_MORE)
		long_call_end(call);
	return error;
}

// A range of bytes as pages.
struct range {
	u64 first;
	u64 end;
};

static err_t range_of(u64 offset, u64 size, struct range *out)
{
	u64 end;
	if (!is_aligned(offset | size, PAGE_SIZE))
		return ERR_ALIGNMENT;
	TRY(checked_add(offset, size, &end));
	*out = (struct range){ offset >> PAGE_SHIFT, end >> PAGE_SHIFT };
	return OK;
}

static err_t dirty_next(struct memory *memory, struct range range, u64 *result)
{
	u64 index = memory_dirty_next(memory, range.first, range.end);
	if (index == RADIX_NONE)
		return ERR_NOT_FOUND;
	*result = index << PAGE_SHIFT;
	return OK;
}

static err_t control(struct memory *memory, enum memory_operation operation, struct range range,
	struct long_call *call, u64 *out_result)
{
	switch (operation) {
	case MEMORY_OPERATION_COMMIT: return memory_commit(memory, range.first, range.end);
	case MEMORY_OPERATION_DECOMMIT: return memory_decommit(memory, range.first, range.end, call);
	case MEMORY_OPERATION_DIRTY_NEXT: return dirty_next(memory, range, out_result);
	case MEMORY_OPERATION_CLEAN: return memory_clean(memory, range.first, range.end);
	case MEMORY_OPERATION_FAIL: page_waiters_fail(memory, range.first, range.end); return OK;
	case MEMORY_OPERATION_RENEW: page_waiters_renew(memory); return OK;
	case MEMORY_OPERATION_RESIZE:
	case MEMORY_OPERATION_PUBLISH: break; // not of ranges
	}
	never_reached();
}

static err_t publish(struct thread *caller, struct memory *memory, u64 offset, u64 handle)
{
	struct object *table = nullptr;
	if (handle)
		TRY(handle_lookup(caller, handle, OBJECT_MEMORY, RIGHT_MANAGE, &table));
	return memory_publish(memory, table ? memory_of(table) : nullptr, offset);
}

err_t sys_memory_control(struct thread *caller, struct memory *memory, handle_t memory_handle,
	enum memory_operation operation, u64 offset, u64 size, u64 *out_result)
{
	struct range range;
	*out_result = operation == MEMORY_OPERATION_PUBLISH ? object_handles(&memory->object) : 0;
	bool is_resize = operation == MEMORY_OPERATION_RESIZE;
	if (!is_resize || check_rights(caller, memory_handle, &memory->object, RIGHT_RESIZE) != OK)
		TRY(check_rights(caller, memory_handle, &memory->object, RIGHT_MANAGE));
	if (is_resize)
		return memory_resize(memory, offset);
	if (operation == MEMORY_OPERATION_PUBLISH)
		return publish(caller, memory, offset, size);
	TRY(range_of(offset, size, &range));
	return control(memory, operation, range, &caller->long_call, out_result);
}

err_t sys_memory_supply(struct thread *caller, struct memory *memory, u64 offset, u64 size,
	struct memory *source, u64 source_offset)
{
	(void)caller;
	struct range to, from;
	TRY(range_of(offset, size, &to));
	TRY(range_of(source_offset, size, &from));
	return memory_supply(memory, to.first, to.end - to.first, source, from.first);
}

// I/O ports: reading takes one byte of each from base on; writing takes pairs of a port, counted
// from base, and a byte. All of it is done or nothing: a driver that is killed finds in its own
// memory, or in a register that it wrote last, whether it was. So nothing can fail after the first.
static err_t ports_transfer(
	const struct resource *resource, u64 base, struct user_span data, bool to_ports, u64 *done)
{
	u8 bytes[PORTS_MAX] = {};
	u32 result;
	if (data.size > sizeof bytes || base > UINT16_MAX || (to_ports && data.size % 2))
		return ERR_RANGE;
	TRY(to_ports ? user_copy_in(bytes, data.address, data.size)
				 : user_copy_out(data.address, bytes, data.size));
	usize step = to_ports ? 2 : 1;
	for (usize i = 0; i < data.size; i += step)
		TRY(resource_covers(
			resource, RESOURCE_KIND_PORTS, base + (to_ports ? AT(bytes, i) : i), 1));
	for (usize i = 0; i < data.size; i += step) {
		u16 port = (u16)(base + (to_ports ? AT(bytes, i) : i));
		TRY(port_access(port, to_ports ? IO_OPERATION_WRITE8 : IO_OPERATION_READ8,
			to_ports ? AT(bytes, i + 1) : 0, &result));
		if (!to_ports)
			AT(bytes, i) = (u8)result;
	}
	*done = data.size;
	return to_ports ? OK : user_copy_out(data.address, bytes, data.size);
}

// Between the caller's buffer and another process that it may debug, or ports.
static err_t transfer(struct thread *caller, struct object *other, handle_t handle,
	struct space_copy *copy, u64 *done)
{
	if (other->kind == OBJECT_RESOURCE)
		return ports_transfer(resource_of(other), copy->address, copy->mine, copy->to_other, done);
	if (other->kind != OBJECT_PROCESS)
		return ERR_WRONG_TYPE;
	TRY(check_rights(caller, handle, other, RIGHT_DEBUG));
	TRY(process_space(process_of(other), &copy->other));
	err_t error = space_copy(copy);
	*done = copy->done;
	return error;
}

err_t sys_memory_read(struct thread *caller, struct object *source, handle_t source_handle,
	u64 offset, struct user_span data, u64 *out_done)
{
	if (source->kind == OBJECT_MEMORY)
		return memory_read_user(memory_of(source), offset, data, out_done);
	struct space_copy copy = { .address = offset, .mine = data, .is_waiting = true };
	return transfer(caller, source, source_handle, &copy, out_done);
}

err_t sys_memory_write(struct thread *caller, struct object *target, handle_t target_handle,
	u64 offset, struct user_span data, u64 *out_done)
{
	if (target->kind != OBJECT_MEMORY) {
		struct space_copy copy = {
			.address = offset, .mine = data, .to_other = true, .is_waiting = true
		};
		return transfer(caller, target, target_handle, &copy, out_done);
	}
	struct memory_write write = {
		.from = data,
		.offset = offset,
		.may_grow = check_rights(caller, target_handle, target, RIGHT_RESIZE) == OK,
	};
	TRY(memory_write_user(memory_of(target), &write, out_done));
	if (write.is_append)
		atomic_store_relaxed(&caller->block->append_end, write.offset + *out_done);
	return OK;
}
