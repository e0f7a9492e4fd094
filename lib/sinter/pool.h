// SPDX-License-Identifier: MIT
// pool.h - an open pool in memory, all of it: legs, cache, zones, the open transaction group, the
// intent log, datasets. Private to the library; sinter.h is the door. All memory is taken when the
// pool is opened. One thread owns it; nothing here is locked.
#pragma once

#include "lib/base/list.h"
#include "lib/sinter/pointer.h"
#include "lib/sinter/sinter.h"
#include "ports/sodium/seal.h"

NONNULL_BEGIN

constexpr u32 NONE = UINT32_MAX;
constexpr u32 TRANSFERS = 256;
constexpr u32 VERSIONS = KEEP_ROOTS + 1; // of a zone's bitmap, besides the open one
constexpr u32 DATASETS_MAX = 32;         // open at a time
constexpr u32 LOG_BUFFER = 128 * 1024;   // records of names and attributes of one txg
constexpr u32 LOG_GROUP_MAX = 256 * 1024;
constexpr u32 STREAMS = 256; // files whose contents changed in the open txg, that fsync can log
constexpr u32 QUEUE_MAX = 64;
constexpr u32 SNAPSHOTS_WAITING = 8;
constexpr u32 ZONES_OF_COMMIT = 16; // places for bitmaps that only a commit may take
constexpr u32 LOADED_ZONES_MIN = 48;
constexpr u32 FRAMES_MIN = 160;
constexpr u32 DEAD_WAITING = 400;  // blocks of a dataset kept for a snapshot, in one txg
constexpr u32 DEAD_OF_STEP = 100;  // as many as one step may add
constexpr u32 FRAMES_OF_STEP = 48; // clean ones that a step must find besides what it changes
constexpr u32 HELD_MAX = 4096;
constexpr u32 HINTS = 8; // for each place of the cache's hash
constexpr u32 HINT_SLOT_BITS = 10;
static_assert(NODE_SLOTS < 1u << HINT_SLOT_BITS);

// Requests that belong together: how many are under way, and the last error.
struct work {
	u32 under_way;
	err_t error;
};

struct transfer {
	struct device_io io;
	struct sinter *pool;
	struct work *_Nullable work; // null: free
	u32 leg;
};

// Number vdev * LEGS_MAX + leg in pool.legs; what a root says of it is in the vdev's entry.
struct leg {
	struct device device;
	enum leg_state state;
	u32 under_way;
	u64 label_units; // where its labels are: those of a device so large
	u64 config_sequence;
};

struct vdev {
	struct vdev_entry entry;      // as the next root will say
	u32 first_zone, zones;        // in space.zones
	u32 preferred[2][COPIES_MAX]; // zone by class (metadata, data) and copy
	u64 available;                // chunks: sum over its loaded zones
	u32 roomy;                    // loaded zones with available ones
	u64 spread_txg;               // the open one when the last look for another zone ended
};

enum buffer_state : u8 {
	BUFFER_FREE,
	BUFFER_READING, // work.under_way tells whether it arrived
	BUFFER_CLEAN,   // equals the disk; in the hash and in `recent`
	BUFFER_DIRTY,   // of the open txg, no address
	BUFFER_WRITING, // of the txg in flight, not to be changed; in the hash
	BUFFER_HEALING, // the stored bytes of a block, on their way over a bad copy
	BUFFER_IMAGE,   // the compressed bytes of a writing one
};

struct buffer {
	pointer_t pointer;      // of a dirty one: type and level only
	struct list_node order; // in cache.free, cache.recent, or with the stream's records
	struct work work;
	u32 hash_next;
	u32 epoch;   // the step that used it last: not taken away in the same one
	u32 version; // of the tree that it is a leaf of, as met there last; 0: not known
	u32 bad;     // bit per attempt (copy, leg) that did not verify
	u32 logical; // bytes of a record in use
	enum buffer_state state;
	u8 attempt;
	bool is_sealed;  // clean, and still as it is on the disk: seal.h
	bool is_touched; // clean: used since eviction came by
	// A dirty record: what of it the intent log has not seen.
	u32 stream;       // NONE when not tracked
	u32 stored_frame; // buffer that holds the compressed bytes while writing, or NONE
	u64 record;
	u32 unlogged_low, unlogged_high;
};

struct cache {
	struct buffer *buffers; // owned, count
	u8 *frames;             // owned, count * NODE_SIZE
	u32 *hash;              // owned, hash_size
	u32 *hints;             // owned, hash_size * HINTS: where a key was found, leaf and slot
	u32 count, hash_size;
	struct list free,
		recent;       // recent: clean ones, in the order in which they are looked at to be taken
	bool has_healing; // maybe a buffer's healing ended
	u32 free_count, clean_count, writing_count;
	u32 dirty_nodes, dirty_records;
	u64 hits, misses;
};

struct bitmap {
	struct bitmap_header header;
	u64 words[]; // the zone's bits
};

struct zone {
	struct zone_record record;
	u8 vdev;
	bool has_record; // else it was never used
	u32 loaded;      // index of its bitmaps, or NONE
	u32 units;
	u32 available; // chunks that the next freeze may allocate; right while loaded
	u32 cursor;    // word where the search for a chunk begins
	u32 small_cursor;
	bool is_changed; // in the open txg
	bool is_written; // its bitmap belongs to the txg in flight
	bool is_marked;  // freeze: its record's leaf is dirty
};

struct loaded_zone {
	u32 zone; // NONE: free
	u32 epoch;
	struct work work;
	u32 version; // being read; VERSIONS when all are there
	u32 attempt;
	struct bitmap *now; // all owned
	struct bitmap *_Nonnull versions[VERSIONS];
	u64 version_txg[VERSIONS]; // 0: none
};

struct space {
	struct zone *zones;         // owned
	struct loaded_zone *loaded; // owned
	u8 *bitmaps;                // owned: memory of all of loaded
	usize bitmap_size;
	u32 zone_count, loaded_count;
	u32 loaded_wanted; // as asked for at opening
	u32 words;         // of a full zone
	u64 available;     // chunks: sum over loaded zones
	u64 units_total;
	u32 turn[2];      // by class: the vdev that new blocks go to
	i64 turn_left[2]; // units, until it is the next one's turn
};

enum commit_phase : u8 {
	COMMIT_IDLE,
	COMMIT_BLOCKS,
	COMMIT_BITMAPS,
	COMMIT_BARRIER,
	COMMIT_SUPERBLOCK,
	COMMIT_FLUSH,
	COMMIT_END,
};

struct txg {
	u64 open;          // number of the open one
	u64 durable;       // number of the newest durable one
	bool is_changed;   // the open one differs from its predecessor
	bool is_wanted;    // somebody waits for its commit
	bool is_closing;   // the commit is the last one: clean
	bool is_preparing; // the next commit is being prepared
	u64 wanted;        // the txg that must become durable
	u32 idle_commits;  // commits made only to let freed space mature
	// In flight:
	enum commit_phase phase;
	struct work work;
	u32 next;                // buffer or zone to be written, or label
	struct superblock super; // as it will be
};

// A file whose contents changed in the open txg.
struct stream {
	struct dataset *_Nullable dataset; // null: free
	u64 inode;
	struct list records; // dirty buffers with unlogged bytes
	u64 size_min;        // smallest size since the last log record; UINT64_MAX: not truncated
	bool is_changed;     // since the last log record
};

enum log_phase : u8 { LOG_IDLE, LOG_WRITING, LOG_FLUSHING };

struct file_name {
	struct dataset *_Nullable dataset;
	u64 inode;
};

struct ilog {
	u8 *records; // owned, LOG_BUFFER: names and attributes, not yet written
	u32 used, count;
	u8 *group;              // owned, LOG_GROUP_MAX: the block being made, written or replayed
	u32 group_size;         // bytes, whole units
	struct stream *streams; // owned, STREAMS
	struct file_name queue[QUEUE_MAX]; // files whose contents go into the next group
	u32 queued;
	bool is_asked;     // somebody waits for the next group
	bool is_overflown; // something could not be noted: until the next freeze fsync commits
	enum log_phase phase;
	struct work work;
	u64 position, sequence, previous; // of the next block
	u64 salt;                         // of its first one behind each root
	u64 group_position;
	u64 units_used;                         // since the block that the durable root begins with
	u64 ticket, done_ticket, frozen_ticket; // numbers of groups; a freeze counts as one
	bool is_replaying;
	u64 replay_base, replay_skip, replay_names;
	struct sinter_time replay_time;
	u64 replay_inode;
};

struct btree {
	struct sinter *pool;
	struct dataset *_Nullable dataset; // null: the pool tree
	pointer_t root;
	u64 lineage;
	u32 version; // no other tree has or had it; 0: takes no hints
};

struct dead_wait {
	u32 count;
	struct dead_entry entries[DEAD_WAITING];
};

struct dataset {
	struct dataset_record record;
	struct btree tree;
	u32 users;
	bool is_used;    // the place is taken, maybe only until a commit
	u64 snapshot;    // txg when this is a snapshot, opened to read; else 0
	u64 unfilled;    // as counted in the pool's
	u64 name_key[2]; // of the hashes of names
	bool has_key;
	struct seal_key key; // of an encrypted one
	bool is_changed;
	u64 pending_at; // where the search for unfinished work goes on
	bool has_pending;
	bool may_have_dying;   // snapshots that are being destroyed
	u64 dying_from;        // the open txg when that began
	u64 dying_at;          // where in the next one's dead list that goes on
	struct dead_wait dead; // not yet in the dead list; last, for it is large
};

struct held {
	struct dataset *_Nullable dataset; // null: free
	u64 inode;
	u32 count;
};

struct snapshot_wait {
	struct dataset *_Nullable dataset;
	u64 guid;
	u8 name[NAME_SIZE_MAX];
	u8 name_size;
};

// A place in the walk over all blocks: scrub.h.
struct scrub_walk {
	tree_key_t root;        // its tree is the first one at or behind this key; 0, 0: the pool tree
	tree_key_t behind_root; // where the next one is looked for; 0, 0: not known yet
	tree_key_t key;         // all below is done
	u32 level;              // and nodes that begin at key, down to this level
	bool is_entering;       // or that only lead there
	u64 min_birth;
};

constexpr u32 SCRUB_LANES = 4;

// One block being looked at. Bits are attempts: copy + copies * leg.
struct scrub_lane {
	struct buffer *_Nullable frame; // null: free
	pointer_t pointer;
	struct work work;
	u32 reads;        // still to read
	u32 bad, targets; // to be written: since it did not verify; since the leg has missed it
	u32 attempt;
	u32 good; // one that verified
	bool has_good, is_frame_good, is_reading, is_writing;
};

struct scrub {
	struct scrub_record record; // the last scrub
	struct scrub_walk walk, resilver;
	struct scrub_lane lanes[SCRUB_LANES];
	u32 busy; // lanes
	u32 zone; // blocks are done: the next zone whose bitmap is looked at
	bool are_blocks_done;
	bool is_stored;  // the record is in the tree
	bool is_changed; // and differs
	u64 legs;        // that the resilver is for, as bits
	u64 resilvered;  // blocks
};

struct sinter {
	struct port port;
	struct leg legs[LEGS_ALL];
	struct vdev vdevs[VDEVS_MAX];
	u32 vdev_count;
	u32 under_way;              // requests
	bool is_table_changed;      // a leg failed: no sync is answered until a root says so
	struct config_block config; // of vdev 0
	struct superblock super;    // newest durable
	struct transfer transfers[TRANSFERS];
	struct cache cache;
	struct space space;
	struct txg txg;
	struct ilog log;
	struct btree tree; // the pool tree
	struct dataset datasets[DATASETS_MAX];
	struct snapshot_wait snapshots[SNAPSHOTS_WAITING];
	u32 snapshot_count;
	struct held held[HELD_MAX];
	span_t kept;     // borrowed: kept.h
	bool is_keeping; // since it was opened
	bool is_kept;    // the open group is noted there
	struct work healing;
	struct scrub scrub;
	u64 unfilled;             // units reserved by datasets and not yet used
	u64 seal_random;          // upper 40 bits of stored nonces
	u64 seal_txg, seal_count; // blocks sealed in this group
	bool has_sealed;          // an encrypted dataset was opened with its key
	bool is_tidying;          // the last steps of pending_work were done, and more can be
	bool has_garbage;         // trees being destroyed, or not yet looked
	u32 epoch;                // counts steps: buffers and zones used in one stay for it
	u32 frames_reserved;
	u32 versions; // given to trees
	bool is_read_only;
	bool is_never_written;   // opened to read only: not even what the log held is written
	bool is_blocking;        // waits for the device instead of ERR_WOULD_BLOCK
	err_t failure;           // sticky: a write failed
	u32 rewound;             // roots skipped when it was opened
	struct superblock block; // for writing labels
	u8 scratch[NODE_SIZE];
};

// The image contradicts itself, which was met in the middle of a change: nothing of it is written.
static inline void pool_is_damaged(struct sinter *pool)
{
	pool->failure = ERR_CORRUPT;
	pool->is_read_only = true;
}

// Of the blocks that it writes, if they are not sealed.
static inline enum check_kind pool_check_kind(const struct sinter *pool)
{
	bool is_strong = AT(pool->super.features, FEATURES_INCOMPATIBLE) & FEATURE_BLAKE3;
	return is_strong ? CHECK_BLAKE3 : CHECK_XXH3;
}

// Element i of an array in allocated memory.
#define ITEM(array, count, i)                                                                      \
	(*(typeof(&(array)[0]))view_element((array), sizeof((array)[0]), (count), (i)))

NONNULL_END
