// SPDX-License-Identifier: MIT
// message.h - the words that travel with a call: the tag and what may be attached to a message.
//   call:  tag + 8 words in registers; handles and lends stand in the caller's thread block
//   reply: tag (low half: err_t) + 8 words; handles in the replier's thread block
// Registers: see docs/book/04-ipc.md.
#pragma once

#include "abi/types.h"

constexpr u32 MESSAGE_WORDS = 8;
constexpr u32 MESSAGE_HANDLES = 4;
constexpr u32 MESSAGE_LENDS = 4;
constexpr u32 CALL_DEPTH_MAX = 8; // nested calls: T calls S calls R ...

// A call's tag: operation 0-15, protocol 16-31, then the counts and flags below.
enum tag_shift : u8 {
	TAG_PROTOCOL_SHIFT = 16,
	TAG_WORDS_SHIFT = 32,
	TAG_HANDLES_SHIFT = 36,
	TAG_LENDS_SHIFT = 39,
	TAG_KIND_SHIFT = 48,
};

constexpr u64 TAG_ERROR_MASK = 0xffffffffu; // reply: err_t as 32 bits
constexpr u64 TAG_HANDLES_MASK = 7ull << TAG_HANDLES_SHIFT;
constexpr u64 TAG_LENDS_MASK = 7ull << TAG_LENDS_SHIFT;
constexpr u64 TAG_DEADLINE = 1ull << 42;   // thread_block.deadline holds for this wait
constexpr u64 TAG_IDEMPOTENT = 1ull << 43; // may be repeated if the service dies
constexpr u64 TAG_REPLY = 1ull << 44;      // port_reply_wait: answer the current call first
constexpr u64 TAG_POLL = 1ull << 45;       // port_reply_wait: ERR_WOULD_BLOCK instead of waiting
constexpr u64 TAG_KIND_MASK = 15ull << TAG_KIND_SHIFT;
// What takes a call off the fast path.
constexpr u64 TAG_SLOW_MASK = TAG_HANDLES_MASK | TAG_LENDS_MASK | TAG_DEADLINE | TAG_POLL;

// What port_reply_wait returned: in tag bits 48-51.
enum message_kind : u8 {
	MESSAGE_CALL = 0,   // a call: badge, identity, words; answer it
	MESSAGE_EVENT = 1,  // a binding: badge = its key, words = the bits observed, 1 if others wait
	MESSAGE_CANCEL = 2, // a saved call's caller was interrupted: badge = the reply handle's value
	MESSAGE_HANGUP = 3, // badge = the connection's badge: its last client handle was closed
	MESSAGE_PAGES = 4,  // a pager's memory: badge = its key, words = offset, size, 1 if for writing
	MESSAGE_ABANDON = 5, // a saved call's caller is gone: badge = the reply handle's value
};

enum lend_direction : u32 {
	LEND_READ = 1,  // the service may read
	LEND_WRITE = 2, // the service may write
};

struct lend {
	u64 address;
	u64 size;
	u32 direction; // enum lend_direction bits
	u32 reserved;  // zero
};
static_assert(sizeof(struct lend) == 24);
