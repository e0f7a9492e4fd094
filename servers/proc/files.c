// SPDX-License-Identifier: MIT
// files.c - /proc: walks, attributes, lists, contents. Nothing is remembered of an open file: its
// badge says which it is, each read tells anew and answers the part that was asked for, but for
// those that go on where the one before ended, while that is not forgotten. So it survives a
// restart without a word in the ledger.
#include "servers/proc/files.h"

#include "ifc/file.h"
#include "lib/base/text.h"
#include "os/syscalls.h"
#include "servers/proc/answer.h"
#include "servers/proc/node.h"
#include "servers/proc/told.h"

constexpr u32 MODE_TYPE = 0170000, MODE_FOLDER = 0040000, MODE_FILE = 0100000, MODE_LINK = 0120000;
constexpr u32 NO_FOLLOW = 0x100;                                // AT_SYMLINK_NOFOLLOW
constexpr u32 OPEN_NO_FOLLOW = 0x2'0000, OPEN_PATH = 0x20'0000; // O_NOFOLLOW, O_PATH
constexpr u32 ACCESS_MODE = 3;
// In node.extra of an open file that speaks of a process: who opened it.
enum opener : u32 { OPENER_SELF = 1, OPENER_WRITES = 2, OPENER_HAS_RESOURCE = 4 };
constexpr u32 LINKS_MAX = 4;
constexpr u32 WRITE_MAX = 32;  // bytes that are taken at once
constexpr u32 EXTRA_BITS = 29; // of a badge, from bit 32 on
constexpr u64 TRUSTED_BADGE = 1ull << (32 + EXTRA_BITS);
constexpr u64 COOKIE_PROCESSES = 1000; // cookies: from 2 on names, then slots

static u8 text[FILE_TEXT_MAX]; // of the folder or link that is being told

static const struct node root = { NODE_ROOT, 0, 0 };

static u32 inode_of(struct node node)
{
	return node.pid << 8 | node.kind;
}

// is_trusted: opened by who may see also what is not dumpable.
static u64 badge_of(struct node node, bool is_trusted)
{
	u64 trusted = is_trusted ? TRUSTED_BADGE : 0;
	return FILE_BADGE | trusted | (u64)node.extra << 32 | inode_of(node);
}

static struct node node_of(u64 badge)
{
	return (struct node){ (u32)badge & 0xff, (u32)badge >> 8,
		(u32)(badge >> 32) & ((1u << EXTRA_BITS) - 1) };
}

static const struct name *_Nullable name_of(struct node node)
{
	return node.kind >= NODE_FIXED && node.kind - NODE_FIXED < NAMES
	           ? &AT(names, node.kind - NODE_FIXED)
	           : nullptr;
}

static u32 mode_of(struct node node)
{
	const struct name *name = name_of(node);
	if (name)
		return name->mode;
	if (node.kind == NODE_FILE)
		return MODE_LINK | 0777;
	if (node.kind == NODE_INFO || node.kind == NODE_CALL)
		return MODE_FILE | 0400;
	bool is_private =
		node.kind == NODE_FILES || node.kind == NODE_INFOS || node.kind == NODE_SPACES;
	return MODE_FOLDER | (is_private ? 0500 : 0555);
}

static bool is_link(struct node node)
{
	return (mode_of(node) & MODE_TYPE) == MODE_LINK;
}

static bool is_folder(struct node node)
{
	return (mode_of(node) & MODE_TYPE) == MODE_FOLDER;
}

static struct process *_Nullable process_of(struct node node)
{
	return node.pid ? process_find_born(node.pid) : nullptr;
}

// Of a thread there is what there is of its process, but not the threads again.
static bool is_in(const struct name *entry, struct node folder)
{
	if (folder.kind == NODE_TASK)
		return entry->parent == NODE_PROCESS && entry->kind != NODE_TASKS;
	return entry->parent == folder.kind;
}

static err_t find_number(struct node folder, view_t text_of_it, struct node *out)
{
	u64 number;
	if (text_u64(text_of_it, &number) != OK || number >> EXTRA_BITS ||
		view_at(text_of_it, 0) == '0')
		return ERR_NOT_FOUND;
	const struct process *process = process_of(folder);
	if (folder.kind == NODE_ROOT && process_find_born((u32)number))
		*out = (struct node){ NODE_PROCESS, (u32)number, 0 };
	else if (folder.kind == NODE_TASKS && process && process_has_thread(process, (u32)number))
		*out = (struct node){ NODE_TASK, folder.pid, (u32)number };
	else
		return ERR_NOT_FOUND;
	return OK;
}

static err_t find_file(struct node folder, view_t name, struct node *out)
{
	u64 number;
	u32 found;
	const struct process *process = process_of(folder);
	if (!process || text_u64(name, &number) != OK || number >> EXTRA_BITS ||
		(view_at(name, 0) == '0' && name.size > 1) ||
		!process_descriptor(process, (u32)number, &found) || found != number)
		return ERR_NOT_FOUND;
	*out = (struct node){ folder.kind + 1, folder.pid, found };
	return OK;
}

static err_t find(struct node folder, view_t name, struct node *out)
{
	if (!is_folder(folder))
		return ERR_NOT_DIRECTORY;
	if (folder.pid && !process_of(folder))
		return ERR_NOT_FOUND;
	if (folder.kind == NODE_FILES || folder.kind == NODE_INFOS)
		return find_file(folder, name, out);
	for (u32 i = 0; i < NAMES; i++) {
		const struct name *entry = &AT(names, i);
		if (!is_in(entry, folder) || !view_equal(name, view_cstring(entry->name)))
			continue;
		u32 kind = entry->kind == NODE_FIXED ? NODE_FIXED + i : entry->kind;
		*out = (struct node){ kind, folder.pid, 0 };
		return OK;
	}
	return find_number(folder, name, out);
}

bool is_open_to(const struct proc_credentials *process, const struct proc_credentials *caller,
	u32 user, u32 group)
{
	bool is_user =
		process->user == user && process->effective_user == user && process->saved_user == user;
	bool is_group = process->group == group && process->effective_group == group &&
	                process->saved_group == group;
	return is_user && is_group && !(process->permitted & ~caller->permitted) &&
	       !(process->bits & PROC_CREDENTIAL_BITS_NOT_DUMPABLE);
}

static bool is_private(struct node node)
{
	const struct name *name = name_of(node);
	return name ? name->is_private : !(mode_of(node) & 0004) || node.kind == NODE_FILE;
}

static bool may_see(const struct process *_Nullable caller, struct node node)
{
	const struct process *process = process_of(node);
	if (!is_private(node) || !process || caller == process)
		return true;
	return caller &&
	       (is_able(caller, CAP_SYS_PTRACE) ||
			   is_open_to(credentials_of(process), credentials_of(caller),
				   credentials_of(caller)->file_user, credentials_of(caller)->file_group));
}

static bool is_secret(const struct process *process)
{
	return credentials_of(process)->bits & PROC_CREDENTIAL_BITS_NOT_DUMPABLE;
}

static bool is_trusted(const struct process *_Nullable caller, struct node node)
{
	const struct process *process = process_of(node);
	return caller && process &&
	       (is_able(caller, CAP_SYS_PTRACE) || (caller == process && is_secret(process)));
}

// What was opened before the process ran a program that lends powers, or was somebody else, tells
// nothing of it as it is now.
static bool still_sees(u64 badge)
{
	struct node node = node_of(badge);
	const struct process *process = process_of(node);
	return !process || !is_private(node) || badge & TRUSTED_BADGE || !is_secret(process);
}

static struct words tell_node(
	struct node node, const struct process *_Nullable process, span_t room)
{
	struct words words = { .room = room, .is_own = node.extra & OPENER_SELF };
	const struct name *name = name_of(node);
	if (name && name->tell)
		name->tell(&words, process);
	if (name && name->text)
		words_add(&words, "%s", name->text);
	if (node.kind == NODE_INFO && process)
		tell_descriptor(&words, process, node.extra);
	if (node.kind == NODE_CALL && process && node.extra & OPENER_SELF)
		tell_call(&words, process);
	else if (node.kind == NODE_CALL)
		words_add(&words, "running\n");
	return words;
}

// A link within /proc: where it leads from the root. Others lead out of it.
static bool is_inner(struct node node)
{
	const struct name *name = name_of(node);
	return name && name->parent == NODE_ROOT;
}

// Where the walk is.
struct way {
	struct node at;
	u8 room[64];
	view_t rest; // still to go; of a link: in room
	u32 links;
};

static err_t follow(struct way *way, struct node link, const struct process *_Nullable caller)
{
	if (!is_inner(link))
		return ERR_CROSS_DEVICE;
	if (++way->links > LINKS_MAX)
		return ERR_LOOP;
	if (!caller)
		return ERR_NOT_FOUND;
	struct words words = tell_node(link, caller, span_of(text));
	if (way->rest.size)
		words_add(&words, "/%v", &way->rest);
	span_t room = span_of(way->room);
	TRY(span_copy(room, words_view(&words)));
	way->rest = view_clamp(span_view(room), 0, words.used);
	way->at = root;
	return OK;
}

static err_t walk(
	struct process *_Nullable caller, view_t path, bool follows_last, struct node *out)
{
	struct way way = { .at = root, .rest = path };
	while (way.rest.size) {
		view_t name = way.rest, rest = {};
		struct node next;
		(void)text_split(way.rest, '/', &name, &rest);
		way.rest = rest;
		if (!name.size)
			continue;
		TRY(find(way.at, name, &next));
		if (is_link(next) && (way.rest.size || follows_last))
			TRY(follow(&way, next, caller));
		else
			way.at = next;
	}
	*out = way.at;
	return OK;
}

static struct process *_Nullable asker(struct caller caller)
{
	struct process *process;
	return caller_find(caller, &process) == OK ? process : nullptr;
}

static err_t walk_lent(
	struct caller caller, u64 directory, lease_t path, bool follows_last, struct node *out)
{
	u8 room[FILE_PATH_MAX];
	if (directory)
		return ERR_NOT_FOUND;
	if (path.size > sizeof room)
		return ERR_TOO_BIG;
	span_t bytes = span_clamp(span_of(room), 0, path.size);
	TRY(lease_get(path, 0, bytes));
	return walk(asker(caller), span_view(bytes), follows_last, out);
}

static struct file_attributes attributes_of(struct node node)
{
	const struct process *process = process_of(node);
	u64 started = process ? process->started_ns : 0;
	return (struct file_attributes){ .inode = inode_of(node),
		.mode = mode_of(node),
		.links = 1,
		.user = process ? credentials_of(process)->effective_user : 0,
		.group = process ? credentials_of(process)->effective_group : 0,
		.accessed_ns = (i64)started,
		.modified_ns = (i64)started,
		.changed_ns = (i64)started };
}

static bool may_write(const struct process *_Nullable caller, struct node node)
{
	if (!(mode_of(node) & 0222))
		return false;
	const struct process *process = process_of(node);
	return !process || (caller && (is_able(caller, CAP_DAC_OVERRIDE) ||
									  credentials_of(process)->effective_user ==
										  credentials_of(caller)->file_user));
}

static u32 opener_of(const struct process *_Nullable caller, struct node node, u32 flags)
{
	u32 opener = caller && caller == process_of(node) ? OPENER_SELF : 0;
	opener |= flags & ACCESS_MODE ? OPENER_WRITES : 0;
	return opener | (caller && is_able(caller, CAP_SYS_RESOURCE) ? OPENER_HAS_RESOURCE : 0);
}

static err_t operation_file_open(void *_Nullable self, struct caller caller, u64 directory,
	u32 flags, u32 mode, u64 serial, lease_t path, u64 *out_inode, u32 *out_generation,
	u32 *out_mode, u32 *out_object, handle_t *out_thing)
{
	(void)self;
	(void)mode;
	(void)serial;
	struct node node;
	bool follows = !(flags & (OPEN_NO_FOLLOW | OPEN_PATH));
	TRY(walk_lent(caller, directory, path, follows, &node));
	if (is_link(node) && !(flags & OPEN_PATH))
		return ERR_LOOP;
	if (flags & ACCESS_MODE && is_folder(node))
		return ERR_IS_DIRECTORY;
	const struct process *from = asker(caller);
	if (!may_see(from, node) || (flags & ACCESS_MODE && !may_write(from, node)))
		return ERR_RIGHTS;
	if (node.kind == NODE_CALL || (node.kind >= NODE_FIXED && node.pid))
		node.extra = opener_of(from, node, flags);
	TRY(connection_create(port, badge_of(node, is_trusted(asker(caller), node)), out_thing));
	answer_hand_out(*out_thing);
	*out_inode = inode_of(node);
	*out_generation = 0;
	*out_mode = mode_of(node);
	*out_object = FILE_OBJECT_CONNECTION;
	return OK;
}

static err_t operation_file_stat(void *_Nullable self, struct caller caller, u64 directory,
	u32 flags, lease_t path, lease_t attributes)
{
	(void)self;
	struct node node;
	TRY(walk_lent(caller, directory, path, !(flags & NO_FOLLOW), &node));
	struct file_attributes found = attributes_of(node);
	return attributes.size < sizeof found ? ERR_TOO_BIG : lease_put(attributes, 0, view_of(found));
}

// The way from /proc to a folder, so that paths can start there.
static void tell_way(struct words *words, struct node folder)
{
	if (folder.kind == NODE_PROCESS) {
		words_add(words, "%u", folder.pid);
	} else if (folder.kind == NODE_TASK) {
		words_add(words, "%u/task/%u", folder.pid, folder.extra);
	} else {
		for (u32 i = 0; i < NAMES; i++) {
			const struct name *entry = &AT(names, i);
			if (entry->kind != folder.kind)
				continue;
			struct node parent = { entry->parent, folder.pid, 0 };
			tell_way(words, parent);
			words_add(words, words->used ? "/%s" : "%s", entry->name);
			return;
		}
	}
}

static err_t tell_folder(u64 badge, lease_t path, lease_t target, u32 *out_size)
{
	struct words words = { .room = span_of(text) };
	if (path.size || !is_folder(node_of(badge)))
		return ERR_INVALID;
	tell_way(&words, node_of(badge));
	*out_size = (u32)words.used;
	return words.used > target.size ? ERR_TOO_BIG : lease_put(target, 0, words_view(&words));
}

static err_t operation_file_readlink(void *_Nullable self, struct caller caller, u64 directory,
	lease_t path, lease_t target, u32 *out_size)
{
	(void)self;
	struct node node;
	if (caller.badge & FILE_BADGE)
		return tell_folder(caller.badge, path, target, out_size);
	TRY(walk_lent(caller, directory, path, false, &node));
	const struct process *from = asker(caller);
	if (!is_link(node))
		return ERR_INVALID;
	if (!may_see(from, node))
		return ERR_RIGHTS;
	struct words words = tell_node(node, is_inner(node) ? from : process_of(node), span_of(text));
	view_t found = view_clamp(words_view(&words), 0, target.size);
	*out_size = (u32)found.size;
	return found.size ? lease_put(target, 0, found) : ERR_NOT_FOUND;
}

static err_t operation_file_info(void *_Nullable self, struct caller caller, lease_t attributes)
{
	(void)self;
	if (!(caller.badge & FILE_BADGE))
		return ERR_INVALID;
	struct file_attributes found = attributes_of(node_of(caller.badge));
	return attributes.size < sizeof found ? ERR_TOO_BIG : lease_put(attributes, 0, view_of(found));
}

// The text of a file from its beginning to the end of what is wanted, or farther.
static struct told *tell_file(
	u64 badge, const struct process *_Nullable process, u64 offset, u64 size)
{
	constexpr u64 AHEAD = 16 * 1024;
	struct told *known = offset ? told_find(badge, offset) : nullptr;
	if (known && (known->used < known->room || offset + size <= known->used))
		return known;
	struct told *fresh = told_make(badge);
	span_t room = span_clamp(span_of(fresh->text), 0, 2 * offset + size + AHEAD);
	fresh->room = room.size;
	fresh->used = tell_node(node_of(badge), process, room).used;
	return fresh;
}

static err_t read_part(u64 badge, u64 offset, lease_t data, u64 *done)
{
	struct node node = node_of(badge);
	const struct process *process = process_of(node);
	if (is_folder(node))
		return ERR_IS_DIRECTORY;
	if (node.pid && !process)
		return ERR_NOT_FOUND;
	struct told *file = tell_file(badge, process, offset, data.size);
	view_t part = view_clamp(view_clamp(view_of(file->text), 0, file->used), offset, data.size);
	file->next = offset + part.size;
	*done = part.size;
	return lease_put(data, 0, part);
}

static void operation_file_read(void *_Nullable self, struct file_read_call call)
{
	(void)self;
	u64 done = 0;
	err_t err = ERR_INVALID;
	if (call.caller.badge & FILE_BADGE && !still_sees(call.caller.badge))
		err = ERR_RIGHTS;
	else if (call.caller.badge & FILE_BADGE)
		err = read_part(call.caller.badge, call.offset, call.data, &done);
	file_read_done(call, err, done);
}

static err_t take_lent(struct node node, lease_t data)
{
	u8 room[WRITE_MAX];
	const struct name *name = name_of(node);
	struct process *process = process_of(node);
	take_text *taker = name ? name_taker(name) : nullptr;
	if (!taker)
		return OK;
	if (!(node.extra & OPENER_WRITES) || data.size > sizeof room)
		return ERR_INVALID;
	if (!process)
		return ERR_NOT_FOUND;
	span_t bytes = span_clamp(span_of(room), 0, data.size);
	TRY(lease_get(data, 0, bytes));
	return taker(process, span_view(bytes), node.extra & OPENER_HAS_RESOURCE);
}

// Where nobody takes what is written, it has no effect.
static void operation_file_write(void *_Nullable self, struct file_write_call call)
{
	(void)self;
	bool is_file = call.caller.badge & FILE_BADGE;
	bool may = is_file && mode_of(node_of(call.caller.badge)) & 0222;
	err_t err = may ? take_lent(node_of(call.caller.badge), call.data) : ERR_INVALID;
	commit(); // before the answer
	file_write_done(call, err, err == OK ? call.data.size : 0);
}

// Entries as they are put together for list.
struct list {
	struct words words;
	bool is_full;
};

static void list_put(struct list *list, struct node node, u64 next, view_t name)
{
	static const u8 zeros[8];
	struct file_entry entry = { .inode = inode_of(node),
		.next = next,
		.size = (u16)name.size,
		.type = (u8)(mode_of(node) >> 12) };
	usize padding = -name.size & 7;
	if (list->is_full ||
		sizeof entry + name.size + padding > list->words.room.size - list->words.used) {
		list->is_full = true;
		return;
	}
	words_put(&list->words, view_of(entry));
	words_put(&list->words, name);
	words_put(&list->words, view_clamp(view_of(zeros), 0, padding));
}

static void list_number(struct list *list, struct node node, u64 next, u32 number)
{
	u8 room[16];
	list_put(list, node, next, format_view(span_of(room), "%u", number));
}

static void list_names(struct list *list, struct node folder, u64 cookie)
{
	for (u64 i = cookie < 2 ? 0 : cookie - 2; i < NAMES && !list->is_full; i++) {
		const struct name *entry = &AT(names, i);
		u32 kind = entry->kind == NODE_FIXED ? NODE_FIXED + (u32)i : entry->kind;
		if (is_in(entry, folder))
			list_put(list, (struct node){ kind, folder.pid, 0 }, i + 3, view_cstring(entry->name));
	}
}

static void list_processes(struct list *list, u64 cookie)
{
	for (u64 slot = cookie < COOKIE_PROCESSES ? INIT_SLOT : cookie - COOKIE_PROCESSES;
		slot < store->fresh && !list->is_full; slot++) {
		const struct process *process = process_at((slot_t)slot);
		if (process->state > PROCESS_SPARE && !is_nobody(process))
			list_number(list, (struct node){ NODE_PROCESS, process->pid, 0 },
				COOKIE_PROCESSES + slot + 1, process->pid);
	}
}

static void list_files(struct list *list, struct node folder, u64 cookie)
{
	const struct process *process = process_of(folder);
	u32 from = cookie < 2 ? 0 : (u32)(cookie - 2), number;
	while (process && !list->is_full && process_descriptor(process, from, &number)) {
		list_number(
			list, (struct node){ folder.kind + 1, folder.pid, number }, (u64)number + 3, number);
		from = number + 1;
	}
}

// cookie: beyond 2 the id of the thread before.
static void list_threads(struct list *list, struct node folder, u64 cookie)
{
	const struct process *process = process_of(folder);
	u32 id = cookie <= 2 ? 0 : (u32)(cookie - 2);
	if (!process)
		return;
	if (!id && !process_thread(process, 0)) { // a zombie
		list_number(list, (struct node){ NODE_TASK, folder.pid, folder.pid }, 3, folder.pid);
		return;
	}
	while (!list->is_full && (id = process_thread(process, id)))
		list_number(list, (struct node){ NODE_TASK, folder.pid, id }, (u64)id + 2, id);
}

static void list_folder(struct list *list, struct node folder, u64 cookie)
{
	if (folder.kind == NODE_FILES || folder.kind == NODE_INFOS)
		list_files(list, folder, cookie);
	else if (folder.kind == NODE_TASKS)
		list_threads(list, folder, cookie);
	else if (cookie < COOKIE_PROCESSES)
		list_names(list, folder, cookie);
	if (folder.kind == NODE_ROOT)
		list_processes(list, cookie);
}

static err_t operation_file_list(
	void *_Nullable self, struct caller caller, u64 cookie, lease_t entries, u32 *out_bytes)
{
	(void)self;
	struct node folder = node_of(caller.badge);
	if (!(caller.badge & FILE_BADGE) || !is_folder(folder))
		return ERR_NOT_DIRECTORY;
	if (!still_sees(caller.badge))
		return ERR_RIGHTS;
	struct list list = { { .room = span_clamp(span_of(text), 0, entries.size) }, false };
	list_folder(&list, folder, cookie);
	if (list.is_full && !list.words.used)
		return ERR_TOO_BIG;
	*out_bytes = (u32)list.words.used;
	return lease_put(entries, 0, words_view(&list.words));
}

static const struct file_ops operations = {
	.open = operation_file_open,
	.stat = operation_file_stat,
	.readlink = operation_file_readlink,
	.read = operation_file_read,
	.write = operation_file_write,
	.info = operation_file_info,
	.list = operation_file_list,
};

bool files_serve(struct message *message, bool *is_answered)
{
	if ((u16)(message->tag >> TAG_PROTOCOL_SHIFT) != FILE_PROTOCOL)
		return false;
	*is_answered = file_dispatch(&operations, nullptr, message);
	return true;
}
