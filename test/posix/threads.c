// SPDX-License-Identifier: MIT
// Threads: start, join, mutexes, conditions, semaphores, keys, cancellation, signals to one thread.
#include "test/posix/test.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;
static int turn;

static void *counts(void *argument)
{
	for (int i = 0; i < 20000; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

static void *answers(void *argument)
{
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < 200; i++) {
		while (turn != 1)
			pthread_cond_wait(&condition, &mutex);
		turn = 0;
		pthread_cond_signal(&condition);
	}
	pthread_mutex_unlock(&mutex);
	return argument;
}

static void *sleeps(void *argument)
{
	pause_ms(60000);
	return argument;
}

static pid_t told;

static void tells(int number)
{
	(void)number;
	told = gettid();
	handled++;
}

static void *waits_for_signal(void *argument)
{
	*(pid_t *)argument = gettid();
	while (!handled)
		pause_ms(5);
	return NULL;
}

static void together(void)
{
	pthread_t threads[4];
	for (long i = 0; i < 4; i++)
		is(pthread_create(&threads[i], NULL, counts, (void *)i), 0, "pthread_create");
	for (long i = 0; i < 4; i++) {
		void *value;
		is(pthread_join(threads[i], &value), 0, "pthread_join");
		is((long)value, i, "its value");
	}
	is(counter, 80000, "a mutex excludes");
	pthread_create(&threads[0], NULL, answers, NULL);
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < 200; i++) {
		turn = 1;
		pthread_cond_signal(&condition);
		while (turn != 0)
			pthread_cond_wait(&condition, &mutex);
	}
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 30000000;
	if (until.tv_nsec >= 1000000000)
		until.tv_sec++, until.tv_nsec -= 1000000000;
	is(pthread_cond_timedwait(&condition, &mutex, &until), ETIMEDOUT, "pthread_cond_timedwait");
	pthread_mutex_unlock(&mutex);
	is(pthread_join(threads[0], NULL), 0, "turns with a condition");
	pthread_create(&threads[0], NULL, sleeps, NULL);
	pause_ms(20);
	is(pthread_cancel(threads[0]), 0, "pthread_cancel");
	void *value;
	pthread_join(threads[0], &value);
	check(value == PTHREAD_CANCELED, "PTHREAD_CANCELED");
}

static void to_one(void)
{
	pid_t id = 0;
	pthread_t thread;
	on_signal(SIGUSR1, tells, 0);
	handled = 0;
	pthread_create(&thread, NULL, waits_for_signal, &id);
	while (!*(volatile pid_t *)&id)
		pause_ms(5);
	check(id != gettid() && getpid() != id, "gettid");
	is(pthread_kill(thread, SIGUSR1), 0, "pthread_kill");
	pthread_join(thread, NULL);
	is(told, id, "the right thread");
}

static sem_t *semaphore;

static int posts(void)
{
	pause_ms(50);
	return sem_post(semaphore);
}

static void shared(void)
{
	semaphore = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	sem_init(semaphore, 1, 0);
	pid_t pid = child(posts);
	is(sem_wait(semaphore), 0, "a semaphore between processes");
	is(child_end(pid), 0, "its poster");
}

int main(void)
{
	together();
	to_one();
	shared();
	return done();
}
