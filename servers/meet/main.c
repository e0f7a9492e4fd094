// SPDX-License-Identifier: MIT
// main.c - see README.md. Listeners, and who hears datagrams: the end that clients write to, by
// key.
#include "abi/signals.h"
#include "lib/os/loop.h"
#include "lib/os/service.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/meet/fifo.h"
#include "servers/meet/grant.h"
#include "servers/meet/ipc.h"
#include "servers/meet/queue.h"
#include "servers/meet/speaker.h"

constexpr u32 LISTENERS_MAX = 256;

struct listener {
	u64 key;         // 0: free
	handle_t stream; // owned
	u32 type;        // of its sockets
	struct peer who; // began to listen
};

static struct listener listeners[LISTENERS_MAX];

static struct listener *_Nullable find(u64 key)
{
	for (u32 i = 0; i < LISTENERS_MAX; i++)
		if (AT(listeners, i).key == key)
			return &AT(listeners, i);
	return nullptr;
}

static bool is_dead(const struct listener *listener)
{
	u32 observed;
	return object_wait(listener->stream, SIGNAL_HANGUP, 0, &observed) == OK;
}

static void drop(struct listener *listener)
{
	(void)handle_close(listener->stream);
	*listener = (struct listener){};
}

static struct listener *_Nullable place_for(u64 key)
{
	struct listener *old = find(key);
	for (u32 i = 0; !old && i < LISTENERS_MAX; i++)
		if (AT(listeners, i).key && is_dead(&AT(listeners, i)))
			drop(&AT(listeners, i));
	return old ? old : find(0);
}

static err_t operation_listen(void *_Nullable self, struct caller caller, u32 type, handle_t stream)
{
	(void)self;
	struct grant *grant;
	TRY(grant_find(caller, MEET_WAY_LISTEN, &grant));
	if (grant->line)
		return ERR_STATE; // it was handed to a listener, who is not whom it stands for
	struct listener *listener = place_for(grant->key);
	if (!listener)
		return ERR_QUOTA;
	if (listener->key && !is_dead(listener))
		return ERR_EXISTS;
	if (listener->key)
		drop(listener);
	*listener = (struct listener){ grant->key, stream, type, grant->who };
	grants_part(grant->key);
	return OK;
}

// A grant is good for one connection: it says who made that one, to whoever is handed it.
static err_t operation_connect(void *_Nullable self, struct caller caller, u32 type, handle_t line,
	u32 *out_pid, u32 *out_user, u32 *out_group, handle_t *out_stream)
{
	(void)self;
	struct grant *grant;
	TRY(grant_find(caller, MEET_WAY_CONNECT, &grant));
	struct listener *listener = grant->line ? nullptr : find(grant->key);
	if (grant->line)
		return ERR_STATE;
	if (listener && is_dead(listener)) {
		drop(listener);
		listener = nullptr;
	}
	if (!listener)
		return ERR_NOT_FOUND;
	if (listener->type != type)
		return ERR_WRONG_TYPE;
	grant->line = object_id(line);
	*out_pid = listener->who.pid;
	*out_user = listener->who.user;
	*out_group = listener->who.group;
	*out_stream = listener->stream;
	return handle_close(line);
}

static err_t operation_left(void *_Nullable self, struct caller caller)
{
	(void)self;
	fifo_hangup(caller.badge);
	return OK;
}

static const struct meet_ops operations = {
	.fifo = fifo_open,
	.left = operation_left,
	.listen = operation_listen,
	.connect = operation_connect,
	.speak = operation_speak,
	.vouch = operation_vouch,
	.connected = operation_connected,
	.introduced = operation_introduced,
	.queue_open = operation_queue_open,
	.queue_unlink = operation_queue_unlink,
	.queue_send = operation_queue_send,
	.queue_post = operation_queue_post,
	.queue_receive = operation_queue_receive,
	.queue_status = operation_queue_status,
	.queue_notify = operation_queue_notify,
	.queue_forget = operation_queue_forget,
	.queue_noticed = operation_queue_noticed,
	.ipc_get = operation_ipc_get,
	.ipc_look_at = operation_ipc_look_at,
	.ipc_survey = operation_ipc_survey,
	.ipc_change = operation_ipc_change,
	.ipc_remove = operation_ipc_remove,
	.segment_attach = operation_segment_attach,
	.semaphore_control = operation_semaphore_control,
	.semaphore_values = operation_semaphore_values,
	.semaphore_set = operation_semaphore_set,
	.semaphore_operate = operation_semaphore_operate,
	.message_send = operation_message_send,
	.message_receive = operation_message_receive,
};

static void on_hangup(void *_Nullable self, u64 badge)
{
	(void)self;
	if (badge & SEGMENT_BADGE)
		segment_hangup(badge);
	else if (badge & GRANT_BADGE)
		grant_hangup(badge);
	else if (badge & SPEAKER_BADGE)
		speaker_hangup(badge);
	else
		fifo_hangup(badge);
}

static void on_cancel(void *_Nullable self, handle_t reply, bool is_abandoned)
{
	(void)self;
	(void)is_abandoned;
	fifo_cancel(reply);
	queue_cancel(reply);
	(void)(semaphores_cancel(reply) || messages_cancel(reply));
}

// Of connections that are bound to the port under their badges.
static void on_event(void *_Nullable self, u64 key)
{
	(void)self;
	if (key & UNDO_KEY)
		semaphores_undo((u32)key);
	else
		queue_alone(key);
}

int main(void)
{
	static struct loop loop;
	if (service_begin(&loop) != OK)
		return 1;
	fifo_port = start_handle("port");
	loop.on_hangup = on_hangup;
	loop.on_cancel = on_cancel;
	loop.on_event = on_event;
	loop_serve(&loop, meet_dispatch, &operations, nullptr);
	service_ready();
	return loop_run(&loop) == OK ? 0 : 1;
}
