// SPDX-License-Identifier: MIT
// children.c - how processes come to be: pids handed out ahead, children told of by their parents
// (docs/decisions/019).
#include "abi/signals.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/proc/answer.h"
#include "servers/proc/operations.h"

static void inherit(struct process *child, const struct process *parent)
{
	child->session = parent->session;
	child->terminal = parent->terminal;
	child->nice = parent->nice;
	child->memory_bias = parent->memory_bias;
	child->memory_bias_min = parent->memory_bias_min;
	child->started_ns = clock_read();
	for (u32 i = 0; i < PROC_RESOURCES; i++)
		AT(child->limits, i) = AT(parent->limits, i);
}

// What of it the parent changed since the spare was made.
static void inherit_again(struct process *child, const struct process *parent)
{
	if (child->nice != parent->nice)
		SET(child->nice, parent->nice);
	if (child->memory_bias != parent->memory_bias)
		SET(child->memory_bias, parent->memory_bias);
	if (child->memory_bias_min != parent->memory_bias_min)
		SET(child->memory_bias_min, parent->memory_bias_min);
	for (u32 i = 0; i < PROC_RESOURCES; i++) {
		typeof(AT(child->limits, 0)) *to = &AT(child->limits, i);
		const typeof(*to) *from = &AT(parent->limits, i);
		if (to->soft != from->soft || to->hard != from->hard)
			SET(*to, *from);
	}
}

constexpr u32 RESOURCE_PROCESSES = 6; // RLIMIT_NPROC

// Counted with spares and zombies, as records are what it costs.
static bool may_have_more(const struct process *parent)
{
	u64 limit = AT(parent->limits, RESOURCE_PROCESSES).soft;
	u32 user = credentials_of(parent)->user;
	if (store->count < limit || is_able(parent, CAP_SYS_RESOURCE) || is_able(parent, CAP_SYS_ADMIN))
		return true;
	u64 count = 0;
	for (u32 i = 0; i < SETS_MAX; i++)
		if (AT(store->sets, i).credentials.user == user)
			count += AT(store->sets, i).users;
	return count < limit;
}

// What a child is before anybody says so: it reads its parent and group in the table of slots.
static err_t make_spare(struct process *parent, u32 wanted, struct process *_Nullable *_Nonnull out)
{
	struct process *spare;
	if (!may_have_more(parent) || session_is_full(parent))
		return ERR_QUOTA;
	TRY(process_allocate(wanted, &spare));
	inherit(spare, parent); // the record is fresh: no notes needed
	set_share(spare, parent->set);
	process_adopt(parent, spare);
	*out = spare;
	return OK;
}

// The handle goes out with the answer and is closed after it (main.c).
static err_t connect_spare(struct process *spare, handle_t *out)
{
	err_t err = connection_create(port, process_badge(spare), out);
	if (err != OK) {
		set_leave(spare);
		process_release(spare);
		return err;
	}
	answer_hand_out(*out);
	process_publish(spare);
	return OK;
}

static err_t hand_out(struct process *parent, u32 wanted, u32 *pid, u32 *slot, handle_t *next)
{
	struct process *spare;
	TRY(make_spare(parent, wanted, &spare));
	TRY(connect_spare(spare, next));
	*pid = spare->pid;
	*slot = process_slot(spare);
	return OK;
}

static void give_birth(struct process *child, u32 exit_signal)
{
	const struct process *parent = process_at(child->parent);
	SET(child->state, PROCESS_UNBORN);
	SET(child->exit_signal, (u8)exit_signal);
	if (child->session != parent->session || child->terminal != parent->terminal) {
		SET(child->session, parent->session); // it moved since the spare was made
		SET(child->terminal, parent->terminal);
	}
	if (child->set != parent->set) {
		set_leave(child);
		set_share(child, parent->set);
	}
	inherit_again(child, parent);
	process_join_group(child, parent->group);
}

err_t caller_find(struct caller caller, struct process *_Nullable *_Nonnull out)
{
	struct process *process = process_by_badge(caller.badge);
	if (!process || process->state == PROCESS_ZOMBIE)
		return ERR_NOT_FOUND;
	if (process->state == PROCESS_SPARE && process->parent) {
		give_birth(process, SIG_CHLD);
		process_publish(process);
	}
	if (process->state != PROCESS_ALIVE && !process->parent)
		return ERR_GONE;
	*out = process;
	return OK;
}

err_t process_by_id(struct caller caller, u32 id, struct process *_Nullable *_Nonnull out)
{
	if (!id)
		return caller_find(caller, out);
	*out = process_find_born(id);
	return *out ? OK : ERR_NOT_FOUND;
}

err_t bind_exit(const struct process *process)
{
	u64 key = (u64)process->pid << 32 | process_slot(process);
	err_t err = port_bind(port, process->process, SIGNAL_EXITED, key, BIND_MODE_ONCE);
	if (err != ERR_EXISTS)
		return err;
	TRY(port_bind(
		port, process->process, 0, 0, BIND_MODE_ONCE)); // by a life that did not commit it
	return port_bind(port, process->process, SIGNAL_EXITED, key, BIND_MODE_ONCE);
}

static err_t find_coming(struct caller caller, u32 pid, struct process *_Nullable *_Nonnull child)
{
	struct process *parent;
	TRY(caller_find(caller, &parent));
	*child = process_find(pid);
	if (!*child || (*child)->parent != process_slot(parent))
		return ERR_NOT_FOUND;
	bool is_coming = (*child)->state == PROCESS_SPARE ||
	                 ((*child)->state == PROCESS_UNBORN && !(*child)->process.raw);
	return is_coming ? OK : ERR_STATE;
}

// pid 1 is whoever says so first: init made its connection (docs/decisions/019).
err_t operation_begin(void *_Nullable self, struct caller caller, handle_t process)
{
	(void)self;
	struct process *first = process_at(INIT_SLOT);
	if (caller.badge != INIT_PID)
		return ERR_NOT_OWNER;
	if (first->process.raw)
		return ERR_STATE;
	SET(first->process, process);
	err_t err = bind_exit(first);
	if (err != OK)
		SET(first->process, HANDLE_NONE); // the dispatch closes it
	return err;
}

err_t operation_attach(void *_Nullable self, struct caller caller, u32 *out_pid, u32 *out_slot,
	u32 *out_parent, u32 *out_boot, handle_t *out_table)
{
	(void)self;
	struct process *process;
	TRY(caller_find(caller, &process));
	*out_pid = process->pid;
	*out_slot = process_slot(process);
	*out_parent = process->parent ? process_at(process->parent)->pid : 0;
	*out_boot = (u32)store->boot;
	*out_table = store->table;
	return OK;
}

err_t operation_spare(void *_Nullable self, struct caller caller, u32 serial, u32 *out_pid,
	u32 *out_slot, handle_t *out_next)
{
	(void)self;
	(void)serial;
	struct process *parent;
	TRY(caller_find(caller, &parent));
	return hand_out(parent, 0, out_pid, out_slot, out_next);
}

// Asked again after a restart, the spare that the caller then has is the one.
err_t operation_spare_as(
	void *_Nullable self, struct caller caller, u32 pid, u32 *out_slot, handle_t *out_next)
{
	(void)self;
	struct process *parent, *spare = process_find(pid);
	u32 given;
	TRY(caller_find(caller, &parent));
	if (!is_able(parent, CAP_CHECKPOINT_RESTORE) && !is_able(parent, CAP_SYS_ADMIN))
		return ERR_NOT_OWNER;
	if (pid <= INIT_PID || pid >= PROC_PID_MAX)
		return pid == INIT_PID ? ERR_EXISTS : ERR_INVALID;
	if (!spare || spare->state != PROCESS_SPARE || spare->parent != process_slot(parent))
		return hand_out(parent, pid, &given, out_slot, out_next);
	process_choose(spare); // who lost that connection has lost it
	TRY(connection_create(port, process_badge(spare), out_next));
	answer_hand_out(*out_next);
	*out_slot = process_slot(spare);
	return OK;
}

err_t operation_child(void *_Nullable self, struct caller caller, u32 pid, u32 signal,
	handle_t process, u32 *out_pid, u32 *out_slot, handle_t *out_next)
{
	(void)self;
	struct process *child;
	bool is_sibling = signal == PROC_SIBLING;
	if (signal > SIG_LAST && !is_sibling)
		return ERR_INVALID;
	TRY(find_coming(caller, pid, &child));
	struct process *parent = process_at(child->parent);
	if (is_sibling && !parent->parent)
		return ERR_INVALID;
	SET(child->process, process);
	err_t err = bind_exit(child);
	if (err != OK) {
		SET(child->process, HANDLE_NONE); // the dispatch closes it
		return err;
	}
	if (child->state == PROCESS_SPARE)
		give_birth(child, is_sibling ? 0 : signal);
	SET(child->state, PROCESS_ALIVE);
	SET(child->exit_signal, is_sibling ? parent->exit_signal : (u8)signal);
	if (is_sibling)
		process_adopt(process_at(parent->parent), child);
	process_publish(child);
	signal_early(child);
	if (hand_out(parent, 0, out_pid, out_slot, out_next) != OK) {
		*out_pid = 0; // its next fork asks again, and learns why
		*out_slot = 0;
		*out_next = HANDLE_NONE;
	}
	return OK;
}

err_t operation_unborn(void *_Nullable self, struct caller caller, u32 pid, u32 signal)
{
	(void)self;
	struct process *child;
	if (signal > SIG_LAST)
		return ERR_INVALID;
	TRY(find_coming(caller, pid, &child));
	if (child->state == PROCESS_SPARE)
		give_birth(child, signal);
	process_publish(child);
	return OK;
}

err_t operation_child_end(void *_Nullable self, struct caller caller, u32 pid, u32 status)
{
	(void)self;
	struct process *child;
	TRY(find_coming(caller, pid, &child));
	if (child->state == PROCESS_SPARE)
		give_birth(child, SIG_CHLD);
	process_end(child, status & 0xffff, 0, 0);
	return OK;
}
