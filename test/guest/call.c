// SPDX-License-Identifier: MIT
// call.c - calls that are answered: words, identity, handles, lent memory, answers later and by
// other threads. What happens when an end dies: call_death.c.
#include "test/guest/harness/guest.h"

static struct guest_port port;
static struct worker client;
static struct message sent; // by client; then its answer
static u8 memory[4 * PAGE_SIZE];

static u64 invoke(void *_Nullable unused)
{
	(void)unused;
	return (u64)(u32)connection_invoke_until(port.connection, &sent, guest_soon());
}

// The client calls with `sent`; the call is in our hand.
static err_t take(struct message *message)
{
	*message = (struct message){};
	TRY(worker_start(&client, invoke, nullptr));
	return port_receive_until(port.port, message, guest_soon());
}

static err_t answer(err_t err, struct message *message, u64 flags)
{
	message->tag = reply_tag(err, 0) | flags;
	TRY(reply_send(HANDLE_NONE, message));
	TRY(worker_join(&client, guest_soon()));
	return (err_t)(i32)(u32)client.result;
}

static void test_words(void)
{
	struct message message;
	struct process_info self = {};
	u64 size;
	CHECK_OK(guest_port(0xbadbadbadbad, &port));
	CHECK_OK(handle_info(HANDLE_NONE, INFO_TOPIC_PROCESS, span_of(self), &size));
	sent = (struct message){ .tag = 0x1234 | 8ull << TAG_WORDS_SHIFT };
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		AT(sent.word, i) = 0x0101010101010101 * (i + 1);
	CHECK_OK(take(&message));
	CHECK_EQ(message_kind(&message), MESSAGE_CALL);
	CHECK_EQ(message.badge, 0xbadbadbadbad);
	CHECK_EQ(message.identity, self.identity);
	CHECK_EQ(message.tag & 0xffff, 0x1234);
	CHECK_EQ(message.tag >> TAG_WORDS_SHIFT & 15, 8);
	for (u32 i = 0; i < MESSAGE_WORDS; i++) {
		CHECK_EQ(AT(message.word, i), 0x0101010101010101 * (i + 1));
		AT(message.word, i) = ~AT(message.word, i);
	}
	CHECK_OK(answer(OK, &message, 0));
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		CHECK_EQ(AT(sent.word, i), ~(0x0101010101010101 * (i + 1)));
	sent = (struct message){};
	CHECK_OK(take(&message));
	CHECK_EQ(answer(ERR_DEVICE, &message, 0), ERR_DEVICE); // the service's own error
	guest_port_close(&port);
}

// The kind of a message is the kernel's word, not the client's.
static void test_forged_kind(void)
{
	struct message message;
	CHECK_OK(guest_port(1, &port));
	sent = (struct message){ .tag = (u64)MESSAGE_HANGUP << TAG_KIND_SHIFT };
	CHECK_OK(take(&message));
	CHECK_EQ(message_kind(&message), MESSAGE_CALL);
	CHECK_OK(answer(OK, &message, 0));
	guest_port_close(&port);
}

static u32 rights_of(handle_t handle)
{
	struct object_info info = {};
	u64 size;
	return handle_info(handle, INFO_TOPIC_OBJECT, span_of(info), &size) == OK ? info.rights : 0;
}

static void test_handles(void)
{
	struct message message;
	handle_t timer, got;
	CHECK_OK(guest_port(1, &port));
	CHECK_OK(timer_create(&timer));
	sent = (struct message){ .tag = 4ull << TAG_HANDLES_SHIFT };
	for (u32 i = 0; i < MESSAGE_HANDLES; i++) {
		AT(sent.handle, i) = timer;
		AT(sent.handle_rights, i) = RIGHT_WAIT | (i & 1 ? RIGHT_SIGNAL : RIGHT_READ);
	}
	AT(sent.handle, 3) = HANDLE_NONE;
	CHECK_OK(take(&message));
	CHECK_EQ(message.tag >> TAG_HANDLES_SHIFT & 7, 4);
	CHECK_EQ(AT(message.handle, 3).raw, 0);
	for (u32 i = 0; i < MESSAGE_HANDLES - 1; i++) {
		got = AT(message.handle, i);
		CHECK(got.raw && got.raw != timer.raw);
		CHECK_EQ(rights_of(got), RIGHT_WAIT | (i & 1 ? RIGHT_SIGNAL : 0)); // READ it never had
		CHECK_OK(handle_close(got));
	}
	AT(message.handle, 0) = port.port;
	AT(message.handle_rights, 0) = RIGHT_SERVE;
	CHECK_OK(answer(OK, &message, 1ull << TAG_HANDLES_SHIFT));
	CHECK_EQ(sent.tag >> TAG_HANDLES_SHIFT & 7, 1);
	CHECK_EQ(rights_of(AT(sent.handle, 0)), RIGHT_SERVE);
	CHECK_OK(handle_close(AT(sent.handle, 0)));
	CHECK_OK(handle_close(timer));
	guest_port_close(&port);
}

static void lend(u64 offset, u64 size, u32 direction)
{
	sent = (struct message){ .tag = 1ull << TAG_LENDS_SHIFT };
	AT(sent.lend, 0) = (struct lend){ (u64)&AT(memory, offset), size, direction, 0 };
}

static void test_lends(void)
{
	static u8 copy[2 * PAGE_SIZE];
	struct message message;
	u64 done;
	CHECK_OK(guest_port(1, &port));
	for (u32 i = 0; i < sizeof memory; i++)
		AT(memory, i) = (u8)(i * 7 + i / 256);
	lend(100, 2 * PAGE_SIZE, LEND_READ | LEND_WRITE);
	CHECK_OK(take(&message));
	CHECK_OK(lease_read(HANDLE_NONE, 0, 5, span_clamp(span_of(copy), 0, 4500), &done));
	CHECK_EQ(done, 4500); // over a page's border
	for (u32 i = 0; i < done; i++)
		CHECK_EQ(AT(copy, i), AT(memory, 105 + i));
	CHECK_OK(lease_read(HANDLE_NONE, 0, 2 * PAGE_SIZE - 3, span_of(copy), &done));
	CHECK_EQ(done, 3); // as much as there is
	CHECK_OK(lease_read(HANDLE_NONE, 0, 2 * PAGE_SIZE, span_of(copy), &done));
	CHECK_EQ(done, 0);
	u8 before = AT(memory, 100 + 2 * PAGE_SIZE);
	memory_fill(copy, before ^ 0xff, sizeof copy);
	CHECK_OK(lease_write(HANDLE_NONE, 0, PAGE_SIZE, view_of(copy), &done));
	CHECK_EQ(done, PAGE_SIZE); // no byte behind what was lent
	CHECK_EQ(AT(memory, 100 + 2 * PAGE_SIZE), before);
	CHECK_EQ(AT(memory, 99 + 2 * PAGE_SIZE), before ^ 0xff);
	CHECK_OK(answer(OK, &message, 0));
	CHECK_EQ(lease_read(HANDLE_NONE, 0, 0, span_of(copy), &done), ERR_STATE); // it ended
	guest_port_close(&port);
}

// Lent memory is changed copy-on-write like by its owner, and zero pages appear.
static void test_lend_fresh(void)
{
	struct message message;
	u64 value = 0x1122334455667788, done, address;
	handle_t fresh;
	CHECK_OK(guest_port(1, &port));
	CHECK_OK(guest_memory(2 * PAGE_SIZE, &fresh));
	CHECK_OK(guest_map(fresh, 2 * PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_WRITE, &address));
	lend(0, 0, LEND_READ);
	AT(sent.lend, 0) = (struct lend){ address + PAGE_SIZE - 4, 8, LEND_READ | LEND_WRITE, 0 };
	CHECK_OK(take(&message));
	CHECK_OK(lease_read(HANDLE_NONE, 0, 0, span_of(done), &value));
	CHECK_EQ(value, 8);
	CHECK_EQ(done, 0);
	value = 0x1122334455667788;
	CHECK_OK(lease_write(HANDLE_NONE, 0, 0, view_of(value), &done));
	CHECK_EQ(done, 8);
	CHECK_OK(answer(OK, &message, 0));
	CHECK_EQ(guest_peek(address + PAGE_SIZE - 4), value);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 2 * PAGE_SIZE));
	CHECK_OK(handle_close(fresh));
	guest_port_close(&port);
}

static handle_t saved;

static u64 answer_later(void *_Nullable unused)
{
	struct message message = { .tag = reply_tag(OK, 1), .word = { 4242 } };
	u64 value, done;
	(void)unused;
	MUST(lease_read(saved, 0, 0, span_of(value), &done) == OK && done == 8 && value == 77);
	value = 78;
	MUST(lease_write(saved, 0, 0, view_of(value), &done) == OK && done == 8);
	MUST(reply_send(saved, &message) == OK);
	return 0;
}

// Put aside, the service goes on with others; any thread answers.
static void test_save(void)
{
	static struct worker answerer;
	struct message message, poll = { .tag = TAG_POLL };
	CHECK_OK(guest_port(1, &port));
	memory_fill(memory, 0, sizeof memory);
	AT(memory, 0) = 77;
	lend(0, 8, LEND_READ | LEND_WRITE);
	CHECK_OK(take(&message));
	CHECK_OK(reply_save(&saved));
	CHECK_EQ(reply_send(HANDLE_NONE, &message), ERR_STATE); // nothing in hand now
	CHECK_EQ(port_receive(port.port, &poll), ERR_WOULD_BLOCK);
	CHECK_OK(worker_start(&answerer, answer_later, nullptr));
	CHECK_OK(worker_join(&answerer, guest_soon()));
	CHECK_EQ(answerer.result, 0);
	CHECK_OK(worker_join(&client, guest_soon()));
	CHECK_EQ(client.result, OK);
	CHECK_EQ(AT(sent.word, 0), 4242);
	CHECK_EQ(AT(memory, 0), 78);
	guest_port_close(&port);
}

// A notified caller's service is told, and says how far it came.
static void test_cancel_in_hand(void)
{
	struct message message;
	CHECK_OK(guest_port(1, &port));
	sent = (struct message){};
	CHECK_OK(take(&message));
	CHECK_EQ(block_self()->cancelled, 0);
	CHECK_OK(thread_notify(client.handle, 1));
	for (u64 end = guest_soon(); !block_self()->cancelled && clock_read() < end;)
		(void)sleep_until(guest_after(1));
	CHECK_EQ(block_self()->cancelled, 1);
	CHECK_EQ(answer(ERR_CANCELLED, &message, 0), ERR_CANCELLED);
	guest_port_close(&port);
}

static void test_cancel_saved(void)
{
	struct message message, notice = {};
	CHECK_OK(guest_port(1, &port));
	sent = (struct message){};
	CHECK_OK(take(&message));
	CHECK_OK(reply_save(&saved));
	CHECK_OK(thread_notify(client.handle, 1));
	CHECK_OK(port_receive_until(port.port, &notice, guest_soon()));
	CHECK_EQ(message_kind(&notice), MESSAGE_CANCEL);
	CHECK_EQ(notice.badge, saved.raw);
	message.tag = reply_tag(ERR_CANCELLED, 0);
	CHECK_OK(reply_send(saved, &message));
	CHECK_OK(worker_join(&client, guest_soon()));
	CHECK_EQ((i32)(u32)client.result, ERR_CANCELLED);
	guest_port_close(&port);
}

// A caller that gave up is told of too, and cannot be answered.
static void test_abandoned(void)
{
	struct message message, notice = {};
	CHECK_OK(guest_port(1, &port));
	sent = (struct message){};
	CHECK_OK(take(&message));
	CHECK_OK(reply_save(&saved));
	CHECK_OK(worker_kill(&client));
	CHECK_OK(worker_join(&client, guest_soon()));
	CHECK_OK(port_receive_until(port.port, &notice, guest_soon()));
	CHECK_EQ(message_kind(&notice), MESSAGE_ABANDON);
	CHECK_EQ(notice.badge, saved.raw);
	CHECK_EQ(reply_send(saved, &message), ERR_GONE);
	guest_port_close(&port);
}

static u64 invoke_short(void *_Nullable unused)
{
	(void)unused;
	return (u64)(u32)connection_invoke_until(port.connection, &sent, guest_after(20));
}

static void test_deadline(void)
{
	struct message message = {};
	CHECK_OK(guest_port(1, &port));
	sent = (struct message){};
	CHECK_OK(worker_start(&client, invoke_short, nullptr));
	CHECK_OK(port_receive_until(port.port, &message, guest_soon()));
	CHECK_OK(worker_join(&client, guest_soon())); // it does not wait for us
	CHECK_EQ((i32)(u32)client.result, ERR_TIMED_OUT);
	CHECK_EQ(block_self()->cancelled, 1);
	CHECK_EQ(reply_send(HANDLE_NONE, &message), ERR_GONE);
	guest_port_close(&port);
}

static const struct guest_test tests[] = {
	{ "words", test_words },
	{ "forged_kind", test_forged_kind },
	{ "handles", test_handles },
	{ "lends", test_lends },
	{ "lend_fresh", test_lend_fresh },
	{ "save", test_save },
	{ "cancel_in_hand", test_cancel_in_hand },
	{ "cancel_saved", test_cancel_saved },
	{ "abandoned", test_abandoned },
	{ "deadline", test_deadline },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
