// SPDX-License-Identifier: MIT
// answer.c - see answer.h.
#include "servers/proc/answer.h"

#include "lib/base/atomic.h"
#include "lib/os/service.h"
#include "os/syscalls.h"

static handle_t handed_out; // goes with the answer to the call in hand, then is closed

// Calls that are not the same when done twice. Their serial makes no two requests of a client
// alike.
static bool is_kept(u64 tag)
{
	switch ((u32)tag) {
	case (u32)PROC_SPARE_TAG:
	case (u32)PROC_CHILD_TAG:
	case (u32)PROC_KILL_TAG:
	case (u32)PROC_KILL_OPEN_TAG:
	case (u32)PROC_SIGNAL_INFO_TAG:
	case (u32)PROC_SET_SESSION_TAG:
	case (u32)PROC_CHANGE_TAG:
	case (u32)PROC_LIMIT_TAG:
	case (u32)PROC_WAIT_TAG: return true;
	}
	return false;
}

static u32 wait_serial(const u64 *word)
{
	struct proc_wait_request request;
	__builtin_memcpy(&request, word, sizeof request);
	return request.serial;
}

static bool is_same(const struct answer *answer, const struct message *message)
{
	if (answer->tag != (u32)message->tag || answer->badge != message->badge)
		return false;
	if (answer->tag == (u32)PROC_WAIT_TAG) // who was interrupted asks again, but does not wait
		return wait_serial(answer->request) == wait_serial(message->word);
	return view_equal(view_of(answer->request), view_of(message->word));
}

static struct shelf *shelf_of(u64 badge)
{
	return &AT(store->shelves, badge % ANSWER_SHELVES);
}

static void repeat(const struct answer *answer, struct message *message)
{
	handed_out = answer->handle;
	message_drop_handles(message);
	message->tag = answer->reply_tag;
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		AT(message->word, i) = AT(answer->reply, i);
	AT(message->handle, 0) = answer->handle;
	AT(message->handle_rights, 0) = RIGHTS_ALL;
}

bool answer_again(struct message *message, struct request *request)
{
	request->tag = is_kept(message->tag) ? (u32)message->tag : 0;
	if (!request->tag)
		return false;
	request->badge = message->badge;
	struct shelf *shelf = shelf_of(message->badge);
	for (u32 i = 0; i < ANSWERS_MAX; i++)
		if (is_same(&AT(shelf->answers, i), message)) {
			repeat(&AT(shelf->answers, i), message);
			return true;
		}
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		AT(request->word, i) = AT(message->word, i);
	return false;
}

// Counts only once it is whole and committed: its tag is noted as none.
static struct answer *begin(u64 badge)
{
	struct shelf *shelf = shelf_of(badge);
	shelf->next = (shelf->next + 1) % ANSWERS_MAX;
	struct answer *answer = &AT(shelf->answers, shelf->next);
	answer->tag = 0;
	compiler_barrier();
	answer->badge = badge;
	answer->handle = HANDLE_NONE;
	return answer;
}

void answer_remember(const struct request *request, const struct message *reply)
{
	if (!request->tag || (u32)request->tag == (u32)PROC_WAIT_TAG || (err_t)(i32)reply->tag != OK)
		return; // wait keeps its own
	struct answer *answer = begin(request->badge);
	for (u32 i = 0; i < MESSAGE_WORDS; i++) {
		AT(answer->request, i) = AT(request->word, i);
		AT(answer->reply, i) = AT(reply->word, i);
	}
	answer->reply_tag = reply->tag;
	answer->handle = handed_out;
	SET(answer->tag, (u32)request->tag);
}

void answer_forget(u64 badge)
{
	struct shelf *shelf = shelf_of(badge);
	for (u32 i = 0; i < ANSWERS_MAX; i++)
		if (AT(shelf->answers, i).tag && AT(shelf->answers, i).badge == badge)
			SET(AT(shelf->answers, i).tag, 0);
}

static bool is_birth(const struct answer *answer, u32 pid)
{
	struct proc_child_request request;
	__builtin_memcpy(&request, answer->request, sizeof request);
	return answer->tag == (u32)PROC_CHILD_TAG && request.pid == pid;
}

void answer_forget_birth(u32 pid)
{
	for (u32 i = 0; i < ANSWER_SHELVES * ANSWERS_MAX; i++) {
		struct answer *answer = &AT(AT(store->shelves, i / ANSWERS_MAX).answers, i % ANSWERS_MAX);
		if (is_birth(answer, pid))
			SET(answer->tag, 0);
	}
}

void answer_hand_out(handle_t handle)
{
	handed_out = handle;
}

void answer_close(void)
{
	if (handed_out.raw)
		(void)handle_close(handed_out);
	handed_out = HANDLE_NONE;
}

void answer_keep(const struct message *request, u64 tag, view_t words)
{
	struct answer *answer = begin(request->badge);
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		AT(answer->request, i) = AT(request->word, i);
	(void)span_copy(span_of(answer->reply), words);
	answer->reply_tag = tag;
	SET(answer->tag, (u32)request->tag);
}
