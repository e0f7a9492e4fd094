// SPDX-License-Identifier: MIT
// scheme.h - places whose server has no table (ifc/file.ifc): /proc, /scheme/NAME. Each walk is one
// call with the whole way.
#pragma once

#include "lib/posix/file/path.h"
#include "lib/posix/linux/stat.h"

NONNULL_BEGIN
i64 scheme_open(struct posix_thread *self, const struct path *path, u32 flags, u32 mode);
i64 scheme_stat(
	struct posix_thread *self, const struct path *path, u32 flags, struct linux_stat *out);
// The text of a link; its size.
i64 scheme_readlink(struct posix_thread *self, const struct path *path, span_t text);
NONNULL_END
