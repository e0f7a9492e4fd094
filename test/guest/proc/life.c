// SPDX-License-Identifier: MIT
// life.c - birth, end, waiting, orphans.
#include "test/guest/proc/proc_test.h"

static u64 give_back(u64 argument)
{
	return argument;
}

static u64 sleep_long(u64 argument)
{
	(void)argument;
	(void)sleep_until(guest_soon());
	return 99;
}

void test_wait(void)
{
	struct waited waited;
	u32 pid;
	CHECK_EQ(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED, &waited), ERR_NOT_FOUND);
	CHECK_OK(child_start(give_back, 7, &pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED, &waited));
	CHECK_EQ(waited.pid, pid);
	CHECK_EQ(waited.status, 7 << 8);
	CHECK_EQ(waited.code, 1);
	// The same call, by one who was interrupted before the answer came and does not wait any more.
	self.serial--;
	waited = (struct waited){};
	CHECK_OK(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED | NOHANG, &waited));
	CHECK_EQ(waited.pid, pid);
	CHECK_EQ(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited), ERR_NOT_FOUND);
}

void test_wait_kinds(void)
{
	struct waited waited;
	u32 first, second;
	CHECK_OK(child_start(give_back, 1, &first));
	CHECK_OK(child_start(give_back, 2, &second));
	CHECK(second != first);
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, second, EXITED, &waited));
	CHECK_EQ(waited.pid, second);
	CHECK_EQ(child_wait(PROC_WAIT_FOR_GROUP, 12345, EXITED, &waited), ERR_NOT_FOUND);
	CHECK_OK(child_wait(PROC_WAIT_FOR_GROUP, slot_of(self.slot)->group, EXITED | NOWAIT, &waited));
	CHECK_EQ(waited.pid, first);
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, first, EXITED | NOHANG, &waited));
	CHECK_EQ(waited.status, 1 << 8);
}

void test_no_hang(void)
{
	struct waited waited = { .pid = 1 };
	u32 pid;
	CHECK_OK(child_start(sleep_long, 0, &pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED | NOHANG, &waited));
	CHECK_EQ(waited.pid, 0);
	CHECK_OK(send_signal(pid, 0));
	CHECK_OK(send_signal(pid, KILL));
	CHECK_OK(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED, &waited));
	CHECK_EQ(waited.pid, pid);
	CHECK_EQ(waited.status, KILL);
	CHECK_EQ(waited.code, 2);
	CHECK_EQ(send_signal(pid, 0), ERR_NOT_FOUND);
}

static u64 fault(u64 argument)
{
	guest_poke(argument, 1);
	return 0;
}

void test_fault(void)
{
	struct waited waited;
	u32 pid;
	CHECK_OK(child_start(fault, 8, &pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited));
	CHECK_EQ(waited.status, 11);
}

// What a child sees of itself without asking.
static u64 look(u64 parent)
{
	MUST(slot_of(self.slot)->pid == self.pid);
	MUST(slot_of(self.slot)->parent == parent);
	MUST(slot_of(self.slot)->group == 1);
	u32 pid, slot, above, boot;
	handle_t table;
	MUST(proc_attach(self.proc, &pid, &slot, &above, &boot, &table) == OK);
	MUST(pid == self.pid && slot == self.slot && above == parent);
	return 0;
}

void test_table(void)
{
	struct waited waited;
	u32 pid;
	CHECK_EQ(slot_of(1)->pid, 1);
	CHECK_OK(child_start(look, self.pid, &pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited));
	CHECK_EQ(waited.status >> 8, 0);
}

// A grandchild whose parent ends sees pid 1 above it; nobody waits for it.
static u64 orphan(u64 reaper)
{
	bool is_adopted = becomes(&slot_of(self.slot)->parent, (u32)reaper);
	__atomic_store_n(shared_word(0), is_adopted ? 2 : 1, __ATOMIC_RELEASE);
	return 0;
}

static u64 leave_orphan(u64 reaper)
{
	u32 pid;
	MUST(child_start(orphan, reaper, &pid) == OK);
	__atomic_store_n(shared_word(1), pid, __ATOMIC_RELEASE);
	return 5;
}

void test_orphan(void)
{
	struct waited waited;
	u32 pid;
	*shared_word(0) = 0;
	CHECK_OK(child_start(leave_orphan, 1, &pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited));
	CHECK_EQ(waited.status >> 8, 5);
	CHECK(becomes(shared_word(0), 2));
	u32 grandchild = *shared_word(1);
	for (u64 end = guest_soon(); send_signal(grandchild, 0) == OK && clock_read() < end;)
		(void)sleep_until(clock_read() + NS_PER_MS);
	CHECK_EQ(send_signal(grandchild, 0), ERR_NOT_FOUND);
}

// The same below a process that takes orphans.
static u64 reap(u64 argument)
{
	struct waited waited;
	u32 pid;
	(void)argument;
	MUST(proc_subreaper(self.proc, 1) == OK);
	MUST(child_start(leave_orphan, self.pid, &pid) == OK);
	MUST(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited) == OK);
	MUST(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED, &waited) == OK);
	MUST(waited.pid == *shared_word(1));
	MUST(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED, &waited) == ERR_NOT_FOUND);
	return 0;
}

void test_subreaper(void)
{
	struct waited waited;
	u32 pid;
	CHECK_OK(child_start(reap, 0, &pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited));
	CHECK_EQ(waited.status >> 8, 0);
}

void test_many(void)
{
	struct waited waited;
	u32 pid;
	u64 sum = 0;
	for (u32 i = 0; i < 100; i++)
		CHECK_OK(child_start(give_back, i, &pid));
	for (u32 i = 0; i < 100; i++) {
		CHECK_OK(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED, &waited));
		sum += waited.status >> 8;
	}
	CHECK_EQ(sum, 4950);
}

// Called as a vfork child does that acts before exec, and ends without it.
void test_unborn(void)
{
	struct waited waited;
	u32 pid, slot;
	handle_t next;
	CHECK_OK(proc_spare(self.proc, ++self.serial, &pid, &slot, &next));
	CHECK_OK(proc_unborn(self.proc, pid, CHLD));
	CHECK_OK(proc_set_group((proc_t){ next }, 0, pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED | NOHANG, &waited));
	CHECK_EQ(waited.pid, 0);
	CHECK_OK(proc_child_end(self.proc, pid, 3 << 8));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited));
	CHECK_EQ(waited.status, 3 << 8);
	CHECK_OK(handle_close(next));
}
