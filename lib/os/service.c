// SPDX-License-Identifier: MIT
// service.c - see service.h.
#include "lib/os/service.h"

#include "abi/info.h"
#include "lib/base/err.h"
#include "lib/os/block.h"
#include "os/syscalls.h"

err_t lease_get(lease_t lease, u64 offset, span_t to)
{
	while (to.size) {
		u64 done;
		TRY(lease_read(lease.reply, lease.index, offset, to, &done));
		if (!done)
			return ERR_RANGE;
		offset += done;
		to = span_from_offset(to, done);
	}
	return OK;
}

err_t lease_put(lease_t lease, u64 offset, view_t from)
{
	while (from.size) {
		u64 done;
		TRY(lease_write(lease.reply, lease.index, offset, from, &done));
		if (!done)
			return ERR_RANGE;
		offset += done;
		from = view_from_offset(from, done);
	}
	return OK;
}

static u32 handle_count(u64 tag)
{
	u32 count = tag >> TAG_HANDLES_SHIFT & 7;
	return count < MESSAGE_HANDLES ? count : MESSAGE_HANDLES;
}

void message_drop_handles(struct message *message)
{
	for (u32 i = 0; i < handle_count(message->tag); i++)
		(void)handle_close(AT(message->handle, i));
}

void later_finish(later_t later, struct message *message)
{
	if (reply_send(later.reply, message) != OK)
		(void)handle_close(later.reply);
}

err_t handle_expect(handle_t handle, enum handle_kind kind, u32 rights)
{
	struct object_info info = {};
	u64 size;
	TRY(handle_info(handle, INFO_TOPIC_OBJECT, span_of(info), &size));
	if (kind != HANDLE_KIND_ANY && info.kind != (u32)kind)
		return ERR_WRONG_TYPE;
	return (info.rights & rights) == rights ? OK : ERR_RIGHTS;
}

void answer_drop(u64 tag)
{
	struct thread_block *block = block_self();
	for (u32 i = 0; i < handle_count(tag); i++)
		(void)handle_close(AT(block->handle, i));
	block->handle_count = 0;
}
