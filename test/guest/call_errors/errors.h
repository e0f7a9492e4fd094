// SPDX-License-Identifier: MIT
// errors.h - what the parts of call_errors share: calls that are noted, the fixture, jobs (calls
// made by another thread, for those that wait), and a quota without anything left.
#pragma once

#include "abi/registers.h"
#include "test/guest/harness/guest.h"

NONNULL_BEGIN

constexpr u32 KINDS = HANDLE_KIND_REPLY + 1;
constexpr u32 FIXTURE_DEVICE =
	0x100; // whose domain the good one is; those that follow are taken too

// Handles and addresses for calls that are right but for one thing.
struct fixture {
	handle_t good[KINDS]; // HANDLE_KIND_ANY: memory; HANDLE_NONE: the machine has none
	handle_t revoked[KINDS];
	u64 buffer;    // two writable pages
	u64 read_only; // two pages
	u64 reserved;  // without access
	u64 unmapped;
};
extern struct fixture fixture; // written by fixture_make, before any test
err_t fixture_make(void);
err_t fixture_object(enum handle_kind kind, handle_t *out); // a new one; UNSUPPORTED: none here

// Makes the call and notes its answer for the coverage; an undocumented error fails the test.
struct guest_answer noted_call(u32 number, const u64 *arguments);
// The same, and the test fails if the error is another. What: said then.
void check_error(u32 number, const u64 *arguments, err_t wanted, const char *what);
#define FAILS(call, wanted, ...)                                                                   \
	check_error(SYSCALL_##call, (const u64[6]){ __VA_ARGS__ }, (wanted), __FILE_NAME__)
void record_unstubbed(u32 number, err_t err); // a call made through lib/os
void check_coverage(void);

// A call made by a thread of its own.
struct job {
	u32 number;
	u64 arguments[6];
	struct guest_answer answer;
	struct worker worker;
};
bool job_start(struct job *job); // and waits until it waits
bool job_finish(struct job *job);
#define JOB(call, ...) ((struct job){ .number = SYSCALL_##call, .arguments = { __VA_ARGS__ } })

enum starve : u32 { STARVE_PAGES = 1, STARVE_OBJECTS = 2, STARVE_HANDLES = 4 };
bool starve(u32 what); // our own quota, until feed
void feed(void);

void test_shapes_handles(void), test_shapes_rights(void), test_shapes_values(void),
	test_shapes_buffers(void), test_unknown_numbers(void);
void test_handles(void), test_waits(void), test_revoked_close(void);
void test_ports(void), test_port_ends(void), test_replies(void), test_leases(void);
void test_calls(void), test_call_ends(void), test_call_depth(void), test_call_quota(void);
void test_streams(void), test_stream_waits(void);
void test_memory(void), test_memory_control(void), test_supply(void), test_memory_copy(void);
void test_maps(void), test_map_quota(void), test_moves(void), test_unmaps(void);
void test_processes(void), test_poor_heir(void), test_dead_process(void), test_threads(void),
	test_dead_thread(void);
void test_futexes(void), test_timers(void), test_interrupts(void), test_resources(void),
	test_iommu(void);
void test_quota_objects(void), test_quota_handles(void), test_quota_pages(void);

NONNULL_END
