// SPDX-License-Identifier: MIT
// stream.c - streams as programs see them: order, whole writes, ends, handles, both ways, much.
#include "test/guest/harness/guest.h"

constexpr u64 ATOMIC = 4096; // what is written whole or not at all
constexpr u64 MUCH = 1 << 20;

static handle_t reader, writer;
static struct worker worker;

static bool open(u64 capacity, enum stream_flags flags)
{
	return stream_create(capacity, flags, &reader, &writer) == OK;
}

static void close(void)
{
	(void)handle_close(reader);
	(void)handle_close(writer);
}

static u32 signals_of(handle_t handle)
{
	struct object_info info = {};
	u64 size;
	return handle_info(handle, INFO_TOPIC_OBJECT, span_of(info), &size) == OK ? info.signals : 0;
}

static void test_order(void)
{
	u8 text[16] = {};
	u64 done;
	u32 handles;
	CHECK(open(ATOMIC, 0));
	CHECK_OK(stream_write(writer, VIEW_TEXT("first "), 0, 0, &done));
	CHECK_EQ(done, 6);
	CHECK_OK(stream_write(writer, VIEW_TEXT("second"), 0, 0, &done));
	CHECK_OK(stream_read(reader, span_clamp(span_of(text), 0, 8), 0, &done, &handles));
	CHECK_EQ(done, 8);
	CHECK_EQ(handles, 0);
	CHECK(view_equal(view_clamp(view_of(text), 0, 8), VIEW_TEXT("first se")));
	CHECK_OK(stream_read(reader, span_of(text), 0, &done, &handles));
	CHECK_EQ(done, 4);
	CHECK(view_equal(view_clamp(view_of(text), 0, 4), VIEW_TEXT("cond")));
	CHECK_OK(stream_read(reader, span_clamp(span_of(text), 0, 0), 0, &done, &handles));
	CHECK_EQ(done, 0); // nothing asked, nothing waited for
	close();
}

static void test_signals(void)
{
	u8 bytes[ATOMIC] = {};
	u64 done;
	u32 handles;
	CHECK(open(ATOMIC, 0));
	CHECK_EQ(signals_of(reader), 0);
	CHECK_EQ(signals_of(writer), SIGNAL_WRITABLE);
	CHECK_OK(stream_write(writer, VIEW_TEXT("x"), 0, 0, &done));
	CHECK_EQ(signals_of(reader), SIGNAL_READABLE);
	CHECK_EQ(signals_of(writer), 0); // a whole write of 4096 would not fit
	CHECK_OK(stream_read(reader, span_of(bytes), 0, &done, &handles));
	CHECK_EQ(signals_of(reader), 0);
	CHECK_EQ(signals_of(writer), SIGNAL_WRITABLE);
	close();
}

// Up to PIPE_BUF bytes never go in parts; more go as far as there is space.
static void test_whole_writes(void)
{
	static u8 bytes[2 * ATOMIC];
	u64 done;
	u32 handles;
	CHECK(open(ATOMIC, 0));
	view_t all = view_of(bytes);
	CHECK_OK(stream_write(writer, view_clamp(all, 0, 100), 0, 0, &done));
	CHECK_EQ(stream_write(writer, view_clamp(all, 0, ATOMIC), 0, 0, &done), ERR_WOULD_BLOCK);
	CHECK_OK(stream_write(writer, all, 0, 0, &done));
	CHECK_EQ(done, ATOMIC - 100);
	CHECK_EQ(stream_write(writer, all, 0, 0, &done), ERR_WOULD_BLOCK);
	CHECK_OK(stream_read(reader, span_of(bytes), 0, &done, &handles));
	CHECK_EQ(done, ATOMIC);
	CHECK_OK(stream_write(writer, view_clamp(all, 0, ATOMIC), 0, 0, &done));
	CHECK_EQ(done, ATOMIC);
	close();
}

static void test_end_of_writer(void)
{
	u8 text[8];
	u64 done;
	u32 handles, observed;
	CHECK(open(ATOMIC, 0));
	CHECK_OK(stream_write(writer, VIEW_TEXT("rest"), 0, 0, &done));
	CHECK_OK(handle_close(writer));
	CHECK_OK(object_wait(reader, SIGNAL_HANGUP, 0, &observed));
	CHECK_OK(stream_read(reader, span_of(text), DEADLINE_NEVER, &done, &handles));
	CHECK_EQ(done, 4);
	CHECK_OK(stream_read(reader, span_of(text), DEADLINE_NEVER, &done, &handles));
	CHECK_EQ(done, 0); // and not WOULD_BLOCK
	CHECK_OK(handle_close(reader));
}

static void test_end_of_reader(void)
{
	u64 done;
	u32 observed;
	CHECK(open(ATOMIC, 0));
	CHECK_OK(handle_close(reader));
	CHECK_OK(object_wait(writer, SIGNAL_HANGUP, 0, &observed));
	CHECK_EQ(stream_write(writer, VIEW_TEXT("lost"), DEADLINE_NEVER, 0, &done), ERR_CLOSED);
	CHECK_OK(handle_close(writer));
}

static u64 read_one(void *_Nullable unused)
{
	u64 value = 0, done;
	u32 handles;
	(void)unused;
	if (stream_read(reader, span_of(value), guest_soon(), &done, &handles) != OK)
		return 0;
	return done ? value : UINT64_MAX;
}

static void test_waiting_reader(void)
{
	u64 value = 4711, done;
	CHECK(open(ATOMIC, 0));
	CHECK_OK(worker_start(&worker, read_one, nullptr));
	CHECK(guest_settled(worker.handle));
	CHECK_OK(stream_write(writer, view_of(value), 0, 0, &done));
	CHECK_OK(worker_join(&worker, guest_soon()));
	CHECK_EQ(worker.result, 4711);
	CHECK_OK(worker_start(&worker, read_one, nullptr));
	CHECK(guest_settled(worker.handle));
	CHECK_OK(handle_close(writer)); // wakes it, with nothing
	CHECK_OK(worker_join(&worker, guest_soon()));
	CHECK_EQ(worker.result, UINT64_MAX);
	CHECK_OK(handle_close(reader));
}

static void test_two_way(void)
{
	u8 text[8];
	u64 done;
	u32 handles;
	CHECK(open(ATOMIC, STREAM_FLAGS_TWO_WAY));
	CHECK_EQ(signals_of(reader), SIGNAL_WRITABLE);
	CHECK_OK(stream_write(reader, VIEW_TEXT("ping"), 0, 0, &done));
	CHECK_OK(stream_write(writer, VIEW_TEXT("pong!"), 0, 0, &done));
	CHECK_OK(stream_read(writer, span_of(text), 0, &done, &handles));
	CHECK_EQ(done, 4);
	CHECK_OK(stream_read(reader, span_of(text), 0, &done, &handles));
	CHECK_EQ(done, 5);
	CHECK_EQ(stream_read(reader, span_of(text), 0, &done, &handles), ERR_WOULD_BLOCK);
	close();
}

// Handles come with the first byte of the write that brought them, with no more rights than given.
static void test_handles(void)
{
	struct thread_block *block = block_self();
	struct object_info info = {};
	u8 text[32];
	u64 done, size;
	u32 handles;
	handle_t timer;
	CHECK(open(ATOMIC, 0));
	CHECK_OK(timer_create(&timer));
	CHECK_OK(stream_write(writer, VIEW_TEXT("plain"), 0, 0, &done));
	AT(block->handle, 0) = timer;
	AT(block->handle, 1) = timer;
	AT(block->handle_rights, 0) = RIGHTS_ALL;
	AT(block->handle_rights, 1) = RIGHT_WAIT | RIGHT_DEBUG;
	CHECK_OK(stream_write(writer, VIEW_TEXT("gift"), 0, 2, &done));
	CHECK_OK(stream_read(reader, span_of(text), 0, &done, &handles));
	CHECK_EQ(done, 5); // up to where the handles stand
	CHECK_EQ(handles, 0);
	CHECK_OK(stream_read(reader, span_of(text), 0, &done, &handles));
	CHECK_EQ(done, 4);
	CHECK_EQ(handles, 2);
	CHECK_OK(handle_info(AT(block->handle, 1), INFO_TOPIC_OBJECT, span_of(info), &size));
	CHECK_EQ(info.rights, RIGHT_WAIT);
	CHECK_EQ(info.handles, 3);
	CHECK_OK(handle_close(AT(block->handle, 0)));
	CHECK_OK(handle_close(AT(block->handle, 1)));
	AT(block->handle, 0) = timer;
	CHECK_OK(stream_write(writer, VIEW_TEXT("lost"), 0, 1, &done));
	close(); // with a handle on its way
	(void)sleep_until(guest_after(5));
	CHECK_OK(handle_info(timer, INFO_TOPIC_OBJECT, span_of(info), &size));
	CHECK_EQ(info.handles, 1);
	CHECK_OK(handle_close(timer));
}

static u8 pattern_at(u64 position)
{
	return (u8)(position * 31 + (position >> 8));
}

static u64 write_much(u64 stream)
{
	static u8 bytes[10000];
	for (u64 sent = 0; sent < MUCH;) {
		u64 size = MUCH - sent < sizeof bytes ? MUCH - sent : sizeof bytes, done;
		for (u64 i = 0; i < size; i++)
			AT(bytes, i) = pattern_at(sent + i);
		MUST(stream_write((handle_t){ (u32)stream }, view_clamp(view_of(bytes), 0, size),
				 guest_soon(), 0, &done) == OK);
		sent += done;
	}
	return 0;
}

// Between two processes, in pieces that fit nothing.
static void test_much(void)
{
	static u8 bytes[7777];
	handle_t child;
	u64 got = 0, done = 1, code;
	u32 handles;
	CHECK(open(3 * ATOMIC, 0));
	CHECK_OK(guest_fork(write_much, writer.raw, &child));
	CHECK_OK(handle_close(writer));
	while (done) {
		CHECK_OK(stream_read(reader, span_of(bytes), guest_soon(), &done, &handles));
		for (u64 i = 0; i < done; i++)
			CHECK_EQ(AT(bytes, i), pattern_at(got + i));
		got += done;
	}
	CHECK_EQ(got, MUCH); // the end came when the child's handles went
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 0);
	CHECK_OK(handle_close(reader));
}

static u64 write_lines(void *_Nullable argument)
{
	u8 line[64];
	u64 done;
	memory_fill(line, (u8)(uintptr_t)argument, sizeof line);
	for (u32 i = 0; i < 300; i++)
		MUST(stream_write(writer, view_of(line), guest_soon(), 0, &done) == OK);
	return 0;
}

// Small writes of several threads do not mix.
static void test_writers(void)
{
	static struct worker writers[3];
	u8 line[64];
	u64 done;
	u32 handles;
	CHECK(open(ATOMIC, 0));
	for (u64 i = 0; i < COUNT(writers); i++) {
		CHECK_OK(worker_start(&AT(writers, i), write_lines, guest_number(i + 1)));
	}
	for (u32 i = 0; i < 300 * COUNT(writers); i++) {
		CHECK_OK(stream_read(reader, span_of(line), guest_soon(), &done, &handles));
		CHECK_EQ(done, sizeof line);
		for (u32 at = 1; at < sizeof line; at++)
			CHECK_EQ(AT(line, at), AT(line, 0));
	}
	for (u64 i = 0; i < COUNT(writers); i++) {
		CHECK_OK(worker_join(&AT(writers, i), guest_soon()));
		CHECK_EQ(AT(writers, i).result, 0);
	}
	close();
}

static const struct guest_test tests[] = {
	{ "order", test_order },
	{ "signals", test_signals },
	{ "whole_writes", test_whole_writes },
	{ "end_of_writer", test_end_of_writer },
	{ "end_of_reader", test_end_of_reader },
	{ "waiting_reader", test_waiting_reader },
	{ "two_way", test_two_way },
	{ "handles", test_handles },
	{ "much", test_much },
	{ "writers", test_writers },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
