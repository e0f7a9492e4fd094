// SPDX-License-Identifier: MIT
// library_text.c - what a process's own library knows and nobody else: its descriptors, threads,
// signals, the call it is in. Read out of its memory as it is at this moment: shown, never
// believed.
#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "lib/posix/file/operations.h"
#include "lib/posix/linux/fcntl.h"
#include "servers/proc/node.h"

constexpr u32 DESCRIPTORS_MAX = 1 << 20;
constexpr u32 THREADS_MAX = THREAD_SLOTS;
constexpr u32 LIMIT_PENDING = 11; // RLIMIT_SIGPENDING

static bool get(const struct process *process, u64 address, span_t to)
{
	return process_bytes(process, address, to).size == to.size;
}

static bool find_table(const struct process *process, u64 *table, u32 *capacity)
{
	u64 files = PROCESS_AREA + offsetof(struct posix, files);
	return get(process, files + offsetof(struct file_state, table), span_of(*table)) &&
	       get(process, files + offsetof(struct file_state, capacity), span_of(*capacity));
}

bool process_descriptor(const struct process *process, u32 from, u32 *number)
{
	struct descriptor some[16];
	u64 table = 0;
	u32 capacity = 0;
	if (!find_table(process, &table, &capacity))
		return false;
	for (; from < capacity && from < DESCRIPTORS_MAX; from += COUNT(some)) {
		view_t got = process_bytes(process, table + from * sizeof some[0], span_of(some));
		for (u32 i = 0; i < got.size / sizeof some[0] && from + i < capacity; i++)
			if (AT(some, i).description) {
				*number = from + i;
				return true;
			}
		if (got.size < sizeof some)
			return false;
	}
	return false;
}

static void add_octal(struct words *words, u32 value)
{
	words_add(words, "0");
	for (u32 shift = 30; shift <= 30; shift -= 3)
		if (value >> shift)
			words_add(words, "%u", value >> shift & 7);
}

static void tell_open(
	struct words *words, const struct descriptor *descriptor, const struct description *description)
{
	constexpr u32 LARGE_FILE = 0x8000;
	bool is_event = description->kind == FILE_EVENT || description->kind == FILE_EPOLL;
	u32 flags = description->flags & ~(u32)O_CLOEXEC;
	if (description->kind == FILE_REGULAR || description->kind == FILE_DIRECTORY)
		flags |= LARGE_FILE;
	if (descriptor->flags & DESCRIPTOR_CLOEXEC)
		flags |= O_CLOEXEC;
	words_add(words, "pos:\t%lu\nflags:\t", is_event ? 0 : description->offset);
	add_octal(words, flags);
	words_add(words, "\nmnt_id:\t%u\nino:\t%u\n", description->tree + 1u, description->inode);
	if (description->kind != FILE_PROCESS)
		return;
	u32 pid = (u32)AT(description->detail, 0);
	i32 shown = pid && process_find_born(pid) ? (i32)pid : -1;
	words_add(words, "Pid:\t%d\nNSpid:\t%d\n", shown, shown);
}

static bool get_descriptor(const struct process *process, u32 number, struct descriptor *descriptor)
{
	u64 table = 0;
	u32 capacity = 0;
	return find_table(process, &table, &capacity) && number < capacity &&
	       get(process, table + number * sizeof *descriptor, span_of(*descriptor));
}

u64 process_description(const struct process *process, u32 number)
{
	struct descriptor descriptor = {};
	return get_descriptor(process, number, &descriptor) ? (u64)(uintptr_t)descriptor.description
	                                                    : 0;
}

void tell_descriptor(struct words *words, const struct process *process, u32 number)
{
	struct descriptor descriptor = {};
	struct description description = {};
	if (!get_descriptor(process, number, &descriptor) ||
		!get(process, (u64)(uintptr_t)descriptor.description, span_of(description)))
		return;
	tell_open(words, &descriptor, &description);
}

// The list of threads as it stands: it may change while it is walked, so the walk is bounded.
u32 process_thread(const struct process *process, u32 after)
{
	u64 head = PROCESS_AREA + offsetof(struct posix, core.threads.head), at = head;
	bool is_next = !after;
	for (u32 i = 0; i < THREADS_MAX; i++) {
		struct list_node node = {};
		i32 id = 0;
		if (!get(process, at, span_of(node)) || !node.next || (u64)(uintptr_t)node.next == head)
			break;
		at = (u64)(uintptr_t)node.next;
		u64 thread = at - offsetof(struct posix_thread, node);
		if (!get(process, thread + offsetof(struct posix_thread, id), span_of(id)) || id <= 0)
			break;
		if (is_next)
			return (u32)id;
		is_next = (u32)id == after;
	}
	return 0;
}

bool process_has_thread(const struct process *process, u32 id)
{
	if (id == process->pid)
		return true;
	for (u32 at = process_thread(process, 0); at; at = process_thread(process, at))
		if (at == id)
			return true;
	return false;
}

u32 process_umask(const struct process *process)
{
	u32 mask = 0;
	u64 files = PROCESS_AREA + offsetof(struct posix, files);
	return get(process, files + offsetof(struct file_state, umask), span_of(mask)) ? mask : 0;
}

// A process that ends has no memory any more: nothing is pending, blocked or caught.
void tell_signals(struct words *words, const struct process *process)
{
	static struct actions actions;
	struct posix_thread thread = {};
	u64 ignored = 0, caught = 0;
	actions = (struct actions){};
	(void)process_bytes(process, PROCESS_AREA + offsetof(struct posix, actions), span_of(actions));
	(void)process_bytes(process, thread_address(0), span_of(thread));
	for (u32 i = 0; i < SIGNALS; i++) {
		u64 handler = AT(actions.action, i).handler;
		ignored |= handler == SIG_IGN ? (u64)1 << i : 0;
		caught |= handler != SIG_IGN && handler != SIG_DFL ? (u64)1 << i : 0;
	}
	words_add(words, "SigQ:\t0/%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\n",
		AT(process->limits, LIMIT_PENDING).soft, thread.directed, actions.pending);
	words_add(
		words, "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n", thread.mask, ignored, caught);
}

void tell_call(struct words *words, const struct process *process)
{
	struct posix_thread thread = {};
	(void)process_bytes(process, thread_address(0), span_of(thread));
	words_add(words, "%ld", (i64)thread.number);
	for (u32 i = 0; i < 6; i++)
		words_add(words, " 0x%lx", AT(thread.registers.arguments.raw, i));
	words_add(words, " 0x%lx 0x%lx\n", thread.registers.rsp, thread.registers.rip);
}
