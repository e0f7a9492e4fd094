// SPDX-License-Identifier: MIT
// start.h - what a program is born with: arguments and named handles, laid out by whoever started
// it (spawn.c) at the top of its first stack and read-only by agreement.
#pragma once

#include "abi/types.h"
#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 START_MAGIC = 0x74726174; // "tart"
constexpr u32 START_HANDLES = 32;
constexpr u32 START_ARGUMENTS = 64;
constexpr u32 START_TEXT = 4096;

struct start_handle {
	char name[28]; // ends with a zero
	handle_t handle;
};

struct start_info {
	u32 magic;
	u32 argument_count;
	u32 handle_count;
	u32 text_size;
	u64 random[2]; // for the stack protector and the like
	u64 stack_size;
	struct start_handle handles[START_HANDLES];
	char text[START_TEXT]; // arguments, each ending with a zero
};

// This program's. Names in use: process, thread, quota, console, time, boot, resource, those of
// services ("log"), and for services: port, ledger, watch (service.h), what its manifest grants.
u32 start_argument_count(void);
const char *start_argument(u32 index);   // "" beyond the last
handle_t start_handle(const char *name); // HANDLE_NONE: not given
const struct start_info *start_self(void);

// From now on this is what the program was started with (start.c; the root task makes its own).
void start_adopt(const struct start_info *info);

// The program's own; its result is the exit code.
int main(void);

NONNULL_END
