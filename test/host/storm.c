// SPDX-License-Identifier: MIT
// storm.c - the steps: who does what next.
#include "test/host/storm.h"

#include <stdio.h>
#include <stdlib.h>

#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/object/process.h"
#include "kernel/object/quota.h"
#include "kernel/panic.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "test/host/kernel_world.h"

constexpr u32 RESTARTS_MAX = 50'000;
constexpr u32 INVARIANT_STEPS = 256;

thread_local u64 storm_calls;
thread_local u64 storm_results[SYSCALL_COUNT][STORM_RESULTS];
static struct quota *payer;       // reference, while a storm is on
static u32 steps;                 // of this episode
static thread_local u32 restarts; // in a row on this host thread

u64 dice_word(struct dice *dice)
{
	if (dice->bytes) {
		// Two bytes a choice: a fuzzer's change stays local. The rest repeats what was read last.
		u64 value = dice->next < dice->size ? dice->bytes[dice->next++] : 0;
		value |= (u64)(dice->next < dice->size ? dice->bytes[dice->next++] : 0) << 8;
		return value * 0x0001'0001'0001'0001;
	}
	dice->state += 0x9e37'79b9'7f4a'7c15;
	u64 x = dice->state;
	x = (x ^ x >> 30) * 0xbf58'476d'1ce4'e5b9;
	x = (x ^ x >> 27) * 0x94d0'49bb'1331'11eb;
	return x ^ x >> 31;
}

bool dice_is_empty(const struct dice *dice)
{
	return dice->bytes && dice->next >= dice->size;
}

// Client and server know each other: the client has a connection to the server's port.
static void introduce(struct thread *server, struct thread *client)
{
	handle_t process;
	if (handle_install(&server->process->handles, &client->process->object, RIGHTS_ALL, &process) !=
		OK)
		return;
	struct answer port = CALL(server, PORT_CREATE);
	struct answer connection = CALL(server, CONNECTION_CREATE, port.value, 7);
	(void)CALL(server, PROCESS_GIVE, process.raw, connection.value, RIGHTS_ALL);
	(void)CALL(server, PROCESS_GIVE, process.raw, connection.value, RIGHTS_ALL);
}

static void populate(void)
{
	struct thread *server = world_process_of(payer, 3);
	struct thread *client = world_process_of(payer, LEVEL_PROGRAM);
	introduce(server, client);
	world_thread(server);
	world_thread(client);
	world_keep_nothing();
}

void storm_begin(u32 processors, u32 crowd)
{
	host.is_quiet = true;
	host.random = 1; // so that an episode can be repeated alone
	steps = 0;
	world_begin(processors);
	struct quota_limits limits = { .pages = 3000, .objects = 600, .handles = 3000 };
	if (quota_create(quota_root(), &limits, 100, &payer) != OK)
		panic("no quota");
	if (object_get_handle(&payer->object) != OK) // so that it stays reachable
		panic("no handle");
	while (crowd--)
		populate();
}

bool storm_end(void)
{
	object_put_handle(&payer->object);
	object_put(&payer->object);
	return world_end();
}

static void scribble(struct dice *dice, struct thread *thread)
{
	struct thread_block *block = thread->block;
	switch (dice_roll(dice, 4)) {
	case 0: atomic_store_relaxed(&block->entry, dice_chance(dice, 2) ? WORLD_UPCALL : 0); return;
	case 1:
		atomic_store_seq_cst(&block->blocked, dice_chance(dice, 2) ? 0 : dice_word(dice));
		return;
	case 2: atomic_store_seq_cst(&block->pending, dice_word(dice)); return;
	default:
		atomic_store_relaxed(&block->stack, dice_chance(dice, 2) ? 0 : WORLD_BASE + WORLD_SIZE);
		return;
	}
}

static void leave_upcall(struct thread *thread)
{
	struct thread_block *block = thread->block;
	thread->registers.rip = WORLD_CALL_SITE + 2;
	atomic_store_relaxed(&block->frame.cause, 0);
	atomic_store_seq_cst(&block->blocked, 0);
}

static u64 some_address(struct dice *dice)
{
	static const u64 bases[] = { WORLD_DATA, 0x200'0000, 0x800'0000, 0x4000'0000 };
	return bases[dice_chance(dice, 20) ? 3 : dice_roll(dice, 3)] + dice_roll(dice, 16) * PAGE_SIZE;
}

static void touch(struct dice *dice, struct thread *thread)
{
	u64 address = some_address(dice);
	bool is_write = dice_chance(dice, 2);
	u64 *place = host_translate(address, PAGE_READ | (is_write ? PAGE_WRITE : 0));
	if (!place)
		world_page_fault(thread, address, is_write ? PAGE_WRITE : PAGE_READ);
	else if (is_write)
		atomic_store_relaxed(place, dice_word(dice));
	else
		(void)atomic_load_relaxed(place);
}

static void call(struct dice *dice, struct thread *thread)
{
	u64 number = storm_call(dice, thread);
	thread->registers.rax = number;
	thread->registers.rip = dice_chance(dice, 100) ? WORLD_BASE : WORLD_CALL_SITE;
	storm_calls++;
	if (host.is_threaded) { // it may be running elsewhere by the time it returns
		world_enter(thread);
		return;
	}
	object_get(&thread->object);
	world_enter(thread);
	i64 result = (i64)thread->registers.rax;
	if (number < SYSCALL_COUNT && result <= 0 && result > -(i64)STORM_RESULTS)
		storm_results[number][-result]++;
	object_put(&thread->object);
}

static void user_step(struct dice *dice, struct thread *thread)
{
	switch (dice_roll(dice, 32)) {
	case 0:
	case 1:
	case 2: touch(dice, thread); break;
	case 3: scribble(dice, thread); break;
	case 4:
		if (dice_chance(dice, 20))
			thread_fault(thread, 2 + dice_roll(dice, 7), thread->registers.rip, 0);
		break;
	default: call(dice, thread);
	}
}

void storm_step_here(struct dice *dice)
{
	struct thread *thread = cpu_self()->current;
	u64 rip = thread->registers.rip;
	if (rip == WORLD_CALL_SITE) { // to be done again
		if (++restarts > RESTARTS_MAX)
			panic("a call is repeated forever: %lu", thread->registers.rax);
		world_enter(thread);
	} else {
		restarts = 0;
		if (rip == WORLD_UPCALL || rip == 0 || dice_chance(dice, 64))
			leave_upcall(thread);
		user_step(dice, thread);
	}
	host_advance(200 + dice_roll(dice, 2000));
	world_leave();
}

// Nobody can run: time passes. A new world begins when this one sleeps for good.
static void rest(struct dice *dice, u32 processors)
{
	host_advance(dice_roll(dice, 2'000'000));
	host_raise_line((u32)dice_roll(dice, HOST_LINES));
	for (u16 id = 0; id < (u16)processors; id++) {
		world_poll(id);
		if (!world_is_idle(id))
			return;
	}
	if (!dice_chance(dice, 8))
		return;
	world_fail_at(0, false);
	world_kill_all();
	world_keep_nothing();
	populate();
}

void storm_step(struct dice *dice)
{
	u32 processors = cpu_count;
	u16 id = (u16)dice_roll(dice, processors);
	for (u32 i = 0; i < processors && world_is_idle(id) && !host_has_interrupt(id); i++)
		id = (u16)((id + 1) % processors);
	host_select_cpu(id);
	bool has_interrupt = host_has_interrupt(id);
	if (has_interrupt && (world_is_idle(id) || dice_chance(dice, 3)))
		world_poll(id);
	else if (!world_is_idle(id))
		storm_step_here(dice);
	else
		rest(dice, processors);
	if (dice_chance(dice, 64))
		world_fail_at(1 + dice_roll(dice, 24), false);
	if (++steps % INVARIANT_STEPS == 0)
		world_check_invariants();
}
