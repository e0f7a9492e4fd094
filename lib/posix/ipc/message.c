// SPDX-License-Identifier: MIT
// message.c - System V messages.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/ipc/ipc.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

constexpr enum meet_ipc_kind KIND = MEET_IPC_KIND_MESSAGES;

i64 call_msgget(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return ipc_get(KIND, ARG_U32(0), 0, ARG_U32(1));
}

i64 call_msgsnd(struct posix_thread *self, const struct arguments *arguments)
{
	u8 text[MSGMAX] UNINITIALIZED;
	err_t err;
	i64 type;
	if (ARG_INT(0) < 0 || ARG(2) > MSGMAX || !ipc_meet().handle.raw)
		return -EINVAL;
	TRY_POSIX(user_get(type, ARG(1)));
	if (type < 1)
		return -EINVAL;
	TRY_POSIX(user_copy_in(text, ARG(1) + sizeof type, ARG(2)));
	struct voice voice = voice_begin();
	do {
		wait_open(self);
		err = meet_message_send(
			voice.meet, ARG_U32(0), ARG_U32(3), type, view_clamp(view_of(text), 0, ARG(2)));
		wait_close(self);
	} while (voice_renew(&voice, err));
	return ipc_error(err);
}

static i64 receive_error(err_t err)
{
	return err == ERR_WOULD_BLOCK ? -ENOMSG : err == ERR_TOO_BIG ? -E2BIG : ipc_error(err);
}

i64 call_msgrcv(struct posix_thread *self, const struct arguments *arguments)
{
	u8 text[MSGMAX] UNINITIALIZED;
	err_t err;
	u64 room = ARG(2) < MSGMAX ? ARG(2) : MSGMAX, size;
	i64 type, wanted = (i64)ARG(3) == INT64_MIN ? -INT64_MAX : (i64)ARG(3);
	if (ARG_INT(0) < 0 || (i64)ARG(2) < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	span_fill(span_of(text), 0); // touched: it is lent
	struct voice voice = voice_begin();
	do {
		wait_open(self);
		err = meet_message_receive(voice.meet, ARG_U32(0), ARG_U32(4), wanted,
			span_clamp(span_of(text), 0, room), &type, &size);
		wait_close(self);
	} while (voice_renew(&voice, err));
	if (err != OK)
		return receive_error(err);
	size = size < room ? size : room;
	TRY_POSIX(user_put(ARG(1), type));
	TRY_POSIX(user_copy_out(ARG(1) + sizeof type, text, size));
	return (i64)size;
}

static i64 put_status(u32 id, enum meet_ipc_look how, u64 address)
{
	struct meet_ipc_status status;
	TRY_POSIX(ipc_status(KIND, id, how, &status));
	const struct linux_msqid_ds out = { .perm = ipc_perm(&status),
		.sent = ipc_seconds(status.first_ns),
		.received = ipc_seconds(status.second_ns),
		.changed = ipc_seconds(status.changed_ns),
		.bytes = status.used,
		.count = status.count,
		.bytes_max = status.size,
		.sender = status.first_pid,
		.receiver = status.second_pid };
	TRY_POSIX(user_put(address, out));
	return how == MEET_IPC_LOOK_ID ? 0 : status.id;
}

static i64 set(u32 id, u64 address)
{
	struct linux_msqid_ds given;
	TRY_POSIX(user_get(given, address));
	return ipc_set(KIND, id, &given.perm, given.bytes_max);
}

static i64 put_info(u32 code, u64 address)
{
	u32 count, top;
	u64 messages;
	TRY_ERR(meet_ipc_survey(ipc_meet(), KIND, &count, &top, &messages));
	struct linux_msginfo info = { .pool = IPC_OBJECTS * MSGMNB / 1024,
		.map = MSGMNB,
		.size_max = MSGMAX,
		.bytes_max = MSGMNB,
		.queues = IPC_OBJECTS,
		.segment_size = 16,
		.messages = MSGMNB,
		.segments = UINT16_MAX };
	if (code == MSG_INFO) {
		info.pool = count;
		info.map = (u32)messages;
	}
	TRY_POSIX(user_put(address, info));
	return top;
}

i64 call_msgctl(struct posix_thread *self, const struct arguments *arguments)
{
	u32 id = ARG_U32(0), code = ARG_U32(1) & ~(u32)IPC_64;
	(void)self;
	if (ARG_INT(0) < 0 || ARG_INT(1) < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	switch (code) {
	case IPC_RMID: return ipc_remove(KIND, id);
	case IPC_SET: return set(id, ARG(2));
	case IPC_STAT: return put_status(id, MEET_IPC_LOOK_ID, ARG(2));
	case MSG_STAT: return put_status(id, MEET_IPC_LOOK_INDEX, ARG(2));
	case MSG_STAT_ANY: return put_status(id, MEET_IPC_LOOK_INDEX_ANY, ARG(2));
	case IPC_INFO:
	case MSG_INFO: return put_info(code, ARG(2));
	default: return -EINVAL;
	}
}
