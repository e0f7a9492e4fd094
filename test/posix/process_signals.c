// SPDX-License-Identifier: MIT
// Signals between processes: what comes with them, in which order, from whom, to groups; stopping
// and continuing.
#include "test/posix/test.h"
#include <sys/select.h>
#include <sys/syscall.h>

static int channel[2];
static siginfo_t seen[64];
static volatile int seen_count;

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	if (seen_count < 64)
		seen[seen_count++] = *info;
}

static void watch(int number)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	sigfillset(&action.sa_mask); // one handler at a time
	sigaction(number, &action, NULL);
}

static int waits_for_ever(void)
{
	for (;;)
		pause();
	return 0;
}

static int queues_to_parent(void)
{
	for (int i = 0; i < 5; i++)
		if (sigqueue(getppid(), SIGRTMIN + 2, (union sigval){ .sival_int = 100 + i }))
			return 1;
	return sigqueue(getppid(), SIGRTMIN + 1, (union sigval){ .sival_int = 7 }) ? 2 : 0;
}

static void queued(void)
{
	sigset_t block, before;
	watch(SIGRTMIN + 2);
	watch(SIGRTMIN + 1);
	sigemptyset(&block);
	sigaddset(&block, SIGRTMIN + 1);
	sigaddset(&block, SIGRTMIN + 2);
	sigprocmask(SIG_BLOCK, &block, &before);
	pid_t pid = child(queues_to_parent);
	is(child_end(pid), 0, "sigqueue to the parent");
	is(seen_count, 0, "blocked");
	sigprocmask(SIG_SETMASK, &before, NULL);
	is(seen_count, 6, "all come");
	bool in_order = seen[0].si_value.sival_int == 7;
	for (int i = 1; i < 6; i++)
		in_order = in_order && seen[i].si_value.sival_int == 99 + i && seen[i].si_pid == pid &&
		           seen[i].si_code == SI_QUEUE;
	check(in_order, "lower numbers first, each number in order, with values and sender");
	seen_count = 0;
}

static int kills_parent(void)
{
	return kill(getppid(), SIGUSR1);
}

static void sender(void)
{
	watch(SIGUSR1);
	pid_t pid = child(kills_parent);
	is(child_end(pid), 0, "kill of the parent");
	for (int i = 0; i < 100 && !seen_count; i++)
		pause_ms(5);
	is(seen_count, 1, "one signal");
	check(seen[0].si_signo == SIGUSR1 && seen[0].si_code == SI_USER && seen[0].si_pid == pid &&
			  seen[0].si_uid == getuid(),
		"says who sent it");
	seen_count = 0;
}

static int ends_9(void)
{
	return 9;
}

static void of_children(void)
{
	watch(SIGCHLD);
	pid_t pid = child(ends_9);
	for (int i = 0; i < 200 && !seen_count; i++)
		pause_ms(5);
	check(seen_count == 1 && seen[0].si_code == CLD_EXITED && seen[0].si_pid == pid &&
			  seen[0].si_status == 9,
		"SIGCHLD says who ended, and how");
	is(child_end(pid), 9, "its end");
	seen_count = 0;
	pid = child(waits_for_ever);
	kill(pid, SIGSTOP);
	for (int i = 0; i < 200 && !seen_count; i++)
		pause_ms(5);
	check(seen_count == 1 && seen[0].si_code == CLD_STOPPED, "SIGCHLD of one that stopped");
	seen_count = 0;
	struct sigaction quiet = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_NOCLDSTOP };
	sigaction(SIGCHLD, &quiet, NULL);
	kill(pid, SIGCONT);
	int status;
	is(waitpid(pid, &status, WCONTINUED), pid, "continued");
	is(seen_count, 0, "no SIGCHLD of that with SA_NOCLDSTOP");
	on_signal(SIGCHLD, SIG_DFL, 0);
	kill(pid, SIGKILL);
	is(child_end(pid), 1000 + SIGKILL, "killed");
}

static int members[3];

static int holds_group(void)
{
	setpgid(0, 0);
	int ready[2];
	if (pipe(ready))
		return 1;
	for (int i = 0; i < 3; i++) {
		members[i] = fork();
		if (members[i] == 0) {
			on_signal(SIGTERM, SIG_DFL, 0);
			(void)!write(ready[1], "x", 1);
			waits_for_ever();
		}
	}
	char word;
	for (int i = 0; i < 3; i++)
		(void)!read(ready[0], &word, 1);
	on_signal(SIGTERM, count_signal, 0);
	if (kill(0, SIGTERM))
		return 2;
	for (int i = 0; i < 3; i++)
		if (child_end(members[i]) != 1000 + SIGTERM)
			return 3;
	for (int i = 0; i < 100 && !handled; i++)
		pause_ms(5);
	return handled == 1 ? 0 : 4;
}

static int stops_itself(void)
{
	(void)!write(channel[1], "a", 1);
	raise(SIGTSTP);
	(void)!write(channel[1], "b", 1);
	return 0;
}

static int in_own_session_stops(void)
{
	setpgid(0, 0);
	return stops_itself();
}

static void stopping(void)
{
	char word = 0;
	int status;
	pid_t pid = child(in_own_session_stops);
	is(waitpid(pid, &status, WUNTRACED), pid, "stopped by SIGTSTP");
	check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP, "it says so");
	is(read(channel[0], &word, 1), 1, "it ran before");
	fcntl(channel[0], F_SETFL, O_NONBLOCK);
	fails(read(channel[0], &word, 1), EAGAIN, "and not on");
	fcntl(channel[0], F_SETFL, 0);
	kill(pid, SIGCONT);
	is(read(channel[0], &word, 1), 1, "goes on");
	is(child_end(pid), 0, "to its end");
	pid = child(waits_for_ever);
	kill(pid, SIGSTOP);
	is(waitpid(pid, &status, WUNTRACED), pid, "stopped");
	kill(pid, SIGTERM);
	pause_ms(20);
	is(waitpid(pid, &status, WNOHANG), 0, "it stays stopped");
	kill(pid, SIGCONT);
	is(child_end(pid), 1000 + SIGTERM, "the signal comes when it goes on");
}

// The signal about the child comes to who waits for it right after kill.
static void stopping_ends_waits(void)
{
	static const int signals[] = { SIGSTOP, SIGCONT };
	static const char *const names[] = { "SIGCHLD of a stop ends select",
		"SIGCHLD of going on ends select" };
	pid_t pid = child(waits_for_ever);
	sigset_t child_signal, none;
	sigemptyset(&none);
	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_signal, NULL); // it comes in the wait and nowhere else
	on_signal(SIGCHLD, count_signal, 0);
	pause_ms(100);
	for (int i = 0; i < 2; i++) {
		struct timespec time = { 10, 0 };
		handled = 0;
		kill(pid, signals[i]);
		int ended = pselect(0, NULL, NULL, NULL, &time, &none);
		check(ended == -1 && handled == 1, names[i]);
	}
	sigprocmask(SIG_UNBLOCK, &child_signal, NULL);
	on_signal(SIGCHLD, SIG_DFL, 0);
	kill(pid, SIGSTOP);
	int status;
	is(waitpid(pid, &status, WUNTRACED), pid, "a wait for it answers at once");
	kill(pid, SIGKILL);
	is(child_end(pid), 1000 + SIGKILL, "and it ends");
}

int main(void)
{
	need(pipe(channel) == 0, "pipe");
	queued();
	sender();
	of_children();
	is(child_end(child(holds_group)), 0, "kill of the own group");
	stopping();
	stopping_ends_waits();
	return done();
}
