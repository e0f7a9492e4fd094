// SPDX-License-Identifier: MIT
// Policies of scheduling, locks with priority inheritance, numbers of files that are made anew.
#include "test/posix/test.h"
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_CMP_REQUEUE = 4, FUTEX_CMP_REQUEUE_PI = 12 };
enum { FUTEX_LOCK_PI = 6, FUTEX_UNLOCK_PI = 7, FUTEX_TRYLOCK_PI = 8, FUTEX_TID_MASK = 0x3fffffff };

enum { RESET_ON_FORK = 0x40000000 }; // musl does not name it

static int set(pid_t pid, int policy, int priority)
{
	struct sched_param parameter = { .sched_priority = priority };
	return (int)syscall(SYS_sched_setscheduler, pid, policy, &parameter);
}

static int policy_of(pid_t pid)
{
	return (int)syscall(SYS_sched_getscheduler, pid);
}

static int priority_of(pid_t pid)
{
	struct sched_param parameter = { .sched_priority = -1 };
	return syscall(SYS_sched_getparam, pid, &parameter) ? -errno : parameter.sched_priority;
}

static int inherits(void)
{
	return policy_of(0) == SCHED_RR && priority_of(0) == 7 ? 0 : 1;
}

static int is_reset(void)
{
	return policy_of(0) == SCHED_OTHER && priority_of(0) == 0 ? 0 : 1;
}

static int unprivileged(void)
{
	if (setuid(65534))
		return 1;
	if (set(0, SCHED_FIFO, 1) != -1 || errno != EPERM)
		return 2;
	return set(0, SCHED_OTHER, 0) ? 3 : 0;
}

static void policies(void)
{
	is(policy_of(0), SCHED_OTHER, "the usual policy");
	is(priority_of(0), 0, "and priority");
	fails(set(0, SCHED_FIFO, 0), EINVAL, "real time without a priority");
	fails(set(0, SCHED_FIFO, 100), EINVAL, "too high a priority");
	fails(set(0, SCHED_OTHER, 1), EINVAL, "the usual policy with one");
	fails(set(0, 77, 0), EINVAL, "no such policy");
	fails(set(-1, SCHED_OTHER, 0), EINVAL, "a negative pid");
	fails(set(4000000, SCHED_OTHER, 0), ESRCH, "nobody's pid");
	fails(policy_of(4000000), ESRCH, "policy of nobody");
	fails(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL), EINVAL, "without parameters");
	fails(syscall(SYS_sched_getparam, 0, NULL), EINVAL, "getparam without room");
	is(child_end(child(unprivileged)), 0, "who may not");
	if (set(0, SCHED_RR, 7)) {
		fails(-1, EPERM, "not privileged enough for the rest");
		return;
	}
	is(policy_of(0), SCHED_RR, "SCHED_RR");
	is(priority_of(0), 7, "its priority");
	is(policy_of(getpid()), SCHED_RR, "by its pid");
	is(child_end(child(inherits)), 0, "a child inherits it");
	is(set(0, SCHED_RR | RESET_ON_FORK, 7), 0, "SCHED_RESET_ON_FORK");
	is(policy_of(0), SCHED_RR | RESET_ON_FORK, "is told");
	is(child_end(child(is_reset)), 0, "a child does not inherit it");
	struct timespec interval;
	is(sched_rr_get_interval(0, &interval) || set(0, SCHED_OTHER, 0), 0, "back to the usual one");
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = { .size = 48, .policy = SCHED_FIFO, .priority = 3 };
	is(syscall(SYS_sched_setattr, 0, &attr, 0), 0, "sched_setattr");
	attr.priority = 0;
	is(syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0), 0, "sched_getattr");
	check(attr.policy == SCHED_FIFO && attr.priority == 3, "what was set");
	is(set(0, SCHED_OTHER, 0), 0, "and back");
}

static uint32_t *word;
static long futex(int operation, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

static int holds_lock(void)
{
	if (futex(FUTEX_LOCK_PI, 0, NULL))
		return 1;
	pause_ms(200);
	return futex(FUTEX_UNLOCK_PI, 0, NULL) ? 2 : 0;
}

static void inheritance(void)
{
	word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	is(futex(FUTEX_LOCK_PI, 0, NULL), 0, "FUTEX_LOCK_PI");
	is(*word & FUTEX_TID_MASK, (long)syscall(SYS_gettid), "the word names the owner");
	fails(futex(FUTEX_LOCK_PI, 0, NULL), EDEADLK, "once more");
	is(futex(FUTEX_UNLOCK_PI, 0, NULL), 0, "FUTEX_UNLOCK_PI");
	is(*word, 0, "nobody has it");
	fails(futex(FUTEX_UNLOCK_PI, 0, NULL), EPERM, "not one's own to give");
	is(futex(FUTEX_TRYLOCK_PI, 0, NULL), 0, "FUTEX_TRYLOCK_PI");
	is(futex(FUTEX_UNLOCK_PI, 0, NULL), 0, "and back");
	pid_t pid = child(holds_lock);
	while (!__atomic_load_n(word, __ATOMIC_SEQ_CST))
		pause_ms(5);
	fails(futex(FUTEX_TRYLOCK_PI, 0, NULL), EAGAIN, "another has it");
	struct timespec limit;
	clock_gettime(CLOCK_REALTIME, &limit);
	fails(futex(FUTEX_LOCK_PI, 0, &limit), ETIMEDOUT, "a time limit");
	is(futex(FUTEX_LOCK_PI, 0, NULL), 0, "waits until the other gives it");
	is(child_end(pid), 0, "the other process");
	is(futex(FUTEX_UNLOCK_PI, 0, NULL), 0, "given");
}

static pthread_mutex_t lock;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turns, goes;
static void *turn(void *unused)
{
	pthread_mutex_lock(&lock);
	while (!goes)
		pthread_cond_wait(&condition, &lock);
	turns++;
	pthread_mutex_unlock(&lock);
	return unused;
}

static void mutexes(void)
{
	pthread_t threads[4];
	pthread_mutexattr_t attr;
	pthread_mutexattr_init(&attr);
	is(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT), 0, "PTHREAD_PRIO_INHERIT");
	pthread_mutex_init(&lock, &attr);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, turn, NULL);
	pause_ms(100);
	pthread_mutex_lock(&lock);
	goes = 1;
	pthread_cond_broadcast(&condition);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	is(turns, 4, "all had their turn");
}

static int first_word, second_word;

static long futex_at(int *word, int operation, long value)
{
	return syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

// From one word to the other: `woken` are woken, `moved` moved, if the word is as expected.
static long requeue_from(int *word, int operation, long woken, long moved, int expected)
{
	int *other = word == &first_word ? &second_word : &first_word;
	return syscall(SYS_futex, word, operation, woken, moved, other, expected);
}

static void *sleeper(void *unused)
{
	(void)unused;
	futex_at(&first_word, FUTEX_WAIT, 0);
	return NULL;
}

// What a requeue answers: all that it woke or moved.
static void requeues(void)
{
	pthread_t threads[4];
	long moved = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, sleeper, NULL);
	for (int i = 0; i < 1000 && moved < 4; i++) { // they come one by one
		moved += requeue_from(&first_word, FUTEX_CMP_REQUEUE, 0, 4, 0);
		pause_ms(5);
	}
	is(moved, 4, "requeue: how many were moved");
	fails(requeue_from(&first_word, FUTEX_CMP_REQUEUE, 0, 4, 1), EAGAIN, "another value");
	is(requeue_from(&second_word, FUTEX_CMP_REQUEUE, 1, 2, 0), 3, "one woken, two moved");
	fails(requeue_from(&first_word, FUTEX_CMP_REQUEUE_PI, 1, 4, 0), EINVAL,
		"to a lock with inheritance: these wait for none");
	is(futex_at(&first_word, FUTEX_WAKE, 9), 2, "those that were moved");
	is(futex_at(&second_word, FUTEX_WAKE, 9), 1, "the one that stayed");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static int waits[2];

static void *waiting(void *id)
{
	char byte;
	*(int *)id = (int)syscall(SYS_gettid);
	write(waits[1], "1", 1);
	while (read(waits[0], &byte, 1) == 1 && byte != '2')
		write(waits[1], &byte, 1), pause_ms(1);
	return NULL;
}

static void *on_one(void *answer)
{
	cpu_set_t got;
	unsigned cpu = 0;
	int good = sched_getaffinity(0, sizeof(got), &got) == 0 && CPU_COUNT(&got) == 1;
	for (int i = 0; i < 50 && good; i++) {
		syscall(SYS_getcpu, &cpu, NULL, NULL);
		good = CPU_ISSET(cpu, &got);
		sched_yield();
	}
	*(int *)answer = good ? CPU_COUNT(&got) : -1;
	return NULL;
}

// Threads, children and programs begin with their maker's processors.
static void affinity_inherited(void)
{
	cpu_set_t all, one;
	pthread_t thread;
	int count = 0, last = 0;
	sched_getaffinity(0, sizeof(all), &all);
	for (int i = 0; i < CPU_SETSIZE; i++)
		last = CPU_ISSET(i, &all) ? i : last;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	is(sched_setaffinity(0, sizeof(one), &one), 0, "one processor");
	need(pthread_create(&thread, NULL, on_one, &count) == 0, "a thread");
	pthread_join(thread, NULL);
	is(count, 1, "a later thread stays on it");
	pid_t pid = fork();
	if (pid == 0) {
		on_one(&count);
		_exit(count == 1 ? 0 : 1);
	}
	is(child_end(pid), 0, "so does a child");
	pid = vfork();
	if (pid == 0) {
		execl("/proc/self/exe", "sched", "affinity", NULL);
		_exit(3);
	}
	is(child_end(pid), 0, "and a program");
	sched_setaffinity(0, sizeof(all), &all);
}

// Of the caller, of another of its threads, of another process.
static void affinity(void)
{
	cpu_set_t all, one, got;
	pthread_t thread;
	int id = 0;
	CPU_ZERO(&one);
	need(sched_getaffinity(0, sizeof(all), &all) == 0, "sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	need(pipe(waits) == 0, "pipe");
	need(pthread_create(&thread, NULL, waiting, &id) == 0, "a thread");
	while (!__atomic_load_n(&id, __ATOMIC_SEQ_CST))
		pause_ms(1);
	is(sched_setaffinity(id, sizeof(one), &one), 0, "another thread's processors");
	is(sched_getaffinity(id, sizeof(got), &got), 0, "asked of it");
	check(CPU_EQUAL(&got, &one), "are its own");
	is(sched_getaffinity(0, sizeof(got), &got), 0, "and those of the caller");
	check(CPU_EQUAL(&got, &all), "stay");
	write(waits[1], "2", 1);
	pthread_join(thread, NULL);
	pid_t other = child(pause);
	is(sched_setaffinity(other, sizeof(all), &all), 0, "another process may run anywhere");
	is(sched_getaffinity(other, sizeof(got), &got), 0, "asked of it");
	check(CPU_EQUAL(&got, &all), "it may");
	kill(other, SIGKILL);
	child_end(other);
	fails(sched_setaffinity(other, sizeof(all), &all), ESRCH, "of nobody");
	fails(sched_getaffinity(other, sizeof(got), &got), ESRCH, "asked of nobody");
	CPU_ZERO(&one);
	fails(sched_setaffinity(0, sizeof(one), &one), EINVAL, "no processor");
}

static void numbers(void)
{
	struct stat first, second;
	int fd = open("/tmp/sched-number", O_CREAT | O_RDWR, 0600);
	fstat(fd, &first);
	unlink("/tmp/sched-number");
	int other = open("/tmp/sched-number", O_CREAT | O_RDWR, 0600);
	fstat(other, &second);
	check(first.st_ino != second.st_ino,
		"a new file has a number of its own while the old one is open");
	is(fstat(fd, &first), 0, "the old one's");
	check(first.st_ino != second.st_ino, "stays");
	unlink("/tmp/sched-number");
}

int main(int argument_count, char **arguments)
{
	if (argument_count > 1 && !strcmp(arguments[1], "affinity")) {
		int count = 0;
		on_one(&count);
		return count == 1 ? 0 : 1;
	}
	policies();
	inheritance();
	mutexes();
	affinity();
	affinity_inherited();
	requeues();
	numbers();
	return done();
}
