// SPDX-License-Identifier: MIT
// letter.c - what is in a message queue: sending, receiving, the notice to who asked for one.
#include "abi/rights.h"
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
	for (u32 way = 0; way < QUEUE_WAYS; way++)
		(void)object_signal(AT(queue->connections, way), all & ~bits, bits);
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
static void notice_give(struct queue *queue, const struct speaker *_Nullable sender)
{
	if (!queue->asked.pid || !sender)
		return;
	queue->told = queue->asked.pid;
	queue->sender = sender->who.pid;
	queue->sender_user = sender->who.user;
	notice_drop(queue);
	for (u32 way = 0; way < QUEUE_WAYS; way++) {
		handle_t connection = AT(queue->connections, way);
		(void)object_signal(connection, MEET_EVENT_NOTICE, 0); // an edge for the next one, too
		(void)object_signal(connection, 0, MEET_EVENT_NOTICE);
	}
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

static bool has_waiter(const struct queue *queue)
{
	for (u32 i = 0; i < waiter_count; i++)
		if (queue_of(AT(waiters, i).caller.badge) == queue)
			return true;
	return false;
}

static err_t send(
	struct queue *queue, u32 priority, lease_t text, const struct speaker *_Nullable sender)
{
	struct letter *letter;
	if (text.size > queue->size_max)
		return ERR_TOO_BIG;
	if (queue->count >= queue->messages_max)
		return ERR_WOULD_BLOCK;
	if (!sender && queue->asked.pid && !queue->count && !has_waiter(queue))
		return ERR_STATE; // whose letter it is will be told
	TRY(letter_make(text, priority, &letter));
	if (!queue->count && letter_deliver(queue, letter)) {
		letter_free(letter);
		return OK;
	}
	letter_add(queue, letter);
	queue_tell(queue);
	if (queue->count == 1)
		notice_give(queue, sender);
	return OK;
}

err_t operation_queue_send(void *_Nullable self, struct caller caller, u32 priority, lease_t text)
{
	struct queue *queue;
	(void)self;
	TRY(queue_find(caller, MEET_QUEUE_HOW_WRITE, &queue));
	return send(queue, priority, text, nullptr);
}

err_t operation_queue_post(
	void *_Nullable self, struct caller caller, u32 priority, handle_t speaker, lease_t text)
{
	struct queue *queue;
	const struct speaker *sender;
	(void)self;
	TRY(queue_find(caller, MEET_QUEUE_HOW_WRITE, &queue));
	TRY(speaker_named(speaker, &sender));
	TRY(send(queue, priority, text, sender));
	return handle_close(speaker);
}

static err_t receive(const struct meet_queue_receive_call *call, u32 *size, u32 *priority)
{
	struct queue *queue;
	TRY(queue_find(call->caller, MEET_QUEUE_HOW_READ, &queue));
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

// A queue by its connection, and who calls. A speaker that came with a call that succeeds is ours
// to close.
static err_t find_for(struct caller caller, handle_t speaker, struct queue **queue,
	const struct speaker *_Nullable *_Nonnull who)
{
	*queue = queue_of(caller.badge);
	TRY(*queue ? OK : ERR_NOT_FOUND);
	return speaker_named(speaker, who);
}

err_t operation_queue_notify(void *_Nullable self, struct caller caller, handle_t speaker)
{
	struct queue *queue;
	const struct speaker *who;
	handle_t process;
	u32 bits;
	(void)self;
	TRY(find_for(caller, speaker, &queue, &who));
	if (queue->asked.pid && object_wait(queue->asked.process, SIGNAL_EXITED, 0, &bits) != OK)
		return ERR_BUSY;
	TRY(handle_duplicate(who->process, RIGHT_WAIT, &process));
	notice_drop(queue);
	queue->asked = (struct notice){ who->who.pid, process };
	return handle_close(speaker);
}

err_t operation_queue_forget(void *_Nullable self, struct caller caller, handle_t speaker)
{
	struct queue *queue;
	const struct speaker *who;
	(void)self;
	TRY(find_for(caller, speaker, &queue, &who));
	if (queue->asked.pid == who->who.pid)
		notice_drop(queue);
	return handle_close(speaker);
}

err_t operation_queue_noticed(
	void *_Nullable self, struct caller caller, handle_t speaker, u32 *out_sender, u32 *out_user)
{
	struct queue *queue;
	const struct speaker *who;
	(void)self;
	TRY(find_for(caller, speaker, &queue, &who));
	if (queue->told != who->who.pid)
		return ERR_NOT_FOUND;
	*out_sender = queue->sender;
	*out_user = queue->sender_user;
	queue->told = 0;
	return handle_close(speaker);
}
