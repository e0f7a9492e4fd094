// SPDX-License-Identifier: MIT
// table.c - the table of slots: what every process may read of every other without asking. One
// memory object that all map read-only; its words are written here alone, each by one store.
#include "lib/base/atomic.h"
#include "os/syscalls.h"
#include "servers/proc/store.h"

constexpr u64 TABLE_SIZE = (u64)PROC_SLOTS_MAX * sizeof(struct proc_slot);

static struct proc_slot *table; // mapped by table_open

static void write_word(u32 *place, u32 value)
{
	if (*place != value)
		atomic_store_relaxed(place, value); // read by identity_slot, no order needed
}

// A spare has no group yet: what it will find itself in.
static u32 group_of(const struct process *process)
{
	bool is_spare = process->state == PROCESS_SPARE && process->parent;
	return is_spare ? process_at(process->parent)->group : process->group;
}

// A spare with a signal waiting is for a child that is being made now; who makes one later takes
// another.
static u32 state_of(const struct process *process)
{
	bool is_late = process->state == PROCESS_SPARE && process->early;
	return is_late ? (u32)PROC_SLOT_STATE_SIGNALLED : process->state;
}

void process_publish(const struct process *process)
{
	UNSAFE_BEGIN("slots are below PROC_SLOTS_MAX, the table has that many")
	struct proc_slot *slot = &table[process_slot(process)];
	UNSAFE_END
	bool is_used = process->state != PROCESS_FREE;
	write_word(&slot->parent, process->parent ? process_at(process->parent)->pid : 0);
	write_word(&slot->group, group_of(process));
	write_word(&slot->session, process->session);
	write_word(&slot->terminal, process->terminal);
	write_word(&slot->changed, process->changed);
	write_word(&slot->continued, process->continued);
	write_word(&slot->state, state_of(process));
	write_word(&slot->pid, is_used ? process->pid : 0);
}

static err_t make(void)
{
	handle_t memory;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, TABLE_SIZE, HANDLE_NONE, 0, 0, &memory));
	SET(store->table, memory);
	ledger_commit();
	return OK;
}

err_t table_open(void)
{
	u64 address;
	const u32 access = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED;
	if (!store->table.raw)
		TRY(make());
	TRY(memory_map(HANDLE_NONE, store->table, 0, TABLE_SIZE, 0, access, &address));
	UNSAFE_BEGIN("just mapped, as large as the table")
	table = (struct proc_slot *)address;
	UNSAFE_END
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++)
		process_publish(process_at((slot_t)slot));
	return OK;
}
