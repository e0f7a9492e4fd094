// SPDX-License-Identifier: MIT
// speed.h - what the benchmark does to a file system: the same calls by the kernel (system.c, any
// mounted one) and by the library in this process (library.c). Each ends the program when it fails.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

// All names stand in one directory.
struct target {
	void (*begin)(const char *where); // a mounted directory, or a device to be formatted
	void (*create)(const char *name, view_t contents);
	void (*stat)(const char *name);
	void (*unlink)(const char *name);
	void (*open)(const char *name); // the one file that the next three are about; made if need be
	void (*write)(u64 offset, view_t bytes);
	void (*read)(u64 offset, span_t bytes);
	void (*fsync)(void);
	void (*close)(void);
	void (*sync)(void); // all of it is durable
	void (*end)(void);
};

extern const struct target system_target, library_target;

double speed_now(void); // seconds
double speed_cpu(void); // of this process

// Large trees, many snapshots, opening after a kill: scale.c. FILE is made anew.
void speed_scale(const char *path, u64 files, u64 snapshots, u64 gib);

[[noreturn]] void speed_fail(const char *what, const char *why);

NONNULL_END
