// SPDX-License-Identifier: MIT
// quota.h - what a group of processes may use: pages, objects, handles, CPU share. A child's limits
// are carved out of its parent's when it is made and go back when it ends, so a charge touches one
// quota and takes constant time. Counters are atomic; charging takes no lock.
#pragma once

#include "kernel/object/object.h"

NONNULL_BEGIN

struct quota {
	struct object object;
	struct quota *_Nullable parent;             // shared, refs
	u64 pages, objects, handles;                // limits
	u64 pages_used, objects_used, handles_used; // atomic; include what children were given
	u32 weight;
	u32 deferred; // atomic: objects charged to it that wait for a grace period
};
OBJECT_DOWNCAST(quota)

// Notes for grace_retry whether objects on their way out may be why. ERR_QUOTA.
err_t quota_refuse(const struct quota *quota);
err_t quota_charge_pages(struct quota *quota, u64 pages);
void quota_return_pages(struct quota *quota, u64 pages);
err_t quota_charge_objects(struct quota *quota, u64 objects);
void quota_return_objects(struct quota *quota, u64 objects);
err_t quota_charge_handles(struct quota *quota, u64 handles);
void quota_return_handles(struct quota *quota, u64 handles);
// Zeroed small memory that is no object but charged as one; it keeps the quota.
err_t quota_alloc(struct quota *quota, usize size, void *_Nullable *_Nonnull out);
void quota_free(struct quota *quota, void *memory, usize size);
// Carves a part out of parent: its limits are charged there, and returned when it ends.
struct quota_limits {
	u64 pages, objects, handles;
};
err_t quota_charge_limits(struct quota *quota, const struct quota_limits *limits);
void quota_return_limits(struct quota *quota, const struct quota_limits *limits);
err_t quota_create(struct quota *parent, const struct quota_limits *limits, u32 weight,
	struct quota *_Nullable *_Nonnull out);
void quota_init_root(u64 pages, u64 objects, u64 handles);
struct quota *quota_root(void);

NONNULL_END
