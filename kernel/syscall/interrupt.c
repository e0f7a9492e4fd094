// SPDX-License-Identifier: MIT
// interrupt.c - taking an interrupt needs a resource that covers its line; messages, whose vectors
// are the kernel's to choose, need any resource of the kind.
#include "kernel/object/interrupt.h"

#include "kernel/object/process.h"
#include "kernel/object/resource.h"
#include "kernel/sched/thread.h"
#include "kernel/syscall_table.h"

constexpr u32 INTERRUPT_RIGHTS =
	RIGHT_WAIT | RIGHT_SIGNAL | RIGHT_MANAGE | RIGHT_DUP | RIGHT_TRANSFER;

static err_t check(const struct resource *resource, u32 number, enum interrupt_flags flags)
{
	if (!(flags & INTERRUPT_FLAGS_MESSAGE))
		return resource_covers(resource, RESOURCE_KIND_INTERRUPTS, number, 1);
	if (number || flags != INTERRUPT_FLAGS_MESSAGE)
		return ERR_INVALID;
	bool is_allowed =
		resource->kind == RESOURCE_KIND_INTERRUPTS || resource->kind == RESOURCE_KIND_ROOT;
	return is_allowed ? OK : ERR_RANGE;
}

err_t sys_interrupt_create(struct thread *caller, struct resource *resource, u32 number,
	enum interrupt_flags flags, handle_t *out_interrupt, u64 *out_route)
{
	struct interrupt *interrupt;
	TRY(check(resource, number, flags));
	TRY(interrupt_create(caller->process->quota, number, flags, &interrupt, out_route));
	err_t err = handle_install(
		&caller->process->handles, &interrupt->object, INTERRUPT_RIGHTS, out_interrupt);
	if (err != OK)
		interrupt_detach(interrupt); // now, so that a repeated call finds the line free
	object_put(&interrupt->object);
	return err;
}
