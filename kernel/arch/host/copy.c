// SPDX-License-Identifier: MIT
// copy.c - copies at user addresses of the tables that are loaded. Programs on other CPUs may be
// writing there: each piece is moved by a relaxed atomic access, which is what a copy is worth.
#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/unsafe.h"

static bool is_for_words(const void *to, const void *from, usize size)
{
	return !(((uintptr_t)to | (uintptr_t)from | size) & 7);
}

static void move(void *to, const void *from, usize size)
{
	UNSAFE_BEGIN("the caller found both sides to have size bytes")
	if (size == 4 && !(((uintptr_t)to | (uintptr_t)from) & 3)) { // a futex word
		atomic_store_seq_cst((u32 *)to, atomic_load_seq_cst((const u32 *)from));
		return;
	}
	if (is_for_words(to, from, size)) {
		for (usize i = 0; i < size / 8; i++)
			atomic_store_relaxed((u64 *)to + i, atomic_load_relaxed((const u64 *)from + i));
		return;
	}
	for (usize i = 0; i < size; i++)
		atomic_store_relaxed((u8 *)to + i, atomic_load_relaxed((const u8 *)from + i));
	UNSAFE_END
}

static void *behind(const void *start, usize offset)
{
	UNSAFE_BEGIN("offset is below the size of the copy")
	return (u8 *)start + offset;
	UNSAFE_END
}

static bool copy(u64 user, const void *kernel, usize size, u32 access, u64 *stopped)
{
	for (usize done = 0; done < size;) {
		u64 address = user + done;
		usize piece = min_u64(size - done, PAGE_SIZE - (address & PAGE_MASK));
		void *theirs = host_translate(address, access);
		if (!theirs) {
			*stopped = address;
			return false;
		}
		if (access & PAGE_WRITE)
			move(theirs, behind(kernel, done), piece);
		else
			move(behind(kernel, done), theirs, piece);
		done += piece;
	}
	return true;
}

bool arch_copy_in(void *to, u64 from, usize size, u64 *stopped)
{
	return copy(from, to, size, PAGE_READ, stopped);
}

bool arch_copy_out(u64 to, const void *from, usize size, u64 *stopped)
{
	return copy(to, from, size, PAGE_READ | PAGE_WRITE, stopped);
}
