// SPDX-License-Identifier: MIT
// store.c - records by pid, in families, in groups. See store.h.
#include "servers/proc/store.h"

#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/proc/answer.h"
#include "servers/proc/check.h"
#include "servers/proc/proc.h"

struct store *store;

constexpr u64 MAGIC = 0x636f'7270'0005;
constexpr u32 PID_AGAIN = 300; // where numbers go on after the highest

static slot_t *pid_head(u32 pid)
{
	return &AT(store->pid_heads, pid % BUCKETS);
}

static slot_t *group_head(u32 group)
{
	return &AT(store->group_heads, group % BUCKETS);
}

slot_t process_slot(const struct process *process)
{
	UNSAFE_BEGIN("records are elements of one array")
	return (slot_t)(process - &store->processes[0]);
	UNSAFE_END
}

struct process *_Nullable process_find(u32 pid)
{
	for (slot_t slot = *pid_head(pid); slot; slot = process_at(slot)->pid_next)
		if (process_at(slot)->pid == pid)
			return process_at(slot);
	return nullptr;
}

struct process *_Nullable process_find_born(u32 pid)
{
	struct process *process = process_find(pid);
	return process && process->state > PROCESS_SPARE ? process : nullptr;
}

// Looked for only when numbers are given out a second time.
static bool is_session(u32 number)
{
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++) {
		const struct process *process = process_at((slot_t)slot);
		if (process->state > PROCESS_SPARE && process->session == number)
			return true;
	}
	return false;
}

struct process *_Nullable process_by_badge(u64 badge)
{
	struct process *process = process_find((u32)(badge % PROC_PID_MAX));
	return process && process_badge(process) == badge ? process : nullptr;
}

// A connection of its own for a pid that somebody may have had just now.
void process_choose(struct process *process)
{
	store->chosen++; // no note: who got a connection of a life cut short must be nobody in the next
	SET(process->use, store->chosen);
	answer_forget_birth(process->pid);
}

// No process has it, and no group or session is named by it.
static bool is_number_free(u32 pid)
{
	return !process_find(pid) && !group_first(pid) && !(store->is_wrapped && is_session(pid));
}

static u32 next_number(void)
{
	u32 pid = store->next_pid;
	do {
		if (++pid >= PROC_PID_MAX) {
			SET(store->is_wrapped, true);
			pid = PID_AGAIN;
		}
	} while (!is_number_free(pid));
	SET(store->next_pid, pid);
	return pid;
}

static err_t take_slot(slot_t *out)
{
	*out = store->free;
	if (*out)
		SET(store->free, process_at(*out)->pid_next);
	else if (store->fresh < PROC_SLOTS_MAX) {
		*out = (slot_t)store->fresh;
		SET(store->fresh, store->fresh + 1);
	} else
		return ERR_BUSY;
	return OK;
}

err_t process_allocate(u32 wanted, struct process *_Nullable *_Nonnull out)
{
	slot_t slot;
	if (wanted && (!is_number_free(wanted) || is_session(wanted)))
		return ERR_EXISTS;
	TRY(take_slot(&slot));
	struct process *process = process_at(slot);
	ledger_save(&process->pid_next, sizeof process->pid_next);
	ledger_save(&process->state, sizeof process->state);
	u32 pid = wanted ? wanted : next_number();
	*process = (struct process){ .pid = pid,
		.state = PROCESS_SPARE,
		.pid_next = *pid_head(pid),
		.changed = process->changed,
		.continued = process->continued }; // nothing else of a free record counts: it needs no note
	SET(*pid_head(pid), slot);
	SET(store->count, store->count + 1);
	if (wanted)
		process_choose(process);
	*out = process;
	return OK;
}

static void leave_pids(struct process *process)
{
	slot_t slot = process_slot(process), *link = pid_head(process->pid);
	while (*link && *link != slot)
		link = &process_at(*link)->pid_next;
	if (*link)
		SET(*link, process->pid_next);
}

static void leave_group(struct process *process)
{
	if (!process->group)
		return;
	if (process->group_previous)
		SET(process_at(process->group_previous)->group_next, process->group_next);
	else
		SET(*group_head(process->group), process->group_next);
	if (process->group_next)
		SET(process_at(process->group_next)->group_previous, process->group_previous);
	SET(process->group, 0);
}

void process_join_group(struct process *process, u32 group)
{
	leave_group(process);
	slot_t slot = process_slot(process), *head = group_head(group);
	SET(process->group, group);
	SET(process->group_previous, 0);
	SET(process->group_next, *head);
	if (*head)
		SET(process_at(*head)->group_previous, slot);
	SET(*head, slot);
}

static struct process *_Nullable group_from(slot_t slot, u32 group)
{
	while (slot && process_at(slot)->group != group)
		slot = process_at(slot)->group_next;
	return slot ? process_at(slot) : nullptr;
}

struct process *_Nullable group_first(u32 group)
{
	return group_from(*group_head(group), group);
}

struct process *_Nullable group_next(const struct process *process)
{
	return group_from(process->group_next, process->group);
}

void process_orphan(struct process *child)
{
	if (!child->parent)
		return;
	if (child->previous)
		SET(process_at(child->previous)->next, child->next);
	else
		SET(process_at(child->parent)->child, child->next);
	if (child->next)
		SET(process_at(child->next)->previous, child->previous);
	SET(child->parent, 0);
}

void process_adopt(struct process *parent, struct process *child)
{
	process_orphan(child);
	SET(child->parent, process_slot(parent));
	SET(child->previous, 0);
	SET(child->next, parent->child);
	if (parent->child)
		SET(process_at(parent->child)->previous, process_slot(child));
	SET(parent->child, process_slot(child));
}

void process_release(struct process *process)
{
	process_orphan(process);
	leave_group(process);
	leave_pids(process);
	answer_forget(process_badge(process));
	SET(process->state, PROCESS_FREE);
	SET(process->pid_next, store->free);
	SET(store->free, process_slot(process));
	SET(store->count, store->count - 1);
	process_publish(process);
}

// Root, with all capabilities that Linux knows (41), as its first process has them.
static const struct proc_credentials all_powers = {
	.effective = (1ull << 41) - 1, .permitted = (1ull << 41) - 1, .bounding = (1ull << 41) - 1
};

// A fresh ledger is zeros; what a damaged one holds goes.
static void clear(void)
{
	UNSAFE_BEGIN("the ledger's contents, as large as the struct")
	memory_fill(store, 0, sizeof(struct store));
	UNSAFE_END
}

static void fill(void)
{
	if (store->size)
		clear();
	store->next_pid = INIT_PID;
	store->boot = __builtin_ia32_rdtsc();
	store->fresh = INIT_SLOT + 1;
	store->fresh_detail = 1;
	AT(store->sets, 0) = (struct credential_set){ .users = 1, .credentials = all_powers };
	struct process *init = process_at(INIT_SLOT);
	*init = (struct process){
		.pid = INIT_PID, .state = PROCESS_ALIVE, .session = INIT_PID, .started_ns = clock_read()
	};
	limits_usual(init);
	*pid_head(INIT_PID) = INIT_SLOT;
	process_join_group(init, INIT_PID);
	store->count = 1;
	store->size = sizeof(struct store);
	ledger_commit();
	store->magic = MAGIC; // last: before, the next life starts over
}

void close_later(handle_t handle)
{
	if (!handle.raw)
		return;
	if (store->closing_count >= CLOSING_MAX) {
		(void)handle_close(handle);
		return;
	}
	SET(AT(store->closing, store->closing_count), handle);
	SET(store->closing_count, store->closing_count + 1);
}

err_t store_open(void)
{
	void *contents;
	TRY(ledger_open(start_handle("ledger"), sizeof(struct store), &contents));
	store = contents;
	bool is_ours = store->magic == MAGIC && store->size == sizeof(struct store);
	if (is_ours && !store_holds()) {
		print("proc: the ledger is damaged: all processes are forgotten\n");
		is_ours = false;
	}
	if (!is_ours)
		fill();
	return table_open();
}
