// SPDX-License-Identifier: MIT
// main.c - the time of day: the battery clock at start, then an offset to the monotonic clock in a
// page that everybody maps. Authority: I/O ports 0x70 and 0x71. The page's memory is kept by the
// estate, so that it stays the same in each life.
#include "abi/rights.h"
#include "ifc/clock.h"
#include "lib/base/checked.h"
#include "lib/base/format.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/os/clock_page.h"
#include "lib/os/ledger.h"
#include "lib/os/log.h"
#include "lib/os/process.h"
#include "lib/os/scheme.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/clock/cmos.h"

constexpr u64 BADGE_SET = 1, BADGE_SCHEME = 2; // image/*.svc
constexpr u32 PORT_INDEX = 0x70, PORT_DATA = 0x71;
constexpr u32 TRIES = 5;

struct kept {      // the ledger
	handle_t page; // owned: memory, its first bytes are struct clock_page
	bool is_set;
	i64 offset_ns;
	struct clock_discipline discipline;
};

// Of a clock that nobody keeps in step, as Linux has it: STA_UNSYNC, errors unknown.
static const struct clock_discipline nobodys = {
	.max_error = 16'000'000,
	.estimated_error = 16'000'000,
	.constant = 2,
	.tick = 10'000,
	.status = 0x40,
};

static struct kept *kept;
static u64 shown; // where the page is mapped; written once at start

static u8 cmos_read(u32 index)
{
	u32 value = 0, unused;
	(void)resource_io(start_handle("cmos"), PORT_INDEX, IO_OPERATION_WRITE8, index, &unused);
	(void)resource_io(start_handle("cmos"), PORT_DATA, IO_OPERATION_READ8, 0, &value);
	return (u8)value;
}

static void cmos_write(u32 index, u8 value)
{
	u32 unused;
	(void)resource_io(start_handle("cmos"), PORT_INDEX, IO_OPERATION_WRITE8, index, &unused);
	(void)resource_io(start_handle("cmos"), PORT_DATA, IO_OPERATION_WRITE8, value, &unused);
}

static void read_registers(u8 (*out)[CMOS_REGISTERS])
{
	for (u32 wait = 0; cmos_read(CMOS_STATUS_A) & CMOS_UPDATING && wait < 1000; wait++)
		(void)sleep_until(clock_read() + 10 * NS_PER_US); // at most 2 ms
	for (u32 i = 0; i < CMOS_REGISTERS; i++)
		AT(*out, i) = cmos_read(i);
}

static bool is_same(const u8 (*a)[CMOS_REGISTERS], const u8 (*b)[CMOS_REGISTERS])
{
	return memory_compare(*a, *b, CMOS_STATUS_A) == 0;
}

// Twice the same, so that no update came between.
static err_t read_battery(u64 *seconds)
{
	u8 first[CMOS_REGISTERS], second[CMOS_REGISTERS];
	for (u32 i = 0; i < TRIES; i++) {
		read_registers(&first);
		read_registers(&second);
		if (is_same((const u8(*)[CMOS_REGISTERS]) & first, (const u8(*)[CMOS_REGISTERS]) & second))
			return cmos_to_seconds((const u8(*)[CMOS_REGISTERS]) & first, seconds);
	}
	return ERR_DEVICE;
}

static err_t write_battery(u64 seconds)
{
	u8 registers[CMOS_REGISTERS];
	static const u8 changed[] = { CMOS_SECONDS, CMOS_MINUTES, CMOS_HOURS, CMOS_DAY, CMOS_MONTH,
		CMOS_YEAR };
	read_registers(&registers);
	TRY(cmos_from_seconds(seconds, &registers));
	u8 status = AT(registers, CMOS_STATUS_B);
	cmos_write(CMOS_STATUS_B, status | CMOS_STOPPED);
	for (u32 i = 0; i < COUNT(changed); i++)
		cmos_write(AT(changed, i), AT(registers, AT(changed, i)));
	cmos_write(CMOS_STATUS_B, status);
	return OK;
}

// Who waits for a moment of real time looks again: sleepers at the word, others by the event.
static void tell(void)
{
	u32 woken;
	(void)futex_wake(shown, UINT32_MAX, 0, 0, &woken);
	(void)object_signal(kept->page, 0, CLOCK_EVENT_SET);
}

static err_t show(i64 offset_ns)
{
	struct clock_page page = {};
	u64 done;
	TRY(memory_read(kept->page, 0, span_of(page), &done));
	page.sequence |= 1; // readers wait
	TRY(memory_write(kept->page, 0, view_of(page.sequence), &done));
	page.real_offset_ns = offset_ns;
	page.is_set = 1;
	page.discipline = kept->discipline;
	TRY(memory_write(kept->page, 0, view_of(page), &done));
	page.sequence++;
	return memory_write(kept->page, 0, view_of(page.sequence), &done);
}

static err_t publish(i64 offset_ns)
{
	TRY(show(offset_ns));
	kept->offset_ns = offset_ns;
	kept->is_set = true;
	tell();
	return OK;
}

static err_t operation_page(void *_Nullable self, struct caller caller, handle_t *out_page)
{
	(void)self;
	(void)caller;
	TRY(handle_duplicate(
		kept->page, RIGHT_READ | RIGHT_MAP | RIGHT_WAIT | RIGHT_DUP | RIGHT_TRANSFER, out_page));
	(void)handle_pass(*out_page);
	return OK;
}

static err_t operation_set(void *_Nullable self, struct caller caller, i64 offset_ns, u32 is_kept)
{
	(void)self;
	if (caller.badge != BADGE_SET)
		return ERR_RIGHTS;
	i64 now = (i64)clock_read(), real;
	if (ckd_add(&real, now, offset_ns) || real < 0)
		return ERR_INVALID;
	TRY(publish(offset_ns));
	return is_kept ? write_battery((u64)real / NS_PER_SECOND) : OK;
}

static err_t operation_discipline(void *_Nullable self, struct caller caller, lease_t said)
{
	(void)self;
	struct clock_discipline discipline;
	if (caller.badge != BADGE_SET)
		return ERR_RIGHTS;
	if (said.size != sizeof discipline)
		return ERR_TOO_BIG;
	TRY(lease_get(said, 0, span_of(discipline)));
	kept->discipline = discipline;
	return show(kept->offset_ns);
}

static usize read_now(void *_Nullable self, span_t to)
{
	(void)self;
	u64 real = clock_read() + (u64)kept->offset_ns;
	return format(to, "%lu.%09lu\n", real / NS_PER_SECOND, real % NS_PER_SECOND);
}

static bool dispatch(const void *ops, void *_Nullable self, struct message *message)
{
	static const struct scheme_file files[] = { { "now", SCHEME_READ, read_now, nullptr } };
	struct scheme scheme = { files, COUNT(files), BADGE_SCHEME, start_handle("port"), nullptr };
	if ((u16)(message->tag >> TAG_PROTOCOL_SHIFT) == CLOCK_PROTOCOL)
		return clock_dispatch(ops, self, message);
	return scheme_dispatch(nullptr, &scheme, message);
}

static err_t start(struct loop *loop)
{
	void *contents;
	u64 seconds = 0;
	TRY(ledger_open(start_handle("ledger"), sizeof(struct kept), &contents));
	kept = contents;
	TRY(service_begin(loop));
	if (!kept->discipline.tick)
		kept->discipline = nobodys;
	if (!kept->page.raw)
		TRY(memory_create(MEMORY_KIND_ANONYMOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, &kept->page));
	TRY(memory_map(
		HANDLE_NONE, kept->page, 0, PAGE_SIZE, 0, MAP_FLAGS_READ | MAP_FLAGS_SHARED, &shown));
	if (kept->is_set)
		return publish(kept->offset_ns); // our last life may have ended in the middle of it
	err_t err = read_battery(&seconds);
	if (err != OK)
		print("clock: the machine's clock makes no sense: %e\n", err);
	return publish((i64)(seconds * NS_PER_SECOND - clock_read()));
}

int main(void)
{
	static struct loop loop;
	static const struct clock_ops ops = {
		.page = operation_page, .set = operation_set, .discipline = operation_discipline
	};
	err_t err = start(&loop);
	if (err != OK)
		return 1;
	loop_serve(&loop, dispatch, &ops, nullptr);
	service_ready();
	return loop_run(&loop) == ERR_CLOSED ? 0 : 1;
}
