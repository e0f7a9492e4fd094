// SPDX-License-Identifier: MIT
// Signals: handlers, masks, pending, restart, alternate stack, information, waiting, faults.
#include "test/posix/test.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>

static siginfo_t last;

static void keeps(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	last = *info;
	handled++;
}

static void with_info(int number, int flags)
{
	struct sigaction action = { .sa_sigaction = keeps, .sa_flags = SA_SIGINFO | flags };
	sigaction(number, &action, NULL);
}

static void basics(void)
{
	on_signal(SIGUSR1, count_signal, 0);
	handled = 0;
	is(raise(SIGUSR1), 0, "raise");
	is(handled, 1, "handler ran before raise came back");
	with_info(SIGUSR1, 0);
	kill(getpid(), SIGUSR1);
	check(last.si_signo == SIGUSR1 && last.si_code == SI_USER && last.si_pid == getpid(),
		"siginfo of kill");
	union sigval value = { .sival_int = 77 };
	is(sigqueue(getpid(), SIGUSR1, value), 0, "sigqueue");
	check(last.si_code == SI_QUEUE && last.si_value.sival_int == 77, "its value");
	struct sigaction old;
	is(sigaction(SIGUSR1, NULL, &old), 0, "sigaction tells");
	check(old.sa_sigaction == keeps && old.sa_flags & SA_SIGINFO, "what was set");
	fails(sigaction(SIGKILL, &old, NULL), EINVAL, "SIGKILL cannot be caught");
	fails(sigaction(99, NULL, &old), EINVAL, "no such signal");
	on_signal(SIGUSR1, count_signal, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	check(old.sa_handler == SIG_DFL, "SA_RESETHAND");
	on_signal(SIGUSR1, SIG_IGN, 0);
	is(raise(SIGUSR1), 0, "ignored");
}

static void masks(void)
{
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 1);
	on_signal(SIGUSR1, count_signal, 0);
	with_info(SIGRTMIN + 1, 0);
	is(sigprocmask(SIG_BLOCK, &set, &old), 0, "block");
	handled = 0;
	raise(SIGUSR1);
	raise(SIGUSR1);
	is(handled, 0, "held back");
	sigset_t pending;
	sigpending(&pending);
	check(sigismember(&pending, SIGUSR1), "sigpending");
	sigprocmask(SIG_SETMASK, &old, NULL);
	is(handled, 1, "once, though raised twice");
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 3; i++) {
		union sigval value = { .sival_int = i };
		sigqueue(getpid(), SIGRTMIN + 1, value);
	}
	handled = 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	is(handled, 3, "real-time signals queue");
	is(last.si_value.sival_int, 2, "in order");
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	siginfo_t info;
	is(sigwaitinfo(&set, &info), SIGUSR1, "sigwaitinfo");
	struct timespec short_time = { 0, 20000000 };
	fails(sigtimedwait(&set, &info, &short_time), EAGAIN, "sigtimedwait out of time");
	raise(SIGUSR1);
	handled = 0;
	sigset_t none;
	sigemptyset(&none);
	fails(sigsuspend(&none), EINTR, "sigsuspend");
	is(handled, 1, "its handler");
	sigprocmask(SIG_SETMASK, &old, NULL);
	fails(sigprocmask(7, &set, NULL), EINVAL, "a bad how");
}

static char stack[65536];
static bool on_stack;

static void looks_at_stack(int number)
{
	char here;
	(void)number;
	on_stack = &here > stack && &here < stack + sizeof(stack);
}

static sigjmp_buf escape;

static void escapes(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	last = *info;
	siglongjmp(escape, 1);
}

static void faults(void)
{
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) }, old;
	is(sigaltstack(&alternate, NULL), 0, "sigaltstack");
	on_signal(SIGUSR2, looks_at_stack, SA_ONSTACK);
	raise(SIGUSR2);
	check(on_stack, "SA_ONSTACK");
	is(sigaltstack(NULL, &old), 0, "sigaltstack tells");
	check(old.ss_sp == stack, "what was set");
	struct sigaction action = { .sa_sigaction = escapes, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	if (!sigsetjmp(escape, 1))
		*(volatile char *)bad_address = 1;
	check(last.si_signo == SIGSEGV && last.si_addr == bad_address && last.si_code == SEGV_MAPERR,
		"SEGV_MAPERR");
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!sigsetjmp(escape, 1))
		*(volatile char *)page = 1;
	check(last.si_addr == page && last.si_code == SEGV_ACCERR, "SEGV_ACCERR");
	munmap(page, 4096);
	int fd = open("/tmp/test-bus", O_RDWR | O_CREAT | O_TRUNC, 0600);
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (page != MAP_FAILED && !sigsetjmp(escape, 1))
		(void)*(volatile char *)page;
	is(last.si_signo, SIGBUS, "SIGBUS beyond the end of a file");
	close(fd);
	unlink("/tmp/test-bus");
	on_signal(SIGSEGV, SIG_DFL, 0);
}

static double floats(int number)
{
	volatile double value = number;
	for (int i = 0; i < 100; i++)
		value = value * 1.5 + 1;
	return value;
}

static void spoils(int number)
{
	volatile double value = floats(number);
	(void)value;
	errno = 99;
	handled++;
}

static void frames(void)
{
	on_signal(SIGALRM, spoils, SA_RESTART);
	double expected = floats(3);
	handled = 0;
	alarm(1);
	bool is_same = true;
	while (!handled)
		is_same &= floats(3) == expected;
	check(is_same, "vector registers survive a handler");
}

static int ends[2];

static int writes_late(void)
{
	pause_ms(300);
	kill(getppid(), SIGUSR1);
	pause_ms(100);
	return write(ends[1], "x", 1) == 1 ? 0 : 1;
}

static void restarts(void)
{
	need(pipe(ends) == 0, "pipe");
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	handled = 0;
	pid_t pid = child(writes_late);
	char byte;
	is(read(ends[0], &byte, 1), 1, "SA_RESTART: read goes on");
	is(handled, 1, "after its handler");
	is(child_end(pid), 0, "writer");
	on_signal(SIGCHLD, SIG_IGN, 0);
	pid = child(writes_late);
	int status;
	fails(waitpid(pid, &status, 0), ECHILD, "SIGCHLD ignored: no zombies");
	on_signal(SIGCHLD, SIG_DFL, 0);
}

// As many as Linux lets a usual machine's programs have.
static void many_queued(void)
{
	enum { MANY = 2000 };
	const struct timespec at_once = { 0, 0 };
	sigset_t set, former;
	int queued = 0, taken = 0, in_order = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, &former);
	for (; queued < MANY; queued++)
		if (sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = queued }) != 0)
			break;
	is(queued, MANY, "many real-time signals queue");
	for (siginfo_t info; sigtimedwait(&set, &info, &at_once) > 0; taken++)
		in_order += info.si_value.sival_int == taken;
	is(taken, queued, "and are taken");
	is(in_order, queued, "in their order");
	sigprocmask(SIG_SETMASK, &former, NULL);
}

static int may_queue_two(void)
{
	struct rlimit limit = { 2, 2 };
	sigset_t set;
	setrlimit(RLIMIT_SIGPENDING, &limit);
	setgid(65533);
	setuid(65533); // the limit is this user's, who has none yet
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 3);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	union sigval value = { .sival_int = 1 };
	is(sigqueue(getpid(), SIGRTMIN + 3, value), 0, "RLIMIT_SIGPENDING: one");
	is(syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN + 3), 0, "two");
	fails(syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN + 3), EAGAIN, "no third to a thread");
	fails(sigqueue(getpid(), SIGRTMIN + 3, value), EAGAIN, "nor to the process");
	is(raise(SIGUSR2), 0, "but a signal that does not queue comes");
	is(sigtimedwait(&set, NULL, &(struct timespec){}), SIGUSR2, "it did");
	is(sigtimedwait(&set, NULL, &(struct timespec){}), SIGRTMIN + 3, "and one of the others");
	is(sigqueue(getpid(), SIGRTMIN + 3, value), 0, "in whose place there is room");
	return failures ? 1 : 0;
}

int main(void)
{
	basics();
	masks();
	faults();
	frames();
	restarts();
	many_queued();
	if (getuid() == 0)
		is(child_end(child(may_queue_two)), 0, "a process that may queue two");
	return done();
}
