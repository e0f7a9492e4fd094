// SPDX-License-Identifier: MIT
// takeover_test.c - a process changes a pool and is killed, at some moment or in the middle of a
// request to the device; the next one opens the pool with the memory that the first one kept, and
// all that was done is there, synced or not. The device is shared memory too. SINTER_KILLS: how
// many; SINTER_SEED.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/test.h"
#include "lib/sinter/check.h"
#include "test/sinter/world.h"

enum { FILES = 24, FILE_MAX = 50000, UNITS = 8192, KEPT = 512 * 1024 };

struct file_state {
	bool exists;
	u32 size;
	u8 bytes[FILE_MAX];
};

// What the processes share.
struct shared {
	u8 disk[UNITS * 4096];
	u8 kept[KEPT];
	u64 done;         // operations that were answered
	u64 kill_request; // the process ends at this request to the device; 0: never
};

static struct shared *shared;
static struct file_state *files; // as they should be, in the parent
static struct world world;
static u32 frames; // of the cache
static struct sinter *pool;
static struct dataset *dataset;

static void submit(void *context, struct device_io *io)
{
	static u64 requests;
	(void)context;
	if (shared->kill_request && ++requests == shared->kill_request)
		raise(SIGKILL);
	span_t at = span_clamp(span_of(shared->disk), (usize)io->unit * 4096, io->bytes.size);
	io->result = OK;
	if (io->request == DEVICE_READ)
		io->result = span_copy(io->bytes, span_view(at));
	else if (io->request == DEVICE_WRITE)
		io->result = span_copy(at, span_view(io->bytes));
	io->done(io);
}

static void wait_for_none(void *context)
{
	(void)context;
}

static const struct device_ops ops = { .submit = submit, .wait = wait_for_none };
static const struct device device = { .ops = &ops, .units = UNITS };

static err_t open_pool(u64 seed)
{
	struct sinter_options options = {
		.frames = frames, .loaded_zones = 48, .kept = span_of(shared->kept)
	};
	world_init(&world, seed);
	TRY(sinter_open(&world.port, &device, 1, &options, &pool));
	return WAIT(pool, sinter_dataset_open(pool, DATASET_ROOT, &dataset));
}

struct action {
	enum { ACT_WRITE, ACT_CUT, ACT_MOVE, ACT_REMOVE, ACT_SYNC, ACT_FSYNC } kind;
	u32 file, other, offset, size;
	u8 byte;
};

// Operation number `number`, always the same.
static struct action action_of(u64 seed, u64 number)
{
	struct random random;
	random_init(&random, seed * 1000003 + number);
	u32 dice = (u32)random_below(&random, 100);
	struct action action = { .file = (u32)random_below(&random, FILES),
		.other = (u32)random_below(&random, FILES),
		.byte = (u8)random_below(&random, 255) + 1 };
	action.kind = dice < 60   ? ACT_WRITE
	              : dice < 75 ? ACT_CUT
	              : dice < 85 ? ACT_MOVE
	              : dice < 95 ? ACT_REMOVE
	              : dice < 98 ? ACT_FSYNC
	                          : ACT_SYNC;
	u32 within = (u32)random_below(&random, 16384);
	action.offset = within + 16384 * (u32)random_below(&random, 2); // one record: one step
	action.size = 1 + (u32)random_below(&random, 16384 - within);
	return action;
}

static void expect(struct file_state *all, const struct action *action)
{
	struct file_state *file = &AT(*(struct file_state(*)[FILES])all, action->file);
	struct file_state *other = &AT(*(struct file_state(*)[FILES])all, action->other);
	u32 end = action->offset + action->size;
	switch (action->kind) {
	case ACT_WRITE:
		file->exists = true;
		memset(span_clamp(span_of(file->bytes), action->offset, action->size).data, action->byte,
			action->size);
		file->size = file->size > end ? file->size : end;
		break;
	case ACT_CUT:
		if (!file->exists)
			break;
		if (file->size > action->offset)
			span_fill(span_from_offset(span_of(file->bytes), action->offset), 0);
		file->size = action->offset;
		break;
	case ACT_MOVE:
		if (!file->exists || file == other)
			break;
		*other = *file;
		*file = (struct file_state){};
		break;
	case ACT_REMOVE: *file = (struct file_state){}; break;
	case ACT_SYNC:
	case ACT_FSYNC: break;
	}
}

static view_t name_of(u32 file)
{
	static char names[2][8];
	static u32 turn;
	turn = !turn;
	snprintf(AT(names, turn), sizeof names[0], "f%u", file);
	return view_cstring(AT(names, turn));
}

static err_t find(u32 file, u64 *inode)
{
	return WAIT(pool, sinter_lookup(dataset, INODE_ROOT, name_of(file), inode));
}

static err_t sync_file(u64 inode)
{
	u64 ticket;
	TRY(WAIT(pool, sinter_fsync_begin(dataset, inode, &ticket)));
	return WAIT(pool, sinter_fsync_done(pool, ticket));
}

static err_t act(const struct action *action)
{
	u64 inode = 0;
	usize written;
	u8 bytes[16384];
	const struct sinter_new new = { .mode = 0100644 };
	err_t err = find(action->file, &inode);
	memset(bytes, action->byte, sizeof bytes);
	if (err == ERR_NOT_FOUND && action->kind == ACT_WRITE)
		err = WAIT(pool, sinter_create(dataset, INODE_ROOT, name_of(action->file), &new, &inode));
	if (err == ERR_NOT_FOUND)
		return OK;
	TRY(err);
	switch (action->kind) {
	case ACT_WRITE:
		return WAIT(pool, sinter_write(dataset, inode, action->offset,
							  view_clamp(view_of(bytes), 0, action->size), &written));
	case ACT_CUT: return WAIT(pool, sinter_truncate(dataset, inode, action->offset));
	case ACT_MOVE: {
		struct sinter_name from = { INODE_ROOT, name_of(action->file) };
		struct sinter_name to = { INODE_ROOT, name_of(action->other) };
		return action->file == action->other ? OK : WAIT(pool, sinter_rename(dataset, from, to, 0));
	}
	case ACT_REMOVE:
		return WAIT(pool, sinter_unlink(dataset, INODE_ROOT, name_of(action->file), false));
	case ACT_FSYNC: return sync_file(inode);
	case ACT_SYNC: (void)sinter_sync_begin(pool); return OK; // under way while others go on
	}
	return OK;
}

[[noreturn]] static void child(u64 seed)
{
	if (open_pool(seed) != OK)
		_exit(1);
	for (u64 i = 0; i < 100000; i++) {
		struct action action = action_of(seed, shared->done);
		if (act(&action) != OK)
			_exit(2);
		__atomic_store_n(&shared->done, shared->done + 1, __ATOMIC_RELEASE);
		sinter_work(pool);
	}
	_exit(3);
}

// Does the pool hold what it should? A file that is just made has no bytes yet.
static bool matches(const struct file_state *all, const struct action *_Nullable half_done)
{
	static u8 bytes[FILE_MAX];
	for (u32 i = 0; i < FILES; i++) {
		const struct file_state *file = &AT(*(const struct file_state(*)[FILES])all, i);
		u64 inode;
		usize got = 0;
		err_t err = find(i, &inode);
		if (err == OK)
			err = WAIT(pool, sinter_read(dataset, inode, 0, span_of(bytes), &got));
		if (err == OK && !got && half_done && half_done->file == i && !file->exists)
			continue;
		if (!file->exists && err == ERR_NOT_FOUND)
			continue;
		if (err != OK || !file->exists || got != file->size ||
			!view_equal(
				view_clamp(view_of(bytes), 0, got), view_clamp(view_of(file->bytes), 0, got)))
			return false;
	}
	return true;
}

static bool is_clean(void)
{
	struct sinter_check check = {};
	return sinter_check(pool, &check) == OK && !check.complaints;
}

static bool look(u64 seed, u64 *known)
{
	for (; *known < shared->done; ++*known) {
		struct action action = action_of(seed, *known);
		expect(files, &action);
	}
	struct action next = action_of(seed, *known);
	if (matches(files, next.kind == ACT_WRITE ? &next : nullptr))
		return is_clean();
	expect(files, &next); // done, and not answered
	shared->done = ++*known;
	return matches(files, nullptr) && is_clean();
}

// A process works until it is killed: at this request to the device, or when some time went by.
static bool one_life(u64 seed, u64 kill_request, u32 microseconds)
{
	int status = 0;
	shared->kill_request = kill_request;
	pid_t process = fork();
	if (!process)
		child(seed);
	if (!kill_request) {
		usleep(microseconds);
		kill(process, SIGKILL);
	}
	waitpid(process, &status, 0);
	shared->kill_request = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	printf("the process ended by itself: %x\n", (unsigned)status);
	return false;
}

static bool one_kill(u64 seed, struct random *random, u64 *known, bool is_twice)
{
	bool is_by_request = random_below(random, 2);
	u32 time = (u32)random_below(random, 60000);
	if (!one_life(seed, is_by_request ? 40 + random_below(random, 400) : 0, time))
		return false;
	if (is_twice && !one_life(seed, 1 + random_below(random, 150), 0)) // while it takes over
		return false;
	if (open_pool(seed) != OK)
		return false;
	bool is_good = look(seed, known);
	sinter_abandon(pool);
	return is_good;
}

static void kill_often(bool is_twice)
{
	u64 seed = world_setting("SINTER_SEED", 1), kills = world_setting("SINTER_KILLS", 12);
	struct sinter_format format = { .name = VIEW_TEXT("kept") };
	struct random random;
	u64 known = 0;
	random_init(&random, seed);
	shared =
		mmap(nullptr, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	files = mmap(
		nullptr, FILES * sizeof *files, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(shared != MAP_FAILED && files != MAP_FAILED);
	world_init(&world, seed);
	REQUIRE_OK(sinter_format(&world.port, &device, 1, &format));
	fflush(stdout);
	u64 kill = 0;
	while (kill < kills && one_kill(seed, &random, &known, is_twice))
		kill++;
	printf("%llu kills, %llu operations, none lost\n", (unsigned long long)kill,
		(unsigned long long)shared->done);
	CHECK_EQ(kill, kills);
	munmap(shared, sizeof *shared);
	munmap(files, FILES * sizeof *files);
}

TEST(takeover_after_kills)
{
	frames = 256;
	kill_often(false);
}

// With room for all that is taken over: a commit in the middle makes the next kill a power cut.
TEST(takeover_killed_while_taking_over)
{
	frames = 1024;
	kill_often(true);
}
