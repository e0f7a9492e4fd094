// SPDX-License-Identifier: MIT
// main.c - the table.
#include "test/guest/call_errors/errors.h"

static const struct guest_test tests[] = {
	{ "unknown_numbers", test_unknown_numbers },
	{ "shapes_values", test_shapes_values },
	{ "shapes_handles", test_shapes_handles },
	{ "shapes_rights", test_shapes_rights },
	{ "shapes_buffers", test_shapes_buffers },
	{ "handles", test_handles },
	{ "waits", test_waits },
	{ "revoked_close", test_revoked_close },
	{ "ports", test_ports },
	{ "port_ends", test_port_ends },
	{ "replies", test_replies },
	{ "leases", test_leases },
	{ "calls", test_calls },
	{ "call_ends", test_call_ends },
	{ "call_depth", test_call_depth },
	{ "call_quota", test_call_quota },
	{ "streams", test_streams },
	{ "stream_waits", test_stream_waits },
	{ "memory", test_memory },
	{ "memory_control", test_memory_control },
	{ "supply", test_supply },
	{ "memory_copy", test_memory_copy },
	{ "maps", test_maps },
	{ "map_quota", test_map_quota },
	{ "moves", test_moves },
	{ "unmaps", test_unmaps },
	{ "processes", test_processes },
	{ "poor_heir", test_poor_heir },
	{ "dead_process", test_dead_process },
	{ "threads", test_threads },
	{ "dead_thread", test_dead_thread },
	{ "futexes", test_futexes },
	{ "timers", test_timers },
	{ "interrupts", test_interrupts },
	{ "resources", test_resources },
	{ "iommu", test_iommu },
	{ "quota_objects", test_quota_objects },
	{ "quota_handles", test_quota_handles },
	{ "quota_pages", test_quota_pages },
	{ "coverage", check_coverage },
};

int main(void)
{
	err_t err = fixture_make();
	if (err != OK) {
		print("not ok fixture: %e\n", err);
		return 1;
	}
	return guest_run(tests, COUNT(tests));
}
