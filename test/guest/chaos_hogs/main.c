// SPDX-License-Identifier: MIT
// main.c - the table: each hog beside the timing, and afterwards the level from before.
#include "lib/base/format.h"
#include "test/guest/chaos_hogs/hogs.h"

// A starved program does not answer at all. Less than this is the host's doing, not the hog's: with
// more CPUs than the host has, one of them may stand still for a good part of a second.
constexpr u64 DURATION_USUAL_MS = 400, WORST_ALLOWED_NS = 5'000 * NS_PER_MS;
constexpr u64 CODE_FAULT = 139;
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

static bool report(const char *kind, const struct timing *timing, err_t err, u64 code)
{
	u64 rounds = timing->rounds ? timing->rounds : 1;
	print(
		"  %s: %e, exit code %lu, %lu rounds, worst wake-up %lu us (mean %lu), worst call %lu us\n",
		kind, err, code, timing->rounds, timing->worst_wake_ns / NS_PER_US,
		timing->total_wake_ns / rounds / NS_PER_US, timing->worst_call_ns / NS_PER_US);
	return err == OK && timing->worst_wake_ns < WORST_ALLOWED_NS &&
	       timing->worst_call_ns < WORST_ALLOWED_NS;
}

static bool beside(const char *kind, struct timing *timing)
{
	handle_t process;
	u64 code = 0, duration = chaos_number(2, DURATION_USUAL_MS);
	if (start_hog(kind, duration, timing->connection, &process) != OK)
		return false;
	err_t err = timing_measure(timing, duration);
	err_t end = wait_hog(process, duration, &code);
	bool is_good = report(kind, timing, err != OK ? err : end, code);
	return is_good && (code == 0 || code == CODE_FAULT);
}

static const char *kind_now;

static bool run_once(void)
{
	struct timing timing;
	if (timing_begin(&timing) != OK)
		return false;
	bool is_good = beside(kind_now, &timing);
	return timing_end(&timing) == OK && is_good;
}

static void run(const char *kind)
{
	kind_now = kind;
	CHECK(chaos_is_steady(run_once));
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
