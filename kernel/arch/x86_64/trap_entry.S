// SPDX-License-Identifier: MIT
// trap_entry.S - exceptions and interrupts. From user mode all registers go to thread->registers,
// as in a system call; from kernel mode (page faults of copies; interrupts while the CPU idles) to
// a struct trap_frame on the stack. NMI, double fault and machine check have stacks of their own
// at whose top the CPU's pointer stands, because they may hit between swapgs and its partner.

	.text
	.balign 16
	.globl trap_stubs
	.set vector, 0
trap_stubs: // 16 bytes each
	.rept 256
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
	pushq $0
	.endif
	pushq $vector
	.if vector == 2 || vector == 8 || vector == 18
	jmp paranoid
	.else
	jmp common
	.endif
	.set vector, vector + 1
	.endr

	.macro SAVE_FRAME
	pushq %rax
	pushq %rbx
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %rbp
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	cld
	cmpb $0, smap_is_on(%rip)
	je 1f
	clac
1:
	.endm

	.macro RESTORE_FRAME
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rbp
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rbx
	popq %rax
	addq $16, %rsp
	.endm

common:
	testb $3, 24(%rsp) // cs
	jz from_kernel
	swapgs
	cld
	cmpb $0, smap_is_on(%rip)
	je 1f
	clac
1:
	pushq %rax
	movq %gs:CPU_CURRENT, %rax
	popq THREAD_RAX(%rax)
	movq %rbx, THREAD_RBX(%rax)
	movq %rcx, THREAD_RCX(%rax)
	movq %rdx, THREAD_RDX(%rax)
	movq %rsi, THREAD_RSI(%rax)
	movq %rdi, THREAD_RDI(%rax)
	movq %rbp, THREAD_RBP(%rax)
	movq %r8, THREAD_R8(%rax)
	movq %r9, THREAD_R9(%rax)
	movq %r10, THREAD_R10(%rax)
	movq %r11, THREAD_R11(%rax)
	movq %r12, THREAD_R12(%rax)
	movq %r13, THREAD_R13(%rax)
	movq %r14, THREAD_R14(%rax)
	movq %r15, THREAD_R15(%rax)
	popq %rsi // vector
	popq %rdx // error code
	popq THREAD_RIP(%rax)
	popq %rcx
	popq THREAD_RFLAGS(%rax)
	popq THREAD_RSP(%rax)
	popq %rcx
	movb $1, THREAD_RETURN_SLOW(%rax)
	movq %rax, %rdi
	xorl %ebp, %ebp
	call trap_from_user
	jmp arch_resume

from_kernel:
	SAVE_FRAME
	movq %rsp, %rdi
	call trap_from_kernel
	RESTORE_FRAME
	iretq

paranoid:
	SAVE_FRAME
	rdgsbase %rbx
	movq 22 * 8(%rsp), %rax // behind the frame: struct paranoid_stack.cpu
	wrgsbase %rax
	movq %rsp, %rdi
	call trap_paranoid
	wrgsbase %rbx
	RESTORE_FRAME
	iretq
	.section .note.GNU-stack, "", @progbits
