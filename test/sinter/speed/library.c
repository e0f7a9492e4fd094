// SPDX-License-Identifier: MIT
// library.c - the target that is a pool in this process, on a block device or image. SINTER_FRAMES:
// its memory for blocks, in 16 KiB.
#include <stdlib.h>

#include "lib/base/err.h"
#include "test/sinter/speed/speed.h"
#include "tools/sinter/host.h"

static struct host_file device;
static struct sinter *pool;
static struct dataset *dataset;
static u64 directory, file;

#define MUST(expression) must(HOST_WAIT(pool, (expression)), #expression)

static void must(err_t err, const char *what)
{
	if (err != OK)
		speed_fail(what, err_name(err));
}

static void library_begin(const char *where)
{
	struct port port = host_port();
	struct sinter_format format = { .name = VIEW_TEXT("speed") };
	const char *frames = getenv("SINTER_FRAMES");
	struct sinter_options options = { .frames = frames ? (u32)strtoul(frames, nullptr, 0) : 0 };
	struct sinter_new new = { .mode = 0040755 };
	if (!host_open(&device, where, false))
		speed_fail(where, "cannot be opened");
	must(sinter_format(&port, &device.device, 1, &format), "format");
	must(sinter_open(&port, &device.device, 1, &options, &pool), "open");
	MUST(sinter_dataset_open(pool, DATASET_ROOT, &dataset));
	MUST(sinter_create(dataset, 1, VIEW_TEXT("files"), &new, &directory));
}

static void write_all(u64 inode, u64 offset, view_t bytes)
{
	while (bytes.size) {
		usize written;
		MUST(sinter_write(dataset, inode, offset, bytes, &written));
		bytes = view_from_offset(bytes, written);
		offset += written;
	}
}

static void library_create(const char *name, view_t contents)
{
	u64 inode;
	struct sinter_new new = { .mode = 0100644 };
	MUST(sinter_create(dataset, directory, view_cstring(name), &new, &inode));
	write_all(inode, 0, contents);
}

static void library_stat(const char *name)
{
	u64 inode;
	struct inode_record attributes;
	MUST(sinter_lookup(dataset, directory, view_cstring(name), &inode));
	MUST(sinter_attributes(dataset, inode, &attributes));
}

static void library_unlink(const char *name)
{
	MUST(sinter_unlink(dataset, directory, view_cstring(name), false));
	sinter_work(pool);
}

static void library_open(const char *name)
{
	struct sinter_new new = { .mode = 0100644 };
	err_t err = HOST_WAIT(pool, sinter_lookup(dataset, directory, view_cstring(name), &file));
	if (err == ERR_NOT_FOUND)
		err = HOST_WAIT(pool, sinter_create(dataset, directory, view_cstring(name), &new, &file));
	must(err, "open");
	MUST(sinter_hold(dataset, file));
}

static void library_write(u64 offset, view_t bytes)
{
	write_all(file, offset, bytes);
	(void)host_look(&device);
	sinter_work(pool); // as sinter.h asks for
}

static void library_read(u64 offset, span_t bytes)
{
	usize got;
	MUST(sinter_read(dataset, file, offset, bytes, &got));
	if (got != bytes.size)
		speed_fail("read", "too short");
}

static void library_fsync(void)
{
	u64 ticket;
	MUST(sinter_fsync_begin(dataset, file, &ticket));
	MUST(sinter_fsync_done(pool, ticket));
}

static void library_close(void)
{
	sinter_release(dataset, file);
}

static void library_sync(void)
{
	u64 ticket = sinter_sync_begin(pool);
	MUST(sinter_sync_done(pool, ticket));
}

static void library_end(void)
{
	sinter_dataset_close(dataset);
	must(sinter_close(pool), "close");
	host_close(&device);
}

const struct target library_target = { .begin = library_begin,
	.create = library_create,
	.stat = library_stat,
	.unlink = library_unlink,
	.open = library_open,
	.write = library_write,
	.read = library_read,
	.fsync = library_fsync,
	.close = library_close,
	.sync = library_sync,
	.end = library_end };
