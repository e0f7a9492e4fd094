// SPDX-License-Identifier: MIT
// proc_world_fuzz.c - messages to servers/proc, as it is: calls of processes that it made and of
// nobody, ends, hang-ups, cancellations. After each its ledger is sound, and nobody without
// privileges has some. service_main is its main; it asks for messages until the input is over.
#include "lib/base/test.h"

#include <string.h>

#include "ifc/file.h"
#include "lib/posix/core/start.h"
#include "os/syscalls.h"
#include "servers/proc/check.h"
#include "servers/proc/store.h"
#include "test/service/world.h"

constexpr u32 MESSAGES_MAX = 600;
constexpr u64 LEDGER_BYTES = sizeof(struct store);

int service_main(void);

static alignas(4096) u8 ledger[LEDGER_BYTES];
static u32 messages;
static bool is_call; // the message in hand wants an answer

// Of each slot, as it was after the last message.
static struct seen {
	u32 pid, use;
	bool is_low;
} seen[PROC_SLOTS_MAX];

err_t ledger_open(handle_t memory, u64 size, void *_Nullable *_Nonnull out)
{
	need(world_object(memory) && size == sizeof ledger);
	*out = ledger;
	return OK;
}

void ledger_save(void *address, usize size)
{
	u8 *first = address;
	need(first >= ledger && first + size <= ledger + sizeof ledger);
}

void ledger_hold(handle_t handle)
{
	(void)handle;
}

void ledger_hold_received(const struct message *message)
{
	(void)message;
}

void ledger_commit(void)
{
}

// No privileges, and no way to them by itself.
static bool is_low(const struct process *process)
{
	const struct proc_credentials *who = &store->sets[process->set].credentials;
	return who->user && who->effective_user && who->saved_user && who->file_user && !who->permitted;
}

static void check_privileges(void)
{
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++) {
		const struct process *process = process_at((slot_t)slot);
		struct seen *before = &seen[slot];
		if (process->state == PROCESS_FREE) {
			*before = (struct seen){};
			continue;
		}
		bool is_same = before->pid == process->pid && before->use == process->use;
		need(!(is_same && before->is_low) || is_low(process));
		bool is_child = process->parent && process->state <= PROCESS_UNBORN;
		need(!is_child || !is_low(process_at(process->parent)) || is_low(process) || is_same);
		*before = (struct seen){ process->pid, process->use, is_low(process) };
	}
}

static void check_sets(void)
{
	static u32 users[SETS_MAX];
	memset(users, 0, sizeof users);
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++)
		if (process_at((slot_t)slot)->state != PROCESS_FREE)
			users[process_at((slot_t)slot)->set]++;
	for (u32 i = 0; i < SETS_MAX; i++)
		need(users[i] == store->sets[i].users);
}

static const u64 tags[] = { PROC_ATTACH_TAG, PROC_SPARE_TAG, PROC_CHILD_TAG, PROC_RELIEVE_TAG,
	PROC_UNBORN_TAG, PROC_CHILD_END_TAG, PROC_WAIT_TAG, PROC_USAGE_TAG, PROC_KILL_TAG,
	PROC_SIGNAL_INFO_TAG, PROC_STOP_TAG, PROC_ORPHANED_TAG, PROC_PARENT_SIGNAL_TAG,
	PROC_SUBREAPER_TAG, PROC_IDS_TAG, PROC_SET_GROUP_TAG, PROC_SET_SESSION_TAG,
	PROC_TERMINAL_CLAIM_TAG, PROC_TERMINAL_RELEASE_TAG, PROC_TERMINAL_GROUP_TAG,
	PROC_TERMINAL_OPEN_TAG, PROC_CREDENTIALS_TAG, PROC_CHANGE_TAG, PROC_LIMIT_TAG, PROC_LIMITS_TAG,
	PROC_PRIORITY_TAG, PROC_SET_PRIORITY_TAG, PROC_OPEN_TAG, PROC_KILL_OPEN_TAG, PROC_VOICE_TAG,
	PROC_TERMINAL_REACH_TAG, PROC_KNOWN_TAG, PROC_SPARE_AS_TAG, PROC_MEETING_TAG,
	PROC_MEETING_ABSTRACT_TAG, PROC_INTRODUCE_TAG, PROC_SEED_TAG, PROC_SEAL_TAG, PROC_BECOME_TAG,
	PROC_CHANGE_TAG, PROC_CHILD_TAG, PROC_SPARE_TAG, PROC_KNOWN_TAG, FILE_OPEN_TAG, FILE_READ_TAG,
	FILE_STAT_TAG, FILE_LIST_TAG, FILE_READLINK_TAG, FILE_INFO_TAG };

static u32 some_slot(void)
{
	return INIT_SLOT + (u32)world_take(1) % (store->fresh - INIT_SLOT);
}

// Somebody's: of a process, of a file of /proc, or of nobody.
static u64 any_badge(void)
{
	u64 choice = world_take(1);
	if (choice < 60)
		return INIT_PID;
	if (choice < 64)
		return world_take(8);
	if (choice < 160)
		return process_badge(process_at((slot_t)some_slot()));
	return world_badges() ? world_badge((u32)(choice % world_badges())) : INIT_PID;
}

static void any_event(struct message *message)
{
	u64 choice = world_take(1);
	const struct process *process = process_at((slot_t)some_slot());
	struct world_object *object = world_object(process->process);
	*message = (struct message){ .tag = (u64)MESSAGE_EVENT << TAG_KIND_SHIFT };
	if (choice < 150) { // a process ended
		if (object)
			object->has_ended = true;
		message->badge = (u64)process->pid << 32 | process_slot(process);
	} else if (choice < 160) {
		message->badge = UINT64_MAX; // tty has signals
	} else if (choice < 220 || !world_replies()) {
		message->tag = (u64)MESSAGE_HANGUP << TAG_KIND_SHIFT;
		message->badge = any_badge();
	} else {
		enum message_kind kind = choice & 1 ? MESSAGE_CANCEL : MESSAGE_ABANDON;
		message->tag = (u64)kind << TAG_KIND_SHIFT;
		message->badge = world_reply((u32)(choice % world_replies())).raw;
	}
}

static const u8 *kinds_of(u64 tag)
{
	static const u8 process[MESSAGE_HANDLES] = { HANDLE_KIND_PROCESS },
					terminal[MESSAGE_HANDLES] = { HANDLE_KIND_CONNECTION },
					handed[MESSAGE_HANDLES] = { HANDLE_KIND_MEMORY, HANDLE_KIND_STREAM };
	switch ((u32)tag) {
	case (u32)PROC_BECOME_TAG: return handed;
	case (u32)PROC_TERMINAL_CLAIM_TAG:
	case (u32)PROC_TERMINAL_GROUP_TAG: return terminal;
	}
	return process;
}

// What families do: the next of a few calls, by somebody who could make it.
static void family_call(struct message *message)
{
	static const u64 few[] = { PROC_SPARE_TAG, PROC_CHILD_TAG, PROC_CHANGE_TAG, PROC_BECOME_TAG,
		PROC_CREDENTIALS_TAG, PROC_KNOWN_TAG };
	const struct process *process = process_at((slot_t)some_slot());
	u64 tag = few[world_take(1) % COUNT(few)];
	if (tag == PROC_CHILD_TAG && process->parent)
		process = process_at(process->parent);
	*message = (struct message){ .tag = tag, .badge = process_badge(process) };
	for (u32 i = 0; i < (tag >> TAG_HANDLES_SHIFT & 7); i++)
		message->handle[i] = world_make(kinds_of(tag)[i], 0);
	if (tag == PROC_SPARE_TAG || tag == PROC_BECOME_TAG)
		message->word[0] = world_take(1); // a serial, an inode
	if (tag == PROC_CHILD_TAG && process->child)
		message->word[0] = process_at(process->child)->pid;
	if (tag != PROC_CHANGE_TAG)
		return;
	u64 ids = world_take(1);
	const struct proc_change_request request = { .what =
													 ids & 1 ? PROC_CHANGE_RESUID : (u32)ids % 14,
		.serial = (u32)world_take(1),
		.first = (u32)ids >> 2 & 3,
		.second = (u32)ids >> 4 & 3,
		.third = (u32)ids >> 6,
		.credentials_size = sizeof(struct proc_credentials) };
	memcpy(message->word, &request, sizeof request);
}

static void any_call(struct message *message)
{
	if (world_take(1) & 1) {
		family_call(message);
		return;
	}
	u64 badge = any_badge();
	u64 tag = tags[world_take(1) % COUNT(tags)];
	world_call(message, tag, badge, kinds_of(tag));
	if (world_take(1) & 1) // a pid that there is
		message->word[0] =
			(message->word[0] & ~0xffff'ffffull) | process_at((slot_t)some_slot())->pid;
}

// pid 1 leaves what processes are made of.
static void prepare(struct message *message)
{
	static const u8 memory[MESSAGE_HANDLES] = { HANDLE_KIND_MEMORY };
	world_call(message, messages == 1 ? PROC_SEED_TAG : PROC_SEAL_TAG, INIT_PID, memory);
	message->word[0] = PROC_SEED_IMAGE;
}

static void check(const struct message *answer)
{
	bool has_answer = answer->tag & TAG_REPLY;
	need(!is_call || has_answer != world_was_put_aside); // answered, or put aside
	need(is_call || !has_answer);
	if (!store)
		return;
	need(store_holds());
	check_sets();
	check_privileges();
}

err_t port_receive(handle_t port, struct message *message)
{
	need(world_object(port));
	check(message);
	if (world_is_over() || ++messages > MESSAGES_MAX)
		return ERR_CLOSED;
	world_was_put_aside = false;
	is_call = messages <= 2 || world_take(1) < 220;
	if (messages <= 2)
		prepare(message);
	else if (is_call)
		any_call(message);
	else
		any_event(message);
	return OK;
}

err_t port_receive_until(handle_t port, struct message *message, u64 deadline)
{
	(void)deadline;
	if (world_take(1) < 16 && !(message->tag & TAG_REPLY)) {
		check(message);
		is_call = false;
		return ERR_TIMED_OUT;
	}
	return port_receive(port, message);
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	memset(ledger, 0, sizeof ledger);
	memset(seen, 0, sizeof seen);
	messages = 0;
	is_call = world_was_put_aside = false;
	static const struct posix_image image = { .magic = POSIX_IMAGE_MAGIC,
		.end = POSIX_IMAGE + 4096 };
	world_image = view_of(image);
	world_may_close_twice = true; // in answer_close
	world_begin(view_from(data, size));
	(void)service_main();
	return 0;
}
