// SPDX-License-Identifier: MIT
// host.c - see host.h. Requests are done at once, but for writes, which wait for their neighbours,
// and the flush behind many of them: that is fdatasync in a thread of its own, and the pool goes
// on.
#include "tools/sinter/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
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
	u64 size;
	if (fstat(file->descriptor, &status))
		return file->device.units;
	if (!S_ISBLK(status.st_mode))
		return (u64)status.st_size / UNIT_SIZE;
	return ioctl(file->descriptor, BLKGETSIZE64, &size) ? file->device.units : size / UNIT_SIZE;
}

constexpr u32 LOCK_TRIES = 200; // within ten seconds
constexpr usize EARLY = 1 << 17, MANY = 1 << 20, LARGE = 64 << 20;

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
	file->unflushed += size;
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

// The kernel tells of a lost write once, to whichever flush is first: from then on all fail.
static void *flush_now(void *context)
{
	struct host_file *file = context;
	file->has_failed |= fdatasync(file->descriptor) != 0;
	file->flushing->result = file->has_failed ? ERR_IO : OK;
	return nullptr;
}

static void end_flush(struct host_file *file, int (*join)(pthread_t, void *_Nullable *_Nullable))
{
	struct device_io *io = file->flushing;
	if (!io || join(file->flusher, nullptr))
		return;
	file->flushing = nullptr;
	io->done(io);
}

// In the background, behind the one before. False: the flush has been done at once.
static bool begin_flush(struct host_file *file, struct device_io *io)
{
	while (file->flushing) // who hears of its end may ask for another
		end_flush(file, pthread_join);
	bool is_large = file->unflushed >= MANY;
	file->unflushed = 0;
	file->flushing = io;
	if (is_large && !pthread_create(&file->flusher, nullptr, flush_now, file))
		return true;
	(void)flush_now(file);
	file->flushing = nullptr;
	return false;
}

static void submit(void *context, struct device_io *io)
{
	struct host_file *file = context;
	bool is_write = io->request == DEVICE_WRITE;
	end_flush(file, pthread_tryjoin_np);
	if (file->batched == HOST_BATCH || !is_write || io->unit != file->batch_end)
		write_batch(file);
	if (is_write) {
		AT(file->batch, file->batched++) = io;
		file->batch_end = io->unit + io->bytes.size / UNIT_SIZE;
		return;
	}
	if (io->request == DEVICE_READ)
		io->result = transfer(file->descriptor, io);
	else if (io->request == DEVICE_TRIM)
		io->result = trim(file, io);
	else if (begin_flush(file, io))
		return;
	io->done(io);
}

bool host_look(struct host_file *file)
{
	write_batch(file);
	end_flush(file, pthread_tryjoin_np);
	return file->flushing;
}

static void wait(void *context)
{
	struct host_file *file = context;
	bool is_flush = !file->batched;
	write_batch(file);
	if (is_flush)
		end_flush(file, pthread_join);
}

static const struct device_ops ops = { .submit = submit, .wait = wait, .units = units_now };

// A mount ends a while after umount returned: who comes next waits for it, and says so.
static bool lock(const struct host_file *file, int how)
{
	for (u32 i = 0; flock(file->descriptor, how | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			return false;
		if (i == LOCK_TRIES / 20)
			(void)refuse(file->path, "in use: waiting for up to ten seconds");
		usleep(10'000'000 / LOCK_TRIES);
	}
	return true;
}

bool host_open(struct host_file *file, const char *path, bool is_read_only)
{
	*file = (struct host_file){ .device = { &ops, file, 0 } };
	snprintf(file->path, sizeof file->path, "%s", path);
	file->descriptor = open(path, (is_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (file->descriptor < 0)
		return refuse(path, strerror(errno));
	if (!lock(file, is_read_only ? LOCK_SH : LOCK_EX)) {
		close(file->descriptor);
		return refuse(path, "in use: it is mounted, or another command works on it");
	}
	file->device.units = units_now(file);
	return true;
}

const char *host_path(const void *_Nullable context)
{
	const struct host_file *file = context;
	return file ? file->path : "";
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
	if (size > LARGE) // the kernel clears fresh pages: not within the first writes
		(void)madvise(memory, size, MADV_POPULATE_WRITE);
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
	// The clock of the kernel's own file times: by a finer one a file would be younger than what is
	// written next, and a FUSE mount be asked to set its time once more.
	clock_gettime(CLOCK_REALTIME_COARSE, &time);
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
