// SPDX-License-Identifier: MIT
// queue_notice.c - mq_notify: a letter comes to an empty queue, servers/meet sets a bit on the
// queue's connection, the helper of time/ sees it and sends the signal or the cookie. At most one
// notice a queue; a forked child has none of its parent's.
#include "ifc/meet.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/queue.h"
#include "lib/posix/event/socket.h"
#include "lib/posix/event/voice.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/signal/send.h"
#include "lib/posix/time/timers.h"
#include "os/syscalls.h"

constexpr u32 NOTICES = 32; // queues of one process that owe it a notice
constexpr u32 COOKIE_SIZE = 32;
constexpr u8 COOKIE_WOKEN = 1, COOKIE_REMOVED = 2;
constexpr u32 SIGNAL_MOST = 64;

struct queue_notice {
	u32 serial;      // 0: free
	handle_t queue;  // borrowed from the descriptor
	handle_t output; // borrowed from the socket; SIGEV_THREAD
	struct linux_sigevent event;
	u8 cookie[COOKIE_SIZE];
};

struct queue_notices {
	u32 pid, serial;
	struct queue_notice notice[NOTICES];
};

// Lock of time_state held. Null: no memory, or none yet.
static struct queue_notices *_Nullable notices(bool is_made)
{
	struct event_state *state = &posix_self()->events;
	if (!state->notices && is_made)
		state->notices = heap_take(sizeof(struct queue_notices));
	if (state->notices && state->notices->pid != posix_self()->identity.pid)
		*state->notices = (struct queue_notices){ .pid = posix_self()->identity.pid };
	return state->notices;
}

static struct queue_notice *_Nullable find(handle_t queue)
{
	struct queue_notices *all = notices(false);
	for (u32 i = 0; all && i < NOTICES; i++)
		if (AT(all->notice, i).serial && AT(all->notice, i).queue.raw == queue.raw)
			return &AT(all->notice, i);
	return nullptr;
}

// What the C library's thread for SIGEV_THREAD reads from its socket.
static void send_cookie(struct queue_notice *notice, u8 end)
{
	const struct stream_way way = { .handle = notice->output, .is_silent = true };
	AT(notice->cookie, COOKIE_SIZE - 1) = end;
	(void)stream_put_view(thread_self(), &way, view_of(notice->cookie), 0);
}

static err_t tell_forget(meet_t queue)
{
	struct voice voice = voice_begin();
	err_t err;
	do
		err = meet_queue_forget(queue, voice.meet.handle);
	while (voice_renew(&voice, err));
	return err;
}

static err_t ask_sender(meet_t queue, u32 *sender, u32 *user)
{
	struct voice voice = voice_begin();
	err_t err;
	do
		err = meet_queue_noticed(queue, voice.meet.handle, sender, user);
	while (voice_renew(&voice, err));
	return err;
}

static err_t ask_notice(meet_t queue)
{
	struct voice voice = voice_begin();
	err_t err;
	do
		err = meet_queue_notify(queue, voice.meet.handle);
	while (voice_renew(&voice, err));
	return err;
}

static void forget(struct queue_notice *notice)
{
	(void)tell_forget((meet_t){ notice->queue });
	(void)port_bind(posix_self()->time.port, notice->queue, 0, 0, BIND_MODE_EDGE);
	if (notice->event.notify == SIGEV_THREAD)
		send_cookie(notice, COOKIE_REMOVED);
	notice->serial = 0;
}

void queue_closed(const struct file *file)
{
	if (!posix_self()->events.notices)
		return;
	struct time_state *state = timers_enter();
	struct queue_notice *notice = find(file->handle);
	if (notice)
		forget(notice);
	timers_leave(state);
}

static void tell(struct queue_notice *notice, u32 sender, u32 user)
{
	struct linux_siginfo info = { .signal = notice->event.signal,
		.code = SI_MESGQ,
		.pid = sender,
		.user = user,
		.value = notice->event.value };
	if (notice->event.notify == SIGEV_SIGNAL && info.signal)
		signal_send_process(&info);
	else if (notice->event.notify == SIGEV_THREAD)
		send_cookie(notice, COOKIE_WOKEN);
	notice->serial = 0;
}

void queue_noticed(u64 key)
{
	struct time_state *state = &posix_self()->time;
	u32 sender, user;
	posix_lock_take(&state->helper);
	(void)timers_enter();
	struct queue_notices *all = notices(false);
	struct queue_notice *notice = all ? &AT(all->notice, (key >> 32) % NOTICES) : nullptr;
	if (notice && notice->serial && notice->serial == (u32)key) {
		meet_t queue = { notice->queue };
		if (ask_sender(queue, &sender, &user) == OK) {
			(void)port_bind(state->port, notice->queue, 0, 0, BIND_MODE_EDGE);
			tell(notice, sender, user);
		}
	}
	timers_leave(state);
	posix_lock_give(&state->helper);
}

static i64 check(struct posix_thread *self, const struct linux_sigevent *event, handle_t *output)
{
	struct file file;
	struct socket *socket;
	*output = HANDLE_NONE;
	switch (event->notify) {
	case SIGEV_NONE: return 0;
	case SIGEV_SIGNAL: return event->signal < 0 || event->signal > (i32)SIGNAL_MOST ? -EINVAL : 0;
	case SIGEV_THREAD: break;
	default: return -EINVAL;
	}
	TRY_POSIX(socket_get(self, event->signal, &file, &socket));
	*output = socket->output;
	file_put(self, &file);
	return output->raw ? 0 : -EBADF;
}

// Lock held: the place is bound to the helper's port, then asked for.
static i64 ask(struct time_state *state, struct queue_notice *notice, u32 index)
{
	u64 key = (u64)(index + NOTICES) << 32 | notice->serial;
	if (!state->port.raw)
		TRY_POSIX(timers_helper_start(state));
	(void)port_bind(state->port, notice->queue, 0, 0, BIND_MODE_EDGE);
	TRY_ERR(port_bind(state->port, notice->queue, MEET_EVENT_NOTICE, key, BIND_MODE_EDGE));
	return posix_error(ask_notice((meet_t){ notice->queue }));
}

static i64 add(struct time_state *state, const struct queue_notice *like)
{
	struct queue_notices *all = notices(true);
	u32 index = 0;
	if (!all)
		return -ENOMEM;
	if (find(like->queue))
		return -EBUSY;
	while (index < NOTICES && AT(all->notice, index).serial)
		index++;
	if (index == NOTICES)
		return -ENOMEM;
	struct queue_notice *notice = &AT(all->notice, index);
	*notice = *like;
	notice->serial = ++all->serial ? all->serial : ++all->serial;
	i64 answer = ask(state, notice, index);
	if (answer < 0)
		notice->serial = 0;
	return answer;
}

static i64 notify(const struct file *file, const struct queue_notice *_Nullable like)
{
	struct time_state *state = timers_enter();
	struct queue_notice *former = find(file->handle);
	i64 answer = 0;
	if (like)
		answer = add(state, like);
	else if (former)
		forget(former);
	timers_leave(state);
	return answer;
}

i64 call_mq_notify(struct posix_thread *self, const struct arguments *arguments)
{
	struct queue_notice like = {};
	struct file file;
	if (ARG(1)) {
		TRY_POSIX(user_get(like.event, ARG(1)));
		TRY_POSIX(check(self, &like.event, &like.output));
		if (like.event.notify == SIGEV_THREAD)
			TRY_POSIX(user_copy_in(like.cookie, like.event.value, COOKIE_SIZE));
	}
	TRY_POSIX(queue_get(self, ARG_INT(0), &file));
	like.queue = file.handle;
	i64 answer = notify(&file, ARG(1) ? &like : nullptr);
	file_put(self, &file);
	return answer;
}
