// SPDX-License-Identifier: MIT
// err.c - names of the error numbers of abi/errors.h.
#include "lib/base/err.h"

#include "lib/base/view.h"

static const char *const names[] = {
	[-OK] = "OK",
	[-ERR_INVALID] = "ERR_INVALID",
	[-ERR_BAD_HANDLE] = "ERR_BAD_HANDLE",
	[-ERR_WRONG_TYPE] = "ERR_WRONG_TYPE",
	[-ERR_RIGHTS] = "ERR_RIGHTS",
	[-ERR_REVOKED] = "ERR_REVOKED",
	[-ERR_FAULT] = "ERR_FAULT",
	[-ERR_RANGE] = "ERR_RANGE",
	[-ERR_NO_MEMORY] = "ERR_NO_MEMORY",
	[-ERR_QUOTA] = "ERR_QUOTA",
	[-ERR_TIMED_OUT] = "ERR_TIMED_OUT",
	[-ERR_INTERRUPTED] = "ERR_INTERRUPTED",
	[-ERR_CANCELLED] = "ERR_CANCELLED",
	[-ERR_CLOSED] = "ERR_CLOSED",
	[-ERR_RESTARTED] = "ERR_RESTARTED",
	[-ERR_GONE] = "ERR_GONE",
	[-ERR_WOULD_BLOCK] = "ERR_WOULD_BLOCK",
	[-ERR_EXISTS] = "ERR_EXISTS",
	[-ERR_NOT_FOUND] = "ERR_NOT_FOUND",
	[-ERR_UNSUPPORTED] = "ERR_UNSUPPORTED",
	[-ERR_BUSY] = "ERR_BUSY",
	[-ERR_STATE] = "ERR_STATE",
	[-ERR_TOO_BIG] = "ERR_TOO_BIG",
	[-ERR_CORRUPT] = "ERR_CORRUPT",
	[-ERR_PAGE_NEEDED] = "ERR_PAGE_NEEDED",
	[-ERR_LEVEL] = "ERR_LEVEL",
	[-ERR_DEPTH] = "ERR_DEPTH",
	[-ERR_UNKNOWN_CALL] = "ERR_UNKNOWN_CALL",
	[-ERR_ALIGNMENT] = "ERR_ALIGNMENT",
	[-ERR_DEVICE] = "ERR_DEVICE",
	[-ERR_IO] = "ERR_IO",
};

const char *err_name(err_t err)
{
	if (err > OK || err <= -(i32)COUNT(names))
		return "ERR_?";
	return AT(names, (usize)-err);
}
