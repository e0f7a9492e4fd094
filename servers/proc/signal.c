// SPDX-License-Identifier: MIT
// signal.c - signals between processes: who may, to whom, what goes along. The kernel carries the
// number, as a notification of the process; what else is told waits here until it is asked for. Of
// a signal below 32 only the last sender is remembered, those above queue.
#include "abi/info.h"
#include "lib/base/time.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/proc/operations.h"

constexpr u32 STEP = 32;
constexpr u32 QUEUE_SHARE = QUEUE_MAX / 4; // details that may wait for one process
constexpr u32 RESOURCE_PENDING = 11;       // RLIMIT_SIGPENDING
constexpr u64 LATE_NS = 2 * NS_PER_MS;

static slot_t asking; // whose kill is being served; written by operation_kill
static u64 late_due;  // of store->late; written by post_late

static u64 bit_of(u32 signal)
{
	return 1ull << (signal - 1);
}

struct wishes wishes_of(const struct process *process)
{
	struct wishes wishes = {};
	u64 done = 0, address = IDENTITY_ADDRESS + offsetof(struct identity, wishes);
	if (!process->process.raw ||
		memory_read(process->process, address, span_of(wishes), &done) != OK ||
		done != sizeof wishes)
		return (struct wishes){};
	return wishes;
}

// The outbox goes out after the commit. When it is full, it goes now: a signal too many, after a
// restart at this moment, is one that could have come.
static void post(const struct process *to, u64 bits)
{
	slot_t slot = process_slot(to);
	for (u32 i = 0; i < store->outbox_count; i++)
		if (AT(store->outbox, i).slot == slot) {
			SET(AT(store->outbox, i).bits, AT(store->outbox, i).bits | bits);
			return;
		}
	if (store->outbox_count == OUTBOX_MAX)
		outbox_flush();
	SET(AT(store->outbox, store->outbox_count), ((struct letter){ slot, bits }));
	SET(store->outbox_count, store->outbox_count + 1);
}

void outbox_flush(void)
{
	for (u32 i = 0; i < store->outbox_count; i++) {
		const struct process *to = process_at(AT(store->outbox, i).slot);
		if (to->state == PROCESS_ALIVE && to->process.raw)
			(void)thread_notify(to->process, AT(store->outbox, i).bits);
	}
	store->outbox_count = 0; // sent twice after a restart: no harm, so no note
}

// Who stops or continues its own child is told of it a moment after the answer: elsewhere the child
// has to run for that, so programs call kill and then wait for this signal. At once, it would have
// come before the wait began.
static void post_late(const struct process *to, u64 bits)
{
	slot_t slot = process_slot(to);
	if (store->late.bits && store->late.slot != slot)
		late_flush(0);
	SET(store->late, ((struct letter){ slot, store->late.bits | bits }));
	late_due = clock_read() + LATE_NS;
}

u64 late_until(void)
{
	return store->late.bits ? late_due : DEADLINE_NEVER;
}

void late_flush(u32 pid)
{
	struct letter late = store->late;
	if (!late.bits || (pid && process_at(late.slot)->pid != pid))
		return;
	SET(store->late, (struct letter){});
	post(process_at(late.slot), late.bits);
}

static u16 detail_allocate(void)
{
	u16 index = store->free_detail;
	if (index)
		SET(store->free_detail, AT(store->queue, index).next);
	else if (store->fresh_detail < QUEUE_MAX) {
		index = (u16)store->fresh_detail;
		SET(store->fresh_detail, store->fresh_detail + 1);
	}
	return index;
}

static void detail_free(u16 index)
{
	SET(AT(store->queue, index).next, store->free_detail);
	SET(store->free_detail, index);
}

// Its place in the list: of an older one of this signal that it replaces, or the end.
static u16 *find_place(struct process *to, u32 signal)
{
	u16 *link = &to->signals;
	while (*link && (signal >= SIG_FIRST_QUEUED || AT(store->queue, *link).signal != signal))
		link = &AT(store->queue, *link).next;
	return link;
}

// False: no room. A signal that does not queue comes without its details then.
static bool detail_add(struct process *to, u32 signal, const struct signal_source *source)
{
	u16 *link = find_place(to, signal), index = *link ? *link : detail_allocate();
	if (!index)
		return false;
	struct detail *detail = &AT(store->queue, index);
	u16 next = *link ? detail->next : 0;
	SET(*detail, ((struct detail){ .next = next,
					 .signal = (u8)signal,
					 .code = source->code,
					 .pid = source->pid,
					 .user = source->user,
					 .status = source->status,
					 .value = source->value }));
	if (!*link)
		SET(*link, index);
	return true;
}

void signals_drop(struct process *process)
{
	for (u16 index = process->signals; index;) {
		u16 next = AT(store->queue, index).next;
		detail_free(index);
		index = next;
	}
	SET(process->signals, 0);
	if (store->late.slot == process_slot(process))
		SET(store->late, (struct letter){});
}

// For one whose parent is about to tell of it. Of stopping and continuing the last counts.
static void keep_early(struct process *to, u32 signal)
{
	constexpr u64 stops = 1ull << (SIG_STOP - 1) | 1ull << (SIG_TSTP - 1) | 1ull << (SIG_TTIN - 1) |
	                      1ull << (SIG_TTOU - 1);
	u64 early = to->early;
	if (signal == SIG_CONT) {
		early &= ~stops;
		process_continue(to); // a stop that it asks for itself may be older
	} else if (bit_of(signal) & stops) {
		early &= ~bit_of(SIG_CONT);
	}
	SET(to->early, early | bit_of(signal));
}

static void send_early(struct process *to, u32 signal, const struct signal_source *source)
{
	keep_early(to, signal);
	(void)detail_add(to, signal, source);
}

// Nobody takes details off a spare while its parent does not fork: of each number one is kept, or
// signals to a group would fill the queue of all processes.
static void send_spare(struct process *to, u32 signal, const struct signal_source *source)
{
	if (to->early & bit_of(signal))
		keep_early(to, signal);
	else
		send_early(to, signal, source);
}

void signal_send(struct process *to, u32 signal, const struct signal_source *source)
{
	if (!signal || to->state == PROCESS_ZOMBIE || to->state == PROCESS_SPARE || is_nobody(to))
		return;
	if (!to->process.raw) {
		send_early(to, signal, source);
		return;
	}
	switch (signal) {
	case SIG_KILL: (void)process_control(to->process, PROCESS_OPERATION_KILL, SIG_KILL, 0); return;
	case SIG_STOP: process_stop(to, signal); return;
	case SIG_CONT: process_continue(to); break;
	}
	(void)detail_add(to, signal, source);
	if (source->is_late)
		post_late(to, bit_of(signal));
	else
		post(to, bit_of(signal));
}

void signal_kernel(struct process *to, u32 signal)
{
	signal_send(to, signal, &(struct signal_source){ .code = 0x80 }); // SI_KERNEL
}

// Between a fork and the parent's word of it the child is a spare to us, in no group. If no child
// was made yet, the parent sees in the table that this spare has a signal, and takes another
// (lib/posix/process/fork.c).
void signal_member(struct process *to, u32 signal, const struct signal_source *_Nullable source)
{
	const struct signal_source kernel = { .code = 0x80 }; // SI_KERNEL
	if (!signal || to->state == PROCESS_ZOMBIE || is_nobody(to))
		return;
	for (slot_t slot = to->child; slot; slot = process_at(slot)->next)
		if (process_at(slot)->state == PROCESS_SPARE) {
			send_spare(process_at(slot), signal, source ? source : &kernel);
			process_publish(process_at(slot));
		}
	signal_send(to, signal, source ? source : &kernel);
}

void signal_child(
	struct process *child, enum child_code code, u32 status, const struct wishes *wishes)
{
	u32 signal = code <= CHILD_KILLED ? child->exit_signal : SIG_CHLD;
	bool is_about_stop = code > CHILD_KILLED;
	if ((is_about_stop && wishes->flags & WISH_NO_STOPS) || wishes->ignored & bit_of(signal))
		return;
	signal_send(process_at(child->parent), signal,
		&(struct signal_source){ .code = code,
			.pid = child->pid,
			.user = credentials_of(child)->user,
			.status = status,
			.value = child->processor_ns,
			.is_late = is_about_stop && child->parent == asking });
}

void signal_early(struct process *process)
{
	u64 early = process->early;
	if (!early)
		return;
	SET(process->early, 0);
	if (early & bit_of(SIG_KILL))
		(void)process_control(process->process, PROCESS_OPERATION_KILL, SIG_KILL, 0);
	if (early & bit_of(SIG_STOP))
		process_stop(process, SIG_STOP);
	early &= ~(bit_of(SIG_STOP) | bit_of(SIG_KILL));
	if (early)
		post(process, early);
}

bool may_signal(const struct process *from, const struct process *to, u32 signal)
{
	const struct proc_credentials *a = credentials_of(from), *b = credentials_of(to);
	return is_able(from, CAP_KILL) || a->effective_user == b->user ||
	       a->effective_user == b->saved_user || a->user == b->user || a->user == b->saved_user ||
	       (signal == SIG_CONT && from->session == to->session);
}

// For one more that queues.
static bool has_room(const struct process *to)
{
	u64 limit = AT(to->limits, RESOURCE_PENDING).soft, count = 0;
	if (!store->free_detail && store->fresh_detail >= QUEUE_MAX)
		return false;
	for (u16 index = to->signals; index; index = AT(store->queue, index).next)
		count++;
	return count < limit && count < QUEUE_SHARE;
}

// Sends to one of several: OK wins over NOT_OWNER, that over NOT_FOUND.
static void send_one(struct process *from, struct process *to, u32 signal,
	const struct signal_source *source, err_t *result)
{
	if (!may_signal(from, to, signal)) {
		if (*result == ERR_NOT_FOUND)
			*result = ERR_NOT_OWNER;
		return;
	}
	signal_member(to, signal, source);
	*result = OK;
}

static err_t kill_group(
	struct process *from, u32 group, u32 signal, const struct signal_source *source)
{
	err_t result = ERR_NOT_FOUND;
	u32 count = 0;
	struct process *next;
	for (struct process *to = group_first(group); to; to = next) {
		next = group_next(to);
		send_one(from, to, signal, source, &result);
		if (++count % STEP == 0)
			commit();
	}
	return result;
}

static err_t kill_all(struct process *from, u32 signal, const struct signal_source *source)
{
	err_t result = ERR_NOT_FOUND;
	for (u32 slot = INIT_SLOT + 1; slot < store->fresh; slot++) {
		struct process *to = process_at((slot_t)slot);
		if (to->state <= PROCESS_SPARE || to == from)
			continue;
		send_one(from, to, signal, source, &result);
		if (slot % STEP == 0)
			commit();
	}
	return result;
}

static err_t send(
	struct process *from, enum proc_kill_to whom, u32 id, u32 signal, struct signal_source *source)
{
	struct process *to;
	switch (whom) {
	case PROC_KILL_TO_GROUP: return kill_group(from, id ? id : from->group, signal, source);
	case PROC_KILL_TO_ALL: return kill_all(from, signal, source);
	case PROC_KILL_TO_PROCESS: break;
	}
	TRY(process_by_id((struct caller){ .badge = process_badge(from) }, id, &to));
	if (!may_signal(from, to, signal))
		return ERR_NOT_OWNER;
	if (signal >= SIG_FIRST_QUEUED && !has_room(to))
		return ERR_BUSY;
	signal_send(to, signal, source);
	return OK;
}

err_t operation_kill(void *_Nullable self, struct caller caller, enum proc_kill_to whom, u32 id,
	u32 signal, i32 code, u64 value, u32 serial)
{
	(void)self;
	(void)serial;
	struct process *from;
	if (signal > SIG_LAST)
		return ERR_INVALID;
	TRY(caller_find(caller, &from));
	struct signal_source source = {
		.code = code, .pid = from->pid, .user = credentials_of(from)->user, .value = value
	};
	asking = process_slot(from);
	err_t err = send(from, whom, id, signal, &source);
	asking = 0;
	return err;
}

static u32 count_of(u16 index, u32 signal)
{
	u32 count = 0;
	for (; index; index = AT(store->queue, index).next)
		count += AT(store->queue, index).signal == signal;
	return count;
}

err_t operation_signal_info(void *_Nullable self, struct caller caller, u32 signal, u32 serial,
	i32 *out_code, u32 *out_pid, u32 *out_user, u32 *out_status, u64 *out_value, u32 *out_more)
{
	(void)self;
	(void)serial;
	struct process *process;
	TRY(caller_find(caller, &process));
	u16 *link = &process->signals;
	while (*link && AT(store->queue, *link).signal != signal)
		link = &AT(store->queue, *link).next;
	if (!*link)
		return ERR_NOT_FOUND;
	u16 index = *link;
	const struct detail *detail = &AT(store->queue, index);
	*out_code = detail->code;
	*out_pid = detail->pid;
	*out_user = detail->user;
	*out_status = detail->status;
	*out_value = detail->value;
	*out_more = count_of(detail->next, signal);
	SET(*link, detail->next);
	detail_free(index);
	return OK;
}

static bool is_same(handle_t a, handle_t b)
{
	struct object_info first = {}, second = {};
	u64 size;
	return handle_info(a, INFO_TOPIC_OBJECT, span_of(first), &size) == OK &&
	       handle_info(b, INFO_TOPIC_OBJECT, span_of(second), &size) == OK && first.id == second.id;
}

err_t operation_kill_open(void *_Nullable self, struct caller caller, u32 id, u32 signal, i32 code,
	u64 value, u32 serial, handle_t process)
{
	struct process *to = process_find_born(id);
	if (!to || !to->process.raw || !is_same(to->process, process))
		return ERR_NOT_FOUND;
	TRY(operation_kill(self, caller, PROC_KILL_TO_PROCESS, id, signal, code, value, serial));
	close_later(process);
	return OK;
}
