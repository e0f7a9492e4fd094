// SPDX-License-Identifier: MIT
// meeting.c - see meeting.h.
#include "lib/posix/event/meeting.h"

#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

constexpr u32 TRIES = 4;

static err_t ask(proc_t proc, const struct meeting *meeting, handle_t *out)
{
	if (meeting->abstract)
		return proc_meeting_abstract(proc, meeting->abstract, out);
	return proc_meeting(proc, meeting->inode, meeting->generation, meeting->entry, meeting->flags,
		meeting->is_own, out);
}

i64 meeting_reach(const struct meeting *meeting, meet_t *out)
{
	proc_t proc = { posix_self()->identity.connection };
	err_t err = ask(proc, meeting, &out->handle);
	return err == ERR_UNSUPPORTED ? -ENXIO : posix_error(err);
}

void meeting_leave(meet_t grant)
{
	(void)handle_close(grant.handle);
}

bool meeting_again(err_t err, u32 *tries)
{
	return err == ERR_STATE && ++*tries < TRIES;
}
