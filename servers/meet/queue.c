// SPDX-License-Identifier: MIT
// queue.c - see queue.h. Names and their openers. A queue lives as long as it has a name or
// somebody has it open: its connection says so (SIGNAL_ALONE: only we have it). Letters: letter.c.
#include "servers/meet/queue.h"

#include "abi/signals.h"
#include "os/syscalls.h"
#include "servers/meet/fifo.h"
#include "servers/meet/queue_local.h"

constexpr u32 QUEUES_MAX = 256;
constexpr u64 BYTES_MAX = 32ull << 20; // of all queues, as if they were full
constexpr u32 LETTER_COST = 48;        // what RLIMIT_MSGQUEUE counts for a letter besides its text
constexpr u32 USES = 0xff'ffff;        // of a place, in a badge
constexpr u32 MESSAGES_LIMIT = 65536, SIZE_LIMIT = 1 << 20;

static struct queue queues[QUEUES_MAX];

static u64 cost_of(const struct queue *queue)
{
	return (u64)queue->messages_max * (queue->size_max + LETTER_COST);
}

static struct queue *_Nullable by_name(view_t name)
{
	for (u32 i = 0; i < QUEUES_MAX; i++) {
		struct queue *queue = &AT(queues, i);
		if (queue->is_used && !queue->is_unlinked &&
			view_equal(view_clamp(view_of(queue->name), 0, queue->name_size), name))
			return queue;
	}
	return nullptr;
}

struct queue *_Nullable queue_of(u64 badge)
{
	struct queue *queue = &AT(queues, (u32)badge % QUEUES_MAX);
	bool is_this = badge & QUEUE_BADGE && (badge & ~QUEUE_BADGE) >> 32 == queue->use;
	return is_this && queue->is_used ? queue : nullptr;
}

static void queue_free(struct queue *queue)
{
	letters_drop(queue);
	notice_drop(queue);
	if (queue->connection.raw)
		(void)handle_close(queue->connection);
	*queue = (struct queue){ .use = queue->use };
}

void queue_alone(u64 badge)
{
	u32 bits;
	struct queue *queue = queue_of(badge);
	if (!queue || object_wait(queue->connection, SIGNAL_ALONE, 0, &bits) != OK)
		return; // opened again meanwhile
	notice_drop(queue);
	if (queue->is_unlinked)
		queue_free(queue);
}

static err_t name_take(lease_t lease, span_t room, view_t *out)
{
	if (!lease.size || lease.size > room.size)
		return ERR_INVALID;
	TRY(lease_get(lease, 0, span_clamp(room, 0, lease.size)));
	*out = view_clamp(span_view(room), 0, lease.size);
	return OK;
}

// Is there room for a queue like this, for its user and for all?
static err_t check_cost(const struct queue *like, u32 limit)
{
	u64 of_user = cost_of(like), of_all = of_user;
	if (!like->messages_max || !like->size_max || like->messages_max > MESSAGES_LIMIT ||
		like->size_max > SIZE_LIMIT)
		return ERR_INVALID;
	for (u32 i = 0; i < QUEUES_MAX; i++) {
		const struct queue *queue = &AT(queues, i);
		of_all += queue->is_used ? cost_of(queue) : 0;
		of_user += queue->is_used && queue->user == like->user ? cost_of(queue) : 0;
	}
	if (limit != UINT32_MAX && of_user > limit)
		return ERR_QUOTA;
	return of_all > BYTES_MAX ? ERR_NO_MEMORY : OK;
}

static err_t queue_make(const struct queue *like, u32 limit, struct queue **out)
{
	u32 index = 0;
	TRY(check_cost(like, limit));
	while (index < QUEUES_MAX && AT(queues, index).is_used)
		index++;
	if (index == QUEUES_MAX)
		return ERR_QUOTA;
	struct queue *queue = &AT(queues, index);
	u32 use = (queue->use + 1) & USES;
	u64 badge = QUEUE_BADGE | (u64)use << 32 | index;
	handle_t connection;
	TRY(connection_create(fifo_port, badge, &connection));
	err_t err = port_bind(fifo_port, connection, SIGNAL_ALONE, badge, BIND_MODE_EDGE);
	if (err != OK) {
		(void)handle_close(connection);
		return err;
	}
	*queue = *like;
	queue->is_used = true;
	queue->use = use;
	queue->connection = connection;
	queue_tell(queue);
	*out = queue;
	return OK;
}

err_t operation_queue_open(void *_Nullable self, struct caller caller, enum meet_queue_how how,
	u32 mode, u32 user, u32 group, u32 messages, u32 size, u32 limit, lease_t name, u32 *out_mode,
	u32 *out_user, u32 *out_group, u32 *out_size, handle_t *out_queue)
{
	struct queue like = {
		.mode = mode, .user = user, .group = group, .messages_max = messages, .size_max = size
	};
	view_t text;
	(void)self;
	(void)caller;
	TRY(name_take(name, span_of(like.name), &text));
	like.name_size = (u32)text.size;
	struct queue *queue = by_name(text);
	if (!queue && !(how & MEET_QUEUE_HOW_MAKE))
		return ERR_NOT_FOUND;
	if (queue && how & MEET_QUEUE_HOW_MAKE && how & MEET_QUEUE_HOW_EXCLUSIVE)
		return ERR_EXISTS;
	if (!queue)
		TRY(queue_make(&like, limit, &queue));
	(void)object_signal(queue->connection, SIGNAL_ALONE, 0);
	*out_mode = queue->mode;
	*out_user = queue->user;
	*out_group = queue->group;
	*out_size = queue->size_max;
	*out_queue = queue->connection;
	return OK;
}

err_t operation_queue_unlink(
	void *_Nullable self, struct caller caller, u32 is_sure, lease_t name, u32 *out_user)
{
	u8 room[MEET_QUEUE_NAME_MAX];
	view_t text;
	u32 bits;
	(void)self;
	(void)caller;
	TRY(name_take(name, span_of(room), &text));
	struct queue *queue = by_name(text);
	if (!queue)
		return ERR_NOT_FOUND;
	*out_user = queue->user;
	if (!is_sure)
		return OK;
	queue->is_unlinked = true;
	if (object_wait(queue->connection, SIGNAL_ALONE, 0, &bits) == OK)
		queue_free(queue);
	return OK;
}
