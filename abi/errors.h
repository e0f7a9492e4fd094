// SPDX-License-Identifier: MIT
// errors.h - the one error type of the whole system. OK is zero, errors are negative, so that a
// register can carry either. A number, once given, is never reused.
#pragma once

#include "abi/types.h"

enum [[nodiscard]] err : i32 {
	OK = 0,
	ERR_INVALID = -1,       // an argument has a value that the call does not define
	ERR_BAD_HANDLE = -2,    // no such handle: never made, closed, or its slot was reused
	ERR_WRONG_TYPE = -3,    // the handle names another kind of object
	ERR_RIGHTS = -4,        // the handle lacks a right that the call needs
	ERR_REVOKED = -5,       // the object's owner revoked this handle
	ERR_FAULT = -6,         // a pointer does not lead to memory usable in this way
	ERR_RANGE = -7,         // offset or length outside the object
	ERR_NO_MEMORY = -8,     // the machine has no page left
	ERR_QUOTA = -9,         // the quota that would be charged is exhausted
	ERR_TIMED_OUT = -10,    // the deadline passed first
	ERR_INTERRUPTED = -11,  // a notification ended the wait
	ERR_CANCELLED = -12,    // the call was cancelled and the service gave it up
	ERR_CLOSED = -13,       // nobody is, or can come to be, at the other end
	ERR_RESTARTED = -14,    // the service died with the call in hand; it may have happened
	ERR_GONE = -15,         // the caller no longer waits for this reply
	ERR_WOULD_BLOCK = -16,  // nothing there now, and the caller asked not to wait
	ERR_EXISTS = -17,       // it is already there
	ERR_NOT_FOUND = -18,    // no such thing
	ERR_UNSUPPORTED = -19,  // this machine or this protocol version cannot do it
	ERR_BUSY = -20,         // in use by another
	ERR_STATE = -21,        // the object is not in a state that allows this
	ERR_TOO_BIG = -22,      // larger than the protocol allows
	ERR_CORRUPT = -23,      // the data is damaged or was never of this format
	ERR_PAGE_NEEDED = -24,  // lent memory is not present: touch it and repeat the call
	ERR_LEVEL = -25,        // the call would go up or sideways in the levels
	ERR_DEPTH = -26,        // too many nested calls
	ERR_UNKNOWN_CALL = -27, // no such system call, or no such operation in the protocol
	ERR_ALIGNMENT = -28,    // not aligned as the call demands
	ERR_DEVICE = -29,       // the device failed or answered nonsense
	ERR_IO = -30,           // reading or writing the medium failed
	// Of names and files:
	ERR_NOT_DIRECTORY = -31, // a part of the path is something else
	ERR_IS_DIRECTORY = -32,  // it is one, and this call is not for directories
	ERR_NOT_EMPTY = -33,     // the directory has entries
	ERR_LOOP = -34,          // too many symbolic links on the way
	ERR_NO_SPACE = -35,      // the medium, or what it may use, is full
	ERR_READ_ONLY = -36,     // nothing on this medium can be changed
	ERR_CROSS_DEVICE = -37,  // the two names are on different media
	ERR_NOT_OWNER = -38,     // only its owner, or a privileged process, may do that
	ERR_BACKGROUND = -39,    // the terminal belongs to another process group
};
typedef enum err err_t;
