// SPDX-License-Identifier: MIT
// main.c - the table of this program's tests.
#include "test/guest/process/process_test.h"

static const struct guest_test tests[] = {
	{ "fork", test_fork },
	{ "fork_block", test_fork_block },
	{ "kill", test_kill },
	{ "kill_sleeping", test_kill_sleeping },
	{ "fault", test_fault },
	{ "fault_stop", test_fault_stop },
	{ "processor_time", test_processor_time },
	{ "suspend_process", test_suspend_process },
	{ "suspend_registers", test_suspend_registers },
	{ "upcall_fault", test_upcall_fault },
	{ "notify_self", test_notify_self },
	{ "notify_blocked", test_notify_blocked },
	{ "notify_process", test_notify_process },
	{ "thread_open", test_thread_open },
	{ "notify_ends_wait", test_notify_ends_wait },
	{ "notify_choice", test_notify_choice },
	{ "double_fault", test_double_fault },
	{ "replace", test_replace },
	{ "rules", test_rules },
	{ "many", test_many },
	{ "crowd", test_crowd },
	{ "suspend_storm", test_suspend_storm },
	{ "estate", test_estate },
	{ "estate_values", test_estate_values },
	{ "estate_calls", test_estate_calls },
	{ "estate_killed", test_estate_killed },
	{ "estate_lost", test_estate_lost },
	{ "estate_made", test_estate_made },
	{ "estate_untaken", test_estate_untaken },
	{ "estate_strangers", test_estate_strangers },
	{ "cycles", test_cycles },
	{ "trace", test_trace },
	{ "balance", test_balance },
};

int main(void)
{
	return guest_run(tests, COUNT(tests)) ? 1 : 0;
}
