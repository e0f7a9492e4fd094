// SPDX-License-Identifier: MIT
// Registers: what a call, a signal and its frame keep, show and take back; stacks that are not
// there; bad addresses.
#include "test/posix/test.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

struct registers {
	unsigned long general[13]; // rbx rbp r12 r13 r14 r15 rdi rsi rdx r10 r8 r9 rsp
	unsigned char vector[16][16];
};

// Loads all of `in`, calls number with its arguments, keeps what is there then in `out`; two words
// on the caller's stack hold rbx, rbp; on_stack: rsp during the call, 0: as it is.
void call_with(
	const struct registers *in, struct registers *out, long number, unsigned long on_stack);
__asm__(".text\n"
		".globl call_with\n"
		"call_with:\n"
		"	push %rbx\n"
		"	push %rbp\n"
		"	push %r12\n"
		"	push %r13\n"
		"	push %r14\n"
		"	push %r15\n"
		"	mov %rsi, saved_out(%rip)\n"
		"	mov %rsp, saved_stack(%rip)\n"
		"	mov %rdx, %rax\n"
		"	test %rcx, %rcx\n"
		"	cmovz %rsp, %rcx\n"
		"	mov %rcx, %rsp\n"
		"	mov %rdi, %r11\n"
		"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
		"	movdqu 104 + \\n * 16(%r11), %xmm\\n\n"
		"	.endr\n"
		"	mov 0(%r11), %rbx\n"
		"	mov 8(%r11), %rbp\n"
		"	mov 16(%r11), %r12\n"
		"	mov 24(%r11), %r13\n"
		"	mov 32(%r11), %r14\n"
		"	mov 40(%r11), %r15\n"
		"	mov 48(%r11), %rdi\n"
		"	mov 56(%r11), %rsi\n"
		"	mov 64(%r11), %rdx\n"
		"	mov 72(%r11), %r10\n"
		"	mov 80(%r11), %r8\n"
		"	mov 88(%r11), %r9\n"
		"	syscall\n"
		"	mov saved_out(%rip), %r11\n"
		"	mov %rbx, 0(%r11)\n"
		"	mov %rbp, 8(%r11)\n"
		"	mov %r12, 16(%r11)\n"
		"	mov %r13, 24(%r11)\n"
		"	mov %r14, 32(%r11)\n"
		"	mov %r15, 40(%r11)\n"
		"	mov %rdi, 48(%r11)\n"
		"	mov %rsi, 56(%r11)\n"
		"	mov %rdx, 64(%r11)\n"
		"	mov %r10, 72(%r11)\n"
		"	mov %r8, 80(%r11)\n"
		"	mov %r9, 88(%r11)\n"
		"	mov %rsp, 96(%r11)\n"
		"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
		"	movdqu %xmm\\n, 104 + \\n * 16(%r11)\n"
		"	.endr\n"
		"	mov saved_stack(%rip), %rsp\n"
		"	pop %r15\n"
		"	pop %r14\n"
		"	pop %r13\n"
		"	pop %r12\n"
		"	pop %rbp\n"
		"	pop %rbx\n"
		"	ret\n"
		".local saved_out, saved_stack\n"
		".comm saved_out, 8, 8\n"
		".comm saved_stack, 8, 8\n");

static struct registers sample(void)
{
	struct registers in;
	for (unsigned i = 0; i < sizeof(in); i++)
		((unsigned char *)&in)[i] = (unsigned char)(i * 37 + 11);
	return in;
}

static bool kept(const struct registers *in, const struct registers *out)
{
	return memcmp(in->general, out->general, 12 * sizeof(long)) == 0 &&
	       memcmp(in->vector, out->vector, sizeof(in->vector)) == 0;
}

static void calls(void)
{
	struct registers in = sample(), out = { 0 };
	call_with(&in, &out, SYS_gettid, 0);
	check(kept(&in, &out), "a call keeps all registers");
	call_with(&in, &out, 9999, 0);
	check(kept(&in, &out), "so does one that does not exist");
	unsigned char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(&out, 0, sizeof(out));
	call_with(&in, &out, SYS_gettid, (unsigned long)page + 64);
	check(kept(&in, &out) && out.general[12] == (unsigned long)page + 64, "a call needs no stack");
}

// What a handler may change like any function, and a program would not expect.
static void spoils(int number)
{
	(void)number;
	handled++;
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n\t"
					 "movdqa %%xmm0, %%xmm7\n\t"
					 "movdqa %%xmm0, %%xmm15\n\t"
					 "mov $1, %%r8d\n\t"
					 "mov $1, %%r10d\n\t"
					 "mov $1, %%edx" ::
						 : "xmm0", "xmm7", "xmm15", "r8", "r10", "rdx");
}

static void signals(void)
{
	struct registers in = sample(), out = { 0 };
	on_signal(SIGUSR1, spoils, 0);
	handled = 0;
	in.general[6] = (unsigned long)getpid();
	in.general[7] = SIGUSR1;
	call_with(&in, &out, SYS_kill, 0);
	check(handled == 1 && kept(&in, &out), "a signal keeps all registers");
}

static siginfo_t last;
static unsigned long context_rip, context_error, context_trap, context_address;
static bool has_magic;

static void skips(int number, siginfo_t *info, void *argument)
{
	ucontext_t *context = argument;
	(void)number;
	last = *info;
	context_rip = (unsigned long)context->uc_mcontext.gregs[REG_RIP];
	context_error = (unsigned long)context->uc_mcontext.gregs[REG_ERR];
	context_trap = (unsigned long)context->uc_mcontext.gregs[REG_TRAPNO];
	context_address = (unsigned long)context->uc_mcontext.gregs[REG_CR2];
	const unsigned *software = (const unsigned *)((char *)context->uc_mcontext.fpregs + 464);
	has_magic =
		software[0] == 0x46505853 && software[4] > 512 &&
		*(const unsigned *)((char *)context->uc_mcontext.fpregs + software[4]) == 0x46505845;
	context->uc_mcontext.gregs[REG_RIP] += 2; // each of the instructions below has two bytes
	context->uc_mcontext.gregs[REG_RBX] = 0x1234;
	context->uc_mcontext.fpregs->_xmm[3].element[0] = 0x5678;
}

// `instruction` with rax = address; what the handler changed comes back.
#define FAULTS(instruction, address)                                                               \
	({                                                                                             \
		unsigned long rbx = 0, at;                                                                 \
		unsigned xmm = 0;                                                                          \
		__asm__ volatile("lea 1f(%%rip), %1\n\t"                                                   \
						 "1: " instruction "\n\t"                                                  \
						 "movd %%xmm3, %2"                                                         \
			: "=b"(rbx), "=&r"(at), "=r"(xmm)                                                      \
			: "a"(address)                                                                         \
			: "xmm3", "memory", "rdx");                                                            \
		context_rip == at &&rbx == 0x1234 && xmm == 0x5678;                                        \
	})

static void frames(void)
{
	struct sigaction action = { .sa_sigaction = skips, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
	check(FAULTS("mov (%%rax), %%dl", bad_address), "a read of nothing: the frame is taken back");
	check(has_magic, "the XSAVE area is marked");
	check(context_trap == 14 && context_error == 4 && context_address == 8, "trap, error, address");
	check(last.si_code == SEGV_MAPERR && last.si_addr == bad_address, "siginfo");
	check(FAULTS("mov %%dl, (%%rax)", bad_address), "a write to nothing");
	is((long)context_error, 6, "error of a write");
	const char *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(FAULTS("mov %%dl, (%%rax)", constant), "a write to what may only be read");
	check((context_error | 1) == 7 && last.si_code == SEGV_ACCERR, "its error and code");
	check(FAULTS("ud2", 0), "an instruction that is none");
	check(last.si_signo == SIGILL && context_trap == 6 && last.si_addr == (void *)context_rip,
		"SIGILL");
	check(FAULTS("div %%dl", 0x10000) || true, "a division");
	check(FAULTS("mov (%%rax), %%dl", 0x8000000000000000ul), "an address that cannot be");
	check(context_trap == 13 && last.si_code == SI_KERNEL && !last.si_addr, "protection");
	check(
		FAULTS("mov (%%rax), %%dl", 0xffffffff81000000ul), "an address that is not the program's");
	is(last.si_signo, SIGSEGV, "SIGSEGV");
}

static sigjmp_buf escape;

static void escapes(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	last = *info;
	siglongjmp(escape, 1);
}

static void breaks(int number, siginfo_t *info, void *argument)
{
	ucontext_t *context = argument;
	(void)info;
	if (number == SIGUSR1)
		context->uc_mcontext.gregs[REG_RIP] = (long long)0x8000000000000000ul;
	else
		((unsigned *)context->uc_mcontext.fpregs)[6] =
			0xffffffff; // MXCSR: refused by the processor
}

static char alternate[65536];

static void nonsense(void)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction action = { .sa_sigaction = escapes, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	action.sa_sigaction = breaks;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	last.si_signo = 0;
	if (!sigsetjmp(escape, 1))
		raise(SIGUSR1);
	is(last.si_signo, SIGSEGV, "back to an address that cannot be");
	last.si_signo = 0;
	if (!sigsetjmp(escape, 1))
		raise(SIGUSR2);
	is(last.si_signo, SIGSEGV, "floating-point state that cannot be");
	last.si_signo = 0;
	if (!sigsetjmp(escape, 1))
		__asm__ volatile("mov $64, %%rsp\n\tpush %%rax" ::: "memory");
	is(last.si_signo, SIGSEGV, "a stack that is not there: on the alternate one");
	last.si_signo = 0;
	if (!sigsetjmp(escape, 1))
		((void (*)(void))0xffffffff81000000ul)();
	is(last.si_signo, SIGSEGV, "a jump into the other half");
}

static void addresses(void)
{
	void *library = (void *)0xffff800010160000ul;
	fails(syscall(SYS_rt_sigprocmask, SIG_SETMASK, bad_address, NULL, 8), EFAULT,
		"a mask from nowhere");
	fails(syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, library, 8), EFAULT,
		"a mask to the other half");
	fails(
		syscall(SYS_rt_sigaction, SIGUSR1, bad_address, NULL, 8), EFAULT, "an action from nowhere");
	fails(syscall(SYS_rt_sigpending, bad_address, 8), EFAULT, "pending to nowhere");
	fails(syscall(SYS_futex, library, 1, 1), EFAULT, "a futex in the other half");
	fails(syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, NULL, 4), EINVAL, "a set of another size");
	fails(syscall(SYS_arch_prctl, 0x1002, library), EPERM, "FS in the other half");
}

int main(void)
{
	calls();
	signals();
	frames();
	nonsense();
	addresses();
	return done();
}
