// SPDX-License-Identifier: MIT
// /proc as programs read it: what is open, threads, memory, signals, the call under way.
#include "test/posix/test.h"
#include <dirent.h>
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char text[65536];

static long read_all(const char *path)
{
	int fd = open(path, O_RDONLY);
	long all = 0, part;
	if (fd < 0)
		return -1;
	while ((part = read(fd, text + all, sizeof(text) - 1 - (size_t)all)) > 0)
		all += part;
	close(fd);
	text[all] = 0;
	return all;
}

// What stands behind a label at the start of a line.
static const char *value(const char *label)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, label, strlen(label)))
			return line + strlen(label);
	}
	return "";
}

static void descriptors(void)
{
	char path[64];
	int fd = open("/tmp/proc-open", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	need(fd >= 0, "a file");
	write(fd, "12345", 5);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	check(read_all(path) > 0, "fdinfo");
	is(atol(value("pos:\t")), 5, "its offset");
	is(strtol(value("flags:\t"), NULL, 8) & (O_ACCMODE | O_APPEND | O_CLOEXEC),
		O_RDWR | O_APPEND | O_CLOEXEC, "its flags");
	check(*value("ino:\t"), "its inode");
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self);
	read_all(path);
	is(atol(value("Pid:\t")), getpid(), "whom a pidfd stands for");
	close(self);
	close(fd);
	unlink("/tmp/proc-open");
}

static void odd_names(void)
{
	struct stat status;
	is(lstat("/proc/self/fd/0", &status), 0, "a descriptor");
	check(S_ISLNK(status.st_mode), "is a link");
	fails(lstat("/proc/self/fd/00", &status), ENOENT, "zeros before the number");
	fails(lstat("/proc/self/fd/+0", &status), ENOENT, "a sign");
	fails(lstat("/proc/self/fd/0x", &status), ENOENT, "something behind it");
	fails(lstat("/proc/self/fd/4294967296", &status), ENOENT, "too large");
	is(lstat("/proc/thread-self/fd/0", &status), 0, "the same by the thread");
}

static void folders(void)
{
	char name[32];
	struct stat first, second;
	int folder = open("/proc/self", O_RDONLY | O_DIRECTORY);
	need(folder >= 0, "a folder of /proc");
	int fd = openat(folder, "stat", O_RDONLY);
	check(fd >= 0 && read(fd, name, sizeof(name)) > 0, "openat below it");
	is(atol(name), getpid(), "what was meant");
	close(fd);
	is(fstatat(folder, "fd", &first, 0) || stat("/proc/self/fd", &second), 0, "fstatat below it");
	check(first.st_ino == second.st_ino, "the same");
	is(faccessat(folder, "none", F_OK, 0), -1, "what there is not");
	on_signal(SIGUSR2, count_signal, 0);
	is(syscall(SYS_pidfd_send_signal, folder, SIGUSR2, NULL, 0), 0, "a signal to whom it is of");
	siginfo_t other = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };
	fails(syscall(SYS_pidfd_send_signal, folder, SIGUSR2, &other, 0), EINVAL, "that says another");
	is(handled, 1, "arrives");
	close(folder);
	char path[64], wanted[32] = "";
	mkdir("/tmp/proc-folder", 0700);
	mkdir("/tmp/proc-folder/below", 0700);
	int below = open("/tmp/proc-folder/below", O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/../file", below);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	check(fd >= 0, "a path through a descriptor");
	is(access("/tmp/proc-folder/file", F_OK), 0, "leads on from its directory");
	snprintf(path, sizeof(path), "/dev/fd/%d/.", below);
	is(stat(path, &first) || fstat(below, &second), 0, "by /dev/fd");
	check(first.st_ino == second.st_ino, "the directory itself");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", below);
	check(readlink(path, wanted, sizeof(wanted) - 1) > 0, "its name");
	check(!strcmp(wanted, "/tmp/proc-folder/below"), "is the directory's");
	close(fd);
	close(below);
	unlink("/tmp/proc-folder/file");
	rmdir("/tmp/proc-folder/below");
	rmdir("/tmp/proc-folder");
	int tasks = open("/proc/self/task", O_RDONLY | O_DIRECTORY);
	is(fchdir(tasks), 0, "fchdir into it");
	snprintf(name, sizeof(name), "%d/comm", getpid());
	is(access(name, R_OK), 0, "a path from there");
	is(chdir("/"), 0, "back");
	close(tasks);
}

static int ends_at_once(void)
{
	return 3;
}

static int runs_script(void)
{
	char *arguments[] = { "x", "one", NULL };
	int fd = open("/tmp/proc-script", O_RDONLY);
	syscall(SYS_execveat, fd, "", arguments, environ, 0x1000);
	return 99;
}

static int runs_closing_script(void)
{
	char *arguments[] = { "x", NULL };
	int fd = open("/tmp/proc-script", O_RDONLY | O_CLOEXEC);
	syscall(SYS_execveat, fd, "", arguments, environ, 0x1000);
	return errno == ENOENT ? 7 : 8;
}

// A script by its descriptor: its interpreter opens that.
static void scripts(void)
{
	static const char script[] =
		"#!/bin/sh\ncase $0 in /dev/fd/*) test \"$1\" = one && exit 5;; esac\n";
	int fd = open("/tmp/proc-script", O_WRONLY | O_CREAT | O_TRUNC, 0700);
	write(fd, script, sizeof(script) - 1);
	close(fd);
	is(child_end(child(runs_script)), 5, "a script by its descriptor");
	is(child_end(child(runs_closing_script)), 7, "which exec closes");
	unlink("/tmp/proc-script");
}

// A zombie is still somebody.
static void ended(void)
{
	siginfo_t info = { 0 };
	pid_t pid = child(ends_at_once);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	int fd = (int)syscall(SYS_pidfd_open, pid, O_NONBLOCK);
	check(fd >= 0, "a pidfd of a zombie");
	is(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0), 0, "a signal to it is lost");
	is(waitid(P_PIDFD, (id_t)fd, &info, WEXITED), 0, "waiting for it");
	is(info.si_status, 3, "how it ended");
	fails(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), ESRCH, "now it is nobody");
	close(fd);
	fd = (int)syscall(SYS_pidfd_open, getpid(), O_NONBLOCK);
	fails(waitid(P_PIDFD, (id_t)fd, &info, WEXITED), ECHILD, "no child of its own");
	close(fd);
	pid = child(pause);
	fd = (int)syscall(SYS_pidfd_open, pid, O_NONBLOCK);
	fails(waitid(P_PIDFD, (id_t)fd, &info, WEXITED), EAGAIN, "a pidfd that does not wait");
	is(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG), 0, "nor with WNOHANG");
	kill(pid, SIGKILL);
	is(child_end(pid), 1000 + SIGKILL, "its end");
	close(fd);
}

struct first_arguments { // Linux's struct clone_args, and something behind it
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup, behind[2];
};

static long clone_end(const struct first_arguments *arguments, size_t size)
{
	long pid = syscall(SYS_clone3, arguments, size);
	if (pid == 0)
		_exit(getpid() & 127);
	return pid < 0 ? -errno : child_end((pid_t)pid) == (pid & 127) ? pid : -1;
}

static void clones(void)
{
	struct first_arguments given = { .exit_signal = SIGCHLD };
	int wanted = 1;
	check(clone_end(&given, 64) > 0, "clone3 of the first version");
	check(clone_end(&given, sizeof(given)) > 0, "with nothing behind the struct");
	is(clone_end(&given, 56), -EINVAL, "too small");
	is(clone_end(&given, 4104), -E2BIG, "larger than a page");
	given.behind[1] = 1;
	is(clone_end(&given, sizeof(given)), -E2BIG, "with something behind it");
	given.behind[1] = 0;
	given.set_tid = (uintptr_t)&wanted;
	is(clone_end(&given, 88), -EINVAL, "a pid without a count");
	given.set_tid_size = 1;
	if (geteuid() == 0) {
		is(clone_end(&given, 88), -EEXIST, "a pid that somebody has");
		wanted = 31234;
		is(clone_end(&given, 88), 31234, "a pid of one's own choice");
	}
	wanted = -1;
	is(clone_end(&given, 88), -EINVAL, "none at all");
}

// Two that have the same pid one after the other, and ask the same: each gets its own session.
static void same_pid_again(void)
{
	int wanted = 31235;
	struct first_arguments given = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1
	};
	for (int i = 0; i < 50 && geteuid() == 0; i++) {
		long pid = syscall(SYS_clone3, &given, 88);
		if (pid == 0)
			_exit(setsid() == wanted && getsid(0) == wanted && getpgrp() == wanted ? 0 : 1);
		need(pid == wanted, "the same pid again");
		is(child_end((pid_t)pid), 0, "a session of its own");
	}
}

static int counted;

static void *second(void *argument)
{
	char path[64], name[64] = "", wanted[64];
	(void)argument;
	snprintf(wanted, sizeof(wanted), "%d/task/%d", getpid(), (int)syscall(SYS_gettid));
	readlink("/proc/thread-self", name, sizeof(name) - 1);
	check(!strcmp(name, wanted), "thread-self in another thread");
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)syscall(SYS_gettid));
	check(read_all(path) > 0, "its files");
	snprintf(path, sizeof(path), "/proc/self/task/%d/task", (int)syscall(SYS_gettid));
	fails(access(path, F_OK), ENOENT, "no threads of a thread");
	DIR *folder = opendir("/proc/self/task");
	struct dirent *entry;
	while (folder && (entry = readdir(folder)))
		counted += entry->d_name[0] != '.';
	closedir(folder);
	return NULL;
}

static void threads(void)
{
	pthread_t thread;
	need(pthread_create(&thread, NULL, second, NULL) == 0, "a thread");
	pthread_join(thread, NULL);
	is(counted, 2, "two threads in /proc/self/task");
}

static void memory(void)
{
	Elf64_auxv_t *entry = (Elf64_auxv_t *)text;
	long size = read_all("/proc/self/auxv");
	check(size > 0 && size % (long)sizeof(*entry) == 0, "auxv");
	unsigned long page = 0, random = 0;
	for (; (char *)entry < text + size; entry++) {
		page = entry->a_type == AT_PAGESZ ? entry->a_un.a_val : page;
		random = entry->a_type == AT_RANDOM ? entry->a_un.a_val : random;
	}
	is((long)page, 4096, "the page size in it");
	is((long)random, (long)getauxval(AT_RANDOM), "the same as the program got");
	check(
		read_all("/proc/self/smaps_rollup") > 0 && strstr(text, "[rollup]\nRss:"), "smaps_rollup");
	check(
		read_all("/proc/self/smaps") > 0 && strstr(text, "KernelPageSize:        4 kB\n"), "smaps");
	char here;
	unsigned long low, end, at = (unsigned long)&here;
	read_all("/proc/self/maps");
	bool is_found = false;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		is_found |= strstr(line, "[stack]") && sscanf(line, "%lx-%lx", &low, &end) == 2 &&
		            low <= at && at < end;
	check(is_found, "maps names the stack");
}

static void status(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGUSR2, SIG_IGN);
	on_signal(SIGALRM, count_signal, 0);
	umask(027);
	check(read_all("/proc/self/status") > 0, "status");
	is((long)strtoul(value("SigBlk:\t"), NULL, 16), 1L << (SIGUSR1 - 1), "blocked signals");
	check(strtoul(value("SigIgn:\t"), NULL, 16) & 1UL << (SIGUSR2 - 1), "ignored signals");
	check(strtoul(value("SigCgt:\t"), NULL, 16) & 1UL << (SIGALRM - 1), "caught signals");
	is(strtol(value("Umask:\t"), NULL, 8), 027, "umask");
	is(atol(value("NSpid:\t")), getpid(), "NSpid");
	umask(022);
}

static int sleeps(void)
{
	pause();
	return 0;
}

static int spins(void)
{
	static volatile bool is_on = true;
	while (is_on)
		;
	return 0;
}

static char state_of(pid_t pid)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	return read_all(path) > 0 ? *(strrchr(text, ')') + 2) : 0;
}

// Until it is so, as programs that wait for another's sleep do.
static void reaches(pid_t pid, char state, const char *what)
{
	for (int i = 0; i < 2000 && state_of(pid) != state; i++)
		pause_ms(10);
	is(state_of(pid), state, what);
}

static void states(void)
{
	is(state_of(getpid()), 'R', "who asks runs");
	pid_t sleeper = child(sleeps), spinner = child(spins);
	reaches(sleeper, 'S', "who pauses sleeps");
	int running = 0;
	for (int i = 0; i < 20; i++)
		running += state_of(spinner) == 'R';
	is(running, 20, "who computes runs");
	kill(sleeper, SIGSTOP);
	reaches(sleeper, 'T', "who is stopped");
	kill(sleeper, SIGKILL);
	reaches(sleeper, 'Z', "who has ended");
	kill(spinner, SIGKILL);
	child_end(sleeper);
	child_end(spinner);
}

static void calls(void)
{
	char wanted[100], got[100] = "";
	int fd = open("/proc/self/syscall", O_RDONLY);
	need(fd >= 0, "syscall");
	snprintf(wanted, sizeof(wanted), "%d 0x%x 0x%lx 0x%x ", SYS_read, fd, (long)got, 99);
	syscall(SYS_read, fd, got, 99UL);
	check(!strncmp(got, wanted, strlen(wanted)), "the call that reads it");
	close(fd);
	is(read_all("/proc/self/wchan"), 1, "wchan");
	check(text[0] == '0', "nowhere");
}

static void spaces(void)
{
	static const char *const names[] = { "ipc", "mnt", "net", "pid", "user", "uts", "cgroup" };
	char path[64], link[64];
	int good = 0;
	for (int i = 0; i < 7; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		long size = readlink(path, link, sizeof(link) - 1);
		link[size > 0 ? size : 0] = 0;
		good += size > 0 && !strncmp(link, names[i], strlen(names[i])) && strstr(link, ":[") &&
		        link[size - 1] == ']';
	}
	is(good, 7, "links of namespaces");
	is(unshare(CLONE_FILES | CLONE_FS), 0, "unshare what threads share");
	fails(unshare(0x1), EINVAL, "unshare nothing that there is");
}

static long write_all(const char *path, const char *words)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	long size = write(fd, words, strlen(words));
	int error = errno;
	close(fd);
	errno = error;
	return size;
}

static long number_of(const char *path)
{
	read_all(path);
	return atol(text);
}

static int has_bias(void)
{
	return number_of("/proc/self/oom_score_adj") == 500 ? 0 : 1;
}

static int is_bound(void)
{
	const char *path = "/proc/self/oom_score_adj", *parent = "/proc/1/oom_score_adj";
	setresgid(1000, 1000, 1000);
	setresuid(1000, 1000, 1000);
	prctl(PR_SET_DUMPABLE, 1); // or the files are root's
	check(write_all(path, "600") == 3 && number_of(path) == 600, "anybody may weigh more");
	is(write_all(path, "500"), 3, "and as little as before");
	fails(write_all(path, "499"), EACCES, "but not less");
	fails(open(parent, O_WRONLY), EACCES, "or another");
	return 0;
}

// Who ends first when memory is short.
static void memory_bias(void)
{
	const char *path = "/proc/self/oom_score_adj";
	long before = number_of(path), score = number_of("/proc/self/oom_score");
	is(write_all(path, "500\n"), 4, "a bias");
	is(number_of(path), 500, "is kept");
	check(number_of("/proc/self/oom_score") > score, "and counted");
	is(child_end(child(has_bias)), 0, "a child has it");
	fails(write_all(path, "1001"), EINVAL, "too much");
	fails(write_all(path, "-1001"), EINVAL, "too little");
	fails(write_all(path, "much"), EINVAL, "no number");
	is(number_of(path), 500, "which changes nothing");
	int fd = open(path, O_RDONLY);
	fails(write(fd, "1", 1), EBADF, "opened to read");
	close(fd);
	// CAP_SYS_RESOURCE, which root may have lost.
	if (!geteuid() && prctl(PR_CAPBSET_READ, 24) == 1) {
		is(child_end(child(is_bound)), 0, "a user");
		check(write_all(path, "-1000") == 5 && number_of(path) == -1000, "never to be ended");
		is(number_of("/proc/self/oom_score"), 0, "no score");
	}
	char words[16];
	snprintf(words, sizeof(words), "%ld", before);
	write_all(path, words);
}

static int nice_of_child(void)
{
	struct rlimit limit = { 0 };
	syscall(SYS_prlimit64, getpid(), RLIMIT_CORE, NULL, &limit);
	return getpriority(PRIO_PROCESS, getpid()) == 3 && strstr(text, "12288") &&
	               limit.rlim_cur == 12288
	           ? 0
	           : 1;
}

static int changes_itself(void)
{
	const struct rlimit limit = { 12288, 12288 };
	child_end(child(has_bias)); // what comes next is made by now
	setpriority(PRIO_PROCESS, 0, 3);
	setrlimit(RLIMIT_CORE, &limit);
	pid_t pid = fork();
	if (!pid) {
		read_all("/proc/self/limits");
		_exit(nice_of_child());
	}
	return child_end(pid);
}

int main(void)
{
	descriptors();
	odd_names();
	folders();
	scripts();
	clones();
	same_pid_again();
	ended();
	threads();
	memory();
	status();
	states();
	calls();
	spaces();
	memory_bias();
	is(child_end(child(changes_itself)), 0, "a child has its parent's limits and priority");
	return done();
}
