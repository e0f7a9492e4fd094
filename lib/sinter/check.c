// SPDX-License-Identifier: MIT
// check.c - blocks: every copy of each verifies, no unit has two owners, bitmaps say exactly what
// is owned. Live trees and dead lists together are all owners: a snapshot's blocks are in one of
// them.
#include "lib/base/bits.h"
#include "lib/base/format.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/check_local.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/read.h"
#include "lib/sinter/seal.h"
#include "lib/sinter/space.h"
#include "lib/sinter/verify.h"
#include "lib/sinter/volume.h"
#include "lib/sinter/zone.h"

struct blocks {
	struct sinter *pool;
	struct sinter_check *check;
	u64 *used; // bit a unit, by zone; owned
	usize words_of_zone, words;
	bool is_marking; // else the blocks must be marked already
	u64 older_than;  // blocks born up to here belong to another dataset
	u64 units;       // of all copies in the tree that is walked
	u64 verified;    // of all so far
};

void check_complain(struct sinter_check *check, const char *what, u64 a, u64 b)
{
	u8 text[160];
	check->complaints++;
	check->complain(check->context, format_view(span_of(text), "%s (%lu, %lu)", what, a, b));
}

static u64 *used_word(struct blocks *blocks, u32 zone, u32 bit)
{
	return &ITEM(blocks->used, blocks->words, zone * blocks->words_of_zone + bit / 64);
}

static void mark(struct blocks *blocks, u64 address, u32 units)
{
	struct sinter *pool = blocks->pool;
	if (!read_is_address(pool, address, units)) {
		check_complain(blocks->check, "a pointer leads nowhere", address, units);
		return;
	}
	u32 zone = space_zone_of(pool, address);
	u32 bit = space_bit_of(pool, address);
	u64 mask = bits_mask(units) << bit % 64;
	u64 *word = used_word(blocks, zone, bit);
	if (blocks->is_marking && *word & mask)
		check_complain(blocks->check, "a unit has two owners", address, units);
	if (!blocks->is_marking && (*word & mask) != mask)
		check_complain(blocks->check, "a snapshot's unit has no owner", address, units);
	if (blocks->is_marking)
		*word |= mask;
}

static void verify_copies(struct blocks *blocks, const pointer_t *pointer)
{
	struct sinter *pool = blocks->pool;
	if (blocks->check->is_quick && pointer_type(pointer) == BLOCK_RECORD)
		return;
	usize size = (usize)pointer_units(pointer) * UNIT_SIZE;
	span_t bytes = span_clamp(span_of(pool->scratch), 0, size);
	for (u32 i = 0; i < read_attempts(pointer); i++) {
		u64 address = read_address(pointer, i);
		u32 leg = read_leg(pointer, i);
		if (volume_leg(pool, leg)->state != LEG_GOOD)
			continue;
		if (volume_read_now(pool, leg, address_unit(address), bytes) == OK &&
			read_is_good(pointer, view_clamp(span_view(bytes), 0, pointer->stored)))
			continue;
		blocks->check->bad_copies++;
		check_complain(blocks->check, "a copy of a block is bad (address, leg)", address, leg);
	}
}

static err_t visit(void *context, struct btree *tree, const pointer_t *pointer)
{
	struct blocks *blocks = context;
	(void)tree;
	bool is_record = pointer_type(pointer) == BLOCK_RECORD;
	*(is_record ? &blocks->check->records : &blocks->check->nodes) += 1;
	if (pointer_is_memory(pointer)) // replayed, but opened to read only: it has no place
		return OK;
	if (!read_is_possible(blocks->pool, pointer))
		return ERR_CORRUPT;
	blocks->units += pointer_units_of_copies(pointer);
	if (pointer_birth(pointer) <= blocks->older_than)
		return OK;
	for (u32 i = 0; i < pointer_copies(pointer); i++)
		mark(blocks, AT(pointer->address, i), pointer_units(pointer));
	if (!blocks->is_marking)
		return OK;
	verify_copies(blocks, pointer);
	blocks->verified += pointer_units_of_copies(pointer);
	if (blocks->check->progress)
		blocks->check->progress(
			blocks->check->context, blocks->verified, blocks->pool->super.units_allocated);
	return OK;
}

static void mark_headers(struct blocks *blocks)
{
	for (u32 zone = 0; zone < blocks->pool->space.zone_count; zone++)
		for (u32 unit = 0; unit < space_header_units(blocks->pool); unit++)
			*used_word(blocks, zone, unit) |= (u64)1 << unit % 64;
}

static err_t mark_dead(struct blocks *blocks, view_t entries)
{
	for (usize at = 0; at + sizeof(struct dead_entry) <= entries.size;
		at += sizeof(struct dead_entry)) {
		pointer_t pointer = {};
		TRY(view_load(entries, at, span_clamp(span_of(pointer), 0, sizeof(struct dead_entry))));
		if (pointer_birth(&pointer) <= blocks->older_than)
			continue;
		for (u32 i = 0; i < pointer_copies(&pointer); i++)
			mark(blocks, AT(pointer.address, i), pointer_units(&pointer));
	}
	return OK;
}

static err_t mark_dead_list(struct blocks *blocks, u64 list)
{
	struct btree *tree = &blocks->pool->tree;
	tree_key_t key = key_make(list, ITEM_DEAD, 0);
	while (list) {
		struct place place;
		blocks->pool->epoch++;
		err_t err = btree_seek_in(tree, key, &place);
		if (err == ERR_NOT_FOUND)
			return OK;
		TRY(err);
		key = btree_key(tree, &place);
		TRY(mark_dead(blocks, btree_value(tree, &place)));
		key.item++;
	}
	return OK;
}

// What is left of a tree that is being destroyed.
static err_t check_garbage(struct blocks *blocks, const struct root *root)
{
	const struct verify_visitor visitor = {
		.visit = visit, .context = blocks, .from = root->position
	};
	struct btree tree;
	dataset_tree(blocks->pool, &root->pointer, root->lineage, &tree);
	blocks->older_than = root->keep;
	err_t err = verify_tree(&tree, root->keep + 1, &visitor);
	if (err != OK && err != ERR_NO_MEMORY)
		check_complain(blocks->check, "a tree being destroyed cannot be read to its end", 0, 0);
	return err == ERR_NO_MEMORY ? err : OK;
}

static void check_units(struct blocks *blocks, const struct dataset *dataset)
{
	if (!dataset_is_changed(dataset) && blocks->units != dataset->record.units)
		check_complain(blocks->check, "a dataset counts its units wrongly (dataset, should be)",
			dataset->record.id, blocks->units);
}

static err_t check_root(struct blocks *blocks, const struct root *root, bool is_snapshots_turn)
{
	const struct verify_visitor visitor = { .visit = visit, .context = blocks };
	struct dataset *dataset;
	if (sinter_dataset_open(blocks->pool, root->dataset, &dataset) != OK)
		return ERR_CORRUPT;
	struct btree *tree = &dataset->tree; // as it is open: it may differ from the disk
	struct btree snapshot;               // of another root
	btree_init(&snapshot, blocks->pool, &root->pointer, tree->lineage);
	snapshot.dataset = tree->dataset;
	blocks->is_marking = !is_snapshots_turn;
	blocks->older_than = dataset->record.origin_txg;
	blocks->units = 0;
	err_t err = OK;
	if (is_snapshots_turn) {
		blocks->older_than = 0;
		blocks->check->snapshots++;
		err = verify_tree(&snapshot, 0, &visitor);
	} else { // what waits for the dead list belongs to it already
		err = mark_dead(blocks, view_clamp(view_of(dataset->dead.entries), 0,
									dataset->dead.count * sizeof(struct dead_entry)));
		if (err == OK)
			err = verify_tree(tree, 0, &visitor);
		if (err == OK)
			check_units(blocks, dataset);
	}
	if (err == OK && seal_check_key(dataset) == OK)
		err = check_names(is_snapshots_turn ? &snapshot : tree, blocks->check);
	if (err != OK && err != ERR_NO_MEMORY)
		check_complain(blocks->check, "a tree cannot be read to its end (dataset, snapshot)",
			root->dataset, root->snapshot);
	sinter_dataset_close(dataset);
	return err == ERR_NO_MEMORY ? err : OK;
}

// Live trees and dead lists first: then every unit of a snapshot must be marked.
static err_t check_roots(struct blocks *blocks, bool is_snapshots_turn)
{
	tree_key_t key = KEY_FIRST;
	while (true) {
		struct root root;
		blocks->pool->epoch++;
		err_t err = dataset_next_root(blocks->pool, &key, &root);
		if (err == ERR_NOT_FOUND)
			return OK;
		TRY(err);
		if (!is_snapshots_turn) {
			blocks->is_marking = true;
			blocks->older_than = root.is_garbage ? UINT64_MAX : root.origin_txg;
			TRY(mark_dead_list(blocks, root.dead_list));
		}
		if (root.is_garbage && !is_snapshots_turn)
			TRY(check_garbage(blocks, &root));
		if (!root.is_garbage && !root.is_dying && (root.snapshot != 0) == is_snapshots_turn)
			TRY(check_root(blocks, &root, is_snapshots_turn));
	}
}

static err_t check_zone(struct blocks *blocks, u32 number)
{
	struct sinter *pool = blocks->pool;
	struct zone *zone = space_zone(pool, number);
	u64 free_units = 0;
	pool->epoch++;
	if (space_load(pool, number) != OK) {
		check_complain(blocks->check, "a zone's bitmap cannot be read", number, 0);
		return OK;
	}
	for (u32 i = 0; i < zone->units / 64; i++) {
		u64 should = *used_word(blocks, number, i * 64), is = *zone_word(pool, number, i);
		u64 unit = space_zone_address(pool, number) + i * 64;
		if (should & ~is)
			check_complain(blocks->check, "units in use are free in the bitmap (from, bits)", unit,
				should & ~is);
		if (is & ~should)
			check_complain(blocks->check, "units that nobody owns are allocated (from, bits)", unit,
				is & ~should);
		free_units += 64 - bits_count(is);
		blocks->check->units_used += bits_count(should);
	}
	if (zone->has_record && !zone->is_changed &&
		(free_units != zone->record.free_units ||
			zone_free_chunks(pool, number) != zone->record.free_chunks))
		check_complain(blocks->check, "a zone record counts wrongly", number, free_units);
	return OK;
}

static err_t check_all(struct blocks *blocks)
{
	const struct verify_visitor visitor = { .visit = visit, .context = blocks };
	struct sinter *pool = blocks->pool;
	mark_headers(blocks);
	blocks->is_marking = true;
	if (verify_tree(&pool->tree, 0, &visitor) != OK) {
		check_complain(blocks->check, "the pool tree cannot be read to its end", 0, 0);
		return OK;
	}
	TRY(check_roots(blocks, false));
	TRY(check_roots(blocks, true));
	TRY(check_sets(pool, blocks->check));
	for (u32 i = 0; i < pool->space.zone_count; i++)
		TRY(check_zone(blocks, i));
	if (!cache_dirty(pool) &&
		pool->super.units_allocated != pool->super.units_total - space_units_free(pool))
		check_complain(blocks->check, "the superblock counts wrongly", pool->super.units_allocated,
			pool->super.units_total);
	return OK;
}

err_t sinter_check(struct sinter *pool, struct sinter_check *check)
{
	struct port *port = &pool->port;
	struct blocks blocks = { .pool = pool, .check = check };
	blocks.words_of_zone = pool->space.words;
	blocks.words = blocks.words_of_zone * pool->space.zone_count;
	usize size = blocks.words * sizeof(u64);
	u64 *used = port->allocate(port->context, size);
	if (!used)
		return ERR_NO_MEMORY;
	blocks.used = used;
	err_t err = VOLUME_WAITING(pool, check_all(&blocks));
	port->release(port->context, used, size);
	return err;
}
