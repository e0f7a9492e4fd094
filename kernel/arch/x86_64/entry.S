// SPDX-License-Identifier: MIT
// entry.S - into the kernel by a system call, and out of it. All registers of the thread go to
// thread->registers; the kernel is left through whoever is cpu->current then (arch_resume).
// User GS base is the thread block's address; FS base is the scheduler's care (arch_switch).
// sysret is safe because rip came from syscall itself or was checked (registers_sanitize), and
// both ends of user memory keep a page of distance to the non-canonical hole.

	.section .text.entry, "ax", @progbits
	.globl kernel_entry
kernel_entry: // from the loader: 64 bits, interrupts off, rdi = struct boot_info *
	leaq boot_stack_top(%rip), %rsp
	xorl %ebp, %ebp
	movq %rdi, %rbx
	call machine_start
	movq %rbx, %rdi
	call kernel_main
	ud2

// rsp = thread; afterwards rdi, and the kernel's stack.
	.macro SAVE_REGISTERS
	movq %rcx, THREAD_RIP(%rsp)
	movq %r11, THREAD_RFLAGS(%rsp)
	movq %rax, THREAD_RAX(%rsp)
	movq %rbx, THREAD_RBX(%rsp)
	movq %rdx, THREAD_RDX(%rsp)
	movq %rsi, THREAD_RSI(%rsp)
	movq %rdi, THREAD_RDI(%rsp)
	movq %rbp, THREAD_RBP(%rsp)
	movq %r8, THREAD_R8(%rsp)
	movq %r9, THREAD_R9(%rsp)
	movq %r10, THREAD_R10(%rsp)
	movq %r12, THREAD_R12(%rsp)
	movq %r13, THREAD_R13(%rsp)
	movq %r14, THREAD_R14(%rsp)
	movq %r15, THREAD_R15(%rsp)
	movq %gs:CPU_SCRATCH, %rbx
	movq %rsp, %rdi
	movq %rbx, THREAD_RSP(%rsp)
	movq %gs:CPU_STACK, %rsp
	.endm

	.text
	.balign 64
	.globl syscall_entry
syscall_entry:
	swapgs
	movq %rsp, %gs:CPU_SCRATCH
	movq %gs:CPU_CURRENT, %rsp
	cmpb $0, THREAD_ENTRY_SLOW(%rsp)
	jne special
	SAVE_REGISTERS
native:
	cmpq $CALL_CONNECTION_CALL, %rax
	je connection_call
	cmpq $CALL_PORT_REPLY_WAIT, %rax
	je port_reply_wait
slow:
	movq %rax, %rsi
	call syscall_slow
	jmp resume
connection_call:
	call syscall_connection_call
	jmp resume
port_reply_wait:
	call syscall_port_reply_wait
	jmp resume

	.globl arch_resume
arch_resume: // noreturn, from C
	movq %gs:CPU_STACK, %rsp
resume: // without a current thread CPU_RESCHEDULE is set (sched_block)
	cmpb $0, %gs:CPU_RESCHEDULE
	jne leave
	movq %gs:CPU_CURRENT, %rax
	cmpw $0, THREAD_RETURN_SLOW(%rax) // and THREAD_WORK
	jne not_plain
resume_fast:
	movq THREAD_RBX(%rax), %rbx
	movq THREAD_RDX(%rax), %rdx
	movq THREAD_RSI(%rax), %rsi
	movq THREAD_RDI(%rax), %rdi
	movq THREAD_RBP(%rax), %rbp
	movq THREAD_R8(%rax), %r8
	movq THREAD_R9(%rax), %r9
	movq THREAD_R10(%rax), %r10
	movq THREAD_R12(%rax), %r12
	movq THREAD_R13(%rax), %r13
	movq THREAD_R14(%rax), %r14
	movq THREAD_R15(%rax), %r15
	movq THREAD_BLOCK_ADDRESS(%rax), %rcx
	swapgs
	wrgsbase %rcx
	movq THREAD_RIP(%rax), %rcx
	movq THREAD_RFLAGS(%rax), %r11
	movq THREAD_RSP(%rax), %rsp
	movq THREAD_RAX(%rax), %rax
	sysretq

not_plain:
	cmpb $0, THREAD_WORK(%rax)
	je resume_slow
leave: // what is still asked for after this can wait until the next time
	call sched_leave
	movq %gs:CPU_CURRENT, %rax
	cmpb $0, THREAD_RETURN_SLOW(%rax)
	je resume_fast

resume_slow: // all registers, also rcx and r11
	movb $0, THREAD_RETURN_SLOW(%rax)
	pushq $0x23 // SELECTOR_USER_DATA
	pushq THREAD_RSP(%rax)
	pushq THREAD_RFLAGS(%rax)
	pushq $0x2b // SELECTOR_USER_CODE
	pushq THREAD_RIP(%rax)
	movq THREAD_RBX(%rax), %rbx
	movq THREAD_RDX(%rax), %rdx
	movq THREAD_RSI(%rax), %rsi
	movq THREAD_RDI(%rax), %rdi
	movq THREAD_RBP(%rax), %rbp
	movq THREAD_R8(%rax), %r8
	movq THREAD_R9(%rax), %r9
	movq THREAD_R10(%rax), %r10
	movq THREAD_R11(%rax), %r11
	movq THREAD_R12(%rax), %r12
	movq THREAD_R13(%rax), %r13
	movq THREAD_R14(%rax), %r14
	movq THREAD_R15(%rax), %r15
	movq THREAD_BLOCK_ADDRESS(%rax), %rcx
	swapgs
	wrgsbase %rcx
	movq THREAD_RCX(%rax), %rcx
	movq THREAD_RAX(%rax), %rax
	iretq

special: // traced, or of a process with a foreign entry: low code there is a foreign program's
	testq %rcx, %rcx
	js special_native
	cmpq $0, THREAD_REFLECTION(%rsp)
	jne foreign
special_native:
	SAVE_REGISTERS
	cmpb $0, THREAD_IS_TRACED(%rdi)
	je native
	movq %rax, %rsi // all calls take the slow way, so that all are recorded
	call syscall_traced
	jmp resume

// A foreign system call goes to the process's own entry at once; its return address, which sysret
// cannot carry in rcx, stands in the thread block. rsp = thread, rcx = return address.
foreign:
	movq %r11, THREAD_RFLAGS(%rsp)
	movq THREAD_BLOCK(%rsp), %r11
	movq %rcx, BLOCK_FOREIGN_RETURN(%r11)
	movq %gs:CPU_SCRATCH, %rcx
	movq THREAD_BLOCK_ADDRESS(%rsp), %r11
	swapgs
	wrgsbase %r11
	movq THREAD_RFLAGS(%rsp), %r11
	movq %rcx, THREAD_RSP(%rsp)
	movq THREAD_REFLECTION(%rsp), %rcx
	movq THREAD_RSP(%rsp), %rsp
	sysretq

	.bss
	.balign 4096
	.space 16384
	.globl boot_stack_top
boot_stack_top:
	.section .note.GNU-stack, "", @progbits
