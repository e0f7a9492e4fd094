// SPDX-License-Identifier: MIT
// inotify: what is told of files and directories, by whom, and when nothing is.
#include "test/posix/test.h"
#include <poll.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static char folder[64];
static int fd;

static char events[65536];
static ssize_t have, at;

static const struct inotify_event *next(void)
{
	if (at >= have) {
		struct pollfd poller = { fd, POLLIN, 0 };
		if (poll(&poller, 1, 300) != 1)
			return NULL;
		have = read(fd, events, sizeof(events));
		at = 0;
		if (have <= 0)
			return NULL;
	}
	const struct inotify_event *event = (const void *)(events + at);
	at += (ssize_t)(sizeof(*event) + event->len);
	return event;
}

static uint32_t cookie;

// The next event is this one.
static void told(int watch, uint32_t mask, const char *name, const char *what)
{
	const struct inotify_event *event = next();
	char why[160];
	if (!event) {
		said(false, what, "nothing was told");
		return;
	}
	const char *got = event->len ? event->name : "";
	snprintf(why, sizeof(why), "watch %d mask %x name %s, not %d %x %s", event->wd, event->mask,
		got, watch, mask, name);
	said(event->wd == watch && event->mask == mask && !strcmp(got, name), what, why);
	cookie = event->cookie;
}

static void silent(const char *what)
{
	const struct inotify_event *event = next();
	char why[80] = "";
	if (event)
		snprintf(why, sizeof(why), "watch %d mask %x", event->wd, event->mask);
	said(!event, what, why);
}

static const char *in(const char *name)
{
	static char paths[4][128];
	static int turn;
	char *path = paths[turn++ % 4];
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void errors(void)
{
	fails(inotify_init1(1), EINVAL, "unknown flags");
	fails(inotify_add_watch(fd, folder, 0), EINVAL, "an empty mask");
	fails(inotify_add_watch(fd, in("none"), IN_OPEN), ENOENT, "no such file");
	fails(inotify_add_watch(-1, folder, IN_OPEN), EBADF, "no descriptor");
	fails(inotify_add_watch(1, folder, IN_OPEN), EINVAL, "another descriptor");
	fails(inotify_add_watch(fd, bad_address, IN_OPEN), EFAULT, "a bad address");
	fails(inotify_rm_watch(fd, 77), EINVAL, "no such watch");
	fails(inotify_rm_watch(1, 1), EINVAL, "rm of another descriptor");
	fails(inotify_add_watch(fd, "/dev/null", IN_OPEN | IN_ONLYDIR), ENOTDIR, "only directories");
	fails(read(fd, events, sizeof(events)), EAGAIN, "nothing to read");
	int flags = fcntl(fd, F_GETFD);
	is(flags, FD_CLOEXEC, "IN_CLOEXEC");
}

static void names(void)
{
	int watch = inotify_add_watch(
		fd, folder, IN_CREATE | IN_DELETE | IN_MOVE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB);
	check(watch > 0, "watch a directory");
	is(inotify_add_watch(fd, folder, IN_MASK_ADD | IN_ATTRIB), watch, "once more: the same watch");
	fails(inotify_add_watch(fd, folder, IN_MASK_CREATE | IN_ATTRIB), EEXIST, "IN_MASK_CREATE");
	int file = open(in("file"), O_CREAT | O_RDWR, 0644);
	told(watch, IN_CREATE, "file", "a file");
	mkdir(in("sub"), 0755);
	told(watch, IN_CREATE | IN_ISDIR, "sub", "a directory");
	symlink("file", in("link"));
	told(watch, IN_CREATE, "link", "a link");
	mkfifo(in("fifo"), 0600);
	told(watch, IN_CREATE, "fifo", "a FIFO");
	link(in("file"), in("other"));
	told(watch, IN_CREATE, "other", "another name");
	chmod(in("file"), 0600);
	told(watch, IN_ATTRIB, "file", "chmod");
	rename(in("other"), in("a name that is longer than most"));
	told(watch, IN_MOVED_FROM, "other", "moved from");
	uint32_t first = cookie;
	told(watch, IN_MOVED_TO, "a name that is longer than most", "moved to");
	check(first && first == cookie, "one cookie for both");
	rename(in("link"), in("sub/link"));
	told(watch, IN_MOVED_FROM, "link", "moved away");
	rename(in("sub/link"), in("link"));
	told(watch, IN_MOVED_TO, "link", "and back");
	unlink(in("link"));
	told(watch, IN_DELETE, "link", "unlink");
	unlink(in("fifo"));
	told(watch, IN_DELETE, "fifo", "unlink");
	rmdir(in("sub"));
	told(watch, IN_DELETE | IN_ISDIR, "sub", "rmdir");
	unlink(in("a name that is longer than most"));
	told(watch, IN_DELETE, "a name that is longer than most", "unlink");
	write(file, "x", 1);
	close(file);
	unlink(in("file"));
	told(watch, IN_DELETE, "file", "not what was not asked for");
	is(inotify_rm_watch(fd, watch), 0, "rm_watch");
	told(watch, IN_IGNORED, "", "says that it is gone");
	fails(inotify_rm_watch(fd, watch), EINVAL, "rm_watch again");
	mkdir(in("sub"), 0755);
	silent("nothing more is told");
	rmdir(in("sub"));
}

static void contents(void)
{
	char byte;
	int watch = inotify_add_watch(fd, folder, IN_ALL_EVENTS);
	int file = open(in("file"), O_CREAT | O_RDWR, 0644);
	told(watch, IN_CREATE, "file", "create");
	told(watch, IN_OPEN, "file", "open");
	write(file, "text", 4);
	told(watch, IN_MODIFY, "file", "write");
	write(file, "text", 4);
	write(file, "text", 4);
	told(watch, IN_MODIFY, "file", "writes, told once");
	is(read(file, &byte, 1), 0, "read at the end");
	pread(file, &byte, 1, 0);
	told(watch, IN_ACCESS, "file", "read");
	ftruncate(file, 2);
	told(watch, IN_MODIFY, "file", "ftruncate");
	int second = dup(file);
	close(file);
	silent("another descriptor is left");
	close(second);
	told(watch, IN_CLOSE_WRITE, "file", "close");
	file = open(in("file"), O_RDONLY);
	told(watch, IN_OPEN, "file", "open to read");
	close(file);
	told(watch, IN_CLOSE_NOWRITE, "file", "close of what was not writable");
	truncate(in("file"), 1);
	told(watch, IN_MODIFY, "file", "truncate");
	file = open(in("file"), O_WRONLY | O_TRUNC);
	const struct inotify_event *one = next();
	uint32_t both = one ? one->mask : 0; // which comes first differs between versions of Linux
	one = next();
	is(both | (one ? one->mask : 0), IN_MODIFY | IN_OPEN, "O_TRUNC, and open");
	close(file);
	told(watch, IN_CLOSE_WRITE, "file", "close");
	int self = open(folder, O_RDONLY | O_DIRECTORY);
	told(watch, IN_OPEN | IN_ISDIR, "", "the directory itself");
	close(self);
	told(watch, IN_CLOSE_NOWRITE | IN_ISDIR, "", "and closed");
	inotify_rm_watch(fd, watch);
	told(watch, IN_IGNORED, "", "gone");
}

static int writes(void)
{
	int file = open(in("file"), O_WRONLY | O_APPEND);
	return write(file, "child", 5) == 5 ? 0 : 1; // closed by the end of the process
}

static void processes(void)
{
	int watch = inotify_add_watch(
		fd, in("file"), IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
	check(watch > 0, "watch a file");
	int left = 0;
	is(ioctl(fd, FIONREAD, &left), 0, "FIONREAD");
	is(left, 0, "nothing there");
	is(child_end(child(writes)), 0, "another process writes");
	is(ioctl(fd, FIONREAD, &left), 0, "FIONREAD");
	is(left, 32, "two records");
	fails(read(fd, events, 15), EINVAL, "no room for a record");
	told(watch, IN_MODIFY, "", "it wrote");
	told(watch, IN_CLOSE_WRITE, "", "and its end closed the file");
	rename(in("file"), in("moved"));
	told(watch, IN_MOVE_SELF, "", "IN_MOVE_SELF");
	unlink(in("moved"));
	told(watch, IN_ATTRIB, "", "fewer links");
	told(watch, IN_DELETE_SELF, "", "IN_DELETE_SELF");
	told(watch, IN_IGNORED, "", "and the watch is gone");
	mkdir(in("sub"), 0755);
	watch = inotify_add_watch(fd, in("sub"), IN_CREATE | IN_DELETE_SELF | IN_ONESHOT);
	close(open(in("sub/a"), O_CREAT | O_WRONLY, 0600));
	told(watch, IN_CREATE, "a", "IN_ONESHOT");
	told(watch, IN_IGNORED, "", "only once");
	unlink(in("sub/a"));
	rmdir(in("sub"));
	silent("nothing else");
}

static int makes_later(void)
{
	pause_ms(100);
	return mkdir(in("late"), 0755);
}

static void waiting(void)
{
	int slow = inotify_init();
	int watch = inotify_add_watch(slow, folder, IN_CREATE);
	pid_t pid = child(makes_later);
	is(read(slow, events, sizeof(events)), 32, "read waits");
	const struct inotify_event *event = (const void *)events;
	check(event->wd == watch && !strcmp(event->name, "late"), "for this");
	is(child_end(pid), 0, "the other process");
	close(slow);
	rmdir(in("late"));
	have = at = 0;
}

static void overflow(void)
{
	int watch = inotify_add_watch(fd, folder, IN_CREATE | IN_DELETE);
	int left = 0;
	for (int i = 0; i < 60; i++) {
		mkdir(in(i % 2 ? "odd" : "even"), 0755);
		rmdir(in(i % 2 ? "odd" : "even"));
	}
	is(ioctl(fd, FIONREAD, &left), 0, "FIONREAD");
	is(left, 120 * 32, "many records");
	for (int i = 0; i < 120; i++) {
		const struct inotify_event *event = next();
		if (!event || event->wd != watch || strcmp(event->name, i / 2 % 2 ? "odd" : "even")) {
			check(false, "in their order");
			return;
		}
	}
	check(true, "in their order");
	inotify_rm_watch(fd, watch);
}

int main(void)
{
	snprintf(folder, sizeof(folder), "/tmp/inotify-%d", getpid());
	need(mkdir(folder, 0755) == 0, "mkdir");
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	need(fd >= 0, "inotify_init1");
	errors();
	names();
	contents();
	processes();
	waiting();
	overflow();
	rmdir(folder);
	return done();
}
