// SPDX-License-Identifier: MIT
// Files: open in its ways, reading, writing, offsets, holes, links, names, directories, times,
// locks.
#include "test/posix/test.h"
#include <dirent.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char text[8192];
static struct stat status;

static void opening(void)
{
	int fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0640);
	need(fd >= 0, "create");
	fails(open("a", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST, "O_EXCL");
	fails(open("b", O_RDWR), ENOENT, "what is not there");
	fails(open("a/b", O_RDWR), ENOTDIR, "below a file");
	fails(open("a/", O_RDONLY), ENOTDIR, "a file as a folder");
	fails(open(".", O_WRONLY), EISDIR, "a folder to write");
	fails(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR, "O_DIRECTORY");
	fails(open(bad_address, O_RDONLY), EFAULT, "a bad address");
	fails(open("", O_RDONLY), ENOENT, "no name");
	memset(text, 'x', 300);
	text[300] = 0;
	fails(open(text, O_RDONLY), ENAMETOOLONG, "a long name");
	is(fstat(fd, &status), 0, "fstat");
	is(status.st_mode, S_IFREG | 0640, "its mode");
	is(write(fd, "0123456789", 10), 10, "write");
	is(lseek(fd, 0, SEEK_CUR), 10, "offset");
	is(lseek(fd, -4, SEEK_END), 6, "SEEK_END");
	is(read(fd, text, 100), 4, "read to the end");
	is(read(fd, text, 100), 0, "at the end");
	fails(lseek(fd, -1, SEEK_SET), EINVAL, "before the start");
	is(pread(fd, text, 3, 2), 3, "pread");
	check(!memcmp(text, "234", 3), "its bytes");
	is(pwrite(fd, "Z", 1, 20), 1, "pwrite past the end");
	is(pread(fd, text, 100, 8), 13, "a hole");
	check(text[2] == 0 && text[11] == 0 && text[12] == 'Z', "reads as zeros");
	is(ftruncate(fd, 5), 0, "ftruncate");
	is(ftruncate(fd, 8), 0, "and longer");
	is(pread(fd, text, 100, 0), 8, "its length");
	check(!memcmp(text, "01234\0\0\0", 8), "zeros at the end");
	int same = dup(fd), other = open("a", O_RDONLY);
	lseek(fd, 2, SEEK_SET);
	is(lseek(same, 0, SEEK_CUR), 2, "dup shares the offset");
	is(lseek(other, 0, SEEK_CUR), 0, "open does not");
	fails(write(other, "x", 1), EBADF, "O_RDONLY");
	close(other);
	close(same);
	close(fd);
	fails(read(fd, text, 1), EBADF, "closed");
	fd = open("a", O_WRONLY | O_APPEND | O_TRUNC);
	write(fd, "one", 3);
	lseek(fd, 0, SEEK_SET);
	write(fd, "two", 3);
	is(lseek(fd, 0, SEEK_CUR), 6, "O_APPEND");
	fails(read(fd, text, 1), EBADF, "O_WRONLY");
	close(fd);
}

static void names(void)
{
	is(link("a", "hard"), 0, "link");
	is(stat("hard", &status), 0, "stat");
	is((long)status.st_nlink, 2, "links");
	is(symlink("a", "soft"), 0, "symlink");
	is(readlink("soft", text, 100), 1, "readlink");
	is(lstat("soft", &status), 0, "lstat");
	check(S_ISLNK(status.st_mode), "is a link");
	is(stat("soft", &status), 0, "stat follows");
	check(S_ISREG(status.st_mode), "to a file");
	fails(open("soft", O_RDONLY | O_NOFOLLOW), ELOOP, "O_NOFOLLOW");
	symlink("loop", "loop");
	fails(open("loop", O_RDONLY), ELOOP, "a loop");
	is(rename("hard", "moved"), 0, "rename");
	fails(stat("hard", &status), ENOENT, "the old name");
	is(mkdir("d", 0755), 0, "mkdir");
	fails(mkdir("d", 0755), EEXIST, "mkdir twice");
	is(rename("moved", "d/m"), 0, "rename into a folder");
	fails(rmdir("d"), ENOTEMPTY, "rmdir of a full folder");
	fails(rename("d", "d/e"), EINVAL, "rename into itself");
	fails(unlink("d"), EISDIR, "unlink of a folder");
	fails(rmdir("a"), ENOTDIR, "rmdir of a file");
	is(access("a", R_OK | W_OK), 0, "access");
	is(chmod("a", 0600), 0, "chmod");
	stat("a", &status);
	is(status.st_mode & 07777, 0600, "its mode");
	struct timespec times[2] = { { 1000, 5 }, { 2000, 7 } };
	is(utimensat(AT_FDCWD, "a", times, 0), 0, "utimensat");
	stat("a", &status);
	check(status.st_mtim.tv_sec == 2000 && status.st_mtim.tv_nsec == 7 &&
			  status.st_atim.tv_sec == 1000,
		"times");
	umask(077);
	close(open("masked", O_CREAT | O_WRONLY, 0666));
	stat("masked", &status);
	is(status.st_mode & 0777, 0600, "umask");
	umask(022);
}

static void folders(void)
{
	int fd = open("d", O_RDONLY | O_DIRECTORY);
	is(mkdirat(fd, "sub", 0755), 0, "mkdirat");
	is(fstatat(fd, "m", &status, 0), 0, "fstatat");
	is(fchdir(fd), 0, "fchdir");
	check(getcwd(text, 4096) && !strcmp(strrchr(text, '/'), "/d"), "getcwd");
	is(chdir(".."), 0, "chdir ..");
	DIR *list = opendir("d");
	int count = 0;
	for (struct dirent *entry; (entry = readdir(list));)
		count++;
	is(count, 4, "readdir: . .. m sub");
	closedir(list);
	is(unlinkat(fd, "sub", AT_REMOVEDIR), 0, "unlinkat");
	close(fd);
	mkdir("many", 0755);
	for (int i = 0; i < 200; i++) {
		snprintf(text, 40, "many/file-%d", i);
		close(open(text, O_CREAT | O_WRONLY, 0600));
	}
	list = opendir("many");
	count = 0;
	for (struct dirent *entry; (entry = readdir(list));)
		count++;
	is(count, 202, "readdir of many");
	rewinddir(list);
	for (struct dirent *entry; (entry = readdir(list));) {
		snprintf(text, 300, "many/%s", entry->d_name);
		unlink(text);
	}
	closedir(list);
	is(rmdir("many"), 0, "emptied while it was listed");
}

static int child_locks(void)
{
	int fd = open("a", O_RDWR);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
	if (fcntl(fd, F_SETLK, &lock) != -1 || (errno != EAGAIN && errno != EACCES))
		return 1;
	fcntl(fd, F_GETLK, &lock);
	if (lock.l_type != F_WRLCK || lock.l_pid != getppid())
		return 2;
	return flock(fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK ? 0 : 3;
}

static void sharing(void)
{
	int fd = open("a", O_RDWR);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 5 };
	is(fcntl(fd, F_SETLK, &lock), 0, "F_SETLK");
	is(flock(fd, LOCK_EX), 0, "flock");
	is(child_end(child(child_locks)), 0, "locks hold against a child");
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	need(map != MAP_FAILED, "mmap");
	check(!memcmp(map, "onetwo", 6), "mapped bytes");
	map[0] = 'O';
	is(pread(fd, text, 1, 0), 1, "pread");
	check(text[0] == 'O', "sees what was stored");
	pwrite(fd, "T", 1, 3);
	check(map[3] == 'T', "and the other way");
	char *copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	copy[0] = '!';
	check(map[0] == 'O', "a private mapping is private");
	munmap(map, 4096);
	munmap(copy, 4096);
	is(unlink("a"), 0, "unlink while open");
	is(pread(fd, text, 10, 0), 6, "still readable");
	fstat(fd, &status);
	is((long)status.st_nlink, 1, "its other name is left");
	close(fd);
}

static int stays_small(void)
{
	struct rlimit limit = { 1000, 1000 };
	int fd = open("small", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char bytes[1500] = "";
	on_signal(SIGXFSZ, count_signal, 0);
	if (fd < 0 || write(fd, bytes, 10) != 10 || setrlimit(RLIMIT_FSIZE, &limit))
		return 1;
	if (write(fd, bytes, 1500) != 990 || handled)
		return 2;
	if (write(fd, bytes, 1) != -1 || errno != EFBIG || handled != 1)
		return 3;
	if (pwrite(fd, bytes, 1500, 500) != 500 || pwrite(fd, bytes, 1, 2000) != -1 || errno != EFBIG)
		return 4;
	if (ftruncate(fd, 1001) != -1 || errno != EFBIG || truncate("small", 1001) != -1 ||
		handled != 4)
		return 5;
	int end = open("small", O_WRONLY | O_APPEND);
	if (write(end, bytes, 1) != -1 || errno != EFBIG || ftruncate(fd, 900) ||
		write(end, bytes, 200) != 100)
		return 6;
	return posix_fallocate(fd, 0, 2000) == EFBIG && lseek(fd, 0, SEEK_END) == 1000 ? 0 : 7;
}

static void limits(void)
{
	is(child_end(child(stays_small)), 0, "RLIMIT_FSIZE");
	int path = open(".", O_PATH);
	check(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, path, 0) == MAP_FAILED && errno == EBADF,
		"what has no contents is not mapped");
	close(path);
	unlink("small");
}

// Owner of the directory, but not in its group.
static int sets_group_bit(void)
{
	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		return 1;
	if (chmod("theirs", 02777) || stat("theirs", &status))
		return 2;
	return (status.st_mode & 07777) == 0777 ? 0 : 3;
}

static void group_bit(void)
{
	is(mkdir("theirs", 0700) || chown("theirs", 65534, 4444), 0, "a directory of another group");
	is(child_end(child(sets_group_bit)), 0, "its owner cannot set the group's bit");
	is(chmod("theirs", 02777) || stat("theirs", &status), 0, "root");
	is(status.st_mode & 07777, 02777, "can");
}

int main(void)
{
	(void)!chdir("/tmp");
	(void)!system("rm -rf test-files");
	need(mkdir("test-files", 0755) == 0 && chdir("test-files") == 0, "folder");
	opening();
	names();
	folders();
	sharing();
	group_bit();
	limits();
	chdir("..");
	is(system("rm -r test-files"), 0, "all removed");
	return done();
}
