// SPDX-License-Identifier: MIT
// meeting.c - FIFOs and sockets by name: the file's server says whether a process may open one, and
// servers/meet makes a connection that stands for it and says to others who the process is.
#include "ifc/tree.h"
#include "lib/os/start.h"
#include "servers/proc/answer.h"
#include "servers/proc/change.h"
#include "servers/proc/operations.h"

constexpr u32 MODE_TYPE = 0170000, MODE_FIFO = 0010000, ACCESS_MODE = 3;
constexpr u64 ABSTRACT = 1ull << 63; // a key of no inode

// By the flags of open. Of a socket: to listen at one's own, else to connect.
static u32 ways_of(u32 mode, u32 flags, bool is_own)
{
	static const u32 ways[ACCESS_MODE + 1] = { MEET_WAY_READ, MEET_WAY_WRITE,
		MEET_WAY_READ | MEET_WAY_WRITE, 0 };
	if ((mode & MODE_TYPE) == MODE_FIFO)
		return is_own ? 0 : AT(ways, flags & ACCESS_MODE);
	bool is_writing = AT(ways, flags & ACCESS_MODE) & MEET_WAY_WRITE;
	return is_own ? MEET_WAY_LISTEN : is_writing ? MEET_WAY_CONNECT : 0;
}

err_t meet_reach(meet_t *out)
{
	*out = (meet_t){ start_handle("meet") };
	return out->handle.raw ? OK : ERR_UNSUPPORTED;
}

static err_t vouch(const struct process *process, u64 key, u32 ways, handle_t *out_grant)
{
	const struct proc_credentials *who = credentials_of(process);
	meet_t meet;
	TRY(meet_reach(&meet));
	TRY(meet_vouch(meet, key, (enum meet_way)ways, process->pid, process->pid, who->effective_user,
		who->effective_group, out_grant));
	answer_hand_out(*out_grant);
	return OK;
}

err_t operation_meeting(void *_Nullable self, struct caller caller, u32 inode, u32 generation,
	u32 entry, u32 flags, u32 is_own, handle_t *out_grant)
{
	(void)self;
	struct process *process;
	u32 mode;
	TRY(caller_find(caller, &process));
	tree_t files = { set_files(process) };
	if (!files.handle.raw)
		return ERR_UNSUPPORTED;
	TRY(tree_meeting(files, inode, generation, entry, flags, is_own, &mode));
	u64 key = (u64)(generation & INT32_MAX) << 32 | inode;
	u32 ways = ways_of(mode, flags, is_own);
	return vouch(process, key, ways, out_grant);
}

err_t operation_meeting_abstract(
	void *_Nullable self, struct caller caller, u64 key, handle_t *out_grant)
{
	(void)self;
	struct process *process;
	TRY(caller_find(caller, &process));
	if (!(key & ABSTRACT))
		return ERR_INVALID;
	return vouch(process, key, MEET_WAY_CONNECT | MEET_WAY_LISTEN, out_grant);
}

static bool is_among(u32 id, u32 real, u32 effective, u32 saved)
{
	return id == real || id == effective || id == saved;
}

// unix(7): a process says its own ids, or whatever it has the power to be. Of others' pids it may
// name those that are there.
static err_t may_say(const struct process *process, u32 pid, u32 user, u32 group)
{
	const struct proc_credentials *who = credentials_of(process);
	bool may_user = is_able(process, CAP_SETUID) ||
	                is_among(user, who->user, who->effective_user, who->saved_user);
	bool may_group = is_able(process, CAP_SETGID) ||
	                 is_among(group, who->group, who->effective_group, who->saved_group);
	bool may_pid = pid == process->pid || is_able(process, CAP_SYS_ADMIN);
	if (!may_user || !may_group || !may_pid)
		return ERR_NOT_OWNER;
	return pid == process->pid || process_find(pid) ? OK : ERR_NOT_FOUND;
}

err_t operation_introduce(void *_Nullable self, struct caller caller, u32 pid, u32 user, u32 group,
	u32 reader, handle_t *out_card)
{
	(void)self;
	struct process *process;
	meet_t meet;
	TRY(caller_find(caller, &process));
	TRY(meet_reach(&meet));
	if (user == ID_STAYS || group == ID_STAYS)
		return ERR_INVALID;
	TRY(may_say(process, pid, user, group));
	TRY(meet_vouch(meet, reader, (enum meet_way)0, process->pid, pid, user, group, out_card));
	answer_hand_out(*out_card);
	return OK;
}
