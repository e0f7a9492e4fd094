// SPDX-License-Identifier: MIT
// steps.c - one caller, one service, one victim, killed at one step; a second instance follows.
#include "lib/base/atomic.h"
#include "test/guest/chaos_kill/kill.h"

constexpr u64 CODE_RIGHT = 1, CODE_RESTARTED = 2, CODE_OTHER = 3;
constexpr u64 ROUNDS = 4;

struct step {
	enum stop stop;
	enum operation operation;
};

static const struct step steps[] = {
	{ STOP_NEVER, OPERATION_ANSWER }, // queued: no service is there yet
	{ STOP_TAKEN, OPERATION_ANSWER },
	{ STOP_TAKEN, OPERATION_LEASE },
	{ STOP_SAVED, OPERATION_SAVE },
	{ STOP_SAVED, OPERATION_LATER },
	{ STOP_LEASING, OPERATION_LEASE },
	{ STOP_TAKEN, OPERATION_TAKE },
	{ STOP_HANDLES, OPERATION_TAKE },
	{ STOP_ANSWERED, OPERATION_ANSWER },
	{ STOP_ANSWERED, OPERATION_GIVE },
	{ STOP_ANSWERED, OPERATION_SAVE },
};

static struct {
	handle_t port, connection;
	const struct step *step;
	bool is_idempotent;
} now; // of this process; a forked one has its own copy

static u64 service(u64 stop)
{
	return service_run(now.port, (enum stop)stop);
}

static u64 caller(u64 serial)
{
	switch (service_call(now.connection, now.step->operation, serial, now.is_idempotent)) {
	case OK: return CODE_RIGHT;
	case ERR_RESTARTED: return CODE_RESTARTED;
	default: return CODE_OTHER;
	}
}

static err_t begin(const struct step *step, bool is_idempotent)
{
	atomic_store_release(&shared->stage, 0u);
	atomic_store_release(&shared->wrong, 0u);
	now.step = step;
	now.is_idempotent = is_idempotent;
	TRY(port_create(0, &now.port));
	return connection_create(now.port, 9, &now.connection);
}

static err_t end(void)
{
	TRY(handle_close(now.connection));
	return handle_close(now.port);
}

static u64 expected_code(const struct step *step, bool is_idempotent)
{
	bool was_answered = step->stop == STOP_ANSWERED, was_queued = step->stop == STOP_NEVER;
	return was_answered || was_queued || is_idempotent ? CODE_RIGHT : CODE_RESTARTED;
}

static void kill_service_at(const struct step *step, bool is_idempotent, u64 serial)
{
	handle_t first, second, client;
	u64 code;
	CHECK_OK(begin(step, is_idempotent));
	if (step->stop != STOP_NEVER)
		CHECK_OK(guest_fork(service, step->stop, &first));
	CHECK_OK(guest_fork(caller, serial, &client));
	CHECK(chaos_reached(&shared->stage, step->stop));
	if (step->stop != STOP_NEVER)
		CHECK_OK(chaos_kill(first));
	else
		chaos_pause();
	CHECK_OK(guest_fork(service, STOP_NEVER, &second));
	CHECK_OK(chaos_waited(client, &code));
	CHECK_EQ(code, expected_code(step, is_idempotent));
	CHECK_EQ(shared->wrong, 0);
	CHECK_OK(chaos_kill(second));
	CHECK_OK(end());
}

static void all_steps(bool is_idempotent)
{
	struct guest_level before;
	for (u64 round = 0; round < ROUNDS; round++) {
		if (round == 1)
			CHECK_OK(guest_level(&before));
		for (u32 i = 0; i < COUNT(steps); i++)
			kill_service_at(&AT(steps, i), is_idempotent, 100 + round);
	}
	CHECK(chaos_is_level(&before));
}

void kill_service_plain(void)
{
	all_steps(false);
}

void kill_service_idempotent(void)
{
	all_steps(true);
}

static void kill_caller_at(const struct step *step, u64 serial)
{
	handle_t server, client;
	u64 code;
	CHECK_OK(begin(step, true));
	if (step->stop != STOP_NEVER)
		CHECK_OK(guest_fork(service, step->stop, &server));
	CHECK_OK(guest_fork(caller, serial, &client));
	CHECK(chaos_reached(&shared->stage, step->stop));
	chaos_pause();
	CHECK_OK(chaos_kill(client));
	if (step->stop != STOP_NEVER)
		CHECK_OK(chaos_kill(server));
	// Nothing of it is left in the port: the next instance serves the next caller.
	CHECK_OK(guest_fork(service, STOP_NEVER, &server));
	CHECK_OK(guest_fork(caller, serial + 1, &client));
	CHECK_OK(chaos_waited(client, &code));
	CHECK_EQ(code, CODE_RIGHT);
	CHECK_EQ(shared->wrong, 0);
	CHECK_OK(chaos_kill(server));
	CHECK_OK(end());
}

void kill_caller(void)
{
	struct guest_level before;
	for (u64 round = 0; round < ROUNDS; round++) {
		if (round == 1)
			CHECK_OK(guest_level(&before));
		for (u32 i = 0; i < COUNT(steps); i++)
			kill_caller_at(&AT(steps, i), 200 + round);
	}
	CHECK(chaos_is_level(&before));
}

// A saved call whose reply handle dies gets an answer, and so does one that kills everybody.
void kill_reply_dropped(void)
{
	static const struct step step = { STOP_NEVER, OPERATION_DROP };
	handle_t server, client;
	u64 code;
	for (u32 i = 0; i < 8; i++) {
		CHECK_OK(begin(&step, i & 1));
		CHECK_OK(guest_fork(service, STOP_NEVER, &server));
		CHECK_OK(guest_fork(caller, i, &client));
		CHECK_OK(chaos_waited(client, &code));
		CHECK_EQ(code, CODE_RESTARTED);
		CHECK_OK(chaos_kill(server));
		CHECK_OK(end());
	}
}

void kill_twice(void)
{
	static const struct step step = { STOP_TAKEN, OPERATION_ANSWER };
	handle_t server, client;
	u64 code;
	CHECK_OK(begin(&step, true));
	CHECK_OK(guest_fork(caller, 5, &client));
	for (u32 i = 0; i < 2; i++) {
		atomic_store_release(&shared->stage, 0u);
		CHECK_OK(guest_fork(service, STOP_TAKEN, &server));
		CHECK(chaos_reached(&shared->stage, STOP_TAKEN));
		CHECK_OK(chaos_kill(server));
	}
	CHECK_OK(chaos_waited(client, &code));
	CHECK_EQ(code, CODE_RESTARTED);
	CHECK_OK(end());
}
