// SPDX-License-Identifier: MIT
// terminal.c - controlling terminals: which session has which, which group is in the foreground.
// tty is told; it never asks (docs/decisions/019).
#include "servers/proc/operations.h"

void session_end(struct process *leader)
{
	(void)leader;
}
