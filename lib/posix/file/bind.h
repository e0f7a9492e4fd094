// SPDX-License-Identifier: MIT
// bind.h - changing the namespace: what is shown at which place. It is the process's own: children
// inherit it as it is at fork, and nobody else sees a change (docs/book/11-a-posix-process.md).
#pragma once

#include "lib/posix/file/open.h"

NONNULL_BEGIN

// What is at the path from is shown at the path to as well, which has to exist and to be a
// directory when from is one. Both are addresses of the program's. -EBUSY: the root; -EINVAL: to is
// not in a tree (below /proc, /scheme); -ENOTDIR; -ENOSPC: no place in the table.
i64 namespace_bind(struct posix_thread *self, u64 from, u64 to);
// What is shown at a path is no more: what it covered is there again. -EINVAL: nothing is.
i64 namespace_unbind(struct posix_thread *self, u64 path);
// A path that ends in something bound from a place without a table is asked for where that is.
i64 bound_redirect(struct path *path);
// /proc/self/mounts; false: path leads elsewhere. The opening is filled, or error says why not.
bool bound_list(const struct path *path, struct opening *opening, i64 *error);

NONNULL_END
