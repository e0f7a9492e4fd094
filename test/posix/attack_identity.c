// SPDX-License-Identifier: MIT
// attack_identity.c - who a caller is, is not the caller's to say: raw calls that claim to be
// somebody else, or that ask past what the library would have checked, are refused by the services.
// On Linux there is nothing to attack.
#include "test/posix/raw.h"

#include <grp.h>
#include <mqueue.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

// Of ifc/meet.ifc and ifc/proc.ifc (out/*/build/gen/ifc).
static const uint64_t MEET_SPEAK_TAG = 0x891d4020005, MEET_SEND_TAG = 0x82d4020008,
					  MEET_CHANGE_TAG = 0x804d4020012, MEET_REMOVE_TAG = 0x1d4020013,
					  MEET_ATTACH_TAG = 0x1d4020014, PROC_OPEN_TAG = 0x8013b03001d,
					  PROC_ATTACH_TAG = 0x8003b030002, TERMINAL_REACH_TAG = 0x8033b030020,
					  TTY_OPEN_TAG = 0x802008a0001, MEET_FIFO_TAG = 0x801d4020001,
					  MEET_CONNECT_TAG = 0x811d4020004, MEET_VOUCH_TAG = 0x804d402001b,
					  PROC_MEETING_TAG = 0x8033b030023, MEET_LISTEN_TAG = 0x811d4020003,
					  MEET_CONNECTED_TAG = 0x820d402001c, MEET_INTRODUCED_TAG = 0x810d402001d,
					  PROC_ABSTRACT_TAG = 0x8013b030024, PROC_INTRODUCE_TAG = 0x8023b030025;
enum {
	OWNER_ONLY = -38,
	RIGHTS = -4,
	STATE = -21,
	READ = 1,
	WRITE = 2,
	CALL = 1 << 9,
	WAIT_AND_DUP = 1 << 7 | 1 << 4,
	LEND_READ = 1
};

static int segment, set;
static mqd_t queue;
static char terminal[100];

struct identity { // meet's
	uint64_t capabilities;
	uint32_t pid, slot, user, effective_user, effective_group, file_user, file_group, group_count;
	uint32_t groups[64];
};

static void lose_privileges(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		_exit(99);
}

static void lend(const void *bytes, uint64_t size)
{
	uint64_t lent[3] = { (uint64_t)bytes, size, LEND_READ };
	memcpy(block() + BLOCK_LENDS, lent, sizeof lent);
}

// The answers of all connections to one call.
struct answers {
	int asked, good, owner, rights, state;
};

static struct answers ask_all(uint64_t tag, const uint64_t *words)
{
	struct answers answers = {};
	for (int i = 0; i < handle_count; i++) {
		if (kinds[i] != KIND_CONNECTION)
			continue;
		uint64_t with[6] = { handles[i], tag, words[0], words[1], words[2], words[3] };
		int64_t answer = raw(CALL_CONNECTION_CALL, with, NULL);
		answers.asked++;
		answers.good += answer == 0;
		answers.owner += answer == OWNER_ONLY;
		answers.rights += answer == RIGHTS;
	}
	return answers;
}

static uint32_t proc_connection(void)
{
	uint64_t pid = 0;
	for (int i = 0; i < handle_count; i++)
		if (kinds[i] == KIND_CONNECTION &&
			raw(CALL_CONNECTION_CALL, (uint64_t[6]){ handles[i], PROC_ATTACH_TAG }, &pid) == 0)
			return handles[i];
	return 0;
}

// A handle to this process, as proc gives it to whoever asks.
static uint32_t own_process(void)
{
	uint32_t process = 0;
	uint64_t with[6] = { proc_connection(), PROC_OPEN_TAG, (uint64_t)getpid() };
	if (raw(CALL_CONNECTION_CALL, with, NULL) == 0)
		memcpy(&process, block() + BLOCK_HANDLES, sizeof process);
	return process;
}

// Claims to be user 0 with all powers, where proc vouches for people.
static int forge_identity(void)
{
	struct identity root = { .capabilities = ~0ull, .pid = 1, .slot = 1 };
	uint32_t rights = WAIT_AND_DUP, process;
	struct answers sum = {};
	lose_privileges();
	find_handles();
	process = own_process();
	if (!process)
		return 2;
	for (int i = 0; i < handle_count; i++) {
		if (kinds[i] != KIND_CONNECTION)
			continue;
		lend(&root, sizeof root);
		memcpy(block() + BLOCK_HANDLES, &process, 4);
		memcpy(block() + BLOCK_RIGHTS, &rights, 4);
		uint64_t with[6] = { handles[i], MEET_SPEAK_TAG, sizeof root };
		int64_t answer = raw(CALL_CONNECTION_CALL, with, NULL);
		sum.good += answer == 0;
		sum.owner += answer == OWNER_ONLY;
	}
	return sum.good ? 3 : sum.owner ? 0 : 4;
}

// Root's memory, by its number, through whatever leads to a service; its own voice among them.
static int take_segment(void)
{
	lose_privileges();
	if (shmget(IPC_PRIVATE, 4096, 0600) < 0)
		return 2;
	find_handles();
	struct answers attach = ask_all(MEET_ATTACH_TAG, (uint64_t[4]){ (uint32_t)segment });
	// Word 1: user 0; it would be the owner's then.
	struct answers change =
		ask_all(MEET_CHANGE_TAG, (uint64_t[4]){ (uint64_t)segment << 32, NOBODY, 0777 });
	struct answers remove = ask_all(MEET_REMOVE_TAG, (uint64_t[4]){ (uint64_t)set << 32 | 1 });
	if (attach.good || change.good || remove.good)
		return 3;
	return attach.rights && change.owner && remove.owner ? 0 : 4;
}

// What was opened to read is written to.
static int write_to_read(void)
{
	char text[8] = "forged";
	lose_privileges();
	mq_close(queue); // inherited, and to be written to
	if (mq_open("/attack_identity", O_RDONLY) == (mqd_t)-1)
		return 2;
	find_handles();
	int refused = 0;
	for (int i = 0; i < handle_count; i++) {
		if (kinds[i] != KIND_CONNECTION)
			continue;
		lend(text, sizeof text);
		uint64_t with[6] = { handles[i], MEET_SEND_TAG, 7, sizeof text };
		int64_t answer = raw(CALL_CONNECTION_CALL, with, NULL);
		if (!answer)
			return 3;
		refused += answer == RIGHTS;
	}
	return refused ? 0 : 4;
}

// The library passes; the service does not.
static int open_queue(void)
{
	lose_privileges();
	fails(mq_open("/attack_identity", O_RDWR), EACCES, "another's queue to write");
	fails(mq_unlink("/attack_identity"), EACCES, "another's queue's name");
	return failures != 0;
}

static void queues_and_objects(void)
{
	struct mq_attr status;
	struct shmid_ds memory;
	segment = shmget(IPC_PRIVATE, 4096, 0600);
	set = semget(IPC_PRIVATE, 1, 0600);
	(void)mq_unlink("/attack_identity");
	queue = mq_open("/attack_identity", O_RDWR | O_CREAT, 0644, NULL);
	need(segment >= 0 && set >= 0 && queue != (mqd_t)-1, "objects of root's");
	is(child_end(child(forge_identity)), 0, "nobody but proc vouches for user 0");
	is(child_end(child(take_segment)), 0, "memory and semaphores of root stay root's");
	is(child_end(child(write_to_read)), 0, "a queue opened to read is not written to");
	is(child_end(child(open_queue)), 0, "who may open and unlink a queue");
	is(mq_getattr(queue, &status), 0, "the queue is there");
	is(status.mq_curmsgs, 0, "and empty");
	is(shmctl(segment, IPC_STAT, &memory), 0, "the memory is there");
	is(memory.shm_perm.uid, 0, "and root's");
	is(semctl(set, 0, GETVAL), 0, "the semaphore is there");
	is(semctl(set, 0, IPC_RMID) | shmctl(segment, IPC_RMID, NULL), 0, "removed");
	is(mq_close(queue) | mq_unlink("/attack_identity"), 0, "unlinked");
}

// The console, and a pseudo terminal of root's: past the library's look at the device's mode.
static int open_terminals(void)
{
	lose_privileges();
	find_handles();
	for (int i = 0; i < handle_count; i++) {
		static const uint32_t devices[] = { 1088, 1281, 34816, 34817 };
		for (int k = 0; k < 4; k++) {
			uint64_t with[6] = { handles[i], TTY_OPEN_TAG, devices[k], 77 };
			int64_t answer =
				kinds[i] == KIND_CONNECTION ? raw(CALL_CONNECTION_CALL, with, NULL) : -1;
			if (!answer)
				return 2;
		}
	}
	return 0;
}

// By its inode, through proc: the file's server decides, whatever the library would have said.
static int reach_console(void)
{
	struct stat console;
	int refused = 0;
	if (stat("/dev/console", &console) != 0)
		return 2;
	lose_privileges();
	find_handles();
	uint32_t proc = proc_connection();
	for (uint64_t at = 0; at < 3 * 2000; at++) {
		uint64_t generation = at / 2000, entry = at % 2000; // one of them is the console's
		uint64_t with[6] = { proc, TERMINAL_REACH_TAG, console.st_ino | generation << 32,
			entry | 2ull << 32, 78 };
		int64_t answer = raw(CALL_CONNECTION_CALL, with, NULL);
		if (!answer)
			return 3;
		refused += answer == RIGHTS;
	}
	return refused ? 0 : 4;
}

static int open_slave(void)
{
	lose_privileges();
	fails(open(terminal, O_RDWR | O_NOCTTY), EACCES, "another's pseudo terminal");
	fails(open("/dev/console", O_RDWR | O_NOCTTY), EACCES, "the console");
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	check(master >= 0 && !grantpt(master) && !unlockpt(master), "one of its own");
	check(open(ptsname(master), O_RDWR | O_NOCTTY) >= 0, "both ends");
	return failures != 0;
}

static void terminals(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	need(master >= 0 && !grantpt(master) && !unlockpt(master), "a pseudo terminal of root's");
	strncpy(terminal, ptsname(master), sizeof terminal - 1);
	is(child_end(child(open_terminals)), 0, "nobody but proc opens terminals");
	is(child_end(child(reach_console)), 0, "nor does proc, what the file's server denies");
	is(child_end(child(open_slave)), 0, "pseudo terminals are their users'");
	int slave = open(terminal, O_RDWR | O_NOCTTY);
	check(slave >= 0, "root opens its own");
	close(slave);
	close(master);
}

static void pass(uint32_t first, uint32_t second, uint32_t rights)
{
	uint32_t with[2] = { first, second }, allowed[2] = { second ? CALL : rights, rights };
	memcpy(block() + BLOCK_HANDLES, with, sizeof with);
	memcpy(block() + BLOCK_RIGHTS, allowed, sizeof allowed);
}

// All connections are asked a call that takes one handle, or, if there is a second, two.
static struct answers ask_all_with(uint64_t tag, uint32_t first, uint32_t rights, uint32_t second)
{
	struct answers answers = {};
	for (int i = 0; i < handle_count; i++) {
		if (kinds[i] != KIND_CONNECTION)
			continue;
		pass(first, second, rights);
		int64_t answer = raw(CALL_CONNECTION_CALL, (uint64_t[6]){ handles[i], tag }, NULL);
		answers.asked++;
		answers.good += answer == 0;
		answers.rights += answer == RIGHTS;
		answers.state += answer == STATE;
	}
	return answers;
}

static uint32_t some_stream(uint32_t right)
{
	for (int i = handle_count - 1; i >= 0; i--) {
		uint32_t info[8];
		uint64_t with[6] = { handles[i], 0, (uint64_t)info, sizeof info };
		if (kinds[i] == KIND_STREAM && raw(CALL_INFO, with, NULL) == 0 && info[1] & right)
			return handles[i];
	}
	return 0;
}

// What proc hands out for a call, or 0.
static uint32_t from_proc(uint64_t tag, uint64_t first, uint64_t second)
{
	uint32_t handle = 0;
	if (raw(CALL_CONNECTION_CALL, (uint64_t[6]){ proc_connection(), tag, first, second }, NULL) ==
		0)
		memcpy(&handle, block() + BLOCK_HANDLES, sizeof handle);
	return handle;
}

// One's own grant says nothing but who had it made, of the one line that it was used for, once.
static int forge_peer(void)
{
	const uint64_t key = 1ull << 63 | 4711;
	int line[2], other[2];
	lose_privileges();
	if (pipe(line) != 0)
		return 2;
	find_handles();
	uint32_t readable = some_stream(READ), writable = some_stream(WRITE);
	if (pipe(other) != 0)
		return 3;
	handle_count = 0;
	find_handles();
	uint32_t second = some_stream(READ) == readable ? 0 : some_stream(READ);
	uint32_t listening = from_proc(PROC_ABSTRACT_TAG, key, 0);
	uint32_t grant = from_proc(PROC_ABSTRACT_TAG, key, 0);
	if (!listening || !grant || !second || from_proc(PROC_ABSTRACT_TAG, 4711, 0))
		return 4;
	if (ask_all_with(MEET_CONNECTED_TAG, grant, READ, readable).good)
		return 5; // nobody connected
	pass(writable, 0, ~0u);
	if (raw(CALL_CONNECTION_CALL, (uint64_t[6]){ listening, MEET_LISTEN_TAG }, NULL) != 0)
		return 6;
	pass(readable, 0, READ);
	if (raw(CALL_CONNECTION_CALL, (uint64_t[6]){ grant, MEET_CONNECT_TAG }, NULL) != 0)
		return 7;
	pass(second, 0, READ);
	if (raw(CALL_CONNECTION_CALL, (uint64_t[6]){ grant, MEET_CONNECT_TAG }, NULL) != STATE)
		return 8; // a second line
	if (ask_all_with(MEET_CONNECTED_TAG, grant, READ, second).good)
		return 9;
	return ask_all_with(MEET_CONNECTED_TAG, grant, READ, readable).good ? 0 : 10;
}

static uint64_t pair_of(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

// Cards say what is true, and only to whom they are for.
static int forge_card(void)
{
	const uint32_t pid = getpid();
	lose_privileges();
	if (shmget(IPC_PRIVATE, 4096, 0600) < 0) // it has a voice now
		return 2;
	find_handles();
	if (from_proc(PROC_INTRODUCE_TAG, pair_of(pid, 0), pair_of(NOBODY, NOBODY)) ||
		from_proc(PROC_INTRODUCE_TAG, pair_of(pid, NOBODY), pair_of(0, NOBODY)) ||
		from_proc(PROC_INTRODUCE_TAG, pair_of(1, NOBODY), pair_of(NOBODY, NOBODY)))
		return 3;
	uint32_t foreign = from_proc(PROC_INTRODUCE_TAG, pair_of(pid, NOBODY), pair_of(NOBODY, 0));
	uint32_t own = from_proc(PROC_INTRODUCE_TAG, pair_of(pid, NOBODY), pair_of(NOBODY, NOBODY));
	if (!foreign || !own)
		return 4;
	struct answers refused = ask_all_with(MEET_INTRODUCED_TAG, foreign, CALL, 0);
	if (refused.good || !refused.rights)
		return 5;
	if (ask_all_with(MEET_INTRODUCED_TAG, proc_connection(), CALL, 0).good)
		return 6; // that is none
	for (uint64_t mode = 0; mode < 8; mode++)
		if (raw(CALL_CONNECTION_CALL, (uint64_t[6]){ own, MEET_FIFO_TAG, mode }, NULL) == 0)
			return 7; // it opens nothing
	return ask_all_with(MEET_INTRODUCED_TAG, own, CALL, 0).good ? 0 : 8;
}

// A FIFO or a socket of root's, by its inode: at meet, past proc, and through proc.
static uint64_t meeting_key;
static int hoarder_says[2];

static uint64_t key_of(const struct stat *status) // as the library makes st_ino
{
	uint64_t generation = (status->st_ino >> 24) * 2 + 1; // odd, while there is the file
	return (status->st_ino & 0xffffff) | generation << 32;
}

static int reach_meeting(void)
{
	enum { ENTRIES = 4000, WRITE_ONLY = 1 }; // one of the entries is its name
	int refused = 0, line[2];
	lose_privileges();
	if (pipe(line) != 0)
		return 6;
	find_handles();
	uint32_t proc = proc_connection(), readable = some_stream(READ), writable = some_stream(WRITE);
	if (ask_all(MEET_VOUCH_TAG, (uint64_t[4]){ meeting_key, 15 }).good ||
		ask_all(MEET_FIFO_TAG, (uint64_t[4]){ 1 | 2 | 4 }).good ||
		ask_all_with(MEET_LISTEN_TAG, writable, WRITE, 0).good ||
		ask_all_with(MEET_CONNECT_TAG, readable, READ, 0).good)
		return 2;
	for (uint64_t entry = 0; entry < ENTRIES; entry++) {
		uint64_t with[6] = { proc, PROC_MEETING_TAG, meeting_key,
			entry | (uint64_t)WRITE_ONLY << 32 };
		int64_t answer = raw(CALL_CONNECTION_CALL, with, NULL);
		if (!answer)
			return 3;
		refused += answer == RIGHTS;
	}
	uint64_t own[6] = { proc, PROC_MEETING_TAG, meeting_key, (uint64_t)WRITE_ONLY << 32, 1 };
	if (raw(CALL_CONNECTION_CALL, own, NULL) != OWNER_ONLY) // to listen there
		return 4;
	return refused ? 0 : 5;
}

// Keeps as many connections for a FIFO of its own as it is given.
static int hoard(void)
{
	enum { ENTRIES = 4000, MANY = 3000, WRITE_ONLY = 1 };
	struct stat status;
	int count = 0;
	uint64_t entry = 0;
	lose_privileges();
	unlink("/tmp/hoard_fifo");
	if (mkfifo("/tmp/hoard_fifo", 0600) != 0 || stat("/tmp/hoard_fifo", &status) != 0)
		return 2;
	find_handles();
	uint64_t with[6] = { proc_connection(), PROC_MEETING_TAG, key_of(&status) };
	do
		with[3] = entry | (uint64_t)WRITE_ONLY << 32;
	while (raw(CALL_CONNECTION_CALL, with, NULL) != 0 && ++entry < ENTRIES);
	while (count < MANY && raw(CALL_CONNECTION_CALL, with, NULL) == 0)
		count++;
	int own = open("/tmp/hoard_fifo", O_RDWR | O_NONBLOCK);
	printf("ok (%d held)\n", count);
	fflush(stdout);
	write(hoarder_says[1], own >= 0 && count > 64 ? "y" : "n", 1);
	pause();
	return 0;
}

static void hoarding(void)
{
	char answer = 0;
	need(pipe(hoarder_says) == 0, "pipe");
	pid_t pid = child(hoard);
	is(read(hoarder_says[0], &answer, 1), 1, "a process that keeps connections back");
	is(answer, 'y', "gets many, and opens its FIFO all the same");
	unlink("/tmp/attack_fifo");
	is(mkfifo("/tmp/attack_fifo", 0600), 0, "meanwhile a FIFO");
	int fifo = open("/tmp/attack_fifo", O_RDWR | O_NONBLOCK);
	check(fifo >= 0, "is opened by others");
	close(fifo);
	unlink("/tmp/attack_fifo");
	unlink("/tmp/hoard_fifo");
	kill(pid, SIGKILL);
	is(child_end(pid), 1000 + SIGKILL, "the end of it");
}

static void meetings(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "/tmp/attack_socket" };
	struct stat status;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	unlink(name.sun_path);
	unlink("/tmp/attack_fifo");
	need(mkfifo("/tmp/attack_fifo", 0600) == 0 && stat("/tmp/attack_fifo", &status) == 0,
		"a FIFO of root's");
	int fifo = open("/tmp/attack_fifo", O_RDONLY | O_NONBLOCK);
	meeting_key = key_of(&status);
	is(child_end(child(reach_meeting)), 0, "root's FIFO is opened by nobody else");
	is(bind(listener, (struct sockaddr *)&name, sizeof(name)), 0, "bind");
	need(listen(listener, 5) == 0 && chmod(name.sun_path, 0600) == 0 &&
			 stat(name.sun_path, &status) == 0,
		"a socket of root's");
	meeting_key = key_of(&status);
	is(child_end(child(reach_meeting)), 0, "nor is its socket");
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	is(connect(client, (struct sockaddr *)&name, sizeof(name)), 0, "root connects");
	close(client);
	close(listener);
	close(fifo);
	unlink(name.sun_path);
	unlink("/tmp/attack_fifo");
}

int main(void)
{
	if (access("/scheme/svc/tree", R_OK) != 0) {
		said(true, "nothing to attack here", "");
		return 0;
	}
	need(find_stub(), "a way to the kernel");
	queues_and_objects();
	terminals();
	meetings();
	is(child_end(child(forge_peer)), 0, "who connected is what meet was told, once");
	is(child_end(child(forge_card)), 0, "who sends is what proc says");
	hoarding();
	return failures != 0;
}
