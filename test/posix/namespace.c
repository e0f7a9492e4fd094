// SPDX-License-Identifier: MIT
// namespace.c - binding: what is shown at another place, to whom, and when not. Linux has no such
// call for everybody: there is nothing to test there.
#include "test/posix/test.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { CALL_CARBIDE = 511, CARBIDE_BIND = 3, CARBIDE_UNBIND = 4 }; // lib/posix/core/carbide.c

static long bind_at(const char *from, const char *to)
{
	return syscall(CALL_CARBIDE, CARBIDE_BIND, from, to);
}

static long unbind(const char *place)
{
	return syscall(CALL_CARBIDE, CARBIDE_UNBIND, place);
}

static void put(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	(void)!write(file, text, strlen(text));
	close(file);
}

static bool has(const char *path, const char *text)
{
	char got[64] = "";
	int file = open(path, O_RDONLY);
	(void)!read(file, got, sizeof got - 1);
	close(file);
	return !strcmp(got, text);
}

static void prepare(void)
{
	mkdir("/tmp/ns", 0755);
	need(chdir("/tmp/ns") == 0, "a folder");
	mkdir("from", 0755);
	mkdir("to", 0755);
	mkdir("from/below", 0755);
	put("from/one", "one");
	put("from/below/deep", "deep");
	put("to/two", "two");
	put("file", "file");
}

static void test_errors(void)
{
	fails(bind_at("absent", "to"), ENOENT, "nothing to show");
	fails(bind_at("from", "absent"), ENOENT, "no place to show it at");
	fails(bind_at("from", "file"), ENOTDIR, "a folder at a file");
	fails(bind_at("file", "to"), ENOTDIR, "a file at a folder");
	fails(bind_at("from", "/"), EBUSY, "at the root");
	fails(bind_at("from", "/proc/self"), EINVAL, "in a place without a table");
	fails(bind_at(bad_address, "to"), EFAULT, "a bad address");
	fails(unbind("to"), EINVAL, "nothing is shown there");
	fails(mount("none", "to", "ext4", 0, NULL), ENODEV, "no such file system");
}

// Runs in a child: all of it is gone with it.
static int folders(void)
{
	char text[100] = "";
	struct stat from, to;
	is(bind_at("from", "to"), 0, "a folder is shown at another");
	check(has("to/one", "one") && has("to/below/deep", "deep"), "what is in it is there");
	fails(access("to/two", F_OK), ENOENT, "what it covers is not");
	put("to/new", "new");
	check(has("from/new", "new"), "both are the same");
	check(stat("from/below", &from) == 0 && stat("to/below", &to) == 0 && from.st_ino == to.st_ino,
		"with the same inodes");
	check(chdir("to/below") == 0 && getcwd(text, sizeof text) && !strcmp(text, "/tmp/ns/to/below"),
		"the working folder has the new path");
	check(has("../../to/one", "one") && has("../../file", "file"),
		"two dots lead out where they led in");
	fails(rmdir("/tmp/ns/to"), EBUSY, "the place cannot be removed");
	fails(rename("/tmp/ns/file", "/tmp/ns/to/file"), EXDEV, "nor renamed into");
	need(chdir("/tmp/ns") == 0, "back");
	is(bind_at("file", "to/one"), 0, "a file is shown at another, in what is shown");
	check(has("to/one", "file") && has("from/one", "one"), "there only");
	check(access("/proc/self/mounts", R_OK) == 0 &&
			  system("grep -q '/tmp/ns/from /tmp/ns/to none' /proc/self/mounts") == 0,
		"mounts tell it, also to a program that is run");
	is(unbind("to/one"), 0, "it ends");
	check(has("to/one", "one"), "and the file is what it was");
	is(unbind("to"), 0, "so does the first");
	check(has("to/two", "two"), "and the folder is what it was");
	return failures;
}

static int schemes(void)
{
	is(bind_at("/scheme/svc", "to"), 0, "a scheme is shown at a folder");
	is(access("to/tree", R_OK), 0, "its files are there");
	is(bind_at("/proc/self", "from/below"), 0, "a place in /proc too");
	check(access("from/below/stat", R_OK) == 0, "it is this process there");
	is(unbind("/scheme"), 0, "schemes are taken away");
	fails(access("/scheme/log", F_OK), ENOENT, "none can be reached");
	is(access("to/tree", R_OK), 0, "but the one that is shown elsewhere");
	return failures;
}

static int gone(void)
{
	is(bind_at("from", "to"), 0, "a folder that will be removed");
	is(system("rm -r from"), 0, "it is removed");
	mkdir("another", 0755);
	put("another/secret", "secret");
	fails(access("to/secret", F_OK), ENOENT, "what takes its place is not shown");
	return failures;
}

static void in_child(int (*run)(void), const char *what)
{
	int status = -1;
	fflush(stdout);
	pid_t child = fork();
	if (!child)
		_exit(run() != 0);
	waitpid(child, &status, 0);
	is(status, 0, what);
	check(has("to/two", "two"), "the parent's namespace is as it was");
}

int main(void)
{
	if (access("/scheme/svc/tree", R_OK) != 0) {
		said(true, "no namespaces of this kind here", "");
		return 0;
	}
	prepare();
	test_errors();
	in_child(folders, "folders and files");
	in_child(schemes, "schemes");
	in_child(gone, "what is gone");
	is(access("/scheme/log", F_OK), 0, "schemes are there for others");
	(void)!system("rm -r /tmp/ns");
	return failures != 0;
}
