// SPDX-License-Identifier: MIT
// hardware.h - narrow handles to devices, out of the root resource that init was given.
#pragma once

#include "servers/init/init.h"

NONNULL_BEGIN
// What one line of a service's manifest grants. ERR_NOT_FOUND: this machine has no such thing.
err_t hardware_grant(u32 index, const struct manifest_grant *grant, handle_t *out);
// Rights that go with the handle.
u32 hardware_rights(enum manifest_grant_kind kind);
// "framebuffer=PITCH,WIDTH,HEIGHT,BITS": one argument of who is granted it. Empty: there is none.
view_t hardware_geometry(void);
// One access to an I/O port, for power.c.
err_t hardware_out(u32 port, u32 value, u32 size);
NONNULL_END
