// SPDX-License-Identifier: MIT
// compare.c - kcmp: do two processes have the same of something? Open files are the same if their
// descriptions are: the same memory, at the same address. Nothing else is shared by processes.
#include "servers/proc/node.h"
#include "servers/proc/operations.h"

enum comparison : u32 {
	KCMP_FILE,
	KCMP_VM,
	KCMP_FILES,
	KCMP_FS,
	KCMP_SIGHAND,
	KCMP_IO,
	KCMP_SYSVSEM,
};

enum order : u32 { ORDER_SAME, ORDER_LESS, ORDER_MORE };

static u32 order_of(u64 first, u64 second)
{
	if (first == second)
		return ORDER_SAME;
	return first < second ? ORDER_LESS : ORDER_MORE;
}

static bool may_look_into(const struct process *caller, const struct process *process)
{
	const struct proc_credentials *who = credentials_of(caller);
	return caller == process || is_able(caller, CAP_SYS_PTRACE) ||
	       is_open_to(credentials_of(process), who, who->user, who->group);
}

static err_t compare_files(const struct process *first, u64 first_file,
	const struct process *second, u64 second_file, u32 *out)
{
	u64 one = first_file > UINT32_MAX ? 0 : process_description(first, (u32)first_file);
	u64 other = second_file > UINT32_MAX ? 0 : process_description(second, (u32)second_file);
	if (!one || !other)
		return ERR_RANGE;
	u32 memory = order_of(process_memory_at(first, one), process_memory_at(second, other));
	*out = memory == ORDER_SAME ? order_of(one, other) : memory;
	return OK;
}

err_t operation_compare(void *_Nullable self, struct caller caller, u32 first, u32 second, u32 what,
	u64 first_file, u64 second_file, u32 *out_order)
{
	(void)self;
	struct process *from, *one = process_find_born(first), *other = process_find_born(second);
	TRY(caller_find(caller, &from));
	if (!one || !other)
		return ERR_NOT_FOUND;
	if (!may_look_into(from, one) || !may_look_into(from, other))
		return ERR_NOT_OWNER;
	switch (what) {
	case KCMP_FILE: return compare_files(one, first_file, other, second_file, out_order);
	case KCMP_VM:
	case KCMP_FILES:
	case KCMP_FS:
	case KCMP_SIGHAND: *out_order = order_of(one->pid, other->pid); return OK;
	case KCMP_IO: // nobody has any
	case KCMP_SYSVSEM: *out_order = ORDER_SAME; return OK;
	}
	return ERR_INVALID;
}
