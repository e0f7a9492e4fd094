// SPDX-License-Identifier: MIT
// queue_local.h - a message queue, for queue.c (names, openers) and letter.c (what is in it).
#pragma once

#include "servers/meet/queue.h"

NONNULL_BEGIN

constexpr u32 QUEUE_WAYS = 3; // to read, to write, both

struct letter {
	struct letter *_Nullable next; // owned
	u32 priority, size;
	u8 text[];
};

// Who asked for a notice. pid 0: nobody.
struct notice {
	u32 pid;
	handle_t process; // owned; to see that it has ended
};

struct queue {
	bool is_used, is_unlinked;
	u32 use; // of this place: a badge's high half
	u32 name_size;
	u8 name[MEET_QUEUE_NAME_MAX];
	u32 mode, user, group;
	u32 messages_max, size_max;
	u32 count;                      // of letters
	struct letter *_Nullable first; // owned
	handle_t
		connections[QUEUE_WAYS]; // owned; the openers' are the same; by what it may be used for
	struct notice asked;
	u32 told, sender, sender_user; // who is told just now, and of whose letter
};

struct queue *_Nullable queue_of(u64 badge); // null: it is not there any more
// ERR_NOT_FOUND; ERR_RIGHTS: it was not opened for this (enum meet_queue_how).
err_t queue_find(struct caller caller, enum meet_queue_how access, struct queue **out);
void queue_tell(const struct queue *queue); // its event bits become what holds
void letters_drop(struct queue *queue);
void notice_drop(struct queue *queue);

NONNULL_END
