// SPDX-License-Identifier: MIT
// quotas.c - quotas themselves, and processes that have nothing left.
#include "test/guest/call_errors/errors.h"

void test_quota_objects(void)
{
	u64 quota = AT(fixture.good, HANDLE_KIND_QUOTA).raw, buffer = fixture.buffer;
	FAILS(QUOTA_CREATE, ERR_INVALID, 0, 0, 0, 0, 0);
	FAILS(QUOTA_CREATE, ERR_INVALID, 0, 0, 0, 0, 1025);
	FAILS(QUOTA_CREATE, ERR_QUOTA, quota, 17, 0, 0, 100);
	FAILS(QUOTA_CREATE, ERR_QUOTA, quota, 0, 17, 0, 100);
	FAILS(QUOTA_CREATE, ERR_QUOTA, quota, 0, 0, 17, 100);
	FAILS(QUOTA_CREATE, ERR_QUOTA, quota, UINT64_MAX, 0, 0, 100);
	FAILS(QUOTA_CREATE, ERR_QUOTA, 0, 0, UINT64_MAX, 0, 100);
	CHECK(starve(STARVE_OBJECTS));
	FAILS(PROCESS_CREATE, ERR_QUOTA, 0, 0, 15);
	FAILS(THREAD_CREATE, ERR_QUOTA, 0, buffer, buffer, 0, buffer);
	FAILS(PROCESS_FORK, ERR_QUOTA, 0);
	FAILS(MEMORY_CREATE, ERR_QUOTA, MEMORY_KIND_ANONYMOUS, PAGE_SIZE);
	FAILS(MEMORY_CLONE, ERR_QUOTA, AT(fixture.good, HANDLE_KIND_MEMORY).raw, 0, PAGE_SIZE);
	FAILS(QUOTA_CREATE, ERR_QUOTA, 0, 0, 0, 0, 100);
	feed();
}

void test_quota_handles(void)
{
	handle_t poor, process, quota = AT(fixture.good, HANDLE_KIND_QUOTA);
	u64 timer = AT(fixture.good, HANDLE_KIND_TIMER).raw, buffer = fixture.buffer, route = 0;
	(void)route;
	CHECK_OK(quota_create(HANDLE_NONE, 100, 10, 0, 100, &poor));
	CHECK_OK(process_create(poor, 0, 15, &process)); // its handle is ours, on our quota
	FAILS(PROCESS_GIVE, ERR_QUOTA, process.raw, timer, RIGHTS_ALL);
	CHECK_OK(process_control(process, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(handle_close(process));
	CHECK_OK(handle_close(poor));
	CHECK_OK(quota_create(HANDLE_NONE, 1, 10, 10, 100, &poor));
	FAILS(PROCESS_CREATE, ERR_QUOTA, poor.raw, 0, 15); // an address space takes more
	CHECK_OK(handle_close(poor));
	CHECK(starve(STARVE_HANDLES));
	FAILS(PORT_CREATE, ERR_QUOTA, 0);
	FAILS(CONNECTION_CREATE, ERR_QUOTA, AT(fixture.good, HANDLE_KIND_PORT).raw, 1);
	FAILS(TIMER_CREATE, ERR_QUOTA);
	FAILS(MEMORY_CREATE, ERR_QUOTA, MEMORY_KIND_ANONYMOUS, PAGE_SIZE);
	FAILS(MEMORY_CREATE, ERR_QUOTA, MEMORY_KIND_CONTIGUOUS, PAGE_SIZE);
	FAILS(MEMORY_CLONE, ERR_QUOTA, AT(fixture.good, HANDLE_KIND_MEMORY).raw, 0, PAGE_SIZE);
	FAILS(PROCESS_CREATE, ERR_QUOTA, 0, 0, 15);
	FAILS(PROCESS_FORK, ERR_QUOTA, 0);
	FAILS(THREAD_CREATE, ERR_QUOTA, 0, buffer, buffer, 0, buffer);
	FAILS(THREAD_CONTROL, ERR_QUOTA, 0, THREAD_OPERATION_OPEN);
	FAILS(INTERRUPT_CREATE, ERR_QUOTA, start_handle("resource").raw, 7, 0);
	FAILS(RESOURCE_DERIVE, ERR_QUOTA, start_handle("resource").raw, RESOURCE_KIND_PORTS, 0, 1);
	FAILS(QUOTA_CREATE, ERR_QUOTA, quota.raw, 0, 0, 0, 100);
	feed();
}

// What was refused left nothing behind: the counts are what they were.
void test_quota_pages(void)
{
	struct quota_info before = {}, after = {};
	u64 size, buffer = fixture.buffer;
	CHECK_OK(handle_info(HANDLE_NONE, INFO_TOPIC_QUOTA, span_of(before), &size));
	for (u32 i = 0; i < 20; i++) {
		FAILS(MEMORY_CREATE, ERR_RANGE, MEMORY_KIND_CONTIGUOUS, 0);
		FAILS(STREAM_CREATE, ERR_RANGE, 0, 0);
		FAILS(THREAD_CREATE, ERR_ALIGNMENT, 0, buffer, buffer, 0, buffer + 8);
		FAILS(PROCESS_CREATE, ERR_LEVEL, 0, 0, 16);
		FAILS(QUOTA_CREATE, ERR_QUOTA, 0, UINT64_MAX, 1, 1, 100);
		FAILS(INTERRUPT_CREATE, ERR_RANGE, start_handle("resource").raw, 100'000, 0);
	}
	CHECK_OK(handle_info(HANDLE_NONE, INFO_TOPIC_QUOTA, span_of(after), &size));
	CHECK_EQ(after.pages_used, before.pages_used);
	CHECK_EQ(after.handles_used, before.handles_used);
	CHECK_EQ(after.objects_used, before.objects_used);
	CHECK(starve(STARVE_PAGES));
	FAILS(PROCESS_CREATE, ERR_QUOTA, 0, 0, 15);
	FAILS(PROCESS_FORK, ERR_QUOTA, 0);
	feed();
}
