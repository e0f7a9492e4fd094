// SPDX-License-Identifier: MIT
// segment.c - System V shared memory. Each shmat has an attachment, a connection whose end is the
// detachment: shmdt closes it, the end of the process does, exec does.
#include "lib/posix/ipc/segment.h"

#include "lib/posix/core/calls.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/ipc/ipc.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/memory/range.h"
#include "os/syscalls.h"

constexpr u64 CAPABILITY_IPC_LOCK = 1u << 14;

struct attachment {
	struct attachment *_Nullable next; // owned
	u64 address, size;
	handle_t connection; // owned
};

i64 call_shmget(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return ipc_get(MEET_IPC_KIND_SEGMENT, ARG_U32(0), ARG(1), ARG_U32(2));
}

// Where it shall be shown; 0: where the kernel likes.
static i64 check_address(u64 given, u32 flags, u64 *out)
{
	*out = given;
	if (!is_aligned(given, PAGE_SIZE)) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		*out = align_down(given, PAGE_SIZE);
	}
	if (!*out)
		return flags & SHM_REMAP ? -EINVAL : 0;
	return *out < RANGE_LOW ? -EINVAL : 0;
}

static u32 flags_of(u64 address, u32 flags)
{
	u32 map = MAP_FLAGS_READ | MAP_FLAGS_SHARED;
	map |= flags & SHM_RDONLY ? 0 : MAP_FLAGS_WRITE;
	map |= flags & SHM_EXEC ? MAP_FLAGS_EXEC : 0;
	map |= address ? MAP_FLAGS_FIXED : 0;
	return map | (address && flags & SHM_REMAP ? MAP_FLAGS_REPLACE : 0);
}

static i64 show(struct attachment *attachment, handle_t memory, u32 flags)
{
	u64 size = attachment->size;
	if (!size_to_pages(&size))
		return -ENOMEM;
	err_t err = memory_map(HANDLE_NONE, memory, attachment->address, size, 0,
		flags_of(attachment->address, flags), &attachment->address);
	attachment->size = size;
	return err == OK ? 0 : err == ERR_EXISTS ? -EINVAL : -ENOMEM;
}

static void keep(struct attachment *attachment)
{
	struct area_state *areas = &posix_self()->areas;
	posix_lock_take(&areas->lock);
	attachment->next = areas->attachments;
	areas->attachments = attachment;
	posix_lock_give(&areas->lock);
}

static err_t attach(u32 id, bool is_writable, struct attachment *attachment, handle_t *memory)
{
	struct voice voice = voice_begin();
	err_t err;
	do
		err = meet_segment_attach(
			voice.meet, id, is_writable, &attachment->size, memory, &attachment->connection);
	while (voice_renew(&voice, err));
	return err;
}

i64 call_shmat(struct posix_thread *self, const struct arguments *arguments)
{
	u32 flags = ARG_U32(2);
	u64 address;
	handle_t memory;
	(void)self;
	TRY_POSIX(check_address(ARG(1), flags, &address));
	if (ARG_INT(0) < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	struct attachment *attachment = heap_take(sizeof *attachment);
	if (!attachment)
		return -ENOMEM;
	attachment->address = address;
	err_t err = attach(ARG_U32(0), !(flags & SHM_RDONLY), attachment, &memory);
	i64 answer = ipc_error(err);
	if (err == OK) {
		answer = show(attachment, memory, flags);
		(void)handle_close(memory);
		if (answer < 0)
			(void)handle_close(attachment->connection);
	}
	if (answer < 0) {
		heap_give(attachment, sizeof *attachment);
		return answer;
	}
	address = attachment->address;
	keep(attachment);
	return (i64)address;
}

i64 call_shmdt(struct posix_thread *self, const struct arguments *arguments)
{
	struct area_state *areas = &posix_self()->areas;
	struct attachment *_Nullable found;
	(void)self;
	posix_lock_take(&areas->lock);
	struct attachment *_Nullable *link = &areas->attachments;
	while ((found = *link) && found->address != ARG(0))
		link = &found->next;
	if (found)
		*link = found->next;
	posix_lock_give(&areas->lock);
	if (!found)
		return -EINVAL;
	(void)memory_unmap(HANDLE_NONE, found->address, found->size);
	(void)handle_close(found->connection);
	heap_give(found, sizeof *found);
	return 0;
}

void attachments_forget(void)
{
	struct area_state *areas = &posix_self()->areas;
	struct attachment *_Nullable attachment;
	while ((attachment = areas->attachments)) {
		areas->attachments = attachment->next;
		(void)handle_close(attachment->connection);
		heap_give(attachment, sizeof *attachment);
	}
}

static i64 put_status(u32 id, enum meet_ipc_look how, u64 address)
{
	struct meet_ipc_status status;
	TRY_POSIX(ipc_status(MEET_IPC_KIND_SEGMENT, id, how, &status));
	const struct linux_shmid_ds out = { .perm = ipc_perm(&status),
		.size = status.size,
		.attached = ipc_seconds(status.first_ns),
		.detached = ipc_seconds(status.second_ns),
		.changed = ipc_seconds(status.changed_ns),
		.creator_pid = status.reserved,
		.last_pid = status.first_pid,
		.attachments = status.count };
	TRY_POSIX(user_put(address, out));
	return how == MEET_IPC_LOOK_ID ? 0 : status.id;
}

static i64 set(u32 id, u64 address)
{
	struct linux_shmid_ds given;
	TRY_POSIX(user_get(given, address));
	return ipc_set(MEET_IPC_KIND_SEGMENT, id, &given.perm, 0);
}

static i64 put_info(u32 code, u64 address)
{
	u32 count, top;
	u64 bytes;
	TRY_ERR(meet_ipc_survey(ipc_meet(), MEET_IPC_KIND_SEGMENT, &count, &top, &bytes));
	const struct linux_shminfo limits = { .bytes_max = 256ull << 20,
		.bytes_min = 1,
		.segments = IPC_OBJECTS,
		.segments_each = IPC_OBJECTS,
		.pages = (256ull << 20) / PAGE_SIZE };
	const struct linux_shm_info now = { .used = count, .pages = bytes / PAGE_SIZE };
	TRY_POSIX(code == IPC_INFO ? user_put(address, limits) : user_put(address, now));
	return top;
}

// Nothing is ever paged out; its owner may say so, or who may lock memory.
static i64 lock(u32 id)
{
	const struct proc_credentials *who = &posix_self()->identity.credentials;
	struct meet_ipc_status status;
	i64 error = ipc_status(MEET_IPC_KIND_SEGMENT, id, MEET_IPC_LOOK_ID, &status);
	if (error)
		return error == -EACCES ? -EPERM : error;
	bool is_owner = who->effective_user == status.user || who->effective_user == status.creator;
	return is_owner || who->effective & CAPABILITY_IPC_LOCK ? 0 : -EPERM;
}

i64 call_shmctl(struct posix_thread *self, const struct arguments *arguments)
{
	u32 code = ARG_U32(1) & ~(u32)IPC_64;
	(void)self;
	if (ARG_INT(0) < 0 || ARG_INT(1) < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	switch (code) {
	case IPC_RMID: return ipc_remove(MEET_IPC_KIND_SEGMENT, ARG_U32(0));
	case IPC_SET: return set(ARG_U32(0), ARG(2));
	case IPC_STAT: return put_status(ARG_U32(0), MEET_IPC_LOOK_ID, ARG(2));
	case SHM_STAT: return put_status(ARG_U32(0), MEET_IPC_LOOK_INDEX, ARG(2));
	case SHM_STAT_ANY: return put_status(ARG_U32(0), MEET_IPC_LOOK_INDEX_ANY, ARG(2));
	case IPC_INFO:
	case SHM_INFO: return put_info(code, ARG(2));
	case SHM_LOCK:
	case SHM_UNLOCK: return lock(ARG_U32(0));
	default: return -EINVAL;
	}
}
