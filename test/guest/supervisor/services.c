// SPDX-License-Identifier: MIT
// services.c - log, clock, entropy and name, as their clients see them.
#include "lib/os/clock_page.h"
#include "test/guest/supervisor/supervisor_test.h"

constexpr i64 YEAR_2020_NS = 1577836800ll * (i64)NS_PER_SECOND;

void test_clock(void)
{
	clock_t clock = { start_handle("clock") };
	struct clock_page page = {};
	handle_t memory;
	u64 done;
	CHECK_OK(clock_page(clock, &memory));
	CHECK_OK(memory_read(memory, 0, span_of(page), &done));
	CHECK_EQ(page.sequence & 1, 0);
	CHECK(page.is_set && page.real_offset_ns > YEAR_2020_NS);
	i64 set = page.real_offset_ns + 5;
	CHECK_OK(clock_set(clock, set, 0));
	CHECK_OK(memory_read(memory, 0, span_of(page), &done));
	CHECK_EQ(page.real_offset_ns, set);
	CHECK_EQ(clock_set(clock, INT64_MIN, 0), ERR_INVALID);
	CHECK_EQ(memory_write(memory, 0, view_of(page), &done), ERR_RIGHTS);
	CHECK_OK(handle_close(memory));
}

void test_entropy(void)
{
	entropy_t entropy = { start_handle("entropy") };
	enum entropy_source sources;
	u64 a[4], b[4], reseeds;
	u8 bytes[100] = {}, zeros[100] = {};
	CHECK_OK(entropy_seed(entropy, &a[0], &a[1], &a[2], &a[3]));
	CHECK_OK(entropy_seed(entropy, &b[0], &b[1], &b[2], &b[3]));
	CHECK(!view_equal(view_of(a), view_of(b)));
	CHECK_OK(entropy_fill(entropy, span_of(bytes)));
	CHECK(!view_equal(view_of(bytes), view_of(zeros)));
	CHECK_OK(entropy_stir(entropy, VIEW_TEXT("soup")));
	CHECK_OK(entropy_sources(entropy, &sources, &reseeds));
	CHECK(sources & ENTROPY_SOURCE_JITTER);
	CHECK(sources & ENTROPY_SOURCE_PROGRAM);
}

// The sequence number behind the newest line.
static err_t newest(log_t log, u64 *out)
{
	static u8 records[64 * 1024];
	u32 bytes;
	*out = 0;
	do
		TRY(log_read(log, *out, 0, span_of(records), out, &bytes));
	while (bytes);
	return OK;
}

void test_log(void)
{
	log_t log = { start_handle("log") };
	struct {
		struct log_record record;
		u8 text[96];
	} got = {};
	u8 tiny[8];
	u64 from, next;
	u32 bytes;
	CHECK_OK(newest(log, &from));
	CHECK_OK(log_write(log, LOG_SEVERITY_INFO, VIEW_TEXT("a line of the test")));
	CHECK_OK(log_read(log, from, 1, span_of(got), &next, &bytes));
	CHECK_EQ(next, from + 1);
	CHECK_EQ(got.record.severity, LOG_SEVERITY_INFO);
	CHECK(view_equal(
		view_clamp(view_of(got.text), 0, got.record.size), VIEW_TEXT("a line of the test")));
	CHECK_EQ(log_read(log, from, 0, span_of(tiny), &next, &bytes), ERR_TOO_BIG);
	CHECK_OK(log_read(log, next + 1, 0, span_of(got), &next, &bytes));
	CHECK_EQ(bytes, 0);
}

void test_names(void)
{
	name_t name = { start_handle("name") };
	handle_t port, end, back;
	u8 text[NAME_NAME_MAX];
	u32 size, count = 0;
	CHECK_OK(port_create(0, &port));
	CHECK_OK(connection_create(port, 7, &end));
	CHECK_OK(name_provide(name, VIEW_TEXT("mine"), end));
	CHECK_EQ(name_provide(name, VIEW_TEXT("mine"), end), ERR_EXISTS);
	CHECK_EQ(name_provide(name, VIEW_TEXT("log"), end), ERR_EXISTS); // a service's
	CHECK_EQ(name_provide(name, VIEW_TEXT("a/b"), end), ERR_INVALID);
	CHECK_OK(name_open(name, VIEW_TEXT("mine"), &back));
	CHECK_OK(handle_close(back));
	while (name_list(name, count, span_of(text), &size) == OK)
		count++;
	CHECK(count >= 5); // svc, log, clock, entropy, mine
	CHECK_OK(handle_close(port));
	CHECK_EQ(name_open(name, VIEW_TEXT("mine"), &back), ERR_NOT_FOUND);
	CHECK_EQ(name_open(name, VIEW_TEXT("nobody"), &back), ERR_NOT_FOUND);
	CHECK_OK(handle_close(end));
}

static bool holds(view_t text, view_t word)
{
	for (usize i = 0; i < text.size; i++)
		if (view_starts_with(view_from_offset(text, i), word))
			return true;
	return false;
}

// What `cat /scheme/svc/tree` does.
void test_scheme(void)
{
	name_t name = { start_handle("name") };
	file_t tree = {}, none;
	static u8 text[8192];
	u64 inode, done;
	u32 generation, mode, object;
	handle_t thing;
	CHECK_OK(name_open(name, VIEW_TEXT("svc"), &tree.handle));
	CHECK_OK(file_open(
		tree, 0, 0, 0, 0, VIEW_TEXT("tree"), &inode, &generation, &mode, &object, &thing));
	CHECK_EQ(object, FILE_OBJECT_MEMORY);
	CHECK_OK(memory_read(thing, 0, span_of(text), &done));
	CHECK(holds(view_clamp(view_of(text), 0, done), VIEW_TEXT("entropy")));
	CHECK_OK(handle_close(thing));
	CHECK_EQ(file_open(tree, 0, 0, 0, 0, VIEW_TEXT("none"), &inode, &generation, &mode, &object,
				 &none.handle),
		ERR_NOT_FOUND);
	CHECK_EQ(file_open(tree, 0, 1, 0, 0, VIEW_TEXT("tree"), &inode, &generation, &mode, &object,
				 &none.handle),
		ERR_RIGHTS);
	CHECK_OK(handle_close(tree.handle));
}
