// SPDX-License-Identifier: MIT
// tempfile.c - a file whose last name is gone while somebody has it open is a file still: it has
// locks, a mode, an owner, times, and (O_TMPFILE) gets a name again. It ends with the last
// descriptor, also if its server dies meanwhile. Needs root for a part of it; on Linux nobody dies.
#include "test/posix/test.h"

#include <grp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { USER = 1000, MANY = 300, DAY = 86400 };

static const char place[] = "/tmp/tempfile", other[] = "/tmp/tempfile-2",
				  third[] = "/tmp/tempfile-3";
static const char control[] = "/scheme/svc/control";
static int file;

static int open_unlinked(void)
{
	int fd = open(place, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0640);
	need(fd >= 0 && unlink(place) == 0, "a file without a name");
	return fd;
}

static int open_again(int fd, int flags)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, flags);
}

static int link_of(int fd, const char *name)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

static mode_t mode_of(int fd)
{
	struct stat status;
	return fstat(fd, &status) ? 0 : status.st_mode;
}

static void attributes(void)
{
	struct stat named, status;
	const struct timespec times[2] = { { DAY, 5 }, { 2 * DAY, 6 } };
	int fd = open(place, O_CREAT | O_EXCL | O_RDWR, 0640);
	need(fd >= 0 && fstat(fd, &named) == 0 && unlink(place) == 0, "a file loses its name");
	is(write(fd, "bytes", 5), 5, "write");
	is(fchmod(fd, 0604), 0, "fchmod");
	is(futimens(fd, times), 0, "futimens");
	is(fstat(fd, &status), 0, "fstat");
	is(status.st_mode, S_IFREG | 0604, "the mode");
	is(status.st_atim.tv_sec, DAY, "when it was read");
	is(status.st_atim.tv_nsec, 5, "to the nanosecond");
	is(status.st_mtim.tv_sec, 2 * DAY, "when it was written");
	is(status.st_size, 5, "the size");
	is((long)status.st_nlink, 0, "the links");
	check(status.st_ino == named.st_ino && status.st_dev == named.st_dev, "the number is the same");
	is(ftruncate(fd, 2), 0, "ftruncate");
	is(fstat(fd, &status), 0, "fstat again");
	is(status.st_size, 2, "the size after it");
	check(status.st_mtim.tv_sec > 2 * DAY, "which is a change");
	if (geteuid() == 0) {
		is(fchown(fd, USER, USER + 1), 0, "fchown");
		is(fstat(fd, &status), 0, "fstat after it");
		check(status.st_uid == USER && status.st_gid == USER + 1, "the owner");
	}
	close(fd);
}

static int is_locked(void)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	if (fcntl(file, F_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES))
		return 1;
	lock.l_type = F_WRLCK;
	if (fcntl(file, F_GETLK, &lock) || lock.l_type != F_WRLCK || lock.l_pid != getppid())
		return 2;
	return 0;
}

static void locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	file = open_unlinked();
	is(fcntl(file, F_SETLK, &lock), 0, "fcntl locks it");
	is(child_end(child(is_locked)), 0, "which a child sees");
	int again = open_again(file, O_RDWR);
	check(again >= 0, "it is opened again by its descriptor");
	is(flock(file, LOCK_EX), 0, "flock");
	fails(flock(again, LOCK_SH | LOCK_NB), EWOULDBLOCK, "keeps out the other descriptor");
	is(flock(file, LOCK_UN), 0, "until it is given up");
	is(flock(again, LOCK_SH | LOCK_NB), 0, "then not");
	is(pwrite(again, "seen", 4, 0), 4, "what one writes");
	char text[8] = "";
	is(pread(file, text, 8, 0), 4, "the other reads");
	check(!strcmp(text, "seen"), "as it is");
	close(again);
	close(file);
}

static int has_it_open(void)
{
	return fchmod(file, 0600) == 0 && mode_of(file) == (S_IFREG | 0600) ? 0 : 1;
}

static int waits_and_has(void)
{
	pause_ms(100);
	return has_it_open();
}

static void holders(void)
{
	int ends[2], got = -1;
	file = open_unlinked();
	pid_t pid = child(waits_and_has);
	close(file);
	is(child_end(pid), 0, "a child has it open when its parent has not");
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	file = open_unlinked();
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} space = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
					.cmsg_level = SOL_SOCKET,
					.cmsg_type = SCM_RIGHTS } };
	char byte = 1;
	struct iovec bytes = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &space, .msg_controllen = sizeof space
	};
	memcpy(CMSG_DATA(&space.head), &file, sizeof file);
	is(sendmsg(ends[0], &message, 0), 1, "it is sent");
	close(file);
	pause_ms(50);
	is(recvmsg(ends[1], &message, 0), 1, "and received when nobody else had it");
	memcpy(&got, CMSG_DATA(&space.head), sizeof got);
	is(fchmod(got, 0611), 0, "fchmod");
	is(mode_of(got), S_IFREG | 0611, "does what it says");
	close(got);
	close(ends[0]);
	close(ends[1]);
}

static void replaced(void)
{
	struct stat status;
	int old = open(place, O_CREAT | O_EXCL | O_RDWR, 0640);
	int fresh = open(other, O_CREAT | O_EXCL | O_RDWR, 0600);
	need(old >= 0 && fresh >= 0 && rename(other, place) == 0, "a file is moved over an open one");
	is(fchmod(old, 0777), 0, "fchmod of what was there");
	is(mode_of(fresh), S_IFREG | 0600, "does not reach what is there");
	is(mode_of(old), S_IFREG | 0777, "but it");
	is(fstat(old, &status), 0, "fstat");
	is((long)status.st_nlink, 0, "it has no name");
	fails(link_of(old, other), ENOENT, "and gets none");
	close(old);
	close(fresh);
	unlink(place);
}

static int named_by_user(void)
{
	char text[8] = "";
	if (geteuid() == 0 &&
		(setgroups(0, NULL) || setresgid(USER, USER, USER) || setresuid(USER, USER, USER)))
		return 10;
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	if (fd < 0 || write(fd, "hidden", 6) != 6)
		return 11;
	if (link_of(fd, third))
		return 12;
	close(fd);
	fd = open(third, O_RDONLY);
	if (fd < 0 || read(fd, text, 8) != 6 || strcmp(text, "hidden"))
		return 13;
	return unlink(third) ? 14 : 0;
}

static void names(void)
{
	struct stat status;
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	need(fd >= 0, "O_TMPFILE");
	is(link_of(fd, other), 0, "gets a name");
	is(stat(other, &status), 0, "which is there");
	check(status.st_nlink == 1 && mode_of(fd) == status.st_mode, "the only one");
	is(link_of(fd, place), 0, "and another");
	is(unlink(place) || unlink(other), 0, "they go");
	fails(link_of(fd, other), ENOENT, "for good");
	is(fchmod(fd, 0644), 0, "fchmod of it then");
	is(mode_of(fd), S_IFREG | 0644, "does what it says");
	close(fd);
	fd = open("/tmp", O_TMPFILE | O_EXCL | O_RDWR, 0600);
	fails(link_of(fd, other), ENOENT, "with O_EXCL it gets none");
	close(fd);
	is(child_end(child(named_by_user)), 0, "a user does the same");
	file = open_unlinked();
	fails(link_of(file, other), ENOENT, "nor what was unlinked");
	close(file);
}

static long free_inodes(void)
{
	struct statvfs space;
	return statvfs("/tmp", &space) ? -1 : (long)space.f_ffree;
}

static bool comes_to(long wanted)
{
	for (int i = 0; i < 100; i++) {
		if (labs(free_inodes() - wanted) < MANY / 3)
			return true;
		pause_ms(20);
	}
	return false;
}

static void ends(void)
{
	int fds[MANY];
	long before = free_inodes();
	for (int i = 0; i < MANY; i++)
		fds[i] = open_unlinked();
	check(comes_to(before - MANY), "files without names are files");
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	check(comes_to(before), "until they are closed");
}

static bool restarts(void)
{
	int fd = open(control, O_WRONLY);
	bool is_said = fd >= 0 && write(fd, "restart ramfs\n", 14) == 14;
	close(fd);
	return is_said;
}

static void deaths(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	long before = free_inodes();
	int fds[MANY];
	for (int i = 0; i < MANY; i++)
		fds[i] = open_unlinked();
	file = fds[0];
	is(fcntl(file, F_SETLK, &lock), 0, "a lock");
	is(restarts(), 1, "the server of files dies");
	for (int i = 1; i < MANY; i++)
		close(fds[i]);
	is(child_end(child(is_locked)), 0, "the lock is there");
	is(child_end(child(has_it_open)), 0, "and the file");
	is(write(file, "longer", 6), 6, "it is written");
	struct stat status;
	is(fstat(file, &status) || status.st_size != 6, 0, "and longer");
	close(file);
	check(comes_to(before), "it ends as all others");
}

int main(void)
{
	unlink(place);
	unlink(other);
	unlink(third);
	attributes();
	locks();
	holders();
	replaced();
	names();
	ends();
	if (access(control, W_OK) == 0)
		deaths();
	return done();
}
