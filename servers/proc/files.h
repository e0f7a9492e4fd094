// SPDX-License-Identifier: MIT
// files.h - /proc by the file protocol (ifc/file.ifc), on the same port.
#pragma once

#include "lib/os/service.h"

NONNULL_BEGIN
// A connection to an open file: bit 62, the node in the low half, its extra number above.
constexpr u64 FILE_BADGE = 1ull << 62;
// False: the call is none of this protocol. *is_answered: message holds the answer.
bool files_serve(struct message *message, bool *is_answered);
NONNULL_END
