// SPDX-License-Identifier: MIT
// client.c - see client.h.
#include "test/guest/proc/client.h"

#include "lib/os/boot_image.h"
#include "lib/os/spawn.h"

constexpr u32 LEVEL = 15;
constexpr u64 LEDGER_SIZE = 16 << 20;
constexpr u64 PROGRAMS_PAGES = 4096; // nobody uses them but by programs_fill

enum word : u32 { WORD_WANTED = 1000, WORD_DONE, WORD_ERROR }; // of restarts; of shared_word

struct self self;
static handle_t port, ledger, service, programs;
static u64 slots, shared;

static struct spawn spawn; // the same for all lives

static err_t fill_spawn(void)
{
	spawn = (struct spawn){ .arguments = VIEW_TEXT("proc"), .level = LEVEL };
	TRY(boot_file("service/proc", &spawn.image));
	TRY(spawn_give(&spawn, "port", port, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "ledger", ledger, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "programs", programs, RIGHTS_ALL));
	TRY(spawn_give(&spawn, "console", start_handle("console"), RIGHTS_ALL));
	return spawn_give(&spawn, "time", start_handle("time"), RIGHT_READ | RIGHT_MAP);
}

// former: a dead one whose handles this one gets; none: the first.
static err_t start(handle_t former)
{
	TRY(process_create(HANDLE_NONE, 0, LEVEL, &spawn.process));
	TRY(process_control(spawn.process, PROCESS_OPERATION_KEEP_HANDLES, 1, 0));
	spawn.former = spawn.self;
	if (former.raw)
		TRY(process_control(spawn.process, PROCESS_OPERATION_INHERIT, former.raw, 0));
	TRY(spawn_start(&spawn, &service));
	return former.raw ? handle_close(former) : OK;
}

err_t programs_fill(handle_t *taken)
{
	return quota_create(programs, PROGRAMS_PAGES - PROGRAMS_PAGES / 32, 1, 1, 100, taken);
}

err_t service_start(void)
{
	u32 boot, parent;
	handle_t table, words;
	TRY(port_create(0, &port));
	TRY(guest_memory(LEDGER_SIZE, &ledger));
	TRY(quota_create(HANDLE_NONE, PROGRAMS_PAGES, 64, 64, 100, &programs));
	TRY(guest_memory(PAGE_SIZE, &words));
	TRY(guest_map(words, PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_SHARED, &shared));
	TRY(connection_create(port, 1, &self.proc.handle));
	TRY(fill_spawn());
	TRY(start(HANDLE_NONE));
	TRY(proc_attach(self.proc, &self.pid, &self.slot, &parent, &boot, &table));
	return guest_map(table, PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_SHARED, &slots);
}

static err_t kill_and_start(void)
{
	u32 observed;
	TRY(process_control(service, PROCESS_OPERATION_KILL, 0, 0));
	TRY(object_wait(service, SIGNAL_EXITED, guest_soon(), &observed));
	return start(service);
}

err_t service_restart(void)
{
	u32 number = __atomic_add_fetch(shared_word(WORD_WANTED), 1, __ATOMIC_ACQ_REL);
	return becomes(shared_word(WORD_DONE), number) ? (err_t)*shared_word(WORD_ERROR)
	                                               : ERR_TIMED_OUT;
}

err_t service_look_after(handle_t tests, u64 deadline, u64 *code)
{
	u32 observed;
	while (object_wait(tests, SIGNAL_EXITED, clock_read() + NS_PER_MS / 4, &observed) != OK) {
		u32 wanted = __atomic_load_n(shared_word(WORD_WANTED), __ATOMIC_ACQUIRE);
		if (clock_read() > deadline)
			return ERR_TIMED_OUT;
		if (wanted == *shared_word(WORD_DONE))
			continue;
		*shared_word(WORD_ERROR) = (u32)kill_and_start();
		__atomic_store_n(shared_word(WORD_DONE), wanted, __ATOMIC_RELEASE);
	}
	return spawn_wait(tests, deadline, code);
}

const struct proc_slot *slot_of(u32 slot)
{
	UNSAFE_BEGIN("one page of the table is mapped; tests have few processes")
	return (const struct proc_slot *)slots + slot % (PAGE_SIZE / sizeof(struct proc_slot));
	UNSAFE_END
}

u32 *shared_word(u32 index)
{
	UNSAFE_BEGIN("a page of words")
	return (u32 *)shared + index % (PAGE_SIZE / sizeof(u32));
	UNSAFE_END
}

bool becomes(const u32 *word, u32 wanted)
{
	for (u64 end = guest_soon(); clock_read() < end;) {
		if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == wanted)
			return true;
		(void)sleep_until(clock_read() + 50 * NS_PER_US);
	}
	return false;
}

[[noreturn]] void end_self(u32 status)
{
	program_exit(status);
}

static err_t spare_fetch(void)
{
	u32 serial = self.serial + 1;
	if (self.spare.pid)
		return OK;
	self.serial = serial;
	return AGAIN(
		proc_spare(self.proc, serial, &self.spare.pid, &self.spare.slot, &self.spare.next));
}

err_t child_begin(u64 (*run)(u64 argument), u64 argument, handle_t *process)
{
	TRY(spare_fetch());
	handle_t used = self.spare.next;
	u32 pid = self.spare.pid;
	TRY(process_fork(0, process));
	if (!process->raw) {
		self = (struct self){ .proc = { used }, .pid = pid, .slot = self.spare.slot };
		end_self((u32)run(argument) << 8);
	}
	err_t err = AGAIN(proc_child(
		self.proc, pid, CHLD, *process, &self.spare.pid, &self.spare.slot, &self.spare.next));
	(void)handle_close(used);
	return err;
}

err_t child_start(u64 (*run)(u64 argument), u64 argument, u32 *pid)
{
	handle_t process;
	TRY(spare_fetch());
	*pid = self.spare.pid;
	TRY(child_begin(run, argument, &process));
	return handle_close(process);
}

err_t child_wait(enum proc_wait_for whom, u32 id, u32 options, struct waited *out)
{
	u32 serial = ++self.serial;
	return AGAIN(proc_wait(self.proc, whom, id, options, serial, &out->pid, &out->status,
		&out->code, &out->user, &out->processor_ns, &out->pages));
}

err_t send_signal(u32 pid, u32 signal)
{
	u32 serial = ++self.serial;
	return AGAIN(proc_kill(self.proc, PROC_KILL_TO_PROCESS, pid, signal, 0, 0, serial));
}
