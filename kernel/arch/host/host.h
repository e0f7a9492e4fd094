// SPDX-License-Identifier: MIT
// host.h - the machine from outside: what the harness (test/host) does with it. One arena is all
// RAM and the direct map. CPUs are either simulated one after the other on one host thread, or each
// is a host thread (is_threaded); then `idle` and `wake` of the hooks put it to sleep and wake it.
#pragma once

#include "kernel/memory/address.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

struct boot_info;

constexpr u64 HOST_DEVICE_SIZE = 1024 * 1024; // bytes of device registers right behind RAM
constexpr u64 HOST_IMAGE_SIZE = 64 * 1024;    // the boot image, at the end of RAM
constexpr u32 HOST_LINES = 16;                // lines of the interrupt controller

struct host_machine {
	u8 *arena; // RAM, then the devices' window
	u64 ram;   // bytes
	bool is_threaded;
	bool is_quiet; // the console shows nothing
	u64 now_ns;    // atomic: the clock, moved by host_advance
	u64 random;    // state of arch_random
	void (*_Nullable idle)(
		void); // arch_idle_wait: returns after an interrupt, or leaves by longjmp
	void (*_Nullable wake)(u16 cpu); // an interrupt was asked for
};
extern struct host_machine host; // written at start, now_ns by everybody

// Makes the arena and tells of it as a loader would. Once.
void host_start(u64 ram, u32 processors, struct boot_info *out);
void host_select_cpu(u16 id); // this host thread is that CPU from now on
void host_advance(u64 ns);
bool host_has_interrupt(u16 cpu); // something to take: asked for, a deadline passed, a line
void host_take_interrupts(void);  // this CPU, in user mode or idle
void host_raise_line(u32 line);   // a device asserts it

// Where a user address leads on this CPU; null: page fault. access: enum page_access.
void *_Nullable host_translate(u64 address, u32 access);

// The files of this folder among themselves.
void shootdown_answer(void);
void shootdown_root(paddr_t root, u64 address, u64 size); // size 0: leave these tables
void table_activate_none(void);                           // no tables are loaded on this CPU
void irq_arrived(u32 line);

NONNULL_END
