// SPDX-License-Identifier: MIT
// main.c - terminals as their clients see them: tty, and the serial port's driver below it.
#include "test/guest/tty/tty_test.h"

static const struct guest_test tests[] = {
	{ "pty", test_pty },
	{ "modes", test_modes },
	{ "waiting", test_waiting },
	{ "poll", test_poll },
	{ "hangup", test_hangup },
	{ "packets", test_packets },
	{ "jobs", test_jobs },
	{ "serial", test_serial },
	{ "kill_tty", test_kill_tty },
	{ "kill_uart", test_kill_uart },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
