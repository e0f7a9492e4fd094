// SPDX-License-Identifier: MIT
// protocol_test.c - client stubs and dispatch made from block.ifc, joined by a connection that is a
// function call: values arrive, and wrong messages are refused before an op runs. check.sh builds
// it.
#include "ifc/block.h"

#include <stdio.h>
#include <string.h>

static unsigned failures, runs, dropped;
static struct message last; // as it was sent
static struct message kept; // answer of a kept call
static bool is_kept_answered;
static u64 spoil_tag; // laid over the answer's tag

static void check(bool is_true, const char *what, int line)
{
	if (!is_true)
		printf("protocol_test.c:%d: %s\n", line, what);
	failures += !is_true;
}
#define CHECK(condition) check((condition), #condition, __LINE__)

static err_t on_info(void *_Nullable self, struct caller caller, struct block_info *out_info)
{
	CHECK(self == &runs && caller.badge == 11 && caller.identity == 12);
	runs++;
	*out_info = (struct block_info){ .sectors = 100, .sector_size = 512, .queue_depth = 8 };
	return OK;
}

static err_t on_open_range(
	void *_Nullable self, struct caller caller, u64 first, u64 sectors, handle_t *out_range)
{
	(void)self, (void)caller;
	runs++;
	if (first + sectors > 100)
		return ERR_RANGE;
	*out_range = (handle_t){ 42 };
	return OK;
}

static err_t on_open_queue(void *_Nullable self, struct caller caller, handle_t pool,
	handle_t *out_submit, handle_t *out_done)
{
	(void)self, (void)caller;
	CHECK(pool.raw == 7);
	runs++;
	*out_submit = (handle_t){ 8 };
	*out_done = (handle_t){ 9 };
	return OK;
}

static err_t on_hint(void *_Nullable self, struct caller caller, u8 level, enum block_hints hints,
	const struct block_request *request, enum block_op *out_op, u8 *out_taken)
{
	(void)self, (void)caller;
	CHECK(level == 3 && hints == BLOCK_HINTS_STREAM && request->sector == 5);
	runs++;
	*out_op = spoil_tag == 1 ? (enum block_op)9 : request->op;
	*out_taken = 1;
	return OK;
}

static void on_read(void *_Nullable self, struct block_read_call call)
{
	(void)self;
	CHECK(call.data.size == 512 && call.data.index == 0 && call.key.index == 1);
	CHECK(call.data.reply.raw == 31 && call.later.reply.raw == 31);
	runs++;
	block_read_done(call, call.sector > 99 ? ERR_RANGE : OK, 512);
}

static const struct block_ops ops = { .info = on_info,
	.open_range = on_open_range,
	.open_queue = on_open_queue,
	.hint = on_hint,
	.read = on_read };

err_t later_take(later_t *out)
{
	out->reply = (handle_t){ 31 };
	return OK;
}

void later_finish(later_t later, struct message *message)
{
	CHECK(later.reply.raw == 31);
	is_kept_answered = true;
	kept = *message;
}

void message_drop_handles(struct message *message)
{
	dropped += message->tag >> TAG_HANDLES_SHIFT & 7;
}

err_t handle_expect(handle_t handle, enum handle_kind kind, u32 rights)
{
	CHECK(kind == HANDLE_KIND_MEMORY);
	return handle.raw == 7 && rights == (RIGHT_MAP | RIGHT_READ) ? OK : ERR_WRONG_TYPE;
}

err_t answer_refuse(u64 tag)
{
	(void)tag;
	return ERR_CORRUPT;
}

static err_t deliver(struct message *message)
{
	message->badge = 11;
	message->identity = 12;
	last = *message;
	is_kept_answered = false;
	if (!block_dispatch(&ops, &runs, message)) {
		CHECK(is_kept_answered);
		*message = kept;
	}
	err_t err = (err_t)(i32)(u32)message->tag;
	message->tag |= TAG_REPLY | spoil_tag << TAG_WORDS_SHIFT;
	return err;
}

err_t connection_invoke(handle_t connection, struct message *message)
{
	CHECK(connection.raw == 1);
	return deliver(message);
}

err_t connection_call_words(handle_t connection, u64 *tag, struct message_words *words)
{
	CHECK(connection.raw == 1);
	struct message message = { .tag = *tag };
	memcpy(message.word, words, sizeof(*words));
	err_t err = deliver(&message);
	memcpy(words, message.word, sizeof(*words));
	*tag = message.tag;
	return err;
}

static const block_t disk = { { 1 } };

static void test_stubs(void)
{
	struct block_info info;
	handle_t a, b;
	CHECK(block_info(disk, &info) == OK && info.sectors == 100 && info.queue_depth == 8);
	CHECK((last.tag & TAG_IDEMPOTENT) != 0);
	CHECK(block_open_range(disk, 10, 20, &a) == OK && a.raw == 42);
	CHECK(block_open_range(disk, 90, 20, &a) == ERR_RANGE);
	CHECK(block_open_queue(disk, (handle_t){ 7 }, &a, &b) == OK && a.raw == 8 && b.raw == 9);
	CHECK(last.handle_rights[0] == (RIGHT_MAP | RIGHT_READ) && dropped == 0);
	CHECK(block_open_queue(disk, (handle_t){ 6 }, &a, &b) == ERR_WRONG_TYPE && dropped == 1);
	CHECK(runs == 4);
}

static void test_values(void)
{
	struct block_request request = { .sector = 5, .op = BLOCK_OP_WRITE };
	enum block_op op;
	u8 taken;
	runs = 0;
	CHECK(block_hint(disk, 3, BLOCK_HINTS_STREAM, &request, &op, &taken) == OK);
	CHECK(op == BLOCK_OP_WRITE && taken == 1 && runs == 1);
	CHECK(block_hint(disk, 3, (enum block_hints)4, &request, &op, &taken) == ERR_INVALID);
	request.op = (enum block_op)0;
	CHECK(block_hint(disk, 3, BLOCK_HINTS_STREAM, &request, &op, &taken) == ERR_INVALID);
	CHECK(runs == 1);
	request.op = BLOCK_OP_READ;
	spoil_tag = 1; // the service answers with a value that does not exist
	CHECK(block_hint(disk, 3, BLOCK_HINTS_STREAM, &request, &op, &taken) == ERR_CORRUPT);
	spoil_tag = 2; // with more words than the protocol has
	CHECK(block_hint(disk, 3, BLOCK_HINTS_STREAM, &request, &op, &taken) == ERR_CORRUPT);
	spoil_tag = 16; // with a handle
	CHECK(block_hint(disk, 3, BLOCK_HINTS_STREAM, &request, &op, &taken) == ERR_CORRUPT);
	spoil_tag = 0;
}

static void test_later(void)
{
	static u8 bytes[512];
	u32 count = 0;
	CHECK(block_read(disk, 5, span_of(bytes), VIEW_TEXT("key"), &count) == OK && count == 512);
	CHECK(last.lend[0].direction == LEND_WRITE && last.lend[1].direction == LEND_READ);
	CHECK(last.lend[1].size == 3 && last.lend[0].address == (u64)(uintptr_t)bytes);
	CHECK(block_read(disk, 100, span_of(bytes), VIEW_TEXT("key"), &count) == ERR_RANGE);
	struct block_info info;
	handle_t back; // an op that is missing
	CHECK(block_give(disk, (handle_t){ 5 }, (handle_t){ 7 }, VIEW_TEXT(""), &info, &back) ==
		  ERR_UNSUPPORTED);
}

static err_t send(u64 tag)
{
	struct message message = { .tag = tag };
	return deliver(&message);
}

static void test_refusal(void)
{
	runs = 0;
	CHECK(send(BLOCK_INFO_TAG ^ 1ull << TAG_WORDS_SHIFT) == ERR_INVALID);
	CHECK(send(BLOCK_INFO_TAG ^ 1ull << TAG_HANDLES_SHIFT) == ERR_INVALID);
	CHECK(send(BLOCK_INFO_TAG ^ 1ull << TAG_LENDS_SHIFT) == ERR_INVALID);
	CHECK(send(BLOCK_INFO_TAG ^ 1ull << TAG_PROTOCOL_SHIFT) == ERR_UNSUPPORTED);
	CHECK(send((BLOCK_INFO_TAG & ~0xffffull) | 7) == ERR_UNKNOWN_CALL);
	CHECK(send(BLOCK_INFO_TAG & ~0xffffull) == ERR_UNKNOWN_CALL && runs == 0);
	CHECK(send(BLOCK_INFO_TAG) == OK && runs == 1);
}

int main(void)
{
	test_stubs();
	test_values();
	test_later();
	test_refusal();
	return failures != 0;
}
