// SPDX-License-Identifier: MIT
// ipc.h - System V IPC: objects by key and id, of three kinds; who may do what with them. The
// kinds: segment.c, semaphore.c, message.c.
#pragma once

#include "servers/meet/speaker.h"

NONNULL_BEGIN

constexpr u64 SEGMENT_BADGE = 1ull << 62; // beside an id: an attachment
constexpr u64 UNDO_KEY = 1ull << 61;      // beside an index: a process of which something is undone
constexpr u32 IPC_KINDS = 3;

// Linux's flags.
enum ipc_flag : u32 { IPC_CREAT = 01000, IPC_EXCL = 02000, IPC_NOWAIT = 04000 };
enum ipc_access : u32 { IPC_READ = 4, IPC_WRITE = 2 };

struct semaphore {
	u32 value, pid;
};

struct note {
	struct note *_Nullable next; // owned
	i64 type;
	usize size;
	u8 text[];
};

struct ipc_object {
	bool is_used, is_removed; // removed: a segment that is still attached
	u32 serial;               // of this place: an id's high half
	struct meet_ipc_status status;
	handle_t memory;                       // owned; segment
	struct semaphore *_Nullable semaphore; // owned; status.count of them
	struct note *_Nullable first;          // owned; messages
};

// By id. ERR_INVALID: there is none, or no more.
err_t ipc_find(enum meet_ipc_kind kind, u32 id, struct ipc_object **out);
// The same, checked for enum ipc_access.
err_t ipc_find_for(
	enum meet_ipc_kind kind, u32 id, struct caller caller, u32 access, struct ipc_object **out);
void ipc_free(struct ipc_object *object);
// The place of a segment's id, whatever is there.
struct ipc_object *segment_at(u32 id);

// segment.c
err_t segment_make(struct ipc_object *object);
void segment_hangup(u64 badge);
// semaphore.c
err_t semaphores_make(struct ipc_object *object);
struct semaphore *semaphore_at(const struct ipc_object *object, u32 number);
void semaphores_removed(const struct ipc_object *object);
bool semaphores_cancel(handle_t reply);
void semaphores_undo(u32 index); // the process has ended
// message.c
void notes_free(struct ipc_object *object);
void messages_removed(const struct ipc_object *object);
bool messages_cancel(handle_t reply);

err_t operation_ipc_get(void *_Nullable self, struct caller caller, enum meet_ipc_kind kind,
	u32 flags, u32 key, u32 reserved, u64 size, u32 *out_id);
err_t operation_ipc_look_at(void *_Nullable self, struct caller caller, enum meet_ipc_kind kind,
	u32 id, enum meet_ipc_look how, lease_t status);
err_t operation_ipc_survey(void *_Nullable self, struct caller caller, enum meet_ipc_kind kind,
	u32 *out_count, u32 *out_top, u64 *out_size);
err_t operation_ipc_change(void *_Nullable self, struct caller caller, enum meet_ipc_kind kind,
	u32 id, u32 user, u32 group, u32 mode, u32 reserved, u64 size);
err_t operation_ipc_remove(
	void *_Nullable self, struct caller caller, enum meet_ipc_kind kind, u32 id);
void operation_segment_attach(void *_Nullable self, struct meet_segment_attach_call call);
err_t operation_semaphore_control(void *_Nullable self, struct caller caller, u32 id, u32 number,
	u32 code, u32 value, u32 *out_value);
err_t operation_semaphore_values(
	void *_Nullable self, struct caller caller, u32 id, lease_t values);
err_t operation_semaphore_set(void *_Nullable self, struct caller caller, u32 id, lease_t values);
void operation_semaphore_operate(void *_Nullable self, struct meet_semaphore_operate_call call);
void operation_message_send(void *_Nullable self, struct meet_message_send_call call);
void operation_message_receive(void *_Nullable self, struct meet_message_receive_call call);

NONNULL_END
