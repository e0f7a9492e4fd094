// SPDX-License-Identifier: MIT
// store.h - everything that proc knows, in its ledger: the records of processes, their lists, what
// is told but not yet fetched. Changes go through SET, so that a change cut short by proc's death
// is undone by its next life. Records name each other by slot; slot 0 is nobody, slot 1 is pid 1.
#pragma once

#include "ifc/proc.h"
#include "lib/os/ledger.h"

NONNULL_BEGIN

constexpr u32 INIT_SLOT = 1, INIT_PID = 1;
constexpr u32 BUCKETS = 1024;
constexpr u32 QUEUE_MAX = 4096; // details of signals, all processes together
constexpr u32 OUTBOX_MAX = 32, CLOSING_MAX = 16;
constexpr u32 ANSWER_SHELVES = 64, ANSWERS_MAX = 4; // by badge, on each the last few
constexpr u32 SETS_MAX = 256;                       // distinct credentials
constexpr u32 TERMINALS_MAX = 64;
constexpr u32 SEEDS = PROC_SEED_NAME + 1;

// Changes a place in the ledger.
#define SET(place, value)                                                                          \
	do {                                                                                           \
		typeof(place) *set_place_ = &(place);                                                      \
		ledger_save(set_place_, sizeof(place));                                                    \
		*set_place_ = (value);                                                                     \
	} while (0)

typedef u16 slot_t; // where a record is

enum process_state : u8 { // enum proc_slot_state
	PROCESS_FREE,
	PROCESS_SPARE,  // a pid handed out, nobody has it yet
	PROCESS_UNBORN, // its parent has not told of it yet: no handle to it
	PROCESS_ALIVE,
	PROCESS_ZOMBIE, // ended, not waited for
};
static_assert(PROCESS_ALIVE == (u8)PROC_SLOT_STATE_ALIVE);

// What a parent may still be told by wait.
enum report : u8 { REPORT_NONE, REPORT_STOPPED, REPORT_CONTINUED };

struct process {
	u32 pid, group, session;
	u32 use;                              // of this pid, if its parent chose it; else 0
	u32 terminal;                         // controlling: its number, 0: none
	slot_t parent, child, next, previous; // parent, first child, siblings (all lists end with 0)
	slot_t pid_next;                      // others in the bucket of this pid; free: next free
	slot_t group_next, group_previous;    // others in the bucket of this group
	u16 set;                              // credentials: index in sets
	u16 signals;                          // first of its details in queue
	enum process_state state;
	enum report report;
	u8 exit_signal, parent_signal, stop_signal;
	bool is_stopped, is_subreaper;
	i8 nice;
	i16 memory_bias, memory_bias_min; // oom_score_adj, and down to which it may be set (hog.c)
	u32 status, code;                 // of the last report, as wait4 and siginfo have it
	handle_t process;                 // owned; HANDLE_NONE: none any more, or not yet
	u64 early; // signals for an unborn one, or a spare that may be one already
	u64 started_ns;
	u64 processor_ns, pages;         // when ended
	u64 children_ns, children_pages; // of those waited for
	u32 changed, continued;          // as in the table of slots
	struct {
		u64 soft, hard;
	} limits[PROC_RESOURCES];
};

// What comes with a signal.
struct detail {
	u16 next; // index, 0: none
	u8 signal;
	u8 reserved;
	i32 code;
	u32 pid, user, status;
	u32 reserved2;
	u64 value;
};

// Signals to be passed to the kernel after the commit.
struct letter {
	slot_t slot;
	u64 bits;
};

struct credential_set {
	u32 users;      // records that have it; 0: free
	handle_t files; // owned; connection to the root file system for them, once asked for
	struct proc_credentials credentials;
};

struct terminal {
	u32 number; // of the device; 0: free
	u32 session, foreground;
};

// One of the last answered calls that changed something (docs/decisions/015: exactly once).
struct answer {
	u64 badge, tag, request[MESSAGE_WORDS];
	u64 reply_tag, reply[MESSAGE_WORDS];
	handle_t handle; // passed with the reply; ours until the next message
};

// A caller on another CPU may come back with its call late, when many others were answered since.
struct shelf {
	u64 next; // where the next goes
	struct answer answers[ANSWERS_MAX];
};

struct store {
	u64 magic, size;
	u64 boot;              // differs at each boot
	handle_t table;        // owned; memory of the table of slots
	handle_t steering;     // owned; connection to tty, none: no terminals
	handle_t seeds[SEEDS]; // owned; what fresh processes are made with (fresh.c)
	bool is_sealed;        // all of them are there
	u64 taken;             // of tty's signals
	u64 ended_ns;          // processor time of those that ended
	u64 relieved_ns;       // when the last one was ended for its memory (hog.c)
	u32 next_pid;
	u32 chosen;              // pids that got another connection, so far; no note
	u32 stopped;             // how many are
	u32 count;               // records in use
	u32 fresh, fresh_detail; // records, details from here on were never used
	u16 free_detail;
	slot_t free;
	bool is_wrapped; // pids are given out a second time
	struct shelf shelves[ANSWER_SHELVES];
	u32 closing_count;
	handle_t closing[CLOSING_MAX]; // after the commit
	handle_t former; // whose place was taken (become.c): killed and closed after the commit
	u32 outbox_count;
	struct letter outbox[OUTBOX_MAX];
	struct letter late; // goes out a moment later (signal.c)
	slot_t pid_heads[BUCKETS];
	slot_t group_heads[BUCKETS];
	struct terminal terminals[TERMINALS_MAX];
	struct credential_set sets[SETS_MAX];
	struct detail queue[QUEUE_MAX];
	struct process processes[PROC_SLOTS_MAX];
};

extern struct store *store; // the ledger; written once at start

// Closes a handle of ours once that is committed.
void close_later(handle_t handle);

// Maps the ledger; fills an empty one, checks another (check.c).
err_t store_open(void);

static inline struct process *process_at(slot_t slot)
{
	return &AT(store->processes, slot);
}
// Every record in use: for (slot = INIT_SLOT; slot < store->fresh; ...), state not FREE.
slot_t process_slot(const struct process *process);
static inline bool is_leader(const struct process *process) // of its session
{
	return process->session == process->pid;
}
// What its connection stands for: its pid, and above it which use of this pid, lest what comes late
// from one that had it before (its connection hangs up, a call is made again) is taken for its own.
static inline u64 process_badge(const struct process *process)
{
	static_assert(PROC_PID_MAX == 1u << 22);
	return process->pid | (u64)process->use << 22;
}
struct process *_Nullable process_by_badge(u64 badge); // null: nobody any more
// By pid, whatever its state; null: none.
struct process *_Nullable process_find(u32 pid);
// Alive, unborn or a zombie.
struct process *_Nullable process_find_born(u32 pid);
// The wanted pid, or the next (0), in a free record: state SPARE, not in any list but that of pids.
// ERR_BUSY: none free. ERR_EXISTS: the wanted one is in use.
err_t process_allocate(u32 wanted, struct process *_Nullable *_Nonnull out);
void process_choose(struct process *process);  // a chosen pid gets another connection
void process_release(struct process *process); // out of all lists, free
// Family.
void process_adopt(struct process *parent, struct process *child); // leaves its former parent
void process_orphan(struct process *child);                        // no parent
// Groups.
void process_join_group(struct process *process, u32 group);
struct process *_Nullable group_first(u32 group);
struct process *_Nullable group_next(const struct process *process);
// Writes what all may know to the table of slots.
void process_publish(const struct process *process);
err_t table_open(void);

NONNULL_END
