// SPDX-License-Identifier: MIT
// /proc/PID/maps: which file lies where, under which name, from which offset on.
#include "test/posix/test.h"
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define FILE_NAME "/tmp/maps-file"
#define OTHER_NAME "/tmp/maps-other"
#define PAGE 4096ul

struct line {
	unsigned long low, end, offset, inode;
	unsigned int major, minor;
	char access[5], name[PATH_MAX];
};

// The line of maps of a process that has this address.
static bool find_in(const char *path, const void *address, struct line *out)
{
	static char text[PATH_MAX + 128];
	bool is_found = false;
	FILE *maps = fopen(path, "r");
	while (maps && !is_found && fgets(text, sizeof(text), maps)) {
		out->name[0] = 0;
		is_found =
			sscanf(text, "%lx-%lx %4s %lx %x:%x %lu %4095[^\n]", &out->low, &out->end, out->access,
				&out->offset, &out->major, &out->minor, &out->inode, out->name) >= 7 &&
			(unsigned long)address - out->low < out->end - out->low;
	}
	if (maps)
		fclose(maps);
	return is_found;
}

static void shows(const void *address, const char *name, unsigned long offset, const char *what)
{
	struct line line = { 0 };
	char why[PATH_MAX + 80];
	bool is_found = find_in("/proc/self/maps", address, &line);
	snprintf(why, sizeof(why), "%d '%s' offset %lx", is_found, line.name, line.offset);
	said(is_found && !strcmp(line.name, name) && line.offset == offset, what, why);
}

static char *map(int fd, int access, int type, unsigned long offset, size_t size)
{
	char *at = mmap(NULL, size, access, type, fd, (off_t)offset);
	need(at != MAP_FAILED, "mmap");
	return at;
}

static int make(void)
{
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	need(fd >= 0 && ftruncate(fd, 8 * PAGE) == 0, "a file");
	return fd;
}

static void kinds(int fd)
{
	struct stat status;
	struct line line = { 0 };
	char *read_only = map(fd, PROT_READ, MAP_PRIVATE, PAGE, 2 * PAGE);
	char *copy = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE, 2 * PAGE, 2 * PAGE);
	char *shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 3 * PAGE, PAGE);
	char *none = map(-1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0, PAGE);
	shows(read_only, FILE_NAME, PAGE, "a private mapping");
	shows(copy, FILE_NAME, 2 * PAGE, "a private mapping to be written");
	copy[0] = 1;
	shows(copy, FILE_NAME, 2 * PAGE, "after it was written");
	shows(shared, FILE_NAME, 3 * PAGE, "a shared mapping");
	shows(none, "", 0, "no file");
	fstat(fd, &status);
	check(find_in("/proc/self/maps", shared, &line), "its line");
	check(!strcmp(line.access, "rw-s"), "its access");
	is((long)line.inode, (long)status.st_ino, "its inode");
	check(makedev(line.major, line.minor) == status.st_dev, "its device");
	munmap(read_only, 2 * PAGE);
	munmap(copy, 2 * PAGE);
	munmap(shared, PAGE);
	munmap(none, PAGE);
	check(!find_in("/proc/self/maps", shared, &line), "gone when unmapped");
}

// Parts of a mapping, when others of it are gone, changed or covered.
static void parts(int fd)
{
	char *at = map(fd, PROT_READ, MAP_PRIVATE, 0, 6 * PAGE);
	munmap(at + PAGE, PAGE);
	shows(at, FILE_NAME, 0, "before a hole");
	shows(at + 2 * PAGE, FILE_NAME, 2 * PAGE, "behind it");
	is(mprotect(at + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE), 0,
		"mprotect of a page in the middle");
	at[3 * PAGE] = 7;
	shows(at + 3 * PAGE, FILE_NAME, 3 * PAGE, "it");
	shows(at + 4 * PAGE, FILE_NAME, 4 * PAGE, "the rest");
	is(at[3 * PAGE], 7, "what was written to it");
	char *over =
		mmap(at + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	shows(over, "", 0, "what is mapped over it");
	shows(at + 5 * PAGE, FILE_NAME, 5 * PAGE, "and behind that");
	char *moved = mremap(at + 2 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	need(moved != MAP_FAILED, "mremap");
	shows(moved, FILE_NAME, 2 * PAGE, "moved, and longer");
	struct line line = { 0 };
	check(find_in("/proc/self/maps", moved + PAGE, &line) && !strcmp(line.name, FILE_NAME),
		"to its end");
	munmap(moved, 2 * PAGE);
	munmap(at, 6 * PAGE);
}

// What a child sees of what its parent mapped, and the parent of the child.
static char *inherited;

static int child_shows(void)
{
	struct line line = { 0 };
	bool is_named = find_in("/proc/self/maps", inherited, &line) && !strcmp(line.name, FILE_NAME);
	return is_named && line.offset == PAGE ? 0 : 1;
}

static int waits(void)
{
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open(FILE_NAME, O_RDONLY), 0);
	munmap(inherited, PAGE);
	return at == MAP_FAILED ? 1 : pause();
}

static void family(int fd)
{
	char path[64];
	struct line line = { 0 };
	inherited = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE, PAGE, PAGE);
	is(child_end(child(child_shows)), 0, "a forked child's");
	pid_t pid = child(waits);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	for (int i = 0; i < 500 && find_in(path, inherited, &line); i++)
		pause_ms(10);
	check(!find_in(path, inherited, &line), "another process's, as it is now");
	FILE *maps = fopen(path, "r");
	int named = 0;
	while (maps && fgets(line.name, sizeof(line.name), maps))
		named += strstr(line.name, FILE_NAME) != NULL;
	if (maps)
		fclose(maps);
	is(named, 1, "and what it mapped itself");
	kill(pid, SIGKILL);
	is(child_end(pid), 1000 + SIGKILL, "its end");
	shows(inherited, FILE_NAME, PAGE, "the parent's is still there");
	munmap(inherited, PAGE);
}

static void renamed(int fd)
{
	struct line line = { 0 };
	char *at = map(fd, PROT_READ, MAP_SHARED, 0, PAGE);
	is(rename(FILE_NAME, OTHER_NAME), 0, "rename");
	shows(at, OTHER_NAME, 0, "by its new name");
	is(unlink(OTHER_NAME), 0, "unlink");
	check(find_in("/proc/self/maps", at, &line) && strstr(line.name, "(deleted)"), "deleted");
	munmap(at, PAGE);
}

static void program(void)
{
	static const char text[] = "text";
	static char data[] = "data";
	char path[PATH_MAX] = "";
	struct line line = { 0 };
	check(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0, "the program");
	check(find_in("/proc/self/maps", text, &line) && !strcmp(line.name, path), "its constants");
	check(find_in("/proc/self/maps", data, &line) && !strcmp(line.name, path), "its data");
	check(line.offset != 0, "which is not the file's beginning");
}

int main(void)
{
	int fd = make();
	kinds(fd);
	parts(fd);
	family(fd);
	renamed(fd);
	program();
	close(fd);
	return done();
}
