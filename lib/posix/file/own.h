// SPDX-License-Identifier: MIT
// own.h - what the process knows of itself in /proc better than proc does: links to its own open
// files.
#pragma once

#include "lib/posix/file/path.h"

NONNULL_BEGIN
// "self", "thread-self" at the front of a way in /proc become this process's own names.
i64 own_names(struct posix_thread *self, struct path *path);
// The path goes through /proc/OWN/exe, cwd or root: path->text is now where it leads.
bool own_leads_out(struct posix_thread *self, struct path *path);
// The path is /proc/OWN/name.
bool own_is(const struct path *path, view_t name);
// The path is /proc/OWN/fd/N.
bool own_descriptor(const struct path *path, i32 *number);
// Text of /proc/self, /proc/self/fd/N, cwd, root. Its size; -EINVAL: none of these.
i64 own_readlink(struct posix_thread *self, const struct path *path, span_t text);
NONNULL_END
