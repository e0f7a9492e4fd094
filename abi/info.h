// SPDX-License-Identifier: MIT
// info.h - what handle_info answers, one struct a topic, and the time page.
#pragma once

#include "abi/types.h"

struct object_info { // INFO_TOPIC_OBJECT: any handle
	u32 kind;        // enum object_kind
	u32 rights;
	u64 id; // unique since boot
	u32 signals;
	u32 handles; // to the object, in all processes
};

struct process_info { // INFO_TOPIC_PROCESS
	u64 identity;
	u64 exit_code;
	u32 exit_reason; // enum exit_reason
	u32 threads;
	u64 mapped_pages;
	u64 cpu_ns;
	u64 fault_cause; // when the reason is a fault: as struct upcall_frame
	u64 fault_address;
	u64 fault_instruction;
	u64 fault_detail;
};

enum exit_reason : u32 { EXIT_RUNNING = 0, EXIT_RETURNED = 1, EXIT_KILLED = 2, EXIT_FAULT = 3 };

struct thread_info { // INFO_TOPIC_THREAD
	u64 id;
	u32 state; // 0 runnable, 1 waiting, 2 suspended, 3 faulted, 4 ended
	u32 cpu;
	u64 cpu_ns;
	u64 fault_cause;
	u64 fault_address;
	u64 fault_detail;
};

struct memory_info { // INFO_TOPIC_MEMORY
	u64 size;        // in bytes: its length
	u64 committed_pages;
	u32 kind;
	u32 dirty;
	u64 physical;    // contiguous and physical memory: its address, else 0
	u64 modified_ns; // as in struct memory_status
};

struct quota_info { // INFO_TOPIC_QUOTA
	u64 pages, pages_used;
	u64 objects, objects_used;
	u64 handles, handles_used;
	u32 weight;
	u32 reserved;
};

struct system_info { // INFO_TOPIC_SYSTEM: any resource handle
	u64 pages, pages_free;
	u64 objects; // alive in the whole system
	u32 cpus;
	u32 deferred; // objects whose memory waits for a grace period
	u64 switches; // address-space switches since boot
};

struct mapping_info { // INFO_TOPIC_MAPPINGS: process: an array, in address order
	u64 address, size, offset;
	u64 memory_id;
	u32 flags; // enum map_flags
	u32 reserved;
};

struct stream_info { // INFO_TOPIC_STREAM: one end
	u64 readable;    // bytes that wait to be read here
	u64 writable;    // bytes that can be written here without waiting
};

// The time page, mapped read-only: monotonic ns = ((tsc - tsc_base) * scale >> shift) + ns_base.
// Read sequence, read fields, read sequence again; odd or changed: repeat.
struct time_page {
	u32 sequence;
	u32 shift;
	u64 scale;
	u64 tsc_base;
	u64 ns_base;
	u64 tsc_hz;
};
