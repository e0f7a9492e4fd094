// SPDX-License-Identifier: MIT
// sys_text.c - /proc/sys: what the system is called, and its bounds.
#include "lib/base/random.h"
#include "lib/os/start.h"
#include "servers/proc/node.h"

static const char RELEASE[] = "6.1.0-carbide", VERSION[] = "#1 SMP Carbide";

static void add_number(struct words *words, u64 number)
{
	words_add(words, "%lu\n", number);
}

void tell_version(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "Linux version %s (carbide) %s\n", RELEASE, VERSION);
}

void tell_release(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "%s\n", RELEASE);
}

void tell_kernel_version(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "%s\n", VERSION);
}

void tell_type(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "Linux\n");
}

void tell_host(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "carbide\n");
}

void tell_domain(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	words_add(words, "(none)\n");
}

void tell_pid_max(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, PROC_PID_MAX);
}

void tell_groups_max(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, PROC_GROUPS_MAX);
}

void tell_last_capability(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, CAP_LAST);
}

void tell_threads_max(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, PROC_SLOTS_MAX);
}

void tell_overflow(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, 65534);
}

void tell_one(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, 1);
}

void tell_map_count(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, 65530);
}

void tell_file_max(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, 1 << 20);
}

void tell_open_max(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, 1 << 20);
}

void tell_pipe_max(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, 1 << 16);
}

void tell_entropy(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_number(words, 256);
}

static void add_uuid(struct words *words, u64 high, u64 low)
{
	words_add(words, "%08x-%04x-4%03x-%04x-%04x%08x\n", (u32)(high >> 32),
		(u32)(high >> 16 & 0xffff), (u32)(high & 0xfff), (u32)(low >> 48 & 0x3fff) | 0x8000,
		(u32)(low >> 32 & 0xffff), (u32)low);
}

void tell_boot_id(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	add_uuid(words, store->boot * 6364136223846793005u, store->boot ^ store->boot << 21);
}

void tell_uuid(struct words *words, const struct process *_Nullable process)
{
	(void)process;
	u64 mix = (__builtin_ia32_rdtsc() ^ AT(start_self()->random, 0)) * 6364136223846793005u;
	add_uuid(words, mix, mix ^ mix >> 29 ^ AT(start_self()->random, 1));
}
