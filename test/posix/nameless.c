// SPDX-License-Identifier: MIT
// Files by descriptor: O_TMPFILE, names by /proc/self/fd, running what a descriptor stands for,
// seals of memory that is mapped.
#include "test/posix/test.h"
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { FIRST_SEAL_WRITE = 8, FIRST_ADD_SEALS = 1033, FIRST_TMPFILE = 020200000 };
enum { FIRST_PATH = 010000000, FIRST_EMPTY_PATH = 0x1000 };

static void nameless(void)
{
	struct stat status;
	char text[8] = "";
	fails(open("/tmp", FIRST_TMPFILE | O_RDONLY, 0600), EINVAL, "O_TMPFILE only to read");
	fails(open("/tmp/none", FIRST_TMPFILE | O_RDWR, 0600), ENOENT, "in no directory");
	fails(open("/proc/self/exe", FIRST_TMPFILE | O_RDWR, 0600), ENOTDIR, "in a file");
	int fd = open("/tmp", FIRST_TMPFILE | O_RDWR | O_EXCL, 0640);
	need(fd >= 0, "O_TMPFILE");
	is(write(fd, "hidden", 6), 6, "write");
	is(pread(fd, text, 6, 0), 6, "read");
	check(!strcmp(text, "hidden"), "what was written");
	is(fstat(fd, &status), 0, "fstat");
	is((long)status.st_nlink, 0, "no links");
	is(status.st_size, 6, "its size");
	is(status.st_mode, S_IFREG | 0640, "its mode");
	close(fd);
}

static void links(void)
{
	char path[64];
	struct stat first, second;
	int fd = open("/tmp/nameless-a", O_CREAT | O_RDWR, 0600);
	unlink("/tmp/nameless-b");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	is(linkat(AT_FDCWD, path, AT_FDCWD, "/tmp/nameless-b", AT_SYMLINK_FOLLOW), 0,
		"linkat of a descriptor");
	is(stat("/tmp/nameless-a", &first) || stat("/tmp/nameless-b", &second), 0, "both names");
	check(first.st_ino == second.st_ino && first.st_nlink == 2, "of one file");
	unlink("/tmp/nameless-a");
	unlink("/tmp/nameless-b");
	close(fd);
}

static int runs(void)
{
	char *arguments[] = { "nameless", "again", NULL }, *environment[] = { NULL };
	int fd = open("/proc/self/exe", FIRST_PATH | O_CLOEXEC);
	if (fd < 0)
		return 1;
	syscall(SYS_execveat, fd, "", arguments, environment, FIRST_EMPTY_PATH);
	return 2;
}

static void seals(void)
{
	int fd = (int)syscall(SYS_memfd_create, "sealed", 2);
	need(fd >= 0, "memfd_create");
	ftruncate(fd, 4096);
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	need(memory != MAP_FAILED, "mmap");
	fails(fcntl(fd, FIRST_ADD_SEALS, FIRST_SEAL_WRITE), EBUSY,
		"F_SEAL_WRITE of what is mapped to write");
	munmap(memory, 4096);
	is(fcntl(fd, FIRST_ADD_SEALS, FIRST_SEAL_WRITE), 0, "F_SEAL_WRITE");
	fails((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM,
		"mmap of it to write");
	fails(write(fd, "x", 1), EPERM, "write");
	check(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED,
		"a private copy");
	check(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED, "to read");
}

int main(int count, char **arguments)
{
	if (count > 1 && !strcmp(arguments[1], "again"))
		return 7;
	nameless();
	links();
	is(child_end(child(runs)), 7, "execveat of an O_PATH descriptor");
	seals();
	return done();
}
