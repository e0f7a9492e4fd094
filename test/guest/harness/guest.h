// SPDX-License-Identifier: MIT
// guest.h - tests that run as programs inside the guest: a table of named functions, each prints
// `ok NAME` or `not ok NAME: file:line why`. Helpers make the processes, services and memory that
// tests need. A test that fails returns; what it made may stay.
#pragma once

#include "abi/info.h"
#include "abi/rights.h"
#include "abi/signals.h"
#include "lib/base/err.h"
#include "lib/base/time.h"
#include "lib/base/view.h"
#include "lib/os/block.h"
#include "lib/os/call.h"
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "lib/os/thread.h"
#include "os/syscalls.h"

NONNULL_BEGIN

struct guest_test {
	const char *name;
	void (*run)(void);
};

// Runs all, or those whose name contains argument 1. Returns the number that failed.
int guest_run(const struct guest_test *tests, u32 count);
void guest_fail(const char *file, u32 line, const char *what, i64 seen, i64 wanted);

#define CHECK(condition)                                                                           \
	do {                                                                                           \
		if (!(condition)) {                                                                        \
			guest_fail(__FILE__, __LINE__, #condition, 0, 1);                                      \
			return;                                                                                \
		}                                                                                          \
	} while (0)

// Both are integers; an err_t prints as its number.
#define CHECK_EQ(seen, wanted)                                                                     \
	do {                                                                                           \
		i64 seen_ = (i64)(seen), wanted_ = (i64)(wanted);                                          \
		if (seen_ != wanted_) {                                                                    \
			guest_fail(__FILE__, __LINE__, #seen " == " #wanted, seen_, wanted_);                  \
			return;                                                                                \
		}                                                                                          \
	} while (0)
#define CHECK_OK(call) CHECK_EQ(call, OK)
// The same in a process or thread beside the test: its result tells the line that failed.
#define MUST(condition)                                                                            \
	do {                                                                                           \
		if (!(condition))                                                                          \
			return __LINE__;                                                                       \
	} while (0)

// A copy of this process that runs run(argument) and exits with its result. process: owned.
err_t guest_fork(u64 (*run)(u64 argument), u64 argument, handle_t *process);
// Waits for the end of a process within ten seconds and closes it; its exit code.
err_t guest_wait(handle_t process, u64 *code);
// Private memory, mapped readable and writable.
err_t guest_pages(u64 pages, void *_Nullable *_Nonnull out);
// Memory of ours, mapped with these flags (enum map_flags); its address.
err_t guest_map(handle_t memory, u64 size, u32 flags, u64 *address);
// Anonymous memory; the caller owns the handle.
err_t guest_memory(u64 size, handle_t *memory);
// A port and one connection to it with this badge.
struct guest_port {
	handle_t port, connection; // owned
};
err_t guest_port(u64 badge, struct guest_port *out);
void guest_port_close(const struct guest_port *port);
// Waits until the thread waits itself; false after ten seconds.
bool guest_settled(handle_t thread);

// One word at an address that the kernel gave us, or that is meant to fault.
void *_Nullable guest_number(u64 value); // passed as what a thread takes
u64 guest_peek(u64 address);
void guest_poke(u64 address, u64 value);

// Any system call with any arguments, as a fuzzer makes it. All registers may come back changed.
struct guest_answer {
	err_t err;
	u64 first, second;
};
struct guest_answer guest_syscall(u64 number, const u64 *arguments); // six

// What the machine has left: settles what is deferred first.
struct guest_level {
	u64 pages_free, objects, handles_used, pages_used;
};
err_t guest_level(struct guest_level *out);
static inline u64 guest_soon(void) // a deadline ten seconds from now
{
	return clock_read() + 10 * NS_PER_SECOND;
}
static inline u64 guest_after(u64 milliseconds) // a deadline
{
	return clock_read() + milliseconds * NS_PER_MS;
}

NONNULL_END
