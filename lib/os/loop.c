// SPDX-License-Identifier: MIT
// loop.c - wait, dispatch, answer with the next wait.
#include "lib/os/loop.h"

#include "lib/base/err.h"
#include "lib/base/view.h"
#include "os/syscalls.h"

err_t loop_init(struct loop *loop)
{
	*loop = (struct loop){};
	return port_create(0, &loop->port);
}

void loop_adopt(struct loop *loop, handle_t port)
{
	*loop = (struct loop){ .port = port };
}

void loop_serve(struct loop *loop, loop_dispatch *dispatch, const void *ops, void *_Nullable self)
{
	loop->dispatch = dispatch;
	loop->ops = ops;
	loop->self = self;
}

err_t loop_watch(
	struct loop *loop, handle_t source, u32 bits, loop_handler *handler, void *_Nullable self)
{
	for (u32 i = 0; i < LOOP_EVENTS_MAX; i++) {
		struct loop_event *event = &AT(loop->events, i);
		if (event->handler)
			continue;
		err_t err = port_bind(loop->port, source, bits, i, BIND_MODE_LEVEL);
		if (err == ERR_EXISTS) { // by a former life of this service
			TRY(port_bind(loop->port, source, 0, 0, BIND_MODE_LEVEL));
			err = port_bind(loop->port, source, bits, i, BIND_MODE_LEVEL);
		}
		TRY(err);
		*event = (struct loop_event){ handler, self, source };
		return OK;
	}
	return ERR_TOO_BIG;
}

err_t loop_unwatch(struct loop *loop, handle_t source)
{
	for (u32 i = 0; i < LOOP_EVENTS_MAX; i++) {
		struct loop_event *event = &AT(loop->events, i);
		if (!event->handler || event->source.raw != source.raw)
			continue;
		*event = (struct loop_event){};
		return port_bind(loop->port, source, 0, 0, BIND_MODE_LEVEL);
	}
	return ERR_NOT_FOUND;
}

err_t loop_connection(struct loop *loop, u64 badge, handle_t *out)
{
	return connection_create(loop->port, badge, out);
}

static void on_event(struct loop *loop, const struct message *message)
{
	if (message->badge >= LOOP_EVENTS_MAX) {
		if (loop->on_event)
			loop->on_event(loop->self, message->badge);
		return;
	}
	const struct loop_event *event = &AT(loop->events, message->badge);
	if (event->handler)
		event->handler(event->self, (u32)AT(message->word, 0));
}

// True: the message now holds an answer.
static bool handle(struct loop *loop, struct message *message)
{
	switch (message_kind(message)) {
	case MESSAGE_CALL:
		if (loop->dispatch && loop->ops)
			return loop->dispatch(loop->ops, loop->self, message);
		message->tag = reply_tag(ERR_UNKNOWN_CALL, 0);
		return true;
	case MESSAGE_EVENT: on_event(loop, message); return false;
	case MESSAGE_HANGUP:
		if (loop->on_hangup)
			loop->on_hangup(loop->self, message->badge);
		return false;
	case MESSAGE_CANCEL:
	case MESSAGE_ABANDON:
		if (loop->on_cancel)
			loop->on_cancel(loop->self, (handle_t){ (u32)message->badge },
				message_kind(message) == MESSAGE_ABANDON);
		return false;
	case MESSAGE_PAGES: return false;
	}
	return false;
}

err_t loop_run(struct loop *loop)
{
	struct message message = {};
	bool has_answer = false;
	while (!loop->is_stopped) {
		message.tag = has_answer ? message.tag | TAG_REPLY : 0;
		err_t err = port_receive(loop->port, &message);
		has_answer = false;
		if (err == ERR_GONE || err == ERR_INTERRUPTED)
			continue; // nobody waited for that answer; or a notification
		TRY(err);
		has_answer = handle(loop, &message);
	}
	if (has_answer)
		(void)reply_send(HANDLE_NONE, &message);
	return OK;
}

err_t later_take(later_t *out)
{
	return reply_save(&out->reply);
}
