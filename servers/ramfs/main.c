// SPDX-License-Identifier: MIT
// main.c - ramfs's one loop. Each message is a transaction: what it changes is noted in the ledger
// and undone when it fails; it is committed before anything goes out. Authority: the port, the
// ledger, the boot image to read.
#include "abi/info.h"
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/ramfs/answer.h"
#include "servers/ramfs/boot.h"
#include "servers/ramfs/contents.h"
#include "servers/ramfs/lock.h"
#include "servers/ramfs/nameless.h"
#include "servers/ramfs/operations.h"
#include "servers/ramfs/watch.h"

static err_t operation_table(
	void *_Nullable self, struct caller caller, u64 *out_offset, u64 *out_size, handle_t *out_table)
{
	(void)self;
	(void)caller;
	*out_offset = table_offset;
	*out_size = writer.tree.head->size;
	*out_table = store->ledger;
	return OK;
}

static err_t operation_settle(void *_Nullable self, struct caller caller)
{
	(void)self;
	(void)caller;
	return OK;
}

static err_t operation_space(void *_Nullable self, struct caller caller, u64 *out_pages,
	u64 *out_pages_free, u64 *out_inodes, u64 *out_inodes_free)
{
	(void)self;
	(void)caller;
	struct quota_info quota = {};
	u64 size;
	const struct tree_head *head = writer.tree.head;
	TRY(handle_info(start_handle("quota"), INFO_TOPIC_QUOTA, span_of(quota), &size));
	*out_pages = quota.pages;
	*out_pages_free = quota.pages - quota.pages_used;
	*out_inodes = head->inodes - 1;
	*out_inodes_free = head->inodes - 1 - head->used_inodes;
	return OK;
}

static err_t operation_speak(
	void *_Nullable self, struct caller caller, lease_t identity, handle_t *out_speaker)
{
	(void)self;
	struct tree_identity speaker;
	struct tree_credentials who;
	TRY(who_is(caller.badge, &who));
	if (!(who.capabilities & CAPABILITY_SYS_ADMIN))
		return ERR_NOT_OWNER;
	if (identity.size != sizeof speaker)
		return ERR_TOO_BIG;
	TRY(lease_get(identity, 0, span_of(speaker)));
	if (speaker.group_count > TREE_IDENTITY_GROUPS)
		return ERR_INVALID;
	TRY(speaker_make(&speaker, out_speaker));
	SET(store->handed, *out_speaker);
	return OK;
}

const struct tree_ops operations = {
	.table = operation_table,
	.settle = operation_settle,
	.space = operation_space,
	.open = operation_open,
	.device = operation_device,
	.device_own = operation_device_own,
	.meeting = operation_meeting,
	.program = operation_program,
	.is_contents = operation_is_contents,
	.make = operation_make,
	.link = operation_link,
	.unlink = operation_unlink,
	.rename = operation_rename,
	.change = operation_change,
	.speak = operation_speak,
	.locker = operation_locker,
	.lock = operation_lock,
	.lock_test = operation_lock_test,
	.create_brief = operation_create_brief,
	.make_brief = operation_make_brief,
	.unlink_brief = operation_unlink_brief,
	.rename_brief = operation_rename_brief,
	.watcher = operation_watcher,
	.watch_add = operation_watch_add,
	.watch_remove = operation_watch_remove,
	.watch_take = operation_watch_take,
	.watch_size = operation_watch_size,
	.tell = operation_tell,
};

static bool hands_out_contents(u64 tag)
{
	return (u32)tag == (u32)TREE_OPEN_TAG || (u32)tag == (u32)TREE_MAKE_TAG ||
	       (u32)tag == (u32)TREE_CREATE_BRIEF_TAG;
}

static bool serve_call(struct message *message)
{
	u64 asked = message->tag;
	bool is_answered = tree_dispatch(&operations, nullptr, message);
	if (!is_answered)
		return false;
	if ((err_t)(i32)message->tag != OK)
		ledger_undo();
	else if (hands_out_contents(asked))
		AT(message->handle_rights, 0) = answer_rights;
	return true;
}

static void hangup(u64 badge)
{
	if (badge >> 32 == BADGE_SPEAKER)
		speaker_end((u32)badge);
	if (badge >> 32 == BADGE_LOCKER)
		locker_end((u32)badge);
}

// True: message holds the answer.
static bool serve(struct message *message)
{
	switch (message_kind(message)) {
	case MESSAGE_CALL: ledger_hold_received(message); return serve_call(message);
	case MESSAGE_HANGUP: hangup(message->badge); return false;
	case MESSAGE_CANCEL: lock_cancel((handle_t){ (u32)message->badge }, false); return false;
	case MESSAGE_ABANDON: lock_cancel((handle_t){ (u32)message->badge }, true); return false;
	case MESSAGE_EVENT:
		if (message->badge >> 32 == BADGE_WATCHER)
			watcher_alone((u32)message->badge);
		else if (message->badge >> 32 == BADGE_NAMELESS)
			nameless_alone((u32)message->badge);
		else
			service_answer();
		return false;
	case MESSAGE_PAGES: return false;
	}
	return false;
}

static void commit(void)
{
	ledger_commit();
	tree_change_settle(&writer);
	if (store->closing_count)
		store_close_handles();
	lock_serve_waiters();
}

static err_t run(void)
{
	static struct message message;
	bool has_answer = false;
	for (;;) {
		message.tag = has_answer ? message.tag | TAG_REPLY : 0;
		err_t err = port_receive(port, &message);
		answer_forget();
		store_forget_handed();
		has_answer = false;
		if (err == ERR_GONE || err == ERR_INTERRUPTED)
			continue; // nobody waited for that answer
		TRY(err);
		has_answer = serve(&message);
		commit();
	}
}

// What the life before left: its changes are undone or whole.
static void resume(void)
{
	contents_resume();
	for (u32 i = 1; i < writer.tree.head->fresh_inode; i++)
		if (nameless_resume(i))
			commit();
}

static err_t start(void)
{
	bool is_new;
	port = start_handle("port");
	TRY(store_open(&is_new));
	if (!is_new) {
		resume();
		return OK;
	}
	TRY(boot_fill());
	store_seal();
	return OK;
}

int main(void)
{
	err_t err = start();
	if (err != OK) {
		print("ramfs: no tree: %e\n", err);
		return 1;
	}
	(void)service_watch(port, 0); // without it heartbeats are not answered, and we start over
	service_ready();
	return run() == ERR_CLOSED ? 0 : 1;
}
