// SPDX-License-Identifier: MIT
// streams.c - errors of streams.
#include "test/guest/call_errors/errors.h"

static handle_t reader, writer;

void test_streams(void)
{
	u64 buffer = fixture.buffer, done;
	u32 handles;
	FAILS(STREAM_CREATE, ERR_RANGE, 0, 0);
	FAILS(STREAM_CREATE, ERR_RANGE, UINT64_MAX, 0);
	FAILS(STREAM_CREATE, ERR_RANGE, 1ull << 32, 0);
	CHECK(starve(STARVE_OBJECTS));
	FAILS(STREAM_CREATE, ERR_QUOTA, PAGE_SIZE, 0);
	feed();
	CHECK(starve(STARVE_PAGES));
	FAILS(STREAM_CREATE, ERR_QUOTA, PAGE_SIZE, 0);
	feed();
	CHECK(starve(STARVE_HANDLES));
	FAILS(STREAM_CREATE, ERR_QUOTA, PAGE_SIZE, 0);
	feed();
	CHECK_OK(stream_create(PAGE_SIZE, 0, &reader, &writer));
	FAILS(STREAM_READ, ERR_RIGHTS, writer.raw, buffer, 8, 0);
	FAILS(STREAM_WRITE, ERR_RIGHTS, reader.raw, buffer, 8, 0, 0);
	FAILS(STREAM_READ, ERR_WOULD_BLOCK, reader.raw, buffer, 8, 0);
	FAILS(STREAM_READ, ERR_TIMED_OUT, reader.raw, buffer, 8, 1);
	FAILS(STREAM_READ, ERR_TIMED_OUT, reader.raw, buffer, 8, guest_after(2));
	FAILS(STREAM_WRITE, ERR_INVALID, writer.raw, buffer, 8, 0, MESSAGE_HANDLES + 1);
	FAILS(STREAM_WRITE, ERR_INVALID, writer.raw, buffer, 0, 0, 1);
	AT(block_self()->handle, 0) = (handle_t){ 0xdeadbeef };
	FAILS(STREAM_WRITE, ERR_BAD_HANDLE, writer.raw, buffer, 8, 0, 1);
	AT(block_self()->handle, 0) = reader;
	AT(block_self()->handle_rights, 0) = RIGHTS_ALL;
	FAILS(STREAM_WRITE, ERR_STATE, writer.raw, buffer, 8, 0, 1); // would keep itself
	AT(block_self()->handle, 0) = AT(fixture.good, HANDLE_KIND_TIMER);
	AT(block_self()->handle_rights, 0) = RIGHTS_ALL;
	CHECK_OK(stream_write(writer, VIEW_TEXT("handle"), 0, 1, &done));
	CHECK(starve(STARVE_HANDLES));
	FAILS(STREAM_READ, ERR_QUOTA, reader.raw, buffer, 8, 0);
	feed();
	CHECK_OK(stream_read(reader, span_of(done), 0, &done, &handles));
	CHECK_EQ(done, 6);
	CHECK_EQ(handles, 1);
	CHECK_OK(handle_close(AT(block_self()->handle, 0)));
	while (stream_write(writer, VIEW_TEXT("12345678"), 0, 0, &done) == OK)
		;
	FAILS(STREAM_WRITE, ERR_WOULD_BLOCK, writer.raw, buffer, 8, 0, 0);
	FAILS(STREAM_WRITE, ERR_TIMED_OUT, writer.raw, buffer, 8, 1, 0);
	FAILS(STREAM_WRITE, ERR_TIMED_OUT, writer.raw, buffer, 8, guest_after(2), 0);
	CHECK_OK(handle_close(reader));
	FAILS(STREAM_WRITE, ERR_CLOSED, writer.raw, buffer, 8, 0, 0);
	CHECK_OK(handle_close(writer));
}

static void interrupt(const struct job *job)
{
	u64 unused;
	CHECK_OK(thread_control(job->worker.handle, THREAD_OPERATION_INTERRUPT, 0, 0, &unused));
}

void test_stream_waits(void)
{
	static struct job job;
	u64 done;
	CHECK_OK(stream_create(PAGE_SIZE, 0, &reader, &writer));
	job = JOB(STREAM_READ, reader.raw, fixture.buffer, 8, DEADLINE_NEVER);
	CHECK(job_start(&job));
	interrupt(&job);
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_INTERRUPTED);
	while (stream_write(writer, VIEW_TEXT("12345678"), 0, 0, &done) == OK)
		;
	job = JOB(STREAM_WRITE, writer.raw, fixture.buffer, 8, DEADLINE_NEVER, 0);
	CHECK(job_start(&job));
	interrupt(&job);
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_INTERRUPTED);
	job = JOB(STREAM_WRITE, writer.raw, fixture.buffer, 8, DEADLINE_NEVER, 0);
	CHECK(job_start(&job));
	CHECK_OK(handle_close(reader));
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_CLOSED);
	CHECK_OK(handle_close(writer));
}
