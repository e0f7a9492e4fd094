// SPDX-License-Identifier: MIT
// signals.h - the 32 level-triggered event bits that every waitable object has. The low half has
// one meaning everywhere; the high half belongs to whoever serves the object.
#pragma once

#include "abi/types.h"

enum signal : u32 {
	SIGNAL_READABLE = 1u << 0,  // stream: bytes or handles wait; connection: the service says so
	SIGNAL_WRITABLE = 1u << 1,  // stream: there is space
	SIGNAL_HANGUP = 1u << 2,    // the other end is gone for good
	SIGNAL_EXITED = 1u << 3,    // process: ended, and all it held is released; thread: ended
	SIGNAL_SUSPENDED = 1u << 4, // thread: stopped, its registers may be read
	SIGNAL_FAULTED = 1u << 5,   // process, thread: stopped by a fault that nobody handled
	SIGNAL_FIRED = 1u << 6,     // timer: its deadline passed
	SIGNAL_RAISED = 1u << 7,    // interrupt: pending and masked; clearing the bit acknowledges it
	SIGNAL_ALONE = 1u << 8,     // process: one thread is left; connection, bound memory: one handle
	SIGNAL_KERNEL = 0xffff,     // bits that only the kernel changes, but for connections
	SIGNAL_SERVICE = 0xffff0000u,
};
