// SPDX-License-Identifier: MIT
// terminal.c - pseudo terminals: reading without lines, whose they are.
#include "test/posix/test.h"

#include <grp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <termios.h>

enum { USER = 1000, OTHER = 1001 };

static int master, slave;

static void reads_for(int minimum, int tenths)
{
	struct termios settings;
	tcgetattr(slave, &settings);
	settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	settings.c_cc[VMIN] = (cc_t)minimum;
	settings.c_cc[VTIME] = (cc_t)tenths;
	is(tcsetattr(slave, TCSANOW, &settings), 0, "tcsetattr");
}

// And again, if that was too early to interrupt anything.
static void interrupt_after(long milliseconds, long again_milliseconds, int flags)
{
	const struct timeval after = { 0, milliseconds * 1000 },
						 every = { 0, again_milliseconds * 1000 };
	on_signal(SIGALRM, count_signal, flags);
	handled = 0;
	setitimer(ITIMER_REAL, &(struct itimerval){ every, after }, NULL);
}

static void interrupted(void)
{
	char bytes[8];
	reads_for(0, 100);
	interrupt_after(50, 100, 0);
	fails(read(slave, bytes, 8), EINTR, "VMIN 0: a signal while VTIME runs");
	check(handled >= 1, "was handled");
	reads_for(3, 0);
	interrupt_after(50, 100, 0);
	fails(read(slave, bytes, 8), EINTR, "VMIN 3: a signal");
	is(write(master, "a", 1), 1, "one of three is typed");
	interrupt_after(50, 100, 0);
	is(read(slave, bytes, 8), 1, "VMIN 3: a signal after one");
	is(bytes[0], 'a', "which is that one");
	reads_for(0, 3);
	long start = now_ms();
	interrupt_after(50, 0, SA_RESTART);
	is(read(slave, bytes, 8), 0, "made again until VTIME is over");
	check(now_ms() - start >= 200, "and not earlier");
	// Reads that wait for nothing are never interrupted, however many signals come.
	reads_for(0, 0);
	const struct timeval often = { 0, 5000 };
	on_signal(SIGALRM, count_signal, 0);
	setitimer(ITIMER_REAL, &(struct itimerval){ often, often }, NULL);
	int empty = 0;
	for (int i = 0; i < 1000; i++)
		empty += read(slave, bytes, 8) == 0;
	setitimer(ITIMER_REAL, &(struct itimerval){}, NULL);
	is(empty, 1000, "VMIN 0, VTIME 0: nothing there, at once");
	is(write(master, "abc", 3), 3, "three are typed");
	is(read(slave, bytes, 8), 3, "and read");
}

static int opens_as_other(void)
{
	if (setgroups(0, NULL) || setgid(OTHER) || setuid(OTHER))
		return 2;
	return open(ptsname(master), O_RDWR | O_NOCTTY) >= 0 ? 0 : errno == EACCES ? 3 : 4;
}

// Whoever opened the master has the slave, whoever had one of this number before.
static void owners(void)
{
	struct stat status;
	is(stat(ptsname(master), &status), 0, "stat of the slave");
	is(status.st_uid, geteuid(), "is its maker's");
	struct stat peer;
	int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	is(fstat(fd, &peer), 0, "fstat of it, opened through the master");
	check(peer.st_uid == status.st_uid && peer.st_gid == status.st_gid &&
			  peer.st_mode == status.st_mode && peer.st_rdev == status.st_rdev,
		"says the same");
	close(fd);
	is(status.st_mode & 07707, 0600, "for nobody else");
	is(chmod(ptsname(master), 0604), 0, "chmod");
	close(slave);
	close(master);
	if (geteuid() != 0)
		return;
	unlink("/tmp/other-node"); // where one may not make it there is nothing to see
	bool has_node = mknod("/tmp/other-node", S_IFCHR | 0600, status.st_rdev) == 0;
	is(seteuid(USER), 0, "seteuid");
	master = posix_openpt(O_RDWR | O_NOCTTY);
	check(master >= 0 && !grantpt(master) && !unlockpt(master), "another user's");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	check(slave >= 0, "who opens it");
	is(fstat(slave, &status), 0, "fstat");
	is(status.st_uid, USER, "and has it");
	is(status.st_mode & 07707, 0600, "what the last one allowed is over");
	is(fchmod(slave, 0622), 0, "its owner changes its mode");
	is(seteuid(0), 0, "back");
	check(!has_node || (stat("/tmp/other-node", &status) == 0 && status.st_uid == 0),
		"another node of that number stays whose it was");
	unlink("/tmp/other-node");
	is(child_end(child(opens_as_other)), 3, "a third one may not read and write");
	is(chmod(ptsname(master), 0666), 0, "until he is let");
	is(child_end(child(opens_as_other)), 0, "then he may");
	is(chmod(ptsname(master), 0600) | chown(ptsname(master), OTHER, (gid_t)-1), 0, "given to him");
	is(child_end(child(opens_as_other)), 0, "it is his");
	is(stat(ptsname(master), &status) | (int)status.st_uid, OTHER, "as stat says");
}

// struct termio, as before termios.
static void old_settings(void)
{
	struct old {
		unsigned short input, output, control, local;
		unsigned char line, characters[8];
	} old = {};
	struct termios now, before, locked;
	tcgetattr(slave, &before);
	is(ioctl(slave, TCGETA, &old), 0, "TCGETA");
	check(old.input == (unsigned short)before.c_iflag &&
			  old.local == (unsigned short)before.c_lflag &&
			  !memcmp(old.characters, before.c_cc, sizeof old.characters),
		"says what tcgetattr says");
	old.local ^= ECHO;
	is(ioctl(slave, TCSETAW, &old), 0, "TCSETAW");
	tcgetattr(slave, &now);
	check((now.c_lflag ^ before.c_lflag) == ECHO, "changes what it was told to");
	check(!memcmp(now.c_cc + 8, before.c_cc + 8, 11), "and no more");
	old.local ^= ECHO;
	is(ioctl(slave, TCSETAF, &old), 0, "and back");
	fails(ioctl(slave, TCSETA, bad_address), EFAULT, "TCSETA of nowhere");
	memset(&locked, 1, sizeof locked);
	is(ioctl(slave, 0x5456, &locked), 0, "TIOCGLCKTRMIOS");
	is((long)(locked.c_iflag | locked.c_lflag), 0, "nothing is locked");
}

int main(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	need(master >= 0 && !grantpt(master) && !unlockpt(master), "a pseudo terminal");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	need(slave >= 0, "its slave");
	old_settings();
	interrupted();
	owners();
	return done();
}
