// SPDX-License-Identifier: MIT
// handles.c - errors of calls on any object: handles, information, event bits, waiting.
#include "test/guest/call_errors/errors.h"

void test_handles(void)
{
	u64 memory = AT(fixture.good, HANDLE_KIND_MEMORY).raw;
	u64 timer = AT(fixture.good, HANDLE_KIND_TIMER).raw;
	handle_t poor;
	CHECK(starve(STARVE_HANDLES));
	FAILS(HANDLE_DUPLICATE, ERR_QUOTA, memory, RIGHTS_ALL);
	feed();
	for (u32 topic = INFO_TOPIC_PROCESS; topic <= INFO_TOPIC_MAPPINGS; topic++)
		FAILS(HANDLE_INFO, ERR_WRONG_TYPE, timer, topic, fixture.buffer, 64);
	CHECK_OK(
		handle_duplicate(AT(fixture.good, HANDLE_KIND_PROCESS), RIGHTS_ALL & ~RIGHT_DEBUG, &poor));
	FAILS(HANDLE_INFO, ERR_RIGHTS, poor.raw, INFO_TOPIC_MAPPINGS, fixture.buffer, 64);
	CHECK_OK(handle_close(poor));
	for (u32 bit = 1; bit & SIGNAL_KERNEL; bit <<= 1) {
		FAILS(OBJECT_SIGNAL, ERR_INVALID, memory, 0, bit);
		FAILS(OBJECT_SIGNAL, ERR_INVALID, memory, bit, 0);
		FAILS(OBJECT_SIGNAL, ERR_INVALID, timer, 0, bit);
	}
}

void test_waits(void)
{
	static struct job job;
	u64 timer = AT(fixture.good, HANDLE_KIND_TIMER).raw, unused;
	FAILS(OBJECT_WAIT, ERR_INVALID, timer, 0, 0);
	FAILS(OBJECT_WAIT, ERR_TIMED_OUT, timer, 1, 0);
	FAILS(OBJECT_WAIT, ERR_TIMED_OUT, timer, 1, 1);
	FAILS(OBJECT_WAIT, ERR_TIMED_OUT, timer, 1, guest_after(2));
	job = JOB(OBJECT_WAIT, timer, 1, DEADLINE_NEVER);
	CHECK(job_start(&job));
	CHECK_OK(thread_control(job.worker.handle, THREAD_OPERATION_INTERRUPT, 0, 0, &unused));
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_INTERRUPTED);
	job = JOB(OBJECT_WAIT, 0, 0, DEADLINE_NEVER);
	CHECK(job_start(&job));
	CHECK_OK(thread_notify(job.worker.handle, 1));
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_INTERRUPTED);
}

// Whoever waits for an object whose last handle is closed is told that it is gone.
void test_revoked_close(void)
{
	static struct job job;
	handle_t timer, other;
	CHECK_OK(timer_create(&timer));
	job = JOB(OBJECT_WAIT, timer.raw, 1, DEADLINE_NEVER);
	CHECK(job_start(&job));
	CHECK_OK(handle_close(timer));
	CHECK(job_finish(&job));
	CHECK(job.answer.err == ERR_BAD_HANDLE || job.answer.err == ERR_CLOSED);
	CHECK_OK(timer_create(&timer));
	CHECK_OK(handle_duplicate(timer, RIGHTS_ALL, &other));
	CHECK_OK(object_revoke(other));
	FAILS(TIMER_SET, ERR_REVOKED, timer.raw, 0, 0);
	CHECK_OK(handle_close(timer)); // a revoked handle can still be closed, once
	FAILS(HANDLE_CLOSE, ERR_BAD_HANDLE, timer.raw);
	CHECK_OK(timer_set(other, 0, 0));
	CHECK_OK(handle_close(other));
}
