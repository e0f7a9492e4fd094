// SPDX-License-Identifier: MIT
// load.c - large directories, full quotas, messages that no stub makes, and kills: at rest, and
// under load.
#include "lib/base/format.h"
#include "lib/base/random.h"
#include "lib/tree/write.h"
#include "test/guest/ramfs/ramfs_test.h"

constexpr u32 LARGE = 100'000, KILLS = 60;

static const char *name_of(char *room, usize size, const char *prefix, u32 n)
{
	UNSAFE_BEGIN("room is an array of size bytes")
	span_t text = span_from((u8 *)room, size - 1);
	UNSAFE_END
	usize length = format(text, "%s%u", prefix, n);
	*span_at(span_from((u8 *)room, size), length) = 0;
	return room;
}

void test_large(void)
{
	struct made top, f;
	char name[32];
	CHECK_OK(make(master, TREE_ROOT, "large", FOLDER, &top));
	CHECK_OK(make(master, top.inode, "file", FILE, &f));
	CHECK_OK(handle_close(f.contents));
	for (u32 i = 0; i < LARGE / 2; i++)
		CHECK_OK(make_link(master, top.inode, name_of(name, sizeof name, "link", i), "x"));
	for (u32 i = LARGE / 2; i < LARGE; i++)
		CHECK_OK(link(master, f.inode, top.inode, name_of(name, sizeof name, "name", i)));
	CHECK_EQ(look(top.inode).count, LARGE + 1);
	CHECK_EQ(find(top.inode, "name99999"), f.inode);
	CHECK(find(top.inode, "link49999"));
	u32 count = 0, entry = TREE_NONE;
	for (u64 cookie = 0; (entry = tree_next_entry(&tree, top.inode, cookie, entry)); count++)
		cookie = tree_entry(&tree, entry)->cookie;
	CHECK_EQ(count, LARGE + 1);
	CHECK_OK(service_kill());
	CHECK_OK(service_restart());
	CHECK_OK(tree_settle(master));
	for (u32 i = 0; i < LARGE; i++)
		CHECK_OK(unlink(
			master, top.inode, name_of(name, sizeof name, i < LARGE / 2 ? "link" : "name", i), 0));
	CHECK_OK(unlink(master, top.inode, "file", 0));
	CHECK_OK(unlink(master, TREE_ROOT, "large", REMOVE_DIRECTORY));
	CHECK(tree_holds(&tree));
}

// Random words in every place of a message, and random requests: answered, and nothing breaks.
void test_hostile(void)
{
	struct random random;
	u8 bytes[256];
	random_init(&random, 7);
	for (u32 i = 0; i < 3000; i++) {
		struct message message = { .tag = (random_u64(&random) & 0xffff) % 16 |
			                              (u64)TREE_PROTOCOL << TAG_PROTOCOL_SHIFT };
		for (u32 word = 0; word < MESSAGE_WORDS; word++)
			AT(message.word, word) = random_u64(&random) % 64;
		for (u32 at = 0; at < sizeof bytes; at++)
			AT(bytes, at) = (u8)(random_u64(&random) % (i % 2 ? 256 : 4));
		AT(message.lend, 0) = (struct lend){ .address = (u64)(uintptr_t)bytes,
			.size = random_u64(&random) % sizeof bytes,
			.direction = LEND_READ };
		if (i % 3)
			message.tag |= 1ull << TAG_LENDS_SHIFT | 1ull << TAG_WORDS_SHIFT;
		AT(message.word, 0) = i % 3 ? AT(message.lend, 0).size : AT(message.word, 0);
		if ((message.tag & 0xffff) == (TREE_LOCK_TAG & 0xffff))
			continue; // may wait
		(void)connection_invoke(master.handle, &message);
	}
	CHECK_OK(tree_settle(master));
	CHECK(tree_holds(&tree));
}

void test_restart(void)
{
	struct made top, f;
	handle_t contents;
	u64 done;
	CHECK_OK(make(master, TREE_ROOT, "again", FOLDER, &top));
	CHECK_OK(make(master, top.inode, "f", FILE, &f));
	CHECK_OK(memory_write(f.contents, 0, VIEW_TEXT("before"), &done));
	for (u32 i = 0; i < 5; i++) {
		CHECK_OK(service_kill());
		CHECK_OK(service_restart());
		CHECK_OK(open_file(master, top.inode, "f", READ_WRITE, &contents));
		CHECK_OK(memory_write(contents, 6 * i, VIEW_TEXT("before"), &done));
		CHECK_OK(handle_close(contents));
	}
	CHECK_EQ(look(f.inode).length, 30);
	CHECK_OK(unlink(master, top.inode, "f", 0));
	CHECK_OK(unlink(master, TREE_ROOT, "again", REMOVE_DIRECTORY));
	CHECK_OK(handle_close(f.contents));
}

static bool is_over;         // atomic
static u32 rounds, mistakes; // atomic
static u32 mistake_at;       // atomic: which step went wrong last
static i32 mistake_error;    // atomic

static void expect(err_t err, u32 step)
{
	if (err == OK)
		return;
	__atomic_fetch_add(&mistakes, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&mistake_at, step, __ATOMIC_RELAXED);
	__atomic_store_n(&mistake_error, (i32)err, __ATOMIC_RELAXED);
}

// Every request is answered as if nobody had died: once, and right.
static void round_of(u32 directory, u32 n)
{
	struct made f = {};
	char name[32], other[32];
	u64 done;
	(void)name_of(name, sizeof name, "f", n);
	(void)name_of(other, sizeof other, "g", n);
	expect(make(master, directory, name, FILE, &f), 1);
	expect(memory_write(f.contents, 0, VIEW_TEXT("text"), &done), 2);
	expect(link(master, f.inode, directory, other), 3);
	expect(rename(master, &(struct names_of){ directory, directory, name, "moved" }, 0), 4);
	expect(find(directory, "moved") == f.inode ? OK : ERR_CORRUPT, 5);
	expect(change_mode(master, f.inode, 0600), 6);
	expect(look(f.inode).length == 4 ? OK : ERR_CORRUPT, 7);
	expect(unlink(master, directory, "moved", 0), 8);
	expect(look(f.inode).links == 1 ? OK : ERR_CORRUPT, 9);
	expect(unlink(master, directory, other, 0), 10);
	(void)handle_close(f.contents);
}

static u64 client_run(void *_Nullable argument)
{
	u32 directory = (u32)(uintptr_t)argument;
	while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE))
		round_of(directory, __atomic_fetch_add(&rounds, 1, __ATOMIC_RELAXED));
	return 0;
}

static bool goes_on(void)
{
	u32 seen = __atomic_load_n(&rounds, __ATOMIC_RELAXED);
	for (u64 end = clock_read() + 60 * NS_PER_SECOND; clock_read() < end;) {
		if (__atomic_load_n(&rounds, __ATOMIC_RELAXED) - seen >= 2)
			return true;
		(void)sleep_until(clock_read() + 100 * NS_PER_US);
	}
	return false;
}

void test_kills(void)
{
	static struct worker client;
	struct made top;
	CHECK_OK(make(master, TREE_ROOT, "kills", FOLDER, &top));
	CHECK_OK(worker_start(&client, client_run, guest_number(top.inode)));
	for (u32 i = 0; i < KILLS; i++) {
		(void)sleep_until(clock_read() + i * 173 * NS_PER_US % (5 * NS_PER_MS));
		CHECK_OK(service_kill());
		CHECK_OK(service_restart());
		CHECK(goes_on()); // a call that two services died with is given up
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
	CHECK_OK(worker_join(&client, clock_read() + 60 * NS_PER_SECOND));
	if (mistakes)
		print("last mistake: step %u, %e\n", mistake_at, (err_t)mistake_error);
	CHECK_EQ(mistakes, 0);
	CHECK_EQ(look(top.inode).count, 0);
	CHECK_OK(unlink(master, TREE_ROOT, "kills", REMOVE_DIRECTORY));
	CHECK(tree_holds(&tree));
}

// No page is left: an error to who asked, and room again once something is gone.
void test_space(void)
{
	struct made f;
	u64 done, at = 0, unused;
	static u8 bytes[64 * 1024];
	err_t err = OK;
	CHECK_OK(make(master, TREE_ROOT, "full", FILE, &f));
	while (err == OK && at < 1ull << 30) {
		err = memory_write(f.contents, at, view_of(bytes), &done);
		at += err == OK ? done : 0;
	}
	CHECK_EQ(err, ERR_QUOTA);
	CHECK(at > 1 << 20);
	CHECK_OK(tree_settle(master));
	CHECK_OK(memory_control(f.contents, MEMORY_OPERATION_RESIZE, 0, 0, &unused));
	CHECK_OK(memory_write(f.contents, 0, view_of(bytes), &done));
	CHECK_OK(unlink(master, TREE_ROOT, "full", 0));
	CHECK_OK(handle_close(f.contents));
}
