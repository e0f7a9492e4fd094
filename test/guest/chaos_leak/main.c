// SPDX-License-Identifier: MIT
// main.c - each test: some rounds to fill caches, the level, COUNT rounds, the same level; and the
// same around the process that did it.
#include "lib/os/spawn.h"
#include "test/guest/chaos_leak/leak.h"

constexpr u64 COUNT_USUAL = 200, WARM_ROUNDS = 40;

static leak_step *step_now; // the test's that runs
static u64 count_now;

// In a process of its own, whose end gives back what its own tables kept.
static u64 run_steps(u64 argument)
{
	struct guest_level before;
	(void)argument;
	for (u64 i = 0; i < WARM_ROUNDS; i++)
		MUST(step_now(i) == OK);
	MUST(guest_level(&before) == OK);
	for (u64 i = 0; i < count_now; i++)
		MUST(step_now(i) == OK);
	MUST(chaos_is_level(&before));
	return 0;
}

static bool run_once(void)
{
	handle_t process;
	u64 code;
	if (guest_fork(run_steps, 0, &process) != OK ||
		spawn_wait(process, DEADLINE_NEVER, &code) != OK || handle_close(process) != OK)
		return false;
	if (code)
		print("  failed in line %lu\n", code);
	return code == 0;
}

static void leak(leak_step *step, u64 divisor)
{
	step_now = step;
	count_now = chaos_number(2, COUNT_USUAL) / divisor + 1;
	CHECK(chaos_is_steady(run_once));
}

#define LEAK_TEST(name, divisor)                                                                   \
	static void leak_##name(void)                                                                  \
	{                                                                                              \
		leak(name##_step, divisor);                                                                \
	}
LEAK_TEST(port, 1)
LEAK_TEST(connection, 1)
LEAK_TEST(timer, 1)
LEAK_TEST(stream, 1)
LEAK_TEST(memory, 1)
LEAK_TEST(pager, 1)
LEAK_TEST(contiguous, 1)
LEAK_TEST(physical, 1)
LEAK_TEST(quota, 1)
LEAK_TEST(resource, 1)
LEAK_TEST(interrupt, 1)
LEAK_TEST(domain, 1)
LEAK_TEST(process, 1)
LEAK_TEST(duplicate, 1)
LEAK_TEST(revoke, 1)
LEAK_TEST(bind, 1)
LEAK_TEST(bind_fired, 1)
LEAK_TEST(hangup, 1)
LEAK_TEST(parcel, 1)
LEAK_TEST(parcel_nested, 1)
LEAK_TEST(cycle, 1)
LEAK_TEST(call, 1)
LEAK_TEST(call_saved, 1)
LEAK_TEST(call_handles, 1)
LEAK_TEST(map, 1)
LEAK_TEST(map_parts, 1)
LEAK_TEST(clone, 1)
LEAK_TEST(reserve, 1)
LEAK_TEST(shared, 1)
LEAK_TEST(resize, 1)
LEAK_TEST(supply, 1)
LEAK_TEST(thread, 1)
LEAK_TEST(thread_killed, 1)
LEAK_TEST(fork, 1)
LEAK_TEST(fork_deep, 4)
LEAK_TEST(fork_fault, 4)
LEAK_TEST(fork_killed, 4)
LEAK_TEST(give, 4)
LEAK_TEST(replace, 4)
LEAK_TEST(program, 8)

// All kinds of objects at the same time, a process each; of each kind COUNT objects.
static const struct {
	leak_step *step;
	u64 made; // objects of its kind in a round
} together[] = {
	{ port_step, 1 }, { connection_step, 2 }, { timer_step, 1 }, { stream_step, 1 },
	{ memory_step, 1 }, { quota_step, 2 }, { resource_step, 2 }, { interrupt_step, 1 },
	{ domain_step, 1 }, { process_step, 1 }, { thread_step, 2 }, { call_saved_step, 2 }, // replies
};

static u64 run_kind(u64 index)
{
	u64 rounds = count_now / AT(together, index).made;
	for (u64 i = 0; i < rounds; i++)
		MUST(AT(together, index).step(i) == OK);
	return 0;
}

static bool run_together(void)
{
	handle_t process[COUNT(together)];
	u64 code, failed = 0;
	for (u64 i = 0; i < COUNT(process); i++)
		if (guest_fork(run_kind, i, &AT(process, i)) != OK)
			return false;
	for (u64 i = 0; i < COUNT(process); i++) {
		if (spawn_wait(AT(process, i), DEADLINE_NEVER, &code) != OK || code ||
			handle_close(AT(process, i)) != OK) {
			print("  kind %lu failed in line %lu\n", i, code);
			failed++;
		}
	}
	return !failed;
}

static void leak_together(void)
{
	u64 count = chaos_number(2, COUNT_USUAL);
	count_now = count / 100 + WARM_ROUNDS;
	CHECK(run_together()); // caches of what runs at the same time
	count_now = count;
	CHECK(chaos_is_steady(run_together));
}

#define ROW(name) { #name, name }
static const struct guest_test tests[] = {
	ROW(leak_port),
	ROW(leak_connection),
	ROW(leak_timer),
	ROW(leak_stream),
	ROW(leak_memory),
	ROW(leak_pager),
	ROW(leak_contiguous),
	ROW(leak_physical),
	ROW(leak_quota),
	ROW(leak_resource),
	ROW(leak_interrupt),
	ROW(leak_domain),
	ROW(leak_process),
	ROW(leak_duplicate),
	ROW(leak_revoke),
	ROW(leak_bind),
	ROW(leak_bind_fired),
	ROW(leak_hangup),
	ROW(leak_parcel),
	ROW(leak_parcel_nested),
	ROW(leak_cycle),
	ROW(leak_call),
	ROW(leak_call_saved),
	ROW(leak_call_handles),
	ROW(leak_map),
	ROW(leak_map_parts),
	ROW(leak_clone),
	ROW(leak_reserve),
	ROW(leak_shared),
	ROW(leak_resize),
	ROW(leak_supply),
	ROW(leak_thread),
	ROW(leak_thread_killed),
	ROW(leak_fork),
	ROW(leak_fork_deep),
	ROW(leak_fork_fault),
	ROW(leak_fork_killed),
	ROW(leak_give),
	ROW(leak_replace),
	ROW(leak_program),
	ROW(leak_together),
};

int main(void)
{
	return guest_run(tests, COUNT(tests)) ? 1 : 0;
}
