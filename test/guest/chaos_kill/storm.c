// SPDX-License-Identifier: MIT
// storm.c - two ports with two services each, and six clients that call all the time; somebody is
// killed at random and replaced. Now and then all is held still: every client must come forward.
#include "lib/base/atomic.h"
#include "lib/base/random.h"
#include "test/guest/chaos_kill/kill.h"

constexpr u32 PORTS = 2, SERVICES = 4, CLIENTS = 6, LOOK_EVERY = 200;
constexpr u64 KILLS_USUAL = 400;

static struct {
	handle_t port[PORTS], connection[PORTS];
	handle_t service[SERVICES], client[CLIENTS];
	struct random random;
} storm;

static u64 run_service(u64 index)
{
	return service_run(AT(storm.port, index % PORTS), STOP_NEVER);
}

static void call_once(struct random *random, u64 serial)
{
	u32 port = (u32)random_below(random, PORTS);
	enum operation operation = (enum operation)(1 + random_below(random, OPERATION_COUNT - 1));
	bool is_idempotent = random_below(random, 2);
	switch ((i32)service_call(AT(storm.connection, port), operation, serial, is_idempotent)) {
	case OK:
		atomic_add_relaxed(&shared->calls, 1u);
		if (operation == OPERATION_DROP)
			kill_wrong(operation, 1);
		return;
	case ERR_RESTARTED: atomic_add_relaxed(&shared->restarted, 1u); return;
	case ERR_TIMED_OUT: kill_wrong(operation, ERR_TIMED_OUT); return;
	default: kill_wrong(operation, 2);
	}
}

static u64 run_client(u64 argument)
{
	struct random random;
	u32 index = (u32)(argument % CLIENTS);
	random_init(&random, argument);
	for (u64 serial = argument << 20; !atomic_load_relaxed(&shared->is_over); serial++) {
		call_once(&random, serial);
		atomic_add_relaxed(&AT(shared->progress, index), 1u); // read by are_all_moving
	}
	return 0;
}

static err_t start_service(u32 index)
{
	return guest_fork(run_service, index, &AT(storm.service, index));
}

static err_t start_client(u32 index)
{
	u64 seed = random_below(&storm.random, 1u << 30) * CLIENTS + index;
	return guest_fork(run_client, seed, &AT(storm.client, index));
}

static err_t kill_one(void)
{
	u32 victim = (u32)random_below(&storm.random, SERVICES + CLIENTS);
	u64 pause = random_below(&storm.random, 4) ? random_below(&storm.random, 300) : 0;
	if (pause)
		(void)sleep_until(clock_read() + pause * NS_PER_US);
	if (victim < SERVICES) {
		TRY(chaos_kill(AT(storm.service, victim)));
		return start_service(victim);
	}
	victim -= SERVICES;
	TRY(chaos_kill(AT(storm.client, victim)));
	return start_client(victim);
}

static bool are_all_moving(void)
{
	for (u32 i = 0; i < CLIENTS; i++) {
		u32 *progress = &AT(shared->progress, i);
		if (!chaos_reached(progress, atomic_load_relaxed(progress) + 2)) {
			print("  client %u hangs\n", i);
			return false;
		}
	}
	return true;
}

static err_t start_all(u64 seed)
{
	random_init(&storm.random, seed);
	*shared = (struct kill_shared){};
	for (u32 i = 0; i < PORTS; i++) {
		TRY(port_create(0, &AT(storm.port, i)));
		TRY(connection_create(AT(storm.port, i), i, &AT(storm.connection, i)));
	}
	for (u32 i = 0; i < SERVICES; i++)
		TRY(start_service(i));
	for (u32 i = 0; i < CLIENTS; i++)
		TRY(start_client(i));
	return OK;
}

static err_t end_all(void)
{
	u64 code;
	atomic_store_release(&shared->is_over, 1u);
	for (u32 i = 0; i < CLIENTS; i++) {
		TRY(chaos_waited(AT(storm.client, i), &code));
		if (code)
			return ERR_STATE;
	}
	for (u32 i = 0; i < SERVICES; i++)
		TRY(chaos_kill(AT(storm.service, i)));
	for (u32 i = 0; i < PORTS; i++) {
		TRY(handle_close(AT(storm.connection, i)));
		TRY(handle_close(AT(storm.port, i)));
	}
	return OK;
}

static err_t run_kills(u64 kills)
{
	for (u64 i = 1; i <= kills; i++) {
		TRY(kill_one());
		if (i % LOOK_EVERY == 0 && !are_all_moving())
			return ERR_TIMED_OUT;
	}
	return are_all_moving() ? OK : ERR_TIMED_OUT;
}

static bool run_storm(void)
{
	static u64 runs;
	u64 kills = chaos_number(2, KILLS_USUAL), seed = chaos_number(3, clock_read()) + runs++;
	err_t err = start_all(seed);
	if (err == OK)
		err = run_kills(kills);
	if (err == OK)
		err = end_all();
	print("  seed %lu: %lu kills, %u calls answered, %u restarted, %u wrong: %e\n", seed, kills,
		shared->calls, shared->restarted, shared->wrong, err);
	if (shared->wrong)
		print("  operation %ld: %ld\n", shared->first_operation, shared->first_wrong);
	return err == OK && !shared->wrong && shared->calls;
}

void kill_random(void)
{
	CHECK(chaos_is_steady(run_storm));
}
