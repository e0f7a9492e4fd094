// SPDX-License-Identifier: MIT
// host.c - see host.h. Requests are done at once, but for writes, which wait for their neighbours;
// a flush is fdatasync.
#include "tools/sinter/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static err_t transfer(int descriptor, const struct device_io *io)
{
	for (usize done = 0; done < io->bytes.size;) {
		span_t part = span_from_offset(io->bytes, done);
		off_t at = (off_t)(io->unit * UNIT_SIZE + done);
		ssize_t size = io->request == DEVICE_READ ? pread(descriptor, part.data, part.size, at)
		                                          : pwrite(descriptor, part.data, part.size, at);
		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			return ERR_IO;
		done += (usize)size;
	}
	return OK;
}

// What the device cannot forget it keeps: that is no error.
static err_t trim(const struct host_file *file, const struct device_io *io)
{
	u64 range[2] = { io->unit * UNIT_SIZE, io->units * UNIT_SIZE };
	if (fallocate(file->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)range[0],
			(off_t)range[1]))
		(void)ioctl(file->descriptor, BLKDISCARD, range);
	return OK;
}

static u64 units_now(void *context)
{
	const struct host_file *file = context;
	struct stat status;
	u64 size = 0;
	if (fstat(file->descriptor, &status))
		return file->device.units;
	if (S_ISBLK(status.st_mode))
		return ioctl(file->descriptor, BLKGETSIZE64, &size) ? file->device.units : size / UNIT_SIZE;
	return (u64)status.st_size / UNIT_SIZE;
}

constexpr usize EARLY = 1 << 17;

// Writes of neighbours go out together.
static void write_batch(struct host_file *file)
{
	struct iovec parts[HOST_BATCH];
	u32 count = file->batched;
	usize size = 0;
	for (u32 i = 0; i < count; i++) {
		span_t bytes = AT(file->batch, i)->bytes;
		AT(parts, i) = (struct iovec){ bytes.data, bytes.size };
		size += bytes.size;
	}
	file->batched = 0;
	if (!count)
		return;
	off_t at = (off_t)(AT(file->batch, 0)->unit * UNIT_SIZE);
	bool is_done = pwritev(file->descriptor, parts, (int)count, at) == (ssize_t)size;
	if (size >= EARLY) // the disk begins now, and the flush has less to wait for
		(void)sync_file_range(file->descriptor, at, (off_t)size, SYNC_FILE_RANGE_WRITE);
	for (u32 i = 0; i < count; i++) {
		struct device_io *io = AT(file->batch, i);
		io->result = is_done ? OK : transfer(file->descriptor, io);
		io->done(io);
	}
}

static void submit(void *context, struct device_io *io)
{
	struct host_file *file = context;
	bool is_write = io->request == DEVICE_WRITE;
	if (file->batched == HOST_BATCH || !is_write || io->unit != file->batch_end)
		write_batch(file);
	if (is_write) {
		AT(file->batch, file->batched++) = io;
		file->batch_end = io->unit + io->bytes.size / UNIT_SIZE;
		return;
	}
	switch (io->request) {
	case DEVICE_READ:
	case DEVICE_WRITE: io->result = transfer(file->descriptor, io); break;
	case DEVICE_FLUSH: io->result = fdatasync(file->descriptor) ? ERR_IO : OK; break;
	case DEVICE_TRIM: io->result = trim(file, io); break;
	}
	io->done(io);
}

static void wait_for_batch(void *context)
{
	write_batch(context);
}

static const struct device_ops ops = {
	.submit = submit, .wait = wait_for_batch, .units = units_now
};

static bool refuse(const char *path, const char *why)
{
	fprintf(stderr, "sinter: %s: %s\n", path, why);
	return false;
}

bool host_open(struct host_file *file, const char *path, bool is_read_only)
{
	struct stat status;
	u64 size = 0;
	snprintf(file->path, sizeof file->path, "%s", path);
	file->descriptor = open(path, (is_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (file->descriptor < 0 || fstat(file->descriptor, &status))
		return refuse(path, strerror(errno));
	size = (u64)status.st_size;
	if (S_ISBLK(status.st_mode) && ioctl(file->descriptor, BLKGETSIZE64, &size))
		size = 0;
	if (flock(file->descriptor, (is_read_only ? LOCK_SH : LOCK_EX) | LOCK_NB)) {
		close(file->descriptor);
		return refuse(path, "in use: it is mounted, or another command works on it");
	}
	file->batched = 0;
	file->device = (struct device){ &ops, file, size / UNIT_SIZE };
	return true;
}

void host_close(struct host_file *file)
{
	close(file->descriptor);
}

static void *allocate(void *context, usize size)
{
	(void)context;
	void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return nullptr;
	(void)madvise(memory, size, MADV_HUGEPAGE); // blocks are met at random: fewer misses of the TLB
	return memory;
}

static void release(void *context, void *memory, usize size)
{
	(void)context;
	munmap(memory, size);
}

static struct sinter_time now(void *context)
{
	struct timespec time;
	if (context) // SOURCE_DATE_EPOCH
		return (struct sinter_time){ .s = strtoll(context, nullptr, 10) };
	clock_gettime(CLOCK_REALTIME, &time);
	return (struct sinter_time){ time.tv_sec, (u32)time.tv_nsec };
}

static u64 random_number(void *context)
{
	u64 number;
	(void)context;
	if (getrandom(&number, sizeof number, 0) != sizeof number)
		abort();
	return number;
}

static void report(void *context, view_t sentence)
{
	(void)context;
	fprintf(stderr, "sinter: %.*s\n", (int)sentence.size, (const char *)sentence.data);
}

struct port host_port(void)
{
	return (struct port){ .allocate = allocate,
		.allocate_blocks = allocate,
		.release = release,
		.now = now,
		.random = random_number,
		.report = report,
		.context = getenv("SOURCE_DATE_EPOCH") };
}
