// SPDX-License-Identifier: MIT
// world.h - what pools need of their environment in tests: memory that can run out, a clock that
// only steps, seeded random numbers. And calls that wait until they have an answer.
#pragma once

#include "lib/base/random.h"
#include "lib/sinter/sinter.h"
#include "test/sinter/disk.h"

NONNULL_BEGIN

enum { WORLD_KEPT = 16 };

struct world_memory {
	void *_Nullable memory; // owned
	usize size;
};

struct world {
	struct port port;
	enum check_kind check_kind; // of pools made: BLAKE3 for each third seed
	u64 clock;                  // ns; each look at it is 1 us later
	struct random random;
	u64 allocations;     // so far
	u64 fail_allocation; // this one fails; 0: none
	i64 memory;          // bytes held
	i64 memory_max;      // who asks for more aborts; 0: all there is
	u32 reports;
	u32 frames; // of the cache of pools that are opened
	bool keeps_memory;
	struct world_memory kept[WORLD_KEPT];
	u32 kept_at; // whose place is taken when all are
};

void world_init(struct world *world, u64 seed);
// The same for one pool after the other: memory that the one before has given back is used again.
void world_init_again(struct world *world, const struct world *before, u64 seed);
void world_fini(struct world *world);               // only after keeps_memory
u64 world_setting(const char *name, u64 otherwise); // a number from the environment

constexpr u64 WORLD_UNITS = 4096; // the smallest pool

struct disk *world_format(struct world *world, u64 units); // must succeed
// So many devices of so many units, in mirrors of so many legs each.
struct world_shape {
	u64 units;
	u32 disks, legs;
	u32 opened; // bits of the devices that are given at opening; 0: all
};
struct disk *world_format_shape(struct world *world, struct world_shape shape);
// ERR as sinter_open; small memory.
err_t world_open(struct world *world, struct disk *disk, struct sinter *_Nullable *_Nonnull out);
err_t world_open_to(struct world *world, struct disk *disk, bool is_read_only,
	struct sinter *_Nullable *_Nonnull out);
err_t world_open_some(
	struct world *world, struct disk *disk, u32 opened, struct sinter *_Nullable *_Nonnull out);
// The same, and its first dataset.
err_t world_open_root(struct world *world, struct disk *disk,
	struct sinter *_Nullable *_Nonnull out, struct dataset *_Nullable *_Nonnull out_root);
void world_settle(struct sinter *pool); // until nothing is under way or waits to be done

// An expression that may answer ERR_WOULD_BLOCK, until it answers something else.
#define WAIT(pool, expression)                                                                     \
	({                                                                                             \
		err_t wait_err;                                                                            \
		u32 wait_rounds = 0;                                                                       \
		while ((wait_err = (expression)) == ERR_WOULD_BLOCK) {                                     \
			world_wait(pool, &wait_rounds);                                                        \
		}                                                                                          \
		wait_err;                                                                                  \
	})
void world_wait(struct sinter *pool, u32 *rounds); // aborts when it would go on for ever

struct world_file {
	struct dataset *dataset;
	u64 inode;
};

err_t world_sync(struct sinter *pool);
// Syncs, then goes as a power cut would; is_orderly: closes instead.
err_t world_leave(struct sinter *pool, bool is_orderly);
err_t world_fsync(struct sinter *pool, struct dataset *dataset, u64 inode);
err_t world_write(struct sinter *pool, struct world_file file, u64 offset, view_t from);
err_t world_read(struct sinter *pool, struct world_file file, u64 offset, span_t to, usize *out);

NONNULL_END
