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

constexpr u32 LIVES_MAX = 20; // in WINDOW_NS
constexpr u64 WINDOW_NS = 10 * NS_PER_SECOND;

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
	u64 window = 0;
	for (u32 lives = 0;; lives++) {
		struct process_info info = {};
		handle_t process;
		u64 size;
		TRY(begin(spawn, dead, &process));
		TRY(spawn_wait(process, DEADLINE_NEVER, code));
		TRY(handle_info(process, INFO_TOPIC_PROCESS, span_of(info), &size));
		if (info.exit_reason == EXIT_RETURNED && info.exit_code & ROOT_SYSTEM_END) {
			*code = info.exit_code & 0xff;
			return OK;
		}
		if (clock_read() - window > WINDOW_NS) {
			window = clock_read();
			lives = 0;
		}
		if (lives >= LIVES_MAX)
			return OK;
		dead = process;
	}
}
