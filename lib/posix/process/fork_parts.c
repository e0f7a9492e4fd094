// SPDX-License-Identifier: MIT
// fork_parts.c - who does something at a fork, in which order; and core's own part: threads, heap.
#include "lib/posix/process/fork.h"

#include "lib/base/bits.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

// The order of locks is that of the parts in struct posix.
static const struct {
	fork_before_part *_Nullable before;
	fork_parent_part *_Nullable parent;
	fork_child_part *_Nullable child;
} parts[] = {
	{ fork_before_file, fork_parent_file, fork_child_file },
	{ fork_before_memory, fork_parent_memory, fork_child_memory },
	{ fork_before_signal, fork_parent_signal, fork_child_signal },
	{ fork_before_event, fork_parent_event, fork_child_event },
	{ fork_before_time, fork_parent_time, fork_child_time },
};

static void undo(struct posix_thread *self, usize count)
{
	while (count--)
		if (AT(parts, count).parent)
			AT(parts, count).parent(self, false);
}

i64 fork_before(struct posix_thread *self) NO_THREAD_SAFETY_ANALYSIS // fork_parent gives them back
{
	struct core_state *core = &posix_self()->core;
	for (usize i = 0; i < COUNT(parts); i++) {
		i64 answer = AT(parts, i).before ? AT(parts, i).before(self) : 0;
		if (answer < 0) {
			undo(self, i);
			return answer;
		}
	}
	posix_lock_take(&core->threads_lock);
	posix_lock_take(&core->heap.lock);
	return 0;
}

void fork_parent(struct posix_thread *self, bool has_child) NO_THREAD_SAFETY_ANALYSIS
{
	struct core_state *core = &posix_self()->core;
	posix_lock_give(&core->heap.lock);
	posix_lock_give(&core->threads_lock);
	for (usize i = COUNT(parts); i--;)
		if (AT(parts, i).parent)
			AT(parts, i).parent(self, has_child);
}

// The stacks of the parent's other threads stay, as free slots. In borrowed memory they are in use:
// the parent's helpers wait there for its locks or for what they serve.
static void slots_inherit(const struct posix_thread *self)
{
	struct thread_slots *slots = &posix_self()->slots;
	if (posix_self()->identity.loan)
		return;
	for (u32 i = 0; i < COUNT(slots->mapped); i++)
		for (u64 bits = AT(slots->mapped, i); bits; bits &= bits - 1) {
			u32 slot = i * 64 + bits_lowest(bits);
			if (slot != self->slot)
				AT(slots->used, slot) = 0;
		}
}

static void only_thread(struct posix_thread *self)
{
	struct core_state *core = &posix_self()->core;
	slots_inherit(self);
	LIST_EACH(node, &core->threads)
		(void)handle_close(container_of(node, struct posix_thread, node)->handle);
	list_init(&core->threads);
	self->node = (struct list_node){};
	list_insert_after(&core->threads.head, &self->node);
	core->thread_count = 1;
	core->is_exiting = 0;
	self->handle = HANDLE_NONE; // the parent's thread; for ourselves none is needed
	self->directed = 0;
	policy_inherit(self, self);
}

void fork_child(struct posix_thread *self)
{
	struct core_state *core = &posix_self()->core;
	posix_lock_init(&core->heap.lock);
	posix_lock_init(&core->threads_lock);
	only_thread(self);
	waits_forget(core);
	for (usize i = 0; i < COUNT(parts); i++)
		if (AT(parts, i).child)
			AT(parts, i).child(self);
}
