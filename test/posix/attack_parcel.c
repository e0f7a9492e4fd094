// SPDX-License-Identifier: MIT
// attack_parcel.c - who sends a descriptor says what it is, and may lie: that its own file is
// another's, that it is sealed. Whoever gets it and looks at its owner, or changes its mode, is not
// led to the other file. On Linux there is nothing to attack.
#include "test/posix/raw.h"

#include "test/posix/pass.h"

#include <sys/stat.h>
#include <sys/syscall.h>

enum { CALL_STREAM_WRITE = 17, BLOCK_COUNT = 108, WRITE = 2, KIND_MEMORY = 3 };
enum { REGULAR = 1, DIRECTORY, PATH, NONE, TERMINAL = 7, CONTENTS = 12 };
enum { SEAL_SHRINK = 2, SEAL_WRITE = 8, GET_SEALS = 1034 };

static const char victim[] = "/tmp/attack-parcel-victim", own[] = "/tmp/attack-parcel-own";

struct record { // lib/posix/event/socket_parcel.c
	uint64_t offset, detail[2];
	uint32_t flags, inode, generation;
	uint16_t kind, tree;
	uint32_t has_handle, socket_type, has_output;
};
struct records {
	uint32_t count, has_card;
	struct record record[16];
};

static int ends[2];
static uint32_t streams[8]; // theirs
static int stream_count;

// The newest handle of a kind: what was there before is known.
static uint32_t known[HANDLES_MAX];
static int known_count;

static void know(void)
{
	handle_count = 0;
	find_handles();
	memcpy(known, handles, sizeof known);
	known_count = handle_count;
}

static int is_known(uint32_t handle)
{
	for (int i = 0; i < known_count; i++)
		if (known[i] == handle)
			return 1;
	return 0;
}

static uint32_t fresh(uint32_t kind)
{
	handle_count = 0;
	find_handles();
	for (int i = 0; i < handle_count; i++)
		if (kinds[i] == kind && !is_known(handles[i]))
			return handles[i];
	return 0;
}

static void find_streams(void)
{
	know();
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	handle_count = 0;
	find_handles();
	for (int i = 0; i < handle_count && stream_count < 8; i++)
		if (kinds[i] == KIND_STREAM && !is_known(handles[i]))
			streams[stream_count++] = handles[i];
}

// What comes of this record, sent past the library with a handle to what is open as fd.
static int smuggle(struct record record, uint32_t thing)
{
	struct records records = { 1, 0, { record } };
	know();
	int memory = memfd_create("records", 0), got = -2;
	need(write(memory, &records, sizeof records) == sizeof records, "records");
	uint32_t with[2] = { fresh(KIND_MEMORY), thing }, rights[2] = { ~0u, ~0u };
	need(with[0], "their memory");
	for (int i = 0; i < stream_count && got == -2; i++) {
		uint32_t count = thing ? 2 : 1;
		memcpy(block() + BLOCK_COUNT, &count, sizeof count);
		memcpy(block() + BLOCK_HANDLES, with, sizeof with);
		memcpy(block() + BLOCK_RIGHTS, rights, sizeof rights);
		uint64_t words[6] = { streams[i], (uint64_t)"x", 1, 0, count };
		uint32_t info[8];
		uint64_t look[6] = { streams[i], 0, (uint64_t)info, sizeof info };
		if (raw(CALL_INFO, look, NULL) == 0 && info[1] & WRITE)
			(void)raw(CALL_STREAM_WRITE, words, NULL);
		got = pass_receive(ends[1], MSG_DONTWAIT);
	}
	close(memory);
	return got;
}

static struct record victims(uint16_t kind, uint32_t has_handle)
{
	struct stat status;
	need(stat(victim, &status) == 0, "stat of the victim");
	return (struct record){ .detail = { S_IFREG | 0644 },
		.flags = O_RDWR,
		.inode = status.st_ino & 0xffffff,
		.generation = (status.st_ino >> 24) * 2 + 1,
		.kind = kind,
		.has_handle = has_handle };
}

static void unharmed(int fd, const char *what)
{
	struct stat status;
	if (fd >= 0) {
		(void)syscall(SYS_fchmod, fd, 0666);
		(void)syscall(SYS_fchown, fd, NOBODY, NOBODY);
	}
	is(stat(victim, &status), 0, what);
	is(status.st_mode & 07777, 0600, "has its mode");
	is(status.st_uid, 0, "and its owner");
	close(fd);
}

static void lies(void)
{
	struct stat status, is_victim;
	know();
	int file = open(own, O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint32_t thing = fresh(KIND_MEMORY);
	need(file >= 0 && thing && stat(victim, &is_victim) == 0, "a file of its own");
	int fd = smuggle(victims(REGULAR, 1), thing);
	check(fd >= 0, "a file that is said to be another");
	is(fstat(fd, &status), 0, "is looked at");
	check(status.st_ino != is_victim.st_ino && status.st_uid != 0, "and is not the other");
	unharmed(fd, "the other");
	unharmed(smuggle(victims(REGULAR, 0), 0), "a file without contents");
	unharmed(smuggle(victims(NONE + 1, 0), 0), "a device that is a file");
	unharmed(smuggle(victims(TERMINAL, 1), thing), "a terminal that is a file");
	unharmed(smuggle(victims(PATH, 0), 0), "a path");
	unharmed(smuggle(victims(DIRECTORY, 0), 0), "a directory that is a file");
	struct record seals = { .detail = { S_IFREG | 0777, SEAL_SHRINK | SEAL_WRITE },
		.flags = O_RDWR,
		.kind = CONTENTS,
		.has_handle = 1 };
	fd = smuggle(seals, thing);
	check(fd >= 0 && fcntl(fd, GET_SEALS) >= 0, "memory that is said to be sealed");
	check(!(fcntl(fd, GET_SEALS) & (SEAL_SHRINK | SEAL_WRITE)), "nobody vouches for that");
	is(fstat(fd, &status), 0, "is looked at");
	check(status.st_uid != 0, "and is not root's");
	close(fd);
	close(file);
}

static void directory(void)
{
	struct stat status;
	unlink(victim);
	need(mkdir(victim, 0700) == 0, "a directory");
	int fd = smuggle(victims(DIRECTORY, 0), 0);
	check(fd >= 0, "a directory that it need not have opened");
	is(fchmod(fd, 0777), -1, "does not change");
	check(stat(victim, &status) == 0 && (status.st_mode & 07777) == 0700, "its mode");
	close(fd);
	rmdir(victim);
}

// What is true is believed; the same on Linux.
static void truth(void)
{
	struct stat sent, status;
	int file = open(own, O_RDWR | O_CREAT | O_TRUNC, 0600);
	need(write(file, "abc", 3) == 3 && fstat(file, &sent) == 0, "a file of its own");
	is(pass_send(ends[0], file), 1, "sent");
	int fd = pass_receive(ends[1], MSG_DONTWAIT);
	is(fstat(fd, &status), 0, "received");
	check(status.st_ino == sent.st_ino && status.st_uid == sent.st_uid && status.st_size == 3,
		"it is that file");
	is(fchmod(fd, 0640), 0, "fchmod");
	check(stat(own, &status) == 0 && (status.st_mode & 07777) == 0640, "changes it");
	close(fd);
	fd = open(own, O_PATH);
	fails(syscall(SYS_fchmod, fd, 0600), EBADF, "fchmod of O_PATH");
	fails(syscall(SYS_fchown, fd, getuid(), getgid()), EBADF, "fchown of O_PATH");
	is(fchownat(fd, "", getuid(), getgid(), AT_EMPTY_PATH), 0, "fchownat of O_PATH");
	close(fd);
	is(pass_send(ends[0], open("/dev/null", O_RDWR)), 1, "/dev/null sent");
	fd = pass_receive(ends[1], MSG_DONTWAIT);
	check(write(fd, "x", 1) == 1 && fstat(fd, &status) == 0 && S_ISCHR(status.st_mode), "it is");
	close(fd);
	close(file);
}

int main(void)
{
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	truth();
	close(ends[0]);
	close(ends[1]);
	if (access("/scheme/svc/tree", R_OK) == 0 && getuid() == 0) {
		need(find_stub(), "a way to the kernel");
		find_streams();
		unlink(victim);
		close(open(victim, O_WRONLY | O_CREAT | O_EXCL, 0600));
		lies();
		directory();
	}
	unlink(own);
	return failures != 0;
}
