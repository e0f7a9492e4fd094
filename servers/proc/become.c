// SPDX-License-Identifier: MIT
// become.c - exec of a file that lends powers (set-user-ID, set-group-ID): a fresh process takes
// the place of the caller's, which held nothing of it and whose handles nobody has but we
// (docs/decisions/034). The file's server says what the file lends, and gives a copy of it.
#include "abi/info.h"
#include "abi/signals.h"
#include "ifc/tree.h"
#include "os/syscalls.h"
#include "servers/proc/answer.h"
#include "servers/proc/change.h"
#include "servers/proc/operations.h"

constexpr u32 SET_USER = 04000, SET_GROUP = 02000, GROUP_EXECUTE = 010;
constexpr u32 LENDS_USER = 1, LENDS_GROUP = 2; // of PROC_CHANGE_PROGRAM
constexpr u32 SPARES_MAX = 256; // that go in one transaction; the library has one at a time

struct program {
	u32 mode, user, group;
};

static err_t lent(
	const struct process *process, const struct program *program, struct proc_credentials *out)
{
	const struct proc_credentials *now = credentials_of(process);
	u32 bits = program->mode & SET_USER ? LENDS_USER : 0;
	if (program->mode & SET_GROUP && program->mode & GROUP_EXECUTE)
		bits |= LENDS_GROUP;
	const struct change_list none = {};
	const struct change change = { PROC_CHANGE_PROGRAM, { program->user, program->group, bits },
		&none, true };
	*out = *now;
	TRY(credentials_change(out, &change));
	bool is_same =
		out->effective_user == now->effective_user && out->effective_group == now->effective_group;
	return is_same ? ERR_STATE : OK; // also with no new privileges
}

static bool is_spare(const struct process *child)
{
	return child->state == PROCESS_SPARE || (child->state == PROCESS_UNBORN && !child->process.raw);
}

static u32 spares_of(const struct process *process)
{
	u32 count = 0;
	for (slot_t slot = process->child; slot; slot = process_at(slot)->next)
		count += is_spare(process_at(slot));
	return count;
}

// Who holds a connection of a child to be could be born by it, with what its parent is by then.
static void drop_spares(const struct process *process)
{
	slot_t next;
	for (slot_t slot = process->child; slot; slot = next) {
		struct process *child = process_at(slot);
		next = child->next;
		if (!is_spare(child))
			continue;
		process_orphan(child);
		process_publish(child);
	}
}

// What was the former process's, and is not the record's. Whoever held its connection speaks for
// nobody any more: the record has another badge.
static void leave_former(struct process *process, handle_t former, u64 badge)
{
	drop_spares(process);
	SET(process->parent_signal, 0); // it would reach what its parent must not signal
	signals_drop(process);
	wait_forget(process_slot(process));
	answer_forget(badge);
	(void)port_bind(port, former, 0, 0, BIND_MODE_ONCE);
	SET(store->former, former); // killed now it would be missing if this is undone
}

// Under its new badge and credentials. ERR: it is as it was, but for these.
static err_t take_place(struct process *process, const struct fresh_start *start)
{
	handle_t former = process->process, fresh;
	TRY(fresh_make(process, start, &fresh));
	SET(process->process, fresh);
	err_t err = bind_exit(process);
	if (err == OK)
		err = fresh_run(fresh);
	if (err != OK) {
		SET(process->process, former);
		(void)handle_close(fresh);
	}
	return err;
}

static err_t become(
	struct process *process, const struct proc_credentials *wanted, const struct fresh_start *start)
{
	u16 set;
	u32 use = process->use;
	const struct proc_credentials before = *credentials_of(process);
	u64 badge = process_badge(process);
	handle_t former = process->process;
	TRY(set_find(wanted, &set));
	(void)set_take(process, set);
	process_choose(process);
	err_t err = take_place(process, start);
	if (err != OK) {
		SET(process->use, use);
		if (set_find(&before, &set) == OK) // what it left has room for it
			(void)set_take(process, set);
		return err;
	}
	process_publish(process);
	leave_former(process, former, badge);
	return OK;
}

// Who was killed stays so, though its call is still here; who is stopped asks again afterwards.
static bool is_running(const struct process *process)
{
	struct process_info info = {};
	u64 size;
	return process->state == PROCESS_ALIVE && !process->is_stopped && process->process.raw &&
	       handle_info(process->process, INFO_TOPIC_PROCESS, span_of(info), &size) == OK &&
	       info.exit_reason == EXIT_RUNNING;
}

err_t operation_become(void *_Nullable self, struct caller caller, u32 inode, u32 generation,
	u32 entry, handle_t texts, handle_t descriptors)
{
	(void)self;
	struct process *process;
	struct program program;
	struct proc_credentials wanted;
	handle_t contents;
	TRY(caller_find(caller, &process));
	tree_t files = { set_files(process) };
	if (!files.handle.raw)
		return ERR_UNSUPPORTED;
	if (!is_running(process))
		return ERR_BUSY;
	if (spares_of(process) > SPARES_MAX)
		return ERR_QUOTA;
	TRY(tree_program(
		files, inode, generation, entry, &program.mode, &program.user, &program.group, &contents));
	ledger_hold(contents);
	const struct fresh_start start = { inode, generation, contents, texts, descriptors };
	err_t err = lent(process, &program, &wanted);
	if (err == OK)
		err = become(process, &wanted, &start);
	(void)handle_close(contents);
	if (err != OK)
		return err;
	close_later(texts);
	close_later(descriptors);
	return OK;
}
