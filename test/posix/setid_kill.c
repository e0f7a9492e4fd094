// SPDX-License-Identifier: MIT
// setid_kill.c - the server of processes dies while set-user-ID programs start: each exec comes out
// right, or fails and leaves the process what it was. Needs root; on Linux nobody dies.
#include "test/posix/test.h"

#include <grp.h>
#include <poll.h>
#include <sys/auxv.h>
#include <sys/stat.h>

enum { USER = 1000, ROUNDS = 12, TRIES = 100 };

static const char program[] = "/tmp/setid-kill", control[] = "/scheme/svc/control";

static int as_root(void)
{
	uid_t real, effective, saved;
	if (getresuid(&real, &effective, &saved) || real != USER || effective != 0 || saved != 0)
		return 1;
	return getauxval(AT_SECURE) == 1 ? 0 : 2;
}

static int is_user(void)
{
	uid_t real, effective, saved;
	return !getresuid(&real, &effective, &saved) && real == USER && effective == USER &&
	       saved == USER;
}

static int starts(void)
{
	char *arguments[] = { "x", "as-root", NULL };
	if (setgroups(0, NULL) || setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
		return 10;
	for (int i = 0; i < TRIES; i++) {
		execv(program, arguments);
		if (errno != EAGAIN)
			return 11;
		if (!is_user())
			return 12;
		pause_ms(2);
	}
	return 13;
}

static int kills(void)
{
	unsigned int random = 1;
	for (;;) {
		int fd = open(control, O_WRONLY);
		if (fd < 0 || write(fd, "restart proc\n", 13) != 13)
			return 1;
		close(fd);
		random = random * 1103515245 + 12345;
		pause_ms(15 + random / 65536 % 60);
	}
}

static void copy_self(void)
{
	char bytes[65536];
	ssize_t size;
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(program, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	while ((size = read(from, bytes, sizeof bytes)) > 0)
		need(write(to, bytes, (size_t)size) == size, "a copy of this program");
	close(from);
	close(to);
	need(chown(program, 0, 0) == 0 && chmod(program, 04755) == 0, "set-user-ID");
}

int main(int count, char **arguments)
{
	int wrong = 0, ends[3] = { 0 }, kept[2];
	if (count > 1)
		return as_root();
	if (geteuid() != 0)
		return done(); // cannot make such a file
	copy_self();
	need(pipe(kept) == 0, "a pipe");
	pid_t killer = access(control, W_OK) ? 0 : child(kills);
	for (int i = 0; i < ROUNDS; i++) {
		int end = child_end(child(starts));
		if (end && wrong < 3)
			ends[wrong] = end;
		wrong += end != 0;
	}
	if (wrong)
		printf("# %d %d %d\n", ends[0], ends[1], ends[2]);
	is(wrong, 0, "set-user-ID programs start");
	if (killer) {
		is(waitpid(killer, NULL, WNOHANG), 0, "while proc is killed all the time");
		kill(killer, SIGKILL);
		is(child_end(killer), 1000 + SIGKILL, "till the end");
	}
	close(kept[1]);
	struct pollfd end = { .fd = kept[0], .events = POLLIN };
	is(poll(&end, 1, 5000), 1, "what the programs had open is closed");
	is(end.revents, POLLHUP, "by everybody");
	unlink(program);
	return done();
}
