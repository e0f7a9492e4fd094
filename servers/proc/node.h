// SPDX-License-Identifier: MIT
// node.h - what there is in /proc, and what each file says.
#pragma once

#include "abi/info.h"
#include "servers/proc/proc.h"
#include "servers/proc/words.h"

NONNULL_BEGIN

enum node_kind : u8 {
	NODE_ROOT,
	NODE_PROCESS, // N
	NODE_TASKS,   // N/task
	NODE_TASK,    // N/task/T; extra: T
	NODE_FILES,   // N/fd
	NODE_FILE,    // N/fd/M; extra: M
	NODE_INFOS,   // N/fdinfo
	NODE_INFO,    // N/fdinfo/M; extra: M
	NODE_CALL,    // N/syscall; extra: 1 who opened it is it
	NODE_SPACES,  // N/ns
	NODE_SYS,
	NODE_SYS_KERNEL,
	NODE_SYS_RANDOM,
	NODE_SYS_VM,
	NODE_SYS_FS,
	NODE_SYS_INOTIFY,
	NODE_SYS_QUEUES,
	NODE_SYS_CRYPTO,
	NODE_NET,
	NODE_FIXED, // from here on by name
};

struct node {
	u32 kind; // enum node_kind, or NODE_FIXED + index in the table of names
	u32 pid;  // 0: of no process
	u32 extra;
};

// A place in /proc, by a name in another.
struct name {
	enum node_kind parent;
	enum node_kind kind; // of a folder; else NODE_FIXED
	const char *name;
	u32 mode; // Linux's, with the type
	void (*_Nullable tell)(struct words *words, const struct process *_Nullable process);
	bool is_private;            // only for its owner
	const char *_Nullable text; // what it says, without tell
};

constexpr u32 NAMES = 114;
extern const struct name names[NAMES];
// What is written to a file of a process. is_able: by who has CAP_SYS_RESOURCE.
typedef err_t take_text(struct process *process, view_t text, bool is_able);
take_text *_Nullable name_taker(const struct name *name); // null: writing has no effect

// In process_text.c and memory_text.c: what files of a process say.
typedef void tell_process(struct words *words, const struct process *process);
tell_process tell_stat, tell_status, tell_statm, tell_command, tell_comm, tell_environment,
	tell_maps, tell_limits, tell_path, tell_group_of_control, tell_login, tell_mounts, tell_io,
	tell_mount_info, tell_auxiliary, tell_smaps, tell_smaps_sum;
// In system_text.c: what the others say, to whom it is null.
typedef void tell(struct words *words, const struct process *_Nullable process);
tell tell_memory, tell_uptime, tell_load, tell_system_stat, tell_processors, tell_version,
	tell_file_systems, tell_self, tell_thread_self, tell_self_mounts, tell_root, tell_kernel_line,
	tell_devices, tell_net_device, tell_net_table, tell_net_unix, tell_swaps, tell_nothing,
	tell_net_route;
tell tell_pid_max, tell_release, tell_type, tell_kernel_version, tell_host, tell_domain,
	tell_groups_max, tell_last_capability, tell_threads_max, tell_overflow, tell_boot_id, tell_uuid,
	tell_entropy, tell_one, tell_map_count, tell_file_max, tell_open_max, tell_pipe_max;

// In hog.c: who ends when memory is short.
tell_process tell_memory_score, tell_memory_bias;
take_text memory_bias_take;

// In memory_text.c: the program's mappings, not its library's, and their number and size. The list
// is of the process that was asked for last.
constexpr u32 MAPPINGS_MAX = 1024;
extern struct mapping_info mappings[MAPPINGS_MAX];
u32 process_mappings(const struct process *process, u64 *size);
// Which memory lies at an address of the process, its library's too; 0: none that is known.
u64 process_memory_at(const struct process *process, u64 address);
// Bytes that are mapped, and how many of the pages may be theirs.
u64 process_mapped(const struct process *process);
u64 process_resident(u64 pages, u64 size);
struct program_text process_program(const struct process *process);

// In library_text.c. Of a descriptor; of signals, for status; the call that the first thread is in.
void tell_descriptor(struct words *words, const struct process *process, u32 number);
// Where in its memory the open file of a descriptor is described; 0: it is not open.
u64 process_description(const struct process *process, u32 number);
void tell_signals(struct words *words, const struct process *process);
void tell_call(struct words *words, const struct process *process);
u32 process_umask(const struct process *process);
// Ids of threads, one after the other, 0 before the first and after the last.
u32 process_thread(const struct process *process, u32 after);
bool process_has_thread(const struct process *process, u32 id);
// Numbers of open descriptors from `from` on; false: none any more.
bool process_descriptor(const struct process *process, u32 from, u32 *number);
// Bytes of a process's memory, as many as can be read.
view_t process_bytes(const struct process *process, u64 address, span_t to);
u64 process_time(const struct process *process, u64 *pages); // processor time so far

NONNULL_END
