// SPDX-License-Identifier: MIT
// speed.c - the benchmark: speed system|library WHERE [FILES MIB SYNCS], and the tests of the other
// files here. The same calls in the same order, whatever is below. Each line: test, what was done,
// wall seconds, CPU seconds of this process (for the kernel's file systems without what its own
// threads write); of fsync the median and the 99th percentile in seconds.
#include "test/sinter/speed/speed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

constexpr u32 FILE_SIZE = 1024, SYNCS_MAX = 10000;

static const struct target *at;
static u8 bytes[CHUNK];
static u64 random_state = 88172645463325252;

void speed_fail(const char *what, const char *why)
{
	fprintf(stderr, "speed: %s: %s\n", what, why);
	exit(1);
}

u64 speed_random(u64 limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

double speed_now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double speed_cpu(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct test speed_begin(const char *name)
{
	return (struct test){ name, speed_now(), speed_cpu() };
}

void speed_end(struct test test, double done)
{
	printf("%s %.0f %.6f %.6f\n", test.name, done, speed_now() - test.wall, speed_cpu() - test.cpu);
	fflush(stdout);
}

// By hand: printf would be a good part of what is measured.
static const char *name_of(u64 number)
{
	static char name[] = "file-000000";
	for (u32 i = 0; i < 6; i++, number /= 10)
		AT(name, 10 - i) = (char)('0' + number % 10);
	return name;
}

static void test_files(u64 files)
{
	struct test test = speed_begin("create");
	for (u64 i = 0; i < files; i++)
		at->create(name_of(i), view_from(bytes, FILE_SIZE));
	at->sync();
	speed_end(test, (double)files);
	test = speed_begin("stat");
	for (u64 i = 0; i < 5 * files; i++)
		at->stat(name_of(speed_random(files)));
	speed_end(test, 5 * (double)files);
	test = speed_begin("unlink");
	for (u64 i = 0; i < files; i++)
		at->unlink(name_of(i));
	at->sync();
	speed_end(test, (double)files);
}

static void test_large(u64 mib)
{
	u64 size = mib << 20, count = size / BLOCK / 4;
	at->open("large");
	struct test test = speed_begin("sequential-write");
	for (u64 offset = 0; offset < size; offset += CHUNK)
		at->write(offset, view_from(bytes, CHUNK));
	at->fsync();
	speed_end(test, (double)mib);
	test = speed_begin("random-write");
	for (u64 i = 0; i < count; i++)
		at->write(speed_random(size / BLOCK) * BLOCK, view_from(bytes, BLOCK));
	at->fsync();
	speed_end(test, (double)count);
	test = speed_begin("sequential-read");
	for (u64 offset = 0; offset < size; offset += CHUNK)
		at->read(offset, span_from(bytes, CHUNK));
	speed_end(test, (double)mib);
	at->close();
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

void speed_print_times(const char *name, double *times, u32 count)
{
	qsort(times, count, sizeof *times, compare);
	const double *median = view_element(times, sizeof *times, count, count / 2);
	const double *late = view_element(times, sizeof *times, count, count * 99 / 100);
	printf("%s %u %.9f %.9f\n", name, count, *median, *late);
	fflush(stdout);
}

static void test_fsync(u64 syncs)
{
	static double times[SYNCS_MAX];
	if (!syncs || syncs > SYNCS_MAX)
		speed_fail("fsync", "1 to 10000 of them");
	at->open("log");
	at->fsync();
	for (u64 i = 0; i < syncs; i++) {
		double start = speed_now();
		at->write(i * BLOCK, view_from(bytes, BLOCK));
		at->fsync();
		AT(times, i) = speed_now() - start;
	}
	at->close();
	speed_print_times("fsync", times, (u32)syncs);
}

static u64 number(const char *_Nullable text, u64 otherwise)
{
	return text ? strtoull(text, nullptr, 0) : otherwise;
}

static const struct target *target_of(const char *name)
{
	return strcmp(name, "library") ? &system_target : &library_target;
}

static void test_all(const char *where, u64 files, u64 mib, u64 syncs)
{
	at->begin(where);
	if (files)
		test_files(files);
	if (mib)
		test_large(mib);
	if (syncs)
		test_fsync(syncs);
	at->end();
}

int main(int count, char **words)
{
	const char *given[6] = {};
	for (u32 i = 0; i < (u32)count && i < 6; i++)
		AT(given, i) = *(char **)view_element(words, sizeof *words, (usize)count, i);
	for (u32 i = 0; i < CHUNK; i++)
		AT(bytes, i) = (u8)speed_random(256);
	if (count > 2 && !strcmp(given[1], "scale"))
		speed_scale(
			given[2], number(given[3], 1000000), number(given[4], 10000), number(given[5], 100));
	else if (count > 3 && !strcmp(given[1], "stream"))
		speed_stream(
			target_of(given[2]), given[3], number(given[4], 1024), (u32)number(given[5], 1000));
	else if (count > 3 && !strcmp(given[1], "knobs"))
		speed_knobs(given[2], given[3], number(given[4], 512));
	else if (count > 2) {
		at = target_of(given[1]);
		test_all(given[2], number(given[3], 20000), number(given[4], 256), number(given[5], 300));
	} else
		speed_fail("usage",
			"speed system|library WHERE [FILES MIB SYNCS] | stream system|library WHERE [MIB "
			"SYNCS] | knobs none|unsummed|lz4|zstd|sealed WHERE [MIB] | scale FILE [FILES "
			"SNAPSHOTS GIB]");
}
