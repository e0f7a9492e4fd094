// SPDX-License-Identifier: MIT
// main.c - proc's one loop. Each message is a transaction: what it changes is noted in the ledger,
// committed when all of it is done, and only then does anything go out. Authority: the port, the
// ledger, handles of processes that their parents passed.
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/proc/answer.h"
#include "servers/proc/files.h"
#include "servers/proc/proc.h"

handle_t port;

constexpr u64 WATCH_KEY = UINT64_MAX - 1; // of heartbeats; others: proc.h

static void close_handles(void)
{
	for (u32 i = 0; i < store->closing_count; i++)
		(void)handle_close(AT(store->closing, i));
	store->closing_count = 0; // closed twice after a restart: an error without effect, so no note
}

// Also twice after a restart.
static void end_former(void)
{
	(void)process_control(store->former, PROCESS_OPERATION_KILL, SIG_KILL, 0);
	(void)handle_close(store->former);
	store->former = HANDLE_NONE;
}

void commit(void)
{
	ledger_commit();
	if (store->former.raw)
		end_former();
	if (store->closing_count)
		close_handles();
	wait_send();
	known_send();
	if (store->outbox_count)
		outbox_flush();
}

// True: message holds the answer.
static bool serve_call(struct message *message)
{
	struct request request;
	bool is_answered_now;
	if (files_serve(message, &is_answered_now))
		return is_answered_now;
	if (answer_again(message, &request))
		return true;
	bool is_answered = (u32)message->tag == (u32)PROC_WAIT_TAG
	                       ? wait_serve(message)
	                       : proc_dispatch(&proc_operations, nullptr, message);
	if (is_answered)
		answer_remember(&request, message);
	return is_answered;
}

static void cancel(handle_t reply, bool is_abandoned)
{
	if (!known_cancel(reply))
		wait_cancel(reply, is_abandoned);
}

static bool serve(struct message *message)
{
	switch (message_kind(message)) {
	case MESSAGE_CALL:
		late_flush((u32)(message->badge % PROC_PID_MAX));
		ledger_hold_received(message);
		return serve_call(message);
	case MESSAGE_EVENT:
		if (message->badge == TERMINALS_KEY)
			terminal_event();
		else if (message->badge == WATCH_KEY)
			service_answer();
		else
			process_exited((u32)(message->badge >> 32), (slot_t)message->badge);
		return false;
	case MESSAGE_HANGUP: process_hangup(message->badge); return false;
	case MESSAGE_CANCEL: cancel((handle_t){ (u32)message->badge }, false); return false;
	case MESSAGE_ABANDON: cancel((handle_t){ (u32)message->badge }, true); return false;
	case MESSAGE_PAGES: return false;
	}
	return false;
}

static err_t run(void)
{
	static struct message message;
	bool has_answer = false;
	for (;;) {
		bool had_answer = has_answer;
		message.tag = has_answer ? message.tag | TAG_REPLY : 0;
		u64 until = late_until();
		err_t err = until == DEADLINE_NEVER ? port_receive(port, &message)
		                                    : port_receive_until(port, &message, until);
		answer_close();
		has_answer = false;
		if (until != DEADLINE_NEVER && until <= clock_read())
			late_flush(0);
		if (err == ERR_TIMED_OUT)
			commit();
		if (err == ERR_GONE || err == ERR_INTERRUPTED || err == ERR_TIMED_OUT)
			continue; // nobody waited for that answer
		if (had_answer && err != OK && err != ERR_CLOSED) {
			message.tag = reply_tag(err, 0); // its handle cannot be passed: it is still in hand
			has_answer = true;
			continue;
		}
		TRY(err);
		has_answer = serve(&message);
		commit();
	}
}

int main(void)
{
	port = start_handle("port");
	err_t err = store_open();
	if (err != OK) {
		print("proc: no ledger: %e\n", err);
		return 1;
	}
	err = terminal_open();
	if (err != OK)
		print("proc: no terminals: %e\n", err);
	end_rescan();
	commit();
	(void)service_watch(
		port, WATCH_KEY); // without it heartbeats are not answered, and we start over
	service_ready();
	return run() == ERR_CLOSED ? 0 : 1;
}
