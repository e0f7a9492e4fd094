// SPDX-License-Identifier: MIT
// clock.c - monotonic time from the time-stamp counter, and this CPU's deadline by its APIC's
// counter. Both are measured at boot against the ACPI timer, or the old PIT where there is none.
#include "abi/info.h"
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/panic.h"

constexpr u64 NS_PER_S = 1'000'000'000;
constexpr u32 SCALE_SHIFT = 32;
constexpr u64 PM_HZ = 3'579'545, PIT_HZ = 1'193'182;
constexpr u32 MEASURE_PER_S = 100; // parts of a second that a measurement takes
constexpr u32 SAMPLE_TRIES = 8, APIC_COUNT_MAX = 0xffff'ffff;

static u64 tsc_base; // all written once at boot
static u64 tsc_hz;
static u64 ns_scale;   // ns = tsc * ns_scale >> SCALE_SHIFT
static u64 tsc_scale;  // the other way
static u64 apic_scale; // APIC ticks = ns * apic_scale >> SCALE_SHIFT
static u16 pm_port;
static u32 pm_mask;

static u64 scale(u64 value, u64 by)
{
	return (u64)((unsigned __int128)value * by >> SCALE_SHIFT);
}

u64 clock_now(void)
{
	return scale(tsc_read() - tsc_base, ns_scale);
}

void clock_wait_us(u64 us)
{
	u64 end = tsc_read() + us * (tsc_hz / 1'000'000);
	while (tsc_read() < end)
		arch_relax();
}

// Counts up, wrapping at pm_mask. The PIT's channel 2 counts down from 65536.
static u32 reference_read(void)
{
	if (pm_port)
		return in32(pm_port) & pm_mask;
	out8(0x43, 0x80);
	u32 low = in8(0x42);
	return (0u - (low | (u32)in8(0x42) << 8)) & 0xffff;
}

static void reference_start(const struct boot_info *info)
{
	pm_port = (u16)info->pm_timer_port;
	pm_mask = info->pm_timer_is_32bit ? 0xffff'ffff : 0xff'ffff;
	if (pm_port)
		return;
	pm_mask = 0xffff;
	out8(0x61, (u8)((in8(0x61) & ~2u) | 1)); // gate on, speaker off
	out8(0x43, 0xb4);                        // channel 2, both bytes, rate
	out8(0x42, 0);
	out8(0x42, 0);
}

struct sample {
	u64 tsc;
	u32 reference;
	u32 apic;
};

// The quickest of some tries: an emulator may be stopped in between.
static struct sample sample_take(void)
{
	struct sample best = {};
	u64 best_span = UINT64_MAX;
	for (u32 i = 0; i < SAMPLE_TRIES; i++) {
		u64 before = tsc_read();
		u32 reference = reference_read();
		u32 apic = apic_timer_left();
		u64 span = tsc_read() - before;
		if (span >= best_span)
			continue;
		best_span = span;
		best = (struct sample){ before + span / 2, reference, apic };
	}
	return best;
}

static void measure(void)
{
	u64 reference_hz = pm_port ? PM_HZ : PIT_HZ;
	apic_timer_set(APIC_COUNT_MAX);
	struct sample start = sample_take();
	struct sample now;
	u64 ticks;
	u32 rounds = 0;
	do {
		arch_relax();
		now = sample_take();
		ticks = (now.reference - start.reference) & pm_mask;
		if (++rounds > 50'000'000)
			panic("the reference clock stands still");
	} while (ticks < reference_hz / MEASURE_PER_S);
	apic_timer_set(0);
	tsc_hz = (now.tsc - start.tsc) * reference_hz / ticks;
	u64 apic_hz = (u64)(start.apic - now.apic) * reference_hz / ticks;
	tsc_base = start.tsc;
	ns_scale = (NS_PER_S << SCALE_SHIFT) / tsc_hz;
	tsc_scale = (tsc_hz / 1000 << SCALE_SHIFT) / (NS_PER_S / 1000);
	apic_scale = (apic_hz << SCALE_SHIFT) / NS_PER_S;
}

void clock_init(const struct boot_info *info)
{
	reference_start(info);
	measure(); // with deadlines by TSC the APIC's counter stands still and is not asked for
}

void timer_init_cpu(void)
{
	cpu_self()->armed_ns = DEADLINE_NEVER;
	arch_timer_arm(DEADLINE_NEVER);
}

static void arm_deadline(u64 deadline_ns)
{
	u64 tsc = 0; // off
	if (deadline_ns != DEADLINE_NEVER)
		tsc = tsc_base + scale(deadline_ns, tsc_scale) + 1;
	msr_write(MSR_TSC_DEADLINE, tsc);
}

void arch_timer_arm(u64 deadline_ns)
{
	if (features.has_tsc_deadline) {
		arm_deadline(deadline_ns);
		return;
	}
	if (deadline_ns == DEADLINE_NEVER) {
		apic_timer_set(0);
		return;
	}
	u64 now = clock_now();
	u64 left = deadline_ns > now ? deadline_ns - now : 0;
	u64 count = scale(left < NS_PER_S ? left : NS_PER_S, apic_scale) + 1;
	apic_timer_set(count < APIC_COUNT_MAX ? (u32)count : APIC_COUNT_MAX);
}

// Far deadlines come in steps of a second, and the two clocks differ a little: not yet due, again.
void timer_fired(void)
{
	struct cpu *cpu = cpu_self();
	if (cpu->armed_ns > clock_now())
		arch_timer_arm(cpu->armed_ns);
	else
		cpu->reschedule |= RESCHEDULE_TIMER;
}

void arch_fill_time_page(struct time_page *page)
{
	*page = (struct time_page){
		.shift = SCALE_SHIFT, .scale = ns_scale, .tsc_base = tsc_base, .tsc_hz = tsc_hz
	};
}
