// SPDX-License-Identifier: MIT
// check.c - see check.h.
#include "servers/proc/check.h"

static bool is_slot(slot_t slot)
{
	return slot < store->fresh;
}

static bool is_record_sound(slot_t slot)
{
	const struct process *process = process_at(slot);
	if (process->state > PROCESS_ZOMBIE)
		return false;
	if (process->state == PROCESS_FREE)
		return is_slot(process->pid_next);
	return process->pid && process->pid < PROC_PID_MAX && is_slot(process->parent) &&
	       is_slot(process->child) && is_slot(process->next) && is_slot(process->previous) &&
	       is_slot(process->pid_next) && is_slot(process->group_next) &&
	       is_slot(process->group_previous) && process->set < SETS_MAX &&
	       AT(store->sets, process->set).users && process->signals < QUEUE_MAX;
}

// Every record in use is found by its pid, in lists that end.
static bool are_pids_sound(void)
{
	u32 found = 0;
	for (u32 bucket = 0; bucket < BUCKETS; bucket++)
		for (slot_t slot = AT(store->pid_heads, bucket); slot; slot = process_at(slot)->pid_next) {
			const struct process *process = process_at(slot);
			if (++found > store->count || process->state == PROCESS_FREE ||
				process->pid % BUCKETS != bucket)
				return false;
		}
	return found == store->count;
}

static bool are_groups_sound(void)
{
	u32 found = 0;
	for (u32 bucket = 0; bucket < BUCKETS; bucket++) {
		slot_t previous = 0;
		for (slot_t slot = AT(store->group_heads, bucket); slot;
			slot = process_at(slot)->group_next) {
			const struct process *process = process_at(slot);
			if (++found > store->count || process->group % BUCKETS != bucket ||
				process->group_previous != previous)
				return false;
			previous = slot;
		}
	}
	return true;
}

static bool are_families_sound(void)
{
	u32 found = 0;
	for (u32 parent = INIT_SLOT; parent < store->fresh; parent++) {
		if (process_at((slot_t)parent)->state == PROCESS_FREE)
			continue;
		slot_t previous = 0;
		for (slot_t slot = process_at((slot_t)parent)->child; slot; slot = process_at(slot)->next) {
			const struct process *child = process_at(slot);
			if (++found > store->count || child->parent != parent || child->previous != previous)
				return false;
			previous = slot;
		}
	}
	return true;
}

static bool is_free_list_sound(void)
{
	u32 found = 0;
	for (slot_t slot = store->free; slot; slot = process_at(slot)->pid_next)
		if (!is_slot(slot) || process_at(slot)->state != PROCESS_FREE || ++found > store->fresh)
			return false;
	return store->count + found + 1 == store->fresh; // slot 0 is neither
}

static bool are_details_sound(void)
{
	u32 found = 0;
	if (store->fresh_detail > QUEUE_MAX || store->free_detail >= QUEUE_MAX)
		return false;
	for (u32 i = 1; i < store->fresh_detail; i++)
		if (AT(store->queue, i).next >= QUEUE_MAX)
			return false;
	for (u16 i = store->free_detail; i; i = AT(store->queue, i).next)
		if (++found > QUEUE_MAX)
			return false;
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++)
		if (process_at((slot_t)slot)->state != PROCESS_FREE)
			for (u16 i = process_at((slot_t)slot)->signals; i; i = AT(store->queue, i).next)
				if (++found > QUEUE_MAX)
					return false;
	return true;
}

bool store_holds(void)
{
	if (store->fresh > PROC_SLOTS_MAX || store->fresh <= INIT_SLOT ||
		store->outbox_count > OUTBOX_MAX || store->closing_count > CLOSING_MAX)
		return false;
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++)
		if (!is_record_sound((slot_t)slot))
			return false;
	for (u32 i = 0; i < BUCKETS; i++)
		if (!is_slot(AT(store->pid_heads, i)) || !is_slot(AT(store->group_heads, i)))
			return false;
	return are_pids_sound() && are_groups_sound() && is_free_list_sound() && are_families_sound() &&
	       are_details_sound();
}
