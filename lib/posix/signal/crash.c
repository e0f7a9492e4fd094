// SPDX-License-Identifier: MIT
// crash.c - see crash.h.
#include "lib/posix/signal/crash.h"

#include "lib/base/bits.h"
#include "lib/posix/core/log.h"
#include "lib/posix/core/user.h"
#include "lib/posix/signal/signal_local.h"

constexpr u64 CORE_SIGNALS = SIGNALS_SYNCHRONOUS | SIGNAL_BIT(SIGABRT) | SIGNAL_BIT(SIGQUIT);
constexpr u32 FRAMES_MAX = 16;

static void report_registers(const struct posix_registers *registers)
{
	posix_log("  rip %lx rsp %lx rbp %lx flags %lx", registers->rip, registers->rsp, registers->rbp,
		registers->rflags);
	posix_log("  rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx", registers->rax, registers->rbx,
		registers->rcx, REGISTER(registers, RDX), REGISTER(registers, RSI),
		REGISTER(registers, RDI));
	posix_log("  r8 %lx r9 %lx r10 %lx r11 %lx r12 %lx r13 %lx r14 %lx r15 %lx",
		REGISTER(registers, R8), REGISTER(registers, R9), REGISTER(registers, R10), registers->r11,
		registers->r12, registers->r13, registers->r14, registers->r15);
}

// By frame pointers, as far as they lead upwards; programs without them show one or two.
static void report_calls(const struct posix_registers *registers)
{
	u64 frame = registers->rbp;
	for (u32 i = 0; i < FRAMES_MAX && is_aligned(frame, sizeof(u64)); i++) {
		u64 words[2];
		if (user_get(words, frame) < 0 || !AT(words, 1))
			return;
		posix_log("  from %lx", AT(words, 1));
		if (AT(words, 0) <= frame)
			return;
		frame = AT(words, 0);
	}
}

void crash_report(struct posix_thread *self, const struct linux_siginfo *info)
{
	u32 signal = (u32)info->signal;
	if (!(SIGNAL_BIT(signal) & CORE_SIGNALS) || info->code <= 0)
		return;
	posix_log("died by signal %u, code %d, address %lx, thread %d", signal, info->code,
		self->trap_number == 14 ? self->trap_address : info->address, self->id);
	report_registers(&self->registers);
	report_calls(&self->registers);
}

void crash_library(struct posix_thread *self)
{
	report_registers(&self->registers);
}
