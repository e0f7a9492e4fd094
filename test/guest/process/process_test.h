// SPDX-License-Identifier: MIT
// process_test.h - what the parts of this test share. See README.md.
#pragma once

#include "test/guest/harness/guest.h"

NONNULL_BEGIN

constexpr u64 KILLED = 1000 + EXIT_KILLED, FAULTED = 1000 + EXIT_FAULT;
constexpr u32 LEVEL_PROGRAM = 15;

extern volatile u64 counter; // that count_up raises

// Bodies of processes and threads.
u64 exit_with(u64 argument); // adds to a word that fork made private, and exits with it
u64 spin(u64 argument);
u64 sleep_long(u64 argument);
u64 fault(u64 address);
u64 replace(u64 threads); // exec, with so many other threads; exits with 77
u64 count_up(void *_Nullable argument);
u64 sleep_forever(void *_Nullable argument);
u64 ring_of_one(u64 argument); // makes a process that holds itself and ring_port

extern handle_t ring_port; // of a port

void test_fork(void);
void test_fork_block(void);
void test_kill(void);
void test_kill_sleeping(void);
void test_fault(void);
void test_rules(void);
void test_many(void);
void test_fault_stop(void);
void test_processor_time(void);
void test_suspend_process(void);
void test_suspend_registers(void);
void test_suspend_storm(void);
void test_trace(void);
void test_upcall_fault(void);
void test_notify_self(void);
void test_notify_blocked(void);
void test_notify_process(void);
void test_thread_open(void);
void test_notify_ends_wait(void);
void test_notify_choice(void);
void test_double_fault(void);
void test_replace(void);
void test_crowd(void);
void test_balance(void);
void test_estate(void);
void test_estate_values(void);
void test_estate_calls(void);
void test_estate_killed(void);
void test_estate_lost(void);
void test_estate_made(void);
void test_estate_untaken(void);
void test_estate_strangers(void);
void test_cycles(void);

NONNULL_END
