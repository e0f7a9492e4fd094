// SPDX-License-Identifier: MIT
// rights.h - what a handle allows. Rights only shrink: a duplicate or a passed handle has a subset.
#pragma once

#include "abi/types.h"

enum rights : u32 {
	RIGHT_READ = 1u << 0,     // read contents (memory, stream) or narrow a resource
	RIGHT_WRITE = 1u << 1,    // change contents
	RIGHT_EXEC = 1u << 2,     // map executable
	RIGHT_MAP = 1u << 3,      // map into an address space
	RIGHT_DUP = 1u << 4,      // duplicate the handle
	RIGHT_TRANSFER = 1u << 5, // pass it in a message or give it to a process
	RIGHT_SIGNAL = 1u << 6,   // set event bits, notify a thread
	RIGHT_WAIT = 1u << 7,     // wait for event bits, bind them to a port
	RIGHT_MANAGE = 1u << 8,   // change the object itself: resize, kill, connect, revoke
	RIGHT_CALL = 1u << 9,     // connection: call
	RIGHT_SERVE = 1u << 10,   // port: receive and bind
	RIGHT_DEBUG = 1u << 11,   // process, thread: read and write memory and registers
	RIGHT_PIN = 1u << 12,     // memory: let a device reach it
	RIGHT_RESIZE = 1u << 13,  // memory: change its length, by memory_write or memory_control
	RIGHTS_ALL = (1u << 14) - 1,
};
