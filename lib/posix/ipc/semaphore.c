// SPDX-License-Identifier: MIT
// semaphore.c - System V semaphores. servers/meet does the operations and lets wait.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/ipc/ipc.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process.h"
#include "lib/posix/time/units.h"
#include "os/syscalls.h"

constexpr enum meet_ipc_kind KIND = MEET_IPC_KIND_SEMAPHORES;

i64 call_semget(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	if (ARG_INT(1) < 0 || ARG_U32(1) > SEMMSL)
		return -EINVAL;
	return ipc_get(KIND, ARG_U32(0), ARG_U32(1), ARG_U32(2));
}

struct operations {
	u32 count;
	u64 deadline;
	struct linux_sembuf list[SEMOPM];
};

static i64 take_operations(u64 address, u64 count, struct operations *out)
{
	if (!count)
		return -EINVAL;
	if (count > SEMOPM)
		return -E2BIG;
	out->count = (u32)count;
	return user_copy_in(out->list, address, count * sizeof(struct linux_sembuf));
}

// What is to be undone at our end is done by the service, which has to see our end.
static i64 register_undo(const struct operations *operations)
{
	const struct identity *mine = &posix_self()->identity;
	u32 *known = &posix_self()->events.undo_pid;
	handle_t process;
	bool is_wanted = false;
	for (u32 i = 0; i < operations->count; i++)
		is_wanted |= AT(operations->list, i).flags & SEM_UNDO;
	if (!is_wanted || *known == mine->pid)
		return 0;
	TRY_ERR(proc_open((proc_t){ process_for_files() }, mine->pid, &process));
	err_t err = meet_semaphore_undo(ipc_meet(), mine->pid, process);
	(void)handle_close(process);
	if (err == OK)
		*known = mine->pid;
	return err == OK ? 0 : -ENOSPC;
}

static i64 operate(struct posix_thread *self, u32 id, const struct operations *operations)
{
	struct meet_ipc_who who = ipc_who();
	if ((i32)id < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	TRY_POSIX(register_undo(operations));
	view_t bytes =
		view_clamp(view_of(operations->list), 0, operations->count * sizeof(struct linux_sembuf));
	wait_open_until(self, operations->deadline);
	err_t err = meet_semaphore_operate(ipc_meet(), id, 0, &who, bytes);
	wait_close(self);
	return err == ERR_TIMED_OUT ? -EAGAIN : ipc_error(err);
}

i64 call_semop(struct posix_thread *self, const struct arguments *arguments)
{
	struct operations operations UNINITIALIZED;
	operations.deadline = DEADLINE_NEVER;
	TRY_POSIX(take_operations(ARG(1), ARG(2), &operations));
	return operate(self, ARG_U32(0), &operations);
}

i64 call_semtimedop(struct posix_thread *self, const struct arguments *arguments)
{
	struct operations operations UNINITIALIZED;
	struct linux_timespec limit;
	u64 ns;
	operations.deadline = DEADLINE_NEVER;
	TRY_POSIX(take_operations(ARG(1), ARG(2), &operations));
	if (ARG(3)) {
		TRY_POSIX(user_get(limit, ARG(3)));
		TRY_POSIX(time_of_timespec(&limit, &ns));
		operations.deadline = wait_deadline(self, ns);
	}
	return operate(self, ARG_U32(0), &operations);
}

static i64 put_status(u32 id, enum meet_ipc_look how, u64 address)
{
	struct meet_ipc_status status;
	TRY_POSIX(ipc_status(KIND, id, how, &status));
	const struct linux_semid_ds out = { .perm = ipc_perm(&status),
		.operated = ipc_seconds(status.first_ns),
		.changed = ipc_seconds(status.changed_ns),
		.count = status.count };
	TRY_POSIX(user_put(address, out));
	return how == MEET_IPC_LOOK_ID ? 0 : status.id;
}

static i64 set(u32 id, u64 address)
{
	struct linux_semid_ds given;
	TRY_POSIX(user_get(given, address));
	return ipc_set(KIND, id, &given.perm, 0);
}

static i64 put_info(u32 code, u64 address)
{
	u32 count, top;
	u64 semaphores;
	TRY_ERR(meet_ipc_survey(ipc_meet(), KIND, &count, &top, &semaphores));
	struct linux_seminfo info = { .map = SEMMSL * IPC_OBJECTS,
		.sets = IPC_OBJECTS,
		.semaphores = SEMMSL * IPC_OBJECTS,
		.undo = SEMMSL * IPC_OBJECTS,
		.each = SEMMSL,
		.operations = SEMOPM,
		.undo_each = SEMOPM,
		.undo_size = IPC_OBJECTS,
		.value_max = SEMVMX,
		.adjust_max = SEMVMX };
	if (code == SEM_INFO) {
		info.undo_size = count;
		info.adjust_max = (u32)semaphores;
	}
	TRY_POSIX(user_put(address, info));
	return top;
}

static i64 control_one(u32 id, u32 number, u32 code, u32 value)
{
	struct meet_ipc_who who = ipc_who();
	u32 answer;
	err_t err = meet_semaphore_control(ipc_meet(), id, number, code, value, &who, &answer);
	return err != OK ? ipc_error(err) : code == SETVAL ? 0 : answer;
}

static i64 move_all(u32 id, u32 code, u64 address, span_t values)
{
	struct meet_ipc_who who = ipc_who();
	span_fill(values, 0); // touched: they are lent
	if (code == SETALL) {
		TRY_POSIX(user_copy_in(values.data, address, values.size));
		return ipc_error(meet_semaphore_set(ipc_meet(), id, 0, &who, span_view(values)));
	}
	err_t err = meet_semaphore_values(ipc_meet(), id, 0, &who, values);
	return err == OK ? user_copy_out(address, values.data, values.size) : ipc_error(err);
}

static i64 control_all(u32 id, u32 code, u64 address)
{
	struct meet_ipc_status status;
	i64 answer = ipc_status(KIND, id % IPC_OBJECTS, MEET_IPC_LOOK_INDEX_ANY, &status);
	if (answer < 0 || status.id != id)
		return -EINVAL;
	usize size = status.count * sizeof(u16);
	void *memory = heap_take(size);
	if (!memory)
		return -ENOMEM;
	answer = move_all(id, code, address, span_from(memory, size));
	heap_give(memory, size);
	return answer;
}

i64 call_semctl(struct posix_thread *self, const struct arguments *arguments)
{
	u32 id = ARG_U32(0), code = ARG_U32(2) & ~(u32)IPC_64;
	(void)self;
	if (ARG_INT(0) < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	switch (code) {
	case IPC_RMID: return ipc_remove(KIND, id);
	case IPC_SET: return set(id, ARG(3));
	case IPC_STAT: return put_status(id, MEET_IPC_LOOK_ID, ARG(3));
	case SEM_STAT: return put_status(id, MEET_IPC_LOOK_INDEX, ARG(3));
	case SEM_STAT_ANY: return put_status(id, MEET_IPC_LOOK_INDEX_ANY, ARG(3));
	case IPC_INFO:
	case SEM_INFO: return put_info(code, ARG(3));
	case GETALL:
	case SETALL: return control_all(id, code, ARG(3));
	case GETPID:
	case GETVAL:
	case GETNCNT:
	case GETZCNT:
	case SETVAL: return control_one(id, ARG_U32(1), code, ARG_U32(3));
	default: return -EINVAL;
	}
}
