// SPDX-License-Identifier: MIT
// main.c - tty's one loop. Flow: typed bytes come by ring from a driver, go through the line
// discipline and pay the oldest reader; written bytes go through it to the driver's ring. Each
// message is a transaction in the ledger. Authority: the port, the ledger, connections to the
// drivers "serial", "keyboard", "screen".
#include "abi/signals.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/tty/tty.h"

static void on_event(const struct message *message)
{
	if (message->badge == KEY_WATCH)
		service_answer();
	else if (message->badge & KEY_DEVICE)
		device_event((u32)message->badge, (u32)AT(message->word, 0));
	else
		end_alone(message->badge);
}

// True: the message holds an answer.
static bool serve(struct message *message)
{
	switch (message_kind(message)) {
	case MESSAGE_CALL: return request_serve(message);
	case MESSAGE_EVENT: on_event(message); return false;
	case MESSAGE_CANCEL: request_cancel((handle_t){ (u32)message->badge }, false); return false;
	case MESSAGE_ABANDON: request_cancel((handle_t){ (u32)message->badge }, true); return false;
	case MESSAGE_HANGUP:
	case MESSAGE_PAGES: return false;
	}
	return false;
}

// The answer goes out before what else became possible: at most one is decided and not sent.
static bool settle(struct message *message, bool has_answer)
{
	if (!is_looked_for())
		return has_answer;
	if (has_answer)
		(void)reply_send(HANDLE_NONE, message);
	request_settle();
	return false;
}

static err_t run(void)
{
	static struct message message;
	bool has_answer = false;
	for (;;) {
		message.tag = has_answer ? message.tag | TAG_REPLY : 0;
		err_t err = port_receive_until(port, &message, request_deadline());
		has_answer = false;
		if (err == ERR_TIMED_OUT)
			request_overdue();
		else if (err == OK)
			has_answer = serve(&message);
		else if (err != ERR_GONE && err != ERR_INTERRUPTED) // nobody waited for that answer
			return err;
		commit();
		has_answer = settle(&message, has_answer);
	}
}

int main(void)
{
	err_t err = store_open();
	if (err == ERR_CORRUPT)
		print("tty: the ledger does not hold; all terminals are new\n");
	else if (err != OK) {
		print("tty: no ledger: %e\n", err);
		return 1;
	}
	ends_rescan();
	devices_open();
	request_settle();
	if (service_watch(port, KEY_WATCH) != OK)
		print("tty: nobody watches\n");
	service_ready();
	return run() == ERR_CLOSED ? 0 : 1;
}
