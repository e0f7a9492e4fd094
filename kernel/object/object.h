// SPDX-License-Identifier: MIT
// object.h - what every kernel object begins with: kind, references, epoch, event bits.
// Two counts: references keep the memory (handles and kernel pointers); handles keep the meaning:
// when the last handle is closed the kind's `unreachable` runs (hang-ups); when the last reference
// is dropped, `destroy` runs and the memory is given back after a grace period (grace.h), because
// other CPUs may be using the object, found through a handle entry without a lock.
#pragma once

#include "abi/errors.h"
#include "abi/rights.h"
#include "abi/signals.h"
#include "kernel/sched/lock.h"
#include "lib/base/list.h"

NONNULL_BEGIN

enum object_kind : u8 {
	OBJECT_ANY = 0,
	OBJECT_PROCESS,
	OBJECT_THREAD,
	OBJECT_MEMORY,
	OBJECT_PORT,
	OBJECT_CONNECTION,
	OBJECT_STREAM,
	OBJECT_QUOTA,
	OBJECT_TIMER,
	OBJECT_INTERRUPT,
	OBJECT_RESOURCE,
	OBJECT_IOMMU_DOMAIN,
	OBJECT_REPLY,
	OBJECT_KINDS,
};

struct quota;
struct thread;
struct handle_table;

// Dropping the last reference only queues the object: it is destroyed after a grace period, if
// nobody who still borrowed it took a reference meanwhile.
enum object_reference : u32 {
	REFERENCE_DEFERRED = 1u << 30, // queued in grace.c
	REFERENCE_AGAIN = 1u << 31,    // and dropped once more since: needs another grace period
	REFERENCE_COUNT = REFERENCE_DEFERRED - 1,
};
constexpr u32 OBJECT_UNREACHABLE = 1u << 31; // the last handle was closed: there will be no other
constexpr u32 OBJECT_TOLD = 1u << 30;        // and all that follows from it was done

struct object {
	enum object_kind kind;
	u32 epoch;                     // atomic; handles made in another epoch are revoked
	u32 references;                // atomic: enum object_reference
	u32 handles;                   // atomic: count, OBJECT_UNREACHABLE
	u32 signals;                   // written under lock, read by anybody (atomic)
	u32 binding_count;             // atomic: length of bindings
	struct spinlock lock;          // RANK_OBJECT
	struct list bindings;          // struct binding.by_object, under lock
	struct list waiters;           // struct thread.wait.node in object_wait, under lock
	struct quota *_Nullable quota; // shared, refs: what this object is charged to
	u64 id;                        // unique since boot
	struct object *_Nullable next_deferred;
};

// Makes an object of size bytes, zeroed, one reference and no handle, charged to quota (one object
// and, when large, its pages). Errors: ERR_QUOTA, ERR_NO_MEMORY.
err_t object_create(
	enum object_kind kind, usize size, struct quota *quota, struct object *_Nullable *_Nonnull out);

static inline struct object *object_get(struct object *object)
{
	__atomic_add_fetch(&object->references, 1, __ATOMIC_RELAXED);
	return object;
}

void object_put(struct object *object); // the last one queues it for destruction. Any lock held

// A handle, in a table or on its way: a reference that also counts as a handle. Get: ERR_BAD_HANDLE
// when the last one was dropped already. Put: no lock held, may run `unreachable`.
err_t object_get_handle(struct object *object);
void object_put_handle(struct object *object);
static inline u32 object_handles(const struct object *object)
{
	return __atomic_load_n(&object->handles, __ATOMIC_SEQ_CST) & // see object_put_handle
	       ~(OBJECT_UNREACHABLE | OBJECT_TOLD);
}

// For lists that hold no reference: false when the object is already being destroyed.
static inline bool object_try_get(struct object *object)
{
	u32 count = __atomic_load_n(&object->references, __ATOMIC_RELAXED);
	while (count && !__atomic_compare_exchange_n(&object->references, &count, count + 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		;
	return count != 0;
}

// One kind's behaviour; tables stand in each kind's file and are listed in object.c.
struct object_class {
	usize size;
	void (*_Nullable unreachable)(struct object *object); // last handle closed; a reference is held
	// Before destroy; again, until true. Takes what it did off the budget, pages for example.
	bool (*_Nullable drain)(struct object *object, u32 *budget);
	void (*_Nullable destroy)(struct object *object); // last reference dropped
};
extern const struct object_class process_class, thread_class, memory_class, port_class,
	connection_class, stream_class, quota_class, timer_class, interrupt_class, resource_class,
	iommu_domain_class, reply_class;

// Changes event bits and wakes who waits for them. No lock held: waking may hand calls to servers.
// (With a lock held: signal.h.) An edge binding is told of each `set`, even of a bit that is set.
void object_signal(struct object *object, u32 clear, u32 set);

u64 object_count(void); // alive in the whole system, for statistics
// grace.c: empties it by a bounded amount, true: it is empty; then destroys it. Nobody can see it.
bool object_drain(struct object *object, u32 *budget);
void object_finish(struct object *object);

#define OBJECT_DOWNCAST(type)                                                                      \
	static inline struct type *type##_of(struct object *object)                                    \
	{                                                                                              \
		return (struct type *)object; /* object is the first member of every kind */               \
	}

NONNULL_END
