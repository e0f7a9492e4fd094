// SPDX-License-Identifier: MIT
// user_copy.S - every access of the library to the program's memory, and to what the program says
// about its floating-point state. A fault between user_begin and user_end makes the function answer
// -EFAULT (upcall.S), so none of them may move rsp. Checks of the address are user.c's.

#define EFAULT_VALUE -14

	.text
	.balign 64
	.globl user_begin, user_end, user_fault
	.globl user_bytes, user_zero, user_string, user_load, user_store, user_swap
	.globl user_float_save, user_float_restore
user_begin:

user_bytes: // (to, from, size); plain words: string instructions are slow under emulation
	subq $32, %rdx
	jb 2f
1:	movq (%rsi), %rax
	movq 8(%rsi), %rcx
	movq 16(%rsi), %r8
	movq 24(%rsi), %r9
	movq %rax, (%rdi)
	movq %rcx, 8(%rdi)
	movq %r8, 16(%rdi)
	movq %r9, 24(%rdi)
	addq $32, %rsi
	addq $32, %rdi
	subq $32, %rdx
	jae 1b
2:	addq $32, %rdx
	jmp 4f
3:	movq (%rsi), %rax
	movq %rax, (%rdi)
	addq $8, %rsi
	addq $8, %rdi
4:	subq $8, %rdx
	jae 3b
	addq $8, %rdx
	jz 6f
5:	movzbl (%rsi), %eax
	movb %al, (%rdi)
	incq %rsi
	incq %rdi
	decq %rdx
	jnz 5b
6:	xorl %eax, %eax
	ret

user_zero: // (to, size)
	xorl %eax, %eax
	jmp 2f
1:	movq %rax, (%rdi)
	addq $8, %rdi
2:	subq $8, %rsi
	jae 1b
	addq $8, %rsi
	jz 4f
3:	movb %al, (%rdi)
	incq %rdi
	decq %rsi
	jnz 3b
4:	ret

user_string: // (to, from, room): length without the zero, or room when none came
	xorl %eax, %eax // eight bytes at a time, where they neither leave a page nor the room
	movabsq $0x0101010101010101, %r8
	movabsq $0x8080808080808080, %r9
1:	cmpq %rdx, %rax
	jae 4f
	leaq (%rsi, %rax), %rcx
	andl $4095, %ecx
	cmpl $4088, %ecx
	ja 3f
	leaq 8(%rax), %rcx
	cmpq %rdx, %rcx
	ja 3f
	movq (%rsi, %rax), %rcx
	movq %rcx, (%rdi, %rax)
	movq %rcx, %r10
	subq %r8, %r10
	notq %rcx
	andq %rcx, %r10
	andq %r9, %r10
	jnz 2f
	addq $8, %rax
	jmp 1b
2:	bsfq %r10, %r10 // the lowest byte that is zero
	shrl $3, %r10d
	addq %r10, %rax
	ret
3:	movzbl (%rsi, %rax), %ecx
	movb %cl, (%rdi, %rax)
	testl %ecx, %ecx
	jz 4f
	incq %rax
	jmp 1b
4:	ret

user_load: // (from, u32 *out)
	movl (%rdi), %eax
	movl %eax, (%rsi)
	xorl %eax, %eax
	ret

user_store: // (to, value)
	movl %esi, (%rdi)
	xorl %eax, %eax
	ret

user_swap: // (at, u32 *expected, value): 1 if it was swapped
	movl (%rsi), %eax
	lock cmpxchgl %edx, (%rdi)
	movl %eax, (%rsi)
	sete %al
	movzbl %al, %eax
	ret

user_float_save: // (area, mask): its header is zero. mask 0: FXSAVE
	movl %esi, %eax
	xorl %edx, %edx
	testl %eax, %eax
	jz 1f
	xsave64 (%rdi)
	xorl %eax, %eax
	ret
1:	fxsave64 (%rdi)
	ret

user_float_restore: // (area, mask); mask 0: FXRSTOR
	movl %esi, %eax
	xorl %edx, %edx
	testl %eax, %eax
	jz 1f
	xrstor64 (%rdi)
	xorl %eax, %eax
	ret
1:	fxrstor64 (%rdi)
	ret

user_end:
user_fault:
	movq $EFAULT_VALUE, %rax
	ret
	.section .note.GNU-stack, "", @progbits
