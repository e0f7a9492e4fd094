// SPDX-License-Identifier: MIT
// attack_setid.c - a program that lends powers lends them to its own code only: raw calls with all
// that its caller held, and garbage in the place of what exec hands over, gain nothing. On Linux
// there is nothing to attack.
#include "test/posix/raw.h"

#include <grp.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const char file[] = "/tmp/attack-setid", plain[] = "/tmp/attack-setid-plain",
				  closed[] = "/tmp/attack-setid-closed";
// Of ifc/proc.ifc (out/*/build/gen/ifc).
static const uint64_t ATTACH_TAG = 0x8003b030002, CREDENTIALS_TAG = 0x8823b030017,
					  INTRODUCE_TAG = 0x8023b030025, SEED_TAG = 0x113b030026,
					  SEAL_TAG = 0x8003b030027, BECOME_TAG = 0x223b030028;
enum { STATE = -21, RIGHTS = -4, LEND_WRITE = 2, READ_AND_TRANSFER = 1 << 5 | 1 };
enum { KIND_MEMORY = 3, CALL_MEMORY_READ = 22, CALL_CONTROL = 30, ENTRIES = 4000 };

struct credentials { // proc's, as far as it matters
	uint32_t user, effective_user, rest[400];
};

static int says[2], wants[2], heard[2];

static int lose_privileges(void)
{
	return setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	       setresuid(NOBODY, NOBODY, NOBODY);
}

static void copy_self(const char *path, mode_t mode)
{
	static char bytes[65536];
	ssize_t size;
	int from = open("/proc/self/exe", O_RDONLY);
	unlink(path);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0700);
	while ((size = read(from, bytes, sizeof bytes)) > 0)
		write(to, bytes, size);
	close(from);
	close(to);
	need(chmod(path, mode) == 0, path);
}

// Who a connection speaks for, if it is one to proc: its effective user, or -1.
static int speaks_for(uint32_t connection)
{
	static struct credentials credentials;
	uint64_t lent[3] = { (uint64_t)&credentials, sizeof credentials, LEND_WRITE };
	memcpy(block() + BLOCK_LENDS, lent, sizeof lent);
	uint64_t with[6] = { connection, CREDENTIALS_TAG, 0, sizeof credentials };
	return raw(CALL_CONNECTION_CALL, with, NULL) == 0 ? (int)credentials.effective_user : -1;
}

// A copy of who became root, of before, made past the library, so that it has all its handles: its
// connection, that of its child to be, and what it had of itself.
static int use_old_handles(void)
{
	char byte;
	uint64_t pid, taken = 0;
	if (read(wants[0], &byte, 1) != 1) // until it is root
		return 2;
	handle_count = 0;
	find_handles();
	for (int i = 0; i < handle_count; i++) {
		if (kinds[i] == KIND_CONNECTION) {
			if (raw(CALL_CONNECTION_CALL, (uint64_t[6]){ handles[i], ATTACH_TAG }, &pid) == 0 &&
				(uint32_t)pid == (uint32_t)getpid())
				return 3; // it speaks for it
			if (speaks_for(handles[i]) == 0)
				return 4;
			uint64_t with[6] = { handles[i], INTRODUCE_TAG, (uint32_t)getpid(), 0 };
			if (raw(CALL_CONNECTION_CALL, with, NULL) == 0)
				return 5;
		}
		if (kinds[i] == KIND_PROCESS || kinds[i] == KIND_THREAD) {
			uint64_t read_it[6] = { handles[i], PROCESS_AREA, (uint64_t)&taken, sizeof taken };
			(void)raw(CALL_MEMORY_READ, read_it, NULL); // of itself or the dead: it may
			(void)raw(CALL_CONTROL, (uint64_t[6]){ handles[i], 0, 0 }, NULL);
		}
	}
	return 0;
}

static int nothing(void)
{
	return 0;
}

static int count_own(void)
{
	int own = 0;
	handle_count = 0;
	find_handles();
	for (int i = 0; i < handle_count; i++)
		own += kinds[i] == KIND_CONNECTION && speaks_for(handles[i]) == NOBODY;
	return own;
}

// Makes an accomplice, then becomes root.
static int accomplice_and_root(void)
{
	uint64_t accomplice = 0;
	if (lose_privileges())
		return 98;
	if (!count_own())
		return 96;
	waitpid(child(nothing), NULL, 0); // its child to be is one that nobody called as yet
	if (raw(CALL_FORK, (uint64_t[6]){}, &accomplice) != 0)
		return 95;
	if (!accomplice) {
		char answer = '0' + use_old_handles();
		write(heard[1], &answer, 1);
		(void)raw(CALL_EXIT, (uint64_t[6]){ 1 }, NULL);
	}
	dup2(says[1], 10);
	dup2(wants[1], 11);
	dup2(heard[0], 12);
	execl(file, file, "root", "now", NULL);
	return 97;
}

// Run with root's powers: tells the accomplice, and how it fared.
static int as_root(void)
{
	char answer = 'e';
	if (geteuid() == 0 && (write(11, "g", 1) != 1 || read(12, &answer, 1) != 1))
		answer = 'f';
	write(10, &answer, 1);
	return answer == '0' ? 0 : 1;
}

static uint32_t proc_connection(void)
{
	uint64_t pid = 0;
	for (int i = 0; i < handle_count; i++)
		if (kinds[i] == KIND_CONNECTION &&
			raw(CALL_CONNECTION_CALL, (uint64_t[6]){ handles[i], ATTACH_TAG }, &pid) == 0)
			return handles[i];
	return 0;
}

static uint32_t some_handle(uint32_t kind)
{
	for (int i = handle_count - 1; i >= 0; i--) {
		uint32_t info[8];
		uint64_t with[6] = { handles[i], 0, (uint64_t)info, sizeof info };
		if (kinds[i] == kind && raw(CALL_INFO, with, NULL) == 0 &&
			(info[1] & READ_AND_TRANSFER) == READ_AND_TRANSFER)
			return handles[i];
	}
	return 0;
}

// proc's answer, past the library, by any of the entries; the one that counts is not "not found".
static int become(const char *path, const void *texts, size_t size)
{
	struct stat status;
	int ends[2], memory = memfd_create("texts", 0), answer = 0;
	if (stat(path, &status) || pipe(ends) || memory < 0 ||
		(size && write(memory, texts, size) != (ssize_t)size))
		return 1;
	handle_count = 0;
	find_handles();
	uint32_t proc = proc_connection();
	uint64_t key = (status.st_ino & 0xffffff) | ((status.st_ino >> 24) * 2 + 1) << 32;
	uint32_t with[2] = { some_handle(KIND_MEMORY), some_handle(KIND_STREAM) };
	uint32_t rights[2] = { READ_AND_TRANSFER, READ_AND_TRANSFER };
	for (uint64_t entry = 1; entry < ENTRIES; entry++) {
		memcpy(block() + BLOCK_HANDLES, with, sizeof with);
		memcpy(block() + BLOCK_RIGHTS, rights, sizeof rights);
		uint64_t words[6] = { proc, BECOME_TAG, key, entry };
		int64_t now = raw(CALL_CONNECTION_CALL, words, NULL);
		if (now == 0 || now == STATE || now == RIGHTS)
			answer = now ? now : 2;
	}
	return answer;
}

static int become_plain(void)
{
	return lose_privileges() ? 98 : become(plain, NULL, 0) == STATE ? 0 : 1;
}

static int become_closed(void)
{
	return lose_privileges() ? 98 : become(closed, NULL, 0) == RIGHTS ? 0 : 1;
}

static char garbage[8192];
static size_t garbage_size;

static int become_garbage(void)
{
	if (lose_privileges())
		return 98;
	(void)become(file, garbage, garbage_size);
	return 1;
}

static int open_seeds(void)
{
	if (lose_privileges())
		return 98;
	find_handles();
	for (int i = 0; i < handle_count; i++) {
		if (kinds[i] != KIND_CONNECTION)
			continue;
		for (uint64_t what = 0; what < 8; what++) {
			uint32_t thing = handles[i], rights = ~0u;
			memcpy(block() + BLOCK_HANDLES, &thing, 4);
			memcpy(block() + BLOCK_RIGHTS, &rights, 4);
			if (raw(CALL_CONNECTION_CALL, (uint64_t[6]){ handles[i], SEED_TAG, what }, NULL) == 0)
				return 1;
		}
		if (raw(CALL_CONNECTION_CALL, (uint64_t[6]){ handles[i], SEAL_TAG }, NULL) == 0)
			return 2;
	}
	return 0;
}

static void garbage_texts(void)
{
	srand(1);
	garbage_size = 0;
	is(child_end(child(become_garbage)), 1000 + SIGKILL, "no texts");
	for (int i = 0; i < 12; i++) {
		garbage_size = i < 4 ? 10u << i : sizeof garbage;
		for (size_t k = 0; k < sizeof garbage; k++)
			garbage[k] = i % 2 ? rand() : rand() % 4;
		is(child_end(child(become_garbage)), 1000 + SIGKILL, "texts that are none");
	}
}

int main(int count, char **arguments)
{
	char answer = 0;
	(void)arguments;
	if (count > 2)
		return as_root();
	if (access("/scheme/svc/tree", R_OK) != 0) {
		said(true, "nothing to attack here", "");
		return 0;
	}
	need(find_stub(), "a way to the kernel");
	copy_self(file, 04755);
	copy_self(plain, 0755);
	copy_self(closed, 04700);
	need(pipe(says) == 0 && pipe(wants) == 0 && pipe(heard) == 0, "pipes");
	is(child_end(child(accomplice_and_root)), 0, "who had its handles before");
	is(read(says[0], &answer, 1), 1, "what it could do with them");
	is(answer, '0', "nothing");
	is(child_end(child(become_plain)), 0, "a file that lends nothing");
	is(child_end(child(become_closed)), 0, "a file that is not the caller's to run");
	is(child_end(child(open_seeds)), 0, "nobody but pid 1 says what processes are made of");
	garbage_texts();
	unlink(file);
	unlink(plain);
	unlink(closed);
	return failures != 0;
}
