// SPDX-License-Identifier: MIT
// handed.h - what a process that runs a file which lends powers hands over to the fresh process
// that takes its place (docs/decisions/034). texts: a memory that begins with struct handed; then
// the program's path, the working directory's, arguments, environment, each text with a zero.
// descriptors: a stream of struct handed_file, each with its handle if it has one. The receiver
// believes none of it.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u64 HANDED_TEXTS_MAX = (u64)6 << 20; // of arguments and environment together

struct handed {
	u32 path_size, directory_size; // with their zeros
	u32 arguments, environment;    // how many
	u64 arguments_size, environment_size;
	u64 ignored, blocked; // signals
	u32 umask, reserved;
};

struct handed_file {
	u32 number;
	u32 flags;  // of open
	u32 kind;   // enum file_kind
	u32 device; // of devices: Linux's number; of terminals: of their inode
	u32 inode, generation;
	u64 offset;
};

NONNULL_END
