// SPDX-License-Identifier: MIT
// semaphore.c - System V semaphores: sets of values; operations on some of a set are done all at
// once or wait. Who ends has his operations with SEM_UNDO taken back.
#include "abi/rights.h"
#include "abi/signals.h"
#include "lib/os/heap.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/meet/fifo.h"
#include "servers/meet/ipc.h"

constexpr u32 VALUE_MAX = 32767;
constexpr u32 OPERATIONS_MAX = 500;
constexpr u32 WAITERS_MAX = 128, UNDOERS_MAX = 128, UNDONE_MAX = 1024;

// Linux's struct sembuf.
struct operation {
	u16 number;
	i16 change;
	u16 flags;
};
constexpr u16 SEM_UNDO = 0x1000;

enum semaphore_code : u32 { GETPID = 11, GETVAL = 12, GETNCNT = 14, GETZCNT = 15, SETVAL = 16 };

struct operations {
	u32 count;
	struct operation list[OPERATIONS_MAX];
};

struct waiter {
	struct meet_semaphore_operate_call call;
	struct operations *operations; // owned
	u32 pid;                       // of the caller
	u32 number;                    // the semaphore that it waits for
	bool is_for_zero;
};

static struct waiter waiters[WAITERS_MAX];
static u32 waiter_count;

// A process with something to undo. pid 0: free.
static struct undoer {
	u32 pid;
	handle_t process; // owned; its end comes to the port
} undoers[UNDOERS_MAX];

static struct undone {
	u32 pid, id, number; // pid 0: free
	i32 change;          // to be added at its end
} undone[UNDONE_MAX];

err_t semaphores_make(struct ipc_object *object)
{
	void *memory;
	TRY(heap_alloc(object->status.size * sizeof(struct semaphore), &memory));
	object->semaphore = memory;
	object->status.count = (u32)object->status.size;
	return OK;
}

struct semaphore *semaphore_at(const struct ipc_object *object, u32 number)
{
	debug_assert(object->status.count); // no set is made without any
	UNSAFE_BEGIN("the number is taken modulo the count")
	return &object->semaphore[number % object->status.count];
	UNSAFE_END
}

static struct waiter waiter_take(u32 index)
{
	struct waiter taken = AT(waiters, index);
	waiter_count--;
	for (u32 i = index; i < waiter_count; i++)
		AT(waiters, i) = AT(waiters, i + 1);
	return taken;
}

static void waiter_end(u32 index, err_t err)
{
	struct waiter waiter = waiter_take(index);
	heap_free(waiter.operations, sizeof(struct operations));
	meet_semaphore_operate_done(waiter.call, err);
}

static struct undone *_Nullable undone_find(u32 pid, u32 id, u32 number)
{
	for (u32 i = 0; i < UNDONE_MAX; i++) {
		struct undone *at = &AT(undone, i);
		if (at->pid == pid && (!pid || (at->id == id && at->number == number)))
			return at;
	}
	return nullptr;
}

static bool is_undoer(u32 pid)
{
	for (u32 i = 0; i < UNDOERS_MAX; i++)
		if (AT(undoers, i).pid == pid)
			return true;
	return false;
}

static err_t note_undo(u32 pid, u32 id, const struct operation *at)
{
	struct undone *place = undone_find(pid, id, at->number);
	if (!place)
		place = undone_find(0, 0, 0);
	if (!place || !is_undoer(pid))
		return ERR_NO_SPACE;
	i32 before = place->pid ? place->change : 0;
	*place = (struct undone){ pid, id, at->number, before - at->change };
	if (!place->change)
		*place = (struct undone){};
	return OK;
}

static void take_back(const struct ipc_object *object, const struct operations *done, u32 count)
{
	for (u32 i = count; i--;) {
		const struct operation *at = &AT(done->list, i);
		struct semaphore *semaphore = semaphore_at(object, at->number);
		semaphore->value = (u32)((i32)semaphore->value - at->change);
	}
}

// One operation. ERR_WOULD_BLOCK: it has to wait.
static err_t change_one(const struct ipc_object *object, const struct operation *at)
{
	struct semaphore *semaphore = semaphore_at(object, at->number);
	i32 value = (i32)semaphore->value + at->change;
	if (!at->change)
		return semaphore->value ? ERR_WOULD_BLOCK : OK;
	if (value < 0)
		return ERR_WOULD_BLOCK;
	if (value > (i32)VALUE_MAX)
		return ERR_RANGE;
	semaphore->value = (u32)value;
	return OK;
}

// All or none. index: the one that could not be done.
static err_t change_all(const struct ipc_object *object, const struct operations *asked, u32 *index)
{
	for (u32 i = 0; i < asked->count; i++) {
		err_t err = change_one(object, &AT(asked->list, i));
		if (err == OK)
			continue;
		take_back(object, asked, i);
		*index = i;
		return err;
	}
	return OK;
}

static err_t finish(struct ipc_object *object, u32 pid, const struct operations *done)
{
	for (u32 i = 0; i < done->count; i++) {
		const struct operation *at = &AT(done->list, i);
		semaphore_at(object, at->number)->pid = pid;
		err_t err = at->flags & SEM_UNDO && at->change ? note_undo(pid, object->status.id, at) : OK;
		if (err != OK) {
			take_back(object, done, done->count);
			return err;
		}
	}
	object->status.first_ns = clock_read();
	return OK;
}

// Not if its time is over, or it was killed: word of that is on its way here.
static bool waits_still(const struct waiter *waiter)
{
	u8 byte;
	return lease_get(waiter->call.operations, 0, span_of(byte)) != ERR_GONE;
}

static err_t give_up(const struct ipc_object *object, const struct operations *done)
{
	take_back(object, done, done->count);
	return ERR_CANCELLED;
}

// Who can go on after a change does, the oldest first, as long as one can.
static void wake(struct ipc_object *object)
{
	for (u32 i = 0; i < waiter_count;) {
		struct waiter *waiter = &AT(waiters, i);
		u32 index = 0;
		err_t err = ERR_WOULD_BLOCK;
		if (waiter->call.id == object->status.id)
			err = change_all(object, waiter->operations, &index);
		if (err == ERR_WOULD_BLOCK) {
			if (waiter->call.id == object->status.id) {
				waiter->number = AT(waiter->operations->list, index).number;
				waiter->is_for_zero = !AT(waiter->operations->list, index).change;
			}
			i++;
			continue;
		}
		if (err == OK)
			err = waits_still(waiter) ? finish(object, waiter->pid, waiter->operations)
			                          : give_up(object, waiter->operations);
		waiter_end(i, err);
		i = 0;
	}
}

static err_t take_operations(const struct meet_semaphore_operate_call *call,
	struct ipc_object **object, struct operations *out)
{
	u64 size = call->operations.size;
	bool is_change = false;
	if (!size || size % sizeof(struct operation) || size > sizeof out->list)
		return ERR_INVALID;
	out->count = (u32)(size / sizeof(struct operation));
	TRY(lease_get(call->operations, 0, span_clamp(span_of(out->list), 0, size)));
	TRY(ipc_find(MEET_IPC_KIND_SEMAPHORES, call->id, object));
	for (u32 i = 0; i < out->count; i++) {
		if (AT(out->list, i).number >= (*object)->status.count)
			return ERR_TOO_BIG;
		is_change |= AT(out->list, i).change != 0;
	}
	u32 access = is_change ? IPC_WRITE : IPC_READ;
	return ipc_find_for(MEET_IPC_KIND_SEMAPHORES, call->id, call->caller, access, object);
}

static bool has_undo(const struct operations *asked)
{
	for (u32 i = 0; i < asked->count; i++)
		if (AT(asked->list, i).flags & SEM_UNDO)
			return true;
	return false;
}

// Its end is to be seen. The speaker's handle to the process ends with the speaker: this is
// another.
static err_t undoer_add(const struct speaker *speaker)
{
	u32 index = 0;
	handle_t process;
	if (is_undoer(speaker->who.pid))
		return OK;
	while (index < UNDOERS_MAX && AT(undoers, index).pid)
		index++;
	if (index == UNDOERS_MAX || handle_duplicate(speaker->process, RIGHT_WAIT, &process) != OK)
		return ERR_NO_SPACE;
	if (port_bind(fifo_port, process, SIGNAL_EXITED, UNDO_KEY | index, BIND_MODE_EDGE) != OK) {
		(void)handle_close(process);
		return ERR_NO_SPACE;
	}
	AT(undoers, index) = (struct undoer){ speaker->who.pid, process };
	return OK;
}

// Puts it aside if it has to wait: ERR_BUSY then.
static err_t operate(const struct meet_semaphore_operate_call *call, struct operations *asked)
{
	struct ipc_object *object;
	const struct speaker *speaker;
	u32 index = 0;
	TRY(speaker_of(call->caller, &speaker));
	TRY(take_operations(call, &object, asked));
	if (has_undo(asked))
		TRY(undoer_add(speaker));
	err_t err = change_all(object, asked, &index);
	const struct operation *stopped = &AT(asked->list, index);
	if (err == ERR_WOULD_BLOCK && !(stopped->flags & IPC_NOWAIT)) {
		if (waiter_count == WAITERS_MAX)
			return ERR_NO_SPACE;
		AT(waiters, waiter_count++) =
			(struct waiter){ *call, asked, speaker->who.pid, stopped->number, !stopped->change };
		return ERR_BUSY;
	}
	TRY(err);
	TRY(finish(object, speaker->who.pid, asked));
	wake(object);
	return OK;
}

void operation_semaphore_operate(void *_Nullable self, struct meet_semaphore_operate_call call)
{
	void *memory;
	(void)self;
	err_t err = heap_alloc(sizeof(struct operations), &memory);
	if (err == OK) {
		err = operate(&call, memory);
		if (err == ERR_BUSY)
			return;
		heap_free(memory, sizeof(struct operations));
	}
	meet_semaphore_operate_done(call, err);
}

void semaphores_removed(const struct ipc_object *object)
{
	for (u32 i = 0; i < waiter_count;)
		if (AT(waiters, i).call.id == object->status.id)
			waiter_end(i, ERR_REVOKED);
		else
			i++;
	for (u32 i = 0; i < UNDONE_MAX; i++)
		if (AT(undone, i).pid && AT(undone, i).id == object->status.id)
			AT(undone, i) = (struct undone){};
}

bool semaphores_cancel(handle_t reply)
{
	for (u32 i = 0; i < waiter_count; i++)
		if (AT(waiters, i).call.later.reply.raw == reply.raw) {
			waiter_end(i, ERR_CANCELLED);
			return true;
		}
	return false;
}

static void undo(const struct undone *what)
{
	struct ipc_object *object;
	if (ipc_find(MEET_IPC_KIND_SEMAPHORES, what->id, &object) != OK)
		return;
	struct semaphore *semaphore = semaphore_at(object, what->number);
	i32 value = (i32)semaphore->value + what->change;
	semaphore->value = value<0 ? 0 : value>(i32) VALUE_MAX ? VALUE_MAX : (u32)value;
	semaphore->pid = what->pid;
	wake(object);
}

void semaphores_undo(u32 index)
{
	struct undoer *undoer = &AT(undoers, index % UNDOERS_MAX);
	u32 bits, pid = undoer->pid;
	if (!pid || object_wait(undoer->process, SIGNAL_EXITED, 0, &bits) != OK)
		return;
	(void)handle_close(undoer->process);
	*undoer = (struct undoer){};
	for (u32 i = 0; i < UNDONE_MAX; i++) {
		struct undone what = AT(undone, i);
		if (what.pid != pid)
			continue;
		AT(undone, i) = (struct undone){};
		undo(&what);
	}
}

static u32 count_waiters(const struct ipc_object *object, u32 number, bool is_for_zero)
{
	u32 count = 0;
	for (u32 i = 0; i < waiter_count; i++) {
		const struct waiter *waiter = &AT(waiters, i);
		count += waiter->call.id == object->status.id && waiter->number == number &&
		         waiter->is_for_zero == is_for_zero;
	}
	return count;
}

// What was to be undone of a semaphore counts no more once it is set.
static void set(struct ipc_object *object, u32 number, u32 value, u32 pid)
{
	*semaphore_at(object, number) = (struct semaphore){ value, pid };
	for (u32 i = 0; i < UNDONE_MAX; i++)
		if (AT(undone, i).pid && AT(undone, i).id == object->status.id &&
			AT(undone, i).number == number)
			AT(undone, i) = (struct undone){};
	object->status.changed_ns = clock_read();
}

static err_t set_value(struct ipc_object *object, u32 number, u32 value, struct caller caller)
{
	const struct speaker *speaker;
	TRY(speaker_of(caller, &speaker));
	if (value > VALUE_MAX)
		return ERR_RANGE;
	set(object, number, value, speaker->who.pid);
	wake(object);
	return OK;
}

err_t operation_semaphore_control(void *_Nullable self, struct caller caller, u32 id, u32 number,
	u32 code, u32 value, u32 *out_value)
{
	struct ipc_object *object;
	u32 access = code == SETVAL ? IPC_WRITE : IPC_READ;
	(void)self;
	TRY(ipc_find_for(MEET_IPC_KIND_SEMAPHORES, id, caller, access, &object));
	if (number >= object->status.count)
		return ERR_INVALID;
	const struct semaphore *semaphore = semaphore_at(object, number);
	switch (code) {
	case GETPID: *out_value = semaphore->pid; return OK;
	case GETVAL: *out_value = semaphore->value; return OK;
	case GETNCNT: *out_value = count_waiters(object, number, false); return OK;
	case GETZCNT: *out_value = count_waiters(object, number, true); return OK;
	case SETVAL: return set_value(object, number, value, caller);
	default: return ERR_INVALID;
	}
}

err_t operation_semaphore_values(void *_Nullable self, struct caller caller, u32 id, lease_t values)
{
	struct ipc_object *object;
	(void)self;
	TRY(ipc_find_for(MEET_IPC_KIND_SEMAPHORES, id, caller, IPC_READ, &object));
	for (u32 i = 0; i < object->status.count; i++) {
		u16 value = (u16)semaphore_at(object, i)->value;
		TRY(lease_put(values, (u64)i * sizeof value, view_of(value)));
	}
	return OK;
}

err_t operation_semaphore_set(void *_Nullable self, struct caller caller, u32 id, lease_t values)
{
	struct ipc_object *object;
	const struct speaker *speaker;
	u16 value;
	(void)self;
	TRY(ipc_find_for(MEET_IPC_KIND_SEMAPHORES, id, caller, IPC_WRITE, &object));
	TRY(speaker_of(caller, &speaker));
	for (u32 i = 0; i < object->status.count; i++) {
		TRY(lease_get(values, (u64)i * sizeof value, span_of(value)));
		if (value > VALUE_MAX)
			return ERR_RANGE;
	}
	for (u32 i = 0; i < object->status.count; i++) {
		TRY(lease_get(values, (u64)i * sizeof value, span_of(value)));
		set(object, i, value, speaker->who.pid);
	}
	wake(object);
	return OK;
}
