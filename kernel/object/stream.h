// SPDX-License-Identifier: MIT
// stream.h - a bounded byte pipe: two ends that share a core with one or two directions. A
// direction is a ring of frames (stream_ring.h) and the handles that travel with its bytes.
// write: user memory -> reserved part of the ring -> committed; read: the other way round. Copies
// run without a lock, guarded by the direction's busy flags.
#pragma once

#include "abi/message.h"
#include "kernel/memory/user.h"
#include "kernel/object/handle.h"
#include "kernel/object/stream_ring.h"

NONNULL_BEGIN

constexpr u64 STREAM_CAPACITY_MAX = 1024 * 1024; // bytes a direction
constexpr u32 STREAM_ATOMIC = 4096;              // writes up to this size go whole or not at all
constexpr u32 STREAM_CHUNK = 64 * 1024;          // most bytes of one call

// Handles on their way, attached to a byte of the stream.
struct stream_parcel {
	struct list_node node; // in direction->parcels, in order of position
	u64 position;          // of the byte they came with
	struct quota *quota;   // reference: the sender's, charged one object
	u32 count;
	struct handle_item items[MESSAGE_HANDLES]; // owned: counted handles
};

struct stream_direction {
	struct stream_ring ring;
	u64 position;        // of the ring's first byte since the stream was made
	bool is_read_busy;   // somebody copies out of the first bytes
	bool is_write_busy;  // somebody copies into the space
	struct list parcels; // struct stream_parcel
};

struct stream;

struct stream_core {
	struct spinlock lock;                 // RANK_STREAM: all but references and carried
	u32 references;                       // atomic: ends
	u32 carried;                          // atomic: stream ends among the handles on their way
	struct quota *quota;                  // reference: charged the rings' pages
	struct stream_direction direction[2]; // [d] flows towards end d; [1] has no ring if one-way
	struct stream *_Nullable ends[2];     // borrowed: null once unreachable
};

struct stream {
	struct object object;
	struct stream_core *core; // shared, refs
	u32 side;                 // its place in core->ends
};
OBJECT_DOWNCAST(stream)

// The two ends, each with a reference for the caller. One way: first reads, second writes.
err_t stream_create(struct quota *quota, u64 capacity, bool is_two_way,
	struct stream *_Nullable *_Nonnull first, struct stream *_Nullable *_Nonnull second);

struct stream_request {
	struct user_span data;
	u64 deadline; // 0: ERR_WOULD_BLOCK instead of waiting
	u32 handles;  // write: how many of the thread block's handles to pass; read: how many came
	u64 done;
};
err_t stream_read(struct stream *stream, struct thread *caller, struct stream_request *request);
err_t stream_write(struct stream *stream, struct thread *caller, struct stream_request *request);

// stream_parcel.c
err_t parcel_create(struct stream_core *core, struct thread *sender, u32 count,
	struct stream_parcel *_Nullable *_Nonnull out);
err_t parcel_install(
	struct stream_parcel *parcel, struct thread *receiver); // into its thread block
void parcel_destroy(struct stream_core *core, struct stream_parcel *parcel); // no lock held

NONNULL_END
