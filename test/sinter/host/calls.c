// SPDX-License-Identifier: MIT
// calls.c - see calls.h. Linked with --wrap: host.c calls __wrap_*, __real_* is the libc.
#include "test/sinter/host/calls.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { UNDOS = 65536 };

// What stood there before a write that is not durable yet.
struct undo {
	int descriptor;
	off_t at;
	usize size;
	u8 *bytes; // owned
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct calls_fault fault;
static struct undo undos[UNDOS];
static u32 undo_count;
static u64 syncs, writes, faults;
static bool is_apart;

int __real_fdatasync(int descriptor);
ssize_t __real_pwrite64(int descriptor, const void *bytes, size_t size, off_t at);
ssize_t __real_pwritev64(int descriptor, const struct iovec *parts, int count, off_t at);
int __wrap_fdatasync(int descriptor);
ssize_t __wrap_pwrite64(int descriptor, const void *bytes, size_t size, off_t at);
ssize_t __wrap_pwritev64(int descriptor, const struct iovec *parts, int count, off_t at);

static void forget(int descriptor, bool is_undone)
{
	u32 kept = 0;
	for (u32 i = undo_count; is_undone && i--;) {
		struct undo *undo = &AT(undos, i);
		if (undo->descriptor == descriptor &&
			__real_pwrite64(descriptor, undo->bytes, undo->size, undo->at) != (ssize_t)undo->size)
			abort();
	}
	for (u32 i = 0; i < undo_count; i++) {
		struct undo undo = AT(undos, i);
		if (undo.descriptor != descriptor)
			AT(undos, kept++) = undo;
		else
			free(undo.bytes);
	}
	undo_count = kept;
}

static void note(int descriptor, usize size, off_t at)
{
	struct undo undo = { .descriptor = descriptor, .at = at, .size = size, .bytes = malloc(size) };
	if (!undo.bytes || undo_count == UNDOS ||
		pread(descriptor, undo.bytes, size, at) != (ssize_t)size)
		abort();
	AT(undos, undo_count++) = undo;
}

void calls_reset(struct calls_fault wanted)
{
	while (undo_count)
		free(AT(undos, --undo_count).bytes);
	fault = wanted;
	syncs = writes = faults = 0;
	is_apart = false;
}

u64 calls_faults(void)
{
	return faults;
}

bool calls_is_apart(void)
{
	return is_apart;
}

int __wrap_fdatasync(int descriptor)
{
	pthread_mutex_lock(&lock);
	bool fails = descriptor == fault.descriptor && ++syncs == fault.sync;
	faults += fails;
	is_apart |= fails && gettid() != getpid();
	forget(descriptor, fails);
	pthread_mutex_unlock(&lock);
	errno = EIO;
	return fails ? -1 : __real_fdatasync(descriptor);
}

// Does this write fail? Else *size is how much it writes.
static bool write_fails(int descriptor, usize *size, off_t at)
{
	pthread_mutex_lock(&lock);
	bool is_faulty = descriptor == fault.descriptor;
	writes += is_faulty;
	bool fails = is_faulty && writes >= fault.first_write && writes <= fault.last_write;
	if (is_faulty && fault.is_halved && *size > 4096) {
		*size /= 2;
		faults++;
	}
	faults += fails;
	if (!fails && *size)
		note(descriptor, *size, at);
	pthread_mutex_unlock(&lock);
	errno = ENOSPC;
	return fails;
}

ssize_t __wrap_pwrite64(int descriptor, const void *bytes, size_t size, off_t at)
{
	if (write_fails(descriptor, &size, at))
		return -1;
	return __real_pwrite64(descriptor, bytes, size, at);
}

ssize_t __wrap_pwritev64(int descriptor, const struct iovec *parts, int count, off_t at)
{
	usize size = 0, whole;
	for (int i = 0; i < count; i++)
		size += ((const struct iovec *)view_element(parts, sizeof *parts, (usize)count, (usize)i))
		            ->iov_len;
	whole = size;
	if (write_fails(descriptor, &size, at))
		return -1;
	if (size == whole)
		return __real_pwritev64(descriptor, parts, count, at);
	usize first = parts->iov_len < size ? parts->iov_len : size;
	return __real_pwrite64(descriptor, parts->iov_base, first, at);
}
