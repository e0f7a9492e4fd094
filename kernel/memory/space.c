// SPDX-License-Identifier: MIT
// space.c - address spaces: their tree of mappings, what they are charged, their end. Mapping and
// unmapping: mapping.c; faults: fault.c; fork: fork.c.
#include "abi/info.h"
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "kernel/memory/slab.h"
#include "kernel/object/process.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/view.h"

constexpr u64 SPACE_PAGES = 2; // charged for the struct and the top table
constexpr u64 TABLE_DEPTH = 3; // tables that mapping one page may need

// Where the kernel begins to look for free addresses: 1 TiB of choice low, 256 GiB high. Low where
// Linux has it too: there are programs (sanitizers) that keep other addresses for themselves.
void space_choose_hints(struct space *space)
{
	constexpr u64 LOW_PAGES = 1ull << 28;
	constexpr u64 HIGH_PAGES = 1ull << 26;
	space->low_hint = 0x7e80'0000'0000 + (arch_random() % LOW_PAGES << PAGE_SHIFT);
	space->high_hint = USER_HIGH_START + PAGE_SIZE + (arch_random() % HIGH_PAGES << PAGE_SHIFT);
}

err_t space_create(struct quota *quota, struct space *_Nullable *_Nonnull out)
{
	TRY(quota_charge_pages(quota, SPACE_PAGES));
	void *memory;
	err_t error = slab_alloc(sizeof(struct space), &memory);
	if (error != OK) {
		quota_return_pages(quota, SPACE_PAGES);
		return error;
	}
	struct space *space = memory;
	error = table_init(&space->table);
	if (error != OK) {
		slab_free(space, sizeof *space);
		quota_return_pages(quota, SPACE_PAGES);
		return error;
	}
	space->quota = quota;
	object_get(&quota->object);
	lock_init(&space->lock, RANK_SPACE);
	lock_init(&space->table_lock, RANK_TABLE);
	tree_init(&space->tree, nullptr);
	list_init(&space->waiters);
	space->users = 1;
	space->references = 1;
	space_choose_hints(space);
	*out = space;
	return OK;
}

static void unreference(struct space *space)
{
	if (atomic_sub_acq_rel(&space->references, 1u) > 1)
		return;
	table_fini(&space->table);
	struct quota *quota = space->quota;
	quota_return_pages(quota, SPACE_PAGES + space->table_charged);
	slab_free(space, sizeof *space);
	object_put(&quota->object);
}

bool space_leave_to_others(struct space *space)
{
	u32 users = atomic_load_relaxed(&space->users);
	while (users > 1)
		if (atomic_swap_if_acq_rel(&space->users, &users, users - 1))
			return true;
	return false;
}

void space_put(struct space *space)
{
	if (atomic_sub_acq_rel(&space->users, 1u) > 1)
		return;
	while (!space_drain(space, UINT32_MAX))
		;
	unreference(space);
}

err_t space_wait(struct space *space) NO_THREAD_SAFETY_ANALYSIS
{
	struct thread *thread = NOT_NULL(cpu_self()->current);
	if (thread->process->space != space) { // no service waits for a program
		lock_give(&space->lock);
		return SYSCALL_RESTART;
	}
	list_push_back(&space->waiters, &thread->wait.node);
	return wait_park(thread, WAIT_PAGE, nullptr, &space->lock, DEADLINE_NEVER);
}

err_t space_leave(
	struct space *space, struct long_call *call, err_t error) NO_THREAD_SAFETY_ANALYSIS
{
	if (error != SYSCALL_MORE) {
		call->done = 0;
	} else if (!space->holder) {
		space->holder = call;
		call->space = space;
		atomic_add_relaxed(&space->references, 1u);
	}
	lock_give(&space->lock);
	if (error != SYSCALL_MORE && call->space)
		space_release(call);
	return error;
}

void space_release(struct long_call *call)
{
	struct space *space = call->space;
	struct list_node *node;
	call->space = nullptr;
	lock_take(&space->lock);
	space->holder = nullptr;
	while ((node = list_pop_front(&space->waiters)))
		wait_wake(container_of(node, struct thread, wait.node), SYSCALL_RESTART);
	lock_give(&space->lock);
	unreference(space);
}

struct mapping *_Nullable space_find(struct space *space, u64 address)
{
	struct mapping *mapping = space->recent;
	if (mapping && address - mapping->address < mapping->size)
		return mapping;
	struct tree_node *node = space->tree.root;
	while (node) {
		mapping = container_of(node, struct mapping, node);
		if (address - mapping->address < mapping->size) {
			space->recent = mapping;
			return mapping;
		}
		node = address < mapping->address ? node->left : node->right;
	}
	return nullptr;
}

struct mapping *_Nullable space_first_after(struct space *space, u64 address)
{
	struct mapping *best = nullptr;
	struct tree_node *node = space->tree.root;
	while (node) {
		struct mapping *mapping = container_of(node, struct mapping, node);
		bool is_after = mapping_end(mapping) > address;
		if (is_after)
			best = mapping;
		node = is_after ? node->left : node->right;
	}
	return best;
}

struct mapping *_Nullable mapping_next(struct mapping *mapping)
{
	struct tree_node *node = tree_next(&mapping->node);
	return node ? container_of(node, struct mapping, node) : nullptr;
}

// What one mapping more costs: the first of a page pays for it.
static u64 mapping_cost(const struct space *space)
{
	return space->mapping_count % MAPPINGS_PER_PAGE == 0;
}

err_t mapping_create(struct space *space, struct mapping *_Nullable *_Nonnull out)
{
	u64 cost = mapping_cost(space);
	TRY(quota_charge_pages(space->quota, cost));
	void *memory;
	err_t error = slab_alloc(sizeof(struct mapping), &memory);
	if (error != OK) {
		quota_return_pages(space->quota, cost);
		return error;
	}
	space->mapping_count++;
	*out = memory;
	(*out)->space = space;
	return OK;
}

void mapping_free(struct mapping *mapping)
{
	struct space *space = mapping->space;
	space->mapping_count--;
	quota_return_pages(space->quota, mapping_cost(space));
	slab_free(mapping, sizeof *mapping);
}

void mapping_place(struct mapping *mapping)
{
	struct space *space = mapping->space;
	struct tree_slot slot = tree_slot_root(&space->tree);
	while (slot.here) {
		const struct mapping *here = container_of(slot.here, struct mapping, node);
		tree_slot_descend(&slot, mapping->address > here->address);
	}
	tree_insert_at(&space->tree, slot, &mapping->node);
}

void mapping_insert(struct mapping *mapping, struct mapping *_Nullable beside)
{
	struct space *space = mapping->space;
	mapping_place(mapping);
	struct memory *memory = mapping->memory;
	if (!memory)
		return;
	space_count_pages(space, (i64)(mapping->size >> PAGE_SHIFT));
	lock_take(&memory->lock);
	if (!beside) {
		if (!list_is_empty(&memory->mappings))
			atomic_store_relaxed(&memory->is_shown_twice, true);
		list_push_back(&memory->mappings, &mapping->by_memory);
	} else if (list_node_is_linked(&beside->by_memory)) { // not of one that was revoked
		list_insert_after(&beside->by_memory, &mapping->by_memory);
	}
	lock_give(&memory->lock);
}

void mapping_remove(struct mapping *mapping)
{
	struct space *space = mapping->space;
	if (tree_node_is_linked(&mapping->node)) // not of a dead space
		tree_remove(&space->tree, &mapping->node);
	if (space->recent == mapping)
		space->recent = nullptr;
	struct memory *memory = mapping->memory;
	if (memory) {
		space_count_pages(space, -(i64)(mapping->size >> PAGE_SHIFT));
		lock_take(&memory->lock);
		if (list_node_is_linked(&mapping->by_memory))
			list_remove(&mapping->by_memory);
		lock_give(&memory->lock);
		object_put(&memory->object);
	}
	mapping_free(mapping);
}

static err_t charge_tables(struct space *space, u64 more)
{
	u64 wanted = space->table.pages + more;
	if (space->table_charged >= wanted)
		return OK;
	TRY(quota_charge_pages(space->quota, wanted - space->table_charged));
	space->table_charged = wanted;
	return OK;
}

err_t space_table_map(struct space *space, u64 address, paddr_t frame, u32 access, bool is_large)
{
	TRY(charge_tables(space, TABLE_DEPTH));
	return table_map(&space->table, address, frame, access, is_large);
}

err_t space_table_map_run(struct space *space, u64 address, const struct radix_run *run, u32 access)
{
	TRY(charge_tables(space, 2 * TABLE_DEPTH));
	return table_map_run(&space->table, address, run, access);
}

void space_table_trim(struct space *space)
{
	u64 wanted = space->table.pages + TABLE_DEPTH;
	if (space->table_charged <= wanted)
		return;
	quota_return_pages(space->quota, space->table_charged - wanted);
	space->table_charged = wanted;
}

bool space_mapping_info(struct space *space, u64 address, struct mapping_info *out)
{
	lock_take(&space->lock);
	const struct mapping *mapping = space_first_after(space, address);
	if (mapping) {
		const struct memory *memory = mapping->memory;
		*out = (struct mapping_info){
			.address = mapping->address,
			.size = mapping->size,
			.offset = mapping->offset,
			.memory_id = memory ? memory->object.id : 0,
			.flags = mapping->flags,
		};
	}
	lock_give(&space->lock);
	return mapping != nullptr;
}

// From here on nobody looks into its tables: no thread of it is left, and CPUs that kept them
// loaded leave them. So they go as they are, and then the mappings.
static void begin_drain(struct space *space)
{
	lock_take(&space->lock);
	bool is_first = !space->is_dead;
	space->is_dead = true;
	lock_give(&space->lock);
	if (is_first)
		table_leave_everywhere(&space->table);
}

// True: all are gone.
static bool drain_tables(struct space *space, u32 *steps)
{
	lock_take(&space->table_lock);
	bool is_done = table_drain(&space->table, steps);
	space_table_trim(space);
	lock_give(&space->table_lock);
	return is_done;
}

static bool drain_mapping(struct space *space)
{
	lock_take(&space->lock);
	struct tree_node *node = tree_take_leaf(&space->tree);
	if (node)
		mapping_remove(container_of(node, struct mapping, node));
	lock_give(&space->lock);
	return node != nullptr;
}

// A mapping counts as STEP_COST steps, a table as one.
bool space_drain(struct space *space, u32 steps)
{
	constexpr u32 STEP_COST = 4;
	begin_drain(space);
	if (!drain_tables(space, &steps))
		return false;
	for (; steps; steps -= min_u64(STEP_COST, steps))
		if (!drain_mapping(space))
			return true;
	return false;
}
