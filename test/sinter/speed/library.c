// SPDX-License-Identifier: MIT
// library.c - the target that is a pool in this process, on a block device or image. SINTER_FRAMES:
// its memory for blocks, in 16 KiB.
#include <fcntl.h>
#include <stdlib.h>

#include "lib/base/err.h"
#include "ports/xxhash/xxh3.h"
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

static enum knob knob;
static const view_t passphrase = VIEW_TEXT("speed");

void library_turn(enum knob to)
{
	knob = to;
}

// All sums of the library come by here (the linker's --wrap).
struct xxh3_sum sum_now(view_t bytes, u64 seed) __asm__("__real_xxh3_128");
struct xxh3_sum sum_or_not(view_t bytes, u64 seed) __asm__("__wrap_xxh3_128");

struct xxh3_sum sum_or_not(view_t bytes, u64 seed)
{
	return knob == KNOB_UNSUMMED ? (struct xxh3_sum){ seed, bytes.size } : sum_now(bytes, seed);
}

static u8 compression(void)
{
	if (knob == KNOB_LZ4)
		return COMPRESS_LZ4;
	return knob == KNOB_ZSTD ? COMPRESS_ZSTD : COMPRESS_NONE;
}

static void open_pool(const char *where)
{
	struct port port = host_port();
	const char *frames = getenv("SINTER_FRAMES");
	struct sinter_options options = { .frames = frames ? (u32)strtoul(frames, nullptr, 0) : 0 };
	if (!host_open(&device, where, false))
		speed_fail(where, "cannot be opened");
	must(sinter_open(&port, &device.device, 1, &options, &pool), "open");
	MUST(sinter_dataset_open(pool, DATASET_ROOT, &dataset));
}

// Encrypted is a dataset below the root's.
static void make_sealed(void)
{
	u64 id;
	struct sinter_new new = { .mode = 0040755 };
	struct sinter_secret secret = { .passphrase = passphrase };
	MUST(sinter_dataset_create(dataset, VIEW_TEXT("sealed"), &new, &id));
	sinter_dataset_close(dataset);
	MUST(sinter_dataset_open(pool, id, &dataset));
	MUST(sinter_key_protect(dataset, &secret));
}

static void open_sealed(void)
{
	u64 id;
	MUST(sinter_dataset_find(dataset, VIEW_TEXT("sealed"), &id));
	sinter_dataset_close(dataset);
	MUST(sinter_dataset_open(pool, id, &dataset));
	MUST(sinter_key_load(dataset, passphrase));
}

static void library_begin(const char *where)
{
	struct port port = host_port();
	struct sinter_format format = { .name = VIEW_TEXT("speed"), .compression = compression() };
	struct sinter_new new = { .mode = 0040755 };
	if (!host_open(&device, where, false))
		speed_fail(where, "cannot be opened");
	must(sinter_format(&port, &device.device, 1, &format), "format");
	host_close(&device);
	open_pool(where);
	if (knob == KNOB_SEALED)
		make_sealed();
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

void library_reopen(void)
{
	char where[sizeof device.path];
	memory_copy(where, device.path, sizeof where);
	sinter_dataset_close(dataset);
	must(sinter_close(pool), "close");
	(void)posix_fadvise(device.descriptor, 0, 0, POSIX_FADV_DONTNEED);
	host_close(&device);
	open_pool(where);
	if (knob == KNOB_SEALED)
		open_sealed();
	MUST(sinter_lookup(dataset, 1, VIEW_TEXT("files"), &directory));
}

u64 library_units(void)
{
	return sinter_properties(dataset)->units;
}

// What is under way: the stream, and one append.
static struct {
	u64 inode, offset, size, ticket;
	bool is_synced;
} stream;
static struct {
	view_t rest;
	u64 offset, ticket;
	bool is_begun; // the fsync
} append;

static void library_stream_begin(u64 mib)
{
	struct sinter_new new = { .mode = 0100644 };
	stream.size = mib << 20;
	MUST(sinter_create(dataset, directory, VIEW_TEXT("stream"), &new, &stream.inode));
}

static err_t stream_step(void)
{
	static u8 chunk[CHUNK] = { 1 };
	view_t rest = view_from_offset(view_of(chunk), stream.offset % CHUNK);
	usize written = 0;
	err_t err;
	if (stream.offset < stream.size) {
		err = sinter_write(dataset, stream.inode, stream.offset, rest, &written);
		stream.offset += written;
		return err;
	}
	err = stream.is_synced ? OK : sinter_fsync_begin(dataset, stream.inode, &stream.ticket);
	stream.is_synced |= err == OK;
	return err == OK ? sinter_fsync_done(pool, stream.ticket) : err;
}

// A request of 128 KiB, as far as it goes now; then what a server does between requests.
static bool library_stream_work(double due)
{
	err_t err;
	(void)due;
	do
		err = stream_step();
	while (err == OK && stream.offset % CHUNK);
	if (err == ERR_WOULD_BLOCK)
		sinter_wait(pool); // nothing that is begun now could be done earlier
	else
		must(err, "stream");
	(void)host_look(&device);
	sinter_work(pool);
	return err != OK || !stream.is_synced;
}

static void library_append(u64 offset, view_t bytes)
{
	append.rest = bytes;
	append.offset = offset;
	append.is_begun = false;
}

static err_t append_step(void)
{
	while (append.rest.size) {
		usize written;
		TRY(sinter_write(dataset, file, append.offset, append.rest, &written));
		append.rest = view_from_offset(append.rest, written);
		append.offset += written;
	}
	if (!append.is_begun)
		TRY(sinter_fsync_begin(dataset, file, &append.ticket));
	append.is_begun = true;
	return sinter_fsync_done(pool, append.ticket);
}

static bool library_append_done(void)
{
	err_t err = append_step();
	if (err == ERR_WOULD_BLOCK && stream.offset == stream.size)
		err = HOST_WAIT(pool, append_step());
	if (err != ERR_WOULD_BLOCK)
		must(err, "append");
	return err == OK;
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
	.stream_begin = library_stream_begin,
	.stream_work = library_stream_work,
	.append = library_append,
	.append_done = library_append_done,
	.is_one_thread = true,
	.end = library_end };
