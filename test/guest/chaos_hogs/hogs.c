// SPDX-License-Identifier: MIT
// hogs.c - each takes all it can get of one thing, again and again, until its time is over.
#include "test/guest/chaos_hogs/hogs.h"
#include "lib/base/atomic.h"
#include "lib/base/random.h"

constexpr u32 THREADS_MAX = 64, FLOOD_THREADS = 16, STORM_THREADS = 12, STORM_WORDS = 4;

static u64 end_ns; // when it is over; forked children have it too
static struct worker workers[THREADS_MAX];
static u32 words[STORM_WORDS]; // atomic, futexes
static bool is_privileged;     // it got a priority that no program should

static bool is_over(void)
{
	return clock_read() >= end_ns;
}

static void nothing(void)
{
	(void)sleep_until(end_ns);
}

// Tries to be more than others, too.
static void spin(void)
{
	u64 result;
	if (thread_control(HANDLE_NONE, THREAD_OPERATION_SET_PRIORITY, 32, 0, &result) == OK)
		is_privileged = true;
	(void)!thread_control(HANDLE_NONE, THREAD_OPERATION_SET_WEIGHT, 1024, 0, &result);
	while (!is_over())
		compiler_barrier();
}

// Children of children. A handle to a dead one keeps its place, so let go of it.
static void fork_bomb(void)
{
	handle_t child;
	while (!is_over()) {
		if (process_fork(0, &child) == OK && child.raw)
			(void)handle_close(child);
		else
			compiler_barrier();
	}
}

static void touch(u64 address)
{
	UNSAFE_BEGIN("mapped a moment ago")
	*(volatile u8 *)address = 1;
	UNSAFE_END
}

// Commits page by page as long as there are any, so that a refused page is an error, not a fault.
static u64 fill_memory(handle_t *memory)
{
	constexpr u64 SIZE = 1ull << 30;
	u64 offset = 0, result;
	if (memory_create(MEMORY_KIND_ANONYMOUS, SIZE, HANDLE_NONE, 0, 0, memory) != OK)
		return 0;
	while (offset < SIZE && !is_over() &&
		   memory_control(*memory, MEMORY_OPERATION_COMMIT, offset, PAGE_SIZE, &result) == OK)
		offset += PAGE_SIZE;
	return offset;
}

static void memory_hog(void)
{
	while (!is_over()) {
		handle_t memory = HANDLE_NONE;
		u64 address, size = fill_memory(&memory);
		if (size && memory_map(HANDLE_NONE, memory, 0, size, 0, MAP_FLAGS_READ | MAP_FLAGS_WRITE,
						&address) == OK) {
			touch(address);
			(void)memory_unmap(HANDLE_NONE, address, size);
		}
		if (memory.raw)
			(void)handle_close(memory);
	}
}

static void handle_hog(void)
{
	static handle_t handles[1 << 16];
	while (!is_over()) {
		u32 count = 0;
		for (; count < COUNT(handles) && !is_over(); count++) {
			handle_t *handle = &AT(handles, count);
			err_t err = count & 1 ? port_create(0, handle)
			                      : handle_duplicate(start_handle("gift"), RIGHTS_ALL, handle);
			if (err != OK)
				break;
		}
		while (count--)
			(void)handle_close(AT(handles, count));
	}
}

static u64 flood(void *_Nullable argument)
{
	(void)argument;
	handle_t connection = start_handle("gift");
	struct message message = {};
	while (!is_over()) {
		message.tag = 1ull << TAG_WORDS_SHIFT;
		(void)connection_invoke_until(connection, &message, clock_read() + NS_PER_MS);
	}
	return 0;
}

static u64 storm(void *_Nullable argument)
{
	struct random random;
	u32 woken;
	random_init(&random, (u64)argument);
	while (!is_over()) {
		u32 *word = &AT(words, random_below(&random, STORM_WORDS));
		u32 *other = &AT(words, random_below(&random, STORM_WORDS));
		if (random_below(&random, 2)) {
			(void)!futex_wait(
				(u64)word, atomic_load_relaxed(word), clock_read() + 100 * NS_PER_US, HANDLE_NONE);
			continue;
		}
		atomic_add_relaxed(word, 1u);
		(void)!futex_wake((u64)word, 1, (u64)other, 8, &woken);
	}
	return 0;
}

static void run_threads(u32 wanted, u64 (*run)(void *_Nullable argument))
{
	u32 count = 0;
	while (count < wanted && worker_start(&AT(workers, count), run, (void *)(u64)(count + 1)) == OK)
		count++;
	(void)run((void *)(u64)99);
	while (count--)
		(void)worker_join(&AT(workers, count), guest_soon());
}

static u64 be_brief(void *_Nullable argument)
{
	for (u32 i = 0; i < 1000 && !is_over(); i++)
		compiler_barrier();
	return (u64)argument;
}

static void thread_bomb(void)
{
	while (!is_over())
		run_threads(THREADS_MAX, be_brief);
}

struct hog {
	const char *name;
	void (*run)(void);
};

static void flood_all(void)
{
	run_threads(FLOOD_THREADS, flood);
}

static void storm_all(void)
{
	run_threads(STORM_THREADS, storm);
}

static const struct hog hogs[] = {
	{ "nothing", nothing },
	{ "spin", spin },
	{ "fork", fork_bomb },
	{ "memory", memory_hog },
	{ "handles", handle_hog },
	{ "messages", flood_all },
	{ "threads", thread_bomb },
	{ "futex", storm_all },
};

int hog_run(const char *kind, u64 milliseconds)
{
	end_ns = guest_after(milliseconds);
	for (u32 i = 0; i < COUNT(hogs); i++) {
		if (!view_equal(view_cstring(AT(hogs, i).name), view_cstring(kind)))
			continue;
		AT(hogs, i).run();
		return is_privileged ? 3 : 0;
	}
	return 2;
}
