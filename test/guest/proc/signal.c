// SPDX-License-Identifier: MIT
// signal.c - signals, stops, groups and sessions.
#include "test/guest/proc/proc_test.h"

static u64 sleep_long(u64 argument)
{
	(void)argument;
	(void)sleep_until(guest_soon());
	return 99;
}

static u64 count_up(u64 index)
{
	for (u64 end = guest_soon(); clock_read() < end;) {
		__atomic_fetch_add(shared_word((u32)index), 1, __ATOMIC_RELAXED);
		(void)sleep_until(clock_read() + 100 * NS_PER_US);
	}
	return 99;
}

// A busy host may keep us from seeing it for long, so who expects it waits as long.
static bool is_counting_until(u32 index, u64 end)
{
	u32 before = __atomic_load_n(shared_word(index), __ATOMIC_RELAXED);
	do
		(void)sleep_until(clock_read() + NS_PER_MS);
	while (__atomic_load_n(shared_word(index), __ATOMIC_RELAXED) == before && clock_read() < end);
	return __atomic_load_n(shared_word(index), __ATOMIC_RELAXED) != before;
}

static bool is_counting(u32 index)
{
	return is_counting_until(index, guest_soon());
}

void test_stop(void)
{
	struct waited waited;
	u32 pid;
	CHECK_OK(child_start(count_up, 2, &pid));
	CHECK(is_counting(2));
	CHECK_OK(send_signal(pid, STOP));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED | UNTRACED, &waited));
	CHECK_EQ(waited.status, STOP << 8 | 0x7f);
	CHECK_EQ(waited.code, 5);
	(void)sleep_until(clock_read() + 2 * NS_PER_MS);
	CHECK(!is_counting_until(2, guest_after(5)));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED | UNTRACED | NOHANG, &waited));
	CHECK_EQ(waited.pid, 0);
	CHECK_OK(send_signal(pid, CONT));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, CONTINUED, &waited));
	CHECK_EQ(waited.status, 0xffff);
	CHECK(is_counting(2));
	CHECK_OK(send_signal(pid, STOP));
	CHECK_OK(send_signal(pid, KILL));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited));
	CHECK_EQ(waited.status, KILL);
}

static err_t stop(u32 signal, u32 continued)
{
	err_t err;
	while ((err = proc_stop(self.proc, signal, continued)) == ERR_BUSY)
		(void)sleep_until(clock_read() + 100 * NS_PER_US);
	return err;
}

// Stops itself as the library does for SIGTSTP.
static u64 stop_self(u64 index)
{
	u32 continued = slot_of(self.slot)->continued;
	MUST(stop(TSTP, continued) == ERR_STATE); // its group is an orphan's
	MUST(proc_set_group(self.proc, 0, 0) == OK);
	MUST(stop(TSTP, continued) == OK);
	__atomic_store_n(shared_word((u32)index), 1, __ATOMIC_RELEASE);
	MUST(slot_of(self.slot)->continued == continued + 1);
	MUST(stop(TSTP, continued) == OK); // SIGCONT came first
	return 0;
}

void test_stop_self(void)
{
	struct waited waited;
	u32 pid;
	*shared_word(3) = 0;
	CHECK_OK(child_start(stop_self, 3, &pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED | UNTRACED, &waited));
	CHECK_EQ(waited.status, TSTP << 8 | 0x7f);
	(void)sleep_until(clock_read() + 2 * NS_PER_MS);
	CHECK_EQ(*shared_word(3), 0);
	CHECK_OK(send_signal(pid, CONT));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited));
	CHECK_EQ(waited.status, 0);
	CHECK_EQ(*shared_word(3), 1);
}

void test_groups(void)
{
	struct waited waited;
	u32 first, second, parent, group, session, terminal;
	CHECK_OK(child_start(sleep_long, 0, &first));
	CHECK_OK(child_start(sleep_long, 0, &second));
	CHECK_OK(proc_set_group(self.proc, first, 0));
	CHECK_OK(proc_set_group(self.proc, second, first));
	CHECK_OK(proc_ids(self.proc, second, &parent, &group, &session, &terminal));
	CHECK_EQ(parent, self.pid);
	CHECK_EQ(group, first);
	CHECK_EQ(proc_set_group(self.proc, second, 31'000), ERR_NOT_OWNER);
	CHECK_EQ(proc_set_group(self.proc, 31'000, 0), ERR_NOT_FOUND);
	CHECK_EQ(proc_kill(self.proc, PROC_KILL_TO_GROUP, 31'000, 0, 0, 0, 0), ERR_NOT_FOUND);
	CHECK_OK(proc_kill(self.proc, PROC_KILL_TO_GROUP, first, KILL, 0, 0, ++self.serial));
	CHECK_OK(child_wait(PROC_WAIT_FOR_GROUP, first, EXITED, &waited));
	CHECK_EQ(waited.status, KILL);
	CHECK_OK(child_wait(PROC_WAIT_FOR_GROUP, first, EXITED, &waited));
	CHECK_EQ(child_wait(PROC_WAIT_FOR_GROUP, first, EXITED, &waited), ERR_NOT_FOUND);
}

static u64 new_session(u64 argument)
{
	u32 session, pid;
	(void)argument;
	MUST(proc_set_session(self.proc, ++self.serial, &session) == OK);
	MUST(session == self.pid && slot_of(self.slot)->session == session);
	MUST(proc_set_session(self.proc, ++self.serial, &session) == ERR_NOT_OWNER);
	MUST(proc_set_group(self.proc, 0, 0) == ERR_NOT_OWNER);
	MUST(child_start(sleep_long, 0, &pid) == OK);
	MUST(slot_of(self.spare.slot)->session == self.pid);
	MUST(send_signal(pid, KILL) == OK);
	return 0;
}

void test_session(void)
{
	struct waited waited;
	u32 pid;
	CHECK_OK(child_start(new_session, 0, &pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited));
	CHECK_EQ(waited.status, 0);
}

static err_t queue_to(u32 pid, u32 signal, u64 value)
{
	return proc_kill(self.proc, PROC_KILL_TO_PROCESS, pid, signal, -1, value, ++self.serial);
}

// The details of signals to oneself: one of each number below 32, a queue above.
void test_details(void)
{
	i32 code;
	u32 pid, user, status, more;
	u64 value;
	CHECK_EQ(
		proc_signal_info(self.proc, RT, ++self.serial, &code, &pid, &user, &status, &value, &more),
		ERR_NOT_FOUND);
	for (u64 i = 0; i < 3; i++) {
		CHECK_OK(queue_to(self.pid, RT, i));
		CHECK_OK(queue_to(self.pid, USR1, i));
	}
	for (u64 i = 0; i < 3; i++) {
		CHECK_OK(proc_signal_info(
			self.proc, RT, ++self.serial, &code, &pid, &user, &status, &value, &more));
		CHECK_EQ(value, i);
		CHECK_EQ(more, 2 - i);
		CHECK_EQ(code, -1);
		CHECK_EQ(pid, self.pid);
	}
	CHECK_OK(proc_signal_info(
		self.proc, USR1, ++self.serial, &code, &pid, &user, &status, &value, &more));
	CHECK_EQ(value, 2);
	CHECK_EQ(more, 0);
	CHECK_EQ(proc_signal_info(
				 self.proc, USR1, ++self.serial, &code, &pid, &user, &status, &value, &more),
		ERR_NOT_FOUND);
}

// A group whose last outside parent ends, with one stopped: HUP and CONT.
static u64 leave_stopped(u64 argument)
{
	struct waited waited;
	u32 pid;
	(void)argument;
	MUST(proc_set_session(self.proc, ++self.serial, &pid) == OK);
	MUST(child_start(count_up, 4, &pid) == OK);
	MUST(proc_set_group(self.proc, pid, 0) == OK);
	MUST(send_signal(pid, STOP) == OK);
	MUST(child_wait(PROC_WAIT_FOR_PID, pid, UNTRACED, &waited) == OK);
	__atomic_store_n(shared_word(5), pid, __ATOMIC_RELEASE);
	return 0;
}

void test_orphaned_group(void)
{
	struct waited waited;
	u32 pid;
	CHECK_OK(child_start(leave_stopped, 0, &pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited));
	CHECK_EQ(waited.status, 0);
	CHECK(is_counting(4)); // continued; a native program is not ended by SIGHUP
	CHECK_OK(send_signal(*shared_word(5), KILL));
}
