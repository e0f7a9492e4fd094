// SPDX-License-Identifier: MIT
// explore.c - stateless search: a stack of decisions, one for each volatile unit in the order in
// which the check first reads them. After a run the last decision that has an alternative left is
// changed, and the check runs again from the start.
#include "test/sinter/explore.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/sinter/checksum.h"
#include "test/sinter/seen.h"

enum { STACK_MAX = 4096, SECTOR = 512, SECTORS = DISK_UNIT / SECTOR };

// What a volatile unit may hold; made at its first read of a crash point, kept for the point.
struct candidates {
	u32 count, size;
	struct disk_unit *items; // owned
	u64 *hashes;             // owned
};

struct decision {
	u32 taken, count;
};

struct explore {
	const struct disk *logged;
	const struct explore_options *options;
	struct disk *durable;      // base with all durable writes; its `now` is read directly
	u32 first, end;            // the part of the log with volatile writes
	u32 flushed[DISK_SLICES];  // of a slice: flushes before the cut
	u32 honoured[DISK_SLICES]; // and of these, those that it did
	struct disk *view;         // what the check sees
	u8 *is_applied;            // of a write: it is in durable
	u64 *durable_hashes;       // of a unit: 0, or of its durable contents
	u32 *volatiles;            // of a unit: how many volatile writes it has
	struct candidates *candidates;
	u32 *read_in;                     // of a unit: number of the run that read it first
	const struct disk_unit **decided; // of a unit
	u32 *written_in;
	struct disk_unit **overlay; // of a unit: what the check itself wrote
	u32 run;
	u64 seen; // hash of all that the run has read: the state, as far as it ever mattered
	struct decision stack[STACK_MAX];
	u32 depth, position;
	struct explore_result result;
};

static u64 unit_hash(u64 unit, const void *bytes)
{
	static const u8 zeros[DISK_UNIT];
	u64 sum = checksum(view_from(bytes ? bytes : zeros, DISK_UNIT), unit).word[0];
	return hash_mix(sum) | 1; // 0 means unknown
}

static void *grown(void *memory, usize size)
{
	void *larger = realloc(memory, size);
	if (!larger)
		abort();
	return larger;
}

static void add_candidate(struct candidates *set, u64 unit, const u8 *data)
{
	u64 hash = unit_hash(unit, data);
	for (u32 i = 0; i < set->count; i++)
		if (set->hashes[i] == hash)
			return;
	if (set->count == set->size) {
		set->size = set->size ? 2 * set->size : 4;
		set->items = grown(set->items, set->size * sizeof *set->items);
		set->hashes = grown(set->hashes, set->size * sizeof *set->hashes);
	}
	set->hashes[set->count] = hash;
	memcpy(set->items[set->count++].bytes, data, DISK_UNIT);
}

static void add_torn(struct candidates *set, u64 unit, const u8 *old, const u8 *new)
{
	u8 mixed[DISK_UNIT];
	for (u32 cut = 1; cut < SECTORS; cut++) {
		memcpy(mixed, new, DISK_UNIT);
		memcpy(mixed + cut * SECTOR, old + cut * SECTOR, DISK_UNIT - cut * SECTOR);
		add_candidate(set, unit, mixed);
		memcpy(mixed, old, DISK_UNIT);
		memcpy(mixed + cut * SECTOR, new + cut *SECTOR, DISK_UNIT - cut * SECTOR);
		add_candidate(set, unit, mixed);
	}
}

static u32 slice_of(const struct disk *disk, u64 unit)
{
	return (u32)(unit / disk->device.units);
}

static bool is_volatile(const struct explore *explore, u32 write)
{
	const struct disk_write *at = &explore->logged->log[write];
	return at->flushes >= explore->honoured[slice_of(explore->logged, at->unit)];
}

static void make_candidates(struct explore *explore, u64 unit)
{
	static const u8 zeros[DISK_UNIT];
	struct candidates *set = &explore->candidates[unit];
	const struct disk_unit *durable = explore->durable->now[unit];
	const u8 *old = durable ? durable->bytes : zeros;
	// The newest first: the run in which all landed is the first one.
	for (u32 i = explore->end; i-- > explore->first;)
		if (is_volatile(explore, i) && explore->logged->log[i].unit == unit)
			add_candidate(set, unit, explore->logged->log[i].data->bytes);
	add_candidate(set, unit, old);
	for (u32 i = explore->first; explore->options->is_torn && i < explore->end; i++) {
		if (!is_volatile(explore, i) || explore->logged->log[i].unit != unit)
			continue;
		add_torn(set, unit, old, explore->logged->log[i].data->bytes);
		old = explore->logged->log[i].data->bytes;
	}
}

static u32 decide(struct explore *explore, u32 count)
{
	if (count == 1)
		return 0;
	if (explore->position == explore->depth) {
		if (explore->depth == STACK_MAX)
			abort();
		explore->stack[explore->depth++] = (struct decision){ 0, count };
	}
	struct decision *decision = &explore->stack[explore->position++];
	if (decision->count != count) {
		fputs("explore: the check is not deterministic\n", stderr);
		abort();
	}
	return decision->taken;
}

static const struct disk_unit *read_volatile(struct explore *explore, u64 unit, u64 *hash)
{
	struct candidates *set = &explore->candidates[unit];
	if (!set->count)
		make_candidates(explore, unit);
	u32 taken = decide(explore, set->count);
	*hash = set->hashes[taken];
	return &set->items[taken];
}

static const struct disk_unit *view_read(void *view, u64 unit)
{
	struct explore *explore = view;
	if (explore->written_in[unit] == explore->run)
		return explore->overlay[unit];
	if (explore->read_in[unit] == explore->run)
		return explore->decided[unit];
	explore->read_in[unit] = explore->run;
	u64 *hash = &explore->durable_hashes[unit];
	if (explore->volatiles[unit]) {
		u64 decided;
		explore->decided[unit] = read_volatile(explore, unit, &decided);
		explore->seen += decided;
		return explore->decided[unit];
	}
	explore->decided[unit] = explore->durable->now[unit];
	if (!*hash)
		*hash = unit_hash(unit, explore->decided[unit]);
	explore->seen += *hash;
	return explore->decided[unit];
}

static void view_write(void *view, u64 unit, const struct disk_unit *data)
{
	struct explore *explore = view;
	if (!explore->overlay[unit])
		explore->overlay[unit] = malloc(sizeof *data);
	if (!explore->overlay[unit])
		abort();
	memcpy(explore->overlay[unit], data, sizeof *data);
	explore->written_in[unit] = explore->run;
}

// True: there is another run to do.
static bool next_decisions(struct explore *explore)
{
	while (explore->depth) {
		struct decision *last = &explore->stack[explore->depth - 1];
		if (++last->taken < last->count)
			return true;
		explore->depth--;
	}
	return false;
}

static void run_point(
	struct explore *explore, const struct crash *crash, explore_check *check, void *context)
{
	u64 done = 0;
	explore->depth = 0;
	explore->result.points++;
	do {
		explore->run++;
		explore->position = 0;
		explore->seen = 0;
		bool good = check(context, explore->view, crash);
		explore->result.executions++;
		explore->result.distinct += seen_add(explore->seen);
		explore->result.violations += !good;
		if (explore->options->executions_max && ++done == explore->options->executions_max) {
			explore->result.cuts++;
			return;
		}
	} while (next_decisions(explore));
}

// What became durable since the last point is written; the rest up to here is volatile.
static void set_volatile(struct explore *explore, u32 end)
{
	const struct disk *logged = explore->logged;
	for (u64 i = 0; i < logged->units; i++) {
		explore->volatiles[i] = 0;
		free(explore->candidates[i].items);
		free(explore->candidates[i].hashes);
		explore->candidates[i] = (struct candidates){};
	}
	u32 count = 0;
	for (u32 i = explore->first; i < end; i++) {
		u64 unit = logged->log[i].unit;
		if (is_volatile(explore, i)) {
			explore->volatiles[unit]++;
			count++;
		} else if (!explore->is_applied[i]) {
			explore->is_applied[i] = 1;
			memcpy(disk_unit_at(explore->durable, unit), logged->log[i].data, DISK_UNIT);
			explore->durable_hashes[unit] = 0;
		}
	}
	while (explore->first < end && explore->is_applied[explore->first])
		explore->first++;
	explore->end = end;
	explore->result.raw_states += pow(explore->options->is_torn ? 16 : 2, count);
}

static void explore_init(struct explore *explore, const struct disk *base)
{
	u64 units = base->units;
	explore->durable = disk_copy(base);
	explore->view = disk_create_slices(units / base->slice_count, base->slice_count);
	explore->is_applied = calloc(explore->logged->writes + 1u, 1);
	explore->view->view = explore;
	explore->view->view_read = view_read;
	explore->view->view_write = view_write;
	explore->durable_hashes = calloc(units, sizeof *explore->durable_hashes);
	explore->volatiles = calloc(units, sizeof *explore->volatiles);
	explore->candidates = calloc(units, sizeof *explore->candidates);
	explore->read_in = calloc(units, sizeof *explore->read_in);
	explore->decided = calloc(units, sizeof *explore->decided);
	explore->written_in = calloc(units, sizeof *explore->written_in);
	explore->overlay = calloc(units, sizeof *explore->overlay);
	if (!explore->is_applied || !explore->durable_hashes || !explore->volatiles ||
		!explore->candidates || !explore->read_in || !explore->decided || !explore->written_in ||
		!explore->overlay)
		abort();
}

static void explore_fini(struct explore *explore)
{
	for (u64 i = 0; i < explore->logged->units; i++) {
		free(explore->candidates[i].items);
		free(explore->candidates[i].hashes);
		free(explore->overlay[i]);
	}
	disk_destroy(explore->durable);
	disk_destroy(explore->view);
	free(explore->durable_hashes);
	free(explore->is_applied);
	free(explore->volatiles);
	free(explore->candidates);
	free(explore->read_in);
	free(explore->decided);
	free(explore->written_in);
	free(explore->overlay);
}

// The cut comes when so many writes were issued and so many flushes had ended.
static void explore_point(
	struct explore *explore, struct crash crash, explore_check *check, void *context)
{
	u32 lies = explore->options->lies;
	for (u32 i = 0; i < DISK_SLICES; i++)
		explore->honoured[i] = explore->flushed[i] > lies ? explore->flushed[i] - lies : 0;
	crash.flushes = crash.flushes > lies ? crash.flushes - lies : 0;
	set_volatile(explore, crash.writes);
	run_point(explore, &crash, check, context);
}

struct explore_result explore_crashes(const struct disk *base, const struct disk *logged,
	const struct explore_options *options, explore_check *check, void *context)
{
	struct explore *explore = calloc(1, sizeof *explore);
	if (!explore)
		abort();
	explore->logged = logged;
	explore->options = options;
	explore_init(explore, base);
	u32 before = 0;                                                // writes at the last point
	for (u32 flushes = 0; flushes <= logged->flushes; flushes++) { // before each, and at the end
		bool is_end = flushes == logged->flushes;
		u32 writes = is_end ? logged->writes : logged->flush_log[flushes].writes;
		u32 from = options->at_every_write ? before + 1 : writes;
		for (u32 at = from; at <= writes && writes && (at > before || logged->slice_count > 1);
			at++)
			explore_point(
				explore, (struct crash){ .writes = at, .flushes = flushes }, check, context);
		before = writes;
		if (!is_end)
			explore->flushed[logged->flush_log[flushes].slice]++;
	}
	struct explore_result result = explore->result;
	explore_fini(explore);
	free(explore);
	return result;
}
