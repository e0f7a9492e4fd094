// SPDX-License-Identifier: MIT
// process_text.c - files of /proc that speak of one process. What is read out of its memory is
// shown, never believed.
#include "abi/info.h"
#include "lib/base/time.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "os/syscalls.h"
#include "servers/proc/node.h"

constexpr u64 TICK_NS = NS_PER_SECOND / 100;

view_t process_bytes(const struct process *process, u64 address, span_t to)
{
	u64 done = 0, all = 0;
	while (process->process.raw && all < to.size &&
		   memory_read(process->process, address + all, span_from_offset(to, all), &done) == OK &&
		   done)
		all += done;
	return view_clamp(span_view(to), 0, all);
}

struct program_text process_program(const struct process *process)
{
	struct program_text program = {};
	u64 address = IDENTITY_ADDRESS + offsetof(struct identity, program);
	if (process_bytes(process, address, span_of(program)).size != sizeof program)
		program = (struct program_text){};
	AT(program.name, sizeof program.name - 1) = 0;
	return program;
}

static struct process_info info_of(const struct process *process)
{
	struct process_info info = {};
	u64 size;
	if (process->process.raw)
		(void)handle_info(process->process, INFO_TOPIC_PROCESS, span_of(info), &size);
	return info;
}

u64 process_time(const struct process *process, u64 *pages)
{
	if (!process->process.raw) {
		*pages = 0;
		return process->processor_ns;
	}
	struct process_info info = info_of(process);
	*pages = info.mapped_pages;
	return info.cpu_ns;
}

// Sleeping is whose first thread is in a wait that a signal may end. What waits for a service runs,
// as far as anybody can tell.
static bool is_sleeping(const struct process *process)
{
	u64 mask = MASK_ALL, address = thread_address(0) + offsetof(struct posix_thread, open_mask);
	(void)process_bytes(process, address, span_of(mask));
	return mask != MASK_ALL;
}

static char state_of(const struct words *words, const struct process *process)
{
	if (process->state == PROCESS_ZOMBIE)
		return 'Z';
	if (process->is_stopped)
		return 'T';
	return !words->is_own && is_sleeping(process) ? 'S' : 'R';
}

static u32 parent_of(const struct process *process)
{
	return process->parent ? process_at(process->parent)->pid : 0;
}

// The name of a zombie is gone with its memory.
static const char *name_of(const struct program_text *program)
{
	return AT(program->name, 0) ? &AT(program->name, 0) : "-";
}

static u32 foreground_of(const struct process *process)
{
	for (u32 i = 0; process->terminal && i < TERMINALS_MAX; i++)
		if (AT(store->terminals, i).number == process->terminal)
			return AT(store->terminals, i).foreground;
	return UINT32_MAX;
}

void tell_stat(struct words *words, const struct process *process)
{
	struct program_text program = process_program(process);
	struct process_info info = info_of(process);
	u64 size, pages, ticks = process_time(process, &pages) / TICK_NS;
	size = process_mapped(process);
	words_add(words, "%u (%s) %c %u %u %u %u %d 4194304 0 0 0 0 ", process->pid, name_of(&program),
		state_of(words, process), parent_of(process), process->group, process->session,
		process->terminal, (i32)foreground_of(process));
	words_add(words, "%lu 0 %lu 0 %d %d %u 0 %lu %lu %lu ", ticks, process->children_ns / TICK_NS,
		20 + process->nice, (i32)process->nice, info.threads ? info.threads : 1,
		process->started_ns / TICK_NS, size, process_resident(pages, size));
	words_add(words,
		"18446744073709551615 0 0 %lu 0 0 0 0 0 0 0 0 0 %u 0 0 0 0 0 0 0 0 0 %lu %lu %lu "
		"%lu %u\n",
		program.stack, process->exit_signal, program.arguments,
		program.arguments + program.arguments_size, program.environment,
		program.environment + program.environment_size, process->status);
}

static u64 locked_of(const struct process *process)
{
	u64 size = 0, at = PROCESS_AREA + offsetof(struct posix, areas.locked_size);
	return process_bytes(process, at, span_of(size)).size == sizeof size ? size : 0;
}

static const char *state_name(char state)
{
	switch (state) {
	case 'Z': return "Z (zombie)";
	case 'T': return "T (stopped)";
	case 'S': return "S (sleeping)";
	default: return "R (running)";
	}
}

void tell_status(struct words *words, const struct process *process)
{
	struct program_text program = process_program(process);
	struct process_info info = info_of(process);
	const struct proc_credentials *who = credentials_of(process);
	u64 size, pages;
	u32 mask = process_umask(process);
	(void)process_time(process, &pages);
	size = process_mapped(process);
	words_add(words,
		"Name:\t%s\nUmask:\t0%u%u%u\nState:\t%s\nTgid:\t%u\nNgid:\t0\nPid:\t%u\nPPid:\t%u\n"
		"TracerPid:\t0\n",
		name_of(&program), mask >> 6 & 7, mask >> 3 & 7, mask & 7,
		state_name(state_of(words, process)), process->pid, process->pid, parent_of(process));
	words_add(words, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t64\nGroups:\t",
		who->user, who->effective_user, who->saved_user, who->file_user, who->group,
		who->effective_group, who->saved_group, who->file_group);
	for (u32 i = 0; i < who->groups_count && i < PROC_GROUPS_MAX; i++)
		words_add(words, "%u ", AT(who->groups, i));
	words_add(words, "\nNStgid:\t%u\nNSpid:\t%u\nNSpgid:\t%u\nNSsid:\t%u\n", process->pid,
		process->pid, process->group, process->session);
	words_add(words,
		"VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8lu kB\nVmPin:\t       0 kB\n"
		"VmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\nVmSwap:\t       0 kB\nThreads:\t%u\n",
		size / 1024, size / 1024, locked_of(process) / 1024, process_resident(pages, size) * 4,
		process_resident(pages, size) * 4, info.threads ? info.threads : 1);
	tell_signals(words, process);
	words_add(words,
		"CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\n",
		who->inheritable, who->permitted, who->effective, who->bounding, who->ambient);
	words_add(words, "NoNewPrivs:\t%u\nSeccomp:\t0\n",
		who->bits & PROC_CREDENTIAL_BITS_NO_NEW_PRIVILEGES ? 1 : 0);
}

void tell_comm(struct words *words, const struct process *process)
{
	struct program_text program = process_program(process);
	words_add(words, "%s\n", name_of(&program));
}

static void add_limit(struct words *words, u64 value)
{
	if (value == UINT64_MAX)
		words_add(words, "%-20s ", "unlimited");
	else
		words_add(words, "%-20lu ", value);
}

void tell_limits(struct words *words, const struct process *process)
{
	static const struct {
		const char *name, *unit;
	} known[PROC_RESOURCES] = { { "Max cpu time", "seconds" }, { "Max file size", "bytes" },
		{ "Max data size", "bytes" }, { "Max stack size", "bytes" },
		{ "Max core file size", "bytes" }, { "Max resident set", "bytes" },
		{ "Max processes", "processes" }, { "Max open files", "files" },
		{ "Max locked memory", "bytes" }, { "Max address space", "bytes" },
		{ "Max file locks", "locks" }, { "Max pending signals", "signals" },
		{ "Max msgqueue size", "bytes" }, { "Max nice priority", "" },
		{ "Max realtime priority", "" }, { "Max realtime timeout", "us" } };
	words_add(words, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (u32 i = 0; i < PROC_RESOURCES; i++) {
		words_add(words, "%-25s ", AT(known, i).name);
		add_limit(words, AT(process->limits, i).soft);
		add_limit(words, AT(process->limits, i).hard);
		words_add(words, "%-10s\n", AT(known, i).unit);
	}
}

void tell_mounts(struct words *words, const struct process *process)
{
	(void)process;
	words_add(words, "ramfs / tmpfs rw 0 0\nproc /proc proc rw 0 0\n");
}

void tell_mount_info(struct words *words, const struct process *process)
{
	(void)process;
	words_add(words, "1 0 0:1 / / rw - tmpfs ramfs rw\n2 1 0:2 / /proc rw - proc proc rw\n");
}

void tell_login(struct words *words, const struct process *process)
{
	(void)process;
	words_add(words, "4294967295");
}

void tell_group_of_control(struct words *words, const struct process *process)
{
	(void)process;
	words_add(words, "0::/\n");
}

void tell_io(struct words *words, const struct process *process)
{
	(void)process;
	words_add(words, "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\n"
					 "cancelled_write_bytes: 0\n");
}
