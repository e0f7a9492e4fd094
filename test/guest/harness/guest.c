// SPDX-License-Identifier: MIT
// guest.c - see guest.h.
#include "test/guest/harness/guest.h"

static const char *current; // name of the running test
static bool has_failed;

void guest_fail(const char *file, u32 line, const char *what, i64 seen, i64 wanted)
{
	has_failed = true;
	print("not ok %s: %s:%u %s: %ld, not %ld\n", current, file, line, what, seen, wanted);
}

static bool is_wanted(const char *name)
{
	if (start_argument_count() < 2)
		return true;
	view_t part = view_cstring(start_argument(1)), rest = view_cstring(name);
	if (view_starts_with(part, view_cstring("="))) // =NAME: that test alone
		return view_equal(view_from_offset(part, 1), rest);
	for (; rest.size >= part.size && part.size; rest = view_from_offset(rest, 1))
		if (view_starts_with(rest, part))
			return true;
	return false;
}

int guest_run(const struct guest_test *tests, u32 count)
{
	int failed = 0;
	for (u32 i = 0; i < count; i++) {
		UNSAFE_BEGIN("i is below the count")
		const struct guest_test *test = &tests[i];
		UNSAFE_END
		if (!is_wanted(test->name))
			continue;
		current = test->name;
		has_failed = false;
		test->run();
		failed += has_failed;
		if (!has_failed)
			print("ok %s\n", test->name);
	}
	return failed;
}

err_t guest_fork(u64 (*run)(u64 argument), u64 argument, handle_t *process)
{
	handle_t child;
	TRY(process_fork(0, &child));
	if (!child.raw)
		program_exit(run(argument));
	*process = child;
	return OK;
}

err_t guest_wait(handle_t process, u64 *code)
{
	u32 observed;
	u64 size;
	struct process_info info = {};
	TRY(object_wait(process, SIGNAL_EXITED, guest_soon(), &observed));
	TRY(handle_info(process, INFO_TOPIC_PROCESS, span_of(info), &size));
	*code = info.exit_reason == EXIT_RETURNED ? info.exit_code : 1000 + info.exit_reason;
	return handle_close(process);
}

err_t guest_pages(u64 pages, void *_Nullable *_Nonnull out)
{
	handle_t memory;
	u64 address;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, pages * PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	err_t err = memory_map(
		HANDLE_NONE, memory, 0, pages * PAGE_SIZE, 0, MAP_FLAGS_READ | MAP_FLAGS_WRITE, &address);
	TRY(handle_close(memory));
	TRY(err);
	UNSAFE_BEGIN("the kernel mapped it there")
	*out = (void *)address;
	UNSAFE_END
	return OK;
}

err_t guest_level(struct guest_level *out)
{
	struct system_info system = {};
	struct quota_info quota = {};
	u64 size, deadline = guest_soon();
	do {
		(void)sleep_until(clock_read() + 5 * NS_PER_MS);
		TRY(handle_info(start_handle("resource"), INFO_TOPIC_SYSTEM, span_of(system), &size));
	} while (system.deferred && clock_read() < deadline);
	TRY(handle_info(start_handle("quota"), INFO_TOPIC_QUOTA, span_of(quota), &size));
	*out = (struct guest_level){ system.pages_free, system.objects, quota.handles_used,
		quota.pages_used };
	return OK;
}

err_t guest_map(handle_t memory, u64 size, u32 flags, u64 *address)
{
	return memory_map(HANDLE_NONE, memory, 0, size, 0, flags, address);
}

err_t guest_memory(u64 size, handle_t *memory)
{
	return memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, memory);
}

err_t guest_port(u64 badge, struct guest_port *out)
{
	TRY(port_create(0, &out->port));
	return connection_create(out->port, badge, &out->connection);
}

void guest_port_close(const struct guest_port *port)
{
	(void)handle_close(port->connection);
	(void)handle_close(port->port);
}

bool guest_settled(handle_t thread)
{
	struct thread_info info = {};
	u64 size, deadline = guest_soon();
	do {
		(void)sleep_until(guest_after(1));
		if (handle_info(thread, INFO_TOPIC_THREAD, span_of(info), &size) != OK)
			return false;
	} while (info.state != 1 && clock_read() < deadline);
	return info.state == 1;
}
