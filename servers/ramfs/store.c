// SPDX-License-Identifier: MIT
// store.c - see store.h.
#include "servers/ramfs/store.h"

#include "abi/info.h"
#include "abi/memory.h"
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/ramfs/lock.h"

constexpr u64 MAGIC = 0x0001'7366'6d61'7230;
constexpr u64 STORE_SIZE = (sizeof(struct store) + PAGE_MASK) & ~PAGE_MASK;
constexpr u32 BUCKETS = 64 * 1024;
constexpr u64 BYTES_A_FILE = 256; // of the ledger: inode, name and its text

struct store *store;
struct tree_writer writer = { .save = ledger_save };
u64 table_offset;
handle_t port;

static void close_one(const struct closing *closing)
{
	u64 unused;
	if (closing->is_contents) // so that the kernel never writes to another file's slot
		(void)memory_control(closing->handle, MEMORY_OPERATION_PUBLISH, 0, 0, &unused);
	(void)handle_close(closing->handle);
}

void store_close_handles(void)
{
	for (u32 i = 0; i < store->closing_count; i++)
		close_one(&AT(store->closing, i));
	store->closing_count = 0; // closed twice after a death: an error without effect, so no note
}

void store_forget_handed(void)
{
	if (store->handed.raw)
		(void)handle_close(store->handed);
	store->handed = HANDLE_NONE;
}

void close_later(handle_t handle, bool is_contents)
{
	if (!handle.raw)
		return;
	assert(store->closing_count < CLOSING_MAX);
	AT(store->closing, store->closing_count) = (struct closing){ handle, is_contents };
	SET(store->closing_count, store->closing_count + 1);
}

u64 inode_slot(u32 inode)
{
	return table_offset + writer.tree.head->inodes_at + (u64)inode * sizeof(struct tree_inode);
}

static err_t format(span_t table, u64 bytes)
{
	u64 seed = clock_read();
	const struct start_info *start = start_self();
	u32 files = (u32)(bytes / BYTES_A_FILE);
	struct tree_sizes sizes = { files, files, BUCKETS, bytes - (u64)files * 192 };
	*store = (struct store){ .size = STORE_SIZE, .ledger = store->ledger };
	for (u32 i = 0; i < LOCKS_MAX; i++)
		AT(store->locks, i).locker = LOCKERS_MAX;
	return tree_format(table, &sizes, (u32)(seed ^ AT(start->random, 0)), 0755);
}

void store_seal(void)
{
	store->magic = MAGIC;
}

// Answers that were committed but may not have gone out: their calls come again.
static void keep_replay(void)
{
	if (!store->last.serial)
		return;
	AT(store->replays, store->next_replay % REPLAYS_MAX) = store->last;
	store->next_replay++;
	store->last.serial = 0;
}

// A life that ended while it filled the tree left something.
static bool is_begun(span_t table)
{
	const struct tree_head *head = VIEW_AS(struct tree_head, span_view(table), 0);
	return head && head->magic;
}

static bool holds(span_t table)
{
	return store->magic == MAGIC && store->size == STORE_SIZE &&
	       store->closing_count <= CLOSING_MAX && locks_hold() &&
	       tree_attach(&writer.tree, span_view(table)) == OK && tree_holds(&writer.tree);
}

err_t store_open(bool *is_new)
{
	struct memory_info info = {};
	void *contents;
	u64 size, around = ledger_memory_size(0);
	handle_t ledger = start_handle("ledger");
	TRY(handle_info(ledger, INFO_TOPIC_MEMORY, span_of(info), &size));
	if (info.size < around + STORE_SIZE + (1 << 20))
		return ERR_RANGE;
	size = (info.size - around) & ~PAGE_MASK;
	TRY(ledger_open(ledger, size, &contents));
	store = contents;
	span_t table = span_from_offset(span_from(contents, size), STORE_SIZE);
	table_offset = PAGE_SIZE + STORE_SIZE;
	*is_new = store->magic == 0 || !holds(table);
	if (*is_new && store->magic)
		print("ramfs: the ledger does not hold: starting anew\n");
	if (*is_new && (store->magic || is_begun(table)))
		span_fill(span_from(contents, size), 0);
	if (*is_new) {
		TRY(format(table, table.size - 8 * PAGE_SIZE - BUCKETS * sizeof(u32)));
		TRY(tree_attach(&writer.tree, span_view(table)));
	}
	store->ledger = ledger;
	tree_change_settle(&writer);
	store_close_handles();
	store_forget_handed();
	keep_replay();
	return OK;
}

err_t who_is(u64 badge, struct tree_credentials *out)
{
	u32 kind = (u32)(badge >> 32), index = (u32)badge;
	if (kind == BADGE_MASTER) {
		*out = (struct tree_credentials){ .capabilities = UINT64_MAX };
		return OK;
	}
	if (kind != BADGE_SPEAKER || index >= IDENTITIES_MAX || !AT(store->speakers, index).is_used)
		return ERR_RIGHTS;
	const struct tree_identity *identity = &AT(store->speakers, index).identity;
	*out = (struct tree_credentials){ identity->user, identity->group, identity->capabilities,
		identity->groups, identity->group_count };
	return OK;
}

err_t speaker_make(const struct tree_identity *identity, handle_t *out)
{
	u32 index = 0;
	while (index < IDENTITIES_MAX && AT(store->speakers, index).is_used)
		index++;
	if (index == IDENTITIES_MAX)
		return ERR_QUOTA;
	TRY(connection_create(port, (u64)BADGE_SPEAKER << 32 | index, out));
	SET(AT(store->speakers, index), ((struct speaker){ 1, 0, *identity }));
	return OK;
}

void speaker_end(u32 index)
{
	if (index < IDENTITIES_MAX)
		SET(AT(store->speakers, index).is_used, 0);
}
