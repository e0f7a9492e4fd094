// SPDX-License-Identifier: MIT
// System V shared memory, semaphores, messages.
#include "test/posix/test.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

union semun_value {
	int value;
	struct semid_ds *status;
	unsigned short *array;
};

static key_t key;
static int id;

static int writes(void)
{
	int mine = shmget(key, 0, 0);
	char *memory = shmat(mine, NULL, 0);
	if (mine != id || memory == (void *)-1)
		return 1;
	strcpy(memory, "from the child");
	return shmdt(memory) ? 2 : 0;
}

static int unprivileged(void)
{
	if (setgid(65534) || setuid(65534))
		return 1;
	if (shmat(id, NULL, 0) != (void *)-1 || errno != EACCES)
		return 2;
	if (shmctl(id, IPC_RMID, NULL) != -1 || errno != EPERM)
		return 3;
	return shmget(key, 0, 0400) != -1 || errno != EACCES ? 4 : 0;
}

static void segments(void)
{
	struct shmid_ds status;
	fails(shmget(key, 100, 0600), ENOENT, "shmget of nothing");
	fails(shmget(key, 0, IPC_CREAT | 0600), EINVAL, "of no size");
	id = shmget(key, 10000, IPC_CREAT | IPC_EXCL | 0600);
	need(id >= 0, "shmget");
	is(shmget(key, 10000, 0600), id, "by its key");
	fails(shmget(key, 10000, IPC_CREAT | IPC_EXCL | 0600), EEXIST, "IPC_EXCL");
	fails(shmget(key, 20000, 0600), EINVAL, "larger than it is");
	fails((long)shmat(id, (void *)0x12345678, 0), EINVAL, "a crooked address");
	fails((long)shmat(-1, NULL, 0), EINVAL, "no such segment");
	char *memory = shmat(id, NULL, 0);
	need(memory != (void *)-1, "shmat");
	is(memory[9999], 0, "zeros");
	is(child_end(child(writes)), 0, "a child writes");
	check(!strcmp(memory, "from the child"), "and it is seen");
	is(shmctl(id, IPC_STAT, &status), 0, "IPC_STAT");
	is((long)status.shm_segsz, 10000, "shm_segsz");
	is(status.shm_cpid, getpid(), "shm_cpid");
	is(status.shm_perm.mode & 0777, 0600, "mode");
	check(labs(time(NULL) - status.shm_ctime) < 100, "shm_ctime");
	char *other = shmat(id, NULL, SHM_RDONLY);
	check(!strcmp(other, "from the child"), "shown twice, once to read");
	for (int i = 0; i < 100 && status.shm_nattch != 2; i++) {
		pause_ms(10);
		shmctl(id, IPC_STAT, &status);
	}
	is((long)status.shm_nattch, 2, "two attachments");
	is(shmdt(other), 0, "shmdt");
	fails(shmdt(other), EINVAL, "shmdt again");
	is(child_end(child(unprivileged)), 0, "who may not");
	status.shm_perm.mode = 0644;
	is(shmctl(id, IPC_SET, &status), 0, "IPC_SET");
	is(shmctl(id, IPC_STAT, &status), 0, "IPC_STAT");
	is(status.shm_perm.mode & 0777, 0644, "the new mode");
	is(shmctl(id, IPC_RMID, NULL), 0, "IPC_RMID");
	fails(shmget(key, 0, 0), ENOENT, "its key is free");
	strcpy(memory, "still there");
	is(shmdt(memory), 0, "shmdt");
	pause_ms(50);
	fails(shmctl(id, IPC_STAT, &status), EINVAL, "gone with the last");
	fails(shmctl(id, 77, &status), EINVAL, "an unknown code");
}

static int change(int number, int by, int flags)
{
	struct sembuf operation = { (unsigned short)number, (short)by, (short)flags };
	return semop(id, &operation, 1);
}

static int value(int number)
{
	return semctl(id, number, GETVAL);
}

static int gives(void)
{
	pause_ms(100);
	return change(0, 1, 0);
}

static int undoes(void)
{
	return change(1, -2, SEM_UNDO) || change(1, 1, SEM_UNDO);
}

static int is_removed(void)
{
	return change(0, -5, 0) == -1 && errno == EIDRM ? 0 : 1;
}

static void semaphores(void)
{
	union semun_value argument;
	unsigned short values[3] = { 0, 5, 7 }, got[3];
	struct semid_ds status;
	fails(semget(key, 0, IPC_CREAT | 0600), EINVAL, "semget of none");
	id = semget(key, 3, IPC_CREAT | IPC_EXCL | 0600);
	need(id >= 0, "semget");
	is(semget(key, 2, 0), id, "by its key");
	fails(semget(key, 4, 0), EINVAL, "more than it has");
	argument.array = values;
	is(semctl(id, 0, SETALL, argument), 0, "SETALL");
	argument.array = got;
	is(semctl(id, 0, GETALL, argument), 0, "GETALL");
	check(!memcmp(got, values, sizeof(got)), "the same");
	is(value(2), 7, "GETVAL");
	argument.value = 40000;
	fails(semctl(id, 0, SETVAL, argument), ERANGE, "SETVAL of too much");
	fails(semctl(id, 3, GETVAL), EINVAL, "of none of the set");
	fails(change(3, 1, 0), EFBIG, "semop of none of the set");
	fails(change(0, -1, IPC_NOWAIT), EAGAIN, "IPC_NOWAIT");
	fails(change(2, 0, IPC_NOWAIT), EAGAIN, "it is not zero");
	is(change(0, 0, IPC_NOWAIT), 0, "this one is");
	struct sembuf two[2] = { { 1, -1, 0 }, { 0, -1, IPC_NOWAIT } };
	fails(semop(id, two, 2), EAGAIN, "two at once, of which one can't be done");
	is(value(1), 5, "then none is");
	fails(semop(id, two, 0), EINVAL, "no operations");
	fails(semop(-1, two, 1), EINVAL, "no set");
	pid_t pid = child(gives);
	is(change(0, -1, 0), 0, "semop waits");
	is(child_end(pid), 0, "for another process");
	is(semctl(id, 0, GETPID), getpid(), "GETPID");
	struct timespec limit = { 0, 50000000 };
	struct sembuf one = { 0, -1, 0 };
	fails(semtimedop(id, &one, 1, &limit), EAGAIN, "a time limit");
	struct sembuf more = { .sem_num = 0, .sem_op = 1 };
	limit = (struct timespec){ 0, 1 };
	is(semtimedop(id, &more, 1, &limit), 0, "what need not wait needs no time");
	limit.tv_nsec = 0;
	is(semtimedop(id, &one, 1, &limit), 0, "nor the other way");
	fails(semtimedop(id, &one, 1, &limit), EAGAIN, "and with none nothing is waited for");
	on_signal(SIGALRM, count_signal, SA_RESTART);
	alarm(1);
	fails(semop(id, &one, 1), EINTR, "a signal ends it, SA_RESTART or not");
	is(child_end(child(undoes)), 0, "SEM_UNDO in a child");
	for (int i = 0; i < 100 && value(1) != 5; i++)
		pause_ms(10);
	is(value(1), 5, "undone at its end");
	argument.status = &status;
	is(semctl(id, 0, IPC_STAT, argument), 0, "IPC_STAT");
	is((long)status.sem_nsems, 3, "sem_nsems");
	check(labs(time(NULL) - status.sem_otime) < 100, "sem_otime");
	pid = child(is_removed);
	for (int i = 0; i < 200 && semctl(id, 0, GETNCNT) != 1; i++)
		pause_ms(10);
	is(semctl(id, 0, GETNCNT), 1, "GETNCNT");
	is(semctl(id, 0, IPC_RMID), 0, "IPC_RMID");
	is(child_end(pid), 0, "ends who waits: EIDRM");
	fails(value(0), EINVAL, "gone");
}

enum { COPY = 040000 }; // MSG_COPY, which musl does not name

struct text {
	long type;
	char text[64];
};

static int answers(void)
{
	struct text message = { 3, "child" };
	pause_ms(100);
	return msgsnd(id, &message, 6, 0);
}

static void messages(void)
{
	struct text message = { 5, "five" };
	struct msqid_ds status;
	id = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
	need(id >= 0, "msgget");
	is(msgget(key, 0), id, "by its key");
	fails(msgrcv(id, &message, 64, 0, IPC_NOWAIT), ENOMSG, "nothing there");
	is(msgsnd(id, &message, 5, 0), 0, "msgsnd");
	message = (struct text){ 2, "two" };
	is(msgsnd(id, &message, 4, 0), 0, "msgsnd");
	message = (struct text){ 9, "nine" };
	is(msgsnd(id, &message, 5, 0), 0, "msgsnd");
	is(msgctl(id, IPC_STAT, &status), 0, "IPC_STAT");
	is((long)status.msg_qnum, 3, "msg_qnum");
	is(status.msg_lspid, getpid(), "msg_lspid");
	message.type = 0;
	fails(msgsnd(id, &message, 1, 0), EINVAL, "a type below 1");
	fails(msgsnd(-1, &message, 1, 0), EINVAL, "no queue");
	fails(msgsnd(id, bad_address, 1, 0), EFAULT, "bad address");
	is(msgrcv(id, &message, 64, 1, COPY | IPC_NOWAIT), 4, "MSG_COPY of the second");
	check(message.type == 2 && !strcmp(message.text, "two"), "is this");
	is(msgrcv(id, &message, 64, 1, COPY | IPC_NOWAIT), 4, "which stays");
	fails(msgrcv(id, &message, 64, 3, COPY | IPC_NOWAIT), ENOMSG, "of the fourth of three");
	fails(msgrcv(id, &message, 64, -1, COPY | IPC_NOWAIT), ENOMSG, "of one before the first");
	fails(msgrcv(id, &message, 2, 0, COPY | IPC_NOWAIT), E2BIG, "which does not fit");
	fails(msgrcv(id, &message, 2, 0, COPY | MSG_NOERROR | IPC_NOWAIT), EINVAL, "nor can be cut");
	fails(msgrcv(id, &message, 64, 0, COPY), EINVAL, "MSG_COPY that would wait");
	fails(msgrcv(id, &message, 64, 1, COPY | MSG_EXCEPT | IPC_NOWAIT), EINVAL, "MSG_EXCEPT");
	fails(msgrcv(id, &message, 2, 0, 0), E2BIG, "a small buffer");
	is(msgrcv(id, &message, 2, 9, MSG_NOERROR), 2, "MSG_NOERROR");
	check(message.type == 9 && !memcmp(message.text, "ni", 2), "cut off");
	fails(msgrcv(id, &message, 64, 9, IPC_NOWAIT), ENOMSG, "none of this type");
	is(msgrcv(id, &message, 64, -5, 0), 4, "the lowest up to a type");
	is(message.type, 2, "is this");
	is(msgrcv(id, &message, 64, 0, 0), 5, "the first");
	check(message.type == 5 && !strcmp(message.text, "five"), "is this");
	pid_t pid = child(answers);
	is(msgrcv(id, &message, 64, 3, 0), 6, "msgrcv waits");
	check(!strcmp(message.text, "child"), "for another process");
	is(child_end(pid), 0, "the other process");
	message.type = 1;
	int sent = 0;
	while (msgsnd(id, &message, 64, IPC_NOWAIT) == 0)
		sent++;
	is(errno, EAGAIN, "no room");
	is(sent, 256, "when 16 KiB are in it");
	is(msgctl(id, IPC_RMID, NULL), 0, "IPC_RMID");
	fails(msgctl(id, IPC_STAT, &status), EINVAL, "gone");
}

int main(void)
{
	key = 0x0ca40000 + getpid();
	segments();
	semaphores();
	messages();
	return done();
}
