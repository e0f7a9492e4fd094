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
	// Another file of so many MiB is written and made durable, beside appends to the open one: by a
	// thread of its own, or by stream_work, which returns at the time due or after one request.
	// False: the file is durable.
	void (*stream_begin)(u64 mib);
	bool (*stream_work)(double due);
	// Bytes at the end of the open file become durable: begun, then looked at until it is done.
	void (*append)(u64 offset, view_t bytes);
	bool (*append_done)(void);
	bool is_one_thread; // an append has to wait until stream_work returns
	void (*end)(void);
};

extern const struct target system_target, library_target;

constexpr u32 BLOCK = 4096, CHUNK = 128 * 1024; // of an append; of a request of what is in a row

double speed_now(void); // seconds
double speed_cpu(void); // of this process
u64 speed_random(u64 limit);

struct test {
	const char *name;
	double wall, cpu;
};
struct test speed_begin(const char *name);
void speed_end(struct test test, double done);
void speed_print_times(const char *name, double *times, u32 count); // sorts them

// What the library does otherwise than by default, for pools begun from then on.
enum knob : u8 { KNOB_NONE, KNOB_UNSUMMED, KNOB_LZ4, KNOB_ZSTD, KNOB_SEALED };
void library_turn(enum knob knob);
void library_reopen(void); // closed, the kernel's copies forgotten, opened again
u64 library_units(void);   // of 4096 bytes that the dataset takes

// The median and the 99th percentile of an fsync, idle and beside a stream: stream.c.
void speed_stream(const struct target *target, const char *where, u64 mib, u32 appends);
// What sums, compression, encryption cost: knobs.c.
void speed_knobs(const char *knob, const char *where, u64 mib);

// Large trees, many snapshots, opening after a kill: scale.c. FILE is made anew.
void speed_scale(const char *path, u64 files, u64 snapshots, u64 gib);

[[noreturn]] void speed_fail(const char *what, const char *why);

NONNULL_END
