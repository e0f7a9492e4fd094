// SPDX-License-Identifier: MIT
// start.S - a program's first instruction. rdi: the argument it was started with.
	.text
	.globl	_start
	.type	_start, @function
_start:
	xorl	%ebp, %ebp
	andq	$-16, %rsp
	call	os_start
	ud2
	.size	_start, . - _start
	.section .note.GNU-stack, "", @progbits
