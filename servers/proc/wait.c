// SPDX-License-Identifier: MIT
// wait.c - waiting for children. What is there already is answered at once; other calls are kept,
// in memory of this life only: after a restart the kernel makes them again. An answer that takes a
// zombie is written to the ledger before it goes out.
#include "os/syscalls.h"
#include "servers/proc/answer.h"
#include "servers/proc/proc.h"

constexpr u32 WAITERS_MAX = 1024;

enum wait_option : u32 {
	WAIT_NOHANG = 1,
	WAIT_STOPPED = 2,
	WAIT_EXITED = 4,
	WAIT_CONTINUED = 8,
	WAIT_KEEP = 0x0100'0000,   // WNOWAIT
	WAIT_EITHER = 0x4000'0000, // __WALL: also those with another exit signal
	WAIT_CLONE = 0x8000'0000,  // __WCLONE: only those
};

// A call that was kept.
struct waiter {
	later_t later; // owed; none: free
	slot_t parent;
	u16 next; // of the same parent, index + 1
	bool is_decided;
	struct message message; // the request, then the answer
};

// All of this life, written by the one thread.
static struct waiter waiters[WAITERS_MAX];
static u16 heads[PROC_SLOTS_MAX]; // first waiter of each process, index + 1
static u16 free_waiter;           // index + 1
static u32 fresh_waiter;
static u32 decided;

static bool is_meant(const struct process *child, const struct proc_wait_request *request)
{
	if (child->state < PROCESS_UNBORN)
		return false;
	bool is_clone = child->exit_signal != SIG_CHLD;
	if (!(request->options & WAIT_EITHER) && is_clone != !!(request->options & WAIT_CLONE))
		return false;
	switch (request->whom) {
	case PROC_WAIT_FOR_ANY: return true;
	case PROC_WAIT_FOR_PID: return child->pid == request->id;
	case PROC_WAIT_FOR_GROUP: return child->group == request->id;
	}
	return false;
}

static bool has_news(const struct process *child, u32 options)
{
	return (options & WAIT_EXITED && child->state == PROCESS_ZOMBIE) ||
	       (options & WAIT_STOPPED && child->report == REPORT_STOPPED) ||
	       (options & WAIT_CONTINUED && child->report == REPORT_CONTINUED);
}

// The oldest child with news; is_any: there are children at all that are meant.
static struct process *_Nullable find_news(
	const struct process *parent, const struct proc_wait_request *request, bool *is_any)
{
	struct process *found = nullptr;
	*is_any = false;
	for (slot_t slot = parent->child; slot; slot = process_at(slot)->next) {
		struct process *child = process_at(slot);
		if (!is_meant(child, request))
			continue;
		*is_any = true;
		if (has_news(child, request->options))
			found = child; // the list begins with the youngest
	}
	return found;
}

static struct proc_wait_reply report_of(const struct process *child)
{
	struct proc_wait_reply reply = { .pid = child->pid,
		.status = child->status,
		.code = child->code,
		.user = credentials_of(child)->user,
		.processor_ns = child->processor_ns + child->children_ns,
		.memory_pages = child->pages };
	if (child->state != PROCESS_ZOMBIE && child->report == REPORT_STOPPED) {
		reply.status = (u32)child->stop_signal << 8 | 0x7f;
		reply.code = CHILD_STOPPED;
	} else if (child->state != PROCESS_ZOMBIE) {
		reply.status = 0xffff;
		reply.code = CHILD_CONTINUED;
	}
	return reply;
}

// The news are taken: told once.
static void take_news(struct process *parent, struct process *child)
{
	if (child->state != PROCESS_ZOMBIE) {
		SET(child->report, REPORT_NONE);
		return;
	}
	SET(parent->children_ns, parent->children_ns + child->processor_ns + child->children_ns);
	if (child->pages > parent->children_pages)
		SET(parent->children_pages, child->pages);
	set_leave(child);
	process_release(child);
}

// True: message holds the answer.
static bool decide(struct process *parent, struct message *message)
{
	struct proc_wait_request request;
	__builtin_memcpy(&request, message->word, sizeof request);
	bool is_any;
	struct process *child = find_news(parent, &request, &is_any);
	if (!child && is_any && !(request.options & WAIT_NOHANG))
		return false;
	if (!child && !is_any) {
		message->tag = reply_tag(ERR_NOT_FOUND, 0);
		return true;
	}
	struct proc_wait_reply reply = {};
	if (child) {
		reply = report_of(child);
		if (!(request.options & WAIT_KEEP)) {
			take_news(parent, child);
			answer_keep(message, PROC_WAIT_ANSWER, view_of(reply));
		}
	}
	message->tag = PROC_WAIT_ANSWER;
	__builtin_memcpy(message->word, &reply, sizeof reply);
	return true;
}

static struct waiter *_Nullable waiter_allocate(void)
{
	if (free_waiter) {
		struct waiter *waiter = &AT(waiters, free_waiter - 1u);
		free_waiter = waiter->next;
		return waiter;
	}
	return fresh_waiter < WAITERS_MAX ? &AT(waiters, fresh_waiter++) : nullptr;
}

static u16 number_of(const struct waiter *waiter)
{
	UNSAFE_BEGIN("elements of one array")
	return (u16)(waiter - waiters + 1);
	UNSAFE_END
}

static err_t keep(struct process *parent, const struct message *message)
{
	struct waiter *waiter = waiter_allocate();
	if (!waiter)
		return ERR_BUSY;
	slot_t slot = process_slot(parent);
	u16 *head = &AT(heads, slot);
	*waiter = (struct waiter){ .parent = slot, .next = *head, .message = *message };
	err_t err = later_take(&waiter->later);
	if (err != OK) {
		waiter->next = free_waiter;
		free_waiter = number_of(waiter);
		return err;
	}
	*head = number_of(waiter);
	return OK;
}

bool wait_serve(struct message *message)
{
	struct process *parent;
	err_t err = caller_find(message_caller(message), &parent);
	if (err == OK && (message->tag ^ PROC_WAIT_TAG) & PROC_REQUEST_COUNTS)
		err = ERR_INVALID;
	if (err == OK) {
		if (decide(parent, message))
			return true;
		err = keep(parent, message);
		if (err == OK)
			return false;
	}
	message->tag = reply_tag(err, 0);
	return true;
}

void wait_tell(struct process *parent)
{
	for (u16 number = AT(heads, process_slot(parent)); number;) {
		struct waiter *waiter = &AT(waiters, number - 1u);
		number = waiter->next;
		if (waiter->is_decided || !decide(parent, &waiter->message))
			continue;
		waiter->is_decided = true;
		decided++;
	}
}

static void unlink_waiter(struct waiter *waiter)
{
	u16 *link = &AT(heads, waiter->parent), number = number_of(waiter);
	while (*link != number)
		link = &AT(waiters, *link - 1u).next;
	*link = waiter->next;
	waiter->later.reply = HANDLE_NONE;
	waiter->next = free_waiter;
	free_waiter = number;
}

void wait_cancel(handle_t reply, bool is_abandoned)
{
	for (u32 i = 0; i < fresh_waiter; i++) {
		struct waiter *waiter = &AT(waiters, i);
		if (waiter->later.reply.raw != reply.raw)
			continue;
		later_t later = waiter->later;
		unlink_waiter(waiter);
		if (is_abandoned) {
			(void)handle_close(later.reply);
			return;
		}
		struct message message = { .tag = reply_tag(ERR_CANCELLED, 0) };
		later_finish(later, &message);
		return;
	}
}

void wait_forget(slot_t slot)
{
	while (AT(heads, slot)) {
		struct waiter *waiter = &AT(waiters, AT(heads, slot) - 1u);
		decided -= waiter->is_decided;
		(void)handle_close(waiter->later.reply);
		unlink_waiter(waiter);
	}
}

void wait_send(void)
{
	for (u32 i = 0; decided && i < fresh_waiter; i++) {
		struct waiter *waiter = &AT(waiters, i);
		if (!waiter->later.reply.raw || !waiter->is_decided)
			continue;
		decided--;
		later_t later = waiter->later;
		struct message answer = waiter->message;
		unlink_waiter(waiter);
		later_finish(later, &answer);
	}
}
