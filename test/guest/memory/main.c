// SPDX-License-Identifier: MIT
// main.c - the table.
#include "test/guest/memory/memory_test.h"

static const struct guest_test tests[] = {
	{ "zero", test_zero },
	{ "copy", test_copy },
	{ "clone", test_clone },
	{ "clone_chain", test_clone_chain },
	{ "commit", test_commit },
	{ "resize", test_resize },
	{ "contiguous", test_contiguous },
	{ "large", test_large },
	{ "physical", test_physical },
	{ "revoke", test_revoke },
	{ "length", test_length },
	{ "length_zeros", test_length_zeros },
	{ "append", test_append },
	{ "append_whole", test_append_whole },
	{ "publish", test_publish },
	{ "alone", test_alone },
	{ "cut_zeros", test_cut_zeros },
	{ "private_file", test_private_file },
	{ "map", test_map },
	{ "fixed", test_fixed },
	{ "split", test_split },
	{ "protect", test_protect },
	{ "reserve", test_reserve },
	{ "fork_private", test_fork_private },
	{ "fork_shared", test_fork_shared },
	{ "shown_twice", test_shown_twice },
	{ "shown_fork", test_shown_fork },
	{ "beyond", test_beyond },
	{ "foreign", test_foreign },
	{ "random_maps", test_random_maps },
	{ "pager", test_pager },
	{ "pager_dirty", test_pager_dirty },
	{ "pager_fail", test_pager_fail },
	{ "pager_renew", test_pager_renew },
	{ "pager_copy", test_pager_copy },
	{ "pager_evict", test_pager_evict },
	{ "pager_clone_grown", test_pager_clone_grown },
	{ "pager_closed", test_pager_closed },
	{ "fork_moment", test_fork_moment },
	{ "fork_halfway", test_fork_halfway },
	{ "parts_beside", test_parts_beside },
	{ "parts_killed", test_parts_killed },
	{ "revoke_many", test_revoke_many },
};

static u64 touch_read(u64 address)
{
	(void)guest_peek(address);
	return 0;
}

static u64 touch_write(u64 address)
{
	guest_poke(address, 1);
	return 0;
}

u64 fault_of(u64 address, bool is_write)
{
	handle_t child;
	struct process_info info = {};
	u64 size;
	u32 observed;
	if (guest_fork(is_write ? touch_write : touch_read, address, &child) != OK ||
		object_wait(child, SIGNAL_EXITED, guest_soon(), &observed) != OK ||
		handle_info(child, INFO_TOPIC_PROCESS, span_of(info), &size) != OK ||
		handle_close(child) != OK)
		return UINT64_MAX;
	if (info.exit_reason == EXIT_RETURNED)
		return 0;
	// Beyond the end, not for want of memory.
	if (info.fault_cause == UPCALL_BUS_ERROR &&
		info.fault_detail / FAULT_REASON != (u64)-ERR_RANGE &&
		info.fault_detail / FAULT_REASON != (u64)-ERR_IO)
		return UINT64_MAX;
	return info.fault_address == address ? info.fault_cause : UINT64_MAX;
}

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
