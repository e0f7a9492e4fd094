// SPDX-License-Identifier: MIT
// main.c - the table of this program's tests.
#include "test/guest/ramfs/ramfs_test.h"

static const struct guest_test tests[] = {
	{ "names", test_names },
	{ "rename", test_rename },
	{ "contents", test_contents },
	{ "permissions", test_permissions },
	{ "is_contents", test_is_contents },
	{ "owners", test_owners },
	{ "limits", test_limits },
	{ "restart", test_restart },
	{ "locks", test_locks },
	{ "hostile", test_hostile },
	{ "kills", test_kills },
	{ "space", test_space },
	{ "large", test_large },
};

constexpr u64 QUOTA_PAGES = 24 * 1024;

int main(void)
{
	err_t err = service_start(QUOTA_PAGES);
	if (err == OK)
		err = service_table();
	if (err != OK) {
		print("not ok service: %e\n", err);
		return 1;
	}
	return guest_run(tests, COUNT(tests));
}
