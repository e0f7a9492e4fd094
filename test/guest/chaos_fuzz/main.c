// SPDX-License-Identifier: MIT
// main.c - four children call at random; who is gone or stands still is replaced, until enough
// calls were made. Then all is as it was.
#include "lib/base/atomic.h"
#include "lib/base/format.h"
#include "lib/os/boot_image.h"
#include "lib/os/spawn.h"
#include "test/guest/chaos_fuzz/fuzz.h"

constexpr u64 CALLS_USUAL = 20'000, LOOK_EVERY = 30 * NS_PER_MS;
constexpr u32 STILL_LOOKS = 4, THREADS = 3;
constexpr u64 CHILD_PAGES = 1500, CHILD_OBJECTS = 1500, CHILD_HANDLES = 4000;
constexpr u64 ARENA_PAGES = 64;
constexpr u32 RIGHTS_GIVEN = RIGHTS_ALL & ~RIGHT_MANAGE; // it must not revoke ours

// The child.

static struct fuzzer fuzzers[THREADS];

static void fill_pool(struct fuzzer *fuzzer)
{
	static const char *const names[] = { "process", "quota", "time", "screen", "port80", "line" };
	handle_t thread = HANDLE_NONE, port, connection;
	for (u32 i = 0; i < FUZZ_POOL; i++)
		fuzz_pool_add(fuzzer, start_handle(AT(names, i % COUNT(names))));
	if (port_create(0, &port) == OK && connection_create(port, 1, &connection) == OK) {
		fuzz_pool_add(fuzzer, port);
		fuzz_pool_add(fuzzer, connection);
	}
	fuzz_pool_add(fuzzer, thread);
}

static u64 fuzz(void *_Nullable argument)
{
	struct fuzzer *fuzzer = argument;
	if (!fuzzer)
		return 1;
	fill_pool(fuzzer);
	for (;;)
		fuzz_call(fuzzer);
}

static u64 map_shared(void)
{
	u64 address;
	err_t err = memory_map(HANDLE_NONE, start_handle("shared"), 0, PAGE_SIZE, 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED, &address);
	return err == OK ? address : 0;
}

static int run_child(u64 seed, u64 index)
{
	void *arena;
	struct worker workers[THREADS];
	u64 shared = map_shared();
	if (!shared || guest_pages(ARENA_PAGES, &arena) != OK)
		return 1;
	(void)handle_close(start_handle("shared"));
	UNSAFE_BEGIN("mapped a moment ago")
	struct fuzz_shared *counts = (struct fuzz_shared *)shared;
	UNSAFE_END
	for (u32 i = 0; i < THREADS; i++) {
		struct fuzzer *fuzzer = &AT(fuzzers, i);
		random_init(&fuzzer->random, seed * THREADS + i);
		fuzzer->arena = (u64)arena;
		fuzzer->arena_size = ARENA_PAGES * PAGE_SIZE;
		fuzzer->calls = &AT(counts->calls, index % FUZZ_CHILDREN);
		fuzzer->good = &AT(counts->good, index % FUZZ_CHILDREN);
		if (i && worker_start(&AT(workers, i), fuzz, fuzzer) != OK)
			return 2;
	}
	return (int)fuzz(&AT(fuzzers, 0));
}

// The one who looks after them.

struct child {
	handle_t process;
	u64 last_calls;
	u32 still;
};

static struct {
	handle_t memory, screen, ports, line;
	struct fuzz_shared *_Nullable counts;
	struct child child[FUZZ_CHILDREN];
	u64 seed, started;
} state;

static err_t give_all(struct spawn *spawn)
{
	TRY(spawn_give(spawn, "quota", spawn->quota, RIGHTS_ALL));
	TRY(spawn_give(spawn, "time", start_handle("time"), RIGHTS_GIVEN));
	TRY(spawn_give(spawn, "shared", state.memory, RIGHTS_GIVEN));
	TRY(spawn_give(spawn, "screen", state.screen, RIGHTS_GIVEN));
	TRY(spawn_give(spawn, "port80", state.ports, RIGHTS_GIVEN));
	return spawn_give(spawn, "line", state.line, RIGHTS_GIVEN);
}

static err_t start_child(u32 index)
{
	static u8 text[64];
	struct child *child = &AT(state.child, index);
	struct spawn spawn = { .level = 15 };
	spawn.arguments =
		format_view(span_of(text), "chaos_fuzz child %lu %u", state.seed + state.started++, index);
	*child = (struct child){};
	TRY(boot_file("test/chaos_fuzz", &spawn.image));
	TRY(chaos_quota(CHILD_PAGES, CHILD_OBJECTS, CHILD_HANDLES, &spawn.quota));
	err_t err = give_all(&spawn);
	if (err == OK)
		err = spawn_start(&spawn, &child->process);
	(void)handle_close(spawn.quota);
	return err;
}

static err_t look_at(u32 index)
{
	struct child *child = &AT(state.child, index);
	u64 calls = atomic_load_relaxed(&AT(state.counts->calls, index));
	u32 observed;
	child->still = calls == child->last_calls ? child->still + 1 : 0;
	child->last_calls = calls;
	bool has_ended = object_wait(child->process, SIGNAL_EXITED, 0, &observed) == OK;
	if (!has_ended && child->still < STILL_LOOKS)
		return OK;
	err_t err = chaos_kill(child->process);
	if (err != OK)
		print("  child %u cannot be killed: %e\n", index, err);
	return err == OK ? start_child(index) : err;
}

static u64 total(const u64 *counts)
{
	u64 sum = 0;
	for (u32 i = 0; i < FUZZ_CHILDREN; i++) {
		UNSAFE_BEGIN("counts has one for each child")
		sum += atomic_load_relaxed(&counts[i]);
		UNSAFE_END
	}
	return sum;
}

static err_t make_resources(void)
{
	handle_t root = start_handle("resource");
	u64 address;
	TRY(resource_derive(root, RESOURCE_KIND_PHYSICAL, 0xa0000, 0x10000, &state.screen));
	TRY(resource_derive(root, RESOURCE_KIND_PORTS, 0x80, 1, &state.ports));
	TRY(resource_derive(root, RESOURCE_KIND_INTERRUPTS, 5, 1, &state.line));
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, &state.memory));
	TRY(memory_map(HANDLE_NONE, state.memory, 0, PAGE_SIZE, 0,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED, &address));
	UNSAFE_BEGIN("mapped a moment ago")
	state.counts = (struct fuzz_shared *)address;
	UNSAFE_END
	return OK;
}

static err_t end_all(void)
{
	for (u32 i = 0; i < FUZZ_CHILDREN; i++)
		TRY(chaos_kill(AT(state.child, i).process));
	TRY(memory_unmap(HANDLE_NONE, (u64)state.counts, PAGE_SIZE));
	TRY(handle_close(state.memory));
	TRY(handle_close(state.screen));
	TRY(handle_close(state.ports));
	return handle_close(state.line);
}

static err_t run_until(u64 calls)
{
	for (u32 i = 0; i < FUZZ_CHILDREN; i++)
		TRY(start_child(i));
	while (total(state.counts->calls) < calls) {
		(void)!sleep_until(clock_read() + LOOK_EVERY);
		for (u32 i = 0; i < FUZZ_CHILDREN; i++)
			TRY(look_at(i));
	}
	return OK;
}

static bool run_fuzz(void)
{
	state.seed = chaos_number(3, clock_read()) + state.started;
	state.started = 0;
	print("  seed %lu\n", state.seed);
	err_t err = make_resources();
	if (err == OK)
		err = run_until(chaos_number(2, CALLS_USUAL));
	if (state.counts)
		print("  %lu calls, %lu good, %lu processes: %e\n", total(state.counts->calls),
			total(state.counts->good), state.started, err);
	return err == OK && end_all() == OK;
}

static void fuzz_calls(void)
{
	CHECK(chaos_is_steady(run_fuzz));
}

static const struct guest_test tests[] = { { "fuzz_calls", fuzz_calls } };

int main(void)
{
	if (view_equal(view_cstring(start_argument(1)), VIEW_TEXT("child")))
		return run_child(chaos_number(2, 1), chaos_number(3, 0));
	return guest_run(tests, COUNT(tests)) ? 1 : 0;
}
