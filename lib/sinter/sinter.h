// SPDX-License-Identifier: MIT
// sinter.h - the door of the library: pools, datasets, and files by inode number. One thread uses a
// pool. A function either has done all it says, or nothing. ERR_WOULD_BLOCK: something must be
// read, written or made durable first; nothing was changed; call it again after sinter_wait or
// whenever a request of the device ended. Errors of the medium: ERR_CORRUPT (no copy verifies),
// ERR_IO. A pool that could not be written answers ERR_READ_ONLY to changes from then on, and
// ERR_IO to syncs.
#pragma once

#include "lib/sinter/device.h"
#include "lib/sinter/format.h"
#include "lib/sinter/port.h"

NONNULL_BEGIN

struct sinter;  // an open pool
struct dataset; // an open dataset or snapshot of it

struct sinter_options {
	u32 frames;       // memory for blocks, in 16 KiB; 0: 1024. At least 96
	u32 loaded_zones; // bitmaps held at a time; 0: 32. At least 4
	bool is_read_only;
	// Memory that outlives this process (at least 256 KiB, page-aligned, zeros at first): what is
	// changed and not yet durable stands in it too. If the process ends, the next one that opens
	// the pool with it goes on where the last one was. Changes that fsync cannot log (of datasets,
	// of encrypted ones, holes) become part of it with the next commit.
	span_t kept;
};

struct sinter_format {
	view_t name; // of the pool
	u64 guid;    // 0: random
	u8 copies;   // of data; 0: 1
	u8 compression;
	enum check_kind check_kind; // of all blocks; CHECK_NONE: CHECK_XXH3
	u32 mode, user, group;      // of the root directory; mode 0: 0755
	u32 legs;                   // of each top-level device; 0: all devices are one mirror
};

// Makes a pool of mirrors of up to four legs each, or single devices. Everything on them is lost.
err_t sinter_format(const struct port *port, const struct device *devices, u32 count,
	const struct sinter_format *format);

// Opens the pool on its devices, in any order. Legs may be missing as long as each mirror has one
// that is up to date. Waits for the devices. ERR_NOT_FOUND: no pool here. ERR_UNSUPPORTED: a newer
// format. ERR_INVALID: of different pools, or too few. ERR_CORRUPT: no root verifies.
err_t sinter_open(const struct port *port, const struct device *devices, u32 count,
	const struct sinter_options *options, struct sinter *_Nonnull *_Nonnull out);
// Commits (unless read-only or failed), waits, releases. The error is the commit's; it is closed
// anyway.
err_t sinter_close(struct sinter *pool);
// Releases without writing anything: what a kill does.
void sinter_abandon(struct sinter *pool);

// Goes on with what is under way: commits, the log, unfinished deletions. Call it when requests
// ended, after changes, and as long as sinter_is_busy.
void sinter_work(struct sinter *pool);
// The same, after waiting for the device if requests are under way.
void sinter_wait(struct sinter *pool);
// Is anything under way or waiting to be done? (Not: changes that nobody wants synced.)
bool sinter_is_busy(const struct sinter *pool);

struct sinter_status {
	u64 guid, txg;
	u64 units, units_free; // of 4096 bytes; free as of the last commit
	u64 cache_hits, cache_misses;
	u64 read_errors, bad_blocks, healed; // of all legs
	u32 rewound;                         // roots skipped at opening: the device had ignored a flush
	u32 vdevs, legs, legs_failed;        // legs that are not good
	enum check_kind check_kind;          // of its blocks
	bool is_read_only;
	bool is_destroying; // trees whose space is still to come back
	err_t failure;
	char name[64];
};
void sinter_status(const struct sinter *pool, struct sinter_status *out);

// One leg of one top-level device: number vdev * LEGS_MAX + leg. False: there is none.
enum leg_state : u8 {
	LEG_NONE,
	LEG_MISSING, // belongs to the pool, but is not here
	LEG_FAILED,  // a write or flush failed: not used until the pool is opened again
	LEG_BEHIND,  // is written, and read only where no other leg helps
	LEG_GOOD,
};
constexpr u32 LEGS_ALL = VDEVS_MAX * LEGS_MAX;
struct sinter_leg {
	u32 vdev, leg;
	u64 guid, units, behind;
	bool is_leaving;
	enum leg_state state;
	const void *_Nullable device; // the context of its device
	struct leg_errors errors;     // since the leg joined; kept over a close
};
bool sinter_leg(const struct sinter *pool, u32 number, struct sinter_leg *out);

// Changing what the pool consists of. These wait for the devices; a leg is named by its guid.
// One more top-level device, a mirror if there are several. ERR_RANGE: too small.
err_t sinter_add(struct sinter *pool, const struct device *devices, u32 count);
// One more leg beside that one, or in its place: that goes when the new one is up to date, which
// sinter_work sees to. ERR_RANGE: too small. ERR_BUSY: the mirror has four.
err_t sinter_attach(struct sinter *pool, u64 guid, const struct device *device, bool is_replacing);
err_t sinter_remove(struct sinter *pool, u64 guid); // ERR_BUSY: the last good leg stays
err_t sinter_grow(struct sinter *pool); // devices that became larger are used to their ends

// A scrub reads all copies of all blocks on all legs and writes bad ones again, in sinter_work,
// also after the pool was closed and opened in between. begin goes on with a paused one.
struct sinter_scrub {
	struct scrub_record record;
	bool is_resilvering; // legs are being brought up to date; a scrub waits meanwhile
	u64 resilvered;      // blocks so far
};
err_t sinter_scrub_begin(struct sinter *pool);
err_t sinter_scrub_pause(struct sinter *pool); // ERR_NOT_FOUND: none is running
void sinter_scrub_status(const struct sinter *pool, struct sinter_scrub *out);

// Tells the devices which units of the next zone hold nothing; *zone counts on. ERR_NOT_FOUND: that
// was the last one.
err_t sinter_trim(struct sinter *pool, u32 *zone, u64 *units);

// All of the pool becomes durable: begin, then done until it is not ERR_WOULD_BLOCK.
u64 sinter_sync_begin(struct sinter *pool);
err_t sinter_sync_done(struct sinter *pool, u64 ticket);

// Datasets by number; the root dataset is DATASET_ROOT. Each open is paired with a close.
err_t sinter_dataset_open(struct sinter *pool, u64 id, struct dataset *_Nonnull *_Nonnull out);
void sinter_dataset_close(struct dataset *dataset);

// Encrypted datasets: contents, names and attributes, sealed with a key that a passphrase wraps.
// Until the key is loaded everything in it answers ERR_RIGHTS; each opening needs it again. A clone
// begins with its origin's passphrase.
struct sinter_secret {
	view_t passphrase;
	u64 memory_kib, passes; // of Argon2id; 0: 64 MiB, 3. All of it is needed each time
};
// A new, empty dataset becomes an encrypted one. ERR_STATE: it is not empty.
err_t sinter_key_protect(struct dataset *dataset, const struct sinter_secret *secret);
err_t sinter_key_load(struct dataset *dataset, view_t passphrase); // ERR_RIGHTS: a wrong one
// Another passphrase; no contents are written again. The key is loaded.
err_t sinter_key_change(struct dataset *dataset, const struct sinter_secret *secret);

// What differs between two snapshots of a dataset (or a snapshot and the dataset itself, after a
// sync), item by item in the order of inode numbers; begin with zeros. ERR_NOT_FOUND: no more.
enum sinter_change_kind : u8 { CHANGE_ATTRIBUTES, CHANGE_CONTENTS, CHANGE_XATTR, CHANGE_NAME };
struct sinter_change {
	u64 position[2]; // where to go on
	u64 inode;       // of a name: its directory
	enum sinter_change_kind kind;
	bool was_there, is_there;
	u64 before, after; // of a name: the inodes that it led and leads to
	u8 name_size;
	u8 name[NAME_SIZE_MAX];
};
err_t sinter_difference(struct dataset *old, struct dataset *new, struct sinter_change *at);

// Streams. A send makes frames, one after the other, until ERR_NOT_FOUND; each goes as a whole into
// sinter_receive_frame. old null: everything; else both are snapshots of one dataset, old the
// older.
constexpr u32 STREAM_FRAME_MAX = 98304 + 40;
struct sinter_send {
	struct dataset *_Nullable old;
	struct dataset *new;
	u64 old_guid, new_guid, created_s;
	view_t name;     // of the newer snapshot
	u64 position[2]; // zero, or where an earlier stream broke off
	// Private:
	u64 number, sum, items;
	u8 phase;
};
err_t sinter_send_frame(struct sinter_send *send, span_t frame, usize *size);

// Into a new dataset (a stream of everything) or one whose newest snapshot is the stream's older
// one and that was not changed since. Until the end it is_receiving. A stream that is damaged or
// does not lead to a sound tree: ERR_CORRUPT; ERR_STATE: it does not fit what is there; after that,
// sinter_receive_abort and, if it was new, destroy it.
struct sinter_receive {
	struct dataset *dataset; // opened by the caller
	bool is_done;
	// Private:
	u64 number, sum, items;
	u64 position[2], old_guid, new_guid, next_inode;
	u64 done_txg;
	bool is_verified;
	u8 name_size;
	u8 name[NAME_SIZE_MAX];
};
err_t sinter_receive_frame(struct sinter_receive *receive, view_t frame);
// Where the stream has to go on; ERR_NOT_FOUND: nothing was received in part.
struct sinter_resume {
	u64 old_guid, new_guid;
	u64 position[2];
};
err_t sinter_receive_state(struct dataset *dataset, struct sinter_resume *out);
// Back to the newest snapshot, if there is one. Nobody else has it open.
err_t sinter_receive_abort(struct dataset *dataset);

// Snapshots, named, of one dataset. Begin, then sinter_sync_done with the ticket. ERR_EXISTS. The
// number of a snapshot is its txg.
struct sinter_snapshot {
	u64 txg, created_s, units, guid;
	bool is_dying; // being destroyed
	u8 name_size;
	u8 name[NAME_SIZE_MAX];
};
err_t sinter_snapshot_begin(struct dataset *dataset, view_t name, u64 *out);
err_t sinter_snapshot_next(struct dataset *dataset, u64 after_txg, struct sinter_snapshot *out);
err_t sinter_snapshot_open(
	struct dataset *dataset, u64 txg, struct dataset *_Nonnull *_Nonnull out); // to read only
// Begins it; sinter_work goes on with it, also after a crash. ERR_BUSY: it is open, has clones, or
// another one is being destroyed.
err_t sinter_snapshot_destroy(struct dataset *dataset, u64 txg);

// Files. Times are given by the port. Types and permissions are not looked at but for what keeps
// the tree sound: the caller decides who may. Attributes are the inode's record: FORMAT.md, section
// 4.
enum attribute : u32 {
	ATTRIBUTE_MODE = 1, // permission bits only
	ATTRIBUTE_USER = 2,
	ATTRIBUTE_GROUP = 4,
	ATTRIBUTE_ACCESSED = 8,
	ATTRIBUTE_MODIFIED = 16,
	ATTRIBUTE_CHANGED = 32, // given; else it becomes now
};

struct sinter_new {
	u32 mode; // with the type
	u32 user, group;
	u64 device;    // of a device node
	view_t target; // of a symbolic link: 1 to 4095 bytes
};

err_t sinter_lookup(struct dataset *dataset, u64 directory, view_t name, u64 *out);
err_t sinter_attributes(struct dataset *dataset, u64 inode, struct inode_record *out);
err_t sinter_set_attributes(
	struct dataset *dataset, u64 inode, const struct inode_record *values, u32 mask);
// It was read. If its access time is not after its changes, or a day old, that becomes now: in
// memory, and durable with a commit that something else wants. Nothing if that cannot be noted now.
void sinter_accessed(struct dataset *dataset, u64 inode);
// An empty name makes a file without one (O_TMPFILE); it goes when sinter_release says so.
err_t sinter_create(
	struct dataset *dataset, u64 directory, view_t name, const struct sinter_new *what, u64 *out);
err_t sinter_link(struct dataset *dataset, u64 inode, u64 directory, view_t name);
// is_directory: rmdir, else unlink. The contents stay while the inode is held.
err_t sinter_unlink(struct dataset *dataset, u64 directory, view_t name, bool is_directory);

enum rename_flag : u32 { RENAMES_NO_REPLACE = 1, RENAMES_EXCHANGE = 2 };
struct sinter_name {
	u64 directory;
	view_t name;
};
err_t sinter_rename(
	struct dataset *dataset, struct sinter_name from, struct sinter_name to, u32 flags);

// An inode without names lives while it is held. At most 4096 different ones at a time.
err_t sinter_hold(struct dataset *dataset, u64 inode);
void sinter_release(struct dataset *dataset, u64 inode);

// ERR_INVALID for other than regular files.
err_t sinter_read(struct dataset *dataset, u64 inode, u64 offset, span_t to, usize *out);
// Writes as much as one step takes, at least one byte; answers how much.
err_t sinter_write(struct dataset *dataset, u64 inode, u64 offset, view_t from, usize *out);
err_t sinter_truncate(struct dataset *dataset, u64 inode, u64 size);
// Zeros; what whole records it covers is given back. Does as much as one step takes: *out is where
// to go on.
err_t sinter_punch(struct dataset *dataset, u64 inode, u64 offset, u64 size, u64 *out);
// The next data (or hole) at or after offset. ERR_NOT_FOUND: none before the end.
err_t sinter_seek(struct dataset *dataset, u64 inode, u64 offset, bool is_hole, u64 *out);
err_t sinter_read_link(struct dataset *dataset, u64 inode, span_t to, usize *out);

struct sinter_entry {
	u64 inode, cookie; // the cookie leads behind this entry
	u8 type, name_size;
	u8 name[NAME_SIZE_MAX];
};
// The entry behind the cookie; 0 is the start. ERR_NOT_FOUND: no more. No entries for "." and "..".
err_t sinter_read_directory(
	struct dataset *dataset, u64 directory, u64 cookie, struct sinter_entry *out);
// The directory above; of the root itself.
err_t sinter_parent(struct dataset *dataset, u64 directory, u64 *out);

// Extended attributes: whatever name; values of at most 64 KiB, else ERR_TOO_BIG.
enum xattr_mode : u8 { XATTRS_SET, XATTRS_CREATE, XATTRS_REPLACE, XATTRS_REMOVE };
err_t sinter_xattr_get(
	struct dataset *dataset, u64 inode, view_t name, span_t to, usize *out); // *out: whole size
err_t sinter_xattr_set(
	struct dataset *dataset, u64 inode, view_t name, view_t value, enum xattr_mode mode);
// The same, and in the same change the inode's permission bits: what says who may do what.
struct sinter_xattr {
	view_t name, value;
	enum xattr_mode how;
	bool sets_mode;
	u32 mode;
};
err_t sinter_xattr_change(struct dataset *dataset, u64 inode, const struct sinter_xattr *change);
err_t sinter_xattr_list(struct dataset *dataset, u64 inode, u64 cookie, struct sinter_entry *out);

// Contents and attributes of the inode and all changes of names so far become durable.
err_t sinter_fsync_begin(struct dataset *dataset, u64 inode, u64 *out);
err_t sinter_fsync_done(struct sinter *pool, u64 ticket);

// Datasets by name, below others; each has a tree and properties of its own. Durable with the next
// sync. What is made takes its parent's properties; root says who owns its root directory.
err_t sinter_dataset_create(
	struct dataset *parent, view_t name, const struct sinter_new *root, u64 *out);
err_t sinter_dataset_find(struct dataset *parent, view_t name, u64 *out);
err_t sinter_dataset_next(struct dataset *parent, u64 cookie, struct sinter_entry *out);
// ERR_BUSY: it is open. ERR_NOT_EMPTY: it has snapshots, or datasets below it. The space comes back
// bit by bit (sinter_work, is_destroying), also after a crash.
err_t sinter_dataset_destroy(struct dataset *parent, view_t name);
struct sinter_dataset_name {
	struct dataset *parent;
	view_t name;
};
// ERR_EXISTS; ERR_INVALID: below itself.
err_t sinter_dataset_rename(struct sinter_dataset_name from, struct sinter_dataset_name to);

// What the dataset's record says (FORMAT.md, section 4): units of 4096 bytes; a quota or
// reservation of 0: none.
const struct dataset_record *sinter_properties(const struct dataset *dataset);
enum property : u32 {
	PROPERTY_READ_ONLY = DATASET_READ_ONLY,
	PROPERTY_NO_ATIME = DATASET_NO_ATIME, // for the front ends
	PROPERTY_QUOTA = 8,                   // beyond it writing answers ERR_QUOTA
	PROPERTY_RESERVATION = 16,            // ERR_NO_SPACE: not so much is free
	PROPERTY_COMPRESSION = 32,
	PROPERTY_COPIES = 64, // of data written from now on
};
err_t sinter_set_properties(struct dataset *dataset, const struct dataset_record *values, u32 mask);

// A dataset that begins as the snapshot was. The snapshot cannot be destroyed before the clone.
err_t sinter_clone(struct dataset *origin, u64 txg, struct sinter_dataset_name name, u64 *out);
// The clone takes over the snapshots up to its origin; what it was cloned of becomes its clone.
// ERR_EXISTS: both have a snapshot of one name. ERR_BUSY: a snapshot is open or being destroyed.
err_t sinter_promote(struct dataset *clone);
// Back to the newest snapshot, whose number is given; nobody else has the dataset open.
// ERR_NOT_EMPTY: there are newer ones.
err_t sinter_rollback(struct dataset *dataset, u64 txg);

NONNULL_END
