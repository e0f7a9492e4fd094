// SPDX-License-Identifier: MIT
// barrier.c - membarrier: other threads have passed a barrier when it comes back, without having
// called anything. Of this process: a page that is unmapped makes the kernel interrupt each
// processor that runs in this address space, and wait until it has forgotten the page, which
// serializes it; one that comes to this space later loads its tables, which does so too. Of all
// processes: this thread runs on each processor in turn, so that who ran there was switched away.
#include "abi/info.h"
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user_copy.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

enum command : u32 {
	COMMAND_QUERY = 0,
	COMMAND_GLOBAL = 1,
	COMMAND_GLOBAL_EXPEDITED = 2,
	COMMAND_REGISTER_GLOBAL = 4,
	COMMAND_PRIVATE = 8,
	COMMAND_REGISTER_PRIVATE = 16,
	COMMAND_PRIVATE_CORE = 32, // instructions that were changed are seen, too
	COMMAND_REGISTER_PRIVATE_CORE = 64,
	COMMANDS_ALL = 127,
};

constexpr u32 PROCESSORS_MAX = 64;

// One processor and one thread, or many: the page is present, so it must be forgotten.
static i64 barrier_private(void)
{
	struct area_state *areas = &posix_self()->areas;
	u64 mapped;
	u32 flags = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED;
	posix_lock_take(&areas->lock);
	err_t err = map_zeros(BARRIER_PAGE, PAGE_SIZE, flags, &mapped);
	if (err == OK) {
		(void)user_store(BARRIER_PAGE, 1);
		err = memory_unmap(HANDLE_NONE, BARRIER_PAGE, PAGE_SIZE);
	}
	posix_lock_give(&areas->lock);
	atomic_fence_seq_cst();
	return err == OK ? 0 : -ENOMEM;
}

// False: there is no such processor. Said again each time: another thread may say otherwise.
static bool run_on(u32 processor)
{
	struct thread_info info = { .cpu = UINT32_MAX };
	u64 result, size, mask = (u64)1 << processor;
	u32 observed;
	while (info.cpu != processor) {
		if (thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, mask, 0, &result) != OK)
			return false;
		(void)object_wait(HANDLE_NONE, 0, 0, &observed); // yields, and moves
		if (handle_info(HANDLE_NONE, INFO_TOPIC_THREAD, span_of(info), &size) != OK)
			return false;
	}
	return true;
}

static i64 barrier_global(const struct posix_thread *self)
{
	u64 result, mask = self->affinity ? self->affinity : UINT64_MAX;
	for (u32 i = 0; i < PROCESSORS_MAX && run_on(i); i++)
		;
	(void)thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, mask, 0, &result);
	atomic_fence_seq_cst();
	return 0;
}

static i64 barrier_registered(u32 command)
{
	bool is_registered = atomic_load_relaxed(&posix_self()->areas.barriers) & command;
	return is_registered ? barrier_private() : -EPERM;
}

i64 call_membarrier(struct posix_thread *self, const struct arguments *arguments)
{
	u32 *registered = &posix_self()->areas.barriers;
	if (ARG_U32(1))
		return -EINVAL;
	switch ((enum command)ARG_U32(0)) {
	case COMMAND_QUERY: return COMMANDS_ALL;
	case COMMAND_GLOBAL:
	case COMMAND_GLOBAL_EXPEDITED: return barrier_global(self);
	case COMMAND_REGISTER_GLOBAL:
	case COMMAND_REGISTER_PRIVATE:
	case COMMAND_REGISTER_PRIVATE_CORE: atomic_or_relaxed(registered, ARG_U32(0)); return 0;
	case COMMAND_PRIVATE: return barrier_registered(COMMAND_REGISTER_PRIVATE);
	case COMMAND_PRIVATE_CORE: return barrier_registered(COMMAND_REGISTER_PRIVATE_CORE);
	case COMMANDS_ALL: break;
	}
	return -EINVAL;
}
