// SPDX-License-Identifier: MIT
// Who a process is: users, groups, capabilities, limits, priorities, time used, prctl. What needs
// root is left out for others.
#include "test/posix/test.h"
#include <grp.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>

// As <linux/capability.h> has them, which musl's compiler does not find.
enum { CAP_CHOWN = 0, CAP_KILL = 5, CAP_SETUID = 7, VERSION_3 = 0x20080522 };
struct head {
	unsigned version;
	int pid;
};
struct sets {
	unsigned effective, permitted, inheritable;
};

#define MUST(condition)                                                                            \
	do {                                                                                           \
		if (!(condition))                                                                          \
			return __LINE__ & 0xff;                                                                \
	} while (0)

static int capabilities(unsigned long *effective, unsigned long *permitted)
{
	struct head head = { VERSION_3, 0 };
	struct sets data[2];
	int answer = (int)syscall(SYS_capget, &head, data);
	*effective = data[0].effective | (unsigned long)data[1].effective << 32;
	*permitted = data[0].permitted | (unsigned long)data[1].permitted << 32;
	return answer;
}

static int changes_users(void)
{
	unsigned long effective, permitted;
	uid_t real, wanted, saved;
	gid_t groups[] = { 5, 7 }, read_back[4];
	MUST(setgroups(2, groups) == 0);
	MUST(getgroups(0, NULL) == 2 && getgroups(4, read_back) == 2 && read_back[1] == 7);
	MUST(getgroups(1, read_back) == -1 && errno == EINVAL);
	MUST(setresgid(100, 100, 100) == 0 && getgid() == 100 && getegid() == 100);
	MUST(setresuid(-1, 1000, -1) == 0);
	MUST(getuid() == 0 && geteuid() == 1000);
	MUST(capabilities(&effective, &permitted) == 0 && !effective && permitted);
	MUST(kill(getppid(), 0) == 0); // the real user is still root's
	MUST(seteuid(0) == 0 && capabilities(&effective, &permitted) == 0 && effective);
	MUST(setuid(1000) == 0 && getresuid(&real, &wanted, &saved) == 0);
	MUST(real == 1000 && wanted == 1000 && saved == 1000);
	MUST(capabilities(&effective, &permitted) == 0 && !effective && !permitted);
	MUST(setuid(0) == -1 && errno == EPERM);
	MUST(setgid(0) == -1 && errno == EPERM);
	MUST(setgroups(0, NULL) == -1 && errno == EPERM);
	MUST(kill(1, 0) == -1 && errno == EPERM);
	return 0;
}

static int keeps_powers(void)
{
	unsigned long effective, permitted;
	MUST(prctl(PR_SET_KEEPCAPS, 1) == 0 && prctl(PR_GET_KEEPCAPS) == 1);
	MUST(setuid(1000) == 0 && capabilities(&effective, &permitted) == 0);
	MUST(!effective && permitted);
	struct head head = { VERSION_3, 0 };
	struct sets data[2] = { { 1 << CAP_KILL, 1 << CAP_KILL, 0 } };
	MUST(syscall(SYS_capset, &head, data) == 0);
	MUST(capabilities(&effective, &permitted) == 0 && effective == 1 << CAP_KILL);
	MUST(kill(getppid(), 0) == 0);
	data[0].permitted |= 1 << CAP_SETUID;
	MUST(syscall(SYS_capset, &head, data) == -1 && errno == EPERM);
	MUST(prctl(PR_CAPBSET_READ, CAP_CHOWN) == 1);
	return 0;
}

static int limits(void)
{
	struct rlimit limit = { 50, 60 }, now;
	MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0 && getrlimit(RLIMIT_NOFILE, &now) == 0);
	MUST(now.rlim_cur == 50 && now.rlim_max == 60);
	MUST(dup2(0, 50) == -1 && errno == EBADF);
	MUST(dup2(0, 49) == 49);
	limit = (struct rlimit){ 61, 60 };
	MUST(setrlimit(RLIMIT_NOFILE, &limit) == -1 && errno == EINVAL);
	MUST(prlimit(getpid(), RLIMIT_NOFILE, NULL, &now) == 0 && now.rlim_max == 60);
	MUST(getrlimit(99, &now) == -1 && errno == EINVAL);
	if (getuid() == 0)
		MUST(setuid(1000) == 0);
	limit = (struct rlimit){ 60, 70 };
	MUST(setrlimit(RLIMIT_NOFILE, &limit) == -1 && errno == EPERM);
	return 0;
}

static int sees_limit(void)
{
	for (int i = 0; i < 200; i++) {
		struct rlimit now;
		getrlimit(RLIMIT_CORE, &now);
		if (now.rlim_cur == 4096)
			return 0;
		pause_ms(5);
	}
	return 1;
}

static void limits_of_another(void)
{
	pid_t pid = child(sees_limit);
	struct rlimit limit = { 4096, 8192 }, before;
	is(prlimit(pid, RLIMIT_CORE, &limit, &before), 0, "prlimit of a child");
	is(child_end(pid), 0, "the child sees it");
}

static int priorities(void)
{
	MUST(getpriority(PRIO_PROCESS, 0) == 0);
	MUST(nice(5) == 5 && getpriority(PRIO_PROCESS, 0) == 5);
	MUST(setpriority(PRIO_PROCESS, 0, 100) == 0 && getpriority(PRIO_PROCESS, 0) == 19);
	if (getuid() == 0)
		MUST(setuid(1000) == 0);
	MUST(setpriority(PRIO_PROCESS, 0, 1) == -1 && errno == EACCES);
	MUST(getpriority(7, 0) == -1 && errno == EINVAL);
	MUST(getpriority(PRIO_PROCESS, 999999) == -1 && errno == ESRCH);
	return 0;
}

static int burns(void)
{
	struct rusage usage;
	do
		getrusage(RUSAGE_SELF, &usage);
	while (usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec +
			   usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec <
		   60000);
	return 0;
}

static long micros(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 + usage->ru_utime.tv_usec +
	       usage->ru_stime.tv_usec;
}

static void time_used(void)
{
	struct rusage before, after, own;
	struct tms times_now;
	int status;
	getrusage(RUSAGE_CHILDREN, &before);
	pid_t pid = child(burns);
	is(wait4(pid, &status, 0, &own), pid, "wait4 of one that computes");
	check(micros(&own) >= 50000, "its time");
	getrusage(RUSAGE_CHILDREN, &after);
	check(micros(&after) - micros(&before) >= 50000, "is among that of the children");
	check(times(&times_now) != (clock_t)-1 && times_now.tms_cutime + times_now.tms_cstime >= 4,
		"and in times");
	fails(getrusage(5, &own), EINVAL, "getrusage of nobody");
}

static int says_things(void)
{
	char name[16] = {};
	MUST(prctl(PR_SET_NAME, "a name that is too long") == 0);
	MUST(prctl(PR_GET_NAME, name) == 0 && !strcmp(name, "a name that is "));
	MUST(prctl(PR_GET_DUMPABLE) == 1 && prctl(PR_SET_DUMPABLE, 0) == 0 && !prctl(PR_GET_DUMPABLE));
	MUST(prctl(PR_SET_DUMPABLE, 3) == -1 && errno == EINVAL);
	int signal = 0;
	MUST(prctl(PR_SET_PDEATHSIG, SIGUSR2) == 0);
	MUST(prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == SIGUSR2);
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	MUST(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	MUST(prctl(12345) == -1 && errno == EINVAL);
	MUST(personality(0xffffffff) == 0);
	return 0;
}

static int runs_anew(void)
{
	return prctl(PR_GET_DUMPABLE) == 1 ? 0 : 1;
}

// What a process knew as another user is not shown to who it is now, and its parent means nothing
// to it.
static int is_secret(void)
{
	static char text[256];
	char path[64];
	int ends[2], signal = 0, file;
	snprintf(path, sizeof path, "/proc/%d/environ", getpid());
	MUST(pipe(ends) == 0 && prctl(PR_SET_PDEATHSIG, SIGUSR2) == 0);
	MUST(setresgid(1000, 1000, 1000) == 0 && setgroups(0, NULL) == 0);
	MUST(prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
	MUST(prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == 0);
	MUST(setuid(1000) == 0 && prctl(PR_GET_DUMPABLE) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		file = prctl(PR_SET_DUMPABLE, 1) ? -1 : open(path, O_RDONLY);
		_exit(file < 0 || read(file, text, sizeof text) <= 0 ? 0 : 1);
	}
	MUST(child_end(pid) == 0);
	MUST(setuid(1000) == 0 && setreuid(1000, -1) == 0); // no change
	MUST(prctl(PR_SET_DUMPABLE, 1) == 0 && setuid(1000) == 0 && prctl(PR_GET_DUMPABLE) == 1);
	MUST(prctl(PR_SET_DUMPABLE, 0) == 0);
	execl("/proc/self/exe", "process_identity", "anew", NULL);
	return __LINE__ & 0xff;
}

int main(int count, char **arguments)
{
	(void)arguments;
	if (count > 1)
		return runs_anew();

	bool is_root = getuid() == 0;
	if (is_root) {
		is(child_end(child(changes_users)), 0, "users and groups");
		is(child_end(child(keeps_powers)), 0, "capabilities that are kept");
		is(child_end(child(is_secret)), 0, "who becomes another user is not dumpable");
	}
	is(child_end(child(limits)), 0, "limits");
	limits_of_another();
	is(child_end(child(priorities)), 0, "priorities");
	time_used();
	is(child_end(child(says_things)), 0, "prctl");
	return done();
}
