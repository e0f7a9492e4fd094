// SPDX-License-Identifier: MIT
// Locked memory: who may lock how much, and what counts as locked.
#include "test/posix/test.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { PAGE = 4096, ONFAULT = 1 };

static long kilobytes(void)
{
	char line[128];
	long found = -1;
	FILE *status = fopen("/proc/self/status", "r");
	need(status != NULL, "/proc/self/status");
	while (fgets(line, sizeof(line), status))
		if (!strncmp(line, "VmLck:", 6))
			found = strtol(line + 6, NULL, 10);
	fclose(status);
	return found;
}

static char *map(size_t pages, int flags)
{
	return mmap(
		NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static int child_has_none(void)
{
	return kilobytes() == 0 ? 0 : 1;
}

static void counts(void)
{
	char *memory = map(8, 0);
	is(kilobytes(), 0, "nothing is locked");
	is(mlock(memory + 1, 2 * PAGE - 1), 0, "mlock");
	is(kilobytes(), 8, "of whole pages");
	is(mlock(memory, PAGE), 0, "once more");
	is(kilobytes(), 8, "counts once");
	is(syscall(SYS_mlock2, memory, 8 * PAGE, ONFAULT), 0, "mlock2");
	is(kilobytes(), 32, "of all");
	is(child_end(child(child_has_none)), 0, "a child inherits no locks");
	is(munlock(memory + 2 * PAGE, PAGE), 0, "munlock in the middle");
	is(kilobytes(), 28, "leaves both ends");
	fails(madvise(memory, PAGE, MADV_DONTNEED), EINVAL, "MADV_DONTNEED of what is locked");
	is(madvise(memory + 2 * PAGE, PAGE, MADV_DONTNEED), 0, "but not of the rest");
	fails(msync(memory, PAGE, MS_INVALIDATE), EBUSY, "MS_INVALIDATE of what is locked");
	is(msync(memory + 2 * PAGE, PAGE, MS_INVALIDATE), 0, "but not of the rest");
	munmap(memory, 2 * PAGE);
	is(kilobytes(), 20, "what is unmapped is locked no more");
	fails(mlock(memory, 4 * PAGE), ENOMEM, "mlock of a hole");
	fails(munlock(memory, 4 * PAGE), ENOMEM, "munlock of a hole");
	fails(mlock(memory, -1UL - (unsigned long)memory), EINVAL, "mlock beyond all addresses");
	munmap(memory, 8 * PAGE);
	memory = map(4, MAP_LOCKED);
	is(kilobytes(), 16, "MAP_LOCKED");
	memory = mremap(memory, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	is(kilobytes(), 256, "mremap: what comes is locked, too");
	munmap(memory, 64 * PAGE);
	is(kilobytes(), 0, "nothing is locked again");
}

static void all(void)
{
	fails(mlockall(0), EINVAL, "mlockall of nothing");
	fails(mlockall(8), EINVAL, "of what is not known");
	fails(mlockall(4), EINVAL, "on fault alone");
	is(mlockall(MCL_FUTURE), 0, "mlockall of what comes");
	check(kilobytes() < 64, "is nothing yet");
	char *memory = map(16, 0);
	check(kilobytes() >= 64, "but then it is");
	munmap(memory, 16 * PAGE);
	is(mlockall(MCL_CURRENT), 0, "mlockall of what is there");
	check(kilobytes() > 100, "is the whole program");
	memory = map(16, 0);
	fails(msync(memory, PAGE, MS_INVALIDATE | MS_ASYNC | MS_SYNC), EINVAL, "msync of both kinds");
	is(msync(memory, PAGE, MS_INVALIDATE), 0, "what comes is not locked any more");
	is(munlockall(), 0, "munlockall");
	is(kilobytes(), 0, "of all");
}

static void limit_to(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };
	need(setrlimit(RLIMIT_MEMLOCK, &limit) == 0, "RLIMIT_MEMLOCK");
}

static int without_privileges(void)
{
	char *memory = map(8, 0);
	limit_to(3 * PAGE + 5);
	setgid(65534);
	setuid(65534);
	is(mlock(memory, 2 * PAGE), 0, "so much may be locked");
	fails(mlock(memory + 2 * PAGE, 2 * PAGE), ENOMEM, "not so much");
	is(mlock(memory, 3 * PAGE), 0, "what is locked counts once");
	check(map(1, MAP_LOCKED) == MAP_FAILED && errno == EAGAIN, "mmap of one more");
	fails(mlockall(MCL_CURRENT), ENOMEM, "mlockall");
	is(mlockall(MCL_FUTURE), 0, "of what comes");
	check(map(1, 0) == MAP_FAILED && errno == EAGAIN, "nothing can come");
	fails((long)sbrk(2 * PAGE), ENOMEM, "nor be added to the heap");
	is(munlockall(), 0, "munlockall");
	check(map(1, MAP_LOCKED) != MAP_FAILED, "mmap of one");
	limit_to(0);
	fails(mlock(memory, PAGE), EPERM, "nothing may be locked");
	fails(mlockall(MCL_CURRENT), EPERM, "at all");
	fails(syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0),
		EPERM, "by mmap");
	fails(syscall(SYS_mlock2, memory, PAGE, 2), EINVAL, "mlock2: first the flags");
	is(munlock(memory, PAGE), 0, "munlock may all");
	return failures ? 1 : 0;
}

int main(void)
{
	if (getuid() != 0) {
		printf("ok not run: wants to be root\n");
		return 0;
	}
	counts();
	all();
	is(child_end(child(without_privileges)), 0, "somebody without privileges");
	return done();
}
