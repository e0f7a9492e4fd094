// SPDX-License-Identifier: MIT
// leak.h - the steps: each makes something and ends it.
#pragma once

#include "test/guest/harness/chaos.h"

NONNULL_BEGIN

typedef err_t leak_step(u64 round);

// objects.c
leak_step port_step, connection_step, timer_step, stream_step, memory_step, pager_step,
	contiguous_step, physical_step, quota_step, resource_step, interrupt_step, domain_step,
	process_step, duplicate_step, revoke_step;
// ties.c
leak_step bind_step, bind_fired_step, hangup_step, parcel_step, parcel_nested_step, cycle_step,
	call_step, call_saved_step, call_handles_step;
// processes.c
leak_step fork_step, fork_deep_step, fork_fault_step, fork_killed_step, thread_step,
	thread_killed_step, program_step, give_step, replace_step;
// spaces.c
leak_step map_step, map_parts_step, clone_step, reserve_step, shared_step, resize_step, supply_step;

NONNULL_END
