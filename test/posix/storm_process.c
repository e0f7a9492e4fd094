// SPDX-License-Identifier: MIT
// Storms of signals between processes, ends at any place, what fork and exec keep of signals.
#include "test/posix/test.h"
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { CHILDREN = 4, ROUNDS = 200, KILLS = 40 };

static void sends(pid_t to)
{
	for (int i = 0; i < ROUNDS; i++) {
		union sigval value = { .sival_int = i };
		while (sigqueue(to, SIGRTMIN + 2, value) != 0)
			usleep(1000); // too many wait
	}
	_exit(0);
}

static volatile sig_atomic_t value_sum;

static void sums(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	handled++;
	value_sum += info->si_value.sival_int;
}

static void from_children(void)
{
	struct sigaction action = { .sa_sigaction = sums, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigaction(SIGRTMIN + 2, &action, NULL);
	pid_t self = getpid();
	handled = 0;
	for (int i = 0; i < CHILDREN; i++)
		if (fork() == 0)
			sends(self);
	int reaped = 0;
	while (waitpid(-1, NULL, 0) > 0) // made again after each handler
		reaped++;
	is(reaped, CHILDREN, "all children are waited for");
	is(handled, CHILDREN * ROUNDS, "each queued signal came once");
	is(value_sum, CHILDREN * ROUNDS * (ROUNDS - 1) / 2, "with its value");
}

static volatile sig_atomic_t reaped, status_sum;

static void reaps(int number)
{
	int status, error = errno;
	(void)number;
	while (waitpid(-1, &status, WNOHANG) > 0) {
		reaped++;
		status_sum += WEXITSTATUS(status);
	}
	errno = error;
}

static void by_handler(void)
{
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	on_signal(SIGCHLD, reaps, SA_RESTART);
	sigprocmask(SIG_BLOCK, &set, &old);
	int sum = 0;
	for (int i = 0; i < KILLS; i++, sum += i - 1)
		if (fork() == 0)
			_exit(i);
	while (reaped < KILLS)
		sigsuspend(&old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	is(reaped, KILLS, "SIGCHLD tells of all children");
	is(status_sum, sum, "and their ends");
	on_signal(SIGCHLD, SIG_DFL, 0);
}

static void busy(void)
{
	on_signal(SIGUSR1, count_signal, 0);
	for (;;) {
		raise(SIGUSR1);
		if (getppid() < 1)
			_exit(1);
	}
}

static void killed(void)
{
	int right = 0;
	for (int i = 0; i < KILLS; i++) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0)
			busy();
		usleep(1000 * (unsigned)(i % 7));
		kill(pid, SIGKILL);
		right +=
			waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	is(right, KILLS, "SIGKILL at any place");
}

static void stopped(void)
{
	volatile int *counter =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid = fork();
	setpgid(pid, pid); // a group whose parent is elsewhere in the session: it may stop
	if (pid == 0)
		for (;;) {
			++*counter;
			usleep(500);
		}
	while (!*counter)
		usleep(1000);
	kill(pid, SIGSTOP);
	is(waitpid(pid, &status, WUNTRACED), pid, "a stop is told");
	check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "as such");
	int before = *counter;
	usleep(20000);
	is(*counter, before, "it stands still");
	kill(pid, SIGCONT);
	is(waitpid(pid, &status, WCONTINUED), pid, "going on is told");
	while (*counter == before)
		usleep(1000);
	kill(pid, SIGTSTP);
	is(waitpid(pid, &status, WUNTRACED), pid, "a stop by default");
	check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP, "with its signal");
	kill(pid, SIGCONT);
	kill(pid, SIGTERM);
	is(waitpid(pid, &status, 0), pid, "its end");
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "by SIGTERM");
}

static pid_t signal_then_write(int number, int to)
{
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		usleep(20000);
		kill(parent, number);
		usleep(20000);
		write(to, "x", 1);
		_exit(0);
	}
	return pid;
}

static void interrupted(void)
{
	int ends[2];
	char byte = 0;
	pipe(ends);
	on_signal(SIGUSR1, count_signal, 0);
	handled = 0;
	pid_t pid = signal_then_write(SIGUSR1, ends[1]);
	fails(read(ends[0], &byte, 1), EINTR, "a handler ends read");
	is(read(ends[0], &byte, 1), 1, "the next read goes on");
	waitpid(pid, NULL, 0);
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	pid = signal_then_write(SIGUSR1, ends[1]);
	is(read(ends[0], &byte, 1), 1, "SA_RESTART goes on by itself");
	is(handled, 2, "with its handler run");
	waitpid(pid, NULL, 0);
	pid = signal_then_write(SIGWINCH, ends[1]);
	is(read(ends[0], &byte, 1), 1, "what is ignored does not end it");
	waitpid(pid, NULL, 0);
}

static int runs_out_of_stack(void)
{
	on_signal(SIGSEGV, count_signal, 0);
	__asm__ volatile("mov $64, %rsp\n\tpush %rax");
	return 0;
}

static int returns_from_nowhere(void)
{
	syscall(SYS_rt_sigreturn);
	return 0;
}

static int faults_in_handler(void)
{
	on_signal(SIGSEGV, (void (*)(int))8, 0);
	*(int *)bad_address = 1;
	return 0;
}

static int aborts(void)
{
	abort();
}

static void *ends_all(void *unused)
{
	(void)unused;
	usleep(10000);
	syscall(SYS_exit_group, 42);
	return NULL;
}

static int ends_by_thread(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, ends_all, NULL);
	pause();
	return 0;
}

static void ends(void)
{
	is(child_end(child(runs_out_of_stack)), 1000 + SIGSEGV, "a frame that has no place");
	check(child_end(child(returns_from_nowhere)) >= 1000, "sigreturn without a frame");
	is(child_end(child(faults_in_handler)), 1000 + SIGSEGV, "a handler that is not there");
	is(child_end(child(ends_by_thread)), 42, "a thread ends all");
	is(child_end(child(aborts)), 1000 + SIGABRT, "abort");
}

static int checks_after_exec(void)
{
	struct sigaction handled_before, ignored_before;
	sigset_t mask, pending;
	sigaction(SIGUSR1, NULL, &handled_before);
	sigaction(SIGUSR2, NULL, &ignored_before);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigpending(&pending);
	if (handled_before.sa_handler != SIG_DFL || ignored_before.sa_handler != SIG_IGN)
		return 1;
	return sigismember(&mask, SIGTERM) && sigismember(&pending, SIGTERM) ? 7 : 2;
}

static const char *program;

static int calls_exec(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	on_signal(SIGUSR1, count_signal, 0);
	on_signal(SIGUSR2, SIG_IGN, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	execl(program, program, "after-exec", (char *)NULL);
	return 3;
}

int main(int count, char **arguments)
{
	if (count > 1)
		return checks_after_exec();
	program = arguments[0];
	from_children();
	by_handler();
	killed();
	stopped();
	interrupted();
	ends();
	is(child_end(child(calls_exec)), 7,
		"exec keeps masks, pending and ignored signals, no handlers");
	return done();
}
