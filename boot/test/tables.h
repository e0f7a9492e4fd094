// SPDX-License-Identifier: MIT
// tables.h - walks the page tables that the loader built and counts what breaks the promises.
#pragma once

#include "boot/boot_info.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

struct tables_count {
	u32 identity_pages; // mapped in the lower half
	u32 bad_identity;   // in the lower half, but not the trampoline, executable, read-only
	u32 writable_executable;
	u32 executable_outside_text; // not the kernel's text, not the trampoline
	u32 alias_of_constant;       // a writable second mapping of kernel text or constants
	u32 small_pages;
	u32 large_pages;
};

struct tables_count tables_walk(const struct boot_info *info);

NONNULL_END
