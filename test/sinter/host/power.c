// SPDX-License-Identifier: MIT
// power.c - for LD_PRELOAD below `sinter mount`: notes what each write to an image replaces and
// which of these notes a flush made durable, in the file SINTER_POWER. After the process was
// killed, run-suite takes back what a power cut could have lost.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/base/view.h"

// As run-suite reads it; behind a write's come the old bytes.
struct entry {
	u64 device, inode;
	u64 at;
	u64 size;   // of a flush 0
	u64 covers; // a flush: notes before this place of the file are durable
};

enum { PART = 1 << 20 };

static int notes = -1;
static _Atomic u64 end; // of the notes; the thread of the pool writes, the flush reads
static u8 old[PART];

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off_t at);
ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off_t at);

[[gnu::constructor]] static void begin(void)
{
	const char *path = getenv("SINTER_POWER");
	if (path)
		notes = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (path && notes < 0)
		abort();
}

static struct entry entry_of(int descriptor)
{
	struct stat status;
	if (fstat(descriptor, &status))
		abort();
	return (struct entry){ .device = status.st_dev, .inode = status.st_ino };
}

static void append(struct entry *entry, usize old_size)
{
	struct iovec parts[] = { { entry, sizeof *entry }, { old, old_size } };
	if (writev(notes, parts, 2) != (ssize_t)(sizeof *entry + old_size))
		abort();
	atomic_fetch_add_explicit(&end, sizeof *entry + old_size, memory_order_release);
}

static void note(int descriptor, usize size, off_t at)
{
	for (usize done = 0; notes >= 0 && done < size;) {
		struct entry entry = entry_of(descriptor);
		usize part = size - done < PART ? size - done : PART;
		ssize_t got = pread(descriptor, old, part, at + (off_t)done);
		if (got != (ssize_t)part)
			abort();
		entry.at = (u64)at + done;
		entry.size = part;
		append(&entry, part);
		done += part;
	}
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite64");
	note(descriptor, size, at);
	return real(descriptor, bytes, size, at);
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off_t at)
{
	ssize_t (*real)(int, const struct iovec *, int, off_t) = dlsym(RTLD_NEXT, "pwritev64");
	usize size = 0;
	for (int i = 0; i < count; i++)
		size += ((const struct iovec *)view_element(parts, sizeof *parts, (usize)count, (usize)i))
		            ->iov_len;
	note(descriptor, size, at);
	return real(descriptor, parts, count, at);
}

// In the thread of a flush in the background writes go on: these it does not cover.
int fdatasync(int descriptor)
{
	int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
	u64 covers = atomic_load_explicit(&end, memory_order_acquire); // pairs with append
	int code = real(descriptor);
	if (code || notes < 0)
		return code;
	struct entry entry = entry_of(descriptor);
	entry.covers = covers;
	if (write(notes, &entry, sizeof entry) != (ssize_t)sizeof entry)
		abort();
	atomic_fetch_add_explicit(&end, sizeof entry, memory_order_release);
	return 0;
}
