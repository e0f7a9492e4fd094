// SPDX-License-Identifier: MIT
// long_call_test.h - for the tests of this folder: all parts of a long call one after the other.
#pragma once

#include "kernel/memory/memory_parts.h"
#include "kernel/sched/thread.h"

NONNULL_BEGIN

static inline err_t whole_map(struct space *space, const struct map_request *request, u64 *mapped)
{
	struct long_call call = {};
	err_t error;
	do
		error = space_map(space, request, &call, mapped);
	while (error == SYSCALL_MORE);
	return error;
}

static inline err_t whole_unmap(struct space *space, u64 address, u64 size)
{
	struct long_call call = {};
	err_t error;
	do
		error = space_unmap(space, address, size, &call);
	while (error == SYSCALL_MORE);
	return error;
}

static inline err_t whole_discard(struct space *space, u64 address, u64 size)
{
	struct long_call call = {};
	err_t error;
	do
		error = space_discard(space, address, size, &call);
	while (error == SYSCALL_MORE);
	return error;
}

static inline err_t whole_protect(struct space *space, u64 address, u64 size, u32 flags)
{
	struct long_call call = {};
	err_t error;
	do
		error = space_protect(space, address, size, flags, &call);
	while (error == SYSCALL_MORE);
	return error;
}

static inline err_t whole_move(struct space *space, u64 from, u64 size, u64 to)
{
	struct long_call call = {};
	err_t error;
	do
		error = space_move(space, from, size, to, &call);
	while (error == SYSCALL_MORE);
	return error;
}

// An error leaves no child.
static inline err_t whole_fork(struct space *space, struct space *_Nullable *_Nonnull out)
{
	struct long_call call = {};
	struct space *child = nullptr;
	err_t error;
	do
		error = space_fork(space, quota_root(), &call, &child);
	while (error == SYSCALL_MORE);
	if (error == OK)
		*out = child;
	else if (child)
		space_put(child);
	return error;
}

static inline err_t whole_decommit(struct memory *memory, u64 first, u64 end)
{
	struct long_call call = {};
	err_t error;
	do
		error = memory_decommit(memory, first, end, &call);
	while (error == SYSCALL_MORE);
	return error;
}

static inline err_t whole_clone(
	struct memory *source, u64 offset, u64 size, struct memory *_Nullable *_Nonnull out)
{
	struct clone_work work = { .source = source, .offset = offset };
	err_t error;
	do {
		u64 budget = PART_PAGES;
		error = memory_clone_part(&work, size, quota_root(), &budget);
	} while (error == SYSCALL_MORE);
	if (error == OK)
		*out = work.clone;
	else if (work.clone)
		object_put(&work.clone->object);
	return error;
}

NONNULL_END
