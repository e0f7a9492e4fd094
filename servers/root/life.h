// SPDX-License-Identifier: MIT
// life.h - runs the first program to its end; the supervisor over as many lives as it takes.
#pragma once

#include "lib/os/spawn.h"

NONNULL_BEGIN
// Once. code: as spawn_wait has it.
err_t life_run(struct spawn *spawn, u64 *code);
// Until it ends by itself, or dies more often than makes sense: each life after the first inherits
// the handles of the one before.
err_t life_run_kept(struct spawn *spawn, u64 *code);
NONNULL_END
