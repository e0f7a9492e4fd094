// SPDX-License-Identifier: MIT
// main.c - the table: each hog beside the timing, and afterwards the level from before.
#include "lib/base/format.h"
#include "test/guest/chaos_hogs/hogs.h"

constexpr u64 DURATION_USUAL_MS = 400, WORST_ALLOWED_NS = 400 * NS_PER_MS;
constexpr u64 HOG_PAGES = 6000, HOG_OBJECTS = 6000, HOG_HANDLES = 40000;

static err_t start_hog(const char *kind, u64 milliseconds, handle_t gift, handle_t *process)
{
	static u8 text[64];
	struct chaos_program program = { .path = "test/chaos_hogs", .gift = gift };
	span_fill(span_of(text), 0);
	(void)format_view(span_of(text), "chaos_hogs hog %s %lu", kind, milliseconds);
	program.arguments = (const char *)text;
	TRY(chaos_quota(HOG_PAGES, HOG_OBJECTS, HOG_HANDLES, &program.quota));
	err_t err = chaos_start(&program, process);
	(void)handle_close(program.quota);
	return err;
}

static err_t wait_hog(handle_t process, u64 milliseconds, u64 *code)
{
	u32 observed;
	TRY(object_wait(process, SIGNAL_EXITED, guest_after(milliseconds + 20'000), &observed));
	return chaos_waited(process, code);
}

static void beside(const char *kind, struct timing *timing)
{
	handle_t process;
	u64 code, duration = chaos_number(2, DURATION_USUAL_MS);
	CHECK_OK(start_hog(kind, duration, timing->connection, &process));
	CHECK_OK(timing_measure(timing, duration));
	CHECK_OK(wait_hog(process, duration, &code));
	CHECK(code == 0 || code == 137 || code == 139);
	print("  %s: %lu rounds, worst wake-up %lu us (mean %lu), worst call %lu us\n", kind,
		timing->rounds, timing->worst_wake_ns / NS_PER_US,
		timing->total_wake_ns / timing->rounds / NS_PER_US, timing->worst_call_ns / NS_PER_US);
	CHECK(timing->worst_wake_ns < WORST_ALLOWED_NS);
	CHECK(timing->worst_call_ns < WORST_ALLOWED_NS);
}

static void run(const char *kind)
{
	struct timing timing;
	struct guest_level before;
	CHECK_OK(timing_begin(&timing));
	CHECK_OK(timing_measure(&timing, 20));
	CHECK_OK(timing_end(&timing));
	CHECK_OK(guest_level(&before));
	CHECK_OK(timing_begin(&timing));
	beside(kind, &timing);
	CHECK_OK(timing_end(&timing));
	CHECK(chaos_is_level(&before));
}

static void hogs_none(void)
{
	run("nothing");
}

static void hogs_spin(void)
{
	run("spin");
}

static void hogs_fork(void)
{
	run("fork");
}

static void hogs_memory(void)
{
	run("memory");
}

static void hogs_handles(void)
{
	run("handles");
}

static void hogs_messages(void)
{
	run("messages");
}

static void hogs_threads(void)
{
	run("threads");
}

static void hogs_futex(void)
{
	run("futex");
}

static const struct guest_test tests[] = {
	{ "hogs_none", hogs_none },
	{ "hogs_spin", hogs_spin },
	{ "hogs_fork", hogs_fork },
	{ "hogs_memory", hogs_memory },
	{ "hogs_handles", hogs_handles },
	{ "hogs_messages", hogs_messages },
	{ "hogs_threads", hogs_threads },
	{ "hogs_futex", hogs_futex },
};

int main(void)
{
	if (view_equal(view_cstring(start_argument(1)), VIEW_TEXT("hog")))
		return hog_run(start_argument(2), chaos_number(3, 1));
	return guest_run(tests, COUNT(tests)) ? 1 : 0;
}
