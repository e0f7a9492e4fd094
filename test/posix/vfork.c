// SPDX-License-Identifier: MIT
// vfork: the child runs in its parent's memory, and only there: descriptors, handlers, directory,
// masks and groups are its own. Also when it is killed, forks, maps memory, cannot exec.
#include "test/posix/test.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

extern char **environ;

static volatile int shared;
static volatile long seen[8];
static char *const end_arguments[] = { "sh", "-c", "exit 6", NULL };

static void memory_is_shared(void)
{
	volatile int local = 1;
	pid_t parent = getpid();
	pid_t pid = vfork();
	if (!pid) {
		shared = 7;
		local = 8;
		seen[0] = getpid();
		seen[1] = getppid();
		_exit(3);
	}
	is(child_end(pid), 3, "its end");
	is(shared, 7, "memory");
	is(local, 8, "the stack");
	is(seen[0], pid, "a pid of its own");
	is(seen[1], parent, "its parent");
	is(getpid(), parent, "and we have ours");
}

static void handler(int signal)
{
	(void)signal;
}

static void rest_is_own(void)
{
	int pipes[2];
	char where[256], now[256];
	check(pipe(pipes) == 0 && getcwd(where, sizeof where), "a pipe");
	struct sigaction action = { .sa_handler = handler }, old;
	sigaction(SIGUSR1, &action, NULL);
	mode_t mask = umask(027);
	int low = dup(0);
	close(low);
	pid_t pid = vfork();
	if (!pid) {
		close(pipes[0]);
		dup2(pipes[1], low);
		close(pipes[1]);
		signal(SIGUSR1, SIG_IGN);
		sigset_t all;
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		umask(077);
		seen[0] = chdir("/tmp");
		seen[1] = setpgid(0, 0);
		seen[2] = open("/tmp", O_RDONLY);
		seen[3] = write(low, "x", 1);
		execve("/bin/sh", end_arguments, environ);
		_exit(1);
	}
	is(child_end(pid), 6, "exec");
	check(seen[0] == 0 && seen[1] == 0 && seen[2] >= 0 && seen[3] == 1, "what the child did");
	char got = 0;
	is(write(pipes[1], "y", 1), 1, "descriptors: closed in the child alone");
	check(read(pipes[0], &got, 1) == 1 && got == 'x', "its pipe was ours");
	check(read(pipes[0], &got, 1) == 1 && got == 'y', "and still is");
	fails(fcntl(low, F_GETFD), EBADF, "none of its own came to us");
	is(sigaction(SIGUSR1, NULL, &old), 0, "the handler");
	check(old.sa_handler == handler, "is ours");
	sigset_t now_blocked;
	sigprocmask(SIG_BLOCK, NULL, &now_blocked);
	is(sigismember(&now_blocked, SIGUSR2), 0, "the mask is ours");
	check(getcwd(now, sizeof now) && strcmp(now, where) == 0, "the directory is ours");
	is((int)umask(mask), 027, "umask");
	is(raise(SIGUSR1), 0, "the handler runs");
	int again = dup(0);
	is(again, low, "the same numbers are free");
	close(again);
	close(pipes[0]);
	close(pipes[1]);
}

static void endings(void)
{
	shared = 0;
	pid_t pid = vfork();
	if (!pid) {
		execve("/no/such", end_arguments, environ);
		shared = errno;
		_exit(9);
	}
	is(child_end(pid), 9, "no such program");
	is(shared, ENOENT, "its error");
	int status;
	pid = vfork();
	if (!pid) {
		kill(getpid(), SIGKILL);
		_exit(9);
	}
	is(waitpid(pid, &status, 0), pid, "a killed child");
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "by the signal");
	pid = vfork();
	if (!pid) {
		*(volatile int *)8 = 1;
		_exit(9);
	}
	is(waitpid(pid, &status, 0), pid, "a child with a fault");
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "SIGSEGV");
	is(posix_spawn(&pid, "/no/such", NULL, NULL, end_arguments, environ), ENOENT, "posix_spawn");
}

// Memory that it gets is the parent's too, as on Linux; so is the break.
static void child_maps(void)
{
	void *before = sbrk(0);
	char *volatile mapped = NULL;
	pid_t pid = vfork();
	if (!pid) {
		mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		mapped[4096] = 5;
		seen[0] = (long)syscall(SYS_brk, (char *)before + 65536) - (long)before;
		((char *)before)[65535] = 6;
		_exit(0);
	}
	is(child_end(pid), 0, "a child that maps");
	is(mapped[4096], 5, "what it mapped");
	is(munmap(mapped, 8192), 0, "is ours to unmap");
	is(seen[0], 65536, "the break it moved");
	is((long)syscall(SYS_brk, 0) - (long)before, 65536, "is moved");
	is(((char *)before)[65535], 6, "and holds what it wrote");
	is((long)syscall(SYS_brk, before) - (long)before, 0, "back");
}

static void child_forks(void)
{
	shared = 0;
	pid_t pid = vfork();
	if (!pid) {
		pid_t forked = fork();
		if (!forked) {
			shared = 1; // of a copy
			_exit(4);
		}
		int status = 0;
		waitpid(forked, &status, 0);
		seen[0] = WEXITSTATUS(status);
		pid_t nested = vfork();
		if (!nested)
			_exit(5);
		waitpid(nested, &status, 0);
		seen[1] = WEXITSTATUS(status);
		_exit(0);
	}
	is(child_end(pid), 0, "a child that forks");
	is(seen[0], 4, "the fork's end");
	is(seen[1], 5, "a vfork's within");
	is(shared, 0, "the fork had its copy");
}

static int clone_child(void *argument)
{
	*(int *)argument = 11;
	return 2;
}

static void by_clone(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	volatile int told = 0;
	pid_t parent_tid = 0, child_tid = 0;
	pid_t pid = clone(clone_child, stack + sizeof stack,
		CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, (void *)&told,
		&parent_tid, NULL, &child_tid);
	check(pid > 0, "clone with a stack of its own");
	is(told, 11, "has run before clone is back");
	is(parent_tid, pid, "CLONE_PARENT_SETTID");
	is(child_tid, pid, "CLONE_CHILD_SETTID");
	is(child_end(pid), 2, "its end");
}

static void spawn_often(void)
{
	char *arguments[] = { "true", NULL };
	for (int i = 0; i < 200; i++) {
		pid_t pid;
		if (posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ) != 0 ||
			child_end(pid) != 0) {
			check(0, "200 times posix_spawn");
			return;
		}
		pid = vfork();
		if (!pid)
			_exit(1);
		if (child_end(pid) != 1) {
			check(0, "200 times vfork");
			return;
		}
	}
}

// A stopped child is waited for; a signal to the parent comes afterwards.
static void signals(void)
{
	struct sigaction action = { .sa_handler = handler };
	sigaction(SIGUSR2, &action, NULL);
	pid_t parent = getpid(), pid = vfork();
	if (!pid) {
		kill(parent, SIGUSR2);
		kill(getpid(), SIGUSR2); // its own handler would run in our memory: it does
		_exit(12);
	}
	is(child_end(pid), 12, "signals to both");
}

// Its alarm goes on while its memory is lent, and comes when it has it back. A timer of the
// child's, in memory in which its parent's are waited for, takes nothing of it.
static void timer_beside_children(int every_us, bool child_has_timer)
{
	on_signal(SIGALRM, count_signal, 0);
	struct itimerval often = { { 0, every_us }, { 0, every_us } }, never = {};
	handled = 0;
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 15; i++) {
		pid_t pid = vfork();
		if (!pid) {
			if (child_has_timer)
				alarm(100);
			pause_ms(30);
			_exit(handled > 1000);
		}
		if (child_end(pid) != 0)
			check(0, "a child beside a timer");
	}
	pause_ms(200);
	int so_far = handled;
	check(so_far > 0, "the timer's signal came");
	pause_ms(200);
	check(handled > so_far, "and comes on");
	setitimer(ITIMER_REAL, &never, NULL);
}

static void *nothing(void *argument)
{
	return argument;
}

// What the child's own timer and threads take in the memory that is lent is no obstacle afterwards.
static void leftovers(void)
{
	pid_t pid = vfork();
	if (!pid) {
		alarm(100);
		seen[0] = open("/tmp", O_RDONLY);
		_exit(seen[0] < 0);
	}
	is(child_end(pid), 0, "a child with a timer and a file of its own");
	pthread_t thread;
	is(pthread_create(&thread, NULL, nothing, NULL), 0, "a thread afterwards");
	is(pthread_join(thread, NULL), 0, "its end");
	int fd = open("/tmp", O_RDONLY);
	check(fd >= 0, "a file afterwards");
	close(fd);
	alarm(100);
	check(alarm(0) > 0, "a timer afterwards");
}

// Children that call vfork in their turn, with timers and random numbers on the way.
static int descends(int left)
{
	int status;
	unsigned int word;
	if (!left)
		return 4;
	syscall(SYS_getrandom, &word, sizeof word, 0);
	pid_t pid = vfork();
	if (!pid)
		_exit(descends(left - 1));
	alarm(20);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 5;
	return WEXITSTATUS(status);
}

static int descends_far(void)
{
	return descends(12);
}

static void chain(void)
{
	is(child_end(child(descends_far)), 4, "twelve within one another");
	is(descends(1), 4, "and one");
}

int main(void)
{
	memory_is_shared();
	rest_is_own();
	endings();
	child_maps();
	child_forks();
	by_clone();
	spawn_often();
	signals();
	timer_beside_children(20000, false);
	timer_beside_children(5000, true);
	leftovers();
	chain();
	return done();
}
