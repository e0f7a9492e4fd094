// SPDX-License-Identifier: MIT
// begin.h - pid 1's identity, for the native program that makes the first POSIX process
// (cmd/birth); every other process has its own from its parent. Also for exec: the table of slots.
#pragma once

#include "abi/syscall_numbers.h"
#include "lib/base/err.h"
#include "lib/posix/process/identity.h"
#include "os/syscalls.h"

NONNULL_BEGIN

// Fills a zeroed identity. connection: to proc, badge 1; it is the identity's from then on.
// process: the caller's own handle to itself, or to the process that will be pid 1.
static inline err_t identity_begin(struct identity *identity, handle_t connection, handle_t process)
{
	proc_t proc = { connection };
	u32 parent, boot;
	TRY(proc_begin(proc, process));
	identity->connection = connection;
	TRY(proc_attach(proc, &identity->pid, &identity->slot, &parent, &boot, &identity->table));
	TRY(proc_credentials(proc, 0, span_of(identity->credentials)));
	return proc_limits(proc, span_of(identity->limits));
}

// Maps the table of slots into a process, where its library looks for it.
static inline err_t identity_map(const struct identity *identity, handle_t process)
{
	u64 mapped;
	return memory_map(process, identity->table, SLOT_AREA, SLOT_AREA_SIZE, 0,
		MAP_FLAGS_READ | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED, &mapped);
}

NONNULL_END
