// SPDX-License-Identifier: MIT
// ipc.c - see ipc.h. An id is a place and how often it was used, so that an old id is nobody's.
#include "servers/meet/ipc.h"

#include "lib/os/heap.h"
#include "lib/os/process.h"
#include "os/syscalls.h"

constexpr u32 OBJECTS_MAX = 256; // of each kind
constexpr u32 SERIALS = 32768;
constexpr u32 MODE_BITS = 0777;
constexpr u64 SEGMENTS_BYTES_MAX = 256ull << 20; // of all together
constexpr u32 SEMAPHORES_MAX = 32000;
constexpr u64 MESSAGES_BYTES = 16384; // what a queue holds at first

static struct ipc_object objects[IPC_KINDS][OBJECTS_MAX];

static u32 id_of(const struct ipc_object *object, u32 index)
{
	return object->serial * OBJECTS_MAX + index;
}

err_t ipc_find(enum meet_ipc_kind kind, u32 id, struct ipc_object **out)
{
	struct ipc_object *object = &AT(AT(objects, kind), id % OBJECTS_MAX);
	if (!object->is_used || object->is_removed || object->serial != id / OBJECTS_MAX)
		return ERR_INVALID;
	*out = object;
	return OK;
}

static bool is_member(const struct meet_identity *who, u32 group)
{
	struct tree_credentials as = {
		.group = who->effective_group, .groups = who->groups, .group_count = who->group_count
	};
	return tree_is_member(&as, group);
}

static bool may(const struct ipc_object *object, const struct meet_identity *who, u32 access)
{
	const struct meet_ipc_status *status = &object->status;
	u32 allowed = status->mode;
	if (who->capabilities & CAPABILITY_IPC_OWNER)
		return true;
	if (who->effective_user == status->user || who->effective_user == status->creator)
		allowed >>= 6;
	else if (is_member(who, status->group) || is_member(who, status->creator_group))
		allowed >>= 3;
	return (allowed & access) == access;
}

err_t ipc_find_for(
	enum meet_ipc_kind kind, u32 id, struct caller caller, u32 access, struct ipc_object **out)
{
	const struct speaker *speaker;
	TRY(speaker_of(caller, &speaker));
	TRY(ipc_find(kind, id, out));
	return may(*out, &speaker->who, access) ? OK : ERR_RIGHTS;
}

void ipc_free(struct ipc_object *object)
{
	if (object->memory.raw)
		(void)handle_close(object->memory);
	if (object->semaphore)
		heap_free(object->semaphore, object->status.count * sizeof(struct semaphore));
	notes_free(object);
	*object = (struct ipc_object){ .serial = (object->serial + 1) % SERIALS };
}

static struct ipc_object *_Nullable by_key(enum meet_ipc_kind kind, u32 key)
{
	for (u32 i = 0; key && i < OBJECTS_MAX; i++) {
		struct ipc_object *object = &AT(AT(objects, kind), i);
		if (object->is_used && !object->is_removed && object->status.key == key)
			return object;
	}
	return nullptr;
}

static err_t check_size(enum meet_ipc_kind kind, u64 size)
{
	u64 all = size;
	switch (kind) {
	case MEET_IPC_KIND_SEGMENT:
		for (u32 i = 0; i < OBJECTS_MAX; i++)
			all += AT(AT(objects, kind), i).status.size;
		if (!size)
			return ERR_INVALID;
		return size > SEGMENTS_BYTES_MAX || all > SEGMENTS_BYTES_MAX ? ERR_NO_SPACE : OK;
	case MEET_IPC_KIND_SEMAPHORES: return size && size <= SEMAPHORES_MAX ? OK : ERR_INVALID;
	case MEET_IPC_KIND_MESSAGES: return OK;
	}
	return ERR_INVALID;
}

static err_t fill(enum meet_ipc_kind kind, struct ipc_object *object)
{
	switch (kind) {
	case MEET_IPC_KIND_SEGMENT: return segment_make(object);
	case MEET_IPC_KIND_SEMAPHORES: return semaphores_make(object);
	case MEET_IPC_KIND_MESSAGES: object->status.size = MESSAGES_BYTES; return OK;
	}
	return ERR_INVALID;
}

static err_t make(enum meet_ipc_kind kind, const struct meet_ipc_status *like, u32 *out)
{
	u32 index = 0;
	TRY(check_size(kind, like->size));
	while (index < OBJECTS_MAX && AT(AT(objects, kind), index).is_used)
		index++;
	if (index == OBJECTS_MAX)
		return ERR_NO_SPACE;
	struct ipc_object *object = &AT(AT(objects, kind), index);
	object->status = *like;
	object->status.id = id_of(object, index);
	object->status.serial = object->serial;
	object->status.changed_ns = clock_read();
	err_t err = fill(kind, object);
	if (err != OK) {
		ipc_free(object);
		return err == ERR_QUOTA ? ERR_NO_MEMORY : err;
	}
	object->is_used = true;
	*out = object->status.id;
	return OK;
}

static err_t get_known(
	const struct ipc_object *object, const struct meet_identity *who, u32 flags, u64 size)
{
	u32 wanted = (flags | flags >> 3 | flags >> 6) & 7;
	bool is_set = object->semaphore;
	if (flags & IPC_CREAT && flags & IPC_EXCL)
		return ERR_EXISTS;
	if (!may(object, who, wanted))
		return ERR_RIGHTS;
	bool is_larger =
		is_set ? size > object->status.count : object->memory.raw && size > object->status.size;
	return is_larger ? ERR_INVALID : OK;
}

err_t operation_ipc_get(void *_Nullable self, struct caller caller, enum meet_ipc_kind kind,
	u32 flags, u32 key, u32 reserved, u64 size, u32 *out_id)
{
	const struct ipc_object *object = by_key(kind, key);
	const struct speaker *speaker;
	(void)self;
	(void)reserved;
	TRY(speaker_of(caller, &speaker));
	const struct meet_identity *who = &speaker->who;
	if (object) {
		*out_id = object->status.id;
		return get_known(object, who, flags, size);
	}
	if (key && !(flags & IPC_CREAT))
		return ERR_NOT_FOUND;
	const struct meet_ipc_status like = { .size = size,
		.key = key,
		.user = who->effective_user,
		.group = who->effective_group,
		.creator = who->effective_user,
		.creator_group = who->effective_group,
		.mode = flags & MODE_BITS,
		.first_pid = kind == MEET_IPC_KIND_SEGMENT ? who->pid : 0 }; // shm_cpid until it is read
	return make(kind, &like, out_id);
}

err_t operation_ipc_look_at(void *_Nullable self, struct caller caller, enum meet_ipc_kind kind,
	u32 id, enum meet_ipc_look how, lease_t status)
{
	struct ipc_object *object;
	const struct speaker *speaker;
	(void)self;
	TRY(speaker_of(caller, &speaker));
	if (how != MEET_IPC_LOOK_ID) {
		object = &AT(AT(objects, kind), id % OBJECTS_MAX);
		if (id >= OBJECTS_MAX || !object->is_used)
			return ERR_INVALID;
	} else {
		TRY(ipc_find(kind, id, &object));
	}
	if (how != MEET_IPC_LOOK_INDEX_ANY && !may(object, &speaker->who, IPC_READ))
		return ERR_RIGHTS;
	if (status.size != sizeof object->status)
		return ERR_TOO_BIG;
	return lease_put(status, 0, view_of(object->status));
}

err_t operation_ipc_survey(void *_Nullable self, struct caller caller, enum meet_ipc_kind kind,
	u32 *out_count, u32 *out_top, u64 *out_size)
{
	(void)self;
	(void)caller;
	for (u32 i = 0; i < OBJECTS_MAX; i++) {
		const struct ipc_object *object = &AT(AT(objects, kind), i);
		if (!object->is_used)
			continue;
		(*out_count)++;
		*out_top = i;
		bool is_counted = kind != MEET_IPC_KIND_SEGMENT;
		*out_size += is_counted ? object->status.count : object->status.size;
	}
	return OK;
}

static err_t find_to_change(enum meet_ipc_kind kind, u32 id, struct caller caller,
	const struct meet_identity **who, struct ipc_object **out)
{
	const struct speaker *speaker;
	TRY(speaker_of(caller, &speaker));
	TRY(ipc_find(kind, id, out));
	const struct meet_ipc_status *status = &(*out)->status;
	*who = &speaker->who;
	bool is_owner = (*who)->effective_user == status->user ||
	                (*who)->effective_user == status->creator ||
	                (*who)->capabilities & CAPABILITY_SYS_ADMIN;
	return is_owner ? OK : ERR_NOT_OWNER;
}

err_t operation_ipc_change(void *_Nullable self, struct caller caller, enum meet_ipc_kind kind,
	u32 id, u32 user, u32 group, u32 mode, u32 reserved, u64 size)
{
	struct ipc_object *object;
	const struct meet_identity *who;
	(void)self;
	(void)reserved;
	TRY(find_to_change(kind, id, caller, &who, &object));
	if (kind == MEET_IPC_KIND_MESSAGES) {
		if (size > MESSAGES_BYTES && !(who->capabilities & CAPABILITY_SYS_RESOURCE))
			return ERR_NOT_OWNER;
		object->status.size = size;
	}
	object->status.user = user;
	object->status.group = group;
	object->status.mode = mode & MODE_BITS;
	object->status.changed_ns = clock_read();
	return OK;
}

err_t operation_ipc_remove(
	void *_Nullable self, struct caller caller, enum meet_ipc_kind kind, u32 id)
{
	struct ipc_object *object;
	const struct meet_identity *who;
	(void)self;
	TRY(find_to_change(kind, id, caller, &who, &object));
	object->is_removed = true;
	if (kind == MEET_IPC_KIND_SEMAPHORES)
		semaphores_removed(object);
	if (kind == MEET_IPC_KIND_MESSAGES)
		messages_removed(object);
	if (kind == MEET_IPC_KIND_SEGMENT && object->status.count) {
		constexpr u32 SHM_DEST = 01000; // seen in its mode
		object->status.key = 0;
		object->status.mode |= SHM_DEST;
		return OK;
	}
	ipc_free(object);
	return OK;
}

struct ipc_object *segment_at(u32 id)
{
	return &AT(AT(objects, MEET_IPC_KIND_SEGMENT), id % OBJECTS_MAX);
}
