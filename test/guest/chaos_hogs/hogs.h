// SPDX-License-Identifier: MIT
// hogs.h - the greedy programs, and the one that must go on beside them.
#pragma once

#include "test/guest/harness/chaos.h"

NONNULL_BEGIN

// hogs.c: runs the hog of this name until the time is over. The exit code.
int hog_run(const char *kind, u64 milliseconds);

// timing.c
struct timing {
	handle_t port, connection, service, timer;
	u64 rounds, worst_wake_ns, worst_call_ns, total_wake_ns;
};
err_t timing_begin(struct timing *timing);
err_t timing_measure(struct timing *timing, u64 milliseconds); // from zero
err_t timing_end(struct timing *timing);

NONNULL_END
