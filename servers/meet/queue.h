// SPDX-License-Identifier: MIT
// queue.h - POSIX message queues by name: letters in the order of their priorities, and who asked
// to be told of the next. A queue has a connection for each way of opening it, which openers share.
#pragma once

#include "servers/meet/speaker.h"

NONNULL_BEGIN

// Beside how it was opened (enum meet_queue_how, from bit 56), the use of a queue's place, its
// number.
constexpr u64 QUEUE_BADGE = 1ull << 63;

void queue_alone(u64 badge);       // nobody has it open any more
void queue_cancel(handle_t reply); // somebody does not wait for a letter any more

// The protocol's operations on names; those on a queue's connection.
err_t operation_queue_open(void *_Nullable self, struct caller caller, enum meet_queue_how how,
	u32 mode, u32 messages, u32 size, u32 limit, lease_t name, u32 *out_size, handle_t *out_queue);
err_t operation_queue_unlink(void *_Nullable self, struct caller caller, lease_t name);
err_t operation_queue_send(void *_Nullable self, struct caller caller, u32 priority, lease_t text);
err_t operation_queue_post(
	void *_Nullable self, struct caller caller, u32 priority, handle_t speaker, lease_t text);
void operation_queue_receive(void *_Nullable self, struct meet_queue_receive_call call);
err_t operation_queue_status(void *_Nullable self, struct caller caller, u32 *out_messages_max,
	u32 *out_size_max, u32 *out_messages);
err_t operation_queue_notify(void *_Nullable self, struct caller caller, handle_t speaker);
err_t operation_queue_forget(void *_Nullable self, struct caller caller, handle_t speaker);
err_t operation_queue_noticed(
	void *_Nullable self, struct caller caller, handle_t speaker, u32 *out_sender, u32 *out_user);

NONNULL_END
