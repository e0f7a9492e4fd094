// SPDX-License-Identifier: MIT
// main.c - the table of this program's tests.
#include "lib/os/spawn.h"
#include "test/guest/proc/proc_test.h"

static const struct guest_test tests[] = {
	{ "wait", test_wait },
	{ "wait_kinds", test_wait_kinds },
	{ "no_hang", test_no_hang },
	{ "fault", test_fault },
	{ "table", test_table },
	{ "orphan", test_orphan },
	{ "subreaper", test_subreaper },
	{ "many", test_many },
	{ "unborn", test_unborn },
	{ "stop", test_stop },
	{ "stop_self", test_stop_self },
	{ "groups", test_groups },
	{ "session", test_session },
	{ "details", test_details },
	{ "orphaned_group", test_orphaned_group },
	{ "credentials", test_credentials },
	{ "limits", test_limits },
	{ "relieve", test_relieve },
	{ "files", test_files },
	{ "folders", test_folders },
	{ "restart", test_restart },
	{ "restarts", test_restarts },
};

static u64 run_all(u64 argument)
{
	(void)argument;
	return guest_run(tests, COUNT(tests)) ? 1 : 0;
}

// pid 1 waits for nobody, so the tests are its child.
int main(void)
{
	handle_t child;
	u64 code = 0;
	block_self()->blocked = UINT64_MAX; // of all: no test takes a signal
	err_t err = service_start();
	if (err == OK)
		err = child_begin(run_all, 0, &child);
	if (err == OK)
		err = service_look_after(child, clock_read() + 500 * NS_PER_SECOND, &code);
	if (err != OK)
		print("not ok service: %e\n", err);
	return err != OK || code ? 1 : 0;
}
