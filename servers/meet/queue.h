// SPDX-License-Identifier: MIT
// queue.h - POSIX message queues by name: letters in the order of their priorities, and who asked
// to be told of the next. A queue has one connection, which all its openers share.
#pragma once

#include "ifc/meet.h"

NONNULL_BEGIN

constexpr u64 QUEUE_BADGE = 1ull << 63; // beside the use of a queue's place and its number

void queue_alone(u64 badge);       // nobody has it open any more
void queue_cancel(handle_t reply); // somebody does not wait for a letter any more

// The protocol's operations on names; those on a queue's connection.
err_t operation_queue_open(void *_Nullable self, struct caller caller, enum meet_queue_how how,
	u32 mode, u32 user, u32 group, u32 messages, u32 size, u32 limit, lease_t name, u32 *out_mode,
	u32 *out_user, u32 *out_group, u32 *out_size, handle_t *out_queue);
err_t operation_queue_unlink(
	void *_Nullable self, struct caller caller, u32 is_sure, lease_t name, u32 *out_user);
err_t operation_queue_send(
	void *_Nullable self, struct caller caller, u32 priority, u32 pid, u32 user, lease_t text);
void operation_queue_receive(void *_Nullable self, struct meet_queue_receive_call call);
err_t operation_queue_status(void *_Nullable self, struct caller caller, u32 *out_messages_max,
	u32 *out_size_max, u32 *out_messages);
err_t operation_queue_notify(void *_Nullable self, struct caller caller, u32 pid, handle_t process);
err_t operation_queue_forget(void *_Nullable self, struct caller caller, u32 pid);
err_t operation_queue_noticed(
	void *_Nullable self, struct caller caller, u32 pid, u32 *out_sender, u32 *out_user);

NONNULL_END
