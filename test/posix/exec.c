// SPDX-License-Identifier: MIT
// exec: what a program is given, which errors there are, scripts, descriptors, threads, broken ELF
// files. Called again by itself: the first argument says what for.
#include "test/posix/test.h"
#include <elf.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

enum { BROKEN_RUNS = 100, CODE_NOEXEC = 90 };

extern char **environ;
static char self[4096], path[128];
static char *words[6] = { "name" };
static void *const left_behind = (void *)0x30000000;
static unsigned random_state = 12345;

static void put_file(const char *name, const void *bytes, size_t size, int mode)
{
	snprintf(path, sizeof(path), "/tmp/exec-%d-%s", getpid(), name);
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0700);
	need(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && fchmod(fd, mode) == 0, "a file");
	close(fd);
}

static long try_exec(const char *name)
{
	return execve(name, words, environ);
}

static void put_text(const char *name, const char *text)
{
	put_file(name, text, strlen(text), 0700);
}

static void errors(void)
{
	put_text("bad", "\177ELF and then nothing");
	fails(try_exec(path), ENOEXEC, "half a header");
	unlink(path);
	put_text("plain", "no program");
	fails(try_exec(path), ENOEXEC, "neither ELF nor script");
	chmod(path, 0600);
	fails(try_exec(path), EACCES, "no x bit");
	unlink(path);
	fails(try_exec(path), ENOENT, "not there");
	fails(try_exec("/etc"), EACCES, "a folder");
	fails(try_exec("/etc/passwd/x"), ENOTDIR, "a file as a folder");
	fails(try_exec(""), ENOENT, "no path");
	fails(try_exec(bad_address), EFAULT, "a bad path");
	fails(execve(self, bad_address, environ), EFAULT, "bad arguments");
	put_text("missing", "#!/tmp/no such interpreter\n");
	fails(try_exec(path), ENOENT, "a script without its interpreter");
	unlink(path);
	char text[160];
	snprintf(path, sizeof(path), "/tmp/exec-%d-loop", getpid());
	snprintf(text, sizeof(text), "#!%s\n", path);
	put_text("loop", text);
	fails(try_exec(path), ELOOP, "a script for itself");
	unlink(path);
}

static void too_big(void)
{
	char *text = malloc(200000);
	memset(text, 'x', 199999);
	text[199999] = 0;
	words[1] = text;
	fails(execve(self, words, environ), E2BIG, "one text too long");
	char **many = calloc(600000, sizeof(*many));
	for (int i = 0; i < 599999; i++)
		many[i] = "0123456789";
	fails(execve(self, many, environ), E2BIG, "too many texts");
	free(text);
	free(many);
	words[1] = NULL;
}

static int run(char *what, char *more)
{
	pid_t pid;
	char *arguments[] = { "again", what, more, NULL };
	return posix_spawn(&pid, self, NULL, NULL, arguments, environ) == 0 ? child_end(pid) : -1;
}

static int many_words(void)
{
	char **many = calloc(50004, sizeof(*many));
	many[0] = "again", many[1] = "count";
	for (int i = 2; i < 50002; i++)
		many[i] = "0123456789";
	execve(self, many, environ);
	return errno;
}

static int by_descriptor(void)
{
	int fd = open(self, O_RDONLY | O_CLOEXEC);
	char *arguments[] = { "again", "given", NULL };
	fexecve(fd, arguments, environ);
	return errno;
}

static int script(void)
{
	char text[4200];
	snprintf(text, sizeof(text), "#! %s script \n", self);
	if (strlen(self) > 200)
		return 7; // the line would be cut
	put_text("script", text);
	char *arguments[] = { "script", "one", "two", NULL };
	execve(path, arguments, environ);
	return errno;
}

static void *exec_in_thread(void *unused)
{
	char *arguments[] = { "again", "thread", NULL };
	execve(self, arguments, environ);
	return unused;
}

static void *spin(void *unused)
{
	for (;;)
		close(dup(1));
	return unused;
}

static int from_thread(void)
{
	pthread_t thread[2];
	pthread_create(&thread[0], NULL, spin, NULL);
	pthread_create(&thread[1], NULL, exec_in_thread, NULL);
	pthread_join(thread[0], NULL);
	return 1;
}

static void *nothing_much(void *unused)
{
	return unused;
}

// Leaves what a new program must not find: memory, another thread's stack, modes of arithmetic.
static int leave_much(void)
{
	pthread_t thread;
	unsigned rounding = 0x7f80;
	unsigned short control = 0xf7f;
	pthread_create(&thread, NULL, nothing_much, NULL);
	pthread_join(thread, NULL);
	need(mmap(left_behind, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			 -1, 0) == left_behind,
		"memory");
	__asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(rounding), "m"(control));
	char *arguments[] = { "again", "fresh", NULL };
	execve(self, arguments, environ);
	return errno;
}

static pthread_mutex_t *shared_lock;

static int exec_with_lock(void)
{
	char *arguments[] = { "again", "given", NULL };
	if (pthread_mutex_lock(shared_lock) != 0)
		return 1;
	execve(self, arguments, environ);
	return errno;
}

// As Linux has it: who calls exec has died, to those who wait for what it held.
static void robust_lock(void)
{
	pthread_mutexattr_t kind;
	shared_lock = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(shared_lock, &kind);
	is(child_end(child(exec_with_lock)), 7, "exec with a robust lock held");
	is(pthread_mutex_lock(shared_lock), EOWNERDEAD, "its owner is dead");
}

static int find_nothing(void)
{
	pthread_t thread;
	unsigned rounding = 0;
	unsigned short control = 0;
	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(rounding), "=m"(control));
	bool is_gone = msync(left_behind, 4096, MS_ASYNC) == -1 && errno == ENOMEM;
	bool is_running = pthread_create(&thread, NULL, nothing_much, left_behind) == 0;
	void *answer = NULL;
	if (is_running)
		pthread_join(thread, &answer);
	return is_gone && answer == left_behind && (rounding & 0xffc0) == 0x1f80 && control == 0x37f
	           ? 7
	           : 1;
}

// Ten times itself in one process.
static int itself(int left)
{
	char text[16];
	char *arguments[] = { "again", "itself", text, NULL };
	if (!left)
		return 7;
	snprintf(text, sizeof(text), "%d", left - 1);
	execve("/proc/self/exe", arguments, environ);
	return errno;
}

static int ten_times(void)
{
	return itself(10);
}

static unsigned dice(unsigned below)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % below;
}

// Ends as it likes, but ends: damaged headers are refused, or make a program that fails.
static void broken_files(void)
{
	static unsigned char file[64 * 1024];
	int fd = open(self, O_RDONLY), strange = 0, refused = 0;
	ssize_t size = read(fd, file, sizeof(file));
	close(fd);
	for (int i = 0; i < BROKEN_RUNS; i++) {
		static unsigned char copy[sizeof(file)];
		char name[16];
		memcpy(copy, file, size);
		for (unsigned n = 1 + dice(4); n; n--)
			copy[4 + dice(500)] = dice(3) ? dice(256) : 255 * dice(2);
		snprintf(name, sizeof(name), "broken%d", i); // the one before may not have ended yet
		put_file(name, copy, size, 0700);
		pid_t pid = fork();
		if (pid == 0) {
			setitimer(ITIMER_REAL, &(struct itimerval){ .it_value.tv_usec = 500000 }, NULL);
			close(1);
			try_exec(path);
			_exit(CODE_NOEXEC);
		}
		int end = child_end(pid);
		refused += end == CODE_NOEXEC;
		strange += end < 0;
		unlink(path);
	}
	is(strange, 0, "every broken program ends");
	check(refused > 0, "some are refused");
}

static int given(char **environment)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	bool has_all = getauxval(AT_PHDR) && getauxval(AT_PHENT) == sizeof(Elf64_Phdr) &&
	               getauxval(AT_PAGESZ) == 4096 && getauxval(AT_RANDOM) && getauxval(AT_ENTRY) &&
	               getauxval(AT_CLKTCK) == 100 && getauxval(AT_SYSINFO_EHDR) && name;
	bool is_us = getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid() &&
	             !getauxval(AT_SECURE) && !strcmp((char *)getauxval(AT_PLATFORM), "x86_64");
	return has_all && is_us && environment[0] ? 7 : 1;
}

static int again(int count, char **arguments, char **environment)
{
	const char *what = arguments[1];
	if (!strcmp(what, "given"))
		return given(environment);
	if (!strcmp(what, "count"))
		return count == 50002 && !strcmp(arguments[50001], "0123456789") ? 7 : 1;
	if (!strcmp(what, "open")) // kept open, closed
		return fcntl(20, F_GETFD) == 0 && fcntl(21, F_GETFD) == -1 ? 7 : 1;
	if (!strcmp(what, "script")) {
		bool is_right = count == 5 && strstr(arguments[2], "-script") &&
		                !strcmp(arguments[3], "one") && !strcmp(arguments[4], "two");
		unlink(arguments[2]);
		return is_right ? 7 : 1;
	}
	if (!strcmp(what, "fresh"))
		return find_nothing();
	if (!strcmp(what, "itself"))
		return itself(atoi(arguments[2]));
	if (!strcmp(what, "thread"))
		return syscall(SYS_gettid) == getpid() ? 7 : 1;
	if (!strcmp(what, "signals")) {
		struct sigaction old;
		bool is_ignored = !sigaction(SIGUSR1, NULL, &old) && old.sa_handler == SIG_IGN;
		bool is_default = !sigaction(SIGUSR2, NULL, &old) && old.sa_handler == SIG_DFL;
		sigset_t mask;
		sigprocmask(SIG_BLOCK, NULL, &mask);
		return is_ignored && is_default && sigismember(&mask, SIGHUP) ? 7 : 1;
	}
	return 1;
}

static void nothing(int number)
{
	(void)number;
}

static void what_stays(void)
{
	int fd = open("/dev/null", O_RDONLY);
	dup2(fd, 20);
	dup3(fd, 21, O_CLOEXEC);
	is(run("open", NULL), 7, "descriptors stay, but those with FD_CLOEXEC");
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, nothing);
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	is(run("signals", NULL), 7, "ignored and blocked stays, handlers go");
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

int main(int count, char **arguments, char **environment)
{
	if (count > 1)
		return again(count, arguments, environment);
	need(realpath(arguments[0], self) != NULL, "called by a path");
	errors();
	too_big();
	is(run("given", NULL), 7, "auxiliary values");
	is(child_end(child(by_descriptor)), 7, "fexecve");
	is(child_end(child(many_words)), 7, "half a megabyte of arguments");
	is(child_end(child(script)), 7, "a script's arguments");
	is(child_end(child(from_thread)), 7, "from a thread: it becomes the first");
	is(child_end(child(leave_much)), 7, "nothing of the old program is left");
	is(child_end(child(ten_times)), 7, "ten programs in one process");
	robust_lock();
	what_stays();
	pid_t pid;
	is(posix_spawn(&pid, "/tmp/not there", NULL, NULL, words, environ), ENOENT,
		"posix_spawn knows of the error");
	broken_files();
	return done();
}
