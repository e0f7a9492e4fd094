// SPDX-License-Identifier: MIT
// Processes: fork, wait in its forms, exec, groups, sessions, orphans, vfork, exit codes.
#include "test/posix/test.h"
#include <spawn.h>
#include <sys/resource.h>

extern char **environ;

static int returns_7(void)
{
	return 7;
}

static int waits_for_ever(void)
{
	for (;;)
		pause();
	return 0;
}

static void waiting(void)
{
	is(child_end(child(returns_7)), 7, "exit code");
	int status;
	fails(waitpid(-1, &status, 0), ECHILD, "no children");
	pid_t pid = child(waits_for_ever);
	is(waitpid(pid, &status, WNOHANG), 0, "WNOHANG");
	is(kill(pid, SIGSTOP), 0, "SIGSTOP");
	is(waitpid(pid, &status, WUNTRACED), pid, "WUNTRACED");
	check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "stopped");
	is(kill(pid, SIGCONT), 0, "SIGCONT");
	is(waitpid(pid, &status, WCONTINUED), pid, "WCONTINUED");
	check(WIFCONTINUED(status), "continued");
	is(kill(pid, SIGTERM), 0, "SIGTERM");
	siginfo_t info = {};
	is(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0, "waitid that leaves it");
	check(info.si_pid == pid && info.si_code == CLD_KILLED && info.si_status == SIGTERM,
		"its answer");
	struct rusage usage;
	is(wait4(pid, &status, 0, &usage), pid, "wait4");
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "killed");
	fails(kill(pid, 0), ESRCH, "gone");
	fails(waitpid(pid, &status, 0), ECHILD, "gone");
	fails(waitpid(-1, &status, 0x1000), EINVAL, "an option that there is not");
}

static int faults(void)
{
	*(volatile int *)bad_address = 1;
	return 0;
}

static int aborts(void)
{
	abort();
}

static int divides(void)
{
	__asm__ volatile("xor %%ecx, %%ecx; div %%ecx" ::: "eax", "ecx", "edx");
	return 0;
}

static void ends(void)
{
	is(child_end(child(faults)), 1000 + SIGSEGV, "SIGSEGV");
	is(child_end(child(aborts)), 1000 + SIGABRT, "SIGABRT");
	is(child_end(child(divides)), 1000 + SIGFPE, "SIGFPE");
}

static int shared_value(void)
{
	static int value;
	value++;
	return value;
}

static int execs(void)
{
	char *arguments[] = { "sh", "-c", "exit $ANSWER", NULL }, *names[] = { "ANSWER=42", NULL };
	execve("/bin/sh", arguments, names);
	return 1;
}

static int execs_nothing(void)
{
	char *arguments[] = { "x", NULL };
	if (execve("/no/such/file", arguments, environ) != -1 || errno != ENOENT)
		return 1;
	if (execve("/tmp", arguments, environ) != -1 || errno != EACCES)
		return 2;
	int fd = open("/tmp/test-broken", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	(void)!write(fd, "\177ELFjunk", 8);
	close(fd);
	int result = execve("/tmp/test-broken", arguments, environ);
	int error = errno;
	unlink("/tmp/test-broken");
	return result == -1 && error == ENOEXEC ? 0 : 3;
}

static int execs_script(void)
{
	int fd = open("/tmp/test-script", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	(void)!write(fd, "#!/bin/sh\nexit $#\n", 18);
	close(fd);
	char *arguments[] = { "x", "a", "b", "c", NULL };
	execve("/tmp/test-script", arguments, environ);
	return 1;
}

static void executing(void)
{
	is(child_end(child(execs)), 42, "execve with its environment");
	is(child_end(child(execs_nothing)), 0, "execve of what is no program");
	is(child_end(child(execs_script)), 3, "execve of a script");
	unlink("/tmp/test-script");
	int first = child_end(child(shared_value)), second = child_end(child(shared_value));
	check(first == 1 && second == 1, "memory is not shared");
	pid_t pid = vfork();
	if (!pid)
		_exit(9);
	is(child_end(pid), 9, "vfork, exit");
	char *arguments[] = { "sh", "-c", "exit 5", NULL };
	pid = vfork();
	if (!pid) {
		execve("/bin/sh", arguments, environ);
		_exit(1);
	}
	is(child_end(pid), 5, "vfork, exec");
	is(posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ), 0, "posix_spawn");
	is(child_end(pid), 5, "its end");
	is(posix_spawn(&pid, "/no/such", NULL, NULL, arguments, environ), ENOENT,
		"posix_spawn of nothing");
	int closed = fcntl(0, F_DUPFD_CLOEXEC, 20), kept = fcntl(0, F_DUPFD, 30);
	check(closed >= 0 && kept >= 0, "descriptors for exec");
	is(system("[ ! -e /proc/self/fd/20 ]"), 0, "close on exec");
	is(system("[ -e /proc/self/fd/30 ]"), 0, "kept over exec");
	close(closed);
	close(kept);
}

static int leads_session(void)
{
	if (setsid() != getpid())
		return 1;
	if (getsid(0) != getpid() || getpgrp() != getpid())
		return 2;
	return setsid() == -1 && errno == EPERM ? 0 : 3;
}

static int orphan_pipe[2];

static int leaves_orphan(void)
{
	pid_t parent = getpid();
	if (fork() == 0) {
		for (int i = 0; i < 500 && getppid() == parent; i++)
			pause_ms(10);
		char said = getppid() != parent ? 'y' : 'n';
		(void)!write(orphan_pipe[1], &said, 1);
		_exit(0);
	}
	return 0;
}

static void relations(void)
{
	is(child_end(child(leads_session)), 0, "setsid");
	pid_t pid = child(waits_for_ever);
	is(setpgid(pid, pid), 0, "setpgid of a child");
	is(getpgid(pid), pid, "getpgid");
	is(kill(-pid, SIGKILL), 0, "kill of its group");
	is(child_end(pid), 1000 + SIGKILL, "SIGKILL");
	fails(setpgid(999999, 0), ESRCH, "setpgid of nobody");
	fails(kill(999999, 0), ESRCH, "kill of nobody");
	fails(kill(getpid(), 99), EINVAL, "kill with a bad signal");
	need(pipe(orphan_pipe) == 0, "pipe");
	is(child_end(child(leaves_orphan)), 0, "a child that leaves its child");
	char said = 0;
	is(read(orphan_pipe[0], &said, 1), 1, "orphan speaks");
	check(said == 'y', "and has another parent");
}

int main(void)
{
	waiting();
	ends();
	executing();
	relations();
	return done();
}
