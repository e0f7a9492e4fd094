// SPDX-License-Identifier: MIT
// life.c - see life.h. What the supervisor knows stands in a ledger, what it holds in its handle
// table; both outlive its process (docs/decisions/015, 020), so that the root need know nothing.
#include "servers/root/life.h"

#include "abi/info.h"
#include "abi/root.h"
#include "abi/signals.h"
#include "lib/base/time.h"
#include "lib/os/process.h"
#include "os/syscalls.h"

constexpr u32 SHORT_LIVES_MAX = 20; // one after the other: it will not come up
constexpr u64 SHORT_NS = 10 * NS_PER_MS;

err_t life_run(struct spawn *spawn, u64 *code)
{
	handle_t process;
	TRY(spawn_start(spawn, &process));
	return spawn_wait(process, DEADLINE_NEVER, code);
}

static err_t begin(struct spawn *spawn, handle_t dead, handle_t *process)
{
	TRY(process_create(spawn->quota, spawn->identity, spawn->level, process));
	if (dead.raw) {
		TRY(process_control(*process, PROCESS_OPERATION_INHERIT, dead.raw, 0));
		TRY(handle_close(dead));
	}
	TRY(process_control(*process, PROCESS_OPERATION_KEEP_HANDLES, 1, 0));
	spawn->process = *process;
	spawn->former = spawn->self;
	return spawn_start(spawn, process);
}

err_t life_run_kept(struct spawn *spawn, u64 *code)
{
	handle_t dead = HANDLE_NONE;
	for (u32 short_lives = 0; short_lives < SHORT_LIVES_MAX;) {
		struct process_info info = {};
		u64 start = clock_read();
		handle_t process;
		u64 size;
		TRY(begin(spawn, dead, &process));
		TRY(spawn_wait(process, DEADLINE_NEVER, code));
		TRY(handle_info(process, INFO_TOPIC_PROCESS, span_of(info), &size));
		if (info.exit_reason == EXIT_RETURNED && info.exit_code & ROOT_SYSTEM_END) {
			*code = info.exit_code & 0xff;
			return OK;
		}
		short_lives = clock_read() - start < SHORT_NS ? short_lives + 1 : 0;
		dead = process;
	}
	return OK;
}
