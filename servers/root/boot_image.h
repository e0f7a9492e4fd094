// SPDX-License-Identifier: MIT
// boot_image.h - the cpio archive that the loader brought along, mapped read-only.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN
err_t boot_image_open(void); // says on the console what is wrong
// The last file of this name. ERR_NOT_FOUND; ERR_CORRUPT (after saying why): the archive is
// damaged.
err_t boot_image_find(view_t path, view_t *out);
NONNULL_END
