// SPDX-License-Identifier: MIT
// run_queue.h - one CPU's ready entities: 32 real-time levels, and below them the fair band, an
// EEVDF: earliest virtual deadline first among the entities that are not ahead of their share
// (Stoica and Abdel-Wahab, 1995). Only the CPU itself touches its queue: no lock.
#pragma once

#include "abi/types.h"
#include "lib/base/list.h"
#include "lib/base/tree.h"

NONNULL_BEGIN

struct entity;
struct thread;

constexpr u32 PRIORITY_COUNT = 33; // 0 = fair, 1..32 real time
constexpr u64 SLICE_NS = 3'000'000;

struct run_queue {
	u32 rt_mask;
	struct list rt[PRIORITY_COUNT]; // [0] unused
	struct tree fair;
	u64 virtual_time; // weighted average vruntime, kept by updates
	i64 average_sum;  // sum of weight * (vruntime - base)
	u64 total_weight;
	u64 base;
	u64 rt_debt; // ns that real time ran while the fair band waited, less 19 times what it got then
	u32 ready;   // entities queued; read by others as a hint
};

void run_queue_init(struct run_queue *queue);
void run_queue_add(struct run_queue *queue, struct entity *entity);
// One that has just run: V is not known without it, and it has no sleep to be cut short.
void run_queue_return(struct run_queue *queue, struct entity *entity);
// One that begins to run without having been queued: as if it had been added and taken at once.
void run_queue_place(struct run_queue *queue, struct entity *entity);
void run_queue_remove(struct run_queue *queue, struct entity *entity);
struct entity *_Nullable run_queue_first(struct run_queue *queue); // stays queued
struct entity *_Nullable run_queue_take_movable(
	struct run_queue *queue, u64 cpu_mask); // for stealing
void entity_init(struct entity *entity, struct thread *owner);
void entity_account(struct run_queue *queue, struct entity *entity, u64 ran_ns);
bool entity_goes_before(
	const struct run_queue *queue, const struct entity *entity, const struct entity *running);

NONNULL_END
