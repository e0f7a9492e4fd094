// SPDX-License-Identifier: MIT
// main.c - runs as the session below servers/init (`under=init` in test/tests.list): the services
// of level 0, the names, orders, and what clients notice of services that are killed: nothing.
#include "test/guest/supervisor/supervisor_test.h"

supervisor_t supervisor;

bool status_of(const char *name, u32 *index, struct supervisor_status *out)
{
	return supervisor_find(supervisor, view_cstring(name), index) == OK &&
	       supervisor_status(supervisor, *index, span_of(*out)) == OK;
}

bool wait_running(const char *name, u32 restarts)
{
	struct supervisor_status status;
	u32 index;
	for (u64 end = guest_soon(); clock_read() < end;) {
		if (status_of(name, &index, &status) && status.state == SUPERVISOR_STATE_RUNNING &&
			status.restarts >= restarts)
			return true;
		(void)sleep_until(clock_read() + 200 * NS_PER_US);
	}
	return false;
}

static void test_tree(void)
{
	static const char *const names[] = { "log", "clock", "entropy", "name", "proc", "ramfs" };
	struct supervisor_status status;
	u32 index;
	for (u32 i = 0; i < COUNT(names); i++)
		CHECK(wait_running(AT(names, i), 0));
	CHECK_EQ(supervisor_find(supervisor, VIEW_TEXT("nobody"), &index), ERR_NOT_FOUND);
	CHECK_EQ(supervisor_status(supervisor, 1000, span_of(status)), ERR_NOT_FOUND);
	CHECK(status_of("session", &index, &status));
	CHECK_EQ(status.level, 15);
	CHECK_EQ(supervisor_steer(supervisor, SUPERVISOR_OPERATION_START, index), ERR_STATE);
}

static const struct guest_test tests[] = {
	{ "tree", test_tree },
	{ "clock", test_clock },
	{ "entropy", test_entropy },
	{ "log", test_log },
	{ "names", test_names },
	{ "scheme", test_scheme },
	{ "stop", test_stop },
	{ "kills", test_kills },
	{ "init", test_init },
};

int main(void)
{
	supervisor.handle = start_handle("supervisor");
	return guest_run(tests, COUNT(tests));
}
