// SPDX-License-Identifier: MIT
// Datagrams by name: bind, sendto, recvfrom, connect, what is large, who sent it, who is gone.
#include "test/posix/test.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { LARGE = 60000, NAME_MIN = offsetof(struct sockaddr_un, sun_path) };

static const struct sockaddr_un here = { AF_UNIX, "/tmp/datagram-here" };
static const struct sockaddr_un there = { AF_UNIX, "/tmp/datagram-there" };
static const struct sockaddr_un hidden = { AF_UNIX, "\0datagram-hidden" };
static char large[LARGE], got[LARGE + 1];

static int hear(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	unlink(name->sun_path);
	need(fd >= 0 && bind(fd, (const void *)name, sizeof(*name)) == 0, "bind");
	return fd;
}

static long say(int fd, const struct sockaddr_un *to, const void *bytes, size_t size)
{
	return sendto(fd, bytes, size, 0, (const void *)to, sizeof(*to));
}

static void names(void)
{
	int a = hear(&here), b = hear(&there), nobody = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un from;
	socklen_t size = sizeof(from);
	fails(recv(a, got, 8, MSG_DONTWAIT), EAGAIN, "nothing yet");
	is(say(b, &here, "hello", 5), 5, "sendto a name");
	is(recvfrom(a, got, sizeof(got), 0, (void *)&from, &size), 5, "recvfrom");
	check(!memcmp(got, "hello", 5), "the bytes");
	check(size > NAME_MIN && !strcmp(from.sun_path, there.sun_path), "and who sent them");
	is(sendto(a, "back", 4, 0, (void *)&from, size), 4, "an answer to that name");
	is(recv(b, got, sizeof(got), 0), 4, "arrives");
	is(say(nobody, &here, "", 0), 0, "nothing, from nobody");
	size = sizeof(from);
	is(recvfrom(a, got, sizeof(got), 0, (void *)&from, &size), 0, "is a datagram");
	is((long)size, 0, "without a name");
	is(say(nobody, &here, "abcdef", 6), 6, "another");
	is(recv(a, got, 3, MSG_PEEK), 3, "peeked at");
	is(recv(a, got, 3, MSG_TRUNC), 6, "cut, and how long it was");
	fails(recv(a, got, 3, MSG_DONTWAIT), EAGAIN, "the rest is gone");
	fails(bind(nobody, (const void *)&here, sizeof(here)), EADDRINUSE, "a name that is taken");
	fails(bind(a, (const void *)&hidden, sizeof(hidden)), EINVAL, "a second name");
	fails(listen(a, 1), EOPNOTSUPP, "listen");
	fails(send(nobody, "x", 1, 0), ENOTCONN, "send to nobody");
	close(nobody);
	close(a);
	fails(say(b, &here, "x", 1), ECONNREFUSED, "to who is gone");
	unlink(here.sun_path);
	fails(say(b, &here, "x", 1), ENOENT, "to a name that is gone");
	close(b);
	unlink(there.sun_path);
}

static void connected(void)
{
	int a = hear(&here), b = socket(AF_UNIX, SOCK_DGRAM, 0), other = hear(&there);
	struct sockaddr_un peer;
	socklen_t size = sizeof(peer);
	is(connect(b, (const void *)&here, sizeof(here)), 0, "connect");
	is(getpeername(b, (void *)&peer, &size), 0, "getpeername");
	check(!strcmp(peer.sun_path, here.sun_path), "the name");
	is(write(b, "one", 3), 3, "write");
	is(send(b, "three", 5, 0), 5, "send");
	is(say(b, &there, "past", 4), 4, "sendto another");
	is(read(a, got, sizeof(got)), 3, "one by one");
	is(read(a, got, sizeof(got)), 5, "they come");
	is(read(other, got, sizeof(got)), 4, "and the other's there");
	is(connect(b, (const void *)&there, sizeof(there)), 0, "connect again");
	is(write(b, "four", 4), 4, "write");
	is(read(other, got, sizeof(got)), 4, "goes there now");
	is(shutdown(b, SHUT_WR), 0, "shutdown");
	fails(send(b, "x", 1, MSG_NOSIGNAL), EPIPE, "is the end of sending");
	is(say(a, &there, "still", 5), 5, "for that one alone");
	is(read(other, got, sizeof(got)), 5, "who is sent to hears others");
	close(other);
	close(b);
	b = socket(AF_UNIX, SOCK_DGRAM, 0);
	need(connect(b, (const void *)&here, sizeof(here)) == 0, "connect");
	close(a);
	fails(send(b, "x", 1, 0), ECONNREFUSED, "whoever heard is gone");
	close(b);
	unlink(here.sun_path);
	unlink(there.sun_path);
}

// Longer than a pipe writes at once; from two at a time, each arrives whole.
static int sends_large(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	memset(large, 'a' + getpid() % 2, sizeof(large));
	for (int i = 0; i < 20; i++)
		if (say(fd, &here, large, sizeof(large)) != sizeof(large))
			return 1;
	return 0;
}

static void sizes(void)
{
	int a = hear(&here), whole = 0;
	pid_t first = child(sends_large), second = child(sends_large);
	for (int i = 0; i < 40; i++) {
		long size = recv(a, got, sizeof(got), 0);
		bool is_same = size == LARGE;
		for (int j = 1; is_same && j < LARGE; j++)
			is_same = got[j] == got[0];
		whole += is_same;
	}
	is(whole, 40, "large ones arrive whole");
	check(child_end(first) == 0 && child_end(second) == 0, "and were sent so");
	close(a);
	unlink(here.sun_path);
}

static void ready(void)
{
	int a = hear(&here), b = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct pollfd wait = { a, POLLIN | POLLOUT, 0 };
	is(poll(&wait, 1, 0), 1, "poll");
	is(wait.revents, POLLOUT, "ready to write only");
	say(b, &here, "x", 1);
	wait.events = POLLIN;
	is(poll(&wait, 1, 1000), 1, "poll once something came");
	is(wait.revents, POLLIN, "ready to read");
	int sent = 0;
	connect(b, (const void *)&here, sizeof(here));
	while (sent < 1000 && send(b, large, 2000, MSG_DONTWAIT) == 2000)
		sent++;
	check(sent > 1 && sent < 1000 && errno == EAGAIN, "until there is no room");
	wait = (struct pollfd){ b, POLLOUT, 0 };
	is(poll(&wait, 1, 0), 0, "not ready to write");
	while (recv(a, got, sizeof(got), MSG_DONTWAIT) > 0)
		;
	is(poll(&wait, 1, 1000), 1, "ready again");
	close(a);
	close(b);
	unlink(here.sun_path);
}

static int takes(int fd)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { got, 8 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int number = -1;
	if (recvmsg(fd, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&number, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(number));
	return number;
}

// Descriptors and kinds.
static void others(void)
{
	int a = hear(&hidden), b = socket(AF_UNIX, SOCK_DGRAM, 0), ends[2];
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec part = { "x", 1 };
	struct msghdr message = { .msg_name = (void *)&hidden,
		.msg_namelen = sizeof(hidden),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_len = CMSG_LEN(sizeof(int));
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	(void)!pipe(ends);
	memcpy(CMSG_DATA(head), &ends[1], sizeof(int));
	is(sendmsg(b, &message, 0), 1, "a descriptor to an abstract name");
	int number = takes(a);
	check(number >= 0 && write(number, "y", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'y',
		"is the pipe's end");
	int stream = socket(AF_UNIX, SOCK_STREAM, 0);
	fails(connect(stream, (const void *)&hidden, sizeof(hidden)), ECONNREFUSED,
		"a stream has other names");
	int listener = hear(&here);
	fails(connect(stream, (const void *)&here, sizeof(here)), EPROTOTYPE, "but the same files");
	close(listener);
	unlink(here.sun_path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listener, (const void *)&here, sizeof(here));
	listen(listener, 1);
	fails(connect(b, (const void *)&here, sizeof(here)), EPROTOTYPE, "datagrams to a listener");
	close(stream);
	close(listener);
	close(number);
	close(ends[0]);
	close(ends[1]);
	close(a);
	close(b);
	unlink(here.sun_path);
}

static int by_user(void)
{
	int b = socket(AF_UNIX, SOCK_DGRAM, 0);
	setresgid(1000, 1000, 1000);
	setresuid(1000, 1000, 1000);
	fails(say(b, &here, "x", 1), EACCES, "to a name that may not be written to");
	return 0;
}

static void rights(void)
{
	int a = hear(&here);
	chmod(here.sun_path, 0700);
	if (!geteuid())
		is(child_end(child(by_user)), 0, "a user");
	fails(recv(a, got, 1, MSG_DONTWAIT), EAGAIN, "nothing came");
	close(a);
	unlink(here.sun_path);
}

int main(void)
{
	names();
	connected();
	sizes();
	ready();
	others();
	rights();
	return done();
}
