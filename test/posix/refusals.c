// SPDX-License-Identifier: MIT
// What calls answer that are asked for what cannot be: memory that is not there, descriptors that
// cannot, ids of others.
#include "test/posix/test.h"
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { PAGE = 4096 };

enum { FUTEX_WAKE = 1, FUTEX_PRIVATE_FLAG = 128 };

static char *unmapped;

static void memory(void)
{
	unsigned char present[2];
	uint32_t word = 0;
	fails(mincore(unmapped, PAGE, present), ENOMEM, "mincore of nothing");
	fails(syscall(SYS_mincore, unmapped, 1UL << 62, present), ENOMEM, "mincore of too much");
	fails(mincore(unmapped, PAGE, (void *)-1L), EFAULT, "mincore to nowhere");
	fails(syscall(SYS_futex, unmapped, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT, "a futex of nothing");
	is(syscall(SYS_futex, unmapped, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0), 0,
		"but a private one");
	is(syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0), 0, "a futex");
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *own = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fails(madvise(shared, PAGE, MADV_FREE), EINVAL, "shared memory is not given up");
	is(madvise(own, PAGE, MADV_FREE), 0, "one's own is");
	fails((long)mmap(NULL, 0, PROT_READ, MAP_SHARED, 999, 0), EBADF, "mmap: first the descriptor");
	munmap(shared, PAGE);
	munmap(own, PAGE);
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
	ftruncate(fd, PAGE);
	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
	char *sealed = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	is(mprotect(sealed, PAGE, PROT_READ | PROT_WRITE), 0, "a private copy of what is sealed");
	munmap(sealed, PAGE);
	close(fd);
}

static void paths(void)
{
	char text[64] = {};
	symlink("refused-to", "/tmp/refused-link");
	int link = open("/tmp/refused-link", O_PATH | O_NOFOLLOW), folder = open("/tmp", O_PATH);
	is(readlinkat(link, "", text, sizeof(text)), 10, "readlinkat of the link itself");
	check(!strcmp(text, "refused-to"), "says where it leads");
	fails(readlinkat(folder, "", text, sizeof(text)), ENOENT, "which a directory is not");
	fails(readlinkat(AT_FDCWD, "", text, sizeof(text)), ENOENT, "nor nothing");
	fails(syscall(SYS_fgetxattr, folder, "user.x", text, 1), EBADF, "fgetxattr of O_PATH");
	fails(syscall(SYS_fgetxattr, 999, "user.x", text, 1), EBADF, "of nothing");
	fails(syscall(SYS_getxattr, "/tmp/refused-not", "user.x", text, 1), ENOENT, "getxattr");
	fails(syscall(SYS_lgetxattr, bad_address, "user.x", text, 1), EFAULT, "lgetxattr");
	fails(syscall(SYS_fadvise64, folder, 0, 0, 0), EBADF, "fadvise of O_PATH");
	close(link);
	close(folder);
	unlink("/tmp/refused-link");
}

struct how {
	uint64_t flags, mode, resolve, later;
};

static void ways(void)
{
	struct how how = { O_RDONLY, 0, 0, 0 };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/tmp", &how, sizeof(how));
	check(fd >= 0, "openat2 with zeros that are not known");
	close(fd);
	how.later = 1;
	fails(syscall(SYS_openat2, AT_FDCWD, "/tmp", &how, sizeof(how)), E2BIG, "with more");
	fails(syscall(SYS_openat2, AT_FDCWD, "/tmp", &how, 5000), E2BIG, "with very much");
	struct how *end = (struct how *)(unmapped - 24);
	memcpy(end, &how, 24);
	fails(syscall(SYS_openat2, AT_FDCWD, "/tmp", end, 32), EFAULT, "with what is not there");
	how = (struct how){ O_RDONLY, 0, 2, 0 }; // RESOLVE_NO_MAGICLINKS
	fails(syscall(SYS_openat2, AT_FDCWD, "/proc/self/exe", &how, 24), ELOOP, "no magic links");
	fails(syscall(SYS_openat2, AT_FDCWD, "/proc/self/fd/1", &how, 24), ELOOP, "no descriptors");
	fails(syscall(SYS_openat2, AT_FDCWD, "/proc/self/cwd/x", &how, 24), ELOOP, "on the way");
	fd = (int)syscall(SYS_openat2, AT_FDCWD, "/proc/self/stat", &how, 24);
	check(fd >= 0, "but other links");
	close(fd);
}

static void positions(void)
{
	int ends[2];
	char byte;
	struct iovec part = { &byte, 1 };
	pipe(ends);
	fails(pwrite(ends[0], "x", 1, 0), ESPIPE, "pwrite to the end to read");
	fails(preadv(ends[1], &part, 1, 0), ESPIPE, "preadv from the end to write");
	fails(readahead(ends[0], 0, 1), EINVAL, "readahead of a pipe");
	fails(sync_file_range(ends[0], 0, 1, 1), ESPIPE, "sync_file_range of a pipe");
	fails(sync_file_range(ends[0], -1, 1, 1), EINVAL, "before the beginning");
	fails(sync_file_range(999, -1, 1, 1), EBADF, "of nothing");
	int null = open("/dev/zero", O_RDONLY), folder = open("/tmp", O_RDONLY);
	fails(readahead(null, 0, 1), EINVAL, "readahead of a device");
	fails(readahead(folder, 0, 1), EINVAL, "of a directory");
	close(null);
	close(folder);
	int from = open("/tmp/refused", O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t *offset = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fails(sendfile(ends[1], from, offset, 1), EFAULT, "sendfile: an offset that cannot be told");
	int to = open("/tmp/refused-too", O_RDWR | O_CREAT | O_TRUNC, 0600);
	fails(sendfile(to, from, offset, 1), EFAULT, "the same to a file");
	munmap(offset, PAGE);
	close(from);
	close(to);
	close(ends[0]);
	close(ends[1]);
	unlink("/tmp/refused");
	unlink("/tmp/refused-too");
}

static int by_user(void)
{
	const struct sched_param none = { 0 };
	unsigned long processors = 1;
	int id = shmget(IPC_PRIVATE, 1, 0600), other = shmget(IPC_PRIVATE, 1, 0644);
	setresgid(1000, 1000, 1000);
	setresuid(1000, 1000, 1000);
	fails(syscall(SYS_sched_setparam, getppid(), &none), EPERM, "another's policy");
	fails(syscall(SYS_sched_setaffinity, getppid(), 8, &processors), EPERM, "another's processors");
	fails(shmctl(id, SHM_LOCK, NULL), EPERM, "locking another's segment");
	fails(shmctl(other, SHM_UNLOCK, NULL), EPERM, "although it may be read");
	fails(syscall(SYS_setgroups, 1000000, NULL), EPERM, "groups, however many");
	return 0;
}

static void ids(void)
{
	fails(setpgid(0, 4194304), EPERM, "a group that cannot be");
	fails(syscall(SYS_timer_settime, 0, 0, NULL, NULL), EINVAL, "a timer without a time");
	fails(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL, "prctl with one argument too many");
	fails(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0), EINVAL, "to ask");
	fails(prctl(PR_GET_THP_DISABLE, 1, 1, 0, 0), EINVAL, "and another");
	if (geteuid())
		return;
	fails(syscall(SYS_setgroups, 65536, bad_address), EFAULT, "groups that are not there");
	fails(syscall(SYS_setgroups, 65537, bad_address), EINVAL, "too many groups");
	is(child_end(child(by_user)), 0, "a user");
}

int main(void)
{
	unmapped = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unmapped += PAGE;
	munmap(unmapped, PAGE);
	memory();
	paths();
	ways();
	positions();
	ids();
	return done();
}
