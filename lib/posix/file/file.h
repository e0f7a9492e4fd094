// SPDX-License-Identifier: MIT
// file.h - the process's own part of open files: descriptors, working directory, umask, namespace.
#pragma once

#include "lib/base/view.h"
#include "lib/posix/core/lock.h"

NONNULL_BEGIN

struct file_state {
	struct posix_lock lock;
	u32 umask;
};

NONNULL_END
