// SPDX-License-Identifier: MIT
// raw.c - what tests do to the machine below the typed stubs: words at addresses, system calls with
// arguments that no stub would pass.
#include "test/guest/harness/guest.h"

void *guest_number(u64 value)
{
	UNSAFE_BEGIN("nobody follows it")
	return (void *)value;
	UNSAFE_END
}

u64 guest_peek(u64 address)
{
	UNSAFE_BEGIN("the test vouches for the address, or wants the fault")
	return *(volatile u64 *)address;
	UNSAFE_END
}

void guest_poke(u64 address, u64 value)
{
	UNSAFE_BEGIN("the test vouches for the address, or wants the fault")
	*(volatile u64 *)address = value;
	UNSAFE_END
}

// Raw calls bring words in registers that C keeps: they are all named as destroyed.
struct guest_answer guest_syscall(u64 number, const u64 *arguments)
{
	u64 a[6];
	memory_move(a, arguments, sizeof a);
	u64 rax = number, rdi = AT(a, 0), rsi = AT(a, 1), rdx = AT(a, 2);
	register u64 r10 __asm__("r10") = AT(a, 3);
	register u64 r8 __asm__("r8") = AT(a, 4);
	register u64 r9 __asm__("r9") = AT(a, 5);
	__asm__ volatile("syscall"
		: "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9)
		:
		: "rcx", "r11", "rbx", "r12", "r13", "r14", "r15", "memory");
	return (struct guest_answer){ (err_t)(i32)rax, rdx, r8 };
}
