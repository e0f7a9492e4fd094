// SPDX-License-Identifier: MIT
// service.c - see ramfs_test.h.
#include "lib/os/boot_image.h"
#include "lib/os/spawn.h"
#include "test/guest/ramfs/ramfs_test.h"

constexpr u32 LEVEL = 15;
constexpr u64 LEDGER_SIZE = 48 << 20;

tree_t master;
struct tree tree;
static handle_t port, ledger, service, quota;
static struct spawn spawn;
static u64 last_serial; // atomic

u64 serial(void)
{
	return __atomic_add_fetch(&last_serial, 1, __ATOMIC_RELAXED);
}

static err_t start_in(handle_t process)
{
	spawn.process = process;
	TRY(boot_file("service/ramfs", &spawn.image));
	return spawn_start(&spawn, &service);
}

err_t service_start(u64 quota_pages)
{
	handle_t process;
	quota = start_handle("quota");
	if (quota_pages)
		TRY(quota_create(quota, quota_pages, 70000, 70000, 100, &quota));
	spawn = (struct spawn){ .arguments = VIEW_TEXT("ramfs"), .level = LEVEL, .quota = quota };
	TRY(port_create(0, &port));
	TRY(guest_memory(LEDGER_SIZE, &ledger));
	TRY(connection_create(port, 0, &master.handle));
	TRY(spawn_give(&spawn, "port", port, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "ledger", ledger, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "quota", quota, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "console", start_handle("console"), RIGHTS_ALL));
	TRY(spawn_give(&spawn, "time", start_handle("time"), RIGHT_READ | RIGHT_MAP));
	TRY(process_create(quota, 0, LEVEL, &process));
	TRY(process_control(process, PROCESS_OPERATION_KEEP_HANDLES, 1, 0));
	return start_in(process);
}

err_t service_kill(void)
{
	u32 observed;
	TRY(process_control(service, PROCESS_OPERATION_KILL, 0, 0));
	return object_wait(service, SIGNAL_EXITED, guest_soon(), &observed);
}

err_t service_restart(void)
{
	handle_t next, former = service;
	TRY(process_create(quota, 0, LEVEL, &next));
	TRY(process_control(next, PROCESS_OPERATION_KEEP_HANDLES, 1, 0));
	TRY(process_control(next, PROCESS_OPERATION_INHERIT, former.raw, 0));
	spawn.former = spawn.self;
	TRY(start_in(next));
	return handle_close(former);
}

err_t service_table(void)
{
	u64 offset, size, address;
	handle_t memory;
	TRY(tree_table(master, &offset, &size, &memory));
	TRY(memory_map(
		HANDLE_NONE, memory, 0, size, offset, MAP_FLAGS_READ | MAP_FLAGS_SHARED, &address));
	UNSAFE_BEGIN("just mapped")
	return tree_attach(&tree, view_from((const u8 *)address, size));
	UNSAFE_END
}

struct packed {
	view_t bytes;
	u8 room[TREE_REQUEST_MAX];
};

static view_t pack(struct packed *out, struct tree_request asked, view_t name, view_t text)
{
	span_t room = span_of(out->room);
	asked.serial = asked.serial ? asked.serial : serial();
	asked.name_size = (u32)name.size;
	(void)span_copy(room, view_of(asked));
	(void)span_copy(span_from_offset(room, sizeof asked), name);
	(void)span_copy(span_from_offset(room, sizeof asked + name.size), text);
	return view_clamp(span_view(room), 0, sizeof asked + name.size + text.size);
}

u32 find(u32 directory, const char *name)
{
	for (;;) {
		u32 sequence = tree_begin(&tree);
		u32 entry = tree_find(&tree, directory, view_cstring(name));
		u32 inode = tree_entry(&tree, entry)->inode;
		if (tree_is_same(&tree, sequence))
			return inode;
		(void)tree_settle(master);
	}
}

struct tree_inode look(u32 inode)
{
	for (;;) {
		u32 sequence = tree_begin(&tree);
		struct tree_inode copy = *tree_inode(&tree, inode);
		if (tree_is_same(&tree, sequence))
			return copy;
		(void)tree_settle(master);
	}
}

static struct tree_request in(u32 directory)
{
	return (struct tree_request){ .directory = directory,
		.directory_generation = look(directory).generation };
}

err_t make(tree_t who, u32 directory, const char *name, u32 mode, struct made *out)
{
	struct packed packed = {};
	struct tree_request asked = in(directory);
	asked.mode = mode;
	asked.open = READ_WRITE + 1;
	return tree_make(who, pack(&packed, asked, view_cstring(name), (view_t){}), &out->inode,
		&out->generation, &out->contents);
}

err_t make_link(tree_t who, u32 directory, const char *name, const char *text)
{
	struct packed packed = {};
	struct made made;
	struct tree_request asked = in(directory);
	asked.mode = MODE_LINK | 0777;
	return tree_make(who, pack(&packed, asked, view_cstring(name), view_cstring(text)), &made.inode,
		&made.generation, &made.contents);
}

err_t unlink(tree_t who, u32 directory, const char *name, u32 flags)
{
	struct packed packed = {};
	struct tree_request asked = in(directory);
	asked.flags = flags;
	return tree_unlink(who, pack(&packed, asked, view_cstring(name), (view_t){}));
}

err_t link(tree_t who, u32 inode, u32 directory, const char *name)
{
	struct packed packed = {};
	struct tree_request asked = in(directory);
	asked.inode = inode;
	asked.generation = look(inode).generation;
	return tree_link(who, pack(&packed, asked, view_cstring(name), (view_t){}));
}

err_t rename(tree_t who, const struct names_of *names, u32 flags)
{
	struct packed packed = {};
	struct tree_request asked = in(names->from_directory);
	asked.inode = names->to_directory;
	asked.generation = look(names->to_directory).generation;
	asked.flags = flags;
	return tree_rename(
		who, pack(&packed, asked, view_cstring(names->from), view_cstring(names->to)));
}

err_t change_mode(tree_t who, u32 inode, u32 mode)
{
	struct tree_change change = { .serial = serial(),
		.inode = inode,
		.generation = look(inode).generation,
		.what = TREE_WHAT_MODE,
		.mode = mode };
	return tree_change(who, view_of(change));
}

err_t change_owner(tree_t who, u32 inode, u32 user, u32 group)
{
	struct tree_change change = { .serial = serial(),
		.inode = inode,
		.generation = look(inode).generation,
		.what = TREE_WHAT_USER | TREE_WHAT_GROUP,
		.user = user,
		.group = group };
	return tree_change(who, view_of(change));
}

err_t open_file(tree_t who, u32 directory, const char *name, u32 flags, handle_t *out)
{
	u32 entry = tree_find(&tree, directory, view_cstring(name));
	u32 inode = tree_entry(&tree, entry)->inode;
	return tree_open(who, inode, look(inode).generation, entry, flags, out);
}

err_t speak(u32 user, u32 group, u64 capabilities, tree_t *out)
{
	struct tree_identity identity = { .user = user, .group = group, .capabilities = capabilities };
	return tree_speak(master, view_of(identity), &out->handle);
}
