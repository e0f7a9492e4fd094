// SPDX-License-Identifier: MIT
// tty_test.h - services under test, as the supervisor would run them: a port and a ledger that
// outlive them, and their handles (docs/decisions/015); and short ways to the tty protocol.
#pragma once

#include "ifc/tty.h"
#include "lib/os/spawn.h"
#include "test/guest/harness/guest.h"

NONNULL_BEGIN

struct service {
	struct spawn spawn;
	const char *path; // in the boot image
	handle_t port, ledger, process;
	u32 lives;
};

extern struct service uart, ps2, console, tty;
extern tty_t opener; // what opens terminals

// Makes port and ledger; then give handles by spawn_give, then service_start.
err_t service_make(struct service *service, const char *path, u64 ledger_size);
err_t service_start(struct service *service);
err_t service_kill(struct service *service); // and waits for its end; the next start inherits
err_t service_call(struct service *user, const char *name, struct service *provider, u64 badge);
bool tty_ready(void); // all that the tests need runs

// One end of a terminal.
err_t terminal_open(u32 device, tty_t *out, u32 *number);
err_t pty_open(tty_t *master, tty_t *slave);
err_t put(tty_t end, view_t bytes);
// Reads until that many bytes are there, and compares them.
bool arrives(tty_t end, view_t wanted);
bool has_nothing(tty_t end); // a read that does not wait would have to
err_t control(tty_t end, u32 code, u64 argument, view_t in, span_t out);
// timing: VMIN << 8 | VTIME.
err_t set_local(tty_t end, u32 input, u32 output, u32 local, u32 timing);
bool has_bits(tty_t end, u32 set, u32 clear); // of the connection; waits a little
u64 next_serial(void);

void test_pty(void);
void test_modes(void);
void test_waiting(void);
void test_poll(void);
void test_hangup(void);
void test_packets(void);
void test_jobs(void);
void test_serial(void);
void test_kill_tty(void);
void test_kill_uart(void);

NONNULL_END
