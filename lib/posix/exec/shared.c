// SPDX-License-Identifier: MIT
// shared.c - see shared.h.
#include "lib/posix/exec/shared.h"

#include <cpuid.h>

#include "lib/base/bits.h"
#include "lib/posix/core/posix.h"
#include "os/syscalls.h"

constexpr u32 LEAF_FEATURES = 1, LEAF_STATE = 13;
constexpr u64 FRAME_SIZE = 2048; // of a signal frame without the vector registers, and to spare

extern const u8 vdso[];

err_t exec_write(handle_t memory, u64 offset, view_t bytes)
{
	while (bytes.size) {
		u64 done;
		TRY(memory_write(memory, offset, bytes, &done));
		if (!done)
			return ERR_IO;
		offset += done;
		bytes = view_from_offset(bytes, done);
	}
	return OK;
}

u64 exec_vdso_offset(void)
{
	return (u64)vdso - POSIX_IMAGE;
}

u64 exec_processor_features(void)
{
	u32 a, b, c, d = 0;
	(void)__get_cpuid(LEAF_FEATURES, &a, &b, &c, &d);
	return d;
}

u64 exec_signal_stack_size(void)
{
	u32 a, state = 0, c, d;
	(void)__get_cpuid_count(LEAF_STATE, 0, &a, &state, &c, &d);
	return align_up(FRAME_SIZE + state, sizeof(u64));
}
