// SPDX-License-Identifier: MIT
// restart.c - the service is killed at any instruction and started again with its estate: what was
// known is known, what is asked happens once.
#include "test/guest/proc/proc_test.h"

constexpr u32 FAMILIES = 4, ROUNDS = 30, CHILDREN = 4, QUEUED = 5;
constexpr u32 WORD_STOP = 8, WORD_KILLS = 9, WORD_FAULTS = 10;

static u64 give_back(u64 argument)
{
	return argument;
}

// Until it is killed: beside a service that is killed all the time a step takes what it takes.
static u64 sleep_long(u64 argument)
{
	(void)argument;
	(void)sleep_until(DEADLINE_NEVER);
	return 99;
}

void test_restart(void)
{
	struct waited waited;
	u32 first, second;
	CHECK_OK(child_start(give_back, 3, &first));
	CHECK_OK(child_start(sleep_long, 0, &second));
	CHECK_OK(proc_set_group(self.proc, second, 0));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, first, EXITED | NOWAIT, &waited));
	CHECK_OK(service_restart());
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, first, EXITED, &waited));
	CHECK_EQ(waited.status, 3 << 8);
	CHECK_EQ(slot_of(self.slot)->pid, self.pid);
	CHECK_OK(proc_kill(self.proc, PROC_KILL_TO_GROUP, second, KILL, 0, 0, ++self.serial));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, second, EXITED, &waited));
	CHECK_EQ(waited.status, KILL);
	// One that ends while nobody serves.
	CHECK_OK(child_start(give_back, 4, &first));
	CHECK_OK(service_restart());
	CHECK_OK(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED, &waited));
	CHECK_EQ(waited.status, 4 << 8);
}

// Each child is waited for once, with its own status.
static u64 raise_children(void)
{
	struct waited waited;
	u64 seen = 0;
	u32 pid;
	for (u64 i = 1; i <= CHILDREN; i++)
		MUST(child_start(give_back, i, &pid) == OK);
	for (u32 i = 0; i < CHILDREN; i++) {
		MUST(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED, &waited) == OK);
		MUST(waited.status >> 8 >= 1 && waited.status >> 8 <= CHILDREN);
		MUST(!(seen >> (waited.status >> 8) & 1));
		seen |= 1ull << (waited.status >> 8);
	}
	MUST(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED, &waited) == ERR_NOT_FOUND);
	return 0;
}

static u64 stop_and_kill(void)
{
	struct waited waited;
	u32 pid;
	MUST(child_start(sleep_long, 0, &pid) == OK);
	MUST(send_signal(pid, STOP) == OK);
	MUST(child_wait(PROC_WAIT_FOR_PID, pid, UNTRACED | EXITED, &waited) == OK);
	MUST(waited.status == (STOP << 8 | 0x7f));
	MUST(send_signal(pid, CONT) == OK);
	MUST(child_wait(PROC_WAIT_FOR_PID, pid, CONTINUED | EXITED, &waited) == OK);
	MUST(waited.status == 0xffff);
	MUST(send_signal(pid, KILL) == OK);
	MUST(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited) == OK);
	MUST(waited.status == KILL);
	return 0;
}

struct detail {
	i32 code;
	u32 pid, user, status, more;
	u64 value;
};

static err_t take_detail(struct detail *out)
{
	u32 serial = ++self.serial;
	return AGAIN(proc_signal_info(self.proc, RT, serial, &out->code, &out->pid, &out->user,
		&out->status, &out->value, &out->more));
}

static err_t queue(u64 value)
{
	u32 serial = ++self.serial;
	return AGAIN(proc_kill(self.proc, PROC_KILL_TO_PROCESS, self.pid, RT, -1, value, serial));
}

// Signals that queue come once each, in order.
static u64 queue_signals(void)
{
	struct detail detail;
	for (u64 i = 0; i < QUEUED; i++)
		MUST(queue(i) == OK);
	for (u64 i = 0; i < QUEUED; i++) {
		MUST(take_detail(&detail) == OK);
		MUST(detail.value == i && detail.more == QUEUED - 1 - i);
	}
	MUST(take_detail(&detail) == ERR_NOT_FOUND);
	return 0;
}

static u64 live(u64 argument)
{
	u32 session, number = 0;
	(void)argument;
	self.serial++;
	MUST(AGAIN(proc_set_session(self.proc, self.serial, &session)) == OK);
	for (u32 round = 0; round < ROUNDS && !number; round++) {
		number = (u32)raise_children();
		if (!number)
			number = (u32)stop_and_kill();
		if (!number)
			number = (u32)queue_signals();
	}
	if (number) {
		__atomic_store_n(shared_word(WORD_FAULTS), number, __ATOMIC_RELEASE);
		return 1;
	}
	return 0;
}

// Beside all that, not one of proc's.
static u64 kill_often(u64 argument)
{
	u64 random = argument;
	while (!__atomic_load_n(shared_word(WORD_STOP), __ATOMIC_ACQUIRE)) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		(void)sleep_until(clock_read() + NS_PER_MS + (random >> 33) % (25 * NS_PER_MS));
		MUST(service_restart() == OK);
		__atomic_fetch_add(shared_word(WORD_KILLS), 1, __ATOMIC_RELAXED);
	}
	return 0;
}

void test_restarts(void)
{
	struct waited waited;
	handle_t killer;
	u32 pid, bad = 0;
	u64 code;
	*shared_word(WORD_STOP) = *shared_word(WORD_KILLS) = *shared_word(WORD_FAULTS) = 0;
	CHECK_OK(guest_fork(kill_often, clock_read(), &killer));
	for (u32 i = 0; i < FAMILIES; i++)
		CHECK_OK(child_start(live, 0, &pid));
	for (u32 i = 0; i < FAMILIES; i++) {
		CHECK_OK(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED, &waited));
		bad += waited.status != 0;
	}
	__atomic_store_n(shared_word(WORD_STOP), 1, __ATOMIC_RELEASE);
	CHECK_OK(guest_wait(killer, &code));
	CHECK_EQ(code, 0);
	CHECK_EQ(*shared_word(WORD_FAULTS), 0);
	CHECK_EQ(bad, 0);
	print("# the service was killed %u times\n", *shared_word(WORD_KILLS));
	CHECK(*shared_word(WORD_KILLS) > 10);
}
