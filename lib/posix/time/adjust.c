// SPDX-License-Identifier: MIT
// adjust.c - adjtimex and clock_adjtime: what programs that keep clocks in step say and ask of the
// clock of the day. servers/clock keeps it and shows it in its page. How fast the clock goes is the
// processor's: a frequency is kept and told. What the clock is to be moved by, it is moved by at
// once.
#include "ifc/clock.h"
#include "lib/base/checked.h"
#include "lib/os/clock_page.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/time/set.h"
#include "lib/posix/time/units.h"
#include "os/syscalls.h"

enum adjust_mode : u32 {
	ADJ_OFFSET = 0x1,
	ADJ_FREQUENCY = 0x2,
	ADJ_MAXERROR = 0x4,
	ADJ_ESTERROR = 0x8,
	ADJ_STATUS = 0x10,
	ADJ_TIMECONST = 0x20,
	ADJ_TAI = 0x80,
	ADJ_SETOFFSET = 0x100,
	ADJ_MICRO = 0x1000,
	ADJ_NANO = 0x2000,
	ADJ_TICK = 0x4000,
	ADJ_ADJTIME = 0x8000, // adjtime: with ADJ_OFFSET; with ADJ_NANO it only asks
};

enum adjust_status : u32 {
	STA_PLL = 0x1,
	STA_UNSYNC = 0x40,
	STA_CLOCKERR = 0x1000,
	STA_NANO = 0x2000,
	STA_READ_ONLY = 0xff00,
};

constexpr i64 TIME_OK = 0, TIME_ERROR = 5;
constexpr i64 TICK_MIN = 9'000, TICK_MAX = 11'000;                    // microseconds
constexpr i64 FREQUENCY_MAX = 500 << 16, FREQUENCY_UNIT = 65'536'000; // of a part of a million
constexpr i64 CONSTANT_MAX = 10, CONSTANT_OF_MICROSECONDS = 4;
constexpr i64 ATOMIC_MAX = 100'000;

struct linux_timex {
	u32 modes, reserved;
	i64 offset, frequency, max_error, estimated_error;
	u32 status, reserved2;
	i64 constant, precision, tolerance;
	struct linux_timeval time;
	i64 tick;
	i64 pulses[8]; // of a signal that there is none of
	i32 atomic_offset;
	u32 reserved3[11];
};
static_assert(sizeof(struct linux_timex) == 208 && offsetof(struct linux_timex, tick) == 88);

static struct clock_discipline discipline_read(void)
{
	struct clock_page page = { .discipline = { .status = STA_UNSYNC, .tick = 10'000 } };
	u64 done;
	handle_t memory = posix_self()->core.clock;
	if (memory.raw)
		(void)memory_read(memory, 0, span_of(page), &done);
	return page.discipline;
}

// adjtime's, which nothing else may be asked for with.
static i64 check_old(const struct linux_timex *given)
{
	if (!(given->modes & ADJ_OFFSET))
		return -EINVAL;
	return given->modes & ADJ_NANO || clock_may_set() ? 0 : -EPERM;
}

static i64 check(const struct linux_timex *given)
{
	constexpr i64 most = INT64_MAX / FREQUENCY_UNIT;
	u32 modes = given->modes;
	i64 part = given->time.microseconds, whole = modes & ADJ_NANO ? 1'000'000'000 : 1'000'000;
	if (modes & ADJ_ADJTIME)
		return check_old(given);
	if (modes && !clock_may_set())
		return -EPERM;
	if (modes & ADJ_TICK && (given->tick < TICK_MIN || given->tick > TICK_MAX))
		return -EINVAL;
	if (modes & ADJ_SETOFFSET && (part < 0 || part >= whole))
		return -EINVAL;
	bool is_wild = given->frequency > most || given->frequency < -most;
	return modes & ADJ_FREQUENCY && is_wild ? -EINVAL : 0;
}

static i64 clamp(i64 value, i64 low, i64 high)
{
	return value < low ? low : value > high ? high : value;
}

static u32 status_set(const struct linux_timex *given, u32 status)
{
	if (given->modes & ADJ_STATUS) {
		if (status & STA_PLL && !(given->status & STA_PLL))
			status = STA_UNSYNC;
		status = (status & STA_READ_ONLY) | (given->status & ~(u32)STA_READ_ONLY);
	}
	if (given->modes & ADJ_NANO)
		status |= STA_NANO;
	return given->modes & ADJ_MICRO ? status & ~(u32)STA_NANO : status;
}

static void take(const struct linux_timex *given, struct clock_discipline *out)
{
	u32 modes = given->modes;
	out->status = status_set(given, out->status);
	if (modes & ADJ_FREQUENCY)
		out->frequency = clamp(given->frequency, -FREQUENCY_MAX, FREQUENCY_MAX);
	if (modes & ADJ_MAXERROR)
		out->max_error = given->max_error;
	if (modes & ADJ_ESTERROR)
		out->estimated_error = given->estimated_error;
	if (modes & ADJ_TIMECONST) {
		i64 more = out->status & STA_NANO ? 0 : CONSTANT_OF_MICROSECONDS;
		out->constant = clamp(clamp(given->constant, 0, CONSTANT_MAX) + more, 0, CONSTANT_MAX);
	}
	if (modes & ADJ_TAI && given->constant >= 0 && given->constant <= ATOMIC_MAX)
		out->atomic_offset = (i32)given->constant;
	if (modes & ADJ_TICK)
		out->tick = given->tick;
}

// By how much the clock is to be moved.
static bool moves_by(const struct linux_timex *given, u32 status, i64 *out)
{
	constexpr i64 SLOW_MAX_NS = 500'000'000;
	u32 modes = given->modes;
	if (modes & ADJ_ADJTIME)
		return !(modes & ADJ_NANO) && !ckd_mul(out, given->offset, 1000);
	if (modes & ADJ_SETOFFSET) {
		i64 unit = modes & ADJ_NANO ? 1 : 1000;
		return !ckd_mul(out, given->time.seconds, (i64)SECOND_NS) &&
		       !ckd_add(out, *out, given->time.microseconds * unit);
	}
	if (!(modes & ADJ_OFFSET) || !(status & STA_PLL))
		return false;
	bool is_wide = ckd_mul(out, given->offset, status & STA_NANO ? 1 : 1000);
	*out = is_wide ? 0 : clamp(*out, -SLOW_MAX_NS, SLOW_MAX_NS);
	return true;
}

static i64 change(const struct linux_timex *given, struct clock_discipline *discipline)
{
	i64 by;
	u64 real;
	if (!given->modes)
		return 0;
	if (!(given->modes & ADJ_ADJTIME)) {
		take(given, discipline);
		TRY_ERR(
			clock_discipline((clock_t){ posix_self()->core.clock_setter }, view_of(*discipline)));
	}
	if (!moves_by(given, discipline->status, &by) || !by)
		return 0;
	if (ckd_add(&real, posix_real(), by))
		return -EINVAL;
	return clock_set_real(real);
}

static void tell(const struct clock_discipline *discipline, struct linux_timex *out)
{
	struct linux_timespec now = timespec_of(posix_real());
	bool is_fine = discipline->status & STA_NANO;
	*out = (struct linux_timex){ .modes = out->modes,
		.frequency = discipline->frequency,
		.max_error = discipline->max_error,
		.estimated_error = discipline->estimated_error,
		.status = discipline->status,
		.constant = discipline->constant,
		.precision = 1,
		.tolerance = FREQUENCY_MAX,
		.time = { now.seconds, is_fine ? now.nanoseconds : now.nanoseconds / 1000 },
		.tick = discipline->tick,
		.atomic_offset = discipline->atomic_offset };
}

static i64 adjust(u64 address)
{
	struct linux_timex given;
	TRY_POSIX(user_get(given, address));
	TRY_POSIX(check(&given));
	struct clock_discipline discipline = discipline_read();
	TRY_POSIX(change(&given, &discipline));
	tell(&discipline, &given);
	TRY_POSIX(user_put(address, given));
	return discipline.status & (STA_UNSYNC | STA_CLOCKERR) ? TIME_ERROR : TIME_OK;
}

i64 call_adjtimex(struct posix_thread *, const struct arguments *arguments)
{
	return adjust(ARG(0));
}

i64 call_clock_adjtime(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_timex given;
	u64 now;
	TRY_POSIX(user_get(given, ARG(1)));
	TRY_POSIX(clock_read(self, ARG_INT(0), &now));
	return ARG_INT(0) == CLOCK_REALTIME ? adjust(ARG(1)) : -EOPNOTSUPP;
}
