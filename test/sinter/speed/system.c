// SPDX-License-Identifier: MIT
// system.c - the target that is a mounted file system.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/atomic.h"
#include "test/sinter/speed/speed.h"

static int directory, file;

static void must(bool is_good, const char *what)
{
	if (!is_good)
		speed_fail(what, strerror(errno));
}

static void system_begin(const char *where)
{
	must(!chdir(where), where);
	must(!mkdir("files", 0755), "mkdir");
	must(!chdir("files"), "chdir");
	directory = open(".", O_RDONLY | O_DIRECTORY);
	must(directory >= 0, "open");
}

static void system_create(const char *name, view_t contents)
{
	int made = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	must(made >= 0, "create");
	must(write(made, contents.data, contents.size) == (ssize_t)contents.size, "write");
	must(!close(made), "close");
}

static void system_stat(const char *name)
{
	struct stat status;
	must(!stat(name, &status), "stat");
}

static void system_unlink(const char *name)
{
	must(!unlink(name), "unlink");
}

static void system_open(const char *name)
{
	file = open(name, O_RDWR | O_CREAT, 0644);
	must(file >= 0, "open");
}

static void system_write(u64 offset, view_t bytes)
{
	must(pwrite(file, bytes.data, bytes.size, (off_t)offset) == (ssize_t)bytes.size, "pwrite");
}

static void system_read(u64 offset, span_t bytes)
{
	must(pread(file, bytes.data, bytes.size, (off_t)offset) == (ssize_t)bytes.size, "pread");
}

static void system_fsync(void)
{
	must(!fsync(file), "fsync");
}

static void system_close(void)
{
	must(!close(file), "close");
}

static void system_sync(void)
{
	must(!syncfs(directory), "syncfs");
}

static pthread_t streamer;
static u64 stream_size;
static bool is_streamed;

static void *write_stream(void *context)
{
	static const u8 chunk[CHUNK] = { 1 };
	int stream = open("stream", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	(void)context;
	must(stream >= 0, "open");
	for (u64 offset = 0; offset < stream_size; offset += CHUNK)
		must(pwrite(stream, chunk, CHUNK, (off_t)offset) == (ssize_t)CHUNK, "pwrite");
	must(!fsync(stream) && !close(stream), "fsync");
	atomic_store_release(&is_streamed, true); // pairs with system_stream_work
	return nullptr;
}

static void system_stream_begin(u64 mib)
{
	stream_size = mib << 20;
	must(!pthread_create(&streamer, nullptr, write_stream, nullptr), "pthread_create");
}

static bool system_stream_work(double due)
{
	double left = due - speed_now();
	struct timespec time = { .tv_nsec = (long)(left * 1e9) };
	if (left > 0)
		nanosleep(&time, nullptr);
	if (!atomic_load_acquire(&is_streamed)) // pairs with write_stream
		return true;
	must(!pthread_join(streamer, nullptr), "pthread_join");
	return false;
}

static void system_append(u64 offset, view_t bytes)
{
	system_write(offset, bytes);
	system_fsync();
}

static bool system_append_done(void)
{
	return true;
}

static void system_end(void)
{
	must(!close(directory) && !chdir("/"), "close");
}

const struct target system_target = { .begin = system_begin,
	.create = system_create,
	.stat = system_stat,
	.unlink = system_unlink,
	.open = system_open,
	.write = system_write,
	.read = system_read,
	.fsync = system_fsync,
	.close = system_close,
	.sync = system_sync,
	.stream_begin = system_stream_begin,
	.stream_work = system_stream_work,
	.append = system_append,
	.append_done = system_append_done,
	.end = system_end };
