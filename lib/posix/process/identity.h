// SPDX-License-Identifier: MIT
// identity.h - who this process is: its pid, its connection to servers/proc, the spare that its
// next child will be (docs/decisions/019), its credentials and limits, and what it says about its
// program. proc reads the last part out of the process for /proc and believes none of it.
#pragma once

#include "abi/types.h"
#include "ifc/proc.h"
#include "lib/posix/core/lock.h"

NONNULL_BEGIN

// The table of slots (ifc/proc.ifc), shared, read-only, mapped in every POSIX process.
constexpr u64 SLOT_AREA = 0xffff'8000'1011'0000;
constexpr u64 SLOT_AREA_SIZE = (u64)PROC_SLOTS_MAX * sizeof(struct proc_slot);

// A pid that proc has handed out, not alive yet. connection: none, nothing is held.
struct spare {
	u32 pid, slot;
	handle_t connection; // owned; a forked child inherits it and speaks through it
};

struct limit {
	u64 soft, hard;
};

// What /proc shows of the program; set by exec. Addresses are in the program's memory, but path's
// and directory's, which are in the process area.
struct program_text {
	char name[16]; // comm; ends with a zero
	u64 executed;  // 1 since exec; a forked child begins with 0
	u64 arguments, arguments_size;
	u64 environment, environment_size;
	u64 stack;                     // where it began
	u64 auxiliary, auxiliary_size; // what getauxval tells
	u64 path, path_size;           // of the executable, absolute, without a closing zero
};

// What proc looks at before it tells of a child. Kept by signal/.
struct wishes {
	u64 ignored; // bit n: signal n + 1 would come to nothing: ignored now, and blocked by no thread
	u64 flags;   // enum wish
};

struct loan; // process/vfork.c

enum wish : u64 {
	WISH_NO_ZOMBIES = 1, // SIGCHLD is SIG_IGN or has SA_NOCLDWAIT
	WISH_NO_STOPS = 2,   // SIGCHLD has SA_NOCLDSTOP
};

// Where struct posix has its identity: proc reads its first parts there, /proc shows them.
constexpr u64 IDENTITY_ADDRESS = 0xffff'8000'1016'0010;

struct identity {
	struct program_text program;
	struct wishes wishes;
	u32 pid, slot;
	handle_t connection;    // owned; to proc, badge: pid
	handle_t table;         // owned; memory of the table of slots, for exec
	struct spare spare;     // with its lock
	struct posix_lock lock; // one fork at a time
	u32 serial;             // atomic: the last one used
	u32 seen;               // slot's changed, when the limits below were fetched
	u32 personality;
	u32 exec_signal;   // of a vfork child: what its parent gets at its end
	u32 parent_signal; // PR_SET_PDEATHSIG
	u32 is_subreaper;
	u32 is_changed;    // the credentials, since this address space was made
	handle_t released; // owned; closed by exec: the parent of a vfork child waits for it
	u64 frame;         // of a vfork child with memory of its own: where the parent's stack was
	struct loan *_Nullable loan; // of a vfork child in its parent's memory, until exec
	u64 timer_slack_ns;
	struct proc_credentials credentials;
	struct limit limits[PROC_RESOURCES];
};

static inline const struct proc_slot *identity_slot_at(u32 slot)
{
	UNSAFE_BEGIN("mapped there for every POSIX process; proc's slots only")
	const struct proc_slot *slots = (const struct proc_slot *)SLOT_AREA;
	return &slots[slot < PROC_SLOTS_MAX ? slot : 0];
	UNSAFE_END
}

static inline const struct proc_slot *identity_slot(const struct identity *identity)
{
	return identity_slot_at(identity->slot);
}

// Linux's commit_creds: what the memory holds may be secret to who the process is now, and its
// parent's end is nothing to it any more.
static inline bool credentials_part(
	const struct proc_credentials *before, const struct proc_credentials *now)
{
	return before->effective_user != now->effective_user ||
	       before->effective_group != now->effective_group || before->file_user != now->file_user ||
	       before->file_group != now->file_group || now->permitted & ~before->permitted;
}

NONNULL_END
