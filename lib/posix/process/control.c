// SPDX-License-Identifier: MIT
// control.c - prctl, and personality.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process_local.h"

enum prctl_option : u32 {
	PR_SET_PDEATHSIG = 1,
	PR_GET_PDEATHSIG = 2,
	PR_GET_DUMPABLE = 3,
	PR_SET_DUMPABLE = 4,
	PR_GET_KEEPCAPS = 7,
	PR_SET_KEEPCAPS = 8,
	PR_GET_TIMING = 13,
	PR_SET_NAME = 15,
	PR_GET_NAME = 16,
	PR_GET_SECCOMP = 21,
	PR_CAPBSET_READ = 23,
	PR_CAPBSET_DROP = 24,
	PR_GET_SECUREBITS = 27,
	PR_SET_SECUREBITS = 28,
	PR_SET_TIMERSLACK = 29,
	PR_GET_TIMERSLACK = 30,
	PR_SET_CHILD_SUBREAPER = 36,
	PR_GET_CHILD_SUBREAPER = 37,
	PR_SET_NO_NEW_PRIVS = 38,
	PR_GET_NO_NEW_PRIVS = 39,
	PR_GET_TID_ADDRESS = 40,
	PR_SET_THP_DISABLE = 41,
	PR_GET_THP_DISABLE = 42,
	PR_CAP_AMBIENT = 47,
};

constexpr u64 CAPABILITIES = 41, CAPABILITY_SETPCAP = 1u << 8;
constexpr u64 SLACK_NS = 50'000; // Linux's
constexpr u64 AMBIENT_IS_SET = 1, AMBIENT_LAST = 4;

static i64 set_bits(u32 set, u32 clear)
{
	return process_change(PROC_CHANGE_BITS, (struct change_ids){ set, clear, 0 }, (view_t){});
}

static bool has_bit(u32 bit)
{
	return process_self()->credentials.bits & bit;
}

static i64 set_parent_signal(u64 signal)
{
	if (signal > SIGNALS)
		return -EINVAL;
	TRY_ERR(proc_parent_signal(process_proc(), (u32)signal));
	process_self()->parent_signal = (u32)signal;
	return 0;
}

static i64 set_subreaper(u64 is_set)
{
	TRY_ERR(proc_subreaper(process_proc(), is_set != 0));
	process_self()->is_subreaper = is_set != 0;
	return 0;
}

static i64 put_u32(u64 address, u32 value)
{
	return user_put(address, value);
}

static i64 set_name(struct posix_thread *self, u64 address)
{
	char name[sizeof self->name] = {};
	i64 size = user_copy_string(span_of(name), address);
	if (size == -EFAULT)
		return size;
	AT(name, sizeof name - 1) = 0;
	__builtin_memcpy(self->name, name, sizeof name);
	if ((u32)self->id == process_self()->pid)
		__builtin_memcpy(process_self()->program.name, name, sizeof name);
	return 0;
}

static i64 set_flag(u64 value, u32 bit, bool is_inverse)
{
	if (value > 1)
		return -EINVAL;
	return (value != 0) != is_inverse ? set_bits(bit, 0) : set_bits(0, bit);
}

static i64 drop_bounding(u64 capability)
{
	return capability >= CAPABILITIES
	           ? -EINVAL
	           : process_change(PROC_CHANGE_BOUNDING_DROP,
					 (struct change_ids){ .first = (u32)capability }, (view_t){});
}

static i64 has_bounding(u64 capability)
{
	return capability >= CAPABILITIES ? -EINVAL
	                                  : process_self()->credentials.bounding >> capability & 1;
}

static i64 change_ambient(u64 operation, u64 capability)
{
	if (operation < AMBIENT_IS_SET || operation > AMBIENT_LAST ||
		(operation == AMBIENT_LAST ? capability != 0 : capability >= CAPABILITIES))
		return -EINVAL;
	if (operation == AMBIENT_IS_SET)
		return process_self()->credentials.ambient >> capability & 1;
	const struct change_ids ids = { (u32)operation, (u32)capability, 0 };
	return process_change(PROC_CHANGE_AMBIENT, ids, (view_t){});
}

static i64 set_slack(u64 ns)
{
	process_self()->timer_slack_ns = ns;
	return 0;
}

static i64 slack(void)
{
	u64 ns = process_self()->timer_slack_ns;
	return (i64)(ns ? ns : SLACK_NS);
}

// No thread is ever given back what it gave up.
static i64 set_no_new(u64 value)
{
	return value == 1 ? set_bits(PROC_CREDENTIAL_BITS_NO_NEW_PRIVILEGES, 0) : -EINVAL;
}

// What root is given at exec cannot be changed.
static i64 set_secure_bits(u64 bits)
{
	bool may = process_self()->credentials.effective & CAPABILITY_SETPCAP;
	return may && !bits ? 0 : -EPERM;
}

static i64 own_state(struct posix_thread *self, const struct arguments *arguments)
{
	switch (ARG_U32(0)) {
	case PR_SET_NAME: return set_name(self, ARG(1));
	case PR_GET_NAME: return user_copy_out(ARG(1), self->name, sizeof self->name);
	case PR_GET_TID_ADDRESS: return user_put(ARG(1), self->clear_child_tid);
	case PR_GET_PDEATHSIG: return put_u32(ARG(1), process_self()->parent_signal);
	case PR_GET_CHILD_SUBREAPER: return put_u32(ARG(1), process_self()->is_subreaper);
	case PR_SET_TIMERSLACK: return set_slack(ARG(1));
	case PR_GET_TIMERSLACK: return slack();
	case PR_GET_TIMING:
	case PR_GET_SECCOMP:
	case PR_GET_SECUREBITS:
	case PR_SET_THP_DISABLE:
	case PR_GET_THP_DISABLE: return 0;
	}
	return -EINVAL;
}

// Later options want zeros in the arguments that they have not.
static bool has_rest(const struct arguments *arguments)
{
	bool is_rest = ARG(2) || ARG(3) || ARG(4);
	switch (ARG_U32(0)) {
	case PR_SET_NO_NEW_PRIVS:
	case PR_SET_THP_DISABLE: return is_rest;
	case PR_GET_NO_NEW_PRIVS:
	case PR_GET_THP_DISABLE: return ARG(1) || is_rest;
	}
	return false;
}

i64 call_prctl(struct posix_thread *self, const struct arguments *arguments)
{
	u64 value = ARG(1);
	if (has_rest(arguments))
		return -EINVAL;
	switch (ARG_U32(0)) {
	case PR_SET_PDEATHSIG: return set_parent_signal(value);
	case PR_SET_CHILD_SUBREAPER: return set_subreaper(value);
	case PR_GET_DUMPABLE: return !has_bit(PROC_CREDENTIAL_BITS_NOT_DUMPABLE);
	case PR_SET_DUMPABLE: return set_flag(value, PROC_CREDENTIAL_BITS_NOT_DUMPABLE, true);
	case PR_GET_KEEPCAPS: return has_bit(PROC_CREDENTIAL_BITS_KEEP_CAPABILITIES);
	case PR_SET_KEEPCAPS: return set_flag(value, PROC_CREDENTIAL_BITS_KEEP_CAPABILITIES, false);
	case PR_GET_NO_NEW_PRIVS: return has_bit(PROC_CREDENTIAL_BITS_NO_NEW_PRIVILEGES);
	case PR_SET_NO_NEW_PRIVS: return set_no_new(value);
	case PR_CAPBSET_READ: return has_bounding(value);
	case PR_CAPBSET_DROP: return drop_bounding(value);
	case PR_CAP_AMBIENT: return change_ambient(value, ARG(2));
	case PR_SET_SECUREBITS: return set_secure_bits(value);
	}
	return own_state(self, arguments);
}

i64 call_personality(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	struct identity *identity = process_self();
	u32 before = identity->personality;
	if (ARG_U32(0) != UINT32_MAX)
		identity->personality = ARG_U32(0);
	return before;
}
