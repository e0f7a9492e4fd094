// SPDX-License-Identifier: MIT
// Siblings that a process makes (CLONE_PARENT), and what kcmp says of processes.
#include "test/posix/test.h"
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>

enum { FILES, SPACE, TABLES, FOLDERS, ACTIONS, INPUT, UNDO };

static long compare(pid_t first, pid_t second, int what, unsigned long one, unsigned long other)
{
	return syscall(SYS_kcmp, first, second, what, one, other);
}

static pid_t *shared;

static long clone_as(unsigned long flags)
{
	return syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

// The grandparent's child, by way of ours.
static int makes_sibling(void)
{
	long pid = clone_as(CLONE_PARENT | SIGUSR1);
	if (pid == 0)
		_exit(getppid() == shared[0] ? 7 : 8);
	shared[1] = (pid_t)pid;
	int is_ours = waitpid((pid_t)pid, NULL, 0) == pid || errno != ECHILD;
	return pid > 0 && !is_ours ? 0 : 1;
}

static void siblings(void)
{
	handled = 0;
	on_signal(SIGCHLD, count_signal, SA_RESTART);
	shared[0] = getpid();
	is(child_end(child(makes_sibling)), 0, "a child makes a sibling, which is not its own");
	is(child_end(shared[1]), 7, "but its parent's, which waits for it");
	is(waitpid(-1, NULL, 0), -1, "and there is no other");
	check(handled >= 1, "SIGCHLD told of them, whatever signal the sibling's maker chose");
	on_signal(SIGCHLD, SIG_DFL, 0);
	struct {
		unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, others[3];
	} how = { .flags = CLONE_PARENT, .exit_signal = SIGCHLD };
	fails(
		syscall(SYS_clone3, &how, sizeof(how)), EINVAL, "clone3: a sibling has its maker's signal");
}

static int told;

// A stack of its own, since on Linux both use the memory at once.
static int sees_its_id(void *unused)
{
	(void)unused;
	return told == syscall(SYS_getpid) ? 9 : 10;
}

static void ids(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t pid = clone(
		sees_its_id, stack + sizeof(stack), CLONE_VM | CLONE_PARENT_SETTID | SIGCHLD, NULL, &told);
	is(child_end(pid), 9, "CLONE_PARENT_SETTID in memory that is shared");
	is(told, pid, "which both see");
}

static int inherited;

static int compares_with_parent(void)
{
	pid_t self = getpid(), parent = getppid();
	int same = dup(inherited), other = open("/dev/null", O_RDONLY);
	is(compare(self, parent, FILES, inherited, inherited), 0, "an inherited descriptor");
	is(compare(self, parent, FILES, same, inherited), 0, "its copy");
	check(compare(self, parent, FILES, other, inherited) > 0, "another one");
	is(compare(self, parent, FILES, other, inherited) +
			compare(parent, self, FILES, inherited, other),
		3, "in an order");
	check(compare(self, parent, SPACE, 0, 0) > 0, "memory is each one's own");
	check(compare(self, parent, TABLES, 0, 0) > 0, "so are descriptors");
	check(compare(self, parent, ACTIONS, 0, 0) > 0, "and actions");
	return failures ? 1 : 0;
}

static int is_nobody(void)
{
	setgid(65534);
	setuid(65534);
	fails(compare(getppid(), getppid(), SPACE, 0, 0), EPERM, "kcmp of another user's");
	return failures ? 1 : 0;
}

static void comparisons(void)
{
	pid_t self = getpid();
	inherited = open("/dev/zero", O_RDONLY);
	int same = dup(inherited), again = open("/dev/zero", O_RDONLY);
	is(compare(self, self, FILES, inherited, same), 0, "kcmp of a copy");
	check(compare(self, self, FILES, inherited, again) > 0, "of what was opened again");
	for (int what = SPACE; what <= UNDO; what++)
		is(compare(self, self, what, 0, 0), 0, "of the process itself");
	fails(compare(self, self, FILES, 999, inherited), EBADF, "of no descriptor");
	fails(compare(self, self, 99, 0, 0), EINVAL, "of no kind");
	fails(compare(self, 4000000, SPACE, 0, 0), ESRCH, "of no process");
	is(child_end(child(compares_with_parent)), 0, "kcmp in a child");
	if (getuid() == 0)
		is(child_end(child(is_nobody)), 0, "kcmp of somebody without privileges");
}

int main(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	siblings();
	ids();
	comparisons();
	return done();
}
