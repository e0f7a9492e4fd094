// SPDX-License-Identifier: MIT
// err.c - names of the error numbers. A switch and not a table: the compiler then tells us when
// abi/errors.h has grown.
#include "lib/base/err.h"

const char *err_name(err_t err)
{
	switch (err) {
	case OK: return "OK";
	case ERR_INVALID: return "ERR_INVALID";
	case ERR_BAD_HANDLE: return "ERR_BAD_HANDLE";
	case ERR_WRONG_TYPE: return "ERR_WRONG_TYPE";
	case ERR_RIGHTS: return "ERR_RIGHTS";
	case ERR_REVOKED: return "ERR_REVOKED";
	case ERR_FAULT: return "ERR_FAULT";
	case ERR_RANGE: return "ERR_RANGE";
	case ERR_NO_MEMORY: return "ERR_NO_MEMORY";
	case ERR_QUOTA: return "ERR_QUOTA";
	case ERR_TIMED_OUT: return "ERR_TIMED_OUT";
	case ERR_INTERRUPTED: return "ERR_INTERRUPTED";
	case ERR_CANCELLED: return "ERR_CANCELLED";
	case ERR_CLOSED: return "ERR_CLOSED";
	case ERR_RESTARTED: return "ERR_RESTARTED";
	case ERR_GONE: return "ERR_GONE";
	case ERR_WOULD_BLOCK: return "ERR_WOULD_BLOCK";
	case ERR_EXISTS: return "ERR_EXISTS";
	case ERR_NOT_FOUND: return "ERR_NOT_FOUND";
	case ERR_UNSUPPORTED: return "ERR_UNSUPPORTED";
	case ERR_BUSY: return "ERR_BUSY";
	case ERR_STATE: return "ERR_STATE";
	case ERR_TOO_BIG: return "ERR_TOO_BIG";
	case ERR_CORRUPT: return "ERR_CORRUPT";
	case ERR_PAGE_NEEDED: return "ERR_PAGE_NEEDED";
	case ERR_LEVEL: return "ERR_LEVEL";
	case ERR_DEPTH: return "ERR_DEPTH";
	case ERR_UNKNOWN_CALL: return "ERR_UNKNOWN_CALL";
	case ERR_ALIGNMENT: return "ERR_ALIGNMENT";
	case ERR_DEVICE: return "ERR_DEVICE";
	case ERR_IO: return "ERR_IO";
	}
	return "ERR_?";
}
