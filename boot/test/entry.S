// SPDX-License-Identifier: MIT
// entry.S - the test kernel's entry: a stack, then C with boot_info in rdi.
	.section .text.entry, "ax", @progbits
	.globl kernel_entry
kernel_entry:
	leaq stack_top(%rip), %rsp
	call test_main
1:
	hlt
	jmp 1b

	.bss
	.balign 16
	.space 16384
stack_top:
