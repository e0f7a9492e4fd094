// SPDX-License-Identifier: MIT
// kills.c - services are ended at any time while a client calls them; what they took to come back.
#include "lib/base/random.h"
#include "test/guest/supervisor/supervisor_test.h"

constexpr u32 ROUNDS = 60;
constexpr u32 LOOPS = 10'000'000;
constexpr u64 BACK_NS = 20 * NS_PER_MS; // half of the restarts are quicker

static const char *const victims[] = { "log", "clock", "entropy", "name", "proc", "ramfs" };
static bool is_over;        // atomic
static u32 calls, mistakes; // atomic

// How long the same work takes (this test's clock counts instructions): longer if others work too.
static u64 work_ns(void)
{
	u64 start = clock_read();
	for (volatile u32 i = 0; i < LOOPS; i++)
		;
	return clock_read() - start;
}

// A service that stays ended costs nothing: init does not see its end again and again.
static void stop_quietly(const char *name)
{
	struct supervisor_status status;
	u32 index;
	u64 alone = work_ns();
	CHECK(status_of(name, &index, &status));
	CHECK_OK(supervisor_steer(supervisor, SUPERVISOR_OPERATION_STOP, index));
	for (u64 end = guest_soon(); status.state != SUPERVISOR_STATE_STOPPED && clock_read() < end;)
		CHECK(status_of(name, &index, &status));
	CHECK(work_ns() < alone + alone / 4);
	CHECK_OK(supervisor_steer(supervisor, SUPERVISOR_OPERATION_START, index));
	CHECK(wait_running(name, 0));
}

void test_stop(void)
{
	stop_quietly("clock"); // its process is kept for its ledger
	entropy_t entropy = { start_handle("entropy") };
	struct supervisor_status status;
	u32 index;
	u64 word;
	CHECK(status_of("entropy", &index, &status));
	CHECK_OK(supervisor_steer(supervisor, SUPERVISOR_OPERATION_STOP, index));
	for (u64 end = guest_soon(); clock_read() < end;)
		if (entropy_seed(entropy, &word, &word, &word, &word) == ERR_CLOSED)
			break;
	CHECK_EQ(entropy_seed(entropy, &word, &word, &word, &word), ERR_CLOSED);
	CHECK(status_of("entropy", &index, &status));
	CHECK_EQ(status.state, SUPERVISOR_STATE_STOPPED);
	CHECK_OK(supervisor_steer(supervisor, SUPERVISOR_OPERATION_START, index));
	CHECK(wait_running("entropy", 0));
	CHECK_OK(entropy_seed(entropy, &word, &word, &word, &word));
}

static u64 client_run(void *_Nullable unused)
{
	clock_t clock = { start_handle("clock") };
	entropy_t entropy = { start_handle("entropy") };
	name_t name = { start_handle("name") };
	log_t log = { start_handle("log") };
	(void)unused;
	while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
		handle_t page = HANDLE_NONE, svc = HANDLE_NONE;
		u64 word;
		u8 bytes[40];
		bool is_right = clock_page(clock, &page) == OK && handle_close(page) == OK &&
		                entropy_seed(entropy, &word, &word, &word, &word) == OK &&
		                entropy_fill(entropy, span_of(bytes)) == OK &&
		                name_open(name, VIEW_TEXT("svc"), &svc) == OK && handle_close(svc) == OK;
		err_t said = log_write(log, LOG_SEVERITY_DEBUG, VIEW_TEXT("still here"));
		if (!is_right || (said != OK && said != ERR_RESTARTED)) // a line may be there twice
			__atomic_fetch_add(&mistakes, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

static void sort(u64 *times, u32 count)
{
	UNSAFE_BEGIN("below count")
	for (u32 i = 1; i < count; i++)
		for (u32 k = i; k && times[k - 1] > times[k]; k--) {
			u64 swap = times[k];
			times[k] = times[k - 1];
			times[k - 1] = swap;
		}
	UNSAFE_END
}

static bool kill(const char *name, u64 *recovery)
{
	struct supervisor_status status;
	u32 index;
	if (!status_of(name, &index, &status) ||
		supervisor_steer(supervisor, SUPERVISOR_OPERATION_RESTART, index) != OK ||
		!wait_running(name, status.restarts + 1) || !status_of(name, &index, &status))
		return false;
	*recovery = status.recovery_ns;
	return true;
}

void test_kills(void)
{
	static struct worker client;
	static u64 times[ROUNDS];
	struct random random;
	random_init(&random, __builtin_ia32_rdtsc());
	CHECK_OK(worker_start(&client, client_run, nullptr));
	for (u32 i = 0; i < ROUNDS; i++) {
		(void)sleep_until(clock_read() + random_below(&random, 3 * NS_PER_MS));
		CHECK(kill(AT(victims, random_below(&random, COUNT(victims))), &AT(times, i)));
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
	CHECK_OK(worker_join(&client, guest_soon()));
	sort(times, ROUNDS);
	print("# %u kills, %u rounds of the client: back after %lu us (half), %lu us (all)\n", ROUNDS,
		calls, AT(times, ROUNDS / 2) / NS_PER_US, AT(times, ROUNDS - 1) / NS_PER_US);
	CHECK_EQ(mistakes, 0);
	CHECK(AT(times, ROUNDS / 2) <= BACK_NS);
}

// The supervisor itself: its services do not notice, orders work as before.
void test_init(void)
{
	clock_t clock = { start_handle("clock") };
	struct supervisor_status before, after;
	u32 index, self;
	for (u32 i = 0; i < 5; i++) {
		handle_t page;
		CHECK(status_of("clock", &index, &before));
		CHECK_OK(supervisor_find(supervisor, VIEW_TEXT("init"), &self));
		CHECK_OK(supervisor_steer(supervisor, SUPERVISOR_OPERATION_RESTART, self));
		CHECK_OK(clock_page(clock, &page));
		CHECK_OK(handle_close(page));
		CHECK(status_of("clock", &index, &after));
		CHECK_EQ(after.restarts, before.restarts);
		CHECK_EQ(after.started_ns, before.started_ns);
		u64 recovery;
		CHECK(kill("clock", &recovery)); // its new life hears of ends
	}
}
