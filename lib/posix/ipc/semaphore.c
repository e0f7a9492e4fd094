// SPDX-License-Identifier: MIT
// semaphore.c - System V semaphores. servers/meet does the operations and lets wait.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/ipc/ipc.h"
#include "lib/posix/linux/errno.h"
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

static i64 operate(struct posix_thread *self, u32 id, const struct operations *operations)
{
	err_t err;
	if ((i32)id < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	view_t bytes =
		view_clamp(view_of(operations->list), 0, operations->count * sizeof(struct linux_sembuf));
	struct voice voice = voice_begin();
	do {
		wait_open_until(self, operations->deadline);
		err = meet_semaphore_operate(voice.meet, id, bytes);
		wait_close(self);
	} while (voice_renew(&voice, err));
	return err == ERR_TIMED_OUT ? -EAGAIN : ipc_error(err);
}

// What can be done at once is done, however short the time is: only waiting takes of it.
static i64 operate_until(struct posix_thread *self, u32 id, struct operations *operations)
{
	u64 deadline = operations->deadline;
	struct operations at_once = *operations;
	for (u32 i = 0; i < at_once.count; i++)
		AT(at_once.list, i).flags |= IPC_NOWAIT;
	at_once.deadline = DEADLINE_NEVER;
	i64 answer = operate(self, id, &at_once);
	bool may_wait = answer == -EAGAIN && deadline > posix_clock();
	return may_wait ? operate(self, id, operations) : answer;
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
		return operate_until(self, ARG_U32(0), &operations);
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
	struct voice voice = voice_begin();
	u32 answer;
	err_t err;
	do
		err = meet_semaphore_control(voice.meet, id, number, code, value, &answer);
	while (voice_renew(&voice, err));
	return err != OK ? ipc_error(err) : code == SETVAL ? 0 : answer;
}

static err_t move_values(u32 id, u32 code, span_t values)
{
	struct voice voice = voice_begin();
	err_t err;
	do
		err = code == SETALL ? meet_semaphore_set(voice.meet, id, span_view(values))
		                     : meet_semaphore_values(voice.meet, id, values);
	while (voice_renew(&voice, err));
	return err;
}

static i64 move_all(u32 id, u32 code, u64 address, span_t values)
{
	span_fill(values, 0); // touched: they are lent
	if (code == SETALL)
		TRY_POSIX(user_copy_in(values.data, address, values.size));
	err_t err = move_values(id, code, values);
	return err != OK        ? ipc_error(err)
	       : code == SETALL ? 0
	                        : user_copy_out(address, values.data, values.size);
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
