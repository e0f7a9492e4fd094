// SPDX-License-Identifier: MIT
// Memory of a process: mmap, brk, mprotect, mremap, madvise, memfd, mincore, copy on write.
#include "test/posix/test.h"
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static char *area;

static int changes(void)
{
	area[0] = 'c';
	return area[4096];
}

static int sees_file(void)
{
	area[0] = area[4096] = 'x';
	madvise(area, 4096, MADV_DONTNEED);
	return area[0] == 'f' && area[4096] == 'x' ? 0 : 1;
}

// A private copy of a file, given back, is the file again.
static void discarded_file(void)
{
	char bytes[8192];
	memset(bytes, 'f', sizeof(bytes));
	int fd = open("/tmp/discarded", O_RDWR | O_CREAT | O_TRUNC, 0600);
	need(fd >= 0 && write(fd, bytes, sizeof(bytes)) == sizeof(bytes), "a file");
	area = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	memset(area, 'p', 8192);
	is(madvise(area, 4096, MADV_DONTNEED), 0, "madvise of a private file");
	check(area[0] == 'f' && area[4095] == 'f', "the file's bytes again");
	check(area[4096] == 'p', "the rest stays");
	area[0] = 'q';
	check(pwrite(fd, "n", 1, 0) == 1 && area[0] == 'q', "it is private still");
	madvise(area, 4096, MADV_DONTNEED);
	is(area[0], 'n', "the file as it is now");
	pwrite(fd, "f", 1, 0);
	is(child_end(child(sees_file)), 0, "in a forked child");
	char *moved = mremap(area, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED,
		mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	need(moved != MAP_FAILED, "mremap");
	moved[4096] = 'z';
	mprotect(moved, 8192, PROT_READ);
	is(madvise(moved + 4096, 4096, MADV_DONTNEED), 0, "after a move, read-only");
	is(moved[4096], 'f', "the file's bytes");
	fails(pread(fd, moved, 1, 0), EFAULT, "and read-only it stays");
	mmap(moved, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	moved[0] = 'a';
	madvise(moved, 8192, MADV_DONTNEED);
	check(moved[0] == 0 && moved[4096] == 'f', "zeros mapped over a part are zeros again");
	munmap(moved, 8192);
	area = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
	mprotect(area, 8192, PROT_READ | PROT_WRITE);
	area[1] = 'w';
	madvise(area, 8192, MADV_DONTNEED);
	is(area[1], 'f', "one that became writable later");
	munmap(area, 8192);
	close(fd);
	unlink("/tmp/discarded");
}

// A private mapping that becomes longer shows more of the file, where it is and where it goes to.
static void grown_file(void)
{
	int fd = open("/tmp/grown", O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (int i = 0; i < 8; i++)
		pwrite(fd, &"abcdefgh"[i], 1, i * 4096);
	ftruncate(fd, 8 * 4096);
	char *room = mmap(NULL, 16 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	area = mmap(room, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 4096);
	area[0] = 'x';
	munmap(room + 2 * 4096, 14 * 4096);
	is((long)mremap(area, 2 * 4096, 4 * 4096, 0), (long)area, "a private file grows where it is");
	check(area[0] == 'x' && area[4096] == 'c' && area[2 * 4096] == 'd' && area[3 * 4096] == 'e',
		"and shows the file's next pages");
	area[2 * 4096] = 'y';
	mmap(area + 4 * 4096, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	char *moved = mremap(area, 4 * 4096, 6 * 4096, MREMAP_MAYMOVE);
	need(moved != MAP_FAILED && moved != area, "it moves");
	check(moved[0] == 'x' && moved[2 * 4096] == 'y' && moved[4 * 4096] == 'f' &&
			  moved[5 * 4096] == 'g',
		"and shows more");
	madvise(moved, 6 * 4096, MADV_DONTNEED);
	check(moved[0] == 'b' && moved[2 * 4096] == 'd' && moved[5 * 4096] == 'g',
		"given back, all of it is the file again");
	munmap(moved, 6 * 4096);
	area = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	moved = mremap(area, 4096, 3 * 4096, MREMAP_MAYMOVE);
	need(moved != MAP_FAILED, "a read-only one");
	check(moved[0] == 'a' && moved[4096] == 'b' && moved[2 * 4096] == 'c', "does the same");
	munmap(moved, 3 * 4096);
	// Zeros beside and between files.
	area = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(area + 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0);
	mmap(area + 3 * 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 4096);
	for (int i = 0; i < 5; i++)
		area[i * 4096] = 'z';
	is(madvise(area, 5 * 4096, MADV_DONTNEED), 0, "madvise of all");
	check(!area[0] && area[4096] == 'a' && !area[2 * 4096] && area[3 * 4096] == 'b' &&
			  !area[4 * 4096],
		"each as it was");
	munmap(area, 5 * 4096);
	close(fd);
	unlink("/tmp/grown");
}

// Each that was mapped is the file again when it is given back, however many there are: what could
// not be remembered must not have been mapped. The same for what is left of one with many holes.
static void many_copies(void)
{
	enum { MANY = 3000, SIZE = 4096 };
	static char *copies[MANY];
	int count = 0, wrong = 0;
	int fd = open("/tmp/many", O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (int i = 0; i < 2 * MANY; i++)
		pwrite(fd, "f", 1, (off_t)i * SIZE);
	for (; count < MANY; count++) {
		copies[count] = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
		if (copies[count] == MAP_FAILED)
			break;
		copies[count][0] = 'p';
	}
	for (int i = 0; i < count; i++) {
		madvise(copies[i], SIZE, MADV_DONTNEED);
		wrong += copies[i][0] != 'f';
		munmap(copies[i], SIZE);
	}
	check(count > 1000, "private copies of many pages");
	is(wrong, 0, "many private copies are their file again");
	const size_t all = (size_t)2 * MANY * SIZE;
	area = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	need(area != MAP_FAILED, "a large one");
	for (int i = 0; i < 2 * MANY; i++)
		area[(size_t)i * SIZE] = 'p';
	int last = 0; // the last hole that could be made
	for (int i = 1; i < 2 * MANY && munmap(area + (size_t)i * SIZE, SIZE) == 0; i += 2)
		last = i;
	for (int i = 0; i < last; i += 2) {
		madvise(area + (size_t)i * SIZE, SIZE, MADV_DONTNEED);
		wrong += area[(size_t)i * SIZE] != 'f';
	}
	check(last > 1, "holes in a copy");
	is(wrong, 0, "what is left between them is the file again");
	munmap(area, all);
	close(fd);
	unlink("/tmp/many");
}

[[gnu::noinline]] static int answers(void)
{
	return 5;
}

// A program's own code, which it may change: for itself alone.
static int changes_itself(void)
{
	unsigned char *code = (unsigned char *)(uintptr_t)answers;
	char *page = (char *)((uintptr_t)code & ~4095ul);
	unsigned char first = *code;
	if (mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC))
		return 1;
	*code = 0xc3; // returns at once
	if (*code != 0xc3)
		return 2;
	((void (*)(void))code)();
	*code = first;
	if (answers() != 5)
		return 4;
	return mprotect(page, 4096, PROT_READ | PROT_EXEC) ? 3 : 0;
}

static void code(void)
{
	is(child_end(child(changes_itself)), 0, "a program writes to its code");
	is(child_end(child(changes_itself)), 0, "again, as it was");
}

static void files(void)
{
	discarded_file();
	grown_file();
	many_copies();
}

int main(void)
{
	area = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(area != MAP_FAILED, "mmap");
	check(area[0] == 0 && area[16383] == 0, "zeros");
	area[0] = 'p';
	area[4096] = 5;
	is(child_end(child(changes)), 5, "a child sees what was");
	check(area[0] == 'p', "and changes its own");
	is(mprotect(area, 4096, PROT_READ), 0, "mprotect");
	int ends[2];
	need(pipe(ends) == 0 && write(ends[1], "x", 1) == 1, "pipe");
	fails(read(ends[0], area, 1), EFAULT, "read-only memory: EFAULT");
	is(mprotect(area, 4096, PROT_READ | PROT_WRITE), 0, "mprotect back");
	is(read(ends[0], area, 1), 1, "goes now");
	is(munmap(area + 4096, 4096), 0, "munmap of the middle");
	(void)!write(ends[1], "x", 1);
	fails(read(ends[0], area + 4096, 1), EFAULT, "no memory: EFAULT");
	check(area[0] == 'x' && area[8192] == 0, "the rest stays");
	is(munmap(area, 16384), 0, "munmap over a hole");
	fails(munmap(area + 1, 4096), EINVAL, "not aligned");
	fails((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL, "no size");
	fails((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0), EBADF, "no file");
	fails((long)mmap(NULL, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL,
		"neither shared nor private");
	area = mmap(NULL, 1ul << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	check(area != MAP_FAILED, "a reservation of 1 TiB");
	is(mprotect(area + (1ul << 39), 4096, PROT_READ | PROT_WRITE), 0, "a page of it");
	area[1ul << 39] = 1;
	is(munmap(area, 1ul << 40), 0, "given back");
	area = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	area[5] = 9;
	area = mremap(area, 8192, 1 << 20, MREMAP_MAYMOVE);
	check(area != MAP_FAILED && area[5] == 9 && area[(1 << 20) - 1] == 0, "mremap");
	area[100] = 1;
	is(madvise(area, 4096, MADV_DONTNEED), 0, "madvise");
	check(area[100] == 0, "MADV_DONTNEED");
	unsigned char resident[256];
	is(mincore(area, 1 << 20, resident), 0, "mincore");
	munmap(area, 1 << 20);
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	check(fd >= 0, "memfd_create");
	is(ftruncate(fd, 4096), 0, "ftruncate");
	area = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	area[0] = 'm';
	char byte = 0;
	is(pread(fd, &byte, 1, 0), 1, "pread");
	check(byte == 'm', "a memfd is memory");
	munmap(area, 4096);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0, "F_ADD_SEALS");
	fails(ftruncate(fd, 0), EPERM, "sealed");
	close(fd);
	long end = syscall(SYS_brk, 0);
	is(syscall(SYS_brk, end + 100000), end + 100000, "brk");
	memset((char *)end, 1, 100000);
	is(syscall(SYS_brk, end), end, "and back");
	is(syscall(SYS_brk, 8), end, "brk to nowhere changes nothing");
	fails(syscall(SYS_mprotect, 4096, 4096, PROT_READ), ENOMEM, "mprotect of nothing");
	files();
	code();
	return done();
}
