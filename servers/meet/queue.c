// SPDX-License-Identifier: MIT
// queue.c - see queue.h. Names and their openers. A queue lives as long as it has a name or
// somebody has it open: its connections say so (SIGNAL_ALONE: only we have it). Letters: letter.c.
#include "servers/meet/queue.h"

#include "abi/info.h"
#include "abi/signals.h"
#include "os/syscalls.h"
#include "servers/meet/fifo.h"
#include "servers/meet/queue_local.h"

constexpr u32 QUEUES_MAX = 256;
constexpr u64 BYTES_MAX = 32ull << 20; // of all queues, as if they were full
constexpr u32 LETTER_COST = 48;        // what RLIMIT_MSGQUEUE counts for a letter besides its text
constexpr u32 USES = 0xff'ffff;        // of a place, in a badge
constexpr u32 HOW_SHIFT = 56, USE_SHIFT = 32;
constexpr u32 ACCESS = MEET_QUEUE_HOW_READ | MEET_QUEUE_HOW_WRITE;
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

static u64 badge_of(u32 index, u32 use, u32 way)
{
	u64 how = (u64)(way + 1) * MEET_QUEUE_HOW_READ;
	return QUEUE_BADGE | how << HOW_SHIFT | (u64)use << USE_SHIFT | index;
}

struct queue *_Nullable queue_of(u64 badge)
{
	struct queue *queue = &AT(queues, (u32)badge % QUEUES_MAX);
	bool is_this = badge & QUEUE_BADGE && (badge >> USE_SHIFT & USES) == queue->use;
	return is_this && queue->is_used ? queue : nullptr;
}

err_t queue_find(struct caller caller, enum meet_queue_how access, struct queue **out)
{
	struct queue *queue = queue_of(caller.badge);
	if (!queue)
		return ERR_NOT_FOUND;
	*out = queue;
	return caller.badge >> HOW_SHIFT & access ? OK : ERR_RIGHTS;
}

static void queue_free(struct queue *queue)
{
	letters_drop(queue);
	notice_drop(queue);
	for (u32 way = 0; way < QUEUE_WAYS; way++)
		if (AT(queue->connections, way).raw)
			(void)handle_close(AT(queue->connections, way));
	*queue = (struct queue){ .use = queue->use };
}

static bool is_open(const struct queue *queue)
{
	u64 size;
	for (u32 way = 0; way < QUEUE_WAYS; way++) {
		struct object_info info = {};
		(void)handle_info(AT(queue->connections, way), INFO_TOPIC_OBJECT, span_of(info), &size);
		if (info.handles > 1)
			return true;
	}
	return false;
}

void queue_alone(u64 badge)
{
	struct queue *queue = queue_of(badge);
	if (!queue || is_open(queue))
		return; // opened again meanwhile, or otherwise
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

static err_t connect(u64 badge, handle_t *out)
{
	TRY(connection_create(fifo_port, badge, out));
	return port_bind(fifo_port, *out, SIGNAL_ALONE, badge, BIND_MODE_EDGE);
}

static err_t queue_make(const struct queue *like, u32 limit, struct queue **out)
{
	u32 index = 0;
	err_t err = OK;
	TRY(check_cost(like, limit));
	while (index < QUEUES_MAX && AT(queues, index).is_used)
		index++;
	if (index == QUEUES_MAX)
		return ERR_QUOTA;
	struct queue *queue = &AT(queues, index);
	u32 use = (queue->use + 1) & USES;
	*queue = *like;
	queue->use = use;
	for (u32 way = 0; way < QUEUE_WAYS && err == OK; way++)
		err = connect(badge_of(index, use, way), &AT(queue->connections, way));
	if (err != OK) {
		queue_free(queue);
		return err;
	}
	queue->is_used = true;
	queue_tell(queue);
	*out = queue;
	return OK;
}

static bool may_open(
	const struct queue *queue, const struct speaker *speaker, enum meet_queue_how how)
{
	struct tree_inode inode = {
		.mode = MODE_REGULAR | queue->mode, .user = queue->user, .group = queue->group
	};
	struct tree_credentials who = speaker_credentials(speaker);
	u32 wanted = (how & MEET_QUEUE_HOW_READ ? ACCESS_READ : 0) |
	             (how & MEET_QUEUE_HOW_WRITE ? ACCESS_WRITE : 0);
	return tree_may(&inode, &who, wanted);
}

// An existing one by its rights, or a new one.
static err_t find_or_make(const struct queue *like, enum meet_queue_how how, u32 limit,
	const struct speaker *speaker, struct queue **out)
{
	view_t name = view_clamp(view_of(like->name), 0, like->name_size);
	struct queue *queue = by_name(name);
	if (!queue && !(how & MEET_QUEUE_HOW_MAKE))
		return ERR_NOT_FOUND;
	if (!queue)
		return queue_make(like, limit, out);
	if (how & MEET_QUEUE_HOW_MAKE && how & MEET_QUEUE_HOW_EXCLUSIVE)
		return ERR_EXISTS;
	*out = queue;
	return may_open(queue, speaker, how) ? OK : ERR_RIGHTS;
}

err_t operation_queue_open(void *_Nullable self, struct caller caller, enum meet_queue_how how,
	u32 mode, u32 messages, u32 size, u32 limit, lease_t name, u32 *out_size, handle_t *out_queue)
{
	struct queue like = { .mode = mode, .messages_max = messages, .size_max = size }, *queue;
	const struct speaker *speaker;
	view_t text;
	(void)self;
	TRY(speaker_of(caller, &speaker));
	TRY(name_take(name, span_of(like.name), &text));
	if (!(how & ACCESS))
		return ERR_INVALID;
	like.user = speaker->who.file_user;
	like.group = speaker->who.file_group;
	like.name_size = (u32)text.size;
	TRY(find_or_make(&like, how, limit, speaker, &queue));
	*out_queue = AT(queue->connections, (how & ACCESS) / MEET_QUEUE_HOW_READ - 1);
	(void)object_signal(*out_queue, SIGNAL_ALONE, 0);
	*out_size = queue->size_max;
	return OK;
}

err_t operation_queue_unlink(void *_Nullable self, struct caller caller, lease_t name)
{
	u8 room[MEET_QUEUE_NAME_MAX];
	const struct speaker *speaker;
	view_t text;
	(void)self;
	TRY(speaker_of(caller, &speaker));
	TRY(name_take(name, span_of(room), &text));
	struct queue *queue = by_name(text);
	if (!queue)
		return ERR_NOT_FOUND;
	if (queue->user != speaker->who.file_user && !(speaker->who.capabilities & CAPABILITY_FOWNER))
		return ERR_NOT_OWNER;
	queue->is_unlinked = true;
	if (!is_open(queue))
		queue_free(queue);
	return OK;
}
