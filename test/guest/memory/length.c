// SPDX-License-Identifier: MIT
// length.c - memory as the contents of a file: its length in bytes, who changes it, what reads as
// zeros, what other memory is told of it, and private copies.
#include "abi/memory.h"
#include "test/guest/memory/memory_test.h"

static const char text[] = "The quick brown fox jumps over the lazy dog";

static err_t write_text(handle_t memory, u64 offset, u64 size, u64 *done)
{
	return memory_write(memory, offset, view_clamp(view_of(text), 0, size), done);
}

static u64 length_of(handle_t memory)
{
	struct memory_info info = {};
	u64 size;
	return handle_info(memory, INFO_TOPIC_MEMORY, span_of(info), &size) == OK ? info.size
	                                                                          : UINT64_MAX;
}

// How many bytes a read at this offset gives, all of which must have the value; else UINT64_MAX.
static u64 read_all(handle_t memory, u64 offset, u8 value)
{
	static u8 buffer[3 * PAGE_SIZE];
	u64 done;
	if (memory_read(memory, offset, span_of(buffer), &done) != OK)
		return UINT64_MAX;
	for (u64 i = 0; i < done; i++)
		if (AT(buffer, i) != value)
			return UINT64_MAX;
	return done;
}

void test_length(void)
{
	handle_t memory, fixed;
	u64 done, unused;
	CHECK_OK(memory_create(MEMORY_KIND_ANONYMOUS, 0, HANDLE_NONE, 0, 0, &memory)); // an empty file
	CHECK_EQ(length_of(memory), 0);
	CHECK_EQ(read_all(memory, 0, 0), 0);
	CHECK_OK(write_text(memory, 0, 10, &done));
	CHECK_EQ(done, 10);
	CHECK_EQ(length_of(memory), 10);
	CHECK_EQ(read_all(memory, 10, 0), 0);
	CHECK_EQ(read_all(memory, 1ull << 40, 0), 0); // beyond the end there is nothing, not an error
	CHECK_OK(write_text(memory, 3 * PAGE_SIZE + 5, 10, &done)); // with a gap
	CHECK_EQ(length_of(memory), 3 * PAGE_SIZE + 15);
	CHECK_EQ(read_all(memory, 10, 0), UINT64_MAX); // it reaches the text
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_RESIZE, 3 * PAGE_SIZE + 5, 0, &unused));
	CHECK_EQ(read_all(memory, 10, 0), 3 * PAGE_SIZE - 5);
	CHECK_OK(handle_duplicate(memory, RIGHTS_ALL & ~(RIGHT_RESIZE | RIGHT_MANAGE), &fixed));
	CHECK_OK(write_text(fixed, 3 * PAGE_SIZE, 10, &done));
	CHECK_EQ(done, 5); // up to the end, without the right to move it
	CHECK_EQ(write_text(fixed, 3 * PAGE_SIZE + 6, 10, &done), ERR_RANGE);
	CHECK_EQ(write_text(fixed, MEMORY_APPEND, 10, &done), ERR_RIGHTS);
	CHECK_EQ(memory_control(fixed, MEMORY_OPERATION_RESIZE, 0, 0, &unused), ERR_RIGHTS);
	CHECK_EQ(length_of(memory), 3 * PAGE_SIZE + 5);
	CHECK_OK(handle_close(fixed));
	CHECK_OK(handle_duplicate(memory, RIGHT_WRITE | RIGHT_RESIZE, &fixed));
	CHECK_OK(memory_control(fixed, MEMORY_OPERATION_RESIZE, 7, 0, &unused)); // resize is enough
	CHECK_EQ(length_of(memory), 7);
	CHECK_EQ(memory_control(fixed, MEMORY_OPERATION_COMMIT, 0, PAGE_SIZE, &unused), ERR_RIGHTS);
	CHECK_OK(handle_close(fixed));
	CHECK_OK(handle_close(memory));
}

// What was cut off, or written through a mapping beyond the end, is not there when it comes back.
void test_length_zeros(void)
{
	handle_t memory;
	u64 address, unused, done;
	CHECK_OK(guest_memory(2 * PAGE_SIZE, &memory));
	CHECK_OK(guest_map(memory, 4 * PAGE_SIZE, RW | MAP_FLAGS_SHARED, &address));
	for (u64 i = 0; i < 2 * PAGE_SIZE; i += 8)
		guest_poke(address + i, ~0ull);
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_RESIZE, 1000, 0, &unused));
	CHECK_EQ(guest_peek(address + 1000), 0); // the rest of the last page
	CHECK_EQ(guest_peek(address + 992), ~0ull);
	CHECK_EQ(fault_of(address + PAGE_SIZE, false), UPCALL_BUS_ERROR);
	guest_poke(address + 2000, ~0ull); // in the page, beyond the end
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_RESIZE, 2 * PAGE_SIZE, 0, &unused));
	CHECK_EQ(read_all(memory, 1000, 0), 2 * PAGE_SIZE - 1000);
	CHECK_EQ(guest_peek(address + PAGE_SIZE), 0);
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_RESIZE, 1000, 0, &unused));
	guest_poke(address + 2000, ~0ull);
	CHECK_OK(write_text(memory, 3000, 8, &done)); // a write beyond the end likewise
	CHECK_EQ(guest_peek(address + 2000), 0);
	CHECK_EQ(length_of(memory), 3008);
	CHECK_OK(
		write_text(memory, 2 * PAGE_SIZE, 8, &done)); // what is written is seen through the map
	CHECK_EQ(guest_peek(address + 2 * PAGE_SIZE) & 0xff, 'T');
	guest_poke(address + 2 * PAGE_SIZE, 0);
	CHECK_EQ(read_all(memory, 2 * PAGE_SIZE, 0), 8); // and the other way round
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 4 * PAGE_SIZE));
	CHECK_OK(handle_close(memory));
}

struct appender {
	handle_t memory;
	u8 value;
	u64 pieces;
};

constexpr u64 PIECE = 3000;

static u64 append_run(void *argument)
{
	const struct appender *appender = argument;
	u8 piece[PIECE];
	u64 done;
	memory_fill(piece, appender->value, sizeof piece);
	for (u64 i = 0; i < appender->pieces; i++) {
		MUST(memory_write(appender->memory, MEMORY_APPEND, view_of(piece), &done) == OK);
		MUST(done == PIECE && block_self()->append_end % PIECE == 0);
		MUST(block_self()->append_end >= PIECE);
	}
	return 0;
}

void test_append(void)
{
	static struct appender appenders[3];
	struct worker workers[3];
	handle_t memory;
	u64 done;
	CHECK_OK(memory_create(MEMORY_KIND_ANONYMOUS, 0, HANDLE_NONE, 0, 0, &memory));
	for (u32 i = 0; i < 3; i++) {
		AT(appenders, i) = (struct appender){ memory, (u8)(i + 1), 100 };
		CHECK_OK(worker_start(&AT(workers, i), append_run, &AT(appenders, i)));
	}
	for (u32 i = 0; i < 3; i++) {
		CHECK_OK(worker_join(&AT(workers, i), guest_soon()));
		CHECK_EQ(AT(workers, i).result, 0);
	}
	CHECK_EQ(length_of(memory), 300 * PIECE);
	u32 counts[4] = {};
	for (u64 i = 0; i < 300; i++) { // each piece is whole
		static u8 piece[PIECE];
		CHECK_OK(memory_read(memory, i * PIECE, span_of(piece), &done));
		for (u64 at = 1; at < PIECE; at++)
			CHECK_EQ(AT(piece, at), AT(piece, 0));
		AT(counts, AT(piece, 0) & 3)++;
	}
	CHECK(AT(counts, 1) == 100 && AT(counts, 2) == 100 && AT(counts, 3) == 100);
	CHECK_OK(handle_close(memory));
}

// Half of the source cannot be read: nothing of it is appended, and nothing is kept of it.
void test_append_whole(void)
{
	handle_t memory, source;
	u64 address, done;
	CHECK_OK(memory_create(MEMORY_KIND_ANONYMOUS, 100, HANDLE_NONE, 0, 0, &memory));
	CHECK_OK(guest_memory(40 * PAGE_SIZE, &source));
	CHECK_OK(guest_map(source, 40 * PAGE_SIZE, RW, &address));
	CHECK_OK(memory_unmap(HANDLE_NONE, address + 30 * PAGE_SIZE, PAGE_SIZE));
	UNSAFE_BEGIN("a hole in the middle is what this is about")
	view_t view = view_from((const void *)address, 40 * PAGE_SIZE);
	UNSAFE_END
	CHECK_EQ(memory_write(memory, MEMORY_APPEND, view, &done), ERR_FAULT);
	CHECK_EQ(length_of(memory), 100);
	struct memory_info info = {};
	CHECK_OK(handle_info(memory, INFO_TOPIC_MEMORY, span_of(info), &done));
	CHECK(info.committed_pages <= 1);
	CHECK_OK(memory_write(memory, 100, view, &done)); // elsewhere what could be read counts
	CHECK_EQ(length_of(memory), 100 + done);
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 40 * PAGE_SIZE));
	CHECK_OK(handle_close(source));
	CHECK_OK(handle_close(memory));
}

void test_publish(void)
{
	handle_t memory, table;
	u64 address, unused, done;
	CHECK_OK(guest_memory(2 * PAGE_SIZE, &table));
	CHECK_OK(guest_map(table, 2 * PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_SHARED, &address));
	CHECK_OK(memory_create(MEMORY_KIND_ANONYMOUS, 100, HANDLE_NONE, 0, 0, &memory));
	constexpr u64 SLOT = PAGE_SIZE + 48;
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_PUBLISH, SLOT, table.raw, &unused));
	CHECK_EQ(guest_peek(address + SLOT), 100);
	CHECK_EQ(guest_peek(address + SLOT + 8), 0); // never changed
	u64 before = clock_read();
	CHECK_OK(write_text(memory, 95, 10, &done));
	CHECK_EQ(guest_peek(address + SLOT), 105);
	u64 modified = guest_peek(address + SLOT + 8);
	CHECK(modified >= before && modified <= clock_read());
	CHECK_OK(sleep_until(guest_after(2)));
	CHECK_OK(write_text(memory, 0, 0, &done)); // a write of nothing tells of a change
	CHECK(guest_peek(address + SLOT + 8) > modified);
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_RESIZE, 5, 0, &unused));
	CHECK_EQ(guest_peek(address + SLOT), 5);
	CHECK_EQ(guest_peek(address + SLOT + 16), 0); // nothing beside it
	CHECK_EQ(guest_peek(address + SLOT - 8), 0);
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_PUBLISH, 0, HANDLE_NONE.raw, &unused));
	CHECK_OK(write_text(memory, 0, 10, &done));
	CHECK_EQ(guest_peek(address + SLOT), 5);
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_PUBLISH, SLOT, table.raw, &unused));
	// A table keeps its pages, whose charge pays for what is written there, and publishes nothing.
	CHECK_EQ(memory_control(table, MEMORY_OPERATION_DECOMMIT, 0, PAGE_SIZE, &unused), ERR_STATE);
	CHECK_EQ(memory_control(table, MEMORY_OPERATION_RESIZE, PAGE_SIZE, 0, &unused), ERR_STATE);
	CHECK_EQ(memory_control(table, MEMORY_OPERATION_PUBLISH, 0, table.raw, &unused), ERR_STATE);
	CHECK_EQ(memory_control(table, MEMORY_OPERATION_PUBLISH, 0, memory.raw, &unused), ERR_STATE);
	CHECK_OK(handle_close(table)); // whoever has it mapped goes on to see it
	CHECK_OK(write_text(memory, 0, 43, &done));
	CHECK_EQ(guest_peek(address + SLOT), 43);
	CHECK_OK(handle_close(memory));
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 2 * PAGE_SIZE));
}

static bool is_told(handle_t told, u64 key)
{
	struct message message = {};
	return port_receive_until(told, &message, guest_after(2)) == OK &&
	       message_kind(&message) == MESSAGE_EVENT && message.badge == key;
}

// Who keeps one handle of what others have open hears that they have not any more.
void test_alone(void)
{
	handle_t memory, told, others[2];
	u64 handles;
	CHECK_OK(port_create(0, &told));
	CHECK_OK(guest_memory(PAGE_SIZE, &memory));
	CHECK_OK(port_bind(told, memory, SIGNAL_ALONE, 77, BIND_MODE_EDGE));
	CHECK_OK(handle_duplicate(memory, RIGHTS_ALL, &AT(others, 0)));
	CHECK_OK(handle_duplicate(memory, RIGHTS_ALL, &AT(others, 1)));
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_PUBLISH, 0, 0, &handles));
	CHECK_EQ(handles, 3);
	CHECK_OK(handle_close(AT(others, 0)));
	CHECK(!is_told(told, 77));
	CHECK_OK(handle_close(AT(others, 1)));
	CHECK(is_told(told, 77));
	CHECK(!is_told(told, 77));
	CHECK_OK(handle_duplicate(memory, RIGHTS_ALL, &AT(others, 0))); // and again
	CHECK_OK(handle_close(AT(others, 0)));
	CHECK(is_told(told, 77));
	CHECK_OK(handle_close(memory));
	CHECK(!is_told(told, 77));
	CHECK_OK(handle_close(told));
}

// Cut in parts, of which zero pages may be shown everywhere: nothing of it is left behind the end.
void test_cut_zeros(void)
{
	constexpr u64 SIZE = 80ull * 1024 * 1024, STEP = 4ull * 1024 * 1024;
	handle_t memory;
	u64 address, unused;
	CHECK_OK(memory_create(MEMORY_KIND_ANONYMOUS, SIZE, HANDLE_NONE, 0, 0, &memory));
	CHECK_OK(guest_map(memory, SIZE, RW, &address));
	for (u64 at = 0; at < SIZE; at += STEP)
		CHECK_EQ(guest_peek(address + at), 0);
	guest_poke(address + SIZE - PAGE_SIZE, 3);
	guest_poke(address + STEP, 7);
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_RESIZE, 5, 0, &unused));
	CHECK_EQ(length_of(memory), 5);
	CHECK_EQ(guest_peek(address), 0);
	for (u64 at = STEP; at < SIZE; at += STEP)
		CHECK_EQ(fault_of(address + at, false), UPCALL_BUS_ERROR);
	CHECK_OK(memory_control(memory, MEMORY_OPERATION_RESIZE, SIZE, 0, &unused));
	CHECK_EQ(guest_peek(address + STEP), 0);
	CHECK_EQ(guest_peek(address + SIZE - PAGE_SIZE), 0);
	CHECK_OK(handle_close(memory));
	CHECK_OK(memory_unmap(HANDLE_NONE, address, SIZE));
}

// A private mapping of a file: a clone as long as the file, of which pages beyond give bus errors.
void test_private_file(void)
{
	handle_t file, copy;
	u64 address, done;
	CHECK_OK(memory_create(MEMORY_KIND_ANONYMOUS, 0, HANDLE_NONE, 0, 0, &file));
	CHECK_OK(write_text(file, PAGE_SIZE, 20, &done));
	CHECK_OK(memory_clone(file, 0, 4 * PAGE_SIZE, &copy));
	CHECK_EQ(length_of(copy), PAGE_SIZE + 20);
	CHECK_OK(guest_map(copy, 4 * PAGE_SIZE, RW, &address));
	CHECK_EQ(guest_peek(address), 0);
	CHECK_EQ(guest_peek(address + PAGE_SIZE) & 0xff, 'T');
	CHECK_EQ(guest_peek(address + PAGE_SIZE + 24), 0);
	CHECK_EQ(fault_of(address + 2 * PAGE_SIZE, false), UPCALL_BUS_ERROR);
	guest_poke(address + PAGE_SIZE, 1);
	CHECK_EQ(read_all(file, 0, 0), UINT64_MAX); // the file is as it was
	CHECK_EQ(length_of(file), PAGE_SIZE + 20);
	CHECK_OK(write_text(file, 0, 20, &done));
	CHECK_EQ(guest_peek(address), 0); // and so is the copy
	CHECK_OK(handle_close(copy));
	CHECK_OK(memory_clone(file, 8 * PAGE_SIZE, PAGE_SIZE, &copy));
	CHECK_EQ(length_of(copy), 0);
	CHECK_OK(handle_close(copy));
	CHECK_OK(handle_close(file));
	CHECK_OK(memory_unmap(HANDLE_NONE, address, 4 * PAGE_SIZE));
}
