// SPDX-License-Identifier: MIT
// places.h - how a file that a process has open or mapped is called, as the tables of the root file
// system say it now.
#pragma once

#include "lib/posix/memory/area.h"

NONNULL_BEGIN

struct process; // store.h

// Before a text: of its files that were renamed only so many are searched for.
void places_begin(void);
// Its path, in room; "(deleted)" if it has no name any more. Empty: nobody knows.
view_t place_name(const struct process *process, const struct area_file *file, span_t room);

NONNULL_END
