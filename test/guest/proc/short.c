// SPDX-License-Identifier: MIT
// short.c - memory of all programs is short: the biggest process ends, and no other before what it
// had can be back; but who says that it shall not may be bigger.
#include "ifc/file.h"
#include "test/guest/proc/proc_test.h"

constexpr u32 WORD_READY = 20;
constexpr u64 APART_NS = 200 * NS_PER_MS;                            // servers/proc/hog.c
constexpr u64 BIG = 16 << 20, BIGGER = 32 << 20, BIGGEST = 48 << 20; // this program is smaller
constexpr u32 WRITE = 1;                                             // O_WRONLY

static err_t set_bias(view_t bias)
{
	const file_t tree = { self.proc.handle };
	file_t file;
	u64 inode, done;
	u32 generation, mode, object;
	TRY(file_open(tree, 0, WRITE, 0, 0, VIEW_TEXT("self/oom_score_adj"), &inode, &generation, &mode,
		&object, &file.handle));
	err_t err = file_write(file, 0, 0, bias, &done);
	(void)handle_close(file.handle);
	return err;
}

// What is mapped counts, and what is said of it.
static u64 be_big(u64 size)
{
	handle_t memory;
	u64 address;
	if (size == BIGGEST)
		MUST(set_bias(VIEW_TEXT("-1000")) == OK);
	MUST(guest_memory(size, &memory) == OK);
	MUST(guest_map(memory, size, MAP_FLAGS_READ | MAP_FLAGS_WRITE, &address) == OK);
	__atomic_add_fetch(shared_word(WORD_READY), 1, __ATOMIC_ACQ_REL);
	(void)sleep_until(guest_soon());
	return 99;
}

// Asks until a child has ended.
static err_t relieve_until_end(struct waited *waited)
{
	for (u64 end = guest_soon(); clock_read() < end;) {
		err_t err = AGAIN(proc_relieve(self.proc));
		if (err != OK)
			return err;
		TRY(child_wait(PROC_WAIT_FOR_ANY, 0, EXITED | NOHANG, waited));
		if (waited->pid)
			return OK;
		(void)sleep_until(clock_read() + NS_PER_MS);
	}
	return ERR_TIMED_OUT;
}

void test_relieve(void)
{
	struct waited waited;
	handle_t taken;
	u32 big, bigger, biggest;
	*shared_word(WORD_READY) = 0;
	CHECK_OK(child_start(be_big, BIG, &big));
	CHECK_OK(child_start(be_big, BIGGER, &bigger));
	CHECK_OK(child_start(be_big, BIGGEST, &biggest));
	CHECK(becomes(shared_word(WORD_READY), 3));
	CHECK_EQ(proc_relieve(self.proc), ERR_NOT_FOUND); // there is enough
	CHECK_OK(programs_fill(&taken));
	u64 start = clock_read();
	CHECK_OK(relieve_until_end(&waited));
	CHECK_EQ(waited.pid, bigger);
	CHECK_EQ(waited.status, KILL);
	CHECK_OK(service_restart()); // which does not forget when that was
	CHECK_OK(relieve_until_end(&waited));
	CHECK_EQ(waited.pid, big);
	CHECK(clock_read() - start >= APART_NS);
	CHECK_OK(proc_kill(self.proc, PROC_KILL_TO_PROCESS, biggest, KILL, 0, 0, ++self.serial));
	CHECK_OK(child_wait(PROC_WAIT_FOR_PID, biggest, EXITED, &waited));
	CHECK_OK(handle_close(taken));
}
