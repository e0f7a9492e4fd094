// SPDX-License-Identifier: MIT
// entry.S - into the library and out of it. The program's registers go to self->registers (GS base
// is self); the call runs on the library's stack with all notifications blocked. Registers that C
// keeps are the program's all the time, and are stored only where somebody asks for them: by calls
// that make a thread or a process (KEEPS), and on the long way out. The way out is a restartable
// sequence: it opens the mask, looks at what is pending, leaves; an upcall that hits it in between
// starts over (upcall.S). entry.c checks the offsets.
#include "lib/posix/core/offsets.h"

	.section .posix_image, "a", @progbits
	.globl posix_image
posix_image: // struct posix_image
	.quad POSIX_IMAGE_MAGIC_VALUE
	.quad posix_constants, posix_end
	.quad posix_start, posix_entry, posix_entry_native, posix_upcall
	.quad 0

	.text
	.balign 64
	.globl posix_entry, posix_entry_native, posix_start, posix_resume
	.globl posix_leave_call, posix_leave_slow, posix_leave_fresh
	.globl leave_begin, leave_end, resume_begin, resume_end, resume_jump

	.macro STORE_KEPT
	movq %rbx, %gs:THREAD_RBX
	movq %rbp, %gs:THREAD_RBP
	movq %r12, %gs:THREAD_R12
	movq %r13, %gs:THREAD_R13
	movq %r14, %gs:THREAD_R14
	movq %r15, %gs:THREAD_R15
	.endm

	.macro KEEPS call
	.globl call_\call
call_\call:
	STORE_KEPT
	jmp \call\()_call
	.endm

posix_entry: // from the kernel: a foreign call; its return address stands in the thread block
	movq %gs:BLOCK_FOREIGN_RETURN, %rcx
posix_entry_native: // rcx: return address; rax, rdi, rsi, rdx, r10, r8, r9 as in a system call
	movq $-1, %gs:BLOCK_BLOCKED
	movq %rsp, %gs:THREAD_RSP
	movq %gs:THREAD_STACK_TOP, %rsp
	movq %rcx, %gs:THREAD_RIP // rcx, r11, flags: posix_leave makes them of it, if it is called
	movq %rdi, %gs:THREAD_RDI
	movq %rsi, %gs:THREAD_RSI
	movq %rdx, %gs:THREAD_RDX
	movq %r10, %gs:THREAD_R10
	movq %r8, %gs:THREAD_R8
	movq %r9, %gs:THREAD_R9
	movq %rax, %gs:THREAD_NUMBER
	cld
	movq %gs:BLOCK_SELF, %rdi
	leaq THREAD_RDI(%rdi), %rsi
	cmpl $0, THREAD_SLOW(%rdi)
	jne 2f
	cmpq $TABLE_NUMBERS_VALUE, %rax
	jae 2f
	leaq posix_table(%rip), %rdx
	movq (%rdx, %rax, 8), %rdx
	testq %rdx, %rdx
	jz 2f
1:	call *%rdx
	cmpl $0, %gs:THREAD_SLOW
	jne posix_leave_call
	leaq ERESTART_LAST(%rax), %rdx // -516 ... -512
	cmpq $ERESTART_COUNT, %rdx
	jb posix_leave_call
	movq %gs:THREAD_MASK, %rdx
leave_begin: // an upcall in here finds rax and what C keeps as they are
	movq %rdx, %gs:BLOCK_BLOCKED
	notq %rdx
	andq %gs:BLOCK_PENDING, %rdx
	jnz posix_leave_call
	movq %gs:THREAD_RDI, %rdi
	movq %gs:THREAD_RSI, %rsi
	movq %gs:THREAD_RDX, %rdx
	movq %gs:THREAD_R10, %r10
	movq %gs:THREAD_R8, %r8
	movq %gs:THREAD_R9, %r9
	movq %gs:THREAD_RIP, %rcx
	movq %gs:THREAD_RSP, %rsp
	jmp *%rcx
leave_end:
2:	call posix_call_slowly // traced, or there is no such call: what to call
	movq %rax, %rdx
	movq %gs:BLOCK_SELF, %rdi
	leaq THREAD_RDI(%rdi), %rsi
	jmp 1b

	KEEPS fork
	KEEPS vfork
	KEEPS clone
	KEEPS clone3

	.balign 16
posix_leave_fresh: // rdi: the stack protector's word; no frame that holds the one before is returned to
	movq %rdi, %gs:GS_GUARD_VALUE
	jmp posix_leave_slow

	.balign 16
posix_leave_call: // behind a call, rax its answer; unless it set registers, they are the program's
	movq %rax, %gs:THREAD_RAX
	testl $SLOW_REGISTERS_VALUE, %gs:THREAD_SLOW
	jnz posix_leave_slow
	STORE_KEPT
posix_leave_slow: // signals, changed registers: from anywhere, nothing on the stack counts
	movq $-1, %gs:BLOCK_BLOCKED
	movq %gs:THREAD_STACK_TOP, %rsp
	movq %gs:BLOCK_SELF, %rdi
	call posix_leave
posix_resume: // all registers
	movq %gs:THREAD_MASK, %rdx
resume_begin:
	movq %rdx, %gs:BLOCK_BLOCKED
	notq %rdx
	andq %gs:BLOCK_PENDING, %rdx
	jnz posix_leave_slow
	movq %gs:THREAD_RDI, %rdi
	movq %gs:THREAD_RSI, %rsi
	movq %gs:THREAD_RDX, %rdx
	movq %gs:THREAD_R10, %r10
	movq %gs:THREAD_R8, %r8
	movq %gs:THREAD_R9, %r9
	movq %gs:THREAD_RAX, %rax
	movq %gs:THREAD_RBX, %rbx
	movq %gs:THREAD_RBP, %rbp
	movq %gs:THREAD_R11, %r11
	movq %gs:THREAD_R12, %r12
	movq %gs:THREAD_R13, %r13
	movq %gs:THREAD_R14, %r14
	movq %gs:THREAD_R15, %r15
	movq %gs:THREAD_RCX, %rcx
	pushq %gs:THREAD_RFLAGS
	popfq
	movq %gs:THREAD_RSP, %rsp
resume_jump: // not iretq: under SMAP, QEMU lets it read the stack as the kernel would, and it faults
	jmp *%gs:THREAD_RIP
resume_end:

	.balign 16
posix_start: // a thread begins: rdi = self. Signals may wait already: exec brings what came for the
	call posix_begin // old program, and was taken out of the kernel's mailbox by it
	jmp posix_leave_slow
	.section .note.GNU-stack, "", @progbits
