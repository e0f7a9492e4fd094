// SPDX-License-Identifier: MIT
// operations.c - which function serves which call. wait is served before (wait.c), because most of
// its calls are answered at once and need no reply object.
#include "servers/proc/operations.h"

const struct proc_ops proc_operations = {
	.begin = operation_begin,
	.attach = operation_attach,
	.spare = operation_spare,
	.spare_as = operation_spare_as,
	.child = operation_child,
	.unborn = operation_unborn,
	.child_end = operation_child_end,
	.relieve = operation_relieve,
	.usage = operation_usage,
	.kill = operation_kill,
	.signal_info = operation_signal_info,
	.stop = operation_stop,
	.orphaned = operation_orphaned,
	.parent_signal = operation_parent_signal,
	.subreaper = operation_subreaper,
	.ids = operation_ids,
	.set_group = operation_set_group,
	.set_session = operation_set_session,
	.terminal_claim = operation_terminal_claim,
	.terminal_release = operation_terminal_release,
	.terminal_group = operation_terminal_group,
	.terminal_reach = operation_terminal_reach,
	.terminal_open = operation_terminal_open,
	.credentials = operation_credentials,
	.change = operation_change,
	.voice = operation_voice,
	.limit = operation_limit,
	.limits = operation_limits,
	.priority = operation_priority,
	.set_priority = operation_set_priority,
	.open = operation_open,
	.kill_open = operation_kill_open,
};
