// SPDX-License-Identifier: MIT
// Families: orphans and who takes them, orphaned groups, waiting in its forms, pidfd, a signal at
// the parent's end, many processes one after the other, a bound on them.
#include "test/posix/test.h"
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int channel[2];

static void say(char word)
{
	(void)!write(channel[1], &word, 1);
}

static char heard(void)
{
	char word = 0;
	(void)!read(channel[0], &word, 1);
	return word;
}

static int waits_for_ever(void)
{
	for (;;)
		pause();
	return 0;
}

static int returns_3(void)
{
	return 3;
}

// A tree of two levels: each child waits for its own.
static int grows(void)
{
	int sum = 0;
	for (int i = 0; i < 3; i++)
		sum += child_end(child(returns_3));
	return sum;
}

static void trees(void)
{
	pid_t pids[4];
	for (int i = 0; i < 4; i++)
		pids[i] = child(grows);
	int sum = 0;
	for (int i = 3; i >= 0; i--)
		sum += child_end(pids[i]);
	is(sum, 36, "a tree of processes, waited for in another order");
}

// Its own child is left to whoever takes orphans.
static int leaves(void)
{
	if (fork() == 0) {
		pause_ms(50);
		_exit(21);
	}
	return 0;
}

static int reaps(void)
{
	int value = 0, status;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || prctl(PR_GET_CHILD_SUBREAPER, &value) || value != 1)
		return 1;
	if (child_end(child(leaves)) != 0)
		return 2;
	if (waitpid(-1, &status, 0) <= 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 21)
		return 3;
	return waitpid(-1, &status, 0) == -1 && errno == ECHILD ? 0 : 4;
}

// Its child wishes it another signal than SIGCHLD: a reaper must not get that one.
static int leaves_with_wish(void)
{
	if (syscall(SYS_clone, SIGUSR2, 0, 0, 0, 0) == 0) {
		pause_ms(50);
		_exit(22);
	}
	return 0;
}

static int reaps_unharmed(void)
{
	int status;
	on_signal(SIGCHLD, SIG_DFL, 0);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || child_end(child(leaves_with_wish)) != 0)
		return 1;
	if (waitpid(-1, &status, 0) <= 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 22)
		return 2;
	return 0;
}

static void told_of_parent(int number)
{
	(void)number;
	say('p');
	_exit(0);
}

static int dies_before_its_child(void)
{
	if (fork() == 0) {
		on_signal(SIGUSR1, told_of_parent, 0);
		prctl(PR_SET_PDEATHSIG, SIGUSR1);
		say('r');
		waits_for_ever();
	}
	return heard() == 'r' ? 0 : 1;
}

static void orphans(void)
{
	is(child_end(child(reaps)), 0, "a subreaper gets what its child left");
	is(child_end(child(reaps_unharmed)), 0, "and SIGCHLD for it, whatever its parent wished");
	is(child_end(child(dies_before_its_child)), 0, "a parent that dies first");
	is(heard(), 'p', "its child is told");
}

// In whichever order the handlers run.
static void hears(int number)
{
	say(number == SIGHUP ? 'h' : 'c');
	handled++;
}

// A group of its own with one stopped in it, whose last outside parent ends.
static int leaves_stopped(void)
{
	setsid();
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		on_signal(SIGHUP, hears, 0);
		on_signal(SIGCONT, hears, 0);
		raise(SIGSTOP);
		for (int i = 0; i < 1000 && handled < 2; i++)
			pause_ms(10);
		_exit(0);
	}
	int status;
	return waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) ? 0 : 1;
}

static void orphaned_groups(void)
{
	is(child_end(child(leaves_stopped)), 0, "a stopped member");
	char first = heard(), second = heard();
	check((first == 'h' && second == 'c') || (first == 'c' && second == 'h'),
		"SIGHUP and SIGCONT come to it");
}

static void waiting(void)
{
	siginfo_t info = {};
	int status;
	pid_t first = child(waits_for_ever), second = child(waits_for_ever);
	setpgid(first, first);
	setpgid(second, first);
	is(waitid(P_PGID, (id_t)first, &info, WEXITED | WNOHANG), 0,
		"waitid of a group, nothing to tell");
	is(info.si_pid, 0, "says so");
	kill(second, SIGSTOP);
	is(waitid(P_PGID, (id_t)first, &info, WSTOPPED), 0, "waitid: stopped");
	check(info.si_pid == second && info.si_code == CLD_STOPPED && info.si_status == SIGSTOP,
		"who, and how");
	kill(second, SIGCONT);
	is(waitid(P_PID, (id_t)second, &info, WCONTINUED), 0, "waitid: continued");
	check(info.si_code == CLD_CONTINUED && info.si_status == SIGCONT, "its code");
	kill(-first, SIGTERM);
	is(waitpid(-first, &status, 0) > 0, 1, "wait for a group");
	is(waitpid(-first, &status, 0) > 0, 1, "both of it");
	fails(waitpid(-first, &status, 0), ECHILD, "then none");
	fails(waitid(P_ALL, 0, &info, 0), EINVAL, "waitid for nothing");
	on_signal(SIGCHLD, SIG_IGN, 0);
	pid_t pid = child(returns_3);
	fails(waitpid(pid, &status, 0), ECHILD, "no zombies when SIGCHLD is ignored");
	on_signal(SIGCHLD, SIG_DFL, 0);
}

static void descriptors(void)
{
	siginfo_t info = {};
	pid_t pid = child(waits_for_ever);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	check(fd >= 0, "pidfd_open");
	is(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), 0, "nothing sent");
	is(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0), 0, "pidfd_send_signal");
	is(waitid(3, (id_t)fd, &info, WEXITED), 0, "waitid of a pidfd");
	is(info.si_pid, pid, "is its process");
	fails(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), ESRCH, "and gone");
	close(fd);
	fails(syscall(SYS_pidfd_open, 999999, 0), ESRCH, "pidfd_open of nobody");
}

static void many(void)
{
	int bad = 0;
	for (int i = 0; i < 300; i++) {
		pid_t pid = fork();
		if (!pid)
			_exit(i & 0x7f);
		bad += child_end(pid) != (i & 0x7f);
	}
	is(bad, 0, "three hundred, one after the other");
}

// As somebody who may have 20: the 21st is refused, and all is well afterwards.
static int explodes(void)
{
	struct rlimit limit = { 20, 20 };
	pid_t pids[64];
	int count = 0;
	if (setrlimit(RLIMIT_NPROC, &limit) || setuid(12345))
		return 1;
	while (count < 64) {
		pids[count] = fork();
		if (pids[count] == 0)
			waits_for_ever();
		if (pids[count] < 0)
			break;
		count++;
	}
	int error = errno;
	for (int i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < count; i++)
		if (child_end(pids[i]) != 1000 + SIGKILL)
			return 2;
	if (count < 5 || count > 20 || error != EAGAIN)
		return 3;
	return child_end(child(returns_3)) == 3 ? 0 : 4;
}

// Killed children had open what we have open, 22,000 files together.
static void killed(void)
{
	enum { ROUNDS = 110, PIPES = 100 };
	int ends[PIPES][2], bad = 0;
	for (int round = 0; round < ROUNDS && !bad; round++) {
		for (int i = 0; i < PIPES; i++)
			if (pipe(ends[i]))
				bad = errno;
		pid_t pid = child(waits_for_ever);
		kill(pid, SIGKILL);
		bad += child_end(pid) != 1000 + SIGKILL;
		for (int i = 0; i < PIPES; i++)
			bad += close(ends[i][0]) || close(ends[i][1]);
	}
	is(bad, 0, "what killed children had open can be opened again");
}

int main(void)
{
	need(pipe(channel) == 0, "pipe");
	trees();
	orphans();
	orphaned_groups();
	waiting();
	descriptors();
	many();
	killed();
	if (getuid() == 0)
		is(child_end(child(explodes)), 0, "a fork bomb is bounded");
	return done();
}
