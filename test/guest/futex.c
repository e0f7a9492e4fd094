// SPDX-License-Identifier: MIT
// futex.c - waiting for words: waking, moving, time, words that two processes share.
#include "lib/base/atomic.h"
#include "lib/os/mutex.h"
#include "test/guest/harness/guest.h"

static u32 word, other; // atomic
static struct worker workers[4];

static u64 wait_word(void *_Nullable unused)
{
	(void)unused;
	return (u64)(u32)futex_wait((u64)&word, 1, guest_soon(), HANDLE_NONE);
}

static bool start_all(void)
{
	for (u32 i = 0; i < COUNT(workers); i++)
		if (worker_start(&AT(workers, i), wait_word, nullptr) != OK ||
			!guest_settled(AT(workers, i).handle))
			return false;
	return true;
}

static u32 ended(void)
{
	u32 count = 0;
	(void)sleep_until(guest_after(5));
	for (u32 i = 0; i < COUNT(workers); i++)
		count += !atomic_load_acquire(&AT(workers, i).running);
	return count;
}

static bool join_all(void)
{
	for (u32 i = 0; i < COUNT(workers); i++)
		if (worker_join(&AT(workers, i), guest_soon()) != OK || AT(workers, i).result != OK)
			return false;
	return true;
}

static void test_wake(void)
{
	u32 woken;
	atomic_store_seq_cst(&word, 1);
	CHECK(start_all());
	CHECK_OK(futex_wake((u64)&word, 0, 0, 0, &woken));
	CHECK_EQ(woken, 0);
	CHECK_OK(futex_wake((u64)&word, 1, 0, 0, &woken));
	CHECK_EQ(woken, 1);
	CHECK_EQ(ended(), 1);
	CHECK_EQ(atomic_load_acquire(&AT(workers, 0).running), 0); // the first that came
	CHECK_OK(futex_wake((u64)&other, 9, 0, 0, &woken));
	CHECK_EQ(woken, 0); // of another word
	CHECK_OK(futex_wake((u64)&word, 2, 0, 0, &woken));
	CHECK_EQ(woken, 2);
	CHECK_OK(futex_wake((u64)&word, UINT32_MAX, 0, 0, &woken));
	CHECK_EQ(woken, 1);
	CHECK(join_all());
}

static void test_requeue(void)
{
	u32 woken;
	atomic_store_seq_cst(&word, 1);
	CHECK(start_all());
	CHECK_OK(futex_wake((u64)&word, 1, (u64)&other, 2, &woken));
	CHECK_EQ(woken, 3); // one woken, two moved
	CHECK_EQ(ended(), 1);
	CHECK_OK(futex_wake((u64)&word, UINT32_MAX, 0, 0, &woken));
	CHECK_EQ(woken, 1); // two were moved
	CHECK_OK(futex_wake((u64)&other, UINT32_MAX, 0, 0, &woken));
	CHECK_EQ(woken, 2);
	CHECK(join_all());
}

static void test_time(void)
{
	atomic_store_seq_cst(&word, 1);
	u64 begin = clock_read();
	CHECK_EQ(futex_wait((u64)&word, 1, begin + 10 * NS_PER_MS, HANDLE_NONE), ERR_TIMED_OUT);
	CHECK(clock_read() - begin >= 10 * NS_PER_MS);
	CHECK_EQ(futex_wait((u64)&word, 2, DEADLINE_NEVER, HANDLE_NONE), ERR_WOULD_BLOCK);
}

// A word is what is in memory, wherever that is mapped.
static u64 wake_shared(u64 address)
{
	u32 woken;
	(void)sleep_until(guest_after(10));
	guest_poke(address, 2);
	MUST(futex_wake(address, 1, 0, 0, &woken) == OK);
	return woken;
}

static void test_shared(void)
{
	handle_t memory, child;
	u64 first, second, code;
	CHECK_OK(guest_memory(PAGE_SIZE, &memory));
	CHECK_OK(
		guest_map(memory, PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED, &first));
	CHECK_OK(
		guest_map(memory, PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED, &second));
	guest_poke(first, 1);
	CHECK_EQ(guest_peek(second), 1);
	CHECK_OK(guest_fork(wake_shared, second, &child));
	CHECK_OK(futex_wait(first, 1, guest_soon(), HANDLE_NONE));
	CHECK_EQ(guest_peek(first), 2);
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 1);
	CHECK_OK(memory_unmap(HANDLE_NONE, first, PAGE_SIZE));
	CHECK_OK(memory_unmap(HANDLE_NONE, second, PAGE_SIZE));
	CHECK_OK(handle_close(memory));
}

// A private copy of a word is another word.
static u64 wake_copy(u64 address)
{
	u32 woken;
	MUST(futex_wake(address, 9, 0, 0, &woken) == OK);
	return woken;
}

static void test_private(void)
{
	handle_t child;
	u64 code;
	u32 woken;
	atomic_store_seq_cst(&word, 1);
	CHECK(start_all());
	CHECK_OK(guest_fork(wake_copy, (u64)&word, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 0);
	CHECK_OK(futex_wake((u64)&word, 9, 0, 0, &woken));
	CHECK_EQ(woken, 4); // after the fork ours are still found
	CHECK(join_all());
}

static struct mutex lock;
static u64 counter; // under lock

static u64 count_up(void *_Nullable unused)
{
	(void)unused;
	for (u32 i = 0; i < 2000; i++) {
		mutex_lock(&lock);
		u64 seen = atomic_load_relaxed(&counter);
		if (i % 64 == 0)
			(void)sleep_until(0); // let others run into it
		atomic_store_relaxed(&counter, seen + 1);
		mutex_unlock(&lock);
	}
	return OK;
}

static void test_mutex(void)
{
	counter = 0;
	for (u32 i = 0; i < COUNT(workers); i++)
		CHECK_OK(worker_start(&AT(workers, i), count_up, nullptr));
	CHECK(join_all());
	CHECK_EQ(counter, 2000 * COUNT(workers));
}

static u64 wait_owned(void *_Nullable owner)
{
	return (u64)(u32)futex_wait((u64)&word, 1, guest_soon(), (handle_t){ (u32)(uintptr_t)owner });
}

// An owner is only borrowed from: waiting, waking and its end work as ever.
static void test_owner(void)
{
	static struct worker owner;
	u32 woken;
	atomic_store_seq_cst(&word, 1);
	CHECK_OK(worker_start(&owner, wait_word, nullptr));
	for (u32 i = 0; i < 2; i++) {
		CHECK_OK(worker_start(&AT(workers, i), wait_owned, guest_number(owner.handle.raw)));
		CHECK(guest_settled(AT(workers, i).handle));
	}
	CHECK_OK(worker_kill(&owner)); // with those who wait for it
	CHECK_OK(worker_join(&owner, guest_soon()));
	CHECK_OK(futex_wake((u64)&word, 9, 0, 0, &woken));
	CHECK_EQ(woken, 2);
	for (u32 i = 0; i < 2; i++)
		CHECK_OK(worker_join(&AT(workers, i), guest_soon()));
}

static const struct guest_test tests[] = {
	{ "wake", test_wake },
	{ "requeue", test_requeue },
	{ "time", test_time },
	{ "shared", test_shared },
	{ "private", test_private },
	{ "mutex", test_mutex },
	{ "owner", test_owner },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
