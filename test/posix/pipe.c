// SPDX-License-Identifier: MIT
// Pipes and FIFOs: bytes, ends, atomic writes, O_NONBLOCK, capacity, SIGPIPE, shared over fork.
#include "test/posix/test.h"
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

static int ends[2];
static char block[65536];

static int close_writer_and_count(void)
{
	close(ends[1]);
	long sum = 0, got;
	while ((got = read(ends[0], block, sizeof(block))) > 0)
		sum += got;
	return got == 0 && sum == 200000 ? 0 : 1;
}

static void bytes(void)
{
	need(pipe(ends) == 0, "pipe");
	is(write(ends[1], "hello", 5), 5, "write");
	int waiting = -1;
	is(ioctl(ends[0], FIONREAD, &waiting), 0, "FIONREAD");
	is(waiting, 5, "FIONREAD tells the bytes");
	char text[16] = {};
	is(read(ends[0], text, 3), 3, "read a part");
	check(!memcmp(text, "hel", 3), "what was read");
	is(read(ends[0], text, 16), 2, "read the rest");
	struct iovec parts[2] = { { "ab", 2 }, { "cde", 3 } };
	is(writev(ends[1], parts, 2), 5, "writev");
	is(read(ends[0], text, 16), 5, "writev came as one");
	is(write(ends[1], "", 0), 0, "write of nothing");
	is(read(ends[0], text, 0), 0, "read of nothing");
	fails(lseek(ends[0], 0, SEEK_SET), ESPIPE, "seek");
	fails(pread(ends[0], text, 1, 0), ESPIPE, "pread");
	fails(read(ends[1], text, 1), EBADF, "read at the write end");
	fails(write(ends[0], text, 1), EBADF, "write at the read end");
	fails(write(ends[1], bad_address, 4), EFAULT, "write from a bad address");
	is(write(ends[1], "x", 1), 1, "write one");
	fails(read(ends[0], bad_address, 4), EFAULT, "read to a bad address");
	is(read(ends[0], text, 1), 1, "it is still there");
	struct stat status;
	is(fstat(ends[0], &status), 0, "fstat");
	check(S_ISFIFO(status.st_mode), "S_ISFIFO");
}

static void large(void)
{
	pid_t pid = child(close_writer_and_count);
	for (int left = 200000; left > 0;) {
		long put = write(ends[1], block, left > 50000 ? 50000 : left);
		if (put <= 0)
			break;
		left -= put;
	}
	close(ends[1]);
	is(child_end(pid), 0, "200000 bytes through a child");
	char byte;
	is(read(ends[0], &byte, 1), 0, "end of file without writers");
	close(ends[0]);
}

static void nonblocking(void)
{
	need(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0, "pipe2");
	is(fcntl(ends[0], F_GETFD), FD_CLOEXEC, "O_CLOEXEC");
	is(fcntl(ends[0], F_GETFL), O_RDONLY | O_NONBLOCK, "flags of the read end");
	is(fcntl(ends[1], F_GETFL), O_WRONLY | O_NONBLOCK, "flags of the write end");
	char byte;
	fails(read(ends[0], &byte, 1), EAGAIN, "read of an empty pipe");
	is(fcntl(ends[0], F_GETPIPE_SZ), 65536, "F_GETPIPE_SZ");
	is(write(ends[1], block, 65536), 65536, "fills");
	fails(write(ends[1], "x", 1), EAGAIN, "write to a full pipe");
	is(read(ends[0], block, 4096), 4096, "makes space of a page");
	is(write(ends[1], block, 4096), 4096, "an atomic write into it");
	fails(write(ends[1], block, 4096), EAGAIN, "and no second");
	is(read(ends[0], block, 65536), 65536, "empties");
	close(ends[0]);
	on_signal(SIGPIPE, SIG_IGN, 0);
	fails(write(ends[1], "x", 1), EPIPE, "write without readers");
	handled = 0;
	on_signal(SIGPIPE, count_signal, 0);
	fails(write(ends[1], "x", 1), EPIPE, "again, with a handler");
	is(handled, 1, "SIGPIPE came");
	on_signal(SIGPIPE, SIG_DFL, 0);
	close(ends[1]);
	fails(pipe2(ends, 0x4000000), EINVAL, "pipe2 with a flag that there is not");
	fails(pipe(bad_address), EFAULT, "pipe to a bad address");
}

static int writes_after_close(void)
{
	close(ends[0]);
	on_signal(SIGPIPE, SIG_DFL, 0);
	pause_ms(50);
	(void)!write(ends[1], "x", 1);
	return 0;
}

static void broken(void)
{
	need(pipe(ends) == 0, "pipe");
	pid_t pid = child(writes_after_close);
	close(ends[0]);
	is(child_end(pid), 1000 + SIGPIPE, "SIGPIPE kills");
	close(ends[1]);
}

static int writes_later(void)
{
	pause_ms(100);
	return write(ends[1], "late", 4) == 4 ? 0 : 1;
}

static void waiting(void)
{
	need(pipe(ends) == 0, "pipe");
	pid_t pid = child(writes_later);
	char text[8];
	is(read(ends[0], text, 8), 4, "read waits for a writer");
	is(child_end(pid), 0, "the writer");
	handled = 0;
	on_signal(SIGALRM, count_signal, 0);
	alarm(1);
	fails(read(ends[0], text, 8), EINTR, "a signal ends a read");
	is(handled, 1, "and was handled");
	close(ends[0]);
	close(ends[1]);
}

static int opens_fifo(void)
{
	int fd = open("test-fifo", O_WRONLY);
	return fd >= 0 && write(fd, "through", 7) == 7 ? 0 : 1;
}

static void fifo(void)
{
	unlink("test-fifo");
	need(mkfifo("test-fifo", 0600) == 0, "mkfifo");
	fails(open("test-fifo", O_WRONLY | O_NONBLOCK), ENXIO, "open to write without a reader");
	pid_t pid = child(opens_fifo);
	int fd = open("test-fifo", O_RDONLY);
	check(fd >= 0, "open to read waits for a writer");
	char text[8];
	is(read(fd, text, 8), 7, "bytes through a fifo");
	is(child_end(pid), 0, "the writer");
	is(read(fd, text, 8), 0, "end of file");
	close(fd);
	fd = open("test-fifo", O_RDONLY | O_NONBLOCK);
	check(fd >= 0, "open to read without waiting");
	int writer = open("test-fifo", O_WRONLY | O_NONBLOCK);
	check(writer >= 0, "open to write with a reader");
	is(write(writer, "x", 1), 1, "write");
	is(read(fd, text, 8), 1, "read");
	fails(read(fd, text, 8), EAGAIN, "nothing more");
	close(writer);
	is(read(fd, text, 8), 0, "no writer");
	close(fd);
	fd = open("test-fifo", O_RDWR);
	check(fd >= 0, "open both ways");
	is(write(fd, "self", 4), 4, "write to itself");
	is(read(fd, text, 8), 4, "read from itself");
	close(fd);
	unlink("test-fifo");
}

int main(void)
{
	(void)!chdir("/tmp");
	bytes();
	large();
	nonblocking();
	broken();
	waiting();
	fifo();
	return done();
}
