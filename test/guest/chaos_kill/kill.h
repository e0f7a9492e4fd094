// SPDX-License-Identifier: MIT
// kill.h - the service that is killed, the calls that are made, and what was seen of both.
#pragma once

#include "test/guest/harness/chaos.h"

NONNULL_BEGIN

enum operation : u16 {
	OPERATION_ANSWER = 1, // at once
	OPERATION_SAVE,       // saved, then answered
	OPERATION_LATER,      // saved, answered by another thread
	OPERATION_LEASE,      // reads and writes what was lent, again and again, then answers
	OPERATION_TAKE,       // handles come with the call
	OPERATION_GIVE,       // handles go with the answer
	OPERATION_DROP,       // saved, and the reply handle closed
	OPERATION_COUNT,
};

// Where an instance of the service stops for ever, to be killed there.
enum stop : u32 {
	STOP_NEVER,
	STOP_TAKEN,
	STOP_SAVED,
	STOP_LEASING, // does not stop, but leases for ever
	STOP_HANDLES, // took handles, before its answer
	STOP_ANSWERED,
};

struct kill_shared {                  // written by the forked processes
	u32 stage;                        // atomic: how far the stopping instance came
	u32 calls;                        // atomic: answered right
	u32 restarted;                    // atomic: answered with ERR_RESTARTED
	u32 wrong;                        // atomic: all else
	u32 is_over;                      // atomic: clients stop
	i64 first_wrong, first_operation; // for people
	u32 progress[16];                 // atomic: of each client
};
extern struct kill_shared *shared;

// Runs the service until it is killed. Never returns but for a broken port.
u64 service_run(handle_t port, enum stop stop);
// One call with this serial number; checks the answer. OK, ERR_CORRUPT: wrong answer, or the error.
err_t service_call(handle_t connection, enum operation operation, u64 serial, bool is_idempotent);
void kill_wrong(enum operation operation, i64 what);

// steps.c, storm.c
void kill_service_plain(void), kill_service_idempotent(void), kill_caller(void);
void kill_reply_dropped(void), kill_twice(void);
void kill_random(void);

NONNULL_END
