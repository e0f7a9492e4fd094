// SPDX-License-Identifier: MIT
// main.c - the table.
#include "test/guest/chaos_kill/kill.h"

static struct kill_shared nothing;
struct kill_shared *shared = &nothing; // set once, before the first fork

static const struct guest_test tests[] = {
	{ "kill_service_plain", kill_service_plain },
	{ "kill_service_idempotent", kill_service_idempotent },
	{ "kill_caller", kill_caller },
	{ "kill_reply_dropped", kill_reply_dropped },
	{ "kill_twice", kill_twice },
	{ "kill_random", kill_random },
};

int main(void)
{
	void *memory = chaos_shared(sizeof *shared);
	if (!memory)
		return 2;
	shared = memory;
	return guest_run(tests, COUNT(tests)) ? 1 : 0;
}
