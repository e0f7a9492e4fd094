// SPDX-License-Identifier: MIT
// resource.c - deriving resources, I/O ports, the debug console.
#include "kernel/object/resource.h"

#include "kernel/arch/arch.h"
#include "kernel/memory/frame.h"
#include "kernel/object/process.h"
#include "kernel/sched/thread.h"
#include "kernel/syscall_table.h"
#include "lib/base/err.h"

constexpr u32 RESOURCE_RIGHTS =
	RIGHT_READ | RIGHT_WRITE | RIGHT_MANAGE | RIGHT_DUP | RIGHT_TRANSFER;

err_t sys_resource_derive(struct thread *caller, struct resource *resource, enum resource_kind kind,
	u64 base, u64 size, handle_t *out_derived)
{
	struct handle_table *table = &caller->process->handles;
	struct handle_item item;
	struct resource *derived;
	if (!size)
		return ERR_RANGE;
	TRY(resource_covers(resource, kind, base, size));
	// What it allows is no more than what the handle it came from allows.
	handle_t handle = { (u32)registers_argument(&caller->registers, 0) };
	TRY(handle_find(table, handle, &resource->object, &item));
	u32 rights = RESOURCE_RIGHTS & (item.rights | RIGHT_MANAGE);
	TRY(resource_create(caller->process->quota, kind, base, size, &derived));
	return handle_install_take(table, &derived->object, rights, out_derived);
}

static u32 width_of(enum io_operation operation)
{
	switch (operation) {
	case IO_OPERATION_READ8:
	case IO_OPERATION_WRITE8: return 1;
	case IO_OPERATION_READ16:
	case IO_OPERATION_WRITE16: return 2;
	case IO_OPERATION_READ32:
	case IO_OPERATION_WRITE32: return 4;
	}
	return 0;
}

err_t sys_resource_io(struct thread *caller, struct resource *resource, u32 port,
	enum io_operation operation, u32 value, u32 *out_result)
{
	(void)caller;
	TRY(resource_covers(resource, RESOURCE_KIND_PORTS, port, width_of(operation)));
	return port_access((u16)port, operation, value, out_result);
}

// All of the text is in the kernel before any of it is shown: the copy may have to be done again.
err_t sys_console_write(struct thread *caller, struct resource *console, struct user_span text)
{
	(void)caller;
	TRY(resource_covers(console, RESOURCE_KIND_CONSOLE, 0, 1));
	if (text.size > PAGE_SIZE)
		return ERR_RANGE;
	paddr_t frame;
	TRY(frame_alloc(0, FRAME_KERNEL, &frame));
	void *page = frame_address(frame);
	err_t err = user_copy_in(page, text.address, text.size);
	if (err == OK)
		console_put(view_from(page, text.size));
	frame_free(frame, 0);
	return err;
}
