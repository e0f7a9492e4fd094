// SPDX-License-Identifier: MIT
// boot_image.h - the archive of programs that the machine was booted with, for who was given it
// under the name "boot".
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN
// Maps it on first use. ERR_NOT_FOUND: not given; ERR_CORRUPT: not an archive.
err_t boot_image(view_t *out);
// The contents of one file of it, by its path without a leading slash. ERR_NOT_FOUND, ERR_CORRUPT.
err_t boot_file(const char *path, view_t *out);
NONNULL_END
