// SPDX-License-Identifier: MIT
// seen.c - open addressing. The file has a fixed size, sparse at first: word 0 counts, the others
// are slots; processes insert by compare-and-swap. Losing pages of it to a power cut only makes
// later counts too large by what is found again, so a new count begins with a new file.
#include "test/sinter/seen.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/atomic.h"

constexpr usize SLOTS_IN_FILE = 1 << 26; // 512 MiB

static struct {
	u64 *words; // owned: the count, then slots
	usize slots;
	bool is_shared;
} seen;

[[noreturn]] static void fail(const char *what)
{
	perror(what);
	abort();
}

static void open_file(const char *path)
{
	usize bytes = (SLOTS_IN_FILE + 1) * sizeof(u64);
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (file < 0 || ftruncate(file, (off_t)bytes) != 0)
		fail(path);
	seen.words = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (seen.words == MAP_FAILED)
		fail(path);
	(void)close(file);
	seen.slots = SLOTS_IN_FILE;
	seen.is_shared = true;
}

static bool insert(u64 hash)
{
	u64 *slots = &seen.words[1];
	usize at = hash & (seen.slots - 1);
	for (;; at = (at + 1) & (seen.slots - 1)) {
		u64 there = atomic_load_relaxed(&slots[at]);
		if (!there && atomic_swap_if_relaxed(&slots[at], &there, hash))
			return true;
		if (there == hash)
			return false;
	}
}

static void grow(void)
{
	u64 *before = seen.words;
	usize slots = seen.slots;
	seen.slots = slots ? 2 * slots : 1 << 16;
	seen.words = calloc(seen.slots + 1, sizeof *seen.words);
	if (!seen.words)
		fail("seen");
	for (usize i = 1; before && i <= slots; i++)
		if (before[i])
			(void)insert(before[i]);
	seen.words[0] = before ? before[0] : 0;
	free(before);
}

static void make_room(void)
{
	const char *path = getenv("SINTER_SEEN");
	if (!seen.words && path)
		open_file(path);
	if (seen.is_shared && seen_count() < seen.slots / 8 * 7)
		return;
	if (seen.is_shared) {
		fputs("seen: the file is full\n", stderr);
		abort();
	}
	if (2 * seen_count() >= seen.slots)
		grow();
}

bool seen_add(u64 hash)
{
	make_room();
	bool is_new = insert(hash ? hash : 1);
	if (is_new)
		(void)atomic_add_relaxed(&seen.words[0], 1);
	return is_new;
}

u64 seen_count(void)
{
	return seen.words ? atomic_load_relaxed(&seen.words[0]) : 0;
}
