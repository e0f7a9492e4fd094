// SPDX-License-Identifier: MIT
// terminal.c - pseudo terminals: reading without lines.
#include "test/posix/test.h"

#include <sys/time.h>
#include <termios.h>

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

static void interrupt_after(long milliseconds, int flags)
{
	const struct timeval after = { 0, milliseconds * 1000 }, every = { 0, 100000 };
	on_signal(SIGALRM, count_signal, flags);
	handled = 0;
	setitimer(ITIMER_REAL, &(struct itimerval){ every, after }, NULL);
}

static void interrupted(void)
{
	char bytes[8];
	reads_for(0, 100);
	interrupt_after(50, 0);
	fails(read(slave, bytes, 8), EINTR, "VMIN 0: a signal while VTIME runs");
	check(handled >= 1, "was handled");
	reads_for(3, 0);
	interrupt_after(50, 0);
	fails(read(slave, bytes, 8), EINTR, "VMIN 3: a signal");
	reads_for(0, 3);
	long start = now_ms();
	interrupt_after(50, SA_RESTART);
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

int main(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	need(master >= 0 && !grantpt(master) && !unlockpt(master), "a pseudo terminal");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	need(slave >= 0, "its slave");
	interrupted();
	return done();
}
