// SPDX-License-Identifier: MIT
// protect.c - mprotect.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/range.h"

i64 call_mprotect(struct posix_thread *self, const struct arguments *arguments)
{
	u64 address = ARG(0), size = ARG(1);
	(void)self;
	if (!is_aligned(address, PAGE_SIZE))
		return -EINVAL;
	if (!size)
		return 0;
	if (!size_to_pages(&size) || !range_is_good(address, size) || address < RANGE_LOW)
		return -ENOMEM;
	err_t err = memory_protect(HANDLE_NONE, address, size, access_of(ARG_U32(2)));
	return err == OK ? 0 : err == ERR_RIGHTS ? -EACCES : -ENOMEM;
}
