// SPDX-License-Identifier: MIT
// limit.c - resource limits, priorities, time used. proc keeps limits and tells; the library of
// each process holds to its own.
#include "abi/info.h"
#include "os/syscalls.h"
#include "servers/proc/operations.h"

constexpr u64 UNLIMITED = UINT64_MAX;
constexpr i32 NICE_LOW = -20, NICE_HIGH = 19;

static void set_usual(struct process *process, u32 resource, u64 soft, u64 hard)
{
	AT(process->limits, resource).soft = soft;
	AT(process->limits, resource).hard = hard;
}

// As Debian's first process has them.
void limits_usual(struct process *process)
{
	for (u32 i = 0; i < PROC_RESOURCES; i++)
		set_usual(process, i, UNLIMITED, UNLIMITED);
	set_usual(process, 3, 8 << 20, UNLIMITED);                     // stack
	set_usual(process, 4, 0, UNLIMITED);                           // core
	set_usual(process, 6, PROC_SLOTS_MAX / 2, PROC_SLOTS_MAX / 2); // processes
	set_usual(process, 7, 1024, 1 << 20);                          // open files
	set_usual(process, 8, 8 << 20, 8 << 20);                       // locked memory
	set_usual(process, 11, QUEUE_MAX, QUEUE_MAX);                  // pending signals
	set_usual(process, 12, 819'200, 819'200);                      // message queues
	set_usual(process, 13, 0, 0);                                  // nice
	set_usual(process, 14, 0, 0);                                  // real-time priority
}

static bool may_look(const struct process *from, const struct process *to)
{
	const struct proc_credentials *a = credentials_of(from), *b = credentials_of(to);
	return from == to || is_able(from, CAP_SYS_RESOURCE) ||
	       (a->user == b->user && a->user == b->effective_user && a->user == b->saved_user);
}

err_t operation_limit(void *_Nullable self, struct caller caller, u32 id, u32 resource, u32 is_set,
	u32 serial, u64 soft, u64 hard, u64 *out_soft, u64 *out_hard)
{
	(void)self;
	(void)serial;
	struct process *from, *to;
	if (resource >= PROC_RESOURCES)
		return ERR_INVALID;
	TRY(caller_find(caller, &from));
	TRY(process_by_id(caller, id, &to));
	if (!may_look(from, to))
		return ERR_NOT_OWNER;
	typeof(AT(to->limits, 0)) *limit = &AT(to->limits, resource);
	*out_soft = limit->soft;
	*out_hard = limit->hard;
	if (!is_set)
		return OK;
	if (soft > hard)
		return ERR_INVALID;
	if (hard > limit->hard && !is_able(from, CAP_SYS_RESOURCE))
		return ERR_NOT_OWNER;
	SET(limit->soft, soft);
	SET(limit->hard, hard);
	if (from != to) {
		SET(to->changed, to->changed + 1);
		process_publish(to);
	}
	return OK;
}

err_t operation_limits(void *_Nullable self, struct caller caller, lease_t all)
{
	(void)self;
	struct process *process;
	TRY(caller_find(caller, &process));
	if (all.size < sizeof process->limits)
		return ERR_TOO_BIG;
	return lease_put(all, 0, view_of(process->limits));
}

static bool is_meant(const struct process *process, enum proc_priority_of whom, u32 id)
{
	if (process->state < PROCESS_UNBORN || is_nobody(process))
		return false;
	switch (whom) {
	case PROC_PRIORITY_OF_PROCESS: return process->pid == id;
	case PROC_PRIORITY_OF_GROUP: return process->group == id;
	case PROC_PRIORITY_OF_USER: return credentials_of(process)->user == id;
	}
	return false;
}

static u32 whom_id(const struct process *caller, enum proc_priority_of whom, u32 id)
{
	if (id)
		return id;
	switch (whom) {
	case PROC_PRIORITY_OF_PROCESS: return caller->pid;
	case PROC_PRIORITY_OF_GROUP: return caller->group;
	case PROC_PRIORITY_OF_USER: return credentials_of(caller)->user;
	}
	return id;
}

err_t operation_priority(
	void *_Nullable self, struct caller caller, enum proc_priority_of whom, u32 id, i32 *out_nice)
{
	(void)self;
	struct process *from;
	err_t err = ERR_NOT_FOUND;
	TRY(caller_find(caller, &from));
	id = whom_id(from, whom, id);
	*out_nice = NICE_HIGH;
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++) {
		const struct process *process = process_at((slot_t)slot);
		if (!is_meant(process, whom, id))
			continue;
		err = OK;
		if (process->nice < *out_nice)
			*out_nice = process->nice;
	}
	return err;
}

static err_t set_nice(const struct process *from, struct process *process, i32 nice)
{
	const struct proc_credentials *a = credentials_of(from), *b = credentials_of(process);
	bool is_owner = a->effective_user == b->user || a->effective_user == b->effective_user;
	if (!is_owner && !is_able(from, CAP_SYS_NICE))
		return ERR_NOT_OWNER;
	if (nice < process->nice && !is_able(from, CAP_SYS_NICE))
		return ERR_RIGHTS;
	SET(process->nice, (i8)nice);
	SET(process->changed, process->changed + 1);
	process_publish(process);
	return OK;
}

err_t operation_set_priority(
	void *_Nullable self, struct caller caller, enum proc_priority_of whom, u32 id, i32 nice)
{
	(void)self;
	struct process *from;
	err_t err = ERR_NOT_FOUND;
	TRY(caller_find(caller, &from));
	id = whom_id(from, whom, id);
	nice = nice < NICE_LOW ? NICE_LOW : nice > NICE_HIGH ? NICE_HIGH : nice;
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++) {
		struct process *process = process_at((slot_t)slot);
		if (!is_meant(process, whom, id))
			continue;
		err_t one = set_nice(from, process, nice);
		err = err == ERR_NOT_FOUND || one != OK ? one : err;
	}
	return err;
}

err_t operation_usage(void *_Nullable self, struct caller caller, enum proc_usage_of whom,
	u64 *out_processor_ns, u64 *out_memory_pages)
{
	(void)self;
	struct process *process;
	struct process_info info = {};
	u64 size;
	TRY(caller_find(caller, &process));
	if (whom == PROC_USAGE_OF_SELF && process->process.raw)
		TRY(handle_info(process->process, INFO_TOPIC_PROCESS, span_of(info), &size));
	bool is_self = whom == PROC_USAGE_OF_SELF;
	*out_processor_ns = is_self ? info.cpu_ns : process->children_ns;
	*out_memory_pages = is_self ? info.mapped_pages : process->children_pages;
	return OK;
}
