// SPDX-License-Identifier: MIT
// message.c - what may be attached to a message: its counts, and the passing of handles. Handles
// are passed by copy: the sender keeps its own, so a message that fails loses nothing.
#include "kernel/arch/arch.h"
#include "kernel/object/call.h"
#include "kernel/object/handle.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_block.h"
#include "lib/base/atomic.h"
#include "lib/base/err.h"
#include "lib/base/view.h"

static err_t check_lend(const struct thread *from, u32 index)
{
	const struct lend lend = block_lend(from->block, index);
	bool is_valid = lend.direction >= LEND_READ && lend.direction <= (LEND_READ | LEND_WRITE) &&
	                lend.reserved == 0;
	if (!is_valid)
		return ERR_INVALID;
	return lend.size ? user_span_check(lend.address, lend.size) : OK; // nothing lies nowhere
}

err_t message_check(const struct thread *from, u64 tag, bool is_call)
{
	u32 lends = tag >> TAG_LENDS_SHIFT & 7;
	// The number of words is a note between programs: all eight travel in any case.
	if (message_handles(tag) > MESSAGE_HANDLES || lends > MESSAGE_LENDS)
		return ERR_INVALID;
	if (!is_call)
		return lends ? ERR_INVALID : OK;
	for (u32 i = 0; i < lends; i++)
		TRY(check_lend(from, i));
	return OK;
}

// No handle is passed as no handle: for what a protocol calls optional.
static err_t pass_one(struct thread *from, u32 index, struct thread *to, handle_t *out)
{
	handle_t handle = { atomic_load_relaxed(&AT(from->block->handle, index).raw) };
	u32 rights = atomic_load_relaxed(&AT(from->block->handle_rights, index));
	if (!handle.raw)
		return OK;
	return handle_give(&from->process->handles, handle, rights, &to->process->handles, out);
}

err_t message_show_handles(
	struct thread *to, const handle_t (*passed)[MESSAGE_HANDLES], u32 count, err_t err)
{
	if (err != OK) {
		while (count--)
			(void)handle_close(&to->process->handles, AT(*passed, count));
		return err;
	}
	if (count) // else the block may hold what is about to be sent
		atomic_store_relaxed(&to->block->handle_count, count);
	for (u32 i = 0; i < count; i++)
		atomic_store_relaxed(&AT(to->block->handle, i).raw, AT(*passed, i).raw);
	return OK;
}

err_t message_pass_handles(struct thread *from, u32 count, struct thread *to)
{
	handle_t passed[MESSAGE_HANDLES] = {};
	err_t err = OK;
	u32 done = 0;
	while (done < count && (err = pass_one(from, done, to, &AT(passed, done))) == OK)
		done++;
	return message_show_handles(to, &passed, done, err);
}
