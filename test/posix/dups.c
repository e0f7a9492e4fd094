// SPDX-License-Identifier: MIT
// dups.c - what is open by several descriptors of a process stays what it is until the last one is
// closed, also while calls of other threads use it: sockets, epoll sets, FIFOs, pipes.
#include "test/posix/test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { BESIDE_MS = 300, THREADS = 4 };

static int pair[2], shared[16];
static volatile int is_over;

static bool passes(int from, int to)
{
	char got = 0;
	return write(from, "x", 1) == 1 && read(to, &got, 1) == 1 && got == 'x';
}

static void sockets(void)
{
	char byte;
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	int copy = dup(pair[0]);
	is(close(copy), 0, "a second descriptor is closed");
	check(passes(pair[0], pair[1]) && passes(pair[1], pair[0]), "the first is a socket still");
	copy = dup(pair[0]);
	is(close(pair[0]), 0, "the first is closed");
	check(passes(copy, pair[1]) && passes(pair[1], copy), "the second is one still");
	is(dup2(copy, pair[1] + 10), pair[1] + 10, "dup2");
	is(close(copy), 0, "and that closed");
	check(passes(pair[1] + 10, pair[1]), "the third, too");
	is(dup2(pair[1], pair[1] + 10), pair[1] + 10, "the last of one end becomes the other's");
	is(read(pair[1], &byte, 1), 0, "which ends it");
	close(pair[1]);
	close(pair[1] + 10);
}

static int uses_and_closes(void)
{
	if (!passes(pair[0], pair[1]) || close(pair[0]))
		return 1;
	return close(pair[1]);
}

static void children(void)
{
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	is(child_end(child(uses_and_closes)), 0, "a child uses a socket and closes it");
	check(passes(pair[0], pair[1]), "it is the parent's still");
	if (vfork() == 0) {
		close(pair[0]);
		_exit(0);
	}
	wait(NULL);
	check(passes(pair[0], pair[1]) && passes(pair[1], pair[0]), "also when vfork's closes it");
	close(pair[0]);
	close(pair[1]);
}

static void listening(void)
{
	struct sockaddr_un name = { AF_UNIX, "/tmp/dups-socket" };
	unlink(name.sun_path);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
	need(bind(listener, (void *)&name, sizeof name) == 0 && listen(listener, 2) == 0, "a listener");
	close(dup(listener));
	is(connect(client, (void *)&name, sizeof name), 0, "connect after its copy is closed");
	int server = accept(listener, NULL, NULL);
	close(dup(server));
	close(dup(client));
	check(server >= 0 && passes(client, server) && passes(server, client), "accept");
	close(server);
	close(client);
	close(listener);
	unlink(name.sun_path);
}

static void epolls(void)
{
	struct epoll_event event = { EPOLLIN, { .u32 = 7 } }, got;
	int ends[2];
	need(pipe(pair) == 0, "pipe");
	int set = epoll_create1(0), watched = dup(pair[0]);
	is(epoll_ctl(set, EPOLL_CTL_ADD, pair[0], &event), 0, "a pipe is watched");
	close(dup(set));
	close(watched);
	is(write(pair[1], "x", 1), 1, "something comes");
	is(epoll_wait(set, &got, 1, 1000), 1, "which is told when copies of both were closed");
	watched = dup(pair[0]);
	is(close(pair[0]), 0, "the watched descriptor is closed");
	is(epoll_wait(set, &got, 1, 1000), 1, "another of the same file is not");
	is((long)got.events, EPOLLIN, "there is something");
	is(close(watched), 0, "until it is");
	is(epoll_wait(set, &got, 1, 50), 0, "then nothing is told");
	int last = dup(set);
	close(set);
	is(epoll_wait(last, &got, 1, 0), 0, "the set's last descriptor");
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	is(epoll_ctl(last, EPOLL_CTL_ADD, ends[0], &event), 0, "watches a socket");
	is(write(ends[1], "x", 1), 1, "to which something comes");
	is(epoll_wait(last, &got, 1, 1000), 1, "and tells of it");
	close(ends[0]);
	close(ends[1]);
	close(last);
	close(pair[1]);
}

// What an epoll set watched is closed at exec as everything else.
static void executed(bool is_set_kept)
{
	struct epoll_event event = { .events = EPOLLIN };
	char *arguments[] = { "dups", "waits", NULL };
	need(pipe2(pair, O_CLOEXEC) == 0, "pipe");
	int set = epoll_create1(is_set_kept ? 0 : EPOLL_CLOEXEC);
	is(epoll_ctl(set, EPOLL_CTL_ADD, pair[1], &event), 0, "the writing end is watched");
	pid_t pid = is_set_kept ? fork() : vfork();
	if (!pid) {
		execv("/proc/self/exe", arguments);
		_exit(1);
	}
	close(set);
	close(pair[1]);
	struct pollfd end = { .fd = pair[0], .events = POLLIN };
	is(poll(&end, 1, 2000), 1, "it is gone when a child has called exec");
	is(end.revents, POLLHUP, "from everybody");
	kill(pid, SIGKILL);
	child_end(pid);
	close(pair[0]);
}

static void fifos(void)
{
	unlink("/tmp/dups-fifo");
	need(mkfifo("/tmp/dups-fifo", 0600) == 0, "mkfifo");
	int end = open("/tmp/dups-fifo", O_RDWR);
	close(dup(end));
	int writer = open("/tmp/dups-fifo", O_WRONLY | O_NONBLOCK);
	check(writer >= 0, "a FIFO has its reader when a copy was closed");
	check(passes(writer, end), "that reads");
	close(end);
	close(writer);
	fails(open("/tmp/dups-fifo", O_WRONLY | O_NONBLOCK), ENXIO, "and none when all are");
	unlink("/tmp/dups-fifo");
}

static void *reads(void *unused)
{
	char byte;
	(void)unused;
	return (void *)read(pair[0], &byte, 1);
}

// The file is its user's until the call is over.
static void used(void)
{
	pthread_t thread;
	void *answer;
	char byte;
	struct pollfd end = { .events = POLLIN };
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	need(pthread_create(&thread, NULL, reads, NULL) == 0, "a thread reads");
	pause_ms(50);
	is(close(pair[0]), 0, "its descriptor is closed");
	on_signal(SIGPIPE, SIG_IGN, 0); // on a busy machine it may not have begun to read
	check(write(pair[1], "x", 1) == 1 || errno == EPIPE, "something is written");
	end.fd = pair[1];
	pthread_join(thread, &answer);
	check((long)answer == 1 || (long)answer == -1, "the read is over");
	is(poll(&end, 1, 2000), 1, "then the other end hears of it");
	check(read(pair[1], &byte, 1) == 0 || errno == ECONNRESET, "that nobody is there");
	close(pair[1]);
}

static void *opens(void *unused)
{
	(void)unused;
	while (!is_over)
		for (int i = 0; i < 16 && !is_over; i += 2) {
			int ends[2];
			if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
				continue;
			dup2(ends[0], shared[i]);
			dup2(ends[1], shared[i + 1]);
			close(ends[0]);
			close(ends[1]);
		}
	return NULL;
}

static void *uses(void *unused)
{
	char byte;
	(void)unused;
	for (unsigned i = 0; !is_over; i++) {
		int fd = shared[i % 16];
		send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		recv(fd, &byte, 1, MSG_DONTWAIT);
		struct epoll_event event = { .events = EPOLLIN };
		int set = epoll_create1(0);
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
		close(dup(set));
		epoll_wait(set, &event, 1, 0);
		close(set);
	}
	return NULL;
}

// Descriptors that become others under the calls that use them.
static void beside(void)
{
	pthread_t threads[THREADS];
	for (int i = 0; i < 16; i++)
		shared[i] = 100 + i;
	for (int i = 0; i < THREADS; i++)
		need(pthread_create(&threads[i], NULL, i ? uses : opens, NULL) == 0, "a thread");
	pause_ms(BESIDE_MS);
	is_over = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 16; i++)
		close(shared[i]);
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	check(passes(pair[0], pair[1]), "many threads open, use and close the same descriptors");
	close(pair[0]);
	close(pair[1]);
}

int main(int count, char **arguments)
{
	if (count > 1 && !strcmp(arguments[1], "waits")) {
		pause_ms(20000);
		return 0;
	}
	sockets();
	children();
	listening();
	epolls();
	executed(false);
	executed(true);
	fifos();
	used();
	beside();
	return done();
}
