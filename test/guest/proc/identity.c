// SPDX-License-Identifier: MIT
// identity.c - credentials, limits, priorities: who may do what.
#include "test/guest/proc/proc_test.h"

constexpr u32 STAYS = UINT32_MAX;

static err_t change(
	enum proc_change what, u32 first, u32 second, u32 third, struct proc_credentials *credentials)
{
	handle_t files;
	err_t err = proc_change(self.proc, what, ++self.serial, first, second, third, (view_t){},
		span_of(*credentials), &files);
	if (err == OK && files.raw)
		(void)handle_close(files);
	return err;
}

static u64 become_user(u64 argument)
{
	struct proc_credentials now;
	(void)argument;
	MUST(proc_credentials(self.proc, 0, span_of(now)) == OK);
	MUST(now.user == 0 && now.effective == now.permitted && now.effective);
	u32 groups[] = { 5, 6 };
	handle_t files;
	MUST(proc_change(self.proc, PROC_CHANGE_GROUPS, ++self.serial, 0, 0, 0, view_of(groups),
			 span_of(now), &files) == OK);
	MUST(now.groups_count == 2 && AT(now.groups, 1) == 6);
	MUST(change(PROC_CHANGE_GID, 100, 0, 0, &now) == OK);
	MUST(change(PROC_CHANGE_RESUID, STAYS, 1000, STAYS, &now) == OK);
	MUST(now.effective_user == 1000 && now.user == 0 && !now.effective && now.permitted);
	MUST(change(PROC_CHANGE_RESUID, STAYS, 0, STAYS, &now) == OK);
	MUST(now.effective_user == 0 && now.effective);
	MUST(change(PROC_CHANGE_UID, 1000, 0, 0, &now) == OK);
	MUST(now.user == 1000 && now.saved_user == 1000 && !now.effective && !now.permitted);
	MUST(change(PROC_CHANGE_UID, 0, 0, 0, &now) == ERR_NOT_OWNER);
	MUST(change(PROC_CHANGE_GID, 0, 0, 0, &now) == ERR_NOT_OWNER);
	MUST(change(PROC_CHANGE_REUID, 1000, 1000, 0, &now) == OK);
	MUST(send_signal(2, 0) == ERR_NOT_OWNER);
	MUST(send_signal(self.pid, 0) == OK);
	return 0;
}

static void run_child(u64 (*run)(u64 argument))
{
	struct waited waited;
	u32 pid;
	CHECK_OK(child_start(run, 0, &pid));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, pid, EXITED, &waited));
	CHECK_EQ(waited.status >> 8, 0);
	CHECK_EQ(waited.status & 0xff, 0);
}

void test_credentials(void)
{
	run_child(become_user);
}

static u64 lower_limits(u64 argument)
{
	u64 soft, hard;
	struct proc_credentials now;
	(void)argument;
	MUST(proc_limit(self.proc, 0, 7, 0, 0, 0, 0, &soft, &hard) == OK);
	MUST(soft == 1024);
	MUST(proc_limit(self.proc, 0, 7, 1, ++self.serial, 10, 20, &soft, &hard) == OK);
	MUST(change(PROC_CHANGE_UID, 1000, 0, 0, &now) == OK);
	MUST(proc_limit(self.proc, 0, 7, 1, ++self.serial, 30, 20, &soft, &hard) == ERR_INVALID);
	MUST(proc_limit(self.proc, 0, 7, 1, ++self.serial, 20, 30, &soft, &hard) == ERR_NOT_OWNER);
	MUST(proc_limit(self.proc, 0, 7, 1, ++self.serial, 20, 20, &soft, &hard) == OK);
	MUST(soft == 10 && hard == 20);
	MUST(proc_limit(self.proc, 2, 7, 0, 0, 0, 0, &soft, &hard) == ERR_NOT_OWNER);
	MUST(proc_limit(self.proc, 0, 16, 0, 0, 0, 0, &soft, &hard) == ERR_INVALID);
	i32 nice;
	MUST(proc_set_priority(self.proc, PROC_PRIORITY_OF_PROCESS, 0, 5) == OK);
	MUST(proc_priority(self.proc, PROC_PRIORITY_OF_PROCESS, 0, &nice) == OK && nice == 5);
	MUST(proc_set_priority(self.proc, PROC_PRIORITY_OF_PROCESS, 0, 1) == ERR_RIGHTS);
	MUST(proc_set_priority(self.proc, PROC_PRIORITY_OF_PROCESS, 2, 6) == ERR_NOT_OWNER);
	return 0;
}

void test_limits(void)
{
	run_child(lower_limits);
}
