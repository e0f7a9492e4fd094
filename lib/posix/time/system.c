// SPDX-License-Identifier: MIT
// system.c - what the machine is called and how it fares: uname, sysinfo, host name, getcpu,
// syslog, reboot. The name is each process's own copy, handed on to children and programs.
#include "lib/posix/linux/system.h"
#include "abi/info.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/time/meminfo.h"
#include "os/syscalls.h"

constexpr u32 ROOT = 0;

static void put_text(span_t to, view_t text)
{
	(void)span_copy(to, view_clamp(text, 0, to.size - 1));
}

static void put_name(span_t to, const u8 *name, view_t otherwise)
{
	view_t text = view_from(name, HOST_NAME_MAX);
	text.size = view_find(text, 0);
	put_text(to, text.size ? text : otherwise);
}

i64 call_uname(struct posix_thread *, const struct arguments *arguments)
{
	struct linux_utsname name = {};
	put_text(span_of(name.system), VIEW_TEXT("Linux"));
	put_name(span_of(name.node), posix_self()->time.host, VIEW_TEXT("carbide"));
	put_text(span_of(name.release), VIEW_TEXT("6.1.0-carbide"));
	put_text(span_of(name.version), VIEW_TEXT("#1 SMP Carbide"));
	put_text(span_of(name.machine), VIEW_TEXT("x86_64"));
	put_name(span_of(name.domain), posix_self()->time.domain, VIEW_TEXT("(none)"));
	return user_put(ARG(0), name);
}

static bool is_root(void)
{
	return posix_self()->identity.credentials.effective_user == ROOT;
}

static i64 set_name(span_t to, const struct arguments *arguments)
{
	if (!is_root())
		return -EPERM;
	if (ARG_INT(1) < 0 || ARG_U32(1) > HOST_NAME_MAX)
		return -EINVAL;
	u8 name[HOST_NAME_MAX + 1] = {};
	TRY_POSIX(user_copy_in(name, ARG(0), ARG_U32(1)));
	(void)span_copy(to, view_of(name));
	return 0;
}

i64 call_sethostname(struct posix_thread *, const struct arguments *arguments)
{
	return set_name(span_of(posix_self()->time.host), arguments);
}

i64 call_setdomainname(struct posix_thread *, const struct arguments *arguments)
{
	return set_name(span_of(posix_self()->time.domain), arguments);
}

i64 call_sysinfo(struct posix_thread *, const struct arguments *arguments)
{
	struct meminfo memory = {};
	meminfo_read(&memory);
	struct linux_sysinfo info = {
		.uptime = (i64)(posix_clock() / SECOND_NS),
		.ram_total = memory.total_kib,
		.ram_free = memory.free_kib,
		.processes = 1,
		.unit = 1024,
	};
	return user_put(ARG(0), info);
}

// The kernel says where a thread ran last.
i64 call_getcpu(struct posix_thread *, const struct arguments *arguments)
{
	struct thread_info info = {};
	u64 size;
	TRY_ERR(handle_info(HANDLE_NONE, INFO_TOPIC_THREAD, span_of(info), &size));
	const u32 node = 0;
	if (ARG(0))
		TRY_POSIX(user_put(ARG(0), info.cpu));
	return ARG(1) ? user_put(ARG(1), node) : 0;
}

// The kernel's own words are in the system's log (svc log); here nothing waits.
i64 call_syslog(struct posix_thread *, const struct arguments *arguments)
{
	constexpr i32 READ = 2, READ_ALL = 3, READ_CLEAR = 4, SET_LEVEL = 8, SIZE_BUFFER = 10;
	constexpr i32 LEVELS = 8;
	i32 action = ARG_INT(0);
	if (action < 0 || action > SIZE_BUFFER)
		return -EINVAL;
	if (action != READ_ALL && action != SIZE_BUFFER && !is_root())
		return -EPERM;
	if (action >= READ && action <= READ_CLEAR)
		return !ARG(1) || ARG_INT(2) < 0 ? -EINVAL : 0;
	return action == SET_LEVEL && (ARG_INT(2) < 1 || ARG_INT(2) > LEVELS) ? -EINVAL : 0;
}
