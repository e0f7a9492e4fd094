// SPDX-License-Identifier: MIT
// host_test.c - a pool on image files whose n-th fdatasync or write fails, for each n that a
// workload meets: every sync from then on tells the error, and what was synced before is there when
// the pool is opened again. Large files make flushes that run in the background.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/test.h"
#include "lib/sinter/check.h"
#include "test/sinter/host/calls.h"
#include "tools/sinter/host.h"

enum { FILES = 18, LARGE = 1500000, IMAGE = 48 << 20, LEGS = 2, LATER = 6 };

static struct host_file hosts[LEGS];
static struct device devices[LEGS];
static int images[LEGS];
static u32 legs;
static struct sinter *pool;
static struct dataset *dataset;
static bool is_safe[FILES]; // synced, and answered so
static u32 background;      // flushes that failed there
static u8 bytes[LARGE], seen[LARGE];

static view_t contents(u32 number)
{
	usize size = number % 6 == 5 ? LARGE : 300 + number * 1777;
	for (usize i = 0; i < size; i++)
		AT(bytes, i) = (u8)(number * 31 + i * 7 + (i >> 12));
	return view_from(bytes, size);
}

static view_t name_of(u32 number)
{
	static char name[] = "file-a";
	AT(name, 5) = (char)('a' + number);
	return view_cstring(name);
}

static void say_nothing(void *context, view_t sentence)
{
	(void)context;
	(void)sentence;
}

static struct port quiet_port(void)
{
	struct port port = host_port();
	port.report = say_nothing;
	return port;
}

static bool open_pool(void)
{
	struct port port = quiet_port();
	struct sinter_options options = { .frames = 512 };
	for (u32 i = 0; i < legs; i++) {
		char path[64];
		snprintf(path, sizeof path, "/proc/self/fd/%d", AT(images, i));
		if (!CHECK(host_open(&AT(hosts, i), path, false)))
			return false;
		AT(devices, i) = AT(hosts, i).device;
	}
	return CHECK_OK(sinter_open(&port, devices, legs, &options, &pool)) &&
	       CHECK_OK(HOST_WAIT(pool, sinter_dataset_open(pool, DATASET_ROOT, &dataset)));
}

static err_t close_pool(void)
{
	sinter_dataset_close(dataset);
	err_t err = sinter_close(pool);
	for (u32 i = 0; i < legs; i++)
		host_close(&AT(hosts, i));
	return err;
}

static bool begin(u32 wanted)
{
	struct port port = quiet_port();
	struct sinter_format format = { .name = VIEW_TEXT("host") };
	legs = wanted;
	memset(is_safe, 0, sizeof is_safe);
	calls_reset((struct calls_fault){ .descriptor = -1 });
	for (u32 i = 0; i < legs; i++) {
		char path[64];
		AT(images, i) = memfd_create("image", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", AT(images, i));
		if (!CHECK(!ftruncate(AT(images, i), IMAGE)) ||
			!CHECK(host_open(&AT(hosts, i), path, false)))
			return false;
		AT(devices, i) = AT(hosts, i).device;
	}
	err_t err = sinter_format(&port, devices, legs, &format);
	for (u32 i = 0; i < legs; i++)
		host_close(&AT(hosts, i));
	return CHECK_OK(err) && open_pool();
}

static void end(void)
{
	for (u32 i = 0; i < legs; i++)
		close(AT(images, i));
}

static err_t fsync_file(u64 inode)
{
	u64 ticket = 0;
	err_t err = HOST_WAIT(pool, sinter_fsync_begin(dataset, inode, &ticket));
	return err == OK ? HOST_WAIT(pool, sinter_fsync_done(pool, ticket)) : err;
}

static err_t sync_pool(void)
{
	u64 ticket = sinter_sync_begin(pool);
	return HOST_WAIT(pool, sinter_sync_done(pool, ticket));
}

// What it could not do it says.
static err_t make_file(u32 number)
{
	u64 inode = 0;
	struct sinter_new new = { .mode = 0100644 };
	view_t rest = contents(number);
	err_t err = HOST_WAIT(pool, sinter_create(dataset, INODE_ROOT, name_of(number), &new, &inode));
	for (u64 at = 0; err == OK && rest.size;) {
		usize written = 0;
		err = HOST_WAIT(pool, sinter_write(dataset, inode, at, rest, &written));
		rest = view_from_offset(rest, written);
		at += written;
		(void)host_look(&AT(hosts, 0)); // as the mount does: flushes end, and the pool goes on
		sinter_work(pool);
	}
	if (err == OK)
		err = number % 4 ? fsync_file(inode) : sync_pool();
	AT(is_safe, number) = err == OK;
	return err;
}

static bool is_there(u32 number)
{
	u64 inode;
	usize size = 0;
	view_t wanted = contents(number);
	return HOST_WAIT(pool, sinter_lookup(dataset, INODE_ROOT, name_of(number), &inode)) == OK &&
	       HOST_WAIT(pool, sinter_read(dataset, inode, 0, span_of(seen), &size)) == OK &&
	       size == wanted.size && !memcmp(seen, wanted.data, size);
}

// Syncs of files old and new, of the pool, and flushes of the device itself, of which the kernel
// knows nothing any more.
static void all_fail(u32 from)
{
	for (u32 i = 0; i < LATER; i++) {
		u64 inode = 0;
		(void)HOST_WAIT(pool, sinter_lookup(dataset, INODE_ROOT, name_of(i), &inode));
		CHECK(fsync_file(inode) != OK);
		CHECK(sync_pool() != OK);
		if (from + i < FILES)
			CHECK(make_file(from + i) != OK);
	}
}

static err_t last_flush;

static void flush_ended(struct device_io *io)
{
	last_flush = io->result;
}

static err_t flush_device(u32 leg)
{
	static struct device_io io;
	struct device *device = &AT(devices, leg);
	io = (struct device_io){ .request = DEVICE_FLUSH, .done = flush_ended };
	last_flush = ERR_WOULD_BLOCK;
	device->ops->submit(device->context, &io);
	while (last_flush == ERR_WOULD_BLOCK)
		device->ops->wait(device->context);
	return last_flush;
}

static void complain(void *context, view_t sentence)
{
	(void)context;
	printf("%.*s\n", (int)sentence.size, (const char *)sentence.data);
}

static void nothing_is_lost(const char *what, u64 number)
{
	struct sinter_check check = { .complain = complain };
	calls_reset((struct calls_fault){ .descriptor = -1 });
	if (!open_pool())
		return;
	for (u32 i = 0; i < FILES; i++)
		if (AT(is_safe, i) && !CHECK(is_there(i)))
			printf("%s %llu: file %u\n", what, (unsigned long long)number, i);
	CHECK_OK(sinter_check(pool, &check));
	CHECK_EQ(check.complaints, 0);
	CHECK_OK(close_pool());
}

// The workload over one pool that stands on one leg. False: it did not meet the fault.
static bool run_alone(const char *what, struct calls_fault fault)
{
	u32 i = 0;
	if (!begin(1))
		return false;
	fault.descriptor = hosts->descriptor;
	calls_reset(fault);
	while (i < FILES && make_file(i) == OK)
		i++;
	bool is_met = calls_faults();
	if (i < FILES) {
		CHECK(is_met);
		all_fail(i + 1);
		if (fault.sync)
			for (u32 k = 0; k < LATER; k++)
				CHECK_EQ(flush_device(0), ERR_IO);
	}
	err_t err = close_pool();
	is_met = calls_faults();
	background += calls_is_apart();
	CHECK_EQ(err != OK, calls_faults() > (fault.sync ? 0 : 1)); // one failed write is tried again
	nothing_is_lost(what, fault.sync + fault.first_write);
	end();
	return is_met;
}

TEST(host_each_flush_fails)
{
	u64 n = 1;
	while (run_alone("flush", (struct calls_fault){ .sync = n }))
		n++;
	CHECK(n > FILES); // each file was synced at least once
	CHECK(background > 2);
}

// One is tried again; two in a row, or all from then on (a file system that is full) are errors.
TEST(host_each_write_fails)
{
	bool is_met = true;
	u64 n = 1;
	for (; is_met; n++) {
		struct calls_fault fault = { .first_write = n, .last_write = n };
		is_met = run_alone("write", fault);
		fault.last_write = n + 1;
		run_alone("two writes", fault);
		fault.last_write = UINT64_MAX;
		run_alone("writes", fault);
	}
	CHECK(n > FILES);
}

TEST(host_halved_writes_go_on)
{
	REQUIRE(begin(1));
	calls_reset((struct calls_fault){ .descriptor = hosts->descriptor, .is_halved = true });
	for (u32 i = 0; i < FILES; i++)
		CHECK_OK(make_file(i));
	CHECK(calls_faults() > 5);
	CHECK_OK(close_pool());
	nothing_is_lost("halved", 0);
	end();
}

// A mirror goes on without the leg whose flush failed, and is whole without it.
TEST(host_flush_of_one_leg_fails)
{
	for (u64 n = 1;; n += 3) {
		struct sinter_status status;
		REQUIRE(begin(LEGS));
		calls_reset((struct calls_fault){ .descriptor = hosts->descriptor, .sync = n });
		for (u32 i = 0; i < FILES; i++)
			CHECK_OK(make_file(i));
		bool is_met = calls_faults();
		sinter_status(pool, &status);
		CHECK_EQ(status.legs_failed, is_met);
		if (is_met)
			CHECK_EQ(flush_device(0), ERR_IO);
		CHECK_OK(close_pool());
		nothing_is_lost("leg", n);
		end();
		if (!is_met)
			return;
	}
}
