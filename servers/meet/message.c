// SPDX-License-Identifier: MIT
// message.c - System V messages: a queue holds so many bytes; who finds no room or no message of
// his type waits.
#include "lib/os/heap.h"
#include "lib/os/process.h"
#include "servers/meet/ipc.h"

constexpr u32 WAITERS_MAX = 256;
enum message_flag : u32 { MSG_NOERROR = 010000, MSG_EXCEPT = 020000, MSG_COPY = 040000 };

// pid: of who calls, noted while it spoke for somebody.
struct sender {
	struct meet_message_send_call call;
	u32 pid;
};

struct receiver {
	struct meet_message_receive_call call;
	u32 pid;
};

static struct sender senders[WAITERS_MAX];
static struct receiver receivers[WAITERS_MAX];
static u32 sender_count, receiver_count;

static struct meet_message_send_call sender_take(u32 index)
{
	struct meet_message_send_call taken = AT(senders, index).call;
	sender_count--;
	for (u32 i = index; i < sender_count; i++)
		AT(senders, i) = AT(senders, i + 1);
	return taken;
}

static struct meet_message_receive_call receiver_take(u32 index)
{
	struct meet_message_receive_call taken = AT(receivers, index).call;
	receiver_count--;
	for (u32 i = index; i < receiver_count; i++)
		AT(receivers, i) = AT(receivers, i + 1);
	return taken;
}

static void note_free(struct note *note)
{
	heap_free(note, sizeof *note + note->size);
}

void notes_free(struct ipc_object *object)
{
	while (object->first) {
		struct note *note = object->first;
		object->first = note->next;
		note_free(note);
	}
}

static bool has_room(const struct ipc_object *object, u64 size)
{
	return object->status.used + size <= object->status.size &&
	       object->status.count < object->status.size;
}

static err_t put(struct ipc_object *object, const struct sender *sender)
{
	const struct meet_message_send_call *call = &sender->call;
	void *memory;
	u64 size = call->text.size;
	if (!has_room(object, size))
		return ERR_WOULD_BLOCK;
	TRY(heap_alloc(sizeof(struct note) + size, &memory));
	struct note *note = memory, *_Nullable *link = &object->first;
	note->type = call->type;
	note->size = size;
	err_t err = size ? lease_get(call->text, 0, span_from(note->text, size)) : OK;
	if (err != OK) {
		note_free(note);
		return err;
	}
	while (*link)
		link = &(*link)->next;
	*link = note;
	object->status.used += size;
	object->status.count++;
	object->status.first_ns = clock_read();
	object->status.first_pid = sender->pid;
	return OK;
}

// The one at a place, counted from 0: of those that are copied the type is that.
static struct note *_Nullable find_at(const struct ipc_object *object, i64 place)
{
	struct note *_Nullable note = place < 0 ? nullptr : object->first;
	for (i64 i = 0; note && i < place; i++)
		note = note->next;
	return note;
}

// The first of a type; of any, if 0; of the lowest up to its absolute value, if negative.
static struct note *_Nullable *_Nullable find(
	struct ipc_object *object, const struct meet_message_receive_call *call)
{
	struct note *_Nullable *found = nullptr;
	for (struct note *_Nullable *link = &object->first; *link; link = &(*link)->next) {
		i64 type = (*link)->type, wanted = call->type;
		if (wanted < 0) {
			bool is_in = type <= -wanted;
			found = is_in && (!found || type < (*found)->type) ? link : found;
			continue;
		}
		bool is_other = call->flags & MSG_EXCEPT && wanted;
		if (!wanted || (is_other ? type != wanted : type == wanted))
			return link;
	}
	return found;
}

struct taken {
	i64 type;
	u64 size;
};

// The message stays. One that does not fit cannot be cut: ERR_INVALID, as on Linux.
static err_t copy(
	struct ipc_object *object, const struct meet_message_receive_call *call, struct taken *out)
{
	const struct note *note = find_at(object, call->type);
	if (!note)
		return ERR_WOULD_BLOCK;
	if (note->size > call->text.size)
		return call->flags & MSG_NOERROR ? ERR_INVALID : ERR_TOO_BIG;
	if (note->size)
		TRY(lease_put(call->text, 0, view_from(note->text, note->size)));
	*out = (struct taken){ note->type, note->size };
	return OK;
}

static err_t take(struct ipc_object *object, const struct receiver *receiver, struct taken *out)
{
	const struct meet_message_receive_call *call = &receiver->call;
	struct note *_Nullable *link = find(object, call);
	if (!link)
		return ERR_WOULD_BLOCK;
	struct note *note = *link;
	u64 size = note->size < call->text.size ? note->size : call->text.size;
	if (size < note->size && !(call->flags & MSG_NOERROR))
		return ERR_TOO_BIG;
	if (size)
		TRY(lease_put(call->text, 0, view_from(note->text, size)));
	*out = (struct taken){ note->type, size };
	*link = note->next;
	object->status.used -= note->size;
	object->status.count--;
	object->status.second_ns = clock_read();
	object->status.second_pid = receiver->pid;
	note_free(note);
	return OK;
}

// Whoever can go on after a change does.
static void wake(struct ipc_object *object)
{
	bool is_changed = true;
	while (is_changed) {
		is_changed = false;
		for (u32 i = 0; i < receiver_count && !is_changed; i++) {
			struct taken taken = {};
			if (AT(receivers, i).call.id != object->status.id)
				continue;
			err_t err = take(object, &AT(receivers, i), &taken);
			if (err == ERR_WOULD_BLOCK)
				continue;
			meet_message_receive_done(receiver_take(i), err, taken.type, taken.size);
			is_changed = true;
		}
		for (u32 i = 0; i < sender_count && !is_changed; i++) {
			if (AT(senders, i).call.id != object->status.id)
				continue;
			err_t err = put(object, &AT(senders, i));
			if (err == ERR_WOULD_BLOCK)
				continue;
			meet_message_send_done(sender_take(i), err);
			is_changed = true;
		}
	}
}

// The queue, and who calls.
static err_t find_queue(
	u32 id, struct caller caller, u32 access, u32 *pid, struct ipc_object **object)
{
	const struct speaker *speaker;
	TRY(ipc_find_for(MEET_IPC_KIND_MESSAGES, id, caller, access, object));
	TRY(speaker_of(caller, &speaker));
	*pid = speaker->who.pid;
	return OK;
}

void operation_message_send(void *_Nullable self, struct meet_message_send_call call)
{
	struct ipc_object *object;
	struct sender sender = { .call = call };
	(void)self;
	err_t err = call.type <= 0 ? ERR_INVALID : OK;
	if (err == OK)
		err = find_queue(call.id, call.caller, IPC_WRITE, &sender.pid, &object);
	if (err == OK)
		err = call.text.size > object->status.size ? ERR_INVALID : put(object, &sender);
	if (err == ERR_WOULD_BLOCK && !(call.flags & IPC_NOWAIT) && sender_count < WAITERS_MAX) {
		AT(senders, sender_count++) = sender;
		return;
	}
	meet_message_send_done(call, err);
	if (err == OK)
		wake(object);
}

void operation_message_receive(void *_Nullable self, struct meet_message_receive_call call)
{
	struct ipc_object *object;
	struct taken taken = {};
	struct receiver receiver = { .call = call };
	(void)self;
	bool is_copy = call.flags & MSG_COPY, can_copy = call.flags & IPC_NOWAIT;
	err_t err = is_copy && (!can_copy || call.flags & MSG_EXCEPT) ? ERR_INVALID : OK;
	if (err == OK)
		err = find_queue(call.id, call.caller, IPC_READ, &receiver.pid, &object);
	if (err == OK)
		err = is_copy ? copy(object, &call, &taken) : take(object, &receiver, &taken);
	if (err == ERR_WOULD_BLOCK && !(call.flags & IPC_NOWAIT) && receiver_count < WAITERS_MAX) {
		AT(receivers, receiver_count++) = receiver;
		return;
	}
	meet_message_receive_done(call, err, taken.type, taken.size);
	if (err == OK && !is_copy)
		wake(object);
}

void messages_removed(const struct ipc_object *object)
{
	for (u32 i = sender_count; i--;)
		if (AT(senders, i).call.id == object->status.id)
			meet_message_send_done(sender_take(i), ERR_REVOKED);
	for (u32 i = receiver_count; i--;)
		if (AT(receivers, i).call.id == object->status.id)
			meet_message_receive_done(receiver_take(i), ERR_REVOKED, 0, 0);
}

bool messages_cancel(handle_t reply)
{
	for (u32 i = 0; i < sender_count; i++)
		if (AT(senders, i).call.later.reply.raw == reply.raw) {
			meet_message_send_done(sender_take(i), ERR_CANCELLED);
			return true;
		}
	for (u32 i = 0; i < receiver_count; i++)
		if (AT(receivers, i).call.later.reply.raw == reply.raw) {
			meet_message_receive_done(receiver_take(i), ERR_CANCELLED, 0, 0);
			return true;
		}
	return false;
}
