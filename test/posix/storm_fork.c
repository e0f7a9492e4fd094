// SPDX-License-Identifier: MIT
// fork and exec in threads while signals come: children are whole, nobody waits for ever.
#include "test/posix/test.h"
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { THREADS = 3, ROUNDS = 25 };

extern char **environ;
static const char *program;
static atomic_int right;
static atomic_bool is_over;

static bool ended_well(pid_t pid, int code)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static int in_child(void)
{
	void *memory = malloc(1000); // locks of the C library and ours are free
	bool is_good = memory && getpid() == syscall(SYS_gettid);
	free(memory);
	return is_good ? 5 : 1;
}

static void *forks(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(in_child());
		atomic_fetch_add(&right, pid > 0 && ended_well(pid, 5));
		char *arguments[] = { (char *)program, "child", NULL };
		if (posix_spawn(&pid, program, NULL, NULL, arguments, environ) == 0)
			atomic_fetch_add(&right, ended_well(pid, 6));
	}
	return NULL;
}

static void *annoys(void *unused)
{
	(void)unused;
	while (!atomic_load(&is_over)) {
		pid_t pid = fork();
		if (pid == 0) {
			for (int i = 0; i < 20; i++)
				kill(getppid(), SIGUSR1);
			_exit(0);
		}
		(void)ended_well(pid, 0);
	}
	return NULL;
}

static void storm(void)
{
	pthread_t threads[THREADS], annoyer;
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	pthread_create(&annoyer, NULL, annoys, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, forks, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&is_over, true);
	pthread_join(annoyer, NULL);
	is(atomic_load(&right), THREADS * ROUNDS * 2, "fork and exec in threads under signals");
	check(handled > 0, "signals came");
}

static void *sleeps(void *unused)
{
	for (;;)
		pause_ms(1000);
	return unused;
}

static void *calls_exec(void *unused)
{
	execl(program, program, "child", (char *)NULL);
	return unused;
}

// exec by a thread that is not the first one: the others are gone, the pid stays.
static int exec_in_thread(void)
{
	pthread_t thread;
	for (int i = 0; i < 5; i++)
		pthread_create(&thread, NULL, sleeps, NULL);
	pthread_create(&thread, NULL, calls_exec, NULL);
	sleeps(NULL);
	return 1;
}

static int many_threads(void)
{
	pthread_t thread;
	for (int i = 0; i < 20; i++)
		pthread_create(&thread, NULL, sleeps, NULL);
	sleeps(NULL);
	return 1;
}

int main(int count, char **arguments)
{
	if (count > 1)
		return 6;
	program = arguments[0];
	storm();
	for (int i = 0; i < 5; i++)
		is(child_end(child(exec_in_thread)), 6, "exec by another thread");
	for (int i = 0; i < 5; i++) {
		pid_t pid = child(many_threads);
		pause_ms(5 * i);
		kill(pid, i % 2 ? SIGKILL : SIGTERM);
		is(child_end(pid), 1000 + (i % 2 ? SIGKILL : SIGTERM),
			"a process of many threads is killed");
	}
	return done();
}
