// SPDX-License-Identifier: MIT
// meeting.c - FIFOs and sockets by name: the file's server says whether a process may open one, and
// servers/meet makes a connection that stands for it.
#include "ifc/meet.h"
#include "ifc/tree.h"
#include "lib/os/start.h"
#include "servers/proc/answer.h"
#include "servers/proc/operations.h"

constexpr u32 MODE_TYPE = 0170000, MODE_FIFO = 0010000, ACCESS_MODE = 3;

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

err_t operation_meeting(void *_Nullable self, struct caller caller, u32 inode, u32 generation,
	u32 entry, u32 flags, u32 is_own, handle_t *out_grant)
{
	(void)self;
	struct process *process;
	u32 mode;
	TRY(caller_find(caller, &process));
	tree_t files = { set_files(process) };
	meet_t meet = { start_handle("meet") };
	if (!files.handle.raw || !meet.handle.raw)
		return ERR_UNSUPPORTED;
	TRY(tree_meeting(files, inode, generation, entry, flags, is_own, &mode));
	u64 key = (u64)(generation & INT32_MAX) << 32 | inode;
	u32 ways = ways_of(mode, flags, is_own);
	TRY(meet_vouch(meet, key, (enum meet_way)ways, process->pid, out_grant));
	answer_hand_out(*out_grant);
	return OK;
}
