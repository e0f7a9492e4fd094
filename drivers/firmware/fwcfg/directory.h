// SPDX-License-Identifier: MIT
// directory.h - the list of files that QEMU's firmware device offers (docs/specs/fw_cfg in QEMU):
// big-endian count, then records. Bytes from outside; no hardware here.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN
constexpr u32 FWCFG_FILES_MAX = 256;
struct fwcfg_record { // as the device has it
	u8 size[4], select[2], reserved[2];
	char name[56];
};
static_assert(sizeof(struct fwcfg_record) == 64);
struct fwcfg_file {
	u32 size;
	u16 select;
};
// ERR_NOT_FOUND: no file of this name in the directory.
err_t fwcfg_find(view_t directory, view_t name, struct fwcfg_file *out);
NONNULL_END
