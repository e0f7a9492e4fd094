// SPDX-License-Identifier: MIT
// Names and open files, the rarer ways: rename with flags, openat2, O_PATH, descriptors, seals,
// copying, devices, /proc/self/fd, locks of open files, permissions of others.
#include "test/posix/test.h"
#include <dirent.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { NO_REPLACE = 1, EXCHANGE = 2, MEMFD_CLOEXEC = 1, MEMFD_SEALING = 2 };

static char text[8192];
static struct stat status;

static int put(const char *name, const char *content)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	write(fd, content, strlen(content));
	return fd;
}

static bool holds(const char *name, const char *wanted)
{
	int fd = open(name, O_RDONLY);
	ssize_t size = read(fd, text, sizeof text - 1);
	close(fd);
	return size == (ssize_t)strlen(wanted) && !memcmp(text, wanted, (size_t)size);
}

static long renameat2_(const char *from, const char *to, unsigned flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void renames(void)
{
	close(put("one", "1"));
	close(put("two", "2"));
	fails(renameat2_("one", "two", NO_REPLACE), EEXIST, "RENAME_NOREPLACE");
	is(renameat2_("one", "two", EXCHANGE), 0, "RENAME_EXCHANGE");
	check(holds("one", "2") && holds("two", "1"), "swapped");
	fails(renameat2_("one", "none", EXCHANGE), ENOENT, "exchange with nothing");
	fails(renameat2_("one", "two", 3), EINVAL, "both flags");
	is(rename("one", "two"), 0, "rename over");
	check(holds("two", "2"), "replaced");
	fails(rename("one", "two"), ENOENT, "gone");
	mkdir("folder", 0755);
	fails(rename("two", "folder"), EISDIR, "a file over a folder");
	fails(rename("folder", "two"), ENOTDIR, "a folder over a file");
	fails(rename("two", "three/"), ENOTDIR, "a file to a name with a slash");
	fails(rename(".", "dot"), EBUSY, "the folder itself");
	is(rename("folder", "other/"), 0, "a folder to a name with a slash");
	fails(rmdir("other/."), EINVAL, "rmdir of .");
	fails(rmdir("other/.."), ENOTEMPTY, "rmdir of ..");
	fails(unlink("other"), EISDIR, "unlink of a folder");
	fails(unlink("two/"), ENOTDIR, "unlink with a slash");
	is(rmdir("other/"), 0, "rmdir with a slash");
	unlink("two");
}

static void links(void)
{
	close(put("file", "x"));
	is(symlink("file", "soft"), 0, "symlink");
	is(linkat(AT_FDCWD, "soft", AT_FDCWD, "hard1", 0), 0, "linkat of a link");
	lstat("hard1", &status);
	check(S_ISLNK(status.st_mode), "is the link");
	is(linkat(AT_FDCWD, "soft", AT_FDCWD, "hard2", AT_SYMLINK_FOLLOW), 0, "and followed");
	lstat("hard2", &status);
	check(S_ISREG(status.st_mode) && status.st_nlink == 2, "is the file");
	is(symlink("nowhere", "dangling"), 0, "dangling");
	fails(open("dangling", O_RDONLY), ENOENT, "opened");
	int fd = open("dangling", O_WRONLY | O_CREAT, 0600);
	check(fd >= 0 && stat("nowhere", &status) == 0, "O_CREAT through it");
	close(fd);
	fails(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST, "O_EXCL does not follow");
	fails(symlink("", "empty"), ENOENT, "an empty link");
	fails(readlink("file", text, 10), EINVAL, "readlink of a file");
	is(readlink("soft", text, 2), 2, "readlink of a part");
	fails(link("none", "x"), ENOENT, "link of nothing");
	fails(link(".", "x"), EPERM, "link of a folder");
	unlink("hard1");
	unlink("hard2");
	unlink("soft");
	unlink("dangling");
	unlink("nowhere");
	unlink("file");
}

struct open_how_ {
	unsigned long flags, mode, resolve;
};

static long openat2_(const char *name, unsigned long flags, unsigned long resolve)
{
	struct open_how_ how = { flags, 0, resolve };
	return syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how);
}

static void paths(void)
{
	mkdir("p", 0755);
	close(put("p/f", "f"));
	symlink("f", "p/s");
	symlink("/", "p/root");
	int fd = (int)openat2_("p/f", O_RDONLY, 0);
	check(fd >= 0, "openat2");
	close(fd);
	fails(openat2_("p/s", O_RDONLY, 4), ELOOP, "RESOLVE_NO_SYMLINKS");
	fails(openat2_("../x", O_RDONLY, 8), EXDEV, "RESOLVE_BENEATH");
	fails(openat2_("p/root", O_RDONLY, 8), EXDEV, "and an absolute link");
	fails(openat2_("p/f", 1ul << 40, 0), EINVAL, "an unknown flag");
	fd = open("p/f", O_PATH);
	check(fd >= 0, "O_PATH");
	fails(read(fd, text, 1), EBADF, "does not read");
	is(fstat(fd, &status), 0, "but fstat");
	is(fcntl(fd, F_GETFL) & O_PATH, O_PATH, "its flags");
	close(fd);
	fd = open("p", O_PATH | O_DIRECTORY);
	int in = openat(fd, "f", O_RDONLY);
	check(in >= 0, "openat below O_PATH");
	close(in);
	close(fd);
	fd = open("p/s", O_PATH | O_NOFOLLOW);
	fstat(fd, &status);
	check(S_ISLNK(status.st_mode), "O_PATH of a link");
	close(fd);
	fails(open("p/f/", O_RDONLY), ENOTDIR, "a slash behind a file");
	fails(open("p/new/", O_CREAT | O_WRONLY, 0600), EISDIR, "O_CREAT with a slash");
	fails(mkdir("p/f/x", 0700), ENOTDIR, "mkdir below a file");
	is(mkdir("p/d/", 0700), 0, "mkdir with a slash");
	struct { // as Linux has it: musl has none
		unsigned mask, block;
		unsigned long attributes;
		unsigned links, user, group;
		unsigned short mode, spare;
		unsigned long inode, stx_size, rest[26];
	} attributes;
	is(syscall(SYS_statx, AT_FDCWD, "p/f", 0, 0x7ff, &attributes), 0, "statx");
	is((long)attributes.stx_size, 1, "its size");
	is(syscall(SYS_faccessat2, AT_FDCWD, "p/f", R_OK, AT_EACCESS), 0, "faccessat2");
	fails(syscall(SYS_faccessat2, AT_FDCWD, "p/f", 16, 0), EINVAL, "a bad mode");
	struct statfs space;
	is(statfs("p", &space), 0, "statfs");
	check(space.f_bsize > 0, "its block size");
	unlink("p/f");
	unlink("p/s");
	unlink("p/root");
	rmdir("p/d");
	rmdir("p");
}

static void descriptors(void)
{
	int fd = put("d", "0123456789");
	is(fcntl(fd, F_DUPFD, 100), 100, "F_DUPFD");
	is(fcntl(fd, F_DUPFD_CLOEXEC, 100), 101, "F_DUPFD_CLOEXEC");
	is(fcntl(101, F_GETFD), FD_CLOEXEC, "its flag");
	is(fcntl(100, F_GETFD), 0, "and not the other's");
	is(dup2(fd, 150), 150, "dup2");
	is(dup2(150, 150), 150, "dup2 to itself");
	fails(dup2(149, 151), EBADF, "dup2 of a closed one");
	fails(dup3(fd, fd, 0), EINVAL, "dup3 to itself");
	is(dup3(fd, 151, O_CLOEXEC), 151, "dup3");
	is(syscall(SYS_close_range, 101, 200, 0), 0, "close_range");
	fails(fcntl(150, F_GETFD), EBADF, "closed");
	is(syscall(SYS_close_range, 100, 100, 4), 0, "CLOSE_RANGE_CLOEXEC");
	is(fcntl(100, F_GETFD), FD_CLOEXEC, "marked");
	close(100);
	is(fcntl(fd, F_SETFL, O_APPEND), 0, "F_SETFL");
	is(fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE), O_APPEND | O_RDWR, "F_GETFL");
	lseek(fd, 0, SEEK_SET);
	write(fd, "A", 1);
	check(holds("d", "0123456789A"), "appended");
	fcntl(fd, F_SETFL, 0);
	struct iovec parts[3] = { { "ab", 2 }, { "", 0 }, { "cd", 2 } };
	is(pwritev(fd, parts, 3, 0), 4, "pwritev");
	char first[2], rest[100];
	struct iovec into[2] = { { first, 2 }, { rest, sizeof rest } };
	lseek(fd, 1, SEEK_SET);
	is(readv(fd, into, 2), 10, "readv");
	check(!memcmp(first, "bc", 2) && !memcmp(rest, "d456789A", 8), "its bytes");
	fails(readv(fd, into, -1), EINVAL, "a bad count");
	is(read(fd, text, 0), 0, "read of nothing");
	close(fd);
	unlink("d");
}

static void copying(void)
{
	int from = put("from", "0123456789"), to = put("to", "");
	off_t at = 2;
	is(sendfile(to, from, &at, 5), 5, "sendfile");
	is(at, 7, "its offset");
	check(holds("to", "23456"), "its bytes");
	long in = 0, out = 1;
	is(syscall(SYS_copy_file_range, from, &in, to, &out, 3, 0), 3, "copy_file_range");
	check(holds("to", "20126"), "its bytes");
	is(fallocate(to, 0, 0, 8), 0, "fallocate");
	fstat(to, &status);
	is(status.st_size, 8, "longer");
	is(fallocate(to, 1 | 2, 1, 2), 0, "a hole");
	pread(to, text, 8, 0);
	check(!memcmp(text,
			  "2\0\0"
			  "26\0\0\0",
			  8),
		"of zeros");
	is(fallocate(to, 1, 0, 100), 0, "FALLOC_FL_KEEP_SIZE");
	fstat(to, &status);
	is(status.st_size, 8, "keeps it");
	is(truncate("to", 3), 0, "truncate");
	is(lseek(to, 0, SEEK_DATA) >= 0, 1, "SEEK_DATA");
	is(lseek(to, 0, SEEK_HOLE), 3, "SEEK_HOLE");
	fails(lseek(to, 10, SEEK_DATA), ENXIO, "beyond the end");
	is(fsync(to), 0, "fsync");
	is(fdatasync(to), 0, "fdatasync");
	close(from);
	close(to);
	unlink("from");
	unlink("to");
}

static void memories(void)
{
	int fd = (int)syscall(SYS_memfd_create, "name", MEMFD_CLOEXEC | MEMFD_SEALING);
	check(fd >= 0, "memfd_create");
	is(ftruncate(fd, 4096), 0, "ftruncate");
	is(write(fd, "seal", 4), 4, "write");
	is(fcntl(fd, 1034), 0, "F_GET_SEALS");
	is(fcntl(fd, 1033, 2 | 4), 0, "F_ADD_SEALS");
	fails(ftruncate(fd, 10), EPERM, "F_SEAL_SHRINK");
	fails(ftruncate(fd, 10000), EPERM, "F_SEAL_GROW");
	is(pwrite(fd, "x", 1, 100), 1, "still written");
	is(fcntl(fd, 1033, 8), 0, "F_SEAL_WRITE");
	fails(pwrite(fd, "x", 1, 100), EPERM, "no more");
	is(fcntl(fd, 1033, 1), 0, "F_SEAL_SEAL");
	fails(fcntl(fd, 1033, 8), EPERM, "no more seals");
	fstat(fd, &status);
	is(status.st_size, 4096, "its size");
	close(fd);
	fd = (int)syscall(SYS_memfd_create, "name", 0);
	fails(fcntl(fd, 1033, 2), EPERM, "without sealing");
	close(fd);
	fd = put("plain", "");
	fails(fcntl(fd, 1033, 2), EINVAL, "seals of a file");
	close(fd);
	unlink("plain");
}

static void devices(void)
{
	int fd = open("/dev/full", O_RDWR);
	fails(write(fd, "x", 1), ENOSPC, "/dev/full");
	is(read(fd, text, 3), 3, "reads zeros");
	close(fd);
	fd = open("/dev/null", O_RDWR);
	is(read(fd, text, 3), 0, "/dev/null");
	is(write(fd, text, 3), 3, "takes all");
	is(lseek(fd, 100, SEEK_SET) >= 0, 1, "seeks");
	fstat(fd, &status);
	check(S_ISCHR(status.st_mode) && status.st_rdev == 0x103, "its number");
	fails(ftruncate(fd, 0), EINVAL, "ftruncate");
	close(fd);
	fd = open("/dev/urandom", O_RDONLY);
	memset(text, 0, 64);
	is(read(fd, text, 64), 64, "/dev/urandom");
	bool is_zero = true;
	for (int i = 0; i < 64; i++)
		is_zero = is_zero && !text[i];
	check(!is_zero, "is not zero");
	close(fd);
	fd = put("again", "0123");
	char name[40];
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	int again = open(name, O_RDONLY);
	check(again >= 0 && read(again, text, 10) == 4, "/proc/self/fd opens anew");
	close(again);
	ssize_t size = readlink(name, text, sizeof text);
	check(size > 6 && !memcmp(text + size - 6, "/again", 6), "and says its path");
	is(stat(name, &status), 0, "stat of it");
	is(status.st_size, 4, "is the file's");
	unlink("again");
	close(fd);
}

static int holds_lock(void)
{
	int fd = open("lock", O_RDWR);
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fcntl(fd, F_GETLK, &whole) || whole.l_type != F_WRLCK || whole.l_start != 2 ||
		whole.l_len != 3 || whole.l_pid != getppid())
		return 1;
	struct flock part = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 3, .l_len = 1 };
	if (fcntl(fd, F_SETLK, &part) != -1 || errno != EAGAIN)
		return 2;
	part.l_start = 5;
	if (fcntl(fd, F_SETLK, &part))
		return 3;
	return flock(fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK ? 0 : 4;
}

static int waits_for_lock(void)
{
	int fd = open("lock", O_RDWR);
	struct flock part = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 1 };
	return fcntl(fd, F_SETLKW, &part) ? 1 : 0;
}

static void locks(void)
{
	int fd = put("lock", "0123456789");
	struct flock part = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3 };
	is(fcntl(fd, F_SETLK, &part), 0, "F_SETLK");
	is(flock(fd, LOCK_SH), 0, "flock");
	is(child_end(child(holds_lock)), 0, "seen by a child");
	pid_t waiter = child(waits_for_lock);
	pause_ms(50);
	is(waitpid(waiter, NULL, WNOHANG), 0, "F_SETLKW waits");
	part.l_type = F_UNLCK;
	is(fcntl(fd, F_SETLK, &part), 0, "F_UNLCK");
	is(child_end(waiter), 0, "and goes on");
	waiter = child(waits_for_lock);
	is(child_end(waiter), 0, "the dead hold no locks");
	struct flock open_lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	is(fcntl(fd, 37, &open_lock), 0, "F_OFD_SETLK");
	int other = open("lock", O_RDWR);
	fails(fcntl(other, 37, &open_lock), EAGAIN, "of another open file");
	close(fd);
	is(fcntl(other, 37, &open_lock), 0, "closed: given back");
	close(other);
	unlink("lock");
}

static int as_nobody(void)
{
	if (setgid(65534) || setuid(65534))
		return 1;
	if (open("secret", O_RDONLY) != -1 || errno != EACCES)
		return 2;
	if (open("closed/in", O_RDONLY) != -1 || errno != EACCES)
		return 3;
	if (unlink("secret") != -1 || errno != EACCES)
		return 4;
	if (chmod("secret", 0777) != -1 || errno != EPERM)
		return 5;
	if (unlink("sticky/file") != -1 || errno != EPERM)
		return 6;
	int fd = open("sticky/mine", O_CREAT | O_WRONLY, 0600);
	if (fd < 0 || fstat(fd, &status) || status.st_uid != 65534)
		return 7;
	if (access("secret", R_OK) != -1 || errno != EACCES)
		return 8;
	return mknod("sticky/node", S_IFCHR | 0600, 0x103) == -1 && errno == EPERM ? 0 : 9;
}

static void others(void)
{
	if (getuid() != 0)
		return;
	chmod(".", 0755);
	close(put("secret", "s"));
	chmod("secret", 0600);
	mkdir("closed", 0700);
	close(put("closed/in", "i"));
	mkdir("sticky", 0700);
	chmod("sticky", 01777);
	close(put("sticky/file", "f"));
	is(child_end(child(as_nobody)), 0, "nobody may not");
	unlink("sticky/mine");
	unlink("sticky/file");
	unlink("closed/in");
	rmdir("sticky");
	rmdir("closed");
	unlink("secret");
	mkdir("group", 0755);
	chown("group", 0, 50);
	chmod("group", 02775);
	close(put("group/f", "f"));
	stat("group/f", &status);
	is((long)status.st_gid, 50, "the folder's group");
	unlink("group/f");
	rmdir("group");
}

// Short names travel another way than long ones (ifc/tree.ifc): both sides of the edge.
static void lengths(void)
{
	char name[300], other[300];
	struct stat found;
	for (int size = 14; size <= 35; size++) {
		memset(name, 'n', size);
		memset(other, 'o', size);
		name[size] = other[size] = 0;
		int number = open(name, O_CREAT | O_EXCL | O_WRONLY, 0640);
		bool is_ok = number >= 0 && write(number, "12", 2) == 2 && close(number) == 0;
		fails(open(name, O_CREAT | O_EXCL | O_WRONLY, 0640), EEXIST, "a name that is there");
		is_ok = is_ok && rename(name, other) == 0 && stat(other, &found) == 0;
		is_ok = is_ok && found.st_size == 2 && access(name, F_OK) == -1;
		is_ok = is_ok && mkdir(name, 0750) == 0 && rmdir(name) == 0 && unlink(other) == 0;
		is_ok = is_ok && symlink("there", name) == 0 && readlink(name, other, 300) == 5;
		check(is_ok && unlink(name) == 0, "made, renamed and removed");
	}
	memset(name, 'n', 256);
	name[256] = 0;
	fails(open(name, O_CREAT | O_WRONLY, 0600), ENAMETOOLONG, "a name of 256 bytes");
	name[255] = 0;
	check(close(open(name, O_CREAT | O_WRONLY, 0600)) == 0 && unlink(name) == 0, "of 255");
}

int main(void)
{
	char folder[] = "/tmp/names-XXXXXX";
	need(mkdtemp(folder) && chdir(folder) == 0, "a folder of one's own");
	renames();
	links();
	paths();
	descriptors();
	copying();
	memories();
	devices();
	locks();
	others();
	lengths();
	chdir("/");
	is(rmdir(folder), 0, "all removed");
	return failures != 0;
}
