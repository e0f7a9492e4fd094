// SPDX-License-Identifier: MIT
// format.h - what stands on the disk, as C. FORMAT.md says what each field means and what a reader
// must check; the sizes here are asserted, so that a compiler cannot change the format.
#pragma once

#include "abi/types.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format is read in place");

constexpr u32 SINTER_VERSION = 1;
constexpr u32 UNIT_SIZE = 4096;
constexpr u32 CHUNK_UNITS = 4;
constexpr u32 NODE_SIZE = 16384;
constexpr u32 RECORD_SIZE = 16384;
constexpr u32 RECORD_LOG2 = 14;
constexpr u32 INLINE_MAX = 2048;
constexpr u32 VALUE_MAX = 4096;
constexpr u32 NAME_SIZE_MAX = 255;
constexpr u32 LEVEL_MAX = 8;
constexpr u32 LEGS_MAX = 4;   // of a vdev
constexpr u32 VDEVS_MAX = 16; // of a pool
constexpr u32 COPIES_MAX = 3;
constexpr u32 KEEP_ROOTS = 3; // K: how many older roots stay intact
constexpr u64 FILE_SIZE_MAX = INT64_MAX;
constexpr u32 XATTR_VALUE_MAX = 65536;
constexpr u64 XATTR_RECORDS = (u64)1 << 55; // records from here on hold values of attributes
constexpr u64 DEVICE_UNITS_MIN = 4096;
constexpr u64 DEVICE_UNITS_MAX = (u64)1 << 48;

constexpr u64 MAGIC_CONFIG = 0x46435245544e4953;     // "SINTERCF"
constexpr u64 MAGIC_SUPERBLOCK = 0x42535245544e4953; // "SINTERSB"
constexpr u32 MAGIC_NODE = 0x644e6e53;               // "SnNd"
constexpr u32 MAGIC_BITMAP = 0x625a6e53;             // "SnZb"
constexpr u32 MAGIC_LOG = 0x674c6e53;                // "SnLg"

// Labels.
constexpr u32 LABELS = 4;
constexpr u32 LABEL_UNITS = 64;
constexpr u32 LABEL_FIRST_UNIT = 16;
constexpr u32 LABEL_RING_UNIT = 16; // within the label
constexpr u32 RING_PLACES = 32;
constexpr u32 LOG_FIRST_UNIT = LABEL_FIRST_UNIT + 2 * LABEL_UNITS;

// Zones.
constexpr u32 BITMAP_PLACES = 8;
constexpr u32 BITMAP_HEADER = 64;
constexpr u32 ZONE_UNITS_MIN = 256;

enum feature : u64 {
	FEATURE_LZ4 = 1 << 0,
	FEATURE_ZSTD = 1 << 1,
	FEATURE_BLAKE3 = 1 << 2,
	FEATURE_ENCRYPTION = 1 << 5,
	FEATURE_VDEVS = 1 << 7,
	FEATURE_XATTR_RECORDS = 1 << 8,
	FEATURE_CLONES = 1 << 9,
	FEATURE_SNAPSHOTS = 1 << 10,
	FEATURE_GARBAGE = 1 << 11,
	FEATURES_KNOWN = FEATURE_LZ4 | FEATURE_ZSTD | FEATURE_BLAKE3 | FEATURE_ENCRYPTION |
	                 FEATURE_VDEVS | FEATURE_XATTR_RECORDS | FEATURE_CLONES | FEATURE_SNAPSHOTS |
	                 FEATURE_GARBAGE,
};

typedef struct {
	u64 word[2];
} sum_t;

// A block pointer. Only pointer.h looks into address and info.
typedef struct {
	u64 address[COPIES_MAX];
	u32 logical;
	u32 stored;
	u64 info;
	sum_t sum;
	u64 check_rest[2]; // of a sealed one: nonce, sum of the ciphertext
} pointer_t;
static_assert(sizeof(pointer_t) == 72);

enum block_type : u8 { BLOCK_NONE, BLOCK_POOL_NODE, BLOCK_NODE, BLOCK_RECORD, BLOCK_TYPES };
enum compression : u8 { COMPRESS_NONE, COMPRESS_LZ4, COMPRESS_ZSTD };
enum check_kind : u8 { CHECK_NONE, CHECK_XXH3, CHECK_BLAKE3, CHECK_SEALED };
enum cipher : u8 { CIPHER_NONE, CIPHER_XCHACHA };

struct config_block {
	u64 magic;
	u32 version, unit_log2;
	u64 pool_guid;
	u64 sequence;
	u64 leg_guid;
	u32 vdev, vdevs;
	u32 leg, legs;
	u64 leg_guids[LEGS_MAX];
	u32 kind, reserved_kind;
	u64 units;
	u64 log_unit, log_units;
	u64 zone_unit;
	u32 zone_units, bitmap_units;
	u64 features[3];
	u64 created_s;
	char name[64];
	u8 reserved[3848];
	sum_t sum;
};
static_assert(sizeof(struct config_block) == UNIT_SIZE);

enum superblock_flag : u32 { SUPERBLOCK_CLEAN = 1 };
enum feature_mask : u8 { FEATURES_COMPATIBLE, FEATURES_READ_ONLY, FEATURES_INCOMPATIBLE };

// A top-level device as of a root.
struct leg_errors {
	u32 read, bad, write, healed;
};

struct vdev_entry {
	u64 units; // of each leg
	u64 zone_unit;
	u32 zone_units;
	u32 leaving;               // bit a leg: it goes as soon as no other one is behind
	u64 leg_guids[LEGS_MAX];   // 0: none
	u64 legs_behind[LEGS_MAX]; // 0, or the txg up to which the leg is complete
	struct leg_errors errors[LEGS_MAX];
	u64 reserved;
};
static_assert(sizeof(struct vdev_entry) == 160);

struct superblock {
	u64 magic;
	u32 version, flags;
	u64 pool_guid;
	u64 txg;
	u64 time_s;
	u32 time_ns, reserved_time;
	pointer_t root;
	u64 log_position, log_sequence, log_previous;
	u64 oldest;
	u64 units_total, units_allocated;
	u64 next_object;
	u64 reserved_config;
	u64 features[3];
	u32 vdevs, reserved_vdevs;
	u64 reserved_legs[3];
	u64 log_base, log_skip;
	struct vdev_entry vdev[VDEVS_MAX];
	u8 reserved[1264];
	sum_t sum;
};
static_assert(sizeof(struct superblock) == UNIT_SIZE);

// Trees.
typedef struct {
	u64 object;
	u64 item; // kind << 56 | offset
} tree_key_t;

constexpr u64 KEY_OFFSET_MASK = ((u64)1 << 56) - 1;
constexpr tree_key_t KEY_FIRST = { 0, 0 };
constexpr tree_key_t KEY_LAST = { UINT64_MAX, UINT64_MAX };

enum pool_item : u8 {
	ITEM_DATASET = 1,
	ITEM_CHILD = 2,
	ITEM_SNAPSHOT = 3,
	ITEM_ZONE = 4,
	ITEM_DEAD = 6,
	ITEM_DEADPART = 7,
	ITEM_PROPERTY = 8,
	ITEM_KEY = 9,
	ITEM_RECEIVE = 13,
	ITEM_SCRUB = 14,
	ITEM_GARBAGE = 15,
};

enum dataset_item : u8 {
	ITEM_INODE = 1,
	ITEM_INLINE = 2,
	ITEM_XATTR = 3,
	ITEM_DIRENT = 4,
	ITEM_DATA = 5,
	ITEM_PENDING = 6,
};

struct node_slot {
	tree_key_t key;
	u16 offset; // of the value in the node, a multiple of 8
	u16 size;
	u32 reserved;
};

constexpr u32 NODE_HEADER = 64;
constexpr u32 NODE_SLOTS = 680; // fill the node; the values lie over the end of them

struct node {
	u32 magic;
	u8 level, reserved_level;
	u16 count;
	u64 lineage;
	u64 birth;
	tree_key_t low, high;
	u16 heap, waste;
	u32 reserved;
	struct node_slot slots[NODE_SLOTS];
};
static_assert(sizeof(struct node) == NODE_SIZE);
static_assert(offsetof(struct node, slots) == NODE_HEADER);

constexpr u64 LINEAGE_POOL = 1;
constexpr u64 DATASET_ROOT = 16;

enum dataset_flag : u32 { DATASET_READ_ONLY = 1, DATASET_RECEIVING = 2, DATASET_NO_ATIME = 4 };

struct dataset_record {
	u64 id, lineage, parent, guid;
	u64 created_s;
	pointer_t root;
	u64 next_inode;
	u64 newest_snapshot; // txg
	u64 dead_list;
	u64 origin, origin_txg;
	u64 units;
	u64 quota, reservation;
	u64 hash_key[2];
	u32 flags;
	u8 record_log2, compression, check_kind, copies;
	u8 cipher, reserved_cipher[7];
	u64 key_object, salt;
	u64 reserved[4];
};
static_assert(sizeof(struct dataset_record) == 256);

enum snapshot_flag : u32 { SNAPSHOT_DYING = 1 };

struct snapshot_record {
	pointer_t root;
	u64 txg, created_s, guid;
	u64 dead_list;
	u64 units;
	u64 next_inode;
	u64 holds, clones;
	u64 previous; // txg
	u32 flags;
	u16 name_size, reserved_name;
	u64 reserved[3];
};
static_assert(sizeof(struct snapshot_record) == 176);

struct garbage_record {
	pointer_t root;
	u64 lineage;
	u64 keep; // txg
	tree_key_t position;
	u64 dead_list;
	u64 reserved;
};
static_assert(sizeof(struct garbage_record) == 120);

struct zone_record {
	u64 txg;
	u32 place;
	u32 free_units, free_chunks;
	u32 copy_zone;
	u64 reserved;
	u64 last_allocation;
	sum_t sum;
	u64 reserved_end;
};
static_assert(sizeof(struct zone_record) == 64);

struct bitmap_header {
	u32 magic;
	u32 vdev, zone;
	u32 units;
	u64 txg;
	u64 pool_guid;
	u64 reserved[2];
	sum_t sum;
};
static_assert(sizeof(struct bitmap_header) == BITMAP_HEADER);

// Where a scrub is. Of a tree: all before its key is done.
enum scrub_state : u32 { SCRUB_NONE, SCRUB_RUNNING, SCRUB_PAUSED, SCRUB_DONE };
struct scrub_record {
	u32 state, reserved;
	tree_key_t root; // the pool tree: 0, 0; else the key of its DATASET or SNAPSHOT item
	tree_key_t key;
	u64 started_s, ended_s;
	u64 units, units_all; // of allocated ones: looked at; when it began
	u64 blocks, bad, healed, lost;
};
static_assert(sizeof(struct scrub_record) == 104);

struct dead_entry {
	u64 address[COPIES_MAX];
	u32 logical, stored;
	u64 info;
};
static_assert(sizeof(struct dead_entry) == 40);
constexpr u32 DEAD_ENTRIES = 100; // of one item

struct inode_record {
	u32 mode, user, group, links;
	u64 size;
	u64 units;
	i64 atime_s, mtime_s, ctime_s, btime_s;
	u32 atime_ns, mtime_ns, ctime_ns, btime_ns;
	u32 flags, generation;
	u64 device;
	u64 parent;
	u32 project;
	u8 record_log2, reserved_log2[3];
	u64 tail;
	u64 reserved;
};
static_assert(sizeof(struct inode_record) == 128);

constexpr u64 INODE_ROOT = 1;
constexpr u64 INODE_MAX = ((u64)1 << 55) - 1;

struct dirent_head {
	u64 inode;
	u8 type, name_size;
};
constexpr u32 DIRENT_HEAD = 10; // bytes before the name

enum xattr_flag : u8 { XATTR_IN_RECORDS = 1 };

struct xattr_head {
	u8 name_size, flags;
	u16 value_size;   // behind the name
	u32 records_size; // in records instead
};
static_assert(sizeof(struct xattr_head) == 8);

// Streams.
constexpr u32 MAGIC_FRAME = 0x72466e53; // "SnFr"
constexpr u32 FRAME_PAYLOAD_MAX = 98304;
constexpr u32 STREAM_VERSION = 1;

enum frame_kind : u16 { FRAME_BEGIN = 1, FRAME_ITEMS, FRAME_END };
enum stream_action : u32 { STREAM_PUT = 1, STREAM_REMOVE, STREAM_RECORD };

struct frame_header {
	u32 magic;
	u16 kind, reserved;
	u32 size, reserved_size;
	u64 number;
	sum_t sum;
};
static_assert(sizeof(struct frame_header) == 40);

struct stream_begin {
	u32 version, record_log2;
	u64 old_guid, new_guid;
	u64 created_s, next_inode;
	u64 hash_key[2];
	tree_key_t position;
	u16 name_size, reserved[3];
};
static_assert(sizeof(struct stream_begin) == 80);

struct stream_item {
	tree_key_t key;
	u32 action, size;
};
static_assert(sizeof(struct stream_item) == 24);

struct key_record {
	u32 cipher, kdf;
	u64 memory_kib, passes;
	u8 salt[16];
	u8 nonce[24];
	u8 wrapped[32];
	u8 mark[16];
};
static_assert(sizeof(struct key_record) == 112);

struct receive_record {
	u64 old_guid, new_guid;
	tree_key_t position;
};
static_assert(sizeof(struct receive_record) == 32);

// Intent log.
struct log_header {
	u32 magic, flags;
	u64 pool_guid;
	u64 sequence;
	u64 base_txg;
	u32 payload, records;
	u64 previous;
	sum_t sum;
};
static_assert(sizeof(struct log_header) == 64);

enum log_kind : u16 {
	LOG_CREATE = 1,
	LOG_LINK,
	LOG_UNLINK,
	LOG_RENAME,
	LOG_ATTRIBUTES,
	LOG_XATTR,
	LOG_FILE,
};

struct log_record {
	u16 kind, reserved;
	u32 size; // whole, a multiple of 8
	u64 dataset;
};
static_assert(sizeof(struct log_record) == 16);

struct log_create {
	u64 inode, parent;
	i64 time_s;
	u32 time_ns, mode, user, group;
	u64 device;
	u16 name_size, target_size;
	u32 reserved;
};
static_assert(sizeof(struct log_create) == 56);

struct log_link {
	u64 inode, parent;
	i64 time_s;
	u32 time_ns;
	u16 name_size, reserved;
};
static_assert(sizeof(struct log_link) == 32);

struct log_unlink {
	u64 parent;
	i64 time_s;
	u32 time_ns;
	u16 name_size;
	u8 is_directory, reserved;
};
static_assert(sizeof(struct log_unlink) == 24);

struct log_rename {
	u64 from, to;
	i64 time_s;
	u32 time_ns;
	u16 from_size, to_size;
	u32 flags, reserved;
};
static_assert(sizeof(struct log_rename) == 40);

struct log_attributes {
	u64 inode;
	u32 mask, mode, user, group;
	i64 atime_s, mtime_s, ctime_s;
	u32 atime_ns, mtime_ns, ctime_ns, reserved;
};
static_assert(sizeof(struct log_attributes) == 64);

struct log_xattr {
	u64 inode;
	i64 time_s;
	u32 time_ns;
	u16 name_size, how;
	u32 value_size;
	u32 mode; // the inode's from then on; 0: it stays
};
static_assert(sizeof(struct log_xattr) == 32);

struct log_file {
	u64 inode, size, size_min;
	i64 mtime_s, ctime_s;
	u32 mtime_ns, ctime_ns;
	u32 extents, reserved;
};
static_assert(sizeof(struct log_file) == 56);

struct log_extent {
	u64 offset, size;
};
static_assert(sizeof(struct log_extent) == 16);
