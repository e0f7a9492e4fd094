// SPDX-License-Identifier: MIT
// Sockets of one machine: pairs, names, datagrams, handing descriptors over.
#include "test/posix/test.h"

#include "test/posix/pass.h"

#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static int ends[2];

static void pairs(void)
{
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	char text[32];
	is(write(ends[0], "hello", 5), 5, "write");
	is(recv(ends[1], text, 32, MSG_PEEK), 5, "MSG_PEEK");
	is(read(ends[1], text, 3), 3, "read a part");
	is(recv(ends[1], text, 32, MSG_DONTWAIT), 2, "the rest");
	fails(recv(ends[1], text, 32, MSG_DONTWAIT), EAGAIN, "MSG_DONTWAIT");
	is(send(ends[1], "back", 4, 0), 4, "the other way");
	is(read(ends[0], text, 32), 4, "both do both");
	int value = 0;
	socklen_t size = sizeof(value);
	is(getsockopt(ends[0], SOL_SOCKET, SO_TYPE, &value, &size), 0, "SO_TYPE");
	is(value, SOCK_STREAM, "is a stream");
	struct ucred peer;
	size = sizeof(peer);
	is(getsockopt(ends[0], SOL_SOCKET, SO_PEERCRED, &peer, &size), 0, "SO_PEERCRED");
	is(peer.pid, getpid(), "is this process");
	fails(lseek(ends[0], 0, SEEK_SET), ESPIPE, "seek");
	is(shutdown(ends[0], SHUT_WR), 0, "shutdown");
	is(read(ends[1], text, 1), 0, "end of file");
	fails(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE, "send after it");
	is(write(ends[1], "y", 1), 1, "the other way still");
	is(read(ends[0], text, 1), 1, "goes");
	close(ends[1]);
	is(read(ends[0], text, 1), 0, "peer gone");
	struct pollfd poller = { ends[0], POLLIN | POLLOUT, 0 };
	is(poll(&poller, 1, 0), 1, "poll");
	check(poller.revents & POLLHUP, "POLLHUP");
	close(ends[0]);
}

static void datagrams(int type, const char *what)
{
	need(socketpair(AF_UNIX, type, 0, ends) == 0, what);
	char text[32];
	is(send(ends[0], "one", 3, 0), 3, "send");
	is(send(ends[0], "three", 5, 0), 5, "send another");
	is(recv(ends[1], text, 32, 0), 3, "whole messages");
	struct iovec part = { text, 2 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	is(recvmsg(ends[1], &message, 0), 2, "recvmsg");
	check(message.msg_flags & MSG_TRUNC, "MSG_TRUNC");
	fails(recv(ends[1], text, 32, MSG_DONTWAIT), EAGAIN, "the rest of it is gone");
	close(ends[0]);
	close(ends[1]);
}

static void handing(void)
{
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	int pipe_ends[2];
	need(pipe(pipe_ends) == 0, "pipe");
	char byte;
	is(pass_send(ends[0], pipe_ends[1]), 1, "sendmsg with a descriptor");
	close(pipe_ends[1]);
	int got = pass_receive(ends[1], MSG_CMSG_CLOEXEC);
	need(got >= 0, "SCM_RIGHTS");
	is(fcntl(got, F_GETFD), FD_CLOEXEC, "MSG_CMSG_CLOEXEC");
	is(write(got, "z", 1), 1, "write to it");
	is(read(pipe_ends[0], &byte, 1), 1, "comes out of the pipe");
	close(got);
	is(read(pipe_ends[0], &byte, 1), 0, "it was the last");
	close(pipe_ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static const struct sockaddr_un name = { AF_UNIX, "test-socket" };

// Who connects is not told that root listens, if it is another.
static int listens_as_user(void)
{
	static const struct sockaddr_un own = { AF_UNIX, "\0test-peer" };
	struct ucred peer = {};
	socklen_t size = sizeof(peer);
	if (geteuid() == 0 && setuid(1000) != 0)
		return 1;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (const void *)&own, 13) || listen(listener, 1) ||
		connect(fd, (const void *)&own, 13))
		return 2;
	int answer = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	return answer == 0 && peer.uid != 0 ? 0 : 3;
}

static int client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char text[8];
	if (connect(fd, (const void *)&name, sizeof(name)) || write(fd, "ask", 3) != 3)
		return 1;
	return read(fd, text, 8) == 6 ? 0 : 2;
}

static void named(void)
{
	unlink(name.sun_path);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	need(listener >= 0, "socket");
	int other = socket(AF_UNIX, SOCK_STREAM, 0);
	fails(connect(other, (const void *)&name, sizeof(name)), ENOENT, "connect to nothing");
	is(bind(listener, (const void *)&name, sizeof(name)), 0, "bind");
	fails(connect(other, (const void *)&name, sizeof(name)), ECONNREFUSED, "connect too early");
	fails(bind(other, (const void *)&name, sizeof(name)), EADDRINUSE, "bind the same name");
	is(child_end(child(listens_as_user)), 0, "SO_PEERCRED of who connected");
	is(listen(listener, 5), 0, "listen");
	pid_t pid = child(client);
	int fd = accept(listener, NULL, NULL);
	check(fd >= 0, "accept");
	char text[8];
	is(read(fd, text, 8), 3, "question");
	is(write(fd, "answer", 6), 6, "answer");
	is(child_end(pid), 0, "client");
	is(read(fd, text, 8), 0, "client is gone");
	close(fd);
	fcntl(listener, F_SETFL, O_NONBLOCK);
	fails(accept(listener, NULL, NULL), EAGAIN, "accept without a client");
	close(listener);
	fails(connect(other, (const void *)&name, sizeof(name)), ECONNREFUSED, "connect too late");
	close(other);
	unlink(name.sun_path);
}

static void errors(void)
{
	fails(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT, "a family that there is not");
	fails(socket(AF_UNIX, 77, 0), EINVAL, "a type that there is not");
	fails(
		socketpair(AF_UNIX, SOCK_STREAM, 5, ends), EPROTONOSUPPORT, "a protocol that there is not");
	fails(socketpair(AF_UNIX, SOCK_STREAM, 0, bad_address), EFAULT, "a bad address");
	int null = open("/dev/null", O_RDWR);
	fails(listen(null, 1), ENOTSOCK, "listen on what is no socket");
	fails(send(null, "x", 1, 0), ENOTSOCK, "send to what is no socket");
	fails(listen(99, 1), EBADF, "listen on nothing");
	close(null);
}

int main(void)
{
	(void)!chdir("/tmp");
	pairs();
	datagrams(SOCK_DGRAM, "socketpair, datagrams");
	datagrams(SOCK_SEQPACKET, "socketpair, packets");
	handing();
	named();
	errors();
	return done();
}
