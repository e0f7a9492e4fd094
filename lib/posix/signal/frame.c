// SPDX-License-Identifier: MIT
// frame.c - what a handler finds on its stack, byte for byte as Linux x86_64 lays it out, and the
// way back (rt_sigreturn), which believes nothing it finds there.
//   high: XSAVE area, magic2 | struct linux_rt_sigframe, whose first word is the return address
#include "lib/base/bits.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/user_copy.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/signal/signal_local.h"

constexpr u64 RED_ZONE = 128;
constexpr u64 FLOAT_ALIGNMENT = 64;
constexpr u64 FLOAT_LEGACY = 512, FLOAT_HEADER = 64;
constexpr u64 FLOAT_CONTROL = 24; // MXCSR
constexpr u32 FLOAT_CONTROL_MASK = 0xffff;
constexpr u64 FLOAT_SOFTWARE = 464; // struct linux_fpx_sw_bytes
constexpr u64 PROGRAM_END = 0x0000'7fff'ffff'f000;
constexpr u64 FLAGS_CLEARED = 0x10500; // DF, TF, RF
constexpr u64 FLAGS_PROGRAM = 0x50dd5; // AC, RF, OF, DF, TF, SF, ZF, AF, PF, CF
constexpr u64 FLAGS_ALWAYS = 0x202;
constexpr u32 LEAF_XSAVE = 0xd;

void signal_float_find(void)
{
	struct actions *actions = actions_self();
	u32 a = 1, b, c = 0, d;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	actions->float_mask = 0;
	actions->float_size = FLOAT_LEGACY;
	if (!(c >> 27 & 1)) // OSXSAVE
		return;
	u32 low, high;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	actions->float_mask = low;
	a = LEAF_XSAVE, c = 0;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	actions->float_size = b;
}

static i64 float_save(u64 area)
{
	const struct actions *actions = actions_self();
	if (!actions->float_mask)
		return user_check(area, FLOAT_LEGACY) < 0 ? -EFAULT : user_float_save(area, 0);
	u64 size = actions->float_size;
	u32 magic = FP_XSTATE_MAGIC2;
	struct linux_fpx_sw_bytes software = { .magic1 = FP_XSTATE_MAGIC1,
		.extended_size = (u32)size + (u32)sizeof magic,
		.features = actions->float_mask,
		.xstate_size = (u32)size };
	if (user_check(area, size + sizeof magic) < 0)
		return -EFAULT;
	i64 error = user_zero(area + FLOAT_LEGACY, FLOAT_HEADER);
	if (!error)
		error = user_float_save(area, actions->float_mask);
	if (!error)
		error = user_put(area + FLOAT_SOFTWARE, software);
	return error ? error : user_put(area + size, magic);
}

static bool has_extended(u64 area)
{
	struct linux_fpx_sw_bytes software;
	const struct actions *actions = actions_self();
	u32 magic = 0;
	if (!actions->float_mask || user_get(software, area + FLOAT_SOFTWARE) != 0)
		return false;
	if (software.magic1 != FP_XSTATE_MAGIC1 || software.xstate_size != actions->float_size)
		return false;
	return user_get(magic, area + actions->float_size) == 0 && magic == FP_XSTATE_MAGIC2;
}

i64 signal_float_reset(void)
{
	alignas(FLOAT_ALIGNMENT) static const struct {
		u16 control, others[11];
		u32 simd_control;
		u8 rest[FLOAT_LEGACY + FLOAT_HEADER - 28];
	} start = { .control = 0x37f, .simd_control = 0x1f80 };
	return user_float_restore((u64)(uintptr_t)&start, actions_self()->float_mask);
}

// A value with bits that do not exist faults on a processor, but not under every emulator.
static bool has_bad_control(u64 area)
{
	u32 control;
	return user_get(control, area + FLOAT_CONTROL) < 0 || control & ~FLOAT_CONTROL_MASK;
}

// Values that the processor refuses fault inside, and are answered.
static i64 float_restore(u64 area)
{
	const struct actions *actions = actions_self();
	if (!area)
		return signal_float_reset();
	if (!is_aligned(area, FLOAT_ALIGNMENT) || user_check(area, FLOAT_LEGACY) < 0 ||
		has_bad_control(area))
		return -EFAULT;
	if (has_extended(area))
		return user_check(area, actions->float_size) < 0
		           ? -EFAULT
		           : user_float_restore(area, actions->float_mask);
	return user_float_restore(area, 0);
}

static struct linux_sigcontext context_of(const struct posix_thread *self, u64 float_state)
{
	const struct posix_registers *registers = &self->registers;
	return (struct linux_sigcontext){
		.r8 = REGISTER(registers, R8),
		.r9 = REGISTER(registers, R9),
		.r10 = REGISTER(registers, R10),
		.r11 = registers->r11,
		.r12 = registers->r12,
		.r13 = registers->r13,
		.r14 = registers->r14,
		.r15 = registers->r15,
		.rdi = REGISTER(registers, RDI),
		.rsi = REGISTER(registers, RSI),
		.rbp = registers->rbp,
		.rbx = registers->rbx,
		.rdx = REGISTER(registers, RDX),
		.rax = registers->rax,
		.rcx = registers->rcx,
		.rsp = registers->rsp,
		.rip = registers->rip,
		.rflags = registers->rflags,
		.cs = (u16)(registers->cs | 0x33 * !registers->cs),
		.ss = (u16)registers->ss,
		.err = self->trap_error,
		.trapno = self->trap_number,
		.oldmask = self->has_saved_mask ? self->saved_mask : self->mask,
		.cr2 = self->trap_address,
		.float_state = float_state,
	};
}

// The stack that the handler runs on: its top. 0: no place.
static u64 stack_top(struct posix_thread *self, const struct linux_sigaction *action, u64 *low)
{
	const struct signal_stack *stack = &self->signal_stack;
	u64 pointer = self->registers.rsp;
	bool is_on = !(stack->flags & (SS_DISABLE | SS_AUTODISARM)) && stack->size &&
	             pointer > stack->address && pointer - stack->address <= stack->size;
	*low = is_on ? stack->address : 0;
	if (is_on || !(action->flags & SA_ONSTACK) || stack->flags & SS_DISABLE || !stack->size)
		return pointer - RED_ZONE;
	*low = stack->address;
	return stack->address + stack->size;
}

static void enter_handler(
	struct posix_thread *self, const struct linux_sigaction *action, u32 signal, u64 frame)
{
	struct posix_registers *registers = &self->registers;
	REGISTER(registers, RDI) = signal;
	REGISTER(registers, RSI) = frame + offsetof(struct linux_rt_sigframe, info);
	REGISTER(registers, RDX) = frame + offsetof(struct linux_rt_sigframe, ucontext);
	registers->rax = 0;
	registers->rsp = frame;
	registers->rip = action->handler;
	registers->rflags &= ~FLAGS_CLEARED;
	self->number = UINT64_MAX;
	if (self->signal_stack.flags & SS_AUTODISARM)
		self->signal_stack = (struct signal_stack){ .flags = SS_DISABLE };
}

bool frame_push(struct posix_thread *self, const struct linux_sigaction *action,
	const struct linux_siginfo *info)
{
	u64 low, top = stack_top(self, action, &low);
	u64 size = align_up(actions_self()->float_size + sizeof(u32), FLOAT_ALIGNMENT);
	if (!(action->flags & SA_RESTORER) || top < low + size + 1024)
		return false;
	u64 area = align_down(top - size, FLOAT_ALIGNMENT);
	u64 address = align_down(area - sizeof(struct linux_rt_sigframe), 16) - sizeof(u64);
	if (address < low || float_save(area) < 0)
		return false;
	struct linux_rt_sigframe frame = {
		.restorer = action->restorer,
		.ucontext = { .flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS |
		                       (actions_self()->float_mask ? UC_FP_XSTATE : 0),
			.stack = signal_stack_get(self),
			.context = context_of(self, area),
			.mask = self->has_saved_mask ? self->saved_mask : self->mask },
		.info = *info,
	};
	frame.ucontext.stack.flags &= ~(u32)SS_ONSTACK;
	if (user_put(address, frame) < 0)
		return false;
	enter_handler(self, action, (u32)info->signal, address);
	return true;
}

static void registers_take(
	struct posix_registers *registers, const struct linux_sigcontext *context)
{
	REGISTER(registers, RDI) = context->rdi;
	REGISTER(registers, RSI) = context->rsi;
	REGISTER(registers, RDX) = context->rdx;
	REGISTER(registers, R10) = context->r10;
	REGISTER(registers, R8) = context->r8;
	REGISTER(registers, R9) = context->r9;
	registers->rax = context->rax;
	registers->rbx = context->rbx;
	registers->rbp = context->rbp;
	registers->r11 = context->r11;
	registers->r12 = context->r12;
	registers->r13 = context->r13;
	registers->r14 = context->r14;
	registers->r15 = context->r15;
	registers->rcx = context->rcx;
	registers->rip = context->rip;
	registers->rsp = context->rsp;
	registers->rflags = (context->rflags & FLAGS_PROGRAM) | FLAGS_ALWAYS;
}

// What faults here is the program's end, or its SIGSEGV handler's business.
static i64 give_up(struct posix_thread *self)
{
	signal_force(self, &(struct linux_siginfo){ .signal = SIGSEGV, .code = SI_KERNEL });
	self->slow |= SLOW_SIGNALS;
	return (i64)self->registers.rax;
}

i64 call_rt_sigreturn(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_ucontext context;
	u64 frame = self->registers.rsp - sizeof(u64); // the handler's return took its address
	(void)arguments;
	self->number = UINT64_MAX;
	if (user_get(context, frame + offsetof(struct linux_rt_sigframe, ucontext)) < 0)
		return give_up(self);
	if (context.context.rip >= PROGRAM_END || float_restore(context.context.float_state) < 0)
		return give_up(self);
	registers_take(&self->registers, &context.context);
	signal_mask_set(self, context.mask);
	(void)signal_stack_set(self, &context.stack);
	self->slow |= SLOW_REGISTERS;
	return (i64)self->registers.rax;
}
