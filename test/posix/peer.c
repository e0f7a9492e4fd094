// SPDX-License-Identifier: MIT
// peer.c - who is at the other end of a socket: SO_PEERCRED by whatever way it was connected, and
// SCM_CREDENTIALS with messages. attack_identity.c tries to forge them.
#include "test/posix/test.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { OTHER = 1000, OTHER_GROUP = 1001, ABSTRACT_SIZE = 13, NONE = 65534 };

static const struct sockaddr_un path_name = { AF_UNIX, "/tmp/peer-socket" };
static const struct sockaddr_un abstract_name = { AF_UNIX, "\0peer-name" };
static const struct sockaddr_un *name;
static socklen_t name_size;
static int ends[2];
static pid_t listener_pid;

static struct ucred peer_of(int fd)
{
	struct ucred peer = { -1, 77, 77 };
	socklen_t size = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer)
		peer.pid = -2;
	return peer;
}

static bool is_peer(int fd, pid_t pid, uid_t user, gid_t group)
{
	struct ucred peer = peer_of(fd);
	if (peer.pid == pid && peer.uid == user && peer.gid == group)
		return true;
	printf("# pid %d user %d group %d instead of %d %d %d\n", peer.pid, (int)peer.uid,
		(int)peer.gid, pid, (int)user, (int)group);
	return false;
}

static int connect_there(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return fd >= 0 && connect(fd, (const void *)name, name_size) == 0 ? fd : -1;
}

// Its answer: the socket is known as it was when it listened.
static int client(void)
{
	int fd = connect_there();
	char byte;
	if (fd < 0 || !is_peer(fd, listener_pid, geteuid(), getegid()))
		return 1;
	return read(fd, &byte, 1) == 1 ? 0 : 2;
}

// Effective ids count, those at the time of the connection.
static int other_client(void)
{
	char byte;
	if (setegid(OTHER_GROUP) || seteuid(OTHER))
		return 1;
	int fd = connect_there();
	if (fd < 0 || !is_peer(fd, listener_pid, 0, 0))
		return 2;
	if (seteuid(0) || setegid(0))
		return 3;
	return read(fd, &byte, 1) == 1 ? 0 : 4;
}

static void by_name(const char *what)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	need(bind(listener, (const void *)name, name_size) == 0, what);
	check(is_peer(listener, 0, -1, -1), "nobody is connected yet");
	is(listen(listener, 5), 0, "listen");
	check(is_peer(listener, getpid(), geteuid(), getegid()), "who listens is told itself");
	listener_pid = getpid();
	pid_t pid = child(client);
	int fd = accept(listener, NULL, NULL);
	check(is_peer(fd, pid, geteuid(), getegid()), "who connected");
	is(write(fd, "x", 1), 1, "answer");
	is(child_end(pid), 0, "whom it connected to");
	check(is_peer(fd, pid, geteuid(), getegid()), "stays known after its end");
	close(fd);
	if (geteuid() == 0) {
		if (name == &path_name)
			chmod(path_name.sun_path, 0777);
		pid = child(other_client);
		fd = accept(listener, NULL, NULL);
		check(is_peer(fd, pid, OTHER, OTHER_GROUP), "another user connected");
		is(write(fd, "x", 1), 1, "answer");
		is(child_end(pid), 0, "and knows who listens");
		close(fd);
	}
	close(listener);
	unlink(path_name.sun_path);
}

// Sends a byte with these credentials, or with none of its own making.
static ssize_t send_as(int fd, const struct ucred *who)
{
	struct iovec part = { "x", 1 };
	union {
		char space[CMSG_SPACE(sizeof *who)];
		struct cmsghdr head;
	} control = {};
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	if (who) {
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_CREDENTIALS;
		head->cmsg_len = CMSG_LEN(sizeof *who);
		memcpy(CMSG_DATA(head), who, sizeof *who);
	}
	return sendmsg(fd, &message, 0);
}

static struct ucred receive(int fd)
{
	char byte;
	struct iovec part = { &byte, 1 };
	union {
		char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control = {};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	struct ucred who = { -1, 77, 77 };
	if (recvmsg(fd, &message, 0) != 1)
		return who;
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (head && head->cmsg_type == SCM_CREDENTIALS && head->cmsg_len == CMSG_LEN(sizeof who))
		memcpy(&who, CMSG_DATA(head), sizeof who);
	return who;
}

static bool is_sender(pid_t pid, uid_t user, gid_t group)
{
	struct ucred who = receive(ends[0]);
	if (who.pid == pid && who.uid == user && who.gid == group)
		return true;
	printf("# pid %d user %d group %d instead of %d %d %d\n", who.pid, (int)who.uid, (int)who.gid,
		pid, (int)user, (int)group);
	return false;
}

static int send_itself(void)
{
	struct ucred own = { getpid(), getuid(), getgid() };
	return send_as(ends[1], &own) == 1 ? 0 : 1;
}

static int send_plain(void)
{
	return send_as(ends[1], NULL) == 1 ? 0 : 1;
}

// As user 1000 whose saved user is 1002.
static int send_lies(void)
{
	if (geteuid() == 0 && (setgroups(0, NULL) || setresgid(OTHER, OTHER, OTHER) ||
							  setresuid(OTHER, OTHER, OTHER + 2)))
		return 1;
	struct ucred own = { getpid(), getuid(), getgid() }, lie = own;
	lie.uid = 0;
	fails(send_as(ends[1], &lie), EPERM, "to be root");
	lie = own, lie.gid = 0;
	fails(send_as(ends[1], &lie), EPERM, "to be of root's group");
	lie = own, lie.pid = getppid();
	fails(send_as(ends[1], &lie), EPERM, "to be one's parent");
	lie = own, lie.uid = -1;
	fails(send_as(ends[1], &lie), EINVAL, "to be no user");
	lie = own, lie.uid = getuid() == OTHER ? OTHER + 2 : own.uid;
	is(send_as(ends[1], &lie), 1, "to be one's saved user");
	return failures != 0;
}

static void messages(int type, const char *what)
{
	int on = 1;
	bool is_root = geteuid() == 0;
	need(socketpair(AF_UNIX, type, 0, ends) == 0, what);
	check(is_peer(ends[0], getpid(), geteuid(), getegid()), "a pair is known as its maker");
	is(setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0, "SO_PASSCRED");
	send_plain();
	check(is_sender(getpid(), getuid(), getgid()), "who sends without a word");
	pid_t pid = child(send_itself);
	check(is_sender(pid, getuid(), getgid()), "a child that says so");
	is(child_end(pid), 0, "was believed");
	is(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0, "SO_PASSCRED of both");
	pid = child(send_plain);
	check(is_sender(pid, getuid(), getgid()), "a child that says nothing");
	is(child_end(pid), 0, "sent");
	is(child_end(pid = child(send_lies)), 0, "what may not be said");
	check(
		is_sender(pid, is_root ? OTHER + 2 : getuid(), is_root ? OTHER : getgid()), "and what may");
	if (is_root) {
		struct ucred other = { getppid(), 4711, 4712 };
		is(send_as(ends[1], &other), 1, "root may be anybody");
		check(is_sender(other.pid, 4711, 4712), "and is told so");
		other.pid = 4194303;
		fails(send_as(ends[1], &other), ESRCH, "but nobody who is not there");
	}
	int off = 0;
	is(setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &off, sizeof off), 0, "no SO_PASSCRED");
	send_itself();
	is(receive(ends[0]).pid, -1, "who does not want it is not told");
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	unlink(path_name.sun_path);
	name = &path_name;
	name_size = sizeof path_name;
	by_name("bind to a path");
	name = &abstract_name;
	name_size = ABSTRACT_SIZE;
	by_name("bind to an abstract name");
	messages(SOCK_STREAM, "a pair of streams");
	messages(SOCK_DGRAM, "a pair of datagrams");
	messages(SOCK_SEQPACKET, "a pair of packets");
	return done();
}
