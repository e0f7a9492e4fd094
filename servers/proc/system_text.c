// SPDX-License-Identifier: MIT
// system_text.c - files of /proc that speak of the whole system.
#include "abi/info.h"
#include "lib/base/time.h"
#include "lib/os/process.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/proc/node.h"

constexpr u64 TICK_NS = NS_PER_SECOND / 100;

static struct system_info system_state(void)
{
	struct system_info info = { .cpus = 1 };
	u64 size;
	(void)handle_info(start_handle("console"), INFO_TOPIC_SYSTEM, span_of(info), &size);
	return info;
}

void tell_self(struct words *words, const struct process *_Nullable process)
{
	if (process)
		words_add(words, "%u", process->pid);
}

void tell_thread_self(struct words *words, const struct process *_Nullable process)
{
	if (process)
		words_add(words, "%u/task/%u", process->pid, process->pid);
}

void tell_self_mounts(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "self/mounts");
}

void tell_root(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "/");
}

void tell_memory(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	struct system_info info = system_state();
	u64 all = info.pages * 4, free = info.pages_free * 4;
	words_add(words,
		"MemTotal:       %8lu kB\nMemFree:        %8lu kB\nMemAvailable:   %8lu kB\n"
		"Buffers:               0 kB\nCached:                0 kB\nSwapCached:            0 kB\n",
		all, free, free);
	words_add(words,
		"Active:         %8lu kB\nInactive:              0 kB\nSwapTotal:             0 kB\n"
		"SwapFree:              0 kB\nShmem:                 0 kB\nSReclaimable:          0 kB\n"
		"Slab:                  0 kB\n",
		all - free);
}

struct activity {
	u64 busy_ns;
	u32 count, running;
};

static struct activity activity_now(void)
{
	struct activity activity = { .busy_ns = store->ended_ns };
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++) {
		const struct process *process = process_at((slot_t)slot);
		u64 pages;
		if (process->state != PROCESS_ALIVE)
			continue;
		activity.busy_ns += process_time(process, &pages);
		activity.count++;
	}
	activity.running = 1; // whoever asks
	return activity;
}

void tell_uptime(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	u64 now = clock_read() / TICK_NS, busy = activity_now().busy_ns / TICK_NS;
	static u64
		idle; // what the dead did is counted a little later than what they do: it never sinks
	u64 all = now * system_state().cpus;
	if (all > busy && all - busy > idle)
		idle = all - busy;
	words_add(words, "%lu.%02lu %lu.%02lu\n", now / 100, now % 100, idle / 100, idle % 100);
}

void tell_load(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	struct activity activity = activity_now();
	words_add(
		words, "0.00 0.00 0.00 %u/%u %u\n", activity.running, activity.count, store->next_pid);
}

void tell_system_stat(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	struct system_info info = system_state();
	struct activity activity = activity_now();
	u64 busy = activity.busy_ns / TICK_NS, all = clock_read() / TICK_NS * info.cpus;
	words_add(words, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\n", busy, all > busy ? all - busy : 0);
	for (u32 i = 0; i < info.cpus; i++)
		words_add(words, "cpu%u %lu 0 0 %lu 0 0 0 0 0 0\n", i, busy / info.cpus,
			all > busy ? (all - busy) / info.cpus : 0);
	words_add(words,
		"intr 0\nctxt %lu\nbtime 0\nprocesses %u\nprocs_running %u\nprocs_blocked 0\nsoftirq 0\n",
		info.switches, store->next_pid, activity.running);
}

void tell_processors(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	for (u32 i = 0; i < system_state().cpus; i++)
		words_add(words,
			"processor\t: %u\nvendor_id\t: Carbide\ncpu family\t: 6\nmodel\t\t: 0\n"
			"model name\t: x86_64\nstepping\t: 0\nflags\t\t: fpu tsc msr cx8 apic cmov mmx fxsr "
			"sse "
			"sse2 syscall nx lm\n\n",
			i);
}

void tell_file_systems(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "nodev\tproc\nnodev\ttmpfs\nnodev\tdevpts\n");
}

void tell_kernel_line(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "carbide\n");
}

void tell_devices(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "Character devices:\n  1 mem\n  4 tty\n  5 /dev/tty\n136 pts\n\n"
					 "Block devices:\n");
}

void tell_swaps(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}

void tell_nothing(struct words *words, const struct process *_Nullable process)
{
	(void)words;
	(void)process;
}

void tell_net_device(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words,
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
		"drop fifo colls carrier compressed\n");
}

void tell_net_route(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow"
					 "\tIRTT\n");
}

void tell_net_table(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words,
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		"uid  timeout inode\n");
}

void tell_net_unix(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "Num       RefCount Protocol Flags    Type St Inode Path\n");
}
