// SPDX-License-Identifier: MIT
// device.h - devices that the library is itself: null, zero, full, random, urandom.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN
bool device_is_ours(u32 device);
bool device_is_console(u32 device);
NONNULL_END
