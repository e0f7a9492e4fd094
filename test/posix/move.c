// SPDX-License-Identifier: MIT
// From file to file without the program: splice, vmsplice, sendfile.
#include "test/posix/test.h"
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { BLOCK = 4096, BIG = 200000, NOBODY_WAITS = 2 };

static char bytes[BIG], back[BIG];
static int ends[2], file;

static void fresh(void)
{
	need(pipe(ends) == 0, "pipe");
	file = open("/tmp/move", O_RDWR | O_CREAT | O_TRUNC, 0600);
	need(file >= 0, "a file");
}

static void finish(void)
{
	close(ends[0]);
	close(ends[1]);
	close(file);
	unlink("/tmp/move");
}

static void from_pipe(void)
{
	fresh();
	off_t at = 100;
	write(ends[1], bytes, BLOCK);
	is(splice(ends[0], NULL, file, NULL, 1000, 0), 1000, "a pipe to a file");
	is(lseek(file, 0, SEEK_CUR), 1000, "its offset moves");
	is(splice(ends[0], NULL, file, &at, BLOCK, 0), BLOCK - 1000, "what is there, no more");
	is(at, 100 + BLOCK - 1000, "the given offset moves");
	is(lseek(file, 0, SEEK_CUR), 1000, "instead of the file's");
	is(pread(file, back, BLOCK, 0), BLOCK - 900, "all arrived");
	check(!memcmp(back + 100, bytes + 1000, BLOCK - 1000), "what was written");
	fails(splice(ends[0], NULL, file, NULL, 10, NOBODY_WAITS), EAGAIN, "nothing there");
	close(ends[1]);
	is(splice(ends[0], NULL, file, NULL, 10, 0), 0, "the end");
	ends[1] = -1;
	finish();
}

static void to_pipe(void)
{
	fresh();
	write(file, bytes, BIG);
	off_t at = 10;
	is(splice(file, &at, ends[1], NULL, 500, 0), 500, "a file to a pipe");
	is(at, 510, "the given offset moves");
	is(read(ends[0], back, BLOCK), 500, "it is there");
	check(!memcmp(back, bytes + 10, 500), "what the file holds");
	at = BIG - 7;
	is(splice(file, &at, ends[1], NULL, 500, 0), 7, "up to the end");
	is(splice(file, &at, ends[1], NULL, 500, 0), 0, "at the end");
	at = 0;
	long fit = splice(file, &at, ends[1], NULL, BIG, NOBODY_WAITS);
	check(fit > 32768 && fit <= 65536, "as much as fits: nearly a pipe full");
	is(at, fit, "the given offset moves");
	fails(splice(file, &at, ends[1], NULL, BIG, NOBODY_WAITS), EAGAIN, "nothing fits any more");
	finish();
}

static void between_pipes(void)
{
	int other[2];
	fresh();
	need(pipe(other) == 0, "pipe");
	write(ends[1], bytes, 3000);
	is(splice(ends[0], NULL, other[1], NULL, 1 << 20, 0), 3000, "a pipe to a pipe");
	is(read(other[0], back, BLOCK), 3000, "it is there");
	check(!memcmp(back, bytes, 3000), "what was written");
	fails(splice(ends[0], NULL, ends[1], NULL, 1, 0), EINVAL, "to itself");
	struct iovec parts[2] = { { bytes, 100 }, { bytes + 500, 50 } };
	is(vmsplice(ends[1], parts, 2, 0), 150, "vmsplice");
	is(read(ends[0], back, BLOCK), 150, "it is there");
	check(!memcmp(back + 100, bytes + 500, 50), "what the program had");
	close(other[0]);
	close(other[1]);
	finish();
}

static void mistakes(void)
{
	fresh();
	off_t at = 0;
	write(ends[1], "x", 1);
	fails(splice(file, NULL, file, NULL, 1, 0), EINVAL, "no pipe");
	fails(splice(ends[0], &at, file, NULL, 1, 0), ESPIPE, "an offset of a pipe");
	fails(splice(ends[0], NULL, file, NULL, 1, 64), EINVAL, "a flag that there is not");
	fails(splice(ends[1], NULL, file, NULL, 1, 0), EBADF, "the wrong end");
	fails(splice(99, NULL, file, NULL, 1, 0), EBADF, "nothing open");
	is(splice(ends[0], NULL, file, NULL, 0, 0), 0, "nothing");
	fails(sendfile(ends[1], ends[0], NULL, 1), EINVAL, "sendfile of a pipe");
	finish();
}

static int receives(void)
{
	static char got[BIG];
	size_t all = 0;
	close(ends[1]);
	for (ssize_t part; (part = read(ends[0], got + all, BIG - all)) > 0;)
		all += (size_t)part;
	return all == BIG && !memcmp(got, bytes, BIG) ? 0 : 1;
}

static void sends(void)
{
	off_t at = 0;
	fresh();
	write(file, bytes, BIG);
	pid_t pid = child(receives);
	long some = sendfile(ends[1], file, &at, BIG);
	check(some > 0 && some < BIG, "sendfile to a pipe: what it holds, no more");
	is(at, some, "the offset moves");
	while (at < BIG && sendfile(ends[1], file, &at, (size_t)(BIG - at)) > 0)
		;
	close(ends[1]);
	is(child_end(pid), 0, "and all arrives");
	ends[1] = -1;
	finish();
	fresh();
	write(file, bytes, BLOCK);
	lseek(file, 96, SEEK_SET);
	int pair[2];
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	is(sendfile(pair[0], file, NULL, BIG), BLOCK - 96, "sendfile to a socket, up to the end");
	is(read(pair[1], back, BIG), BLOCK - 96, "it is there");
	check(!memcmp(back, bytes + 96, BLOCK - 96), "what the file holds");
	write(pair[0], bytes, 77);
	is(splice(pair[1], NULL, ends[1], NULL, 50, 0), 50, "a socket to a pipe");
	is(splice(ends[0], NULL, pair[1], NULL, 50, 0), 50, "a pipe to a socket");
	is(read(pair[0], back, BLOCK), 50, "there and back");
	finish();
}

int main(void)
{
	for (int i = 0; i < BIG; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	signal(SIGPIPE, SIG_IGN);
	from_pipe();
	to_pipe();
	between_pipes();
	mistakes();
	sends();
	return done();
}
