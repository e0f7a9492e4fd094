// SPDX-License-Identifier: MIT
// check.h - is the ledger of a life before sound?
#pragma once

#include "servers/proc/store.h"

NONNULL_BEGIN
// Indices within bounds, lists that end and agree with the records. After undoing what was cut
// short.
bool store_holds(void);
NONNULL_END
