// SPDX-License-Identifier: MIT
// main.c - takes this very program out of the boot image, damages a copy and spawns it. Named
// damages must be refused with the problem that they are; random ones may also start and die.
#include "lib/base/random.h"
#include "lib/os/boot_image.h"
#include "lib/os/heap.h"
#include "lib/os/spawn.h"
#include "test/guest/harness/chaos.h"

constexpr u64 COUNT_USUAL = 300, CHILD_PAGES = 800, CODE_RAN = 42;
constexpr u64 HEADER_SIZE = 64, SEGMENT_SIZE = 56, LOAD = 1; // ELF64: Ehdr, Phdr, PT_LOAD

static view_t original; // borrowed from the boot image; set by main
static span_t copy;     // owned, as large

struct damage {
	const char *name;
	u64 offset, value; // bytes: what is written where
	u8 size;
	bool is_segment; // offset counts from the first program header of kind PT_LOAD
	u8 problem;      // enum elf_problem that must come; ELF_GOOD: any
};

enum at : u8 { // offsets in Ehdr and Phdr
	AT_MAGIC = 0,
	AT_CLASS = 4,
	AT_ORDER = 5,
	AT_VERSION = 6,
	AT_TYPE = 16,
	AT_MACHINE = 18,
	AT_ENTRY = 24,
	AT_TABLE = 32,
	AT_TABLE_SIZE = 54,
	AT_TABLE_COUNT = 56,
	AT_FLAGS = 4,
	AT_OFFSET = 8,
	AT_ADDRESS = 16,
	AT_FILE_SIZE = 32,
	AT_MEMORY_SIZE = 40,
	AT_ALIGNMENT = 48,
};

static const struct damage damages[] = {
	{ "magic", AT_MAGIC, 0, 1, false, ELF_BAD_MAGIC },
	{ "32 bits", AT_CLASS, 1, 1, false, ELF_WRONG_CLASS },
	{ "big endian", AT_ORDER, 2, 1, false, ELF_WRONG_BYTE_ORDER },
	{ "version", AT_VERSION, 9, 1, false, ELF_WRONG_VERSION },
	{ "object file", AT_TYPE, 1, 2, false, ELF_WRONG_TYPE },
	{ "for aarch64", AT_MACHINE, 183, 2, false, ELF_WRONG_MACHINE },
	{ "no headers", AT_TABLE_COUNT, 0, 2, false, ELF_NO_PROGRAM_HEADERS },
	{ "65535 headers", AT_TABLE_COUNT, 65535, 2, false, ELF_TOO_MANY_PROGRAM_HEADERS },
	{ "headers beyond the end", AT_TABLE, 1ull << 40, 8, false, ELF_PROGRAM_HEADERS_CUT },
	{ "headers that wrap", AT_TABLE, ~0ull - 100, 8, false, ELF_PROGRAM_HEADERS_CUT },
	{ "header size", AT_TABLE_SIZE, 8, 2, false, ELF_GOOD },
	{ "entry outside", AT_ENTRY, 1ull << 45, 8, false, ELF_ENTRY_NOT_EXECUTABLE },
	{ "entry in data", AT_ENTRY, 0, 8, false, ELF_ENTRY_NOT_EXECUTABLE },
	{ "bytes beyond the end", AT_FILE_SIZE, 1ull << 33, 8, true, ELF_GOOD },
	{ "bytes that wrap", AT_OFFSET, ~0ull & ~PAGE_MASK, 8, true, ELF_SEGMENT_CUT },
	{ "less memory than bytes", AT_MEMORY_SIZE, 1, 8, true, ELF_SEGMENT_LARGER_IN_FILE },
	{ "memory that wraps", AT_MEMORY_SIZE, ~0ull - 4096, 8, true, ELF_GOOD },
	{ "8 TiB of memory", AT_MEMORY_SIZE, 1ull << 43, 8, true, ELF_GOOD },
	{ "3 GiB of memory", AT_MEMORY_SIZE, 3ull << 30, 8, true, ELF_GOOD },
	{ "kernel address", AT_ADDRESS, 0xffff'ffff'8000'0000, 8, true, ELF_GOOD },
	{ "overlap", AT_ADDRESS, 0x2000, 8, true, ELF_GOOD },
	{ "writable and executable", AT_FLAGS, 7, 4, true, ELF_SEGMENT_WRITABLE_AND_EXECUTABLE },
	{ "alignment of 3", AT_ALIGNMENT, 3, 8, true, ELF_SEGMENT_UNALIGNED },
	{ "alignment of 2^62", AT_ALIGNMENT, 1ull << 62, 8, true, ELF_GOOD },
};

static u64 load(u64 offset, u64 size)
{
	u64 value = 0;
	(void)!span_copy(span_of(value), view_clamp(original, offset, size));
	return value;
}

static u64 first_segment(void)
{
	u64 table = load(AT_TABLE, 8), count = load(AT_TABLE_COUNT, 2);
	for (u64 i = 0; i < count; i++)
		if (load(table + i * SEGMENT_SIZE, 4) == LOAD)
			return table + i * SEGMENT_SIZE;
	return table;
}

static void write(u64 offset, u64 value, u64 size)
{
	(void)!span_copy(span_from_offset(copy, offset), view_clamp(view_of(value), 0, size));
}

static void restore(void)
{
	(void)!span_copy(copy, original);
}

// Starts it and waits for its end, which is brought about if need be. The error of spawn_start.
static err_t start(view_t image, u64 *code, enum elf_problem *problem)
{
	handle_t process;
	u32 observed;
	struct spawn spawn = { .image = image, .arguments = VIEW_TEXT("chaos_image run"), .level = 15 };
	*problem = ELF_GOOD;
	TRY(chaos_quota(CHILD_PAGES, 100, 1000, &spawn.quota));
	err_t err = spawn_start(&spawn, &process);
	*problem = spawn.problem;
	(void)handle_close(spawn.quota);
	TRY(err);
	if (object_wait(process, SIGNAL_EXITED, guest_after(300), &observed) != OK)
		TRY(process_control(process, PROCESS_OPERATION_KILL, 0, 0));
	return chaos_waited(process, code);
}

static void image_good(void)
{
	u64 code;
	enum elf_problem problem;
	restore();
	CHECK_OK(start(span_view(copy), &code, &problem));
	CHECK_EQ(code, CODE_RAN);
}

static void image_named(void)
{
	u64 code;
	enum elf_problem problem;
	for (u32 i = 0; i < COUNT(damages); i++) {
		const struct damage *damage = &AT(damages, i);
		restore();
		write(damage->offset + (damage->is_segment ? first_segment() : 0), damage->value,
			damage->size);
		err_t err = start(span_view(copy), &code, &problem);
		print("  %s: %e: %s\n", damage->name, err, elf_problem_text(problem));
		CHECK(err == ERR_CORRUPT || err == ERR_QUOTA || err == ERR_NO_MEMORY || err == ERR_RANGE);
		CHECK(err != ERR_CORRUPT || problem != ELF_GOOD);
		CHECK(damage->problem == ELF_GOOD || problem == damage->problem);
	}
}

static void image_cut(void)
{
	u64 code;
	enum elf_problem problem;
	restore();
	for (u64 size = 0; size < original.size; size += size < 2048 ? 13 : 4093) {
		err_t err = start(view_clamp(original, 0, size), &code, &problem);
		bool is_named = err == ERR_CORRUPT && problem != ELF_GOOD;
		CHECK(is_named || err == OK); // the symbols at the end may be missing
		CHECK(err == ERR_CORRUPT || code == CODE_RAN);
	}
}

struct tally {
	u64 refused, ran, died, other;
};

static void damage_once(struct random *random)
{
	u64 reach = random_below(random, 2) ? HEADER_SIZE + 8 * SEGMENT_SIZE : copy.size;
	u64 flips = 1 + random_below(random, 8);
	if (reach > copy.size)
		reach = copy.size;
	while (flips--)
		*span_at(copy, random_below(random, reach)) ^= (u8)(1u << random_below(random, 8));
	if (random_below(random, 8) == 0)
		random_fill(random, span_clamp(copy, random_below(random, copy.size), 64));
}

static bool try_random(struct random *random, struct tally *tally)
{
	u64 code = 0;
	enum elf_problem problem;
	restore();
	damage_once(random);
	err_t err = start(span_view(copy), &code, &problem);
	if (err == ERR_CORRUPT)
		tally->refused++;
	else if (err == OK && code == CODE_RAN)
		tally->ran++;
	else if (err == OK)
		tally->died++;
	else
		tally->other++;
	return err != ERR_CORRUPT || problem != ELF_GOOD;
}

static bool run_random(void)
{
	static u64 runs;
	struct random random;
	struct tally tally = {};
	u64 count = chaos_number(2, COUNT_USUAL), seed = chaos_number(3, clock_read()) + runs++;
	random_init(&random, seed);
	for (u64 i = 0; i < count; i++)
		if (!try_random(&random, &tally))
			return false;
	print("  seed %lu: %lu refused, %lu ran, %lu died, %lu not loaded\n", seed, tally.refused,
		tally.ran, tally.died, tally.other);
	return true;
}

static void image_random(void)
{
	CHECK(chaos_is_steady(run_random));
}

static const struct guest_test tests[] = {
	{ "image_good", image_good },
	{ "image_named", image_named },
	{ "image_cut", image_cut },
	{ "image_random", image_random },
};

int main(void)
{
	void *memory;
	if (view_equal(view_cstring(start_argument(1)), VIEW_TEXT("run")))
		return CODE_RAN;
	if (boot_file("test/chaos_image", &original) != OK || heap_alloc(original.size, &memory) != OK)
		return 2;
	copy = span_from(memory, original.size);
	return guest_run(tests, COUNT(tests)) ? 1 : 0;
}
