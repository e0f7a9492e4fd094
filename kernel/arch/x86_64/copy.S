// SPDX-License-Identifier: MIT
// copy.S - copies at user addresses, the only place where the kernel may take a page fault: one
// between copy_begin and copy_end goes on at copy_fault (trap.c). User access is opened once for
// the whole copy. Plain words, because string instructions are slow under emulation.
// bool arch_copy_in(void *to, u64 from, usize size, u64 *stopped), arch_copy_out alike.

	.set STRING_MIN, 512

	.text
	.balign 16
	.globl arch_copy_in, arch_copy_out, copy_begin, copy_end, copy_fault
arch_copy_in:
arch_copy_out:
	cmpb $0, smap_is_on(%rip)
	je copy_begin
	stac
copy_begin:
	movq %rcx, %r11
	cmpq $STRING_MIN, %rdx
	jae string_copy
	subq $64, %rdx
	jb 2f
1:
	movq (%rsi), %rax
	movq 8(%rsi), %r8
	movq 16(%rsi), %r9
	movq 24(%rsi), %r10
	movq %rax, (%rdi)
	movq %r8, 8(%rdi)
	movq %r9, 16(%rdi)
	movq %r10, 24(%rdi)
	movq 32(%rsi), %rax
	movq 40(%rsi), %r8
	movq 48(%rsi), %r9
	movq 56(%rsi), %r10
	movq %rax, 32(%rdi)
	movq %r8, 40(%rdi)
	movq %r9, 48(%rdi)
	movq %r10, 56(%rdi)
	addq $64, %rsi
	addq $64, %rdi
	subq $64, %rdx
	jae 1b
2:
	addq $64, %rdx
	jmp 4f
3:
	movq (%rsi), %rax
	movq %rax, (%rdi)
	addq $8, %rsi
	addq $8, %rdi
4:
	subq $8, %rdx
	jae 3b
tail:
	testb $4, %dl // rdx is size - 8: its low bits are those of the rest
	jz 5f
	movl (%rsi), %eax // one access: futex words depend on it
	movl %eax, (%rdi)
	addq $4, %rsi
	addq $4, %rdi
5:
	andl $3, %edx
	jz 7f
6:
	movzbl (%rsi), %eax
	movb %al, (%rdi)
	incq %rsi
	incq %rdi
	decl %edx
	jnz 6b
	jmp 7f
string_copy: // the low bits of rdx are the rest, as below the loop of words
	movq %rdx, %rcx
	shrq $3, %rcx
	rep movsq
	jmp tail
7:
copy_end:
	movl $1, %eax
	cmpb $0, smap_is_on(%rip)
	je 8f
	clac
8:
	ret

copy_fault:
	movq %cr2, %rax
	movq %rax, (%r11)
	xorl %eax, %eax
	cmpb $0, smap_is_on(%rip)
	je 8b
	clac
	ret
	.section .note.GNU-stack, "", @progbits
