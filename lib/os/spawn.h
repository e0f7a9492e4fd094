// SPDX-License-Identifier: MIT
// spawn.h - starting a native program: an ELF image, arguments, named handles, a quota.
#pragma once

#include "lib/base/elf.h"
#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 SPAWN_HANDLES_MAX = 30;

struct spawn_handle {
	const char *name;
	handle_t handle; // stays ours; the child gets a copy
	u32 rights;      // of those the handle has
	u32 value;       // in the child; given as 0: spawn_start makes the copy and fills this in
};

struct spawn {
	view_t image;     // borrowed until spawn_start returns
	view_t arguments; // words parted by spaces; the first is the program's name
	view_t last;      // one more argument, taken as it is; empty: none
	handle_t quota;   // HANDLE_NONE: ours
	u64 identity;     // 0: ours
	u32 level;
	handle_t process; // an empty one to fill, made by the caller; HANDLE_NONE: made here
	u32 former;       // the child's own handle to its former life, which it closes; 0: none
	u32 self;         // out: its handle to itself, there
	struct spawn_handle handles[SPAWN_HANDLES_MAX];
	u32 handle_count;
	enum elf_problem problem; // out: what is wrong with the image when ERR_CORRUPT comes back
};

// Gives the child a copy of one more handle under this name.
err_t spawn_give(struct spawn *spawn, const char *name, handle_t handle, u32 rights);
// Loads and starts; process is the child's handle, owned by the caller. After an error a process
// of the caller's is still the caller's, and of no use.
err_t spawn_start(struct spawn *spawn, handle_t *process);
// Waits for its end. code: its exit code, 128 + 11 after a fault, 128 + 9 when killed.
err_t spawn_wait(handle_t process, u64 deadline, u64 *code);

NONNULL_END
