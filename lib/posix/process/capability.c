// SPDX-License-Identifier: MIT
// capability.c - capget and capset, in the three versions of their structs.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process_local.h"

enum version : u32 { VERSION_1 = 0x1998'0330, VERSION_2 = 0x2007'1026, VERSION_3 = 0x2008'0522 };

struct head {
	u32 version, pid;
};

// 32 of each set.
struct half {
	u32 effective, permitted, inheritable;
};

struct sets {
	struct half low, high;
};

// How many bytes of struct sets; of an unknown version the newest is told.
static i64 get_head(u64 address, struct head *head, usize *size)
{
	TRY_POSIX(user_get(*head, address));
	switch (head->version) {
	case VERSION_1: *size = sizeof(struct half); return 0;
	case VERSION_2:
	case VERSION_3: *size = sizeof(struct sets); return 0;
	}
	head->version = VERSION_3;
	TRY_POSIX(user_put(address, *head));
	return -EINVAL;
}

static i64 find(u32 id, struct proc_credentials *out)
{
	struct identity *identity = process_self();
	if (!id || id == identity->pid) {
		*out = identity->credentials;
		return 0;
	}
	if ((i32)id < 0)
		return -EINVAL;
	err_t err = proc_credentials(process_proc(), id, span_of(*out));
	return err == ERR_NOT_FOUND ? -ESRCH : posix_error(err);
}

static struct half half_of(const struct proc_credentials *from, u32 shift)
{
	return (struct half){ (u32)(from->effective >> shift), (u32)(from->permitted >> shift),
		(u32)(from->inheritable >> shift) };
}

i64 call_capget(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	struct head head;
	struct proc_credentials found;
	usize size;
	i64 answer = get_head(ARG(0), &head, &size);
	if (answer < 0)
		return answer == -EINVAL && !ARG(1) ? 0 : answer; // only asked for the version
	if (!ARG(1))
		return 0;
	TRY_POSIX(find(head.pid, &found));
	struct sets sets = { half_of(&found, 0), half_of(&found, 32) };
	return user_copy_out(ARG(1), &sets, size);
}

static u64 join(u32 low, u32 high)
{
	return low | (u64)high << 32;
}

i64 call_capset(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	struct head head;
	struct sets sets = {};
	usize size;
	TRY_POSIX(get_head(ARG(0), &head, &size));
	if (head.pid && head.pid != process_self()->pid)
		return -EPERM;
	TRY_POSIX(user_copy_in(&sets, ARG(1), size));
	constexpr u64 KNOWN = (1ull << 41) - 1;
	const u64 list[3] = { join(sets.low.effective, sets.high.effective) & KNOWN,
		join(sets.low.permitted, sets.high.permitted) & KNOWN,
		join(sets.low.inheritable, sets.high.inheritable) & KNOWN };
	return process_change(PROC_CHANGE_CAPABILITIES, (struct change_ids){}, view_of(list));
}
