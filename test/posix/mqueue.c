// SPDX-License-Identifier: MIT
// POSIX message queues: names, order, waiting, limits, notices.
#include "test/posix/test.h"
#include <mqueue.h>
#include <poll.h>
#include <sys/stat.h>

static char name[64];

static mqd_t make(int flags, long messages, long size)
{
	struct mq_attr attr = { .mq_maxmsg = messages, .mq_msgsize = size };
	return mq_open(name, O_CREAT | O_EXCL | O_RDWR | flags, 0600, &attr);
}

static void names(void)
{
	fails(mq_open(name, O_RDWR), ENOENT, "open of nothing");
	mqd_t queue = make(0, 4, 32);
	need(queue >= 0, "mq_open");
	fails(make(0, 4, 32), EEXIST, "once more, exclusively");
	mqd_t again = mq_open(name, O_RDONLY);
	check(again >= 0, "by its name");
	fails(mq_send(again, "x", 1, 0), EBADF, "send to one opened to read");
	struct mq_attr attr;
	is(mq_getattr(again, &attr), 0, "getattr");
	is(attr.mq_maxmsg, 4, "mq_maxmsg");
	is(attr.mq_msgsize, 32, "mq_msgsize");
	is(attr.mq_curmsgs, 0, "mq_curmsgs");
	is(mq_unlink(name), 0, "unlink");
	fails(mq_unlink(name), ENOENT, "unlink again");
	fails(mq_open(name, O_RDWR), ENOENT, "its name is gone");
	is(mq_send(queue, "still", 5, 0), 0, "what is open goes on");
	char text[32];
	is(mq_receive(again, text, sizeof(text), NULL), 5, "and is received");
	mq_close(queue);
	fails(mq_close(queue), EBADF, "closed twice");
	mq_close(again);
	fails(mq_open("/a/b", O_RDWR), EACCES, "a slash in a name");
	fails(mq_send(-1, "x", 1, 0), EBADF, "no descriptor");
	fails(mq_send(1, "x", 1, 0), EBADF, "no queue");
	fails(make(0, 0, 32), EINVAL, "no messages");
	fails(make(0, 4, -1), EINVAL, "no size");
	fails(mq_open(name, O_RDWR), ENOENT, "nothing was made");
}

static void order(void)
{
	char text[16];
	unsigned priority;
	mqd_t queue = make(O_NONBLOCK, 4, 16);
	need(queue >= 0, "mq_open");
	fails(mq_receive(queue, text, sizeof(text), NULL), EAGAIN, "nothing there");
	is(mq_send(queue, "low", 3, 1), 0, "send 1");
	is(mq_send(queue, "high", 4, 9), 0, "send 9");
	is(mq_send(queue, "later", 5, 9), 0, "send 9 again");
	is(mq_send(queue, "", 0, 0), 0, "send nothing");
	fails(mq_send(queue, "more", 4, 0), EAGAIN, "no room");
	struct pollfd poller = { queue, POLLIN | POLLOUT, 0 };
	is(poll(&poller, 1, 0), 1, "poll");
	is(poller.revents, POLLIN, "full: only readable");
	fails(mq_receive(queue, text, 15, NULL), EMSGSIZE, "a small buffer");
	is(mq_receive(queue, text, sizeof(text), &priority), 4, "the highest");
	check(!memcmp(text, "high", 4) && priority == 9, "is the first of its priority");
	is(mq_receive(queue, text, sizeof(text), &priority), 5, "then the next");
	is(mq_receive(queue, text, sizeof(text), &priority), 3, "then the lower");
	is(priority, 1, "with its priority");
	is(mq_receive(queue, text, sizeof(text), NULL), 0, "then the empty one");
	is(poll(&poller, 1, 0), 1, "poll");
	is(poller.revents, POLLOUT, "empty: only writable");
	fails(mq_send(queue, text, 17, 0), EMSGSIZE, "too long");
	fails(mq_send(queue, text, 1, 32768), EINVAL, "too high a priority");
	fails(mq_send(queue, bad_address, 4, 0), EFAULT, "bad address");
	struct mq_attr attr = { .mq_flags = 0 }, before;
	is(mq_setattr(queue, &attr, &before), 0, "setattr");
	is(before.mq_flags, O_NONBLOCK, "what was");
	struct timespec now, bad = { 0, 1000000000 };
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_nsec += 50000000;
	now.tv_sec += now.tv_nsec / 1000000000;
	now.tv_nsec %= 1000000000;
	fails(mq_timedreceive(queue, text, sizeof(text), NULL, &now), ETIMEDOUT, "a time limit");
	fails(mq_timedreceive(queue, text, sizeof(text), NULL, &bad), EINVAL, "a bad one");
	is(mq_send(queue, "now", 3, 0), 0, "send");
	is(mq_timedreceive(queue, text, sizeof(text), NULL, &now), 3, "what is there, after the limit");
	on_signal(SIGALRM, count_signal, 0);
	alarm(1);
	fails(mq_receive(queue, text, sizeof(text), NULL), EINTR, "a signal ends the wait");
	mq_close(queue);
	mq_unlink(name);
}

static int answers(void)
{
	mqd_t queue = mq_open(name, O_RDWR);
	char text[16];
	pause_ms(100);
	if (mq_send(queue, "child", 5, 3))
		return 1;
	for (int i = 0; i < 3; i++)
		if (mq_receive(queue, text, sizeof(text), NULL) != 1)
			return 2;
	return 0;
}

static void waits(void)
{
	char text[16];
	mqd_t queue = make(0, 1, 16);
	pid_t pid = child(answers);
	is(mq_receive(queue, text, sizeof(text), NULL), 5, "receive waits for another process");
	for (int i = 0; i < 3; i++)
		is(mq_send(queue, "x", 1, 0), 0, "send waits for room");
	is(child_end(pid), 0, "the other process");
	mq_close(queue);
	mq_unlink(name);
}

static siginfo_t seen;
static void on_notice(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	seen = *info;
	handled++;
}

static int sends(void)
{
	mqd_t queue = mq_open(name, O_WRONLY);
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	if (mq_notify(queue, &event) != -1 || errno != EBUSY)
		return 2;
	return mq_send(queue, "x", 1, 0) ? 1 : 0;
}

static void notices(void)
{
	struct sigaction action = { .sa_sigaction = on_notice, .sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	char text[16];
	event.sigev_value.sival_int = 77;
	sigaction(SIGUSR1, &action, NULL);
	mqd_t queue = make(0, 4, 16);
	need(queue >= 0, "mq_open");
	is(mq_notify(queue, &event), 0, "notify");
	fails(mq_notify(queue, &event), EBUSY, "notify again");
	handled = 0;
	pid_t pid = child(sends);
	for (int i = 0; i < 200 && !handled; i++)
		pause_ms(20);
	is(child_end(pid), 0, "the sender, who may not be told, too");
	is(handled, 1, "told once");
	is(seen.si_code, SI_MESGQ, "si_code");
	is(seen.si_value.sival_int, 77, "si_value");
	is(seen.si_pid, pid, "si_pid");
	is(mq_send(queue, "y", 1, 0), 0, "another letter");
	is(mq_notify(queue, &event), 0, "notify again, not empty");
	is(mq_send(queue, "z", 1, 0), 0, "one more");
	pause_ms(100);
	is(handled, 1, "was not told: it was not empty");
	for (int i = 0; i < 3; i++)
		is(mq_receive(queue, text, sizeof(text), NULL), 1, "receive");
	is(mq_send(queue, "a", 1, 0), 0, "a letter to the empty queue");
	for (int i = 0; i < 200 && handled < 2; i++)
		pause_ms(20);
	is(handled, 2, "told");
	mq_receive(queue, text, sizeof(text), NULL);
	is(mq_notify(queue, &event), 0, "notify");
	is(mq_notify(queue, NULL), 0, "no more");
	is(mq_notify(queue, &event), 0, "notify once more");
	mq_close(queue);
	queue = mq_open(name, O_RDWR);
	is(mq_send(queue, "b", 1, 0), 0, "closed meanwhile");
	pause_ms(100);
	is(handled, 2, "is not told any more");
	event.sigev_notify = 99;
	fails(mq_notify(queue, &event), EINVAL, "a bad way to be told");
	mq_close(queue);
	mq_unlink(name);
}

static volatile int called;
static void call(union sigval value)
{
	called = value.sival_int;
}

static void by_thread(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = call };
	event.sigev_value.sival_int = 5;
	mqd_t queue = make(0, 4, 16);
	is(mq_notify(queue, &event), 0, "notify by a thread");
	is(mq_send(queue, "x", 1, 0), 0, "send");
	for (int i = 0; i < 200 && !called; i++)
		pause_ms(20);
	is(called, 5, "the function ran");
	mq_close(queue);
	mq_unlink(name);
}

int main(void)
{
	snprintf(name, sizeof(name), "/carbide-%d", getpid());
	names();
	order();
	waits();
	notices();
	by_thread();
	return done();
}
