// SPDX-License-Identifier: MIT
// pager.c - absent pages of pager memory. A thread that needs one waits in the memory's list; the
// port's server is told once of each page waited for (notice, then memory_next_request) and answers
// with memory_supply or a failure; a server that restarts asks to be told anew.
#include "kernel/memory/memory_parts.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"

// In wait.key of a thread whose page was failed: its next attempt at that page (wait.value: the
// memory's id) ends with ERR_IO, the one after asks again.
constexpr u64 KEY_FAILED = 1ull << 63, REQUEST_PAGES_MAX = 128;

static struct thread *waiter_of(struct list_node *node)
{
	return container_of(node, struct thread, wait.node);
}

static bool take_failure(struct memory *memory, struct thread *thread, u64 index)
{
	if (thread->wait.key != (index | KEY_FAILED) || thread->wait.value != memory->object.id)
		return false;
	thread->wait.key = 0;
	return true;
}

static bool is_there(struct memory *memory, u64 index)
{
	paddr_t frame;
	return page_find(memory, index, &frame) != STATE_ASK;
}

static err_t wait_in_list(struct memory *memory, struct thread *thread) NO_THREAD_SAFETY_ANALYSIS
{
	struct port *port = NOT_NULL(memory->pager); // kept by the memory, which the caller keeps
	list_push_back(&memory->page_waiters, &thread->wait.node);
	err_t result = wait_park(thread, WAIT_PAGE, &memory->object, &memory->lock, DEADLINE_NEVER);
	port_notify(port, &memory->page_notice);
	return result;
}

// wait_park gives the lock up.
err_t page_wait(
	struct memory *memory, u64 index, u64 count, bool for_write) NO_THREAD_SAFETY_ANALYSIS
{
	struct thread *thread = cpu_self()->current;
	if (memory->parent) { // constant
		index += memory->parent_offset >> PAGE_SHIFT;
		for_write = false;
		memory = memory->parent;
	}
	lock_take(&memory->lock);
	if (take_failure(memory, thread, index) || !memory->pager ||
		atomic_load_relaxed(&memory->pager->is_closed)) {
		lock_give(&memory->lock);
		return ERR_IO;
	}
	if (is_there(memory, index)) { // it came between the look and the wait
		lock_give(&memory->lock);
		return SYSCALL_RESTART;
	}
	thread->wait.key = index;
	thread->wait.value = min_u64(count, REQUEST_PAGES_MAX);
	thread->wait.is_write = for_write;
	thread->wait.is_announced = false;
	return wait_in_list(memory, thread);
}

// The first unannounced wait and all that fall into its range.
bool memory_next_request(struct memory *memory, u64 *offset, u64 *size, bool *is_write)
{
	bool is_found = false;
	u64 first = 0, count = 0;
	lock_take(&memory->lock);
	LIST_EACH(node, &memory->page_waiters) {
		struct wait *wait = &waiter_of(node)->wait;
		if (wait->is_announced || (is_found && wait->key - first >= count))
			continue;
		if (!is_found) {
			first = wait->key;
			count = min_u64(wait->value, (memory->size >> PAGE_SHIFT) - first);
			*is_write = wait->is_write;
			is_found = true;
		}
		wait->is_announced = true;
	}
	lock_give(&memory->lock);
	*offset = first << PAGE_SHIFT;
	*size = count << PAGE_SHIFT;
	return is_found;
}

static void wake(struct memory *memory, u64 first, u64 end, bool is_failed)
{
	LIST_EACH(node, &memory->page_waiters) {
		struct thread *thread = waiter_of(node);
		if (thread->wait.key - first >= end - first)
			continue;
		list_remove(node);
		if (is_failed) {
			thread->wait.key |= KEY_FAILED;
			thread->wait.value = memory->object.id;
		}
		wait_wake(thread, SYSCALL_RESTART);
	}
}

void page_waiters_wake(struct memory *memory, u64 first, u64 count)
{
	wake(memory, first, first + count, false);
}

void page_waiters_fail(struct memory *memory, u64 first, u64 end)
{
	lock_take(&memory->lock);
	wake(memory, first, end, true);
	lock_give(&memory->lock);
}

void page_waiters_renew(struct memory *memory)
{
	lock_take(&memory->lock);
	LIST_EACH(node, &memory->page_waiters)
		waiter_of(node)->wait.is_announced = false;
	bool has_any = !list_is_empty(&memory->page_waiters);
	lock_give(&memory->lock);
	if (has_any && memory->pager)
		port_notify(memory->pager, &memory->page_notice);
}

static struct memory *_Nullable take_pager_memory(struct port *port)
{
	struct memory *found = nullptr;
	struct list_node *node;
	lock_take(&port->lock);
	while (!found && (node = list_pop_front(&port->pagers))) {
		struct memory *memory = container_of(node, struct memory, pager_node);
		if (object_try_get(&memory->object))
			found = memory;
	}
	lock_give(&port->lock);
	return found;
}

// A thread that comes to wait later sees is_closed, which was set before we take its memory's lock.
void memory_port_closed(struct port *port)
{
	struct memory *memory;
	while ((memory = take_pager_memory(port))) {
		page_waiters_fail(memory, 0, RADIX_INDEX_END);
		object_put(&memory->object);
	}
}
