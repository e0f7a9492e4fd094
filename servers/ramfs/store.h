// SPDX-License-Identifier: MIT
// store.h - all that ramfs knows, in its ledger: the published tables, who connections speak for,
// the last answer, handles to be closed. Changes go through SET and lib/tree/write.h, so that one
// cut short by a death is undone by the next life.
#pragma once

#include "ifc/tree.h"
#include "lib/os/ledger.h"
#include "lib/tree/access.h"
#include "lib/tree/write.h"
#include "os/syscalls.h"

NONNULL_BEGIN

constexpr u32 IDENTITIES_MAX = 512;
constexpr u32 CLOSING_MAX = 16;
constexpr u32 REPLAYS_MAX = 8;
constexpr u32 WATCHERS_MAX = 128, WATCHES_MAX = 4096;
constexpr u32 LOCKERS_MAX = 4096, LOCKS_MAX = 8192;

// What a connection is, in its badge's upper half. Other badges are from whoever made the port.
enum badge_kind : u32 {
	BADGE_MASTER = 0,
	BADGE_SPEAKER = 1,
	BADGE_LOCKER = 2,
	BADGE_WATCHER = 3,
	BADGE_NAMELESS = 4
};

struct speaker {
	u32 is_used, reserved;
	struct tree_identity identity;
};

// A handle of ours that ends after the commit. is_contents: a file's, published until then.
struct closing {
	handle_t handle;
	u32 is_contents;
};

// The answer to a request that changed something (docs/decisions/015: exactly once).
struct replay {
	u64 badge, serial; // serial 0: none
	u32 operation;     // low half of the call's tag
	err_t err;
	u32 inode, generation; // of make
	u32 rights;            // to the contents handed out; 0: none
	u32 reserved;
};

struct locker {
	u32 is_used, owner;
};

struct lock {
	u32 locker; // index; free: LOCKERS_MAX
	u32 inode, generation;
	u16 family, kind;
	u64 start, end; // end is the first byte that is not locked
};

// Who is told. ring: records from taken to put, which count on; what lies elsewhere is nothing.
struct watcher {
	handle_t connection;         // owned; HANDLE_NONE: free. Its openers' is the same
	handle_t ring;               // owned; memory
	u32 put, taken, count, last; // bytes; records; where the last record began
	u32 next;                    // number of the next watch
	u32 is_master;               // not an identity's
	struct tree_identity who;
};

struct watch {
	u32 number; // 0: free
	u32 watcher, inode, generation, mask, reserved;
};

struct store {
	u64 magic, size;
	handle_t ledger;
	struct replay last;                 // of the request in hand or answered last
	struct replay replays[REPLAYS_MAX]; // answers that may not have gone out at former deaths
	handle_t handed;                    // connection that goes out with the answer: ours until then
	u32 next_replay;
	u32 withdrawn; // inode whose contents were last told to publish no more; written without a note
	u32 closing_count;
	struct closing closing[CLOSING_MAX];
	struct speaker speakers[IDENTITIES_MAX];
	u32 fresh_speaker, fresh_locker, lock_count;
	struct locker lockers[LOCKERS_MAX];
	struct lock locks[LOCKS_MAX]; // the first lock_count
	u32 watch_top, reserved;      // all watches from here on are free
	struct watcher watchers[WATCHERS_MAX];
	struct watch watches[WATCHES_MAX];
};

extern struct store *store;       // the ledger's contents; written once at start
extern struct tree_writer writer; // of the tables behind it
extern u64 table_offset;          // of the tables in the ledger's memory
extern handle_t port;

// Changes a place in the store.
#define SET(place, value)                                                                          \
	do {                                                                                           \
		typeof(place) *set_place_ = &(place);                                                      \
		ledger_save(set_place_, sizeof(place));                                                    \
		*set_place_ = (value);                                                                     \
	} while (0)

// Maps the ledger. is_new: it was empty, or did not hold: the tables are new.
err_t store_open(bool *is_new);
// Ends this handle of ours after the commit.
void close_later(handle_t handle, bool is_contents);
void store_close_handles(void);
void store_forget_handed(void); // once the answer is out
void store_seal(void);          // the tree is filled
u64 inode_slot(u32 inode);      // where in the ledger's memory the kernel writes length and time

static inline struct tree_inode *inode_at(u32 number)
{
	return tree_inode_of(&writer, number);
}

#define SET_INODE(inode, field, value) TREE_SET(&writer, (inode)->field, value)

// Who a call's badge speaks for. ERR_RIGHTS: nobody any more.
err_t who_is(u64 badge, struct tree_credentials *out);
err_t speaker_make(const struct tree_identity *identity, handle_t *out);
void speaker_end(u32 index);

NONNULL_END
