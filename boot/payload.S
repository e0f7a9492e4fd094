// SPDX-License-Identifier: MIT
// payload.S - the kernel and its symbol table as bytes inside the loader. The build says with -I
// where kernel.elf and kernel.sym are.

	.section .kernel, "a", @progbits
	.globl kernel_elf_start, kernel_elf_end
	.balign 4096
kernel_elf_start:
	.incbin "kernel.elf"
kernel_elf_end:

	.section .symbols, "a", @progbits
	.balign 4096
	.incbin "kernel.sym"
