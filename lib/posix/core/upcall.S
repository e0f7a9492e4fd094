// SPDX-License-Identifier: MIT
// upcall.S - the kernel interrupts the thread: a notification or a fault (abi/thread.h). It enters
// on self->upcall_stack with the frame filled and all blocked. In the program: its registers are
// saved as for a call, and the way out finds the signal. In the library: the bits are put back as
// pending, and it goes on where it was, but for four places:
//   on the way out       starts over (entry.S)
//   in a wait's window   the wait is interrupted
//   in user_* copies     a fault is the function's answer
//   at the last jump     the program's own fault: rip was nonsense
// Any other fault in the library is its bug; but that there was no memory for a page is tried again
// first, wherever it was.
#include "lib/posix/core/offsets.h"

	.text
	.balign 64
	.globl posix_upcall, posix_wait_call
posix_upcall:
	movq %rax, %gs:THREAD_SCRATCH
	movq %rcx, %gs:THREAD_SCRATCH + 8
	movq %gs:BLOCK_FRAME_INSTRUCTION, %rax
	leaq posix_image(%rip), %rcx
	cmpq %rcx, %rax
	jb in_program
	leaq posix_constants(%rip), %rcx
	cmpq %rcx, %rax
	jb in_library
in_program: // or somewhere in the upper half where it has no business
	movq %gs:THREAD_SCRATCH + 8, %rcx

	movq %rdi, %gs:THREAD_RDI
	movq %rsi, %gs:THREAD_RSI
	movq %rdx, %gs:THREAD_RDX
	movq %r10, %gs:THREAD_R10
	movq %r8, %gs:THREAD_R8
	movq %r9, %gs:THREAD_R9
	movq %rbx, %gs:THREAD_RBX
	movq %rbp, %gs:THREAD_RBP
	movq %r11, %gs:THREAD_R11
	movq %r12, %gs:THREAD_R12
	movq %r13, %gs:THREAD_R13
	movq %r14, %gs:THREAD_R14
	movq %r15, %gs:THREAD_R15
	movq %rcx, %gs:THREAD_RCX
	movq %rax, %gs:THREAD_RIP
	movq %gs:THREAD_SCRATCH, %rcx
	movq %rcx, %gs:THREAD_RAX
	movq %gs:BLOCK_FRAME_STACK, %rcx
	movq %rcx, %gs:THREAD_RSP
	movq %gs:BLOCK_FRAME_FLAGS, %rcx
	movq %rcx, %gs:THREAD_RFLAGS
program_interrupted:
	movq $-1, %gs:THREAD_NUMBER
	movq %gs:BLOCK_FRAME_CAUSE, %rax
	movq %rax, %gs:THREAD_INTERRUPTION
	movq %gs:BLOCK_FRAME_ADDRESS, %rcx
	movq %rcx, %gs:THREAD_INTERRUPTION + 8
	movq %gs:BLOCK_FRAME_DETAIL, %rcx
	movq %rcx, %gs:THREAD_INTERRUPTION + 16
	movq %gs:THREAD_STACK_TOP, %rsp
	movq $0, %gs:BLOCK_FRAME_CAUSE
	movq %gs:BLOCK_SELF, %rdi
	call posix_interrupted
	jmp posix_leave_slow

in_library: // rax: where
	cmpq $CAUSE_NOTIFICATION, %gs:BLOCK_FRAME_CAUSE
	jne fault
	movq %gs:BLOCK_FRAME_DETAIL, %rcx
	lock orq %rcx, %gs:BLOCK_PENDING
	leaq leave_begin(%rip), %rcx
	cmpq %rcx, %rax
	jb 1f
	leaq leave_end(%rip), %rcx
	cmpq %rcx, %rax
	jb again_behind_call
1:	leaq resume_begin(%rip), %rcx
	cmpq %rcx, %rax
	jb 2f
	leaq resume_end(%rip), %rcx
	cmpq %rcx, %rax
	jb again
2:	leaq wait_begin(%rip), %rcx
	cmpq %rcx, %rax
	jb go_on
	leaq wait_done(%rip), %rcx
	cmpq %rcx, %rax
	jae go_on
	leaq wait_interrupted(%rip), %rax
go_on: // rax: where to
	movq %rax, %gs:THREAD_SCRATCH + 16
	pushq %gs:BLOCK_FRAME_FLAGS
	popfq
	movq %gs:THREAD_SCRATCH, %rax
	movq %gs:THREAD_SCRATCH + 8, %rcx
	movq %gs:BLOCK_FRAME_STACK, %rsp
	movq $0, %gs:BLOCK_FRAME_CAUSE
	jmp *%gs:THREAD_SCRATCH + 16
again_behind_call:
	movq $0, %gs:BLOCK_FRAME_CAUSE
	movq %gs:THREAD_SCRATCH, %rax
	jmp posix_leave_call
again:
	movq $0, %gs:BLOCK_FRAME_CAUSE
	jmp posix_leave_slow

fault: // rax: where
	cmpq $CAUSE_BUS_ERROR, %gs:BLOCK_FRAME_CAUSE
	jne fault_stays
	pushq %rax // on the upcall stack: the library's may be what there is no page for
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	movq %gs:BLOCK_SELF, %rdi
	call posix_memory_short
	movl %eax, %ecx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rax
	testb %cl, %cl
	jnz go_on
fault_stays:
	leaq user_begin(%rip), %rcx
	cmpq %rcx, %rax
	jb 1f
	leaq user_end(%rip), %rcx
	cmpq %rcx, %rax
	jae 1f
	leaq user_fault(%rip), %rax
	jmp go_on
1:	leaq resume_jump(%rip), %rcx
	cmpq %rcx, %rax
	je program_interrupted
	movq %gs:BLOCK_FRAME_STACK, %rsp // the frames below are wanted for the report
	subq $256, %rsp
	andq $-16, %rsp
	movq %gs:BLOCK_SELF, %rdi
	call posix_library_fault
	ud2

// void posix_wait_call(struct wait_registers *registers). self->open_mask holds during the system
// call. An upcall before the instruction, also one that the kernel set back onto it, ends the wait;
// one behind it only marks the signal.
	.balign 16
posix_wait_call:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rdi, %rbp
	movq WAIT_RAX(%rbp), %rax
	movq WAIT_RSI(%rbp), %rsi
	movq WAIT_RDX(%rbp), %rdx
	movq WAIT_R10(%rbp), %r10
	movq WAIT_R8(%rbp), %r8
	movq WAIT_R9(%rbp), %r9
	movq WAIT_R12(%rbp), %r12
	movq WAIT_R13(%rbp), %r13
	movq WAIT_R14(%rbp), %r14
	movq WAIT_R15(%rbp), %r15
	movq WAIT_RBX(%rbp), %rbx
	movq WAIT_RDI(%rbp), %rdi
	movq %gs:THREAD_OPEN_MASK, %rcx
wait_begin:
	movq %rcx, %gs:BLOCK_BLOCKED
	notq %rcx
	testq %rcx, %gs:BLOCK_PENDING
	jnz wait_interrupted
	syscall
wait_done:
	movq $-1, %gs:BLOCK_BLOCKED
	movq %rax, WAIT_RAX(%rbp)
	movq %rdi, WAIT_RDI(%rbp)
	movq %rsi, WAIT_RSI(%rbp)
	movq %rdx, WAIT_RDX(%rbp)
	movq %r10, WAIT_R10(%rbp)
	movq %r8, WAIT_R8(%rbp)
	movq %r9, WAIT_R9(%rbp)
	movq %r12, WAIT_R12(%rbp)
	movq %r13, WAIT_R13(%rbp)
	movq %r14, WAIT_R14(%rbp)
	movq %r15, WAIT_R15(%rbp)
	movq %rbx, WAIT_RBX(%rbp)
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret
wait_interrupted:
	movq $ERR_INTERRUPTED_VALUE, %rax
	jmp wait_done
	.section .note.GNU-stack, "", @progbits
