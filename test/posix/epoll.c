// SPDX-License-Identifier: MIT
// epoll: level, edge, once; what cannot be added; removing, closing, waiting.
#include "test/posix/test.h"
#include <sys/epoll.h>

static int ends[2];

static int writes_later(void)
{
	pause_ms(100);
	return write(ends[1], "x", 1) == 1 ? 0 : 1;
}

// What a child closes of its own, by itself or by exec, is no matter to its parent's set.
static int watched[2], parents;

static int closes_them(void)
{
	close(watched[0]);
	close(parents);
	return 0;
}

static int executes(void)
{
	execl("/proc/self/exe", "epoll", "only start", NULL);
	return 1;
}

static void children(void)
{
	int set = parents = epoll_create1(EPOLL_CLOEXEC);
	need(pipe2(watched, O_CLOEXEC) == 0, "pipe2");
	struct epoll_event event = { EPOLLIN, { .fd = watched[0] } };
	is(epoll_ctl(set, EPOLL_CTL_ADD, watched[0], &event), 0, "add before a fork");
	child_end(child(closes_them));
	(void)!write(watched[1], "x", 1);
	is(epoll_wait(set, &event, 1, 5000), 1, "a child closed what it had");
	child_end(child(executes));
	is(epoll_wait(set, &event, 1, 5000), 1, "a child executed a program");
	is(event.data.fd, watched[0], "the same file");
	char byte;
	(void)!read(watched[0], &byte, 1);
	is(epoll_wait(set, &event, 1, 0), 0, "and nothing when it is empty");
	close(watched[0]);
	close(watched[1]);
	close(set);
}

static int put_into(int outer, int inner)
{
	struct epoll_event event = { EPOLLIN, { .fd = inner } };
	return epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event);
}

// Sets within sets: as many as Linux has, and never in a ring.
static void nested(void)
{
	int chain[6], path = open("/tmp", O_PATH);
	need(pipe(ends) == 0, "pipe");
	for (int i = 0; i < 6; i++)
		chain[i] = epoll_create1(EPOLL_CLOEXEC);
	is(put_into(chain[0], ends[0]), 0, "a pipe in a set");
	for (int i = 1; i < 5; i++)
		is(put_into(chain[i], chain[i - 1]), 0, "a set in a set");
	check(put_into(chain[5], chain[4]) == -1 && (errno == ELOOP || errno == EINVAL),
		"six are too many");
	fails(put_into(chain[0], chain[4]), ELOOP, "a ring of five");
	fails(put_into(chain[0], chain[1]), ELOOP, "a ring of two");
	(void)!write(ends[1], "x", 1);
	struct epoll_event event;
	is(epoll_wait(chain[4], &event, 1, 5000), 1, "the outermost hears of the pipe");
	is(event.data.fd, chain[3], "by the next one");
	fails(put_into(chain[0], path), EBADF, "what has no contents (O_PATH)");
	fails(put_into(path, ends[0]), EBADF, "or as the set");
	for (int i = 0; i < 6; i++)
		close(chain[i]);
	close(ends[0]);
	close(ends[1]);
	close(path);
}

// ends[0] is in the set, ends[1] is not.
static void exclusive(int set, const int ends[2])
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	fails(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event), EINVAL, "change to exclusive");
	event.events |= EPOLLONESHOT;
	fails(epoll_ctl(set, EPOLL_CTL_ADD, ends[1], &event), EINVAL, "exclusive, and once");
	event.events = EPOLLOUT | EPOLLEXCLUSIVE;
	is(epoll_ctl(set, EPOLL_CTL_ADD, ends[1], &event), 0, "add as exclusive");
	event.events = EPOLLOUT;
	fails(epoll_ctl(set, EPOLL_CTL_MOD, ends[1], &event), EINVAL, "which stays so");
	is(epoll_ctl(set, EPOLL_CTL_DEL, ends[1], NULL), 0, "until it is removed");
}

static void basics(void)
{
	int set = epoll_create1(EPOLL_CLOEXEC);
	need(set >= 0, "epoll_create1");
	need(pipe(ends) == 0, "pipe");
	struct epoll_event event = { EPOLLIN, { .u64 = 0x123456789 } }, got[4];
	is(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event), 0, "add");
	fails(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event), EEXIST, "add twice");
	fails(epoll_ctl(set, EPOLL_CTL_MOD, ends[1], &event), ENOENT, "change what is not there");
	fails(epoll_ctl(set, EPOLL_CTL_ADD, set, &event), EINVAL, "add itself");
	fails(epoll_ctl(set, EPOLL_CTL_ADD, 99, &event), EBADF, "add nothing");
	fails(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &event), EINVAL, "no epoll at all");
	int file = open("/tmp/test-epoll", O_RDWR | O_CREAT, 0600);
	fails(epoll_ctl(set, EPOLL_CTL_ADD, file, &event), EPERM, "add a regular file");
	unlink("/tmp/test-epoll");
	is(epoll_wait(set, got, 4, 0), 0, "nothing ready");
	(void)!write(ends[1], "ab", 2);
	is(epoll_wait(set, got, 4, -1), 1, "ready");
	check(got[0].events == EPOLLIN && got[0].data.u64 == 0x123456789, "its event and data");
	is(epoll_wait(set, got, 4, 0), 1, "level: told again");
	char text[4];
	(void)!read(ends[0], text, 4);
	is(epoll_wait(set, got, 4, 50), 0, "read: told no more");
	exclusive(set, ends);
	event.events = EPOLLIN | EPOLLET;
	is(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event), 0, "change to edge");
	(void)!write(ends[1], "a", 1);
	is(epoll_wait(set, got, 4, 1000), 1, "edge: told once");
	is(epoll_wait(set, got, 4, 50), 0, "and no more");
	(void)!write(ends[1], "b", 1);
	is(epoll_wait(set, got, 4, 1000), 1, "but for the next byte");
	event.events = EPOLLIN | EPOLLONESHOT;
	is(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event), 0, "change to once");
	is(epoll_wait(set, got, 4, 1000), 1, "once");
	is(epoll_wait(set, got, 4, 50), 0, "and asleep");
	is(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event), 0, "awake again");
	is(epoll_wait(set, got, 4, 1000), 1, "once more");
	(void)!read(ends[0], text, 4);
	event.events = EPOLLIN;
	epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event);
	pid_t pid = child(writes_later);
	is(epoll_wait(set, got, 4, 20000), 1, "waits for a byte");
	child_end(pid);
	event.events = EPOLLOUT;
	event.data.u64 = 2;
	is(epoll_ctl(set, EPOLL_CTL_ADD, ends[1], &event), 0, "add the other end");
	is(epoll_wait(set, got, 4, 1000), 2, "two ready");
	is(epoll_wait(set, got, 1, 1000), 1, "no more than asked for");
	is(epoll_ctl(set, EPOLL_CTL_DEL, ends[1], NULL), 0, "remove");
	fails(epoll_ctl(set, EPOLL_CTL_DEL, ends[1], NULL), ENOENT, "remove twice");
	close(ends[1]);
	is(epoll_wait(set, got, 4, 1000), 1, "hang-up");
	check(got[0].events & EPOLLHUP, "EPOLLHUP without asking");
	close(ends[0]);
	is(epoll_wait(set, got, 4, 50), 0, "closed: gone");
	fails(epoll_wait(set, got, 0, 0), EINVAL, "no room");
	handled = 0;
	on_signal(SIGALRM, count_signal, SA_RESTART);
	alarm(1);
	fails(epoll_wait(set, got, 4, -1), EINTR, "a signal ends it");
	close(set);
	fails(epoll_create1(1), EINVAL, "epoll_create1 with a bad flag");
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	children();
	basics();
	nested();
	return done();
}
