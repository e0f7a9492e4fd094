// SPDX-License-Identifier: MIT
// deliver.c - the way out of the library when something is to be done.
#include "lib/posix/core/entry.h"
#include "lib/posix/core/log.h"

void posix_leave(struct posix_thread *self)
{
	self->slow = 0;
}

void posix_interrupted(struct posix_thread *self)
{
	(void)self;
}

[[noreturn]] void posix_library_fault(struct posix_thread *self)
{
	posix_log("fault %lu at %lx, instruction %lx", self->block.frame.cause,
		self->block.frame.address, self->block.frame.instruction);
	posix_bug("fault");
}
