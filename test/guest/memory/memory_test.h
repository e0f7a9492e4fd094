// SPDX-License-Identifier: MIT
// memory_test.h - what the tests of memory share.
#pragma once

#include "test/guest/harness/guest.h"

NONNULL_BEGIN

constexpr u32 RW = MAP_FLAGS_READ | MAP_FLAGS_WRITE;

// Does touching this address in a child of ours fault, and how? 0: it does not.
u64 fault_of(u64 address, bool is_write); // enum upcall_cause

void test_zero(void), test_copy(void), test_clone(void), test_clone_chain(void), test_commit(void),
	test_resize(void), test_contiguous(void), test_large(void), test_physical(void),
	test_revoke(void);
void test_length(void), test_length_zeros(void), test_append(void), test_append_whole(void),
	test_publish(void), test_alone(void), test_private_file(void), test_cut_zeros(void);
void test_map(void), test_fixed(void), test_split(void), test_protect(void), test_reserve(void),
	test_fork_private(void), test_fork_shared(void), test_beyond(void), test_foreign(void),
	test_random_maps(void), test_shown_twice(void), test_shown_fork(void);
void test_pager(void), test_pager_dirty(void), test_pager_fail(void), test_pager_renew(void),
	test_pager_copy(void), test_pager_closed(void), test_pager_evict(void),
	test_pager_clone_grown(void);
void test_fork_moment(void), test_fork_halfway(void), test_parts_beside(void),
	test_parts_killed(void), test_revoke_many(void);

NONNULL_END
