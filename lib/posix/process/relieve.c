// SPDX-License-Identifier: MIT
// relieve.c - memory was refused. proc knows whether that is so for all programs; then the biggest
// of them ends, and what was refused can be tried again.
#include "lib/base/time.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/process/process_local.h"
#include "os/syscalls.h"

constexpr u64 END_NS = 10 * NS_PER_MS; // what ended takes a moment to give its memory back

bool process_relieved(void)
{
	u32 observed;
	if (!process_self()->connection.raw || proc_relieve(process_proc()) != OK)
		return false;
	(void)object_wait(HANDLE_NONE, 0, posix_clock() + END_NS, &observed);
	return true;
}
