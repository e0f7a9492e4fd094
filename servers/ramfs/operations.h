// SPDX-License-Identifier: MIT
// operations.h - one function a call of ifc/tree.ifc, in the order of that file.
#pragma once

#include "lib/os/service.h"
#include "servers/ramfs/store.h"

NONNULL_BEGIN

extern const struct tree_ops operations;

err_t operation_open(void *_Nullable self, struct caller caller, u32 inode, u32 generation,
	u32 entry, u32 flags, handle_t *out_contents);
err_t operation_meeting(void *_Nullable self, struct caller caller, u32 number, u32 generation,
	u32 entry, u32 flags, u32 is_own, u32 *out_mode);
err_t operation_device(void *_Nullable self, struct caller caller, u32 inode, u32 generation,
	u32 entry, u32 flags, u32 *out_device);
err_t operation_program(void *_Nullable self, struct caller caller, u32 number, u32 generation,
	u32 entry, u32 *out_mode, u32 *out_user, u32 *out_group, handle_t *out_contents);
err_t operation_device_own(
	void *_Nullable self, struct caller caller, u32 device, u32 user, u32 group, u32 mode);
err_t operation_make(void *_Nullable self, struct caller caller, lease_t asked, u32 *out_inode,
	u32 *out_generation, handle_t *out_contents);
err_t operation_link(void *_Nullable self, struct caller caller, lease_t asked);
err_t operation_unlink(void *_Nullable self, struct caller caller, lease_t asked);
err_t operation_rename(void *_Nullable self, struct caller caller, lease_t asked);
err_t operation_change(void *_Nullable self, struct caller caller, lease_t asked);
err_t operation_locker(void *_Nullable self, struct caller caller, u32 owner, handle_t *out_locker);
void operation_lock(void *_Nullable self, struct tree_lock_call call);
err_t operation_lock_test(void *_Nullable self, struct caller caller, u32 inode, u32 generation,
	enum tree_lock_family family, enum tree_lock_kind kind, u64 start, u64 end,
	enum tree_lock_kind *out_kind, u32 *out_owner, u64 *out_start, u64 *out_end);
err_t operation_create_brief(void *_Nullable self, struct caller caller,
	const struct tree_brief *asked, u32 *out_inode, u32 *out_generation, handle_t *out_contents);
err_t operation_make_brief(void *_Nullable self, struct caller caller,
	const struct tree_brief *asked, u32 *out_inode, u32 *out_generation);
err_t operation_unlink_brief(
	void *_Nullable self, struct caller caller, const struct tree_brief *asked);
err_t operation_rename_brief(
	void *_Nullable self, struct caller caller, const struct tree_brief *asked);

err_t operation_watcher(void *_Nullable self, struct caller caller, handle_t *out_watcher);
err_t operation_watch_add(void *_Nullable self, struct caller caller, u32 inode, u32 generation,
	u32 mask, u32 *out_watch);
err_t operation_watch_remove(void *_Nullable self, struct caller caller, u32 watch);
err_t operation_watch_take(
	void *_Nullable self, struct caller caller, lease_t records, u32 *out_bytes);
err_t operation_watch_size(void *_Nullable self, struct caller caller, u32 *out_bytes);
err_t operation_is_contents(
	void *_Nullable self, struct caller caller, u32 number, u32 generation, handle_t contents);
err_t operation_tell(
	void *_Nullable self, struct caller caller, u32 inode, u32 generation, u32 entry, u32 mask);

NONNULL_END
