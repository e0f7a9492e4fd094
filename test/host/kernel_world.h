// SPDX-License-Identifier: MIT
// kernel_world.h - the portable kernel in this process, and a hand on everything around it: user
// threads make system calls when the test says so, as registers and return addresses would have it;
// which of them runs is the scheduler's choice. One kernel a process; a test begins and ends with
// nothing but the root quota, and world_end says what was left over.
#pragma once

#include "abi/message.h"
#include "abi/syscall_numbers.h"
#include "kernel/object/object.h"
#include "kernel/sched/thread.h"
#include "lib/base/time.h"

NONNULL_BEGIN

struct process;
struct quota;

// A program's memory: one object mapped at WORLD_BASE; thread blocks first, then room for data.
constexpr u64 WORLD_BASE = 0x40'0000;
constexpr u64 WORLD_BLOCKS = 16; // thread blocks of 512 bytes
constexpr u64 WORLD_DATA = WORLD_BASE + 0x2000;
constexpr u64 WORLD_SIZE = 0x10000;
constexpr u64 WORLD_CALL_SITE = 0xffff'8000'0000'1000; // rip of every system call instruction
constexpr u64 WORLD_UPCALL = 0xffff'8000'0000'2000;    // suggested entry of upcalls

// Handles that each program of world_process has.
struct world_handles {
	handle_t process, quota, memory, resource;
};

struct answer {
	err_t err;
	u64 value, second;
	bool is_waiting; // no answer yet: world_answer when there is one
};

struct letter { // what the IPC calls take and give
	err_t err;
	u64 badge, tag, identity;
	u64 word[MESSAGE_WORDS];
	bool is_waiting;
};

void world_begin(u32 cpus); // the number counts for the first time only in a process
bool world_end(void);       // kills all processes; false: something was not given back
void world_settle(void);    // all CPUs take their interrupts until none is left
void world_advance(u64 ns); // the clock goes on, timers fire

// A process with its memory and handles, and a thread of it. A reference is kept until world_end.
struct thread *world_process(u8 level);
struct thread *world_process_of(struct quota *quota, u8 level);
struct thread *world_thread(struct thread *sibling);
struct world_handles world_handles(struct thread *thread);
struct thread *_Nullable world_child(struct thread *parent); // the newest process's first thread
void world_keep(struct object *object);                      // a reference until world_end
void world_keep_nothing(void);                               // threads go as soon as they die

// System calls.
struct answer world_call(struct thread *thread, u32 number, const u64 arguments[6]);
#define CALL(thread, name, ...) world_call((thread), SYSCALL_##name, (u64[6]){ __VA_ARGS__ })
struct answer world_answer(struct thread *thread); // runs it until it has one, if it can
struct letter world_ipc(
	struct thread *thread, u32 number, handle_t handle, const struct letter *letter);
struct letter world_letter(struct thread *thread); // what it received, or got for an answer
u64 world_tag(u32 words, u32 handles, u32 lends, u64 flags);
bool world_run(struct thread *thread); // until it is in user mode; false: it waits or is dead
bool world_is_dead(const struct thread *thread);

// What its program does by itself: access memory, fault, return from an upcall.
bool world_store(struct thread *thread, u64 address, const void *from, usize size);
bool world_load(struct thread *thread, u64 address, void *to, usize size);
u32 world_word(struct thread *thread, u64 address); // loads; 0xdead'dead when it faulted
bool world_set_word(struct thread *thread, u64 address, u32 value);
void world_fault(struct thread *thread, u64 cause);
void world_upcall_return(struct thread *thread);

// The n-th chance of failing from now on fails (0: none does), and with is_lasting all later ones.
void world_fail_at(u64 n, bool is_lasting);
u64 world_chances(void); // since world_fail_at

// What was given out.
struct world_totals {
	u64 frames, objects, pages_used, objects_used, handles_used;
};
struct world_totals world_totals(void);
void world_check_invariants(void); // panics

// Raw steps, for drivers of random calls on the CPU that this host thread plays.
void world_enter(struct thread *thread); // its registers make a system call
void world_page_fault(struct thread *thread, u64 address, u32 access);
bool world_leave(void); // false: this CPU idles
bool world_is_idle(u16 cpu);
void world_poll(u16 cpu);                // takes its interrupts
bool world_look_up(void);                // this host thread's CPU does; as world_leave
[[noreturn]] void world_idle_exit(void); // from the idle hook: world_leave answers false
void world_kill_all(void);
bool world_is_empty(void);

NONNULL_END
