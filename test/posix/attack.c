// SPDX-License-Identifier: MIT
// attack.c - a program attacks the layer from inside its process, by raw calls to the kernel, which
// it makes through the library's own system call instructions: only it may come to harm. Each
// attack is a child without privileges; after each all services live their first life and work for
// others. On Linux there is nothing to attack.
#include "test/posix/raw.h"

#include <dirent.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

// Of the protocols in ifc/ (out/*/build/gen/ifc).
static const uint16_t protocols[] = { 0xdde4, 0xe844, 0x2ab1, 0x379a, 0xd402, 0xc993, 0x3b03,
	0x1c7f, 0xa385, 0x008a, 0x8504 };

static const uint64_t NAME_OPEN_TAG = 0x881c9930001, FILE_OPEN_TAG = 0x8842ab10001,
					  PROC_ATTACH_TAG = 0x8003b030002;

static uint64_t seed = 88172645463325252ull;

static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t soon(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec + 300000;
}

static char own[65536];

static uint64_t any_address(void)
{
	static const uint64_t odd[] = { 0, 1, 4096, 0x7ffffffff000, IMAGE, PROCESS_AREA, TABLE_AREA,
		~0ull };
	return chance() % 4 ? (uint64_t)own + chance() % sizeof own : odd[chance() % 8];
}

static uint64_t any_word(void)
{
	return chance() % 2 ? chance() % 64 : chance() >> chance() % 64;
}

static void attach_anything(void)
{
	char *to = block();
	uint64_t deadline = soon();
	memcpy(to + BLOCK_DEADLINE, &deadline, 8);
	for (int i = 0; i < 4; i++) {
		uint32_t handle = handles[chance() % handle_count], rights = (uint32_t)chance();
		uint64_t lend[3] = { any_address(), chance() % 8192, 1 + chance() % 3 };
		memcpy(to + BLOCK_HANDLES + 4 * i, &handle, 4);
		memcpy(to + BLOCK_RIGHTS + 4 * i, &rights, 4);
		memcpy(to + BLOCK_LENDS + 24 * i, lend, 24);
	}
}

// Wild words, lent memory, handles: to whoever is at the other end.
static void forge_calls(void)
{
	find_handles();
	for (int i = 0; i < 40000; i++) {
		int which = (int)(chance() % handle_count);
		if (kinds[which] != KIND_CONNECTION)
			continue;
		uint64_t tag = chance() % 48 | (uint64_t)protocols[chance() % 11] << 16 |
		               (chance() % 9) << 32 | (chance() % 3 ? 0 : 1ull << 36) |
		               (chance() % 3) << 39 | TAG_DEADLINE | (chance() % 8 ? TAG_IDEMPOTENT : 0);
		uint64_t with[6] = { handles[which], tag, any_word(), any_word(), any_word(), any_word() };
		attach_anything();
		(void)raw(CALL_CONNECTION_CALL, with, NULL);
	}
}

static void call_at_random(void)
{
	find_handles();
	for (int i = 0; i < 20000; i++) {
		uint64_t number = chance() % (CALL_LAST + 1), with[6];
		for (int k = 0; k < 6; k++)
			with[k] = chance() % 3 ? any_word() : any_address();
		with[0] = chance() % 8 ? handles[chance() % handle_count] : 0;
		if (number == CALL_EXIT || number == CALL_REPLACE || (number == CALL_FORK && chance() % 64))
			continue;
		attach_anything();
		(void)raw(number, with, NULL);
	}
}

static void close_everything(void)
{
	find_handles();
	for (int i = 0; i < handle_count; i++)
		(void)raw(CALL_CLOSE, (uint64_t[6]){ handles[i] }, NULL);
	for (int i = 0; i < 100; i++)
		(void)open("/tmp", O_RDONLY);
}

static void unmap_library(void)
{
	(void)raw(CALL_UNMAP, (uint64_t[6]){ 0, IMAGE, 0x40000 }, NULL);
	(void)getppid();
}

static void write_over(uint64_t start, uint64_t size)
{
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 20; i++)
			*(volatile uint64_t *)(start + chance() % size / 8 * 8) = chance() % 2 ? chance() : 0;
		int file = open("/tmp/attack", O_RDWR | O_CREAT, 0600);
		(void)write(file, own, 100);
		(void)close(file);
		(void)dup(1);
		(void)readdir(opendir("/"));
	}
}

static void write_process_area(void)
{
	write_over(PROCESS_AREA, 0x3000);
}

static void write_arenas(void)
{
	for (uint64_t arena = 1; arena <= 4; arena++)
		for (uint64_t at = 0; at < 4096; at += 8)
			*(volatile uint64_t *)(TABLE_AREA - arena * ARENA_SIZE + at) = chance();
}

static void write_thread_area(void)
{
	write_over((uint64_t)block(), 0x1000);
}

static void write_tables(void)
{
	*(volatile uint64_t *)TABLE_AREA = 0; // of the file server: read only
}

static void fork_unseen(void)
{
	uint64_t child;
	for (int i = 0; i < 20; i++)
		if (raw(CALL_FORK, (uint64_t[6]){}, &child) == 0 && !child)
			(void)raw(CALL_EXIT, (uint64_t[6]){ 1 }, NULL);
}

static const struct {
	const char *name;
	void (*run)(void);
} attacks[] = {
	{ "all handles closed", close_everything },
	{ "the library unmapped", unmap_library },
	{ "the process area written over", write_process_area },
	{ "the thread's block and stack written over", write_thread_area },
	{ "the arenas of open files written over", write_arenas },
	{ "the file server's table written over", write_tables },
	{ "forks that nobody is told of", fork_unseen },
	{ "calls forged", forge_calls },
	{ "calls forged again", forge_calls },
	{ "random system calls", call_at_random },
	{ "more random system calls", call_at_random },
};

// Number 7 of each line: how often it was started again. All of them, one after the other.
static void read_restarts(char *to, size_t size)
{
	FILE *tree = fopen("/scheme/svc/tree", "r");
	char line[300], name[20], count[20];
	size_t at = 0;
	while (tree && fgets(line, sizeof line, tree))
		if (sscanf(line, "%19s %*s %*s %*s %*s %*s %19s", name, count) == 2 && at < size)
			at += (size_t)snprintf(to + at, size - at, "%s=%s ", name, count);
	if (tree)
		fclose(tree);
}

static bool files_work(void)
{
	struct stat status;
	char text[8] = "";
	int file = open("/tmp/well", O_RDWR | O_CREAT | O_TRUNC, 0600);
	bool is_good = write(file, "well", 4) == 4 && lseek(file, 0, SEEK_SET) == 0 &&
	               read(file, text, 8) == 4 && !memcmp(text, "well", 4) &&
	               rename("/tmp/well", "/tmp/weller") == 0 && stat("/tmp/weller", &status) == 0 &&
	               status.st_size == 4 && unlink("/tmp/weller") == 0;
	close(file);
	return is_good;
}

static bool processes_work(void)
{
	int status = 1, ends[2];
	char text[8] = "", line[100];
	sprintf(line, "/proc/%d/stat", getpid());
	if (pipe(ends) != 0 || access(line, R_OK) != 0)
		return false;
	pid_t child = fork();
	if (!child) {
		dup2(ends[1], 1);
		execl("/bin/echo", "echo", "well", NULL);
		_exit(127);
	}
	bool is_good =
		waitpid(child, &status, 0) == child && status == 0 && read(ends[0], text, 8) == 5;
	close(ends[0]);
	close(ends[1]);
	return is_good;
}

static bool services_work(void)
{
	uint64_t word = 0;
	int file = open("/dev/urandom", O_RDONLY), log = open("/scheme/log/all", O_RDONLY),
		terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	bool is_good =
		read(file, &word, 8) == 8 && log >= 0 && terminal >= 0 && time(NULL) > 1500000000;
	close(file);
	close(log);
	close(terminal);
	return is_good;
}

static void lose_privileges(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		_exit(99);
}

static void attack(int which, const char *restarts)
{
	static char now[4096];
	char what[100];
	int status = -1;
	pid_t child = fork();
	if (!child) {
		int nothing = open("/dev/null", O_RDWR);
		for (int i = 0; i < 3; i++)
			dup2(nothing, i);
		setsid();
		lose_privileges();
		alarm(PATIENCE_S);
		seed += (uint64_t)which * 7919;
		attacks[which].run();
		_exit(0);
	}
	for (int i = 0; i < PATIENCE_S * 10 && waitpid(child, &status, WNOHANG) == 0; i++)
		usleep(100000);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	read_restarts(now, sizeof now);
	snprintf(what, sizeof what, "%s: no service ended", attacks[which].name);
	said(!strcmp(now, restarts), what, now);
	snprintf(what, sizeof what, "%s: others are well", attacks[which].name);
	check(files_work() && processes_work() && services_work(), what);
}

// A handle is all the power there is: what a child has after fork leads to nobody but itself.
static int holds_others(void)
{
	int bad = 0, selves = 0;
	find_handles();
	for (int i = 0; i < handle_count; i++) {
		uint64_t pid = 0;
		bad += kinds[i] == KIND_PROCESS || kinds[i] == KIND_THREAD || kinds[i] == KIND_RESOURCE;
		if (kinds[i] != KIND_CONNECTION ||
			raw(CALL_CONNECTION_CALL, (uint64_t[6]){ handles[i], PROC_ATTACH_TAG }, &pid) != 0)
			continue;
		selves += (uint32_t)pid == (uint32_t)getpid();
		bad += (uint32_t)pid != (uint32_t)getpid();
	}
	return bad || selves != 1 ? 1 + bad : 0;
}

// The library's own check is passed by; the server's is not.
static void give_orders(void)
{
	int status = -1;
	pid_t child = fork();
	if (!child) {
		lose_privileges();
		find_handles();
		int good = 0, asked = 0;
		for (int i = 0; i < handle_count; i++) {
			static const char name[] = "svc", path[] = "control";
			uint64_t lend[3] = { (uint64_t)name, 3, 1 }, first;
			memcpy(block() + BLOCK_LENDS, lend, 24);
			if (kinds[i] != KIND_CONNECTION ||
				raw(CALL_CONNECTION_CALL, (uint64_t[6]){ handles[i], NAME_OPEN_TAG, 3 }, &first) !=
					0)
				continue;
			uint32_t tree;
			memcpy(&tree, block() + BLOCK_HANDLES, 4);
			lend[0] = (uint64_t)path, lend[1] = 7;
			memcpy(block() + BLOCK_LENDS, lend, 24);
			good += raw(CALL_CONNECTION_CALL,
						(uint64_t[6]){ tree, FILE_OPEN_TAG, 0, O_WRONLY, 0, 7 }, NULL) == 0;
			asked++;
		}
		_exit(good || !asked ? 1 : 0);
	}
	waitpid(child, &status, 0);
	is(status, 0, "no order to the supervisor without privileges");
}

// A missing call is logged with the program's name, which it chooses itself: a line stays a line.
static void write_into_log(void)
{
	static char log[1 << 18];
	pid_t child = fork();
	if (!child) {
		prctl(PR_SET_NAME, "\33[2J\r\n@@EXIT");
		_exit(syscall(9999) == -1 ? 0 : 1);
	}
	waitpid(child, NULL, 0);
	FILE *file = fopen("/scheme/log/all", "r");
	size_t size = file ? fread(log, 1, sizeof log - 1, file) : 0;
	if (file)
		fclose(file);
	check(strstr(log, "?[2J??@@EXIT"), "a wild name is in the log");
	check(size && !memchr(log, '\33', size) && !memchr(log, '\r', size), "and is text there");
}

// The library's stack protector's word, which a program can read.
static uint64_t guard(void)
{
	uint64_t word;
	__asm__("mov %%gs:256, %0" : "=r"(word));
	return word;
}

// As a fresh program: is it another than that of the program before?
static int is_other_guard(const char *former)
{
	uint64_t now = guard();
	return !now || now & 0xff || now == strtoull(former, NULL, 16);
}

static int exec_with_guard(void)
{
	char word[20];
	sprintf(word, "%llx", (unsigned long long)guard());
	execl("/proc/self/exe", "attack", "guard", word, NULL);
	return 99;
}

// attack [SEED]: again as it was.
int main(int count, char **arguments)
{
	static char restarts[4096];
	if (count == 3)
		return is_other_guard(arguments[2]);
	if (access("/scheme/svc/tree", R_OK) != 0) {
		said(true, "nothing to attack here", "");
		return 0;
	}
	need(find_stub(), "a way to the kernel");
	read_restarts(restarts, sizeof restarts);
	seed = count > 1 ? strtoull(arguments[1], NULL, 10) : seed + (uint64_t)time(NULL);
	printf("# seed %llu\n", (unsigned long long)seed);
	is(child_end(child(holds_others)), 0, "no handle of a child leads to another process");
	is(child_end(child(exec_with_guard)), 0,
		"each program has a stack protector's word of its own");
	give_orders();
	write_into_log();
	for (int i = 0; i < (int)(sizeof attacks / sizeof *attacks); i++)
		attack(i, restarts);
	return failures != 0;
}
