// SPDX-License-Identifier: MIT
// operations.h - one function for each call of ifc/proc.ifc.
#pragma once

#include "servers/proc/proc.h"

NONNULL_BEGIN
err_t operation_begin(void *_Nullable self, struct caller caller, handle_t process);
err_t operation_attach(void *_Nullable self, struct caller caller, u32 *out_pid, u32 *out_slot,
	u32 *out_parent, u32 *out_boot, handle_t *out_table);
err_t operation_spare_as(
	void *_Nullable self, struct caller caller, u32 pid, u32 *out_slot, handle_t *out_next);
err_t operation_spare(void *_Nullable self, struct caller caller, u32 serial, u32 *out_pid,
	u32 *out_slot, handle_t *out_next);
err_t operation_child(void *_Nullable self, struct caller caller, u32 pid, u32 signal,
	handle_t process, u32 *out_pid, u32 *out_slot, handle_t *out_next);
void operation_known(void *_Nullable self, struct proc_known_call call);
err_t operation_unborn(void *_Nullable self, struct caller caller, u32 pid, u32 signal);
err_t operation_child_end(void *_Nullable self, struct caller caller, u32 pid, u32 status);
err_t operation_relieve(void *_Nullable self, struct caller caller);
err_t operation_usage(void *_Nullable self, struct caller caller, enum proc_usage_of whom,
	u64 *out_processor_ns, u64 *out_memory_pages);
err_t operation_kill(void *_Nullable self, struct caller caller, enum proc_kill_to whom, u32 id,
	u32 signal, i32 code, u64 value, u32 serial);
err_t operation_signal_info(void *_Nullable self, struct caller caller, u32 signal, u32 serial,
	i32 *out_code, u32 *out_pid, u32 *out_user, u32 *out_status, u64 *out_value, u32 *out_more);
err_t operation_stop(void *_Nullable self, struct caller caller, u32 signal, u32 continued);
err_t operation_orphaned(void *_Nullable self, struct caller caller, u32 *out_is_orphaned);
err_t operation_parent_signal(void *_Nullable self, struct caller caller, u32 signal);
err_t operation_subreaper(void *_Nullable self, struct caller caller, u32 is_set);
err_t operation_ids(void *_Nullable self, struct caller caller, u32 id, u32 *out_parent,
	u32 *out_group, u32 *out_session, u32 *out_terminal);
err_t operation_set_group(void *_Nullable self, struct caller caller, u32 id, u32 group);
err_t operation_set_session(
	void *_Nullable self, struct caller caller, u32 serial, u32 *out_session);
err_t operation_terminal_claim(
	void *_Nullable self, struct caller caller, u32 force, handle_t terminal);
err_t operation_terminal_release(void *_Nullable self, struct caller caller, u32 serial);
err_t operation_terminal_group(
	void *_Nullable self, struct caller caller, u32 group, handle_t terminal);
err_t operation_terminal_reach(void *_Nullable self, struct caller caller, u32 inode,
	u32 generation, u32 entry, u32 flags, u32 serial, u32 *out_device, handle_t *out_terminal);
err_t operation_terminal_open(void *_Nullable self, struct caller caller, handle_t *out_terminal);
err_t operation_credentials(
	void *_Nullable self, struct caller caller, u32 id, lease_t credentials);
err_t operation_change(void *_Nullable self, struct caller caller, enum proc_change what,
	u32 serial, u32 first, u32 second, u32 third, lease_t list, lease_t credentials,
	handle_t *out_files);
err_t operation_meeting(void *_Nullable self, struct caller caller, u32 inode, u32 generation,
	u32 entry, u32 flags, u32 is_own, handle_t *out_grant);
err_t operation_meeting_abstract(
	void *_Nullable self, struct caller caller, u64 key, handle_t *out_grant);
err_t operation_introduce(void *_Nullable self, struct caller caller, u32 pid, u32 user, u32 group,
	u32 reader, handle_t *out_card);
err_t operation_seed(
	void *_Nullable self, struct caller caller, enum proc_seed what, handle_t thing);
err_t operation_seal(void *_Nullable self, struct caller caller);
err_t operation_become(void *_Nullable self, struct caller caller, u32 inode, u32 generation,
	u32 entry, handle_t texts, handle_t descriptors);
err_t operation_voice(void *_Nullable self, struct caller caller, handle_t *out_voice);
err_t operation_limit(void *_Nullable self, struct caller caller, u32 id, u32 resource, u32 is_set,
	u32 serial, u64 soft, u64 hard, u64 *out_soft, u64 *out_hard);
err_t operation_limits(void *_Nullable self, struct caller caller, lease_t all);
err_t operation_priority(
	void *_Nullable self, struct caller caller, enum proc_priority_of whom, u32 id, i32 *out_nice);
err_t operation_set_priority(
	void *_Nullable self, struct caller caller, enum proc_priority_of whom, u32 id, i32 nice);
err_t operation_open(void *_Nullable self, struct caller caller, u32 id, handle_t *out_process);
err_t operation_kill_open(void *_Nullable self, struct caller caller, u32 id, u32 signal, i32 code,
	u64 value, u32 serial, handle_t process);
err_t operation_compare(void *_Nullable self, struct caller caller, u32 first, u32 second, u32 what,
	u64 first_file, u64 second_file, u32 *out_order);
NONNULL_END
