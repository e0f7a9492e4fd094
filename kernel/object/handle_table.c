// SPDX-License-Identifier: MIT
// handle_table.c - the slots: chunks of entries, the queue of free ones, fork and the end.
// A writer changes an entry's tag first, then the rest, and stores the new tag last.
#include "kernel/memory/frame.h"
#include "kernel/object/handle_local.h"
#include "kernel/object/quota.h"
#include "kernel/sched/thread.h"
#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/base/memory.h"

constexpr u32 SLOT_NONE = UINT32_MAX;
constexpr u32 SLOTS_PER_CLOSE = 16; // empty slots passed for each one that drain may close
constexpr u32 PART_SLOTS = 4 * HANDLES_PER_CHUNK; // cloned in one stay in the kernel

static err_t page_take(struct quota *quota, bool is_copy, void *_Nullable *_Nonnull out)
{
	TRY(quota_charge_pages(quota, 1));
	paddr_t frame;
	err_t err =
		is_copy ? frame_alloc(0, FRAME_KERNEL, &frame) : frame_alloc_zeroed(FRAME_KERNEL, &frame);
	if (err == OK)
		*out = frame_address(frame);
	else
		quota_return_pages(quota, 1);
	return err;
}

static void page_give(struct quota *quota, void *page)
{
	frame_free(frame_of_address(page), 0);
	quota_return_pages(quota, 1);
}

err_t handle_table_init(struct handle_table *table, struct quota *quota)
{
	*table = (struct handle_table){
		.quota = quota,
		.first_free = SLOT_NONE,
		.last_free = SLOT_NONE,
	};
	lock_init(&table->lock, RANK_HANDLES);
	void *page;
	TRY(page_take(quota, false, &page));
	table->chunks = page;
	return OK;
}

static struct handle_entry *_Nullable *chunk_slot(struct handle_table *table, u32 index)
{
	assert(table->chunks && index < HANDLE_CHUNKS);
	UNSAFE_BEGIN("index was compared with the count")
	return &table->chunks[index];
	UNSAFE_END
}

static void push_free(struct handle_table *table, u32 slot)
{
	handle_entry_at(table, slot)->next_free = SLOT_NONE;
	if (table->last_free == SLOT_NONE)
		table->first_free = slot;
	else
		handle_entry_at(table, table->last_free)->next_free = slot;
	table->last_free = slot;
}

static u32 pop_free(struct handle_table *table)
{
	u32 slot = table->first_free;
	table->first_free = handle_entry_at(table, slot)->next_free;
	if (table->first_free == SLOT_NONE)
		table->last_free = SLOT_NONE;
	return slot;
}

// The tag of the slot's next use: generations are never 0.
static u32 next_tag(struct handle_entry *entry)
{
	do
		entry->sequence++;
	while (!(entry->sequence << HANDLE_SLOT_BITS));
	return entry->sequence << HANDLE_SLOT_BITS;
}

// HANDLES_PER_CHUNK more slots, in no queue yet; their tags are 0, which no handle matches, or
// what the caller copies there before anybody looks.
static err_t add_chunk(struct handle_table *table, bool is_copy)
{
	u32 index = table->limit / HANDLES_PER_CHUNK;
	if (index == HANDLE_CHUNKS)
		return ERR_QUOTA;
	void *page;
	TRY(page_take(table->quota, is_copy, &page));
	*chunk_slot(table, index) = page;
	// Pairs with entry_of and handle_fast.
	atomic_store_release(&table->limit, table->limit + HANDLES_PER_CHUNK);
	return OK;
}

static err_t grow(struct handle_table *table)
{
	u32 slot = table->limit;
	TRY(add_chunk(table, false));
	for (; slot < table->limit; slot++) {
		struct handle_entry *entry = handle_entry_at(table, slot);
		atomic_store_relaxed(&entry->tag, next_tag(entry));
		push_free(table, slot);
	}
	return OK;
}

err_t handle_slot_reserve(struct handle_table *table)
{
	if (table->is_closed)
		return ERR_GONE;
	TRY(quota_charge_handles(table->quota, 1));
	err_t err = table->first_free == SLOT_NONE ? grow(table) : OK;
	if (err != OK)
		quota_return_handles(table->quota, 1);
	return err;
}

static void publish(struct handle_entry *entry, const struct handle_item *item)
{
	u32 kind = (u32)item->object->kind << HANDLE_KIND_SHIFT;
	u32 tag = (entry->tag & HANDLE_GENERATION_MASK) | kind | (item->rights & RIGHTS_ALL);
	atomic_store_relaxed(&entry->object, item->object);
	atomic_store_relaxed(&entry->epoch, item->epoch);
	atomic_store_release(&entry->tag, tag); // pairs with read_entry and handle_fast
}

handle_t handle_slot_fill(struct handle_table *table, const struct handle_item *item)
{
	u32 slot = pop_free(table);
	struct handle_entry *entry = handle_entry_at(table, slot);
	publish(entry, item);
	atomic_store_relaxed(&table->used, table->used + 1); // read without the lock when it is drained
	return (handle_t){ (entry->tag & HANDLE_GENERATION_MASK) | slot };
}

struct object *handle_slot_clear(struct handle_table *table, u32 slot)
{
	struct handle_entry *entry = handle_entry_at(table, slot);
	struct object *object = NOT_NULL(entry->object);
	// The tag changes first, and readers look at it last: nobody mixes this with the next handle.
	atomic_store_relaxed(&entry->tag, next_tag(entry));
	atomic_fence_release(); // pairs with the readers' acquire fence
	atomic_store_relaxed(&entry->object, (struct object *)nullptr);
	push_free(table, slot);
	atomic_store_relaxed(&table->used, table->used - 1);
	return object;
}

// Same slots, same generations, so that handles mean the same in the child. Replies are not
// inherited.
static void clone_chunk(struct handle_table *from, struct handle_table *to, u32 first)
{
	bool is_first = to->last_free == SLOT_NONE;
	u32 *link = is_first ? &to->first_free : &handle_entry_at(to, to->last_free)->next_free;
	page_copy(handle_entry_at(to, first), handle_entry_at(from, first));
	for (u32 slot = first; slot < first + HANDLES_PER_CHUNK; slot++) {
		struct handle_entry *copy = handle_entry_at(to, slot);
		if (copy->object && copy->object->kind != OBJECT_REPLY) {
			err_t err = object_get_handle(copy->object);
			assert(err == OK); // the entry itself is a handle
			to->used++;
			continue;
		}
		if (copy->object) {
			copy->object = nullptr;
			copy->tag &= HANDLE_GENERATION_MASK;
		}
		*link = to->last_free = slot; // push_free, many times
		link = &copy->next_free;
	}
	*link = SLOT_NONE;
}

// Each part as it is at some moment. It charges what is there, and returns what are replies.
err_t handle_clone_table(struct handle_table *from, struct handle_table *to)
{
	u32 before = to->used, slot = to->limit;
	lock_take(&from->lock);
	u32 end = (u32)min_u64(from->limit, slot + PART_SLOTS);
	u64 charged = 0;
	for (u32 i = slot; i < end; i++)
		charged += handle_entry_at(from, i)->object != nullptr;
	err_t err = quota_charge_handles(to->quota, charged);
	if (err != OK)
		charged = 0;
	for (; err == OK && slot < end; slot += HANDLES_PER_CHUNK) {
		err = add_chunk(to, true);
		if (err == OK)
			clone_chunk(from, to, slot);
	}
	if (err == OK && end < from->limit)
		err = SYSCALL_MORE;
	lock_give(&from->lock);
	quota_return_handles(to->quota, charged - (to->used - before));
	return err;
}

static struct object *_Nullable drain_next(
	struct handle_table *table, const struct object *_Nullable own)
{
	u32 slot = table->drained++;
	struct handle_entry *entry = handle_entry_at(table, slot);
	if (!atomic_load_relaxed(&entry->object)) // nothing goes in any more
		return nullptr;
	lock_take(&table->lock); // who put it in may be taking it back: message_pass_handles
	struct object *object = entry->object;
	if (object && (!own || object == own || object->kind == OBJECT_REPLY))
		object = handle_slot_clear(table, slot);
	else
		object = nullptr;
	lock_give(&table->lock);
	return object;
}

// No thread of the process is left to look without the lock; others look under it (handle_take).
static void release_chunks(struct handle_table *table)
{
	lock_take(&table->lock);
	void *chunks = NOT_NULL(table->chunks);
	u32 count = table->limit / HANDLES_PER_CHUNK;
	for (u32 i = 0; i < count; i++)
		page_give(table->quota, *chunk_slot(table, i));
	table->chunks = nullptr;
	atomic_store_relaxed(&table->limit, 0u);
	lock_give(&table->lock);
	page_give(table->quota, chunks);
}

static void close_table(struct handle_table *table)
{
	lock_take(&table->lock);
	table->is_closed = true;
	lock_give(&table->lock);
}

bool handle_table_drain_own(
	struct handle_table *table, const struct object *_Nullable own, u32 limit)
{
	close_table(table);
	for (u32 steps = limit * SLOTS_PER_CLOSE; table->drained < table->limit; steps--) {
		if (!limit || !steps)
			return false;
		if (!atomic_load_relaxed(&table->used))
			break;
		struct object *object = drain_next(table, own);
		if (!object)
			continue;
		limit--;
		quota_return_handles(table->quota, 1);
		object_put_handle(object);
	}
	table->drained = 0;
	return true;
}

bool handle_table_drain(struct handle_table *table, u32 limit)
{
	if (!table->chunks)
		return true;
	if (!handle_table_drain_own(table, nullptr, limit) ||
		atomic_load_relaxed(&table->used)) // or the beginning was kept until now
		return false;
	release_chunks(table);
	return true;
}

static void copy_slots(const struct handle_table *from, struct handle_table *to)
{
	to->chunks = from->chunks;
	to->first_free = from->first_free;
	to->last_free = from->last_free;
	to->used = from->used;
	atomic_store_release(&to->limit, from->limit); // pairs with entry_of and handle_fast
}

void handle_table_swap(struct handle_table *table, struct handle_table *mine)
{
	lock_take(&table->lock);
	struct handle_table old = *table;
	copy_slots(mine, table);
	lock_give(&table->lock);
	copy_slots(&old, mine);
}

// No handle of the heir leads into its own table yet.
err_t handle_table_move(struct handle_table *from, struct handle_table *to)
{
	struct quota_limits limits = { .pages = from->limit / HANDLES_PER_CHUNK,
		.handles = from->used };
	if (to->limit || to->is_closed)
		return ERR_STATE;
	if (from->quota != to->quota)
		TRY(quota_charge_limits(to->quota, &limits));
	void *chunks = NOT_NULL(to->chunks); // empty
	copy_slots(from, to);
	*from = (struct handle_table){ .quota = from->quota };
	page_give(from->quota, chunks); // the charge of ours pays for what we got
	if (from->quota != to->quota)
		quota_return_limits(from->quota, &limits);
	return OK;
}
