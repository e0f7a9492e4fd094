// SPDX-License-Identifier: MIT
// host.h - what a pool needs of a Linux host: image files (or block devices) as devices, memory,
// time.
#pragma once

#include <pthread.h>
#include <stdio.h>

#include "lib/sinter/sinter.h"

NONNULL_BEGIN

constexpr u32 HOST_BATCH = 64;

// A file as a device. It is locked: exclusively, or shared when read_only. False: it said why.
struct host_file {
	struct device device;
	int descriptor;
	struct device_io *_Nullable batch[HOST_BATCH]; // writes in a row that wait for more
	u32 batched;
	u64 batch_end;                        // the unit where the next one would go on
	usize unflushed;                      // bytes
	bool has_failed;                      // a flush: what it was for may be lost
	struct device_io *_Nullable flushing; // by this thread
	pthread_t flusher;
	char path[1024]; // as given, cut off
};
static inline bool refuse(const char *subject, const char *what)
{
	fprintf(stderr, "sinter: %s: %s\n", subject, what);
	return false;
}
bool host_open(struct host_file *file, const char *path, bool is_read_only);
void host_close(struct host_file *file);
const char *host_path(const void *_Nullable context); // as given to host_open; none: ""
// Ends what can end without waiting. True: a flush is still under way.
bool host_look(struct host_file *file);

// Memory by mmap, the clock (SOURCE_DATE_EPOCH fixes it), random numbers, reports to stderr.
struct port host_port(void);

// Waits: an expression that may answer ERR_WOULD_BLOCK.
#define HOST_WAIT(pool, expression)                                                                \
	({                                                                                             \
		err_t host_wait_err;                                                                       \
		while ((host_wait_err = (expression)) == ERR_WOULD_BLOCK)                                  \
			sinter_wait(pool);                                                                     \
		host_wait_err;                                                                             \
	})

NONNULL_END
