// SPDX-License-Identifier: MIT
// fixture.c - one object of each kind, good and revoked, and addresses of each bad sort.
#include "test/guest/call_errors/errors.h"

struct fixture fixture;

static struct worker workers[2]; // sleep for good, suspended
static struct worker caller;     // waits for an answer to the call that is saved
static struct guest_port port;

static u64 sleep_run(void *_Nullable argument)
{
	(void)argument;
	for (;;)
		(void)sleep_until(DEADLINE_NEVER);
}

static err_t make_thread(handle_t *out)
{
	static u32 used;
	u64 unused;
	u32 observed;
	struct worker *worker = &AT(workers, used++);
	TRY(worker_start(worker, sleep_run, nullptr));
	TRY(thread_control(worker->handle, THREAD_OPERATION_SUSPEND, 0, 0, &unused));
	TRY(object_wait(worker->handle, SIGNAL_SUSPENDED, guest_soon(), &observed));
	*out = worker->handle;
	return OK;
}

static u64 call_run(void *_Nullable argument)
{
	struct message message = { .tag = 2ull << TAG_LENDS_SHIFT };
	(void)argument;
	AT(message.lend, 0) = (struct lend){ fixture.buffer, PAGE_SIZE, LEND_READ | LEND_WRITE, 0 };
	AT(message.lend, 1) = (struct lend){ fixture.buffer, PAGE_SIZE, LEND_READ, 0 };
	(void)connection_invoke(port.connection, &message);
	return 0;
}

static err_t make_reply(handle_t *out)
{
	static bool is_made; // it cannot be duplicated, so not be revoked either
	struct message message = {};
	if (is_made)
		return ERR_UNSUPPORTED;
	is_made = true;
	TRY(guest_port(1, &port));
	TRY(worker_start(&caller, call_run, nullptr));
	TRY(port_receive_until(port.port, &message, guest_soon()));
	return reply_save(out);
}

static err_t make_stream(handle_t *out)
{
	handle_t other;
	u64 done;
	TRY(stream_create(PAGE_SIZE, STREAM_FLAGS_TWO_WAY, out, &other));
	return stream_write(other,
		VIEW_TEXT("something to read for those who copy it out and fail, "
				  "so that it stays here for the next one to try. And so "
				  "that it is longer than what anybody reads at once, it "
				  "goes on a little, up to here."),
		0, 0, &done);
}

static err_t make_interrupt(handle_t *out)
{
	static u32 line = 10;
	u64 route;
	return interrupt_create(start_handle("resource"), line++, 0, out, &route);
}

static err_t make_resource(handle_t *out)
{
	return resource_derive(start_handle("resource"), RESOURCE_KIND_PORTS, 0x80, 1, out);
}

static err_t make_domain(handle_t *out)
{
	static u32 device = FIXTURE_DEVICE;
	return iommu_create(start_handle("resource"), device++, out);
}

err_t fixture_object(enum handle_kind kind, handle_t *out)
{
	struct guest_port made = {};
	switch (kind) {
	case HANDLE_KIND_PROCESS: return process_create(HANDLE_NONE, 0, 15, out);
	case HANDLE_KIND_THREAD: return make_thread(out);
	case HANDLE_KIND_ANY:
	case HANDLE_KIND_MEMORY: return guest_memory(PAGE_SIZE, out);
	case HANDLE_KIND_PORT: return port_create(0, out);
	case HANDLE_KIND_CONNECTION:
		TRY(guest_port(1, &made));
		*out = made.connection;
		return OK;
	case HANDLE_KIND_STREAM: return make_stream(out);
	case HANDLE_KIND_QUOTA: return quota_create(HANDLE_NONE, 16, 16, 16, 100, out);
	case HANDLE_KIND_TIMER: return timer_create(out);
	case HANDLE_KIND_INTERRUPT: return make_interrupt(out);
	case HANDLE_KIND_RESOURCE: return make_resource(out);
	case HANDLE_KIND_IOMMU_DOMAIN: return make_domain(out);
	case HANDLE_KIND_REPLY: return make_reply(out);
	}
	return ERR_UNSUPPORTED;
}

// Made, and then revoked by another handle to it.
static err_t make_revoked(enum handle_kind kind, handle_t *out)
{
	handle_t other;
	TRY(fixture_object(kind, out));
	TRY(handle_duplicate(*out, RIGHTS_ALL, &other));
	TRY(object_revoke(other));
	return kind == HANDLE_KIND_THREAD ? OK : handle_close(other);
}

static err_t make_handles(void)
{
	for (u32 kind = 0; kind < KINDS; kind++) {
		err_t err = fixture_object((enum handle_kind)kind, &AT(fixture.good, kind));
		if (err == OK)
			err = make_revoked((enum handle_kind)kind, &AT(fixture.revoked, kind));
		if (err != OK && err != ERR_UNSUPPORTED) {
			print("# fixture: kind %u: %e\n", kind, err);
			return err;
		}
	}
	// The whole of it, so that it covers whatever a call asks for.
	AT(fixture.good, HANDLE_KIND_RESOURCE) = start_handle("resource");
	return OK;
}

err_t fixture_make(void)
{
	handle_t memory;
	TRY(guest_memory(4 * PAGE_SIZE, &memory));
	TRY(guest_map(memory, 2 * PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_WRITE, &fixture.buffer));
	TRY(guest_map(memory, 2 * PAGE_SIZE, MAP_FLAGS_READ, &fixture.read_only));
	TRY(guest_map(memory, PAGE_SIZE, MAP_FLAGS_READ, &fixture.unmapped));
	TRY(memory_unmap(HANDLE_NONE, fixture.unmapped, PAGE_SIZE));
	TRY(memory_map(HANDLE_NONE, HANDLE_NONE, 0, PAGE_SIZE * 16, 0, 0, &fixture.reserved));
	// A hole that stays one: in the middle of what nobody else is given.
	fixture.unmapped = fixture.reserved + 8 * PAGE_SIZE;
	TRY(memory_unmap(HANDLE_NONE, fixture.unmapped, 2 * PAGE_SIZE));
	TRY(handle_close(memory));
	return make_handles();
}

static handle_t starving[8]; // the quotas that hold what is ours
static u32 starving_count;

static u64 left_of(u64 limit, u64 used, bool is_wanted, u64 keep)
{
	u64 left = limit - used;
	return is_wanted && left > keep ? left - keep : 0;
}

static bool starve_once(u32 what, bool *is_done)
{
	struct quota_info info = {};
	u64 size;
	if (handle_info(HANDLE_NONE, INFO_TOPIC_QUOTA, span_of(info), &size) != OK)
		return false;
	// The quota that takes it all is itself an object with a handle.
	u64 pages = left_of(info.pages, info.pages_used, what & STARVE_PAGES, 0);
	u64 objects = left_of(info.objects, info.objects_used, what & STARVE_OBJECTS, 1);
	u64 handles = left_of(info.handles, info.handles_used, what & STARVE_HANDLES, 1);
	bool has_object = !(what & STARVE_OBJECTS) || info.objects == info.objects_used;
	bool has_handle = !(what & STARVE_HANDLES) || info.handles == info.handles_used;
	*is_done = !pages && has_object && has_handle;
	if (*is_done)
		return true;
	handle_t *next = &AT(starving, starving_count);
	if (quota_create(HANDLE_NONE, pages, objects, handles, 100, next) != OK)
		return false;
	starving_count++;
	return true;
}

bool starve(u32 what)
{
	bool is_done = false;
	struct guest_level settled; // what is still on its way back would feed us
	if (guest_level(&settled) != OK)
		return false;
	for (u32 i = 0; i < 4 && !is_done; i++)
		if (!starve_once(what, &is_done))
			return false;
	return is_done;
}

static bool is_fed(void)
{
	struct quota_info info = {};
	u64 size;
	return handle_info(HANDLE_NONE, INFO_TOPIC_QUOTA, span_of(info), &size) == OK &&
	       info.pages - info.pages_used > 100 && info.objects - info.objects_used > 100 &&
	       info.handles - info.handles_used > 100;
}

// They end a grace period after their last handle.
void feed(void)
{
	while (starving_count)
		(void)handle_close(AT(starving, --starving_count));
	for (u64 deadline = guest_soon(); !is_fed() && clock_read() < deadline;)
		(void)sleep_until(guest_after(1));
}
