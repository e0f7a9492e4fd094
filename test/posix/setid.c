// SPDX-License-Identifier: MIT
// setid.c - set-user-ID and set-group-ID programs: whose powers they run with, what they keep of
// who called, what others may do to them. Needs root, to make such files of itself.
#include "test/posix/test.h"

#include <grp.h>
#include <sched.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>

enum { USER = 1000, OTHER = 1001, GROUP = 1002 };

static const char root_file[] = "/tmp/setid-root", other_file[] = "/tmp/setid-other",
				  group_file[] = "/tmp/setid-group", plain_file[] = "/tmp/setid-plain",
				  secret_file[] = "/tmp/setid-secret";

extern char **environ;

// What the program says when it is run so; its exit status is 0 if all is as it should be.
static int ids_are(uid_t user, uid_t effective, uid_t saved, gid_t group, gid_t effective_group)
{
	uid_t u[3];
	gid_t g[3];
	if (getresuid(&u[0], &u[1], &u[2]) || getresgid(&g[0], &g[1], &g[2]))
		return 0;
	if (u[0] == user && u[1] == effective && u[2] == saved && g[0] == group &&
		g[1] == effective_group && g[2] == effective_group)
		return 1;
	fprintf(stderr, "# %d %d %d, %d %d %d\n", (int)u[0], (int)u[1], (int)u[2], (int)g[0], (int)g[1],
		(int)g[2]);
	return 0;
}

static int as_root(void)
{
	if (!ids_are(USER, 0, 0, USER, USER) || getauxval(AT_SECURE) != 1)
		return 1;
	if (getauxval(AT_UID) != USER || getauxval(AT_EUID) != 0 || prctl(PR_GET_DUMPABLE) != 0)
		return 2;
	int fd = open(secret_file, O_RDONLY);
	if (fd < 0)
		return 3;
	close(fd);
	if (seteuid(USER) || open(secret_file, O_RDONLY) >= 0)
		return 4;
	if (seteuid(0) || geteuid() != 0) // the saved user leads back
		return 5;
	if (setresuid(USER, USER, USER) || seteuid(0) == 0 || setuid(0) == 0)
		return 6; // and does not any more
	return 0;
}

static int as_other(void)
{
	if (!ids_are(USER, OTHER, OTHER, USER, USER) || getauxval(AT_SECURE) != 1)
		return 1;
	if (open(secret_file, O_RDONLY) >= 0 || setuid(0) == 0 || seteuid(0) == 0)
		return 2;
	if (setreuid(OTHER, USER) || getuid() != OTHER || geteuid() != USER)
		return 3;
	return 0;
}

static int as_group(void)
{
	if (!ids_are(USER, USER, USER, USER, GROUP) || getauxval(AT_SECURE) != 1)
		return 1;
	if (setegid(USER) || setegid(GROUP) || setegid(0) == 0)
		return 2;
	return 0;
}

static int as_nothing(void)
{
	return ids_are(USER, USER, USER, USER, USER) && getauxval(AT_SECURE) == 0 ? 0 : 1;
}

static int check_kept(char **arguments)
{
	char text[16] = "", where[64];
	struct sigaction action;
	sigset_t blocked;
	struct stat status;
	if (geteuid() != 0 || atoi(arguments[2]) != getpid() || atoi(arguments[3]) != getppid())
		return 1;
	if (strcmp(arguments[4], "") || strcmp(arguments[5], "two words") || arguments[6])
		return 2;
	if (!getenv("SETID_KEPT") || strcmp(getenv("SETID_KEPT"), "yes"))
		return 3;
	if (!getcwd(where, sizeof where) || strcmp(where, "/tmp") || umask(0) != 027)
		return 4;
	sigaction(SIGUSR1, NULL, &action);
	if (action.sa_handler != SIG_IGN)
		return 5;
	sigaction(SIGUSR2, NULL, &action);
	if (action.sa_handler != SIG_DFL)
		return 6;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	if (!sigismember(&blocked, SIGTERM) || sigismember(&blocked, SIGINT))
		return 7;
	if (read(10, text, 4) != 4 || memcmp(text, "efgh", 4)) // of a file, where it was
		return 8;
	if (write(11, "x", 1) != 1 || fcntl(11, F_GETFL) == -1) // a pipe
		return 9;
	if (fcntl(12, F_GETFD) != -1 || errno != EBADF) // FD_CLOEXEC
		return 10;
	if (fstat(13, &status) || !S_ISCHR(status.st_mode) || read(13, text, 1) != 0) // /dev/null
		return 11;
	if (write(10, "y", 1) != -1) // it was open to read
		return 12;
	pid_t pid = fork();
	if (pid == 0)
		_exit(geteuid() == 0 ? 33 : 1);
	return child_end(pid) == 33 ? 0 : 13;
}

static int wait_for_end(void)
{
	write(11, "r", 1);
	while (pause())
		;
	return 0;
}

static int role(char **arguments)
{
	static const struct {
		const char *name;
		int (*function)(void);
	} roles[] = { { "root", as_root }, { "other", as_other }, { "group", as_group },
		{ "nothing", as_nothing }, { "wait", wait_for_end } };
	if (strcmp(arguments[1], "kept") == 0)
		return check_kept(arguments);
	for (unsigned i = 0; i < sizeof roles / sizeof *roles; i++)
		if (strcmp(arguments[1], roles[i].name) == 0)
			return roles[i].function();
	return 99;
}

static void copy_self(const char *path, uid_t user, gid_t group, mode_t mode)
{
	static char bytes[65536];
	ssize_t size;
	int from = open("/proc/self/exe", O_RDONLY);
	unlink(path);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0700);
	need(from >= 0 && to >= 0, path);
	while ((size = read(from, bytes, sizeof bytes)) > 0)
		need(write(to, bytes, size) == size, "write");
	close(from);
	close(to);
	need(chown(path, user, group) == 0 && chmod(path, mode) == 0, path);
}

static int lose_privileges(void)
{
	return setgroups(0, NULL) || setresgid(USER, USER, USER) || setresuid(USER, USER, USER);
}

static const char *program, *part;

static int run(void)
{
	if (lose_privileges())
		return 98;
	execl(program, program, part, NULL);
	return 97;
}

static int run_without_new(void)
{
	if (lose_privileges() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 98;
	execl(program, program, part, NULL);
	return 97;
}

static void runs(const char *file, const char *as, const char *what)
{
	program = file;
	part = as;
	is(child_end(child(run)), 0, what);
}

static int pipe_ends[2];

static int run_kept(void)
{
	char own[16], parent[16];
	int file = open("/tmp/setid-text", O_RDWR | O_CREAT | O_TRUNC, 0644);
	write(file, "abcdefgh", 8);
	close(file);
	file = open("/tmp/setid-text", O_RDONLY);
	lseek(file, 4, SEEK_SET);
	if (lose_privileges())
		return 98;
	dup2(file, 10);
	dup2(pipe_ends[1], 11);
	dup3(file, 12, O_CLOEXEC);
	dup2(open("/dev/null", O_RDWR), 13);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, count_signal);
	sigset_t blocked;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	umask(027);
	setenv("SETID_KEPT", "yes", 1);
	snprintf(own, sizeof own, "%d", getpid());
	snprintf(parent, sizeof parent, "%d", getppid());
	if (chdir("/tmp"))
		return 96;
	execl(root_file, root_file, "kept", own, parent, "", "two words", NULL);
	return 97;
}

static void keeps(void)
{
	char byte = 0;
	need(pipe(pipe_ends) == 0, "pipe");
	is(child_end(child(run_kept)), 0, "what exec keeps");
	is(read(pipe_ends[0], &byte, 1), 1, "wrote to the pipe");
	is(byte, 'x', "what it should");
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	unlink("/tmp/setid-text");
}

static int spawn_it(void)
{
	char *arguments[] = { (char *)root_file, "root", NULL };
	pid_t pid;
	if (lose_privileges())
		return 98;
	if (posix_spawn(&pid, root_file, NULL, NULL, arguments, environ) != 0)
		return 97;
	return child_end(pid);
}

static volatile int thread_goes_on = 1;

static int other_thread(void *unused)
{
	(void)unused;
	while (thread_goes_on)
		sched_yield();
	return 0;
}

static int run_threaded(void)
{
	static char stack[65536];
	if (lose_privileges())
		return 98;
	if (clone(other_thread, stack + sizeof stack,
			CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
			NULL) < 0)
		return 96;
	execl(root_file, root_file, "root", NULL);
	return 97;
}

static int run_waiting(void)
{
	if (lose_privileges())
		return 98;
	dup2(pipe_ends[1], 11);
	execl(root_file, root_file, "wait", NULL);
	return 97;
}

static int looked_at;

static int look(void)
{
	char path[64], text[512] = "";
	if (lose_privileges())
		return 98;
	snprintf(path, sizeof path, "/proc/%d/environ", looked_at);
	int fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, text, sizeof text) > 0)
		return 1;
	snprintf(path, sizeof path, "/proc/%d/maps", looked_at);
	fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, text, sizeof text) > 0)
		return 2;
	snprintf(path, sizeof path, "/proc/%d/status", looked_at);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
		return 3;
	const char *line = strstr(text, "Uid:\t1000\t0\t0\t0");
	return line ? kill(looked_at, SIGTERM) ? 5 : 0 : 4; // its real user may end it
}

static void others_look(void)
{
	char byte;
	need(pipe(pipe_ends) == 0, "pipe");
	looked_at = child(run_waiting);
	is(read(pipe_ends[0], &byte, 1), 1, "it runs");
	is(child_end(child(look)), 0, "its memory is no user's to read; its ids are");
	is(child_end(looked_at), 1000 + SIGTERM, "whoever called it may end it");
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

// Opens what tells of its child while that is a program like any.
static int look_before(void)
{
	char path[64], byte;
	int begin[2], files[2];
	if (lose_privileges() || prctl(PR_SET_DUMPABLE, 1) || pipe(begin) || pipe(pipe_ends))
		return 98;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(pipe_ends[1], 11);
		read(begin[0], &byte, 1);
		execl(root_file, root_file, "wait", NULL);
		_exit(97);
	}
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	files[0] = open(path, O_RDONLY);
	snprintf(path, sizeof path, "/proc/%d/environ", pid);
	files[1] = open(path, O_RDONLY);
	int answer = files[0] < 0 || files[1] < 0 ? 1 : 0;
	if (write(begin[1], "b", 1) != 1 || read(pipe_ends[0], &byte, 1) != 1)
		answer |= 16;
	answer |= read(files[0], path, sizeof path) > 0 ? 2 : 0;
	answer |= read(files[1], path, sizeof path) > 0 ? 4 : 0;
	kill(pid, SIGKILL);
	return child_end(pid) == 1000 + SIGKILL ? answer : 8;
}

static int writes(void)
{
	if (lose_privileges())
		return 98;
	int fd = open("/tmp/setid-write", O_WRONLY);
	return fd >= 0 && write(fd, "x", 1) == 1 ? 0 : 1;
}

static int held;

static int write_held(void)
{
	if (lose_privileges())
		return 98;
	(void)pwrite(held, "broken", 6, 0);
	return 0;
}

static void writers(void)
{
	struct stat status;
	char start[4] = "";
	copy_self("/tmp/setid-write", USER, USER, 04755);
	is(child_end(child(writes)), 0, "its owner writes to it");
	is(stat("/tmp/setid-write", &status), 0, "stat");
	is(status.st_mode & 07777, 0755, "that takes the bit away");
	copy_self("/tmp/setid-write", USER, USER, 0755);
	held = open("/tmp/setid-write", O_RDWR);
	is(chown("/tmp/setid-write", 0, 0) | chmod("/tmp/setid-write", 04755), 0, "it becomes root's");
	is(child_end(child(write_held)), 0, "who had it open writes");
	is(stat("/tmp/setid-write", &status), 0, "stat");
	int fd = open("/tmp/setid-write", O_RDONLY);
	read(fd, start, 4);
	check(!(status.st_mode & 04000) || memcmp(start, "\177ELF", 4) == 0,
		"what he wrote has no powers");
	close(fd);
	close(held);
	unlink("/tmp/setid-write");
}

static void scripts(void)
{
	unlink("/tmp/setid-script");
	int fd = open("/tmp/setid-script", O_WRONLY | O_CREAT, 0755);
	write(fd, "#!/tmp/setid-plain nothing\n", 27);
	close(fd);
	is(chmod("/tmp/setid-script", 04755), 0, "a script of root's");
	runs("/tmp/setid-script", NULL, "a script lends nothing");
	unlink("/tmp/setid-script");
}

int main(int count, char **arguments)
{
	if (count > 1)
		return role(arguments);
	if (geteuid() != 0) {
		said(true, "not root: nothing to see", "");
		return 0;
	}
	copy_self(root_file, 0, 0, 04755);
	copy_self(other_file, OTHER, OTHER, 04755);
	copy_self(group_file, 0, GROUP, 02755);
	copy_self(plain_file, 0, 0, 0755);
	copy_self(secret_file, 0, 0, 0600);
	runs(root_file, "root", "set-user-ID root");
	runs(other_file, "other", "set-user-ID somebody");
	runs(group_file, "group", "set-group-ID");
	runs(plain_file, "nothing", "neither");
	is(chmod(group_file, 02705), 0, "set-group-ID, but not the group's to run");
	runs(group_file, "nothing", "is no such");
	is(chmod(secret_file, 04700), 0, "not the user's to run");
	program = secret_file;
	is(child_end(child(run)), 97, "is refused");
	program = root_file;
	part = "nothing";
	is(child_end(child(run_without_new)), 0, "no new privileges");
	keeps();
	is(child_end(child(spawn_it)), 0, "posix_spawn");
	is(child_end(child(run_threaded)), 0, "from one of two threads");
	others_look();
	is(child_end(child(look_before)), 0, "what was opened before tells nothing of it");
	writers();
	scripts();
	unlink(root_file);
	unlink(other_file);
	unlink(group_file);
	unlink(plain_file);
	unlink(secret_file);
	return done();
}
