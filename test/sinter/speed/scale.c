// SPDX-License-Identifier: MIT
// scale.c - how large things may get: speed scale FILE [FILES SNAPSHOTS GIB]. A snapshot of 1 GiB
// in 16,384 files; creates without and with SNAPSHOTS snapshots of the dataset; then a pool of GIB
// (a sparse file) with FILES files, killed in the middle of changes of which the last ones were
// synced to the log, and how long it takes to open it again; all of the last part in 64 MiB of
// memory.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "test/sinter/speed/speed.h"
#include "tools/sinter/host.h"

constexpr u64 MEMORY = 64 << 20, MIB = 1 << 20;
constexpr u32 TREE_FILES = 16384, TREE_FILE_SIZE = 65536, CREATES = 10000, FOLDER_FILES = 10000;
constexpr u32 ROUNDS = 15;

// What the library holds, and the most of it so far: port.allocate's and release's.
static usize held, most;

static void *count_allocate(void *context, usize size)
{
	struct port port = host_port();
	held += size;
	most = held > most ? held : most;
	return port.allocate(context, size);
}

static void count_release(void *context, void *memory, usize size)
{
	struct port port = host_port();
	held -= size;
	port.release(context, memory, size);
}

struct scale {
	const char *path;
	struct host_file file;
	struct sinter *pool;
	struct dataset *root;
};

static void must(err_t err, const char *what)
{
	if (err != OK)
		speed_fail(what, err_name(err));
}

#define MUST(scale, expression) must(HOST_WAIT((scale)->pool, (expression)), #expression)

static struct port counted_port(void)
{
	struct port port = host_port();
	port.allocate = port.allocate_blocks = count_allocate;
	port.release = count_release;
	return port;
}

static void open_pool(struct scale *scale, u32 frames)
{
	struct port port = counted_port();
	struct sinter_options options = { .frames = frames };
	if (!host_open(&scale->file, scale->path, false))
		speed_fail(scale->path, "cannot be opened");
	must(sinter_open(&port, &scale->file.device, 1, &options, &scale->pool), "open");
	MUST(scale, sinter_dataset_open(scale->pool, DATASET_ROOT, &scale->root));
}

static void begin(struct scale *scale, u64 size, u32 frames)
{
	struct port port = counted_port();
	struct sinter_format format = { .name = VIEW_TEXT("scale") };
	int descriptor = open(scale->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (descriptor < 0 || ftruncate(descriptor, (off_t)size) || close(descriptor))
		speed_fail(scale->path, "cannot be made");
	if (!host_open(&scale->file, scale->path, false))
		speed_fail(scale->path, "cannot be opened");
	must(sinter_format(&port, &scale->file.device, 1, &format), "format");
	host_close(&scale->file);
	most = 0;
	open_pool(scale, frames);
}

static void end(struct scale *scale, bool is_killed)
{
	if (!is_killed)
		sinter_dataset_close(scale->root);
	if (is_killed)
		sinter_abandon(scale->pool);
	else
		must(sinter_close(scale->pool), "close");
	host_close(&scale->file);
}

static u64 make(struct scale *scale, u64 directory, u64 number, u32 mode)
{
	char name[24];
	u64 inode;
	struct sinter_new new = { .mode = mode };
	snprintf(name, sizeof name, "%llu", (unsigned long long)number);
	MUST(scale, sinter_create(scale->root, directory, view_cstring(name), &new, &inode));
	return inode;
}

static void fill(struct scale *scale, u64 inode, u32 size)
{
	static u8 bytes[TREE_FILE_SIZE];
	for (usize at = 0; at < size;) {
		usize written;
		AT(bytes, at)++;
		MUST(scale, sinter_write(scale->root, inode, at, view_from(bytes, size - at), &written));
		at += written;
	}
}

static void make_files(struct scale *scale, u64 folder, u64 first, u64 count)
{
	for (u64 i = first; i < first + count; i++) {
		fill(scale, make(scale, folder, i, 0100644), 1024);
		sinter_work(scale->pool);
	}
}

static void sync_all(struct scale *scale)
{
	u64 ticket = sinter_sync_begin(scale->pool);
	MUST(scale, sinter_sync_done(scale->pool, ticket));
}

static void take_snapshot(struct scale *scale, u64 number)
{
	char name[24];
	u64 txg;
	snprintf(name, sizeof name, "s%llu", (unsigned long long)number);
	MUST(scale, sinter_snapshot_begin(scale->root, view_cstring(name), &txg));
	MUST(scale, sinter_sync_done(scale->pool, txg));
}

static void test_tree(struct scale *scale)
{
	begin(scale, 2048 * MIB, 8192);
	u64 folder = make(scale, INODE_ROOT, 0, 040755);
	for (u64 i = 0; i < TREE_FILES; i++)
		fill(scale, make(scale, folder, i, 0100644), TREE_FILE_SIZE);
	sync_all(scale);
	for (u64 i = 1; i <= 5; i++) {
		double start = speed_now();
		take_snapshot(scale, i);
		printf("snapshot %llu of 1 GiB in %u files, durable: %.2f ms\n", (unsigned long long)i,
			TREE_FILES, (speed_now() - start) * 1e3);
	}
	end(scale, false);
}

// So many creates in a folder of their own, all of it durable: microseconds of CPU each.
static double time_creates(struct scale *scale, u64 folder_number)
{
	u64 folder = make(scale, INODE_ROOT, folder_number, 040755);
	sync_all(scale);
	double start = speed_cpu();
	make_files(scale, folder, 0, CREATES);
	sync_all(scale);
	return (speed_cpu() - start) * 1e6 / CREATES;
}

static void change_often(struct scale *scale, u64 times, bool with_snapshots)
{
	u64 file = make(scale, INODE_ROOT, 100, 0100644);
	double start = speed_now();
	for (u64 i = 0; i < times; i++) {
		fill(scale, file, (u32)(i % 2000) + 1);
		if (with_snapshots)
			take_snapshot(scale, i);
		else
			sync_all(scale);
	}
	printf("%llu %s: %.2f ms each\n", (unsigned long long)times,
		with_snapshots ? "snapshots" : "commits", (speed_now() - start) * 1e3 / (double)times);
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

// Two pools of the same history in turns, one with snapshots: the machine's moods meet both.
static void test_snapshots(struct scale *scale, u64 snapshots)
{
	char path[512];
	double with[ROUNDS], without[ROUNDS];
	snprintf(path, sizeof path, "%s-without", scale->path);
	struct scale other = { .path = path };
	begin(scale, 2048 * MIB, 8192);
	begin(&other, 2048 * MIB, 8192);
	change_often(scale, snapshots, true);
	change_often(&other, snapshots, false);
	for (u32 i = 0; i < ROUNDS; i++) {
		AT(without, i) = time_creates(&other, i + 1000);
		AT(with, i) = time_creates(scale, i + 1000);
	}
	qsort(with, ROUNDS, sizeof *with, by_value);
	qsort(without, ROUNDS, sizeof *without, by_value);
	double median = AT(with, ROUNDS / 2), before = AT(without, ROUNDS / 2);
	printf("a create of 1 KiB with %llu snapshots: %.2f us of CPU, without: %.2f us (%.3f)\n",
		(unsigned long long)snapshots, median, before, median / before);
	end(scale, false);
	end(&other, false);
	unlink(path);
}

static void report_open(struct scale *scale, const char *what)
{
	double start = speed_now(), cpu = speed_cpu();
	open_pool(scale, 2048);
	printf("%s: %.1f ms, %.1f ms of CPU\n", what, (speed_now() - start) * 1e3,
		(speed_cpu() - cpu) * 1e3);
}

static void test_large(struct scale *scale, u64 files, u64 gib)
{
	u64 folder = 0, ticket;
	begin(scale, gib << 30, 2048);
	for (u64 i = 0; i < files; i += FOLDER_FILES) {
		folder = make(scale, INODE_ROOT, i, 040755);
		make_files(scale, folder, 0, files - i < FOLDER_FILES ? files - i : FOLDER_FILES);
	}
	sync_all(scale);
	for (u64 i = 0; i < 100; i++) { // in the log only
		u64 inode = make(scale, folder, FOLDER_FILES + i, 0100644);
		fill(scale, inode, 1024);
		MUST(scale, sinter_fsync_begin(scale->root, inode, &ticket));
		MUST(scale, sinter_fsync_done(scale->pool, ticket));
	}
	make_files(scale, folder, FOLDER_FILES + 1000, 1000); // not synced: lost
	end(scale, true);
	(void)posix_fadvise(open(scale->path, O_RDONLY | O_CLOEXEC), 0, 0, POSIX_FADV_DONTNEED);
	report_open(scale, "open after a kill, the log replayed");
	u64 inode;
	MUST(scale, sinter_lookup(scale->root, folder, VIEW_TEXT("10099"), &inode));
	err_t err =
		HOST_WAIT(scale->pool, sinter_lookup(scale->root, folder, VIEW_TEXT("11000"), &inode));
	must(err == ERR_NOT_FOUND ? OK : ERR_CORRUPT, "what was not synced");
	end(scale, true);
	report_open(scale, "open again");
	end(scale, false);
	printf("memory with %llu files in %llu GiB: at most %.1f MiB\n", (unsigned long long)files,
		(unsigned long long)gib, (double)most / (double)MIB);
	if (most > MEMORY)
		speed_fail("memory", "more than 64 MiB");
}

void speed_scale(const char *path, u64 files, u64 snapshots, u64 gib)
{
	struct scale scale = { .path = path };
	setvbuf(stdout, nullptr, _IOLBF, 0);
	test_tree(&scale);
	test_snapshots(&scale, snapshots);
	test_large(&scale, files, gib);
	unlink(path);
}
