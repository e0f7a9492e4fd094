// SPDX-License-Identifier: MIT
// service.c - answers serial numbers: word 0 comes back tripled, plus one. On the way it does what
// the operation says, and stops where it was told to.
#include "lib/base/atomic.h"
#include "test/guest/chaos_kill/kill.h"

constexpr u32 LENT_SIZE = 9000, LEASE_ROUNDS = 4;

static u32 later_handle; // atomic, futex: a reply handle for the other thread
static u64 later_serial; // before later_handle
static enum stop stop_at;

static u64 right_answer(u64 serial)
{
	return serial * 3 + 1;
}

static void reach(enum stop stop)
{
	if (stop_at != stop)
		return;
	atomic_store_release(&shared->stage, (u32)stop); // pairs with chaos_reached
	if (stop == STOP_LEASING)
		return;
	for (;;)
		(void)sleep_until(DEADLINE_NEVER);
}

static err_t send_answer(handle_t reply, u64 serial, handle_t gift)
{
	struct message out = { .tag = reply_tag(OK, 1), .word = { right_answer(serial) } };
	if (gift.raw) {
		out.tag |= 2ull << TAG_HANDLES_SHIFT;
		AT(out.handle, 0) = AT(out.handle, 1) = gift;
		AT(out.handle_rights, 0) = AT(out.handle_rights, 1) = RIGHTS_ALL;
	}
	err_t err = reply_send(reply, &out);
	if (err != OK && reply.raw)
		(void)handle_close(reply); // nobody waits
	reach(STOP_ANSWERED);
	return err == ERR_GONE ? OK : err;
}

static u64 answer_later(void *_Nullable argument)
{
	(void)argument;
	for (;;) {
		u32 raw = atomic_load_acquire(&later_handle); // pairs with hand_over
		if (!raw) {
			(void)futex_wait((u64)&later_handle, 0, guest_soon(), HANDLE_NONE);
			continue;
		}
		u64 serial = later_serial;
		atomic_store_release(&later_handle, 0u);
		(void)send_answer((handle_t){ raw }, serial, HANDLE_NONE);
	}
}

static err_t hand_over(handle_t reply, u64 serial)
{
	u32 woken;
	if (atomic_load_acquire(&later_handle)) // the other thread is busy
		return send_answer(reply, serial, HANDLE_NONE);
	later_serial = serial;
	atomic_store_release(&later_handle, reply.raw);
	return futex_wake((u64)&later_handle, 1, 0, 0, &woken);
}

static err_t save(enum operation operation, u64 serial)
{
	handle_t reply;
	err_t err = reply_save(&reply);
	if (err != OK)
		return err == ERR_STATE ? OK : err; // the caller was killed meanwhile
	reach(STOP_SAVED);
	if (operation == OPERATION_DROP)
		return handle_close(reply);
	if (operation == OPERATION_LATER)
		return hand_over(reply, serial);
	return send_answer(reply, serial, HANDLE_NONE);
}

static err_t lease(u64 serial)
{
	static u8 copy[LENT_SIZE];
	u64 done;
	for (u32 i = 0; i < LEASE_ROUNDS || stop_at == STOP_LEASING; i++) {
		err_t err = lease_read(HANDLE_NONE, 0, 0, span_of(copy), &done);
		if (err == OK)
			err = lease_write(HANDLE_NONE, 1, 0, view_of(copy), &done);
		if (err != OK && err != ERR_PAGE_NEEDED) {
			reach(STOP_ANSWERED);
			return err == ERR_GONE ? send_answer(HANDLE_NONE, serial, HANDLE_NONE) : err;
		}
		reach(STOP_LEASING);
	}
	return send_answer(HANDLE_NONE, serial, HANDLE_NONE);
}

static void drop_handles(const struct message *message)
{
	for (u32 i = 0; i < (message->tag >> TAG_HANDLES_SHIFT & 7); i++)
		(void)handle_close(AT(message->handle, i));
}

static err_t give(u64 serial)
{
	handle_t timer;
	TRY(timer_create(&timer));
	err_t err = send_answer(HANDLE_NONE, serial, timer);
	TRY(handle_close(timer));
	return err;
}

static err_t serve(struct message *message)
{
	u64 serial = AT(message->word, 0);
	reach(STOP_TAKEN);
	switch ((enum operation)(u16)message->tag) {
	case OPERATION_SAVE:
	case OPERATION_LATER:
	case OPERATION_DROP: return save((enum operation)(u16)message->tag, serial);
	case OPERATION_LEASE: return lease(serial);
	case OPERATION_TAKE:
		reach(STOP_HANDLES);
		drop_handles(message);
		return send_answer(HANDLE_NONE, serial, HANDLE_NONE);
	case OPERATION_GIVE: return give(serial);
	case OPERATION_ANSWER:
	case OPERATION_COUNT: break;
	}
	return send_answer(HANDLE_NONE, serial, HANDLE_NONE);
}

u64 service_run(handle_t port, enum stop stop)
{
	struct worker worker;
	stop_at = stop;
	if (worker_start(&worker, answer_later, nullptr) != OK)
		return 1;
	for (;;) {
		struct message message = {};
		err_t err = port_receive(port, &message);
		if (err != OK)
			return 2;
		if (message_kind(&message) != MESSAGE_CALL)
			continue;
		err = serve(&message);
		if (err != OK)
			kill_wrong((enum operation)(100 + (u16)message.tag), err);
	}
}

void kill_wrong(enum operation operation, i64 what)
{
	if (atomic_add_acq_rel(&shared->wrong, 1u) == 0) {
		shared->first_wrong = what;
		shared->first_operation = operation;
	}
}

static u64 attachments(enum operation operation, struct message *message, handle_t gift)
{
	static u8 lent[2][LENT_SIZE];
	if (operation == OPERATION_LEASE) {
		AT(message->lend, 0) = (struct lend){ (u64)&AT(lent, 0), LENT_SIZE, LEND_READ, 0 };
		AT(message->lend, 1) = (struct lend){ (u64)&AT(lent, 1), LENT_SIZE, LEND_WRITE, 0 };
		return 2ull << TAG_LENDS_SHIFT;
	}
	if (operation != OPERATION_TAKE)
		return 0;
	for (u32 i = 0; i < 3; i++) {
		AT(message->handle, i) = gift;
		AT(message->handle_rights, i) = RIGHTS_ALL;
	}
	return 3ull << TAG_HANDLES_SHIFT;
}

err_t service_call(handle_t connection, enum operation operation, u64 serial, bool is_idempotent)
{
	struct message message = { .word = { serial, ~serial } };
	message.tag =
		operation | 2ull << TAG_WORDS_SHIFT | attachments(operation, &message, connection);
	if (is_idempotent)
		message.tag |= TAG_IDEMPOTENT;
	u64 deadline = serial & 1 ? guest_soon() : DEADLINE_NEVER;
	err_t err = deadline == DEADLINE_NEVER
	                ? connection_invoke(connection, &message)
	                : connection_invoke_until(connection, &message, deadline);
	if (err != OK)
		return err;
	drop_handles(&message);
	return AT(message.word, 0) == right_answer(serial) ? OK : ERR_CORRUPT;
}
