// SPDX-License-Identifier: MIT
// letter.c - what is in a message queue: sending, receiving, the notice to who asked for one.
#include "abi/signals.h"
#include "lib/os/heap.h"
#include "os/syscalls.h"
#include "servers/meet/queue_local.h"

constexpr u32 WAITERS_MAX = 512;

void queue_tell(const struct queue *queue)
{
	u32 all = MEET_EVENT_READABLE | MEET_EVENT_WRITABLE;
	u32 bits = (queue->count ? MEET_EVENT_READABLE : 0) |
	           (queue->count < queue->messages_max ? MEET_EVENT_WRITABLE : 0);
	(void)object_signal(queue->connection, all & ~bits, bits);
}

static void letter_free(struct letter *letter)
{
	heap_free(letter, sizeof *letter + letter->size);
}

void letters_drop(struct queue *queue)
{
	while (queue->first) {
		struct letter *letter = queue->first;
		queue->first = letter->next;
		letter_free(letter);
	}
	queue->count = 0;
}

void notice_drop(struct queue *queue)
{
	if (queue->asked.pid)
		(void)handle_close(queue->asked.process);
	queue->asked = (struct notice){};
}

// A letter came to the empty queue, and nobody waits for it.
static void notice_give(struct queue *queue, u32 pid, u32 user)
{
	if (!queue->asked.pid)
		return;
	queue->told = queue->asked.pid;
	queue->sender = pid;
	queue->sender_user = user;
	notice_drop(queue);
	(void)object_signal(queue->connection, MEET_EVENT_NOTICE, 0); // an edge for the next one, too
	(void)object_signal(queue->connection, 0, MEET_EVENT_NOTICE);
}

static err_t letter_make(lease_t text, u32 priority, struct letter **out)
{
	void *memory;
	TRY(heap_alloc(sizeof(struct letter) + text.size, &memory));
	struct letter *letter = memory;
	letter->priority = priority;
	letter->size = (u32)text.size;
	err_t err = text.size ? lease_get(text, 0, span_from(letter->text, text.size)) : OK;
	if (err != OK) {
		letter_free(letter);
		return err;
	}
	*out = letter;
	return OK;
}

// Behind all of its priority and of higher ones.
static void letter_add(struct queue *queue, struct letter *letter)
{
	struct letter *_Nullable *link = &queue->first;
	while (*link && (*link)->priority >= letter->priority)
		link = &(*link)->next;
	letter->next = *link;
	*link = letter;
	queue->count++;
}

// Into what the receiver lent. ERR_GONE: nobody waits any more.
static err_t letter_put(const struct letter *letter, lease_t text)
{
	if (text.size < letter->size)
		return ERR_TOO_BIG;
	return letter->size ? lease_put(text, 0, view_from(letter->text, letter->size)) : OK;
}

// Whoever waits for a letter of any queue, the oldest first.
static struct meet_queue_receive_call waiters[WAITERS_MAX];
static u32 waiter_count;

static struct meet_queue_receive_call waiter_take(u32 index)
{
	struct meet_queue_receive_call taken = AT(waiters, index);
	waiter_count--;
	for (u32 i = index; i < waiter_count; i++)
		AT(waiters, i) = AT(waiters, i + 1);
	return taken;
}

// To somebody who waits for one of this queue. False: nobody does.
static bool letter_deliver(const struct queue *queue, const struct letter *letter)
{
	for (u32 i = 0; i < waiter_count;) {
		if (queue_of(AT(waiters, i).caller.badge) != queue) {
			i++;
			continue;
		}
		struct meet_queue_receive_call waiter = waiter_take(i);
		err_t err = letter_put(letter, waiter.text);
		meet_queue_receive_done(waiter, err, letter->size, letter->priority);
		if (err == OK)
			return true;
	}
	return false;
}

void queue_cancel(handle_t reply)
{
	for (u32 i = 0; i < waiter_count; i++)
		if (AT(waiters, i).later.reply.raw == reply.raw) {
			meet_queue_receive_done(waiter_take(i), ERR_CANCELLED, 0, 0);
			return;
		}
}

err_t operation_queue_send(
	void *_Nullable self, struct caller caller, u32 priority, u32 pid, u32 user, lease_t text)
{
	struct queue *queue = queue_of(caller.badge);
	struct letter *letter;
	(void)self;
	if (!queue)
		return ERR_NOT_FOUND;
	if (text.size > queue->size_max)
		return ERR_TOO_BIG;
	if (queue->count >= queue->messages_max)
		return ERR_WOULD_BLOCK;
	TRY(letter_make(text, priority, &letter));
	if (!queue->count && letter_deliver(queue, letter)) {
		letter_free(letter);
		return OK;
	}
	letter_add(queue, letter);
	queue_tell(queue);
	if (queue->count == 1)
		notice_give(queue, pid, user);
	return OK;
}

static err_t receive(const struct meet_queue_receive_call *call, u32 *size, u32 *priority)
{
	struct queue *queue = queue_of(call->caller.badge);
	if (!queue)
		return ERR_NOT_FOUND;
	struct letter *letter = queue->first;
	if (!letter)
		return ERR_WOULD_BLOCK;
	TRY(letter_put(letter, call->text));
	*size = letter->size;
	*priority = letter->priority;
	queue->first = letter->next;
	queue->count--;
	letter_free(letter);
	queue_tell(queue);
	return OK;
}

void operation_queue_receive(void *_Nullable self, struct meet_queue_receive_call call)
{
	u32 size = 0, priority = 0;
	(void)self;
	err_t err = receive(&call, &size, &priority);
	if (err == ERR_WOULD_BLOCK && call.will_wait && waiter_count < WAITERS_MAX)
		AT(waiters, waiter_count++) = call;
	else
		meet_queue_receive_done(call, err, size, priority);
}

err_t operation_queue_status(void *_Nullable self, struct caller caller, u32 *out_messages_max,
	u32 *out_size_max, u32 *out_messages)
{
	const struct queue *queue = queue_of(caller.badge);
	(void)self;
	if (!queue)
		return ERR_NOT_FOUND;
	*out_messages_max = queue->messages_max;
	*out_size_max = queue->size_max;
	*out_messages = queue->count;
	return OK;
}

// The handle is ours once we say OK.
err_t operation_queue_notify(void *_Nullable self, struct caller caller, u32 pid, handle_t process)
{
	struct queue *queue = queue_of(caller.badge);
	u32 bits;
	(void)self;
	if (!queue || !pid)
		return ERR_NOT_FOUND;
	if (queue->asked.pid && object_wait(queue->asked.process, SIGNAL_EXITED, 0, &bits) != OK)
		return ERR_BUSY;
	notice_drop(queue);
	queue->asked = (struct notice){ pid, process };
	return OK;
}

err_t operation_queue_forget(void *_Nullable self, struct caller caller, u32 pid)
{
	struct queue *queue = queue_of(caller.badge);
	(void)self;
	if (queue && queue->asked.pid == pid)
		notice_drop(queue);
	return OK;
}

err_t operation_queue_noticed(
	void *_Nullable self, struct caller caller, u32 pid, u32 *out_sender, u32 *out_user)
{
	struct queue *queue = queue_of(caller.badge);
	(void)self;
	if (!queue || queue->told != pid)
		return ERR_NOT_FOUND;
	*out_sender = queue->sender;
	*out_user = queue->sender_user;
	queue->told = 0;
	return OK;
}
